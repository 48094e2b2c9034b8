/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_room.c - a budget at its edge, and many who take at once.
 */
#include <pthread.h>

#include "base/room.h"
#include "base/testing.h"

TEST(test_room_take_at_the_edge)
{
    struct room room = {.most = 10};
    struct room_part a = {.room = &room};
    struct room_part b = {.room = &room};

    T_TRUE(room_take(&a, 4));
    T_TRUE(!room_take(&b, 7));
    T_TRUE(b.was_refused && !a.was_refused);
    T_INT(b.taken, 0); /* a failed call leaves all as it was */
    T_INT(room.taken, 4);
    T_TRUE(room_take(&b, 6));
    T_TRUE(!room_take(&a, 1));
    T_TRUE(room_take(&a, 0));
    room_give(&b, 1);
    T_TRUE(room_take(&a, 1));
    T_TRUE(!room_take(&a, SIZE_MAX));
    room_give(&a, a.taken);
    room_give(&b, b.taken);
    T_INT(room.taken, 0);
}

TEST(test_room_take_of_no_room_has_no_end)
{
    struct room_part p = {.room = NULL};

    T_TRUE(room_take(&p, SIZE_MAX) && room_take(&p, SIZE_MAX));
    T_TRUE(room_take(NULL, SIZE_MAX));
    room_give(&p, 1);
    room_give(NULL, 1);
    T_INT(p.taken, 0);
}

enum { THREADS = 4, TIMES = 20000, EACH = 3, MOST = 10 };

static void *take_and_give(void *arg)
{
    struct room *room = arg;
    struct room_part p = {.room = room};

    for (int i = 0; i < TIMES; i++) {
        if (room_take(&p, EACH)) {
            must_be(atomic_load(&room->taken) <= MOST);
            room_give(&p, EACH);
        }
    }
    return NULL;
}

TEST(test_room_take_by_many_at_once)
{
    struct room room = {.most = MOST};
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++) {
        T_INT(pthread_create(&threads[i], NULL, take_and_give, &room), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        T_INT(pthread_join(threads[i], NULL), 0);
    }
    T_INT(room.taken, 0);
}

T_MAIN(
    T(test_room_take_at_the_edge), T(test_room_take_of_no_room_has_no_end),
    T(test_room_take_by_many_at_once))
