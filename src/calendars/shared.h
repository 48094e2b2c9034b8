/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.h - what all workers of a process know together about calendars: the keys of the
 * installation, how many calendars each source has, and images that were opened of late.
 *
 * The instance secret is 32 random bytes, made once for a store, sealed in it, and never
 * replaced. Every value below is keyed with a key of its own, derived from it.
 */
#pragma once

#include <stdatomic.h>

#include "base/kinds.h"
#include "base/room.h"
#include "seal/seal.h"

struct cx;
struct keyring;
struct store;

struct instance_keys {
    unsigned char event_ids[SEAL_KEY_BYTES]; /* hashes of events' ids in an image */
    unsigned char digests[SEAL_KEY_BYTES];   /* of an image, to see that it is the same */
    unsigned char owners[SEAL_KEY_BYTES];    /* tags of owners in the keys of copies */
    unsigned char notify[SEAL_KEY_BYTES];    /* tokens of notifications */
    unsigned char copies[SEAL_KEY_BYTES];    /* keys of copies */
    unsigned char values[SEAL_KEY_BYTES];    /* digests of the values of events */
};

struct shared;
struct kept_images;

struct shared *shared_open(void);
void shared_close(struct shared **s); /* accepts NULL */

/* The keys; the first caller reads them from the store, and makes the secret where there
 * is none. The result lives as long as `s`. FAIL_UNREADABLE, FAIL_UNAVAILABLE. */
Res shared_keys(
    struct cx *cx, struct shared *s, struct store *store, const struct keyring *keyring,
    const struct instance_keys **ret) MUST;
/* The same where nothing may wait: NULL before somebody has read them. */
const struct instance_keys *shared_keys_known(const struct shared *s);

/* The secret as the store has it. FAIL_UNREADABLE, FAIL_UNAVAILABLE as keyring_unseal. */
Str shared_secret_seal(struct arena *mem, const struct keyring *k, Str secret);
Res shared_secret_open(struct cx *cx, const struct keyring *k, Str record, Str *ret) MUST;

/* Images that queries opened of late. NULL of NULL. It lives as long as `s`. */
struct kept_images *shared_kept(struct shared *s);

/* Rows of workers that go through accounts, one by one. */
enum shared_row { SHARED_SYNC, SHARED_CHANNELS, SHARED_PUSH, SHARED_ROWS };

/* So that a row of workers costs one look at the store: true for one of them, every
 * LOOK_MS at most, or after shared_look_again. It says how many accounts have something
 * due, and each of so many workers gets one of them by shared_take_due. */
bool shared_look(struct shared *s, enum shared_row row, enum source_id source);
void shared_look_again(struct shared *s, enum shared_row row); /* accepts NULL */
/* The same, but for a source that was looked at less than SOON_MS ago: a look costs as
 * much as there is due, and what is made due in a row of requests costs one. False: none
 * will be looked at. */
bool shared_look_soon(struct shared *s, enum shared_row row); /* accepts NULL */
void shared_due_set(
    struct shared *s, enum shared_row row, enum source_id source, int64_t n);
bool shared_take_due(struct shared *s, enum shared_row row, enum source_id source);
/* When the next request about a channel may be sent: LIMIT_CHANNELS_PER_S of them, by
 * clock_mono_ms. */
int64_t shared_channel_turn_ms(struct shared *s);
/* What all events that are shown take (docs/calendar.md §5): LIMIT_EVENTS_ALL_BYTES.
 * Accepts NULL, and gives it. */
struct room *shared_events_room(struct shared *s);
/* How many calendars of a source are read, as a worker counted them last; 0: not yet.
 * shared_calendars_is_old: they were to be counted again. */
int64_t shared_calendars(const struct shared *s, enum source_id source);
bool shared_calendars_is_old(const struct shared *s, enum source_id source);
void shared_calendars_set(struct shared *s, enum source_id source, int64_t n);
