/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.c - asks the system's lists of users and groups.
 */
#include "base/user.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "base/buf.h"

enum { ENTRY_BYTES = 4096, TEXT_BYTES = 256, NAME_BYTES = 64 };

Str user_text(struct arena *mem, uid_t uid)
{
    struct buf b = {.mem = mem, .max = TEXT_BYTES};
    char entry[ENTRY_BYTES];
    struct passwd user;
    struct passwd *found = NULL;

    buf_add(&b, S("user "));
    if (getpwuid_r(uid, &user, entry, sizeof(entry), &found) == 0 && found != NULL) {
        buf_add(&b, str_sub(str_from_z(user.pw_name), 0, NAME_BYTES));
        buf_add(&b, S(" ("));
        buf_add_int(&b, uid);
        buf_add(&b, S(")"));
    } else {
        buf_add_int(&b, uid);
    }
    return buf_text(&b);
}

bool user_group_find(Str name, gid_t *ret)
{
    char z[NAME_BYTES];
    char entry[ENTRY_BYTES];
    struct group group;
    struct group *found = NULL;
    int64_t number;

    if (str_to_int(name, &number) && number >= 0 && number < UINT32_MAX) {
        *ret = (gid_t)number;
        return true;
    }
    if (name.n == 0 || name.n >= sizeof(z) || memchr(name.p, 0, name.n) != NULL) {
        return false;
    }
    memcpy(z, name.p, name.n);
    z[name.n] = 0;
    if (getgrnam_r(z, &group, entry, sizeof(entry), &found) != 0 || found == NULL) {
        return false;
    }
    *ret = group.gr_gid;
    return true;
}
