/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_view.h - the fields of a message to an application (docs/webhooks.md §1 and
 * §2).
 */
#pragma once

#include "api/shape.h"

extern const struct api_shape webhook_view_message;
