/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - reads the text of a setting as a number, a duration, a list, an address, …
 *
 * Each reader knows one type. A refusal is FAIL_CONFIG, and says where the value stands
 * and which value would be right.
 */
#pragma once

#include "base/str.h"

struct cx;
struct config_key;

/* The text of a value, from the file or the environment, or a key's default. */
struct given {
    Str text;
    Str where;  /* "caldock.conf:12: [server] listen" */
    Str folder; /* the base of a relative path; empty: the working directory */
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

/* A file that another part of the program reads. */
struct file_value {
    const char *path; /* NULL: none is given */
    uint64_t mark;    /* of its content: differs where that does */
};

struct choice {
    Str name;
    int value;
};

/* Writes a value to `to`, which points to the type in the comment of each reader below.
 */
typedef Res value_reader(
    struct cx *cx, const struct config_key *key, const struct given *given, void *to);

/* A row of a section's table. */
struct config_key {
    Str name;
    Str fallback; /* the default, read like a given value; empty: none */
    value_reader *read;
    size_t offset; /* of the member that `to` points to */
    int64_t low, high;
    const struct choice *choices;
    size_t n_choices;
    bool is_secret;     /* has a twin, <name>_file, and is never part of a reason */
    bool needs_restart; /* a change takes effect at the next start only */
    Str about;
};

value_reader value_text;          /* Str */
value_reader value_word;          /* Str: letters, digits, . _ - */
value_reader value_name;          /* Str: a line of text for people */
value_reader value_number;        /* int64_t, within the key's low and high */
value_reader value_duration;      /* int64_t in ms, within low and high */
value_reader value_duration_auto; /* the same, or 0: "auto" */
value_reader value_date;          /* int64_t: its first second, since 1970 UTC */
value_reader value_zone;          /* Str: a time zone that the system has */
value_reader value_choice;        /* an enum, by the key's choices */
value_reader value_switch;        /* bool */
value_reader value_list;          /* struct text_list */
value_reader value_scopes;        /* Str: joined by single spaces */
value_reader value_addresses;     /* struct text_list, of listen addresses */
value_reader value_listens;       /* the same, or empty: "off" */
value_reader value_networks;      /* struct network_list of config/networks.h */
value_reader value_guard;         /* struct net_guard of net/guard.h */
value_reader value_origins;       /* struct text_list, of web origins */
value_reader value_ids;           /* struct id_list */
value_reader value_path;          /* const char * */
value_reader value_file;          /* struct file_value, of a file that can be read */
value_reader value_store_url;     /* Str */
value_reader value_public_url;    /* Str, without a slash at its end */
value_reader value_source_url;    /* Str */
value_reader value_algorithms;    /* unsigned, of enum jws_alg */

/* "15s", "10m", "1h", "7d". */
bool config_duration_parse(Str text, int64_t *ret_ms);
/* FAIL_NOT_FOUND: there is no such file. FAIL_CONFIG: it can't be read, or has more than
 * `most` bytes. */
Res config_file_read(struct cx *cx, const char *path, size_t most, Str *ret) MUST;

/* Fails with FAIL_CONFIG: where the value stands, the value, and what is wanted. Never
 * for secrets. */
Res value_refuse(struct cx *cx, const struct given *given, const char *wish) MUST;
/* Makes the path absolute, or relative to the working directory. */
Str value_resolve(struct cx *cx, const struct given *given);
/* Whether quotes are around the whole: no shell takes them off here. */
bool value_is_quoted(Str text);
/* Reads a secret from its file, without the line ending behind it. */
Res value_from_file(struct cx *cx, const struct given *given, Str *ret) MUST;
