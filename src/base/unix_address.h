/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unix_address.h - the address of a unix socket, as operators write it.
 */
#pragma once

#include <sys/types.h>

#include "base/str.h"

enum { UNIX_ADDRESS_MODE = 0660 };

struct unix_address {
    Str path;    /* 1 to 107 bytes, as sockaddr_un has room for */
    mode_t mode; /* of the socket's file; UNIX_ADDRESS_MODE where none is given */
    Str group;   /* of the socket's file, as it was written; empty: none is given */
    gid_t gid;   /* of `group` */
};

bool unix_address_is_one(Str text); /* begins with "unix:" */
/* Reads "unix:/path?mode=0660&group=www-data". NULL; or what is wanted instead, and *ret
 * stays as it is. */
const char *unix_address_parse(Str text, struct unix_address *ret);
/* "unix:/path", without what follows it: two addresses with the same are one. */
Str unix_address_place(Str text);
