/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoints.h - every endpoint as a row: what routes, validates, runs and documents it.
 *
 * app/routes.c holds the table; app/openapi.c prints it. A handler is named here and
 * lives in the file of its resource.
 */
#pragma once

#include "api/call.h"

enum value_type { VALUE_TEXT, VALUE_INT, VALUE_BOOL, VALUE_TIME };

struct api_field {
    Str name;
    enum value_type type;
    bool is_required; /* of a body: must be given; of an answer: always there */
    bool is_nullable;
    const Str *choices; /* of VALUE_TEXT, when only these are allowed */
    size_t n_choices;
    Str about;
};

struct api_shape {
    Str name; /* "Account"; in openapi.json a schema */
    const struct api_field *fields;
    size_t n;
};

enum lane { LANE_FAST, LANE_SLOW };

enum endpoint_kind {
    ENDPOINT_API, /* negotiated, with a credential and the feature external_calendars */
    ENDPOINT_DOCUMENT, /* negotiation and credential play no part: health, openapi.json */
    ENDPOINT_CALLBACK, /* a browser's: HTML or a redirect; HEAD is not allowed */
};

struct endpoint {
    Str path; /* "/api/v2/external_calendars/accounts/{id}" */
    enum method method;
    enum endpoint_kind kind;
    enum lane lane;
    Res (*run)(struct call *c);
    Str name;                     /* for log, metrics and operationId: "accounts_list" */
    Str about;                    /* the summary in openapi.json */
    const struct api_shape *body; /* NULL: none */
    const struct api_shape *answer; /* NULL: no content */
    bool is_list;                   /* the answer is a page of `answer` */
    bool asks_source;               /* so that it can fail as a source does */
    int status;                     /* of success */
};

/* Validation of a body against its shape, with Django REST Framework's messages: the
 * trimmed values in the order of the shape's fields; one that is absent is empty. After
 * FAIL_PARAMETER_INVALID the fields that stand have their values and the others are
 * empty, so that a handler can note errors of its own beside them. */
Res call_read_body(struct call *c, const struct api_shape *shape, Str *values) MUST;

/* page and page_size (contract §7): field errors on them. */
struct page_wish {
    int64_t page;
    int64_t size;
};

Res call_read_page(struct call *c, struct page_wish *ret) MUST;
/* Writes count, next, previous and opens "results"; FAIL_NOT_FOUND for a page past the
 * end (the first page always exists). The caller writes the items, ends the array and
 * answers. */
Res call_open_page(
    struct call *c, const struct page_wish *wish, int64_t count, struct writer **ret)
    MUST;

/* initiate.c */
extern const struct api_shape initiate_body, initiate_answer;
Res initiate_run(struct call *c);

/* accounts.c */
extern const struct api_shape account_shape;
Res accounts_list_run(struct call *c);
Res accounts_get_run(struct call *c);
Res accounts_delete_run(struct call *c);

/* calendars.c */
extern const struct api_shape calendar_shape;
Res calendars_list_run(struct call *c);
Res calendars_get_run(struct call *c);

/* callback.c: always answers itself (303, or the page), also when it fails: what it
 * returns is for the log alone. */
Res callback_google_run(struct call *c);
Res callback_microsoft_run(struct call *c);
/* callback_page.c: the page for a person, for any failure of a callback that happens
 * outside the handler (503 of a full queue, 405, 500). */
void callback_page(struct call *c, enum fail kind);
