/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.h - the description of the API, made once for each configuration.
 */
#pragma once

#include "base/json.h"

struct config;

/* Makes openapi.json of the table of routes and the shapes of api/. */
Res openapi_build(struct cx *cx, Str public_url, Str *ret) MUST;
/* Writes it into the settings of a configuration that nobody else has yet. */
Res openapi_describe(struct cx *cx, struct config *config) MUST;
