/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_view.h - an account as the API and the command line show it.
 */
#pragma once

#include "api/shape.h"
#include "render/writer.h"
#include "store/accounts.h"

enum account_reader {
    ACCOUNT_FOR_CLIENT,
    ACCOUNT_FOR_OPERATOR, /* also sees whose account it is, and since when it has its
                             status */
};

extern const struct api_shape account_shape; /* for clients */

Str account_view_status(enum account_status status);
/* Writes the fields into the object that is open. */
void account_view_write(
    struct writer *w, const struct account *a, enum account_reader reader);
