/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c - compares two configurations as they were written, key by key.
 */
#include "config/changes.h"

#include "base/buf.h"

enum { CHANGES_BYTES = 1000 };

static const struct config_value *value_find(
    const struct config *c, const struct config_value *like)
{
    for (const struct config_value *v = c->values; v != NULL; v = v->next) {
        if (str_eq(v->section, like->section) && str_eq(v->key, like->key)) {
            return v;
        }
    }
    return NULL;
}

/* A section [jwt NAME] may be in one of the two alone. */
static bool value_differs(const struct config_value *v, const struct config *other)
{
    const struct config_value *there = value_find(other, v);

    return there == NULL ? v->text.n > 0
                         : !str_eq(v->text, there->text) || v->mark != there->mark;
}

static void changes_add(struct buf *b, const struct config_value *v)
{
    static const Str more = SI(", …");

    if (str_ends((Str){b->p, b->n}, more)) {
        return;
    }
    if (b->n + v->section.n + v->key.n + S(", [] ").n + more.n > CHANGES_BYTES) {
        buf_add(b, more);
        return;
    }
    buf_add(b, b->n > 0 ? S(", [") : S("["));
    buf_add(b, v->section);
    buf_add(b, S("] "));
    buf_add(b, v->key);
}

static bool value_takes(const struct config_value *v, enum config_takes when)
{
    return (when & (v->needs_restart ? CONFIG_AT_RESTART : CONFIG_AT_ONCE)) != 0;
}

Str config_changes(
    struct arena *mem, const struct config *before, const struct config *now,
    enum config_takes when)
{
    struct buf b = {.mem = mem, .max = CHANGES_BYTES};

    if (now->values == NULL) {
        return S("");
    }
    for (const struct config_value *v = now->values; v != NULL; v = v->next) {
        if (value_takes(v, when) && value_differs(v, before)) {
            changes_add(&b, v);
        }
    }
    for (const struct config_value *v = before->values; v != NULL; v = v->next) {
        if (value_takes(v, when) && value_find(now, v) == NULL && value_differs(v, now)) {
            changes_add(&b, v);
        }
    }
    return b.n > 0 ? buf_text(&b) : S("");
}
