/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_values.h - what the application says of an event, packed and sealed as the store
 * has it (docs/pushing.md §1).
 */
#pragma once

#include "base/str.h"

struct cx;
struct instance_keys;
struct keyring;
struct write_wish;

struct event_values {
    Str title;
    bool is_all_day;
    int64_t start; /* seconds since 1970 UTC; of all-day: days since 1970 */
    int64_t end;   /* exclusive */
    Str description;
    Str location;
    Str link; /* https; empty: none */
    bool is_free;
    bool is_private;
    bool has_attendees;
};

enum { EVENT_DIGEST_BYTES = 16 };

/* In seconds since 1970: whole days are days of UTC. */
int64_t event_values_start_s(const struct event_values *v);
int64_t event_values_end_s(const struct event_values *v);
/* Bound to the event's number, so that one that was moved doesn't open. */
Str event_values_seal(
    struct arena *mem, const struct keyring *k, int64_t event,
    const struct event_values *v);
/* FAIL_UNREADABLE, FAIL_UNAVAILABLE as keyring_unseal. */
Res event_values_open(
    struct cx *cx, const struct keyring *k, int64_t event, Str record,
    struct event_values *ret) MUST;
/* A record sealed anew, for key rotation. */
Res event_values_renew(
    struct cx *cx, const struct keyring *k, int64_t event, Str record, Str *ret) MUST;
/* The same for equal values alone: EVENT_DIGEST_BYTES. */
Str event_values_digest(
    struct arena *mem, const struct instance_keys *keys, const struct event_values *v);
/* What is to stand in a calendar: the link below the description. Without reminder. */
struct write_wish event_values_wish(struct arena *mem, const struct event_values *v);
