/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadlines.c - a doubly linked list; adds only at its end.
 */
#include "http/deadlines.h"

void deadlines_add(struct deadlines *list, struct deadline *d, uint64_t now_ms)
{
    *d = (struct deadline){.before = list->last, .at_ms = now_ms + list->wait_ms};
    if (list->last == NULL) {
        list->first = d;
    } else {
        list->last->after = d;
    }
    list->last = d;
}

void deadlines_remove(struct deadlines *list, struct deadline *d)
{
    if (d->before == NULL) {
        list->first = d->after;
    } else {
        d->before->after = d->after;
    }
    if (d->after == NULL) {
        list->last = d->before;
    } else {
        d->after->before = d->before;
    }
    *d = (struct deadline){0};
}

void deadlines_set_wait(struct deadlines *list, uint64_t wait_ms)
{
    uint64_t less_ms = wait_ms < list->wait_ms ? list->wait_ms - wait_ms : 0;

    for (struct deadline *d = list->first; d != NULL; d = d->after) {
        d->at_ms -= less_ms;
    }
    list->wait_ms -= less_ms;
}
