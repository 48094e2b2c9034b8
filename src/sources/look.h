/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.h - inside sources/ only: one look at a source's list of calendars.
 *
 * Reads pages until one holds a calendar, so that "connected" is only said of an account
 * that the API can reach. What differs between the sources is data: a struct look.
 */
#pragma once

#include "base/json.h"
#include "sources/source.h"

/* What the source's words mean; the first row that fits decides. */
struct look_error {
    Str reason; /* empty: any, but one must be given */
    int status; /* 0: any */
    enum fail kind;
};

struct look {
    Str path;          /* of the first page, below api_url */
    const char *items; /* the member that holds the list */
    /* The reason that an error's body gives; empty: none. */
    Str (*reason)(const json_t *body);
    /* The URL of the next page; empty: this was the last one. */
    Str (*next)(struct arena *mem, Str first, const json_t *body);
    const struct look_error *errors;
    size_t n_errors;
};

extern const struct look google_calendars, microsoft_calendars;

/* As source.h says of `look`. */
Res look_run(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct look *look, const struct source_settings *s, Str access_token) MUST;

/* What one answer says: OK and *next empty when it holds a calendar, OK and *next set
 * when it is an empty page before another one of the same origin. */
Res look_judge(
    struct cx *cx, const struct look *look, Str first, const struct net_reply *reply,
    Str *next) MUST;
