/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push_view.c - writes the fields of a copy.
 */
#include "cli/push_view.h"

#include "api/pushed_event_view.h"
#include "sources/source.h"

bool push_view_status_parse(Str name, enum copy_status *ret)
{
    for (int i = COPY_PENDING; i <= COPY_REMOVING; i++) {
        if (str_eq(pushed_event_view_status((enum copy_status)i), name)) {
            *ret = (enum copy_status)i;
            return true;
        }
    }
    return false;
}

static void push_view_write_place(struct writer *w, const struct push_state *s)
{
    const struct pushed_copy *c = &s->view.copy;
    bool is_customer = s->owner.mode == MODE_CUSTOMER;

    writer_int(w, S("provider"), s->owner.provider);
    writer_text(w, S("mode"), is_customer ? S("customer") : S("provider"));
    writer_text_or_null(w, S("user"), s->owner.user);
    writer_int(w, S("account"), c->account);
    writer_int(w, S("staff_calendar_settings"), c->settings);
    writer_text(w, S("calendar_source"), source_get(c->source)->code);
    writer_text_or_null(w, S("calendar_source_event_id"), c->external_id);
}

/* What is overdue has no time of its own. */
static int64_t push_view_due_ms(const struct pushed_copy *c, int64_t now_ms)
{
    if (c->due_ms == SYNC_NEVER) {
        return 0;
    }
    return c->due_ms < now_ms ? now_ms : c->due_ms;
}

void push_view_write(struct writer *w, const struct push_state *s, int64_t now_ms)
{
    const struct pushed_copy *c = &s->view.copy;

    writer_int(w, S("id"), c->id);
    writer_text_or_null(w, S("name"), s->event_id);
    writer_text_or_null(w, S("event_id"), s->event_id);
    writer_text(w, S("status"), pushed_event_view_status(c->status));
    writer_text_or_null(w, S("reason"), pushed_event_view_reason(&s->view));
    push_view_write_place(w, s);
    writer_time_or_null(w, S("due_at"), push_view_due_ms(c, now_ms));
    writer_time_or_null(w, S("since"), c->since_ms);
    writer_int(w, S("attempts"), c->attempts);
    writer_time_or_null(w, S("written_at"), c->written_ms);
    writer_bool(w, S("is_changed"), (c->flags & COPY_CHANGED) != 0);
}
