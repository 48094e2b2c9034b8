/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_log.c - the state of each source as this process sees it.
 */
#include "net/source_log.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/log.h"

static const Str codes[SOURCE_COUNT] = {SI("GOOG"), SI("MSFT")};

static const Str operations[NET_OPERATIONS] = {
    [NET_EXCHANGE] = SI("exchange"),   [NET_REFRESH] = SI("refresh"),
    [NET_REVOKE] = SI("revoke"),       [NET_KEYS] = SI("keys"),
    [NET_CALENDARS] = SI("calendars"), [NET_EVENTS] = SI("events"),
    [NET_CHANNEL] = SI("channel"),     [NET_WRITE] = SI("write"),
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct source_state away[SOURCE_COUNT];
static struct source_state refusing[SOURCE_COUNT];

enum source_news source_state_note(
    struct source_state *s, bool is_bad, int least, int64_t mono_ms)
{
    if (!is_bad) {
        bool was_told = s->is_told;

        s->bad = 0;
        s->is_told = false;
        return was_told ? SOURCE_NEWS_GOOD : SOURCE_NEWS_NONE;
    }
    s->bad += s->bad < least ? 1 : 0;
    if (s->bad < least || s->is_told
        || (s->told_ms != 0 && mono_ms - s->told_ms < LIMIT_SOURCE_SAID_MS)) {
        return SOURCE_NEWS_NONE;
    }
    s->is_told = true;
    s->told_ms = mono_ms;
    return SOURCE_NEWS_BAD;
}

static enum source_news source_note(struct source_state *s, bool is_bad, int least)
{
    must_be(pthread_mutex_lock(&lock) == 0);
    enum source_news news = source_state_note(s, is_bad, least, clock_mono_ms());

    must_be(pthread_mutex_unlock(&lock) == 0);
    return news;
}

static void source_log_state(
    const struct cx *cx, enum source_id source, bool is_away, const char *reason)
{
    switch (source_note(&away[source - 1], is_away, LIMIT_SOURCE_AWAY_CALLS)) {
    case SOURCE_NEWS_BAD:
        log_event(
            LEVEL_WARN, EVENT_SOURCE_AWAY, KZ("request", cx->request_id),
            KV("source", codes[source - 1]), KZ("reason", reason));
        break;
    case SOURCE_NEWS_GOOD:
        log_event(LEVEL_INFO, EVENT_SOURCE_BACK, KV("source", codes[source - 1]));
        break;
    case SOURCE_NEWS_NONE:
        break;
    }
}

void source_log_call(const struct cx *cx, const struct source_end *end)
{
    const struct net_purpose *p = end->purpose;
    bool has_answer = end->res.code == FAIL_NONE;
    bool is_away = end->res.code == FAIL_SOURCE_UNAVAILABLE
                   || end->res.code == FAIL_SOURCE_TIMEOUT || end->status >= 500;
    bool has_failed = !has_answer || end->status >= 500 || end->status == 429;
    const char *error = has_answer ? "" : cx->why.text;

    log_event(
        has_failed ? LEVEL_WARN : LEVEL_DEBUG, EVENT_SOURCE_CALLED, KZ("flow", cx->flow),
        KZ("request", cx->request_id), KV("source", codes[p->source - 1]),
        KV("operation", operations[p->operation]), KI("status", end->status),
        KUS("ms", end->took_us), KN("attempt", p->attempt + 1), KZ("error", error));
    source_log_state(cx, p->source, is_away, has_answer ? "it answers with 5xx" : error);
}

void source_log_client(enum source_id source, bool is_refused)
{
    switch (source_note(&refusing[source - 1], is_refused, 1)) {
    case SOURCE_NEWS_BAD:
        log_event(
            LEVEL_ERROR, EVENT_SOURCE_REFUSES_CLIENT, KV("source", codes[source - 1]),
            KZ("mend", "client_secret is refused: it is wrong or has expired"));
        break;
    case SOURCE_NEWS_GOOD:
        log_event(
            LEVEL_INFO, EVENT_SOURCE_ACCEPTS_CLIENT, KV("source", codes[source - 1]));
        break;
    case SOURCE_NEWS_NONE:
        break;
    }
}
