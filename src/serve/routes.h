/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.h - the table of endpoints, and the endpoint of a path and a method.
 */
#pragma once

#include "api/endpoints.h"

struct route {
    const struct endpoint *endpoint; /* NULL: no such path, or no such method */
    const struct endpoint *path;     /* any endpoint of this path; NULL: no such path */
    Str args[CALL_ARGS];             /* the path's variable segments, decoded */
};

const struct endpoint *routes_all(size_t *n);

/* Fails with FAIL_NOT_FOUND, or with FAIL_METHOD_NOT_ALLOWED for a known path. It fills
 * *ret in both cases: `path` says which of the two it was. */
Res route_find(struct cx *cx, Str path, enum method method, struct route *ret) MUST;
/* Returns "GET, HEAD, OPTIONS" and the like, for the header Allow. */
Str route_methods(struct arena *mem, const struct endpoint *path);
Str route_method_name(enum method method);
