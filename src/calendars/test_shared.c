/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shared.c - the keys of the installation, and what workers share.
 */
#include "base/limits.h"
#include "calendars/sealing.h"
#include "calendars/shared.h"
#include "grants/testbed.h"
#include "store/settings.h"

static const struct instance_keys *keys_of(struct shared *s)
{
    const struct instance_keys *keys = NULL;

    T_OK(shared_keys(t_cx(), s, bed.store, bed.keyring, &keys));
    return keys;
}

/* Another process, or the same one after a restart, has the same keys. */
TEST(test_shared_keys_are_made_once)
{
    struct shared *one = shared_open();
    struct shared *other = shared_open();

    assert_null(shared_keys_known(one));
    assert_null(shared_keys_known(NULL));
    const struct instance_keys *keys = keys_of(one);

    assert_ptr_equal(shared_keys_known(one), keys);
    assert_ptr_equal(keys_of(one), keys);
    assert_memory_equal(keys_of(other), keys, sizeof(*keys));
    shared_close(&one);
    shared_close(&other);
    shared_close(&other);
}

TEST(test_shared_keys_differ_by_purpose)
{
    struct shared *s = shared_open();
    const struct instance_keys *k = keys_of(s);
    const unsigned char *const all[] = {k->event_ids, k->digests, k->owners, k->notify};

    for (size_t i = 0; i < COUNT(all); i++) {
        for (size_t j = i + 1; j < COUNT(all); j++) {
            assert_memory_not_equal(all[i], all[j], SEAL_KEY_BYTES);
        }
    }
    shared_close(&s);
}

static Res spoil(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return setting_put_sealed(
        cx, db, S("instance_secret"), keyring_sealing(bed.keyring), S("no record"));
}

/* One that doesn't open is never replaced: what it keyed would be lost. */
TEST(test_shared_keys_refuse_a_secret_that_does_not_open)
{
    struct shared *s = shared_open();
    const struct instance_keys *keys = NULL;

    T_OK(store_write(t_cx(), bed.store, spoil, NULL));
    T_FAIL(FAIL_UNREADABLE, shared_keys(t_cx(), s, bed.store, bed.keyring, &keys));
    assert_null(shared_keys_known(s));
    T_FAIL(FAIL_CONFLICT, store_write(t_cx(), bed.store, spoil, NULL));
    shared_close(&s);
}

TEST(test_shared_secret_opens_as_itself_alone)
{
    char bytes[SEAL_KEY_BYTES + 1] = "0123456789";
    Str secret = {bytes, SEAL_KEY_BYTES};
    Str record = shared_secret_seal(&t_cx()->mem, bed.keyring, secret);
    Str got;

    T_OK(shared_secret_open(t_cx(), bed.keyring, record, &got));
    T_STR(got, secret);
    record = shared_secret_seal(&t_cx()->mem, bed.keyring, (Str){bytes, sizeof(bytes)});
    T_FAIL(FAIL_UNREADABLE, shared_secret_open(t_cx(), bed.keyring, record, &got));
}

/* What was moved to another setting, or to another purpose, doesn't open. */
TEST(test_sealing_binds_to_setting_and_purpose)
{
    Str record = sealing_lock(&t_cx()->mem, bed.keyring, KEY_IMAGE, 7, S("image"));
    Str got;

    T_OK(sealing_open(t_cx(), bed.keyring, KEY_IMAGE, 7, record, &got));
    T_STR(got, S("image"));
    T_FAIL(
        FAIL_UNREADABLE, sealing_open(t_cx(), bed.keyring, KEY_IMAGE, 8, record, &got));
    T_FAIL(
        FAIL_UNREADABLE, sealing_open(t_cx(), bed.keyring, KEY_CURSOR, 7, record, &got));
}

/* One worker looks, and as many as there are accounts take one each. */
TEST(test_shared_due_is_taken_once)
{
    struct shared *s = shared_open();

    T_TRUE(shared_look(s, SHARED_PUSH, SOURCE_GOOGLE));
    T_TRUE(!shared_look(s, SHARED_PUSH, SOURCE_GOOGLE));
    T_TRUE(shared_look(s, SHARED_PUSH, SOURCE_MICROSOFT));
    T_TRUE(!shared_take_due(s, SHARED_PUSH, SOURCE_GOOGLE));
    shared_due_set(s, SHARED_PUSH, SOURCE_GOOGLE, 2);
    T_TRUE(shared_take_due(s, SHARED_PUSH, SOURCE_GOOGLE));
    T_TRUE(!shared_take_due(s, SHARED_PUSH, SOURCE_MICROSOFT));
    T_TRUE(shared_take_due(s, SHARED_PUSH, SOURCE_GOOGLE));
    T_TRUE(!shared_take_due(s, SHARED_PUSH, SOURCE_GOOGLE));
    shared_look_again(s, SHARED_PUSH);
    shared_look_again(NULL, SHARED_PUSH);
    T_TRUE(shared_look(s, SHARED_PUSH, SOURCE_GOOGLE));
    T_TRUE(shared_look_soon(s, SHARED_SYNC)); /* nobody has looked yet */
    T_TRUE(shared_look(s, SHARED_SYNC, SOURCE_GOOGLE));
    T_TRUE(shared_look(s, SHARED_SYNC, SOURCE_MICROSOFT));
    T_TRUE(!shared_look_soon(s, SHARED_SYNC));
    T_TRUE(!shared_look(s, SHARED_SYNC, SOURCE_GOOGLE));
    T_TRUE(!shared_look_soon(NULL, SHARED_SYNC));
    shared_close(&s);
}

TEST(test_shared_calendars_are_counted_again)
{
    struct shared *s = shared_open();

    T_TRUE(shared_calendars_is_old(s, SOURCE_GOOGLE));
    T_INT(shared_calendars(s, SOURCE_GOOGLE), 0);
    shared_calendars_set(s, SOURCE_GOOGLE, 9);
    T_TRUE(!shared_calendars_is_old(s, SOURCE_GOOGLE));
    T_INT(shared_calendars(s, SOURCE_GOOGLE), 9);
    T_TRUE(shared_calendars_is_old(s, SOURCE_MICROSOFT));
    shared_close(&s);
}

/* One more than LIMIT_EVENTS_ALL_BYTES is refused, whoever has the others. */
TEST(test_shared_events_room_at_the_edge)
{
    struct shared *s = shared_open();
    struct room_part one = {.room = shared_events_room(s)};
    struct room_part other = {.room = shared_events_room(s)};

    T_TRUE(room_take(&one, LIMIT_EVENTS_ALL_BYTES - 1));
    T_TRUE(room_take(&other, 1));
    T_TRUE(!room_take(&other, 1));
    room_give(&one, 1);
    T_TRUE(room_take(&other, 1));
    assert_null(shared_events_room(NULL));
    shared_close(&s);
}

T_MAIN(
    T_BED(test_shared_keys_are_made_once), T_BED(test_shared_keys_differ_by_purpose),
    T_BED(test_shared_keys_refuse_a_secret_that_does_not_open),
    T_BED(test_shared_secret_opens_as_itself_alone),
    T_BED(test_sealing_binds_to_setting_and_purpose), T(test_shared_due_is_taken_once),
    T(test_shared_calendars_are_counted_again), T(test_shared_events_room_at_the_edge))
