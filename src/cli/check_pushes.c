/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_pushes.c - asks how late the writing of events into calendars is.
 */
#include "cli/check_pushes.h"

#include "store/push_states.h"
#include "store/store.h"

/* The one of all sources that has waited longest. */
static Res pushes_oldest_work(struct cx *cx, struct db *db, void *arg)
{
    struct push_oldest *oldest = arg;

    *oldest = (struct push_oldest){0};
    for (int source = 1; source <= SOURCE_COUNT; source++) {
        struct push_oldest found;

        TRY(push_states_oldest(cx, db, (enum source_id)source, &found));
        if (found.copy != 0 && (oldest->copy == 0 || found.due_ms < oldest->due_ms)) {
            *oldest = found;
        }
    }
    return OK;
}

static enum finding pushes_judge(const struct check_report *c, int64_t late_ms)
{
    if (c->facts.n_nodes == 0) {
        return FINDING_NOTE;
    }
    return late_ms > CHECK_LATE_MS ? FINDING_WARN : FINDING_OK;
}

void check_pushes(struct check_report *c)
{
    struct push_oldest oldest;
    Str code = S("push");
    bool is_served = c->facts.n_nodes > 0;

    if (!check_report_has_store(c)) {
        return;
    }
    if (store_read(c->cli->cx, c->cli->app.store, pushes_oldest_work, &oldest).code
        != FAIL_NONE) {
        check_report_add_failure(c, code, S(""));
        return;
    }
    if (oldest.copy == 0) {
        check_report_add(c, code, FINDING_OK, S("no copy of an event is due"), S(""));
        return;
    }
    int64_t late_ms = oldest.now_ms - oldest.due_ms;
    Str text = CHECK_TEXT(
        c, S("the copy of an event that is due the longest has waited for "),
        check_report_int(c, late_ms / 1000), S(" seconds (copy "),
        check_report_int(c, oldest.copy), S(")"),
        is_served ? S("") : S("; no node serves, so nothing is written"));

    check_report_add(
        c, code, pushes_judge(c, late_ms), text,
        is_served ? S("`caldock push list` shows it") : S("start `caldock serve`"));
}
