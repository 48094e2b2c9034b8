/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h - the endpoints in which the service describes itself.
 */
#pragma once

#include "api/endpoints.h"

extern const struct api_shape health_shape, ready_shape;

/* /healthz takes ids of nodes in it, and answers with this node's where that is among
 * them: so nobody learns an id from it. */
#define HEALTH_NODE_HEADER "Caldock-Node"

Res health_live_run(struct call *c);
Res health_ready_run(struct call *c); /* answers from memory: the keeper asks the store */
Res health_openapi_run(struct call *c); /* /answers /api/v2/openapi.json */
