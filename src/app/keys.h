/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - inside config: the table of every key, and what the values become before
 * config.c makes a configuration of them.
 */
#pragma once

#include "app/config.h"

enum { CONFIG_JWT_MOST = 32 };

struct source_draft {
    struct source_settings s;
    Str tenant;
};

struct jwt_draft {
    struct jwt_issuer issuer;
    struct id_list providers;
    Str secret;
    const char *key_file;
    Str jwks_url;
};

/* What a key's offset counts in: a struct jwt_draft in a [jwt NAME], this elsewhere. */
struct draft {
    struct config config;
    struct source_draft google, microsoft;
    struct jwt_draft jwt[CONFIG_JWT_MOST];
    size_t n_jwt;
};

struct config_section {
    Str name;
    const struct config_key *keys;
    size_t n;
    bool is_jwt; /* one per name: "jwt NAME" */
    Str about;
};

extern const struct config_section config_sections[];
extern const size_t config_section_count;

/* NULL when unknown. A name of a-z, 0-9 and _ follows "jwt ". */
const struct config_section *config_section_find(Str name);
/* NULL when unknown. *from_file: it is a secret's twin, <name>_file. */
const struct config_key *config_key_find(
    const struct config_section *section, Str name, bool *from_file);
/* The default as text, where it can be written down; else empty. */
Str config_key_default(
    const struct config_section *section, const struct config_key *key);
