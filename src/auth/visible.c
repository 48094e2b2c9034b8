/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visible.c - provider, mode and, where one is known, user.
 */
#include "auth/visible.h"

#include "base/cx.h"

Res visible_account(
    struct cx *cx, struct db *db, const struct identity *who, int64_t id,
    struct account *ret)
{
    struct account a;

    TRY(account_get(cx, db, id, &a));
    if (who != NULL
        && (a.provider != who->provider || a.mode != who->mode
            || (who->user.n > 0 && !str_eq(a.user, who->user)))) {
        return fail(cx, FAIL_NOT_FOUND, "an account that the caller may not see");
    }
    *ret = a;
    return OK;
}
