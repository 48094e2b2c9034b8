/* SPDX-License-Identifier: Apache-2.0 */
/*
 * documents.h - what the service says about itself: health, readiness, its description.
 */
#pragma once

#include "api/endpoints.h"

extern const struct api_shape health_shape, ready_shape;

Res healthz_run(struct call *c);
Res readyz_run(struct call *c); /* in the slow lane: asks the store */
Res openapi_run(struct call *c);

/* openapi.json, from the table of routes and the shapes of api/. */
Res openapi_build(struct cx *cx, Str public_url, Str *ret) MUST;
