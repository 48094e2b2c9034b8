/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoints.h - every endpoint as a row: what routes, validates, runs and documents it.
 *
 * serve/routes.c has the table, and serve/openapi.c prints it. Each handler lives in the
 * file of its resource and is declared in that file's header.
 */
#pragma once

#include "api/call.h"
#include "api/shape.h"
#include "base/metric_values.h"

/* By what the descriptions of endpoints are grouped in openapi.json. */
enum endpoint_tag {
    TAG_NONE,
    TAG_ACCOUNTS,
    TAG_CALENDARS,
    TAG_SETTINGS,
    TAG_BUSY_PERIODS,
    TAG_EVENTS,
    TAG_PUSHED_EVENTS,
    TAG_SOURCES,
    TAG_WEBHOOKS, /* of what the service asks for, so of no endpoint */
    TAG_SERVICE,
    TAG_COUNT,
};

struct endpoint {
    Str path;         /* "/api/v2/external_calendars/accounts/{id}" */
    size_t body_most; /* of a request; 0: LIMIT_BODY_BYTES */
    enum method method;
    enum work_pool pool; /* POOL_NONE: on its HTTP thread, and never blocks; it may move
                            to a pool there */
    int status;          /* of success */
    int status_new;      /* of success where something was made; 0: no other */
    enum source_id
        source; /* that calls it, or sends a person to it; 0: applications do */
    enum endpoint_tag tag;
    Res (*run)(struct call *c);
    Str name;                       /* for the log and operationId: "accounts_list" */
    Str about;                      /* the summary in openapi.json */
    Str gives;                      /* there, what a success is */
    Str gives_new;                  /* the same of status_new */
    const struct api_shape *query;  /* parameters of its own; NULL: none */
    const struct api_shape *body;   /* NULL: none */
    const struct api_shape *answer; /* NULL: no content */

    bool negotiates;       /* its answers are JSON or XML, as the caller asks */
    bool wants_credential; /* and the provider's feature external_calendars */
    bool needs_node;       /* it needs the store, and keys that the other nodes know of */
    bool takes_head;       /* HEAD works as GET does */
    bool answers_itself;   /* it answers a person: with redirects and pages, failures
                              included */
    bool is_list;          /* the answer is a page of `answer` */
    bool asks_source;      /* it can fail as the source does */
    bool is_probe;         /* it comes every few seconds, from a supervisor */
    bool has_versions;     /* it refuses an older version */

    enum metric_route counts_as;
};

/* A source itself calls it, not a browser that it sent. */
static inline bool endpoint_is_for_source(const struct endpoint *e)
{
    return e->source != 0 && !e->answers_itself;
}
