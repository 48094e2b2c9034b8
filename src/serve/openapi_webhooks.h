/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_webhooks.h - the messages to applications, in openapi.json.
 */
#pragma once

#include "base/json.h"

/* The requests that the service sends; the caller frees them. */
json_t *openapi_webhooks(struct arena *mem);
