/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri.h - cuts a URI into its parts (RFC 3986 appendix B), and judges host and port.
 *
 * Cutting judges nothing: every text has these parts, and the caller refuses what it does
 * not allow (a backslash, spaces, a user). The judges are strict: a host and a port that
 * pass mean the same to this program, to curl and to a browser.
 */
#pragma once

#include "base/str.h"

/* The parts point into the text. An absent part is empty; has_… tells it from an empty
 * one. */
struct uri {
    Str scheme;    /* without its ':'; empty: none */
    Str authority; /* without its "//": user, host and port together */
    Str user;      /* before the last '@' of the authority */
    Str host;      /* an IPv6 address with its brackets */
    Str port;
    Str path;
    Str query;    /* without its '?' */
    Str fragment; /* without its '#' */
    bool has_authority;
    bool has_user;
    bool has_port;
    bool has_query;
    bool has_fragment;
};

struct uri uri_split(Str text);

/* A letter, then letters, digits, '+', '-' and '.'. */
bool uri_scheme_is_valid(Str scheme);
/* Letters, digits, '-' and '.' with no empty label, or an IPv6 address in brackets. */
bool uri_host_is_valid(Str host);
/* Exactly localhost (in any case), 127.0.0.1 or [::1]. */
bool uri_host_is_loopback(Str host);
/* 1 to 65535, digits only. */
bool uri_port_is_valid(Str port);

/* The valid port that `u` names, else the default port of http and https, else 0. */
int64_t uri_port(const struct uri *u);
/* Whether scheme, host and port are the same, by the letters (RFC 6454 §5). */
bool uri_is_same_origin(const struct uri *a, const struct uri *b);
