/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.h - the table of endpoints, and the one that a path and a method mean.
 */
#pragma once

#include "api/endpoints.h"

enum { ROUTE_ARGS = 2 };

struct route {
    const struct endpoint *endpoint; /* NULL: no such path, or no such method */
    const struct endpoint *path;     /* any endpoint of that path; NULL: no such path */
    Str args[ROUTE_ARGS];            /* the path's variable segments, decoded */
};

const struct endpoint *routes(size_t *n);

/* FAIL_NOT_FOUND before FAIL_METHOD_NOT_ALLOWED; *ret says how far it came. HEAD is GET
 * but on callbacks. */
Res route_find(struct cx *cx, Str path, enum method method, struct route *ret) MUST;
/* "GET, HEAD, OPTIONS": for Allow. */
Str route_methods(struct arena *mem, const struct endpoint *path);
Str method_name(enum method method);
