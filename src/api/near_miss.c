/* SPDX-License-Identifier: Apache-2.0 */
/*
 * near_miss.c - compares names by their letters and digits, in time linear in their
 * length.
 */
#include "api/near_miss.h"

enum {
    NAME_BYTES = 64, /* longer names are not compared */
    SLIP_BYTES = 4,  /* in a shorter name, one letter makes a different word */
};

struct folded_name {
    char p[NAME_BYTES];
    size_t n;
};

/* Keeps letters, in lower case, and digits. */
static struct folded_name name_fold(Str name)
{
    struct folded_name f = {.n = 0};

    for (size_t i = 0; i < name.n && i < NAME_BYTES; i++) {
        unsigned char c = (unsigned char)name.p[i];

        if (char_is_alnum(c)) {
            f.p[f.n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        }
    }
    return f;
}

/* A slip: one character changed, left out or added, or two neighbours swapped. */
static bool names_differ_by_a_slip(
    const struct folded_name *a, const struct folded_name *b)
{
    size_t least = a->n < b->n ? a->n : b->n;
    size_t head = 0;
    size_t tail = 0;

    while (head < least && a->p[head] == b->p[head]) {
        head++;
    }
    while (tail < least - head && a->p[a->n - 1 - tail] == b->p[b->n - 1 - tail]) {
        tail++;
    }
    size_t left_a = a->n - head - tail;
    size_t left_b = b->n - head - tail;

    if (left_a == 2 && left_b == 2) {
        return a->p[head] == b->p[head + 1] && a->p[head + 1] == b->p[head];
    }
    return left_a <= 1 && left_b <= 1 && least >= SLIP_BYTES;
}

static bool names_are_near(const struct folded_name *a, Str sent)
{
    if (sent.n == 0 || sent.n > NAME_BYTES) {
        return false;
    }
    struct folded_name b = name_fold(sent);

    return str_eq((Str){a->p, a->n}, (Str){b.p, b.n}) || names_differ_by_a_slip(a, &b);
}

static bool shape_has(const struct api_shape *shape, Str name)
{
    for (size_t i = 0; i < shape->n; i++) {
        if (str_eq(shape->fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

const struct field *near_miss_find(
    const struct fields *sent, const struct api_shape *shape, Str name)
{
    struct folded_name wanted = name_fold(name);

    for (size_t i = 0; i < sent->n; i++) {
        if (names_are_near(&wanted, sent->at[i].name)
            && !shape_has(shape, sent->at[i].name)) {
            return &sent->at[i];
        }
    }
    return NULL;
}
