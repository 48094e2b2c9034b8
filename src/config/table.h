/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - inside config/, and for the manual: the table of settings, and the draft that
 * their values go into before config.c makes a configuration of it.
 */
#pragma once

#include "config/config.h"

enum { CONFIG_JWT_MOST = 32 };

struct source_draft {
    struct source_settings s;
    Str tenant;
};

struct jwt_draft {
    struct jwt_issuer issuer;
    struct id_list providers;
    Str secret;
    struct file_value key_file;
    Str jwks_url;
};

/* The offset of a key is in this struct, or in a struct jwt_draft for [jwt NAME]. */
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
    bool is_jwt; /* there may be many: "jwt NAME" */
    Str about;
};

extern const struct config_section config_sections[];
extern const size_t config_section_count;

/* NULL: unknown. After "jwt " comes a name of a-z, 0-9 and _. */
const struct config_section *config_section_find(Str name);
/* NULL: unknown. Sets *from_file when `name` is a secret's twin, <name>_file. */
const struct config_key *config_key_find(
    const struct config_section *section, Str name, bool *from_file);
/* Returns the default as text; empty when it has none, or none that can be written. */
Str config_key_default(
    const struct config_section *section, const struct config_key *key);
