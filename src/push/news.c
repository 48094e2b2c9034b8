/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news.c - makes the messages about copies.
 */
#include "push/news.h"

#include "base/cx.h"
#include "calendars/freshness.h"
#include "grants/account_state.h"
#include "store/outbox.h"

static struct outbox_message news_message(
    const struct push_job *job, enum webhook_type type)
{
    return (struct outbox_message){
        .type = type,
        .provider = job->owner.provider,
        .mode = job->owner.mode,
        .user = job->owner.user,
        .account = job->copy.account,
        .settings = job->copy.settings,
        .copy = job->copy.id,
        .event_id = job->event.event_id,
    };
}

static const enum webhook_type types[] = {
    [COPY_NEWS_CHANGED] = WEBHOOK_EVENT_CHANGED,
    [COPY_NEWS_DELETED] = WEBHOOK_EVENT_DELETED,
    [COPY_NEWS_FAILED] = WEBHOOK_EVENT_FAILED,
};

Res news_put(
    struct cx *cx, struct db *db, const struct push_job *job, const struct pushed_copy *c,
    enum copy_news news)
{
    if (news == COPY_NEWS_NONE || !job->has_event) {
        return OK;
    }
    struct outbox_message m = news_message(job, types[news]);

    if (news == COPY_NEWS_CHANGED) {
        m.is_all_day = (c->flags & COPY_ALL_DAY) != 0;
        m.start = c->start;
        m.end = c->end;
    }
    if (news == COPY_NEWS_FAILED) {
        m.reason = c->reason == COPY_GAVE_UP ? S("gave_up") : S("refused");
    }
    return outbox_put(cx, db, &m);
}

static Res news_put_inactive(struct cx *cx, struct db *db, const struct writing *w)
{
    struct outbox_message m = news_message(&w->job, WEBHOOK_SETTINGS_INACTIVE);
    bool is_new;

    m.reason = freshness_inactive(w->inactive, true);
    m.event_id = S("");
    TRY(pushed_writes_deactivate(cx, db, w->job.copy.settings, w->inactive, &is_new));
    return is_new ? outbox_put(cx, db, &m) : OK;
}

Res news_put_blocked(struct cx *cx, struct db *db, struct writing *w)
{
    if (w->outcome != WRITING_BLOCKED) {
        return OK;
    }
    if (w->lacks_scopes) {
        TRY(account_state_break(cx, db, w->job.copy.account, REASON_SCOPES, &w->broken));
    }
    return w->inactive == SYNC_ACTIVE ? OK : news_put_inactive(cx, db, w);
}
