/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unix_address.c - cuts the address of a unix socket, and asks the system for its group.
 */
#include "base/unix_address.h"

#include <sys/un.h>

#include "base/user.h"

static const Str unix_scheme = SI("unix:");

enum { MODE_DIGITS = 4, MODE_MOST = 0777 };

bool unix_address_is_one(Str text)
{
    return str_starts(text, unix_scheme);
}

Str unix_address_place(Str text)
{
    size_t at = text.n;

    (void)str_find(text, '?', &at);
    return str_sub(text, 0, at);
}

static bool mode_parse(Str text, mode_t *ret)
{
    mode_t mode = 0;
    bool is_octal = text.n > 0 && text.n <= MODE_DIGITS;

    for (size_t i = 0; is_octal && i < text.n; i++) {
        is_octal = text.p[i] >= '0' && text.p[i] <= '7';
        mode = mode * 8 + (mode_t)(text.p[i] - '0');
    }
    if (!is_octal || mode > MODE_MOST) {
        return false;
    }
    *ret = mode;
    return true;
}

/* Reads one parameter after the question mark. */
static const char *option_parse(Str option, struct unix_address *a, bool *has_mode)
{
    static const Str mode = SI("mode=");
    static const Str group = SI("group=");

    if (str_starts(option, mode) && !*has_mode) {
        *has_mode = true;
        return mode_parse(str_sub(option, mode.n, option.n), &a->mode)
                   ? NULL
                   : "an octal mode up to 0777, as unix:/path?mode=0660";
    }
    if (str_starts(option, group) && a->group.n == 0) {
        a->group = str_sub(option, group.n, option.n);
        return user_group_find(a->group, &a->gid)
                   ? NULL
                   : "a group that this system has, as unix:/path?group=www-data";
    }
    return "mode and group, each once, as unix:/path?mode=0660&group=www-data";
}

const char *unix_address_parse(Str text, struct unix_address *ret)
{
    const struct sockaddr_un *any = NULL;
    Str place = unix_address_place(text);
    struct unix_address a = {.path = S(""), .mode = UNIX_ADDRESS_MODE};
    Str rest = str_sub(text, place.n, text.n);
    const char *flaw = NULL;
    bool has_mode = false;
    Str option;

    a.path = str_sub(place, unix_scheme.n, place.n);
    if (!unix_address_is_one(place) || a.path.n == 0
        || a.path.n >= sizeof(any->sun_path)) {
        return "unix:/path with a path of 1 to 107 bytes";
    }
    rest = str_sub(rest, 1, rest.n);
    while (flaw == NULL && rest.n > 0 && str_next_part(&rest, '&', &option)) {
        flaw = option_parse(option, &a, &has_mode);
    }
    if (flaw == NULL) {
        *ret = a;
    }
    return flaw;
}

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == 108, "the texts say 107");
