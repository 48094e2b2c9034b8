/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - the text of a setting as a number, a duration, a list, an address, …
 *
 * Each reader knows one type. A refusal is FAIL_CONFIG and says where the value stands
 * and what would be right.
 */
#pragma once

#include "base/str.h"

struct cx;
struct config_key;

/* A value as it was given, in the file or by the environment, or a key's default. */
struct given {
    Str text;
    Str where;  /* "caldock.conf:12: [server] listen" */
    Str folder; /* what a relative path is relative to; empty: the working directory */
};

struct text_list {
    const Str *at;
    size_t n;
};

struct id_list {
    const int64_t *at;
    size_t n;
    bool is_all; /* "*" */
};

struct choice {
    Str name;
    int value;
};

/* `to` points to what the comment names, in the struct that the key's section fills. */
typedef Res value_reader(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to);

/* A row of a section's table. */
struct config_key {
    Str name;
    Str fallback; /* read as if it had been given; empty: nothing is read */
    value_reader *read;
    size_t offset; /* of `to` */
    int64_t low, high;
    const struct choice *choices;
    size_t n_choices;
    bool is_secret; /* has a twin, <name>_file, and is never part of a reason */
    Str about;
};

value_reader value_text;       /* Str */
value_reader value_word;       /* Str: letters, digits, . _ - */
value_reader value_number;     /* int64_t, within the key's low and high */
value_reader value_duration;   /* int64_t in ms, within low and high */
value_reader value_choice;     /* an enum, by the key's choices */
value_reader value_switch;     /* bool */
value_reader value_list;       /* struct text_list */
value_reader value_scopes;     /* Str: joined by single spaces */
value_reader value_addresses;  /* struct text_list, of listen addresses */
value_reader value_networks;   /* struct network_list of app/proxies.h */
value_reader value_origins;    /* struct text_list, of web origins */
value_reader value_ids;        /* struct id_list */
value_reader value_path;       /* const char * */
value_reader value_file;       /* const char *, of a file that can be read */
value_reader value_store_url;  /* Str */
value_reader value_public_url; /* Str, without a slash at its end */
value_reader value_source_url; /* Str */
value_reader value_algorithms; /* unsigned, of enum jws_alg */

/* "15s", "10m", "1h", "7d". */
bool duration_parse(Str text, int64_t *ret_ms);
/* FAIL_NOT_FOUND when it isn't there, FAIL_CONFIG when it can't be read or has more than
 * `most` bytes. */
Res file_read(struct cx *cx, const char *path, size_t most, Str *ret) MUST;

/* FAIL_CONFIG: where it stands, what it is, and what is wanted. Not for secrets. */
Res value_refuse(struct cx *cx, const struct given *given, const char *wish) MUST;
/* The path as it is opened. */
Str value_resolve(struct cx *cx, const struct given *given);
/* What a secret's file holds, without the line end behind it. */
Res value_from_file(struct cx *cx, const struct given *given, Str *ret) MUST;
