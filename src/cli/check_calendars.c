/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_calendars.c - goes once through all calendars, a page at a time, and counts.
 */
#include "cli/check_calendars.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/zone.h"
#include "base/zone_data.h"
#include "calendars/channels.h"
#include "cli/check_report.h"
#include "cli/sync_view.h"
#include "sources/events.h"
#include "sources/writes.h"
#include "store/calendar_channels.h"
#include "store/store.h"

enum {
    CALENDARS_TEXT_BYTES = 1024,
    CALENDARS_REASONS_MOST = 16,
    ZONES_MOST = 64, /* that are remembered; others are looked for again */
    LATE_PART = 10,  /* one of so many calendars may be late */
};

static const Str name_sync = SI("sync");
static const Str name_zones = SI("time_zones");
static const Str name_notifications = SI("notifications");

/* All calendars that block. */
struct calendars_count {
    struct check_report *report;
    struct sync_view view;
    struct calendar_states_page page;
    int64_t after;

    size_t n;
    size_t n_fresh;
    size_t n_late;            /* not fresh for a reason that is nobody's will */
    size_t n_wanting_channel; /* their sources could notify of them */
    size_t n_without_channel; /* and don't */
    size_t n_misconfigured[SOURCE_COUNT];

    struct reason_count {
        Str reason;
        size_t n;
    } reasons[CALENDARS_REASONS_MOST];

    size_t n_reasons;
    int64_t oldest_due_ms; /* 0: none is due */
    int64_t oldest_setting;

    char zones[ZONES_MOST][LIMIT_TIME_ZONE_BYTES + 1]; /* that are there */
    size_t n_zones;
    size_t n_without_zone; /* settings */
    Str zone_lacking;      /* of the first one */
    int64_t zone_setting;
};

/* Counting. */

/* Whether a reason says that reads are behind, not that they shall not be. */
static bool reason_is_late(Str reason)
{
    static const Str late[] = {
        SI("late"), SI("source_error"), SI("not_read_yet"), SI("out_of_range")};

    for (size_t i = 0; i < COUNT(late); i++) {
        if (str_eq(reason, late[i])) {
            return true;
        }
    }
    return false;
}

/* Reasons are words of this program, so that the text stays. */
static void calendars_count_reason(struct calendars_count *c, Str reason)
{
    size_t i = 0;

    while (i < c->n_reasons && !str_eq(c->reasons[i].reason, reason)) {
        i++;
    }
    if (i == c->n_reasons) {
        must_be(c->n_reasons < CALENDARS_REASONS_MOST);
        c->reasons[c->n_reasons++] = (struct reason_count){reason, 0};
    }
    c->reasons[i].n++;
    c->n_late += reason_is_late(reason);
}

static bool zone_is_known(const struct calendars_count *c, Str name)
{
    for (size_t i = 0; i < c->n_zones; i++) {
        if (str_eq(name, str_from_z(c->zones[i]))) {
            return true;
        }
    }
    return false;
}

static void zone_remember(struct calendars_count *c, Str name)
{
    if (c->n_zones < ZONES_MOST && name.n <= LIMIT_TIME_ZONE_BYTES) {
        memcpy(c->zones[c->n_zones++], name.p, name.n);
    }
}

static void count_zone(struct calendars_count *c, const struct calendar_setting *s)
{
    struct cx *cx = c->report->cli->cx;
    struct cx own = {0};
    struct zone *zone;

    if (s->time_zone.n == 0 || zone_is_known(c, s->time_zone)) {
        return;
    }
    if (zone_load(&own, ZONE_FOLDER, s->time_zone, &zone).code == FAIL_NONE) {
        zone_remember(c, s->time_zone);
    } else if (c->n_without_zone++ == 0) {
        c->zone_lacking = str_dup(&cx->mem, s->time_zone);
        c->zone_setting = s->id;
    }
    cx_done(&own);
}

static void count_due(struct calendars_count *c, const struct calendar_state *s)
{
    int64_t due_ms = s->setting.sync.due_ms;
    bool is_due = due_ms > SYNC_WANTED && due_ms <= c->view.now_ms; /* that has no time */

    if (is_due && s->setting.is_connected && s->has_feature
        && (c->oldest_due_ms == 0 || due_ms < c->oldest_due_ms)) {
        c->oldest_due_ms = due_ms;
        c->oldest_setting = s->setting.id;
    }
}

static void count_channel(struct calendars_count *c, const struct calendar_state *s)
{
    bool is_read =
        s->setting.is_connected && s->has_feature && s->setting.sync.inactive == 0;

    c->n_wanting_channel += is_read;
    c->n_without_channel += is_read && s->setting.sync.channel_until_ms <= c->view.now_ms;
}

static void count_one(struct calendars_count *c, const struct calendar_state *s)
{
    struct sync_standing standing = sync_view_judge(&c->view, s);

    if (standing.is_off) {
        return;
    }
    c->n++;
    c->n_fresh += standing.is_fresh;
    if (!standing.is_fresh) {
        calendars_count_reason(c, standing.reason);
    }
    count_due(c, s);
    count_channel(c, s);
    count_zone(c, &s->setting);
    c->n_misconfigured[s->setting.source - 1] +=
        str_eq(s->setting.sync.failure, (Str)SYNC_MISCONFIGURED);
}

static Res count_page_work(struct cx *cx, struct db *db, void *arg)
{
    struct calendars_count *c = arg;

    if (c->after == 0) {
        TRY(sync_view_count(cx, db, &c->view));
    }
    return calendar_states_list(cx, db, 0, c->after, &c->page);
}

static Res count_all(struct cx *cx, struct calendars_count *c)
{
    struct store *store = c->report->cli->app.store;

    do {
        struct cx own = {0};
        Res res = store_read(&own, store, count_page_work, c);

        c->view.now_ms = c->page.now_ms;
        for (size_t i = 0; res.code == FAIL_NONE && i < c->page.n; i++) {
            count_one(c, &c->page.at[i]);
        }
        c->after = c->page.last;
        cx->why = own.why;
        cx_done(&own);
        TRY(res);
    } while (c->after != 0);
    return OK;
}

/* Findings. */

static Str freshness_text(const struct check_report *c, const struct calendars_count *n)
{
    struct buf b = {.mem = &c->cli->cx->mem, .max = CALENDARS_TEXT_BYTES};

    buf_add_int(&b, (int64_t)n->n_fresh);
    buf_add(&b, S(" of "));
    buf_add_int(&b, (int64_t)n->n);
    buf_add(&b, S(" calendars that block are fresh"));
    for (size_t i = 0; i < n->n_reasons; i++) {
        buf_add(&b, i == 0 ? S("; the others: ") : S(", "));
        buf_add_int(&b, (int64_t)n->reasons[i].n);
        buf_add(&b, S(" "));
        buf_add(&b, n->reasons[i].reason);
    }
    return buf_text(&b);
}

static void check_freshness(struct check_report *c, const struct calendars_count *n)
{
    bool is_bad = n->n_late > 0 && n->n_late * LATE_PART > n->n_fresh + n->n_late;

    check_report_add(
        c, name_sync, is_bad ? FINDING_WARN : FINDING_OK, freshness_text(c, n),
        n->n_reasons > 0 ? S("`caldock sync list --stale` lists them") : S(""));
}

static void check_oldest_due(struct check_report *c, const struct calendars_count *n)
{
    int64_t late_ms = n->view.now_ms - n->oldest_due_ms;
    bool is_served = c->facts.n_nodes > 0;
    enum finding served = late_ms > CHECK_LATE_MS ? FINDING_WARN : FINDING_OK;

    if (n->oldest_due_ms == 0) {
        return;
    }
    check_report_add(
        c, name_sync, is_served ? served : FINDING_NOTE,
        CHECK_TEXT(
            c, S("the read that is due the longest has waited for "),
            check_report_int(c, late_ms / 1000), S(" seconds (setting "),
            check_report_int(c, n->oldest_setting), S(")"),
            is_served ? S("") : S("; no node serves, so nothing is read")),
        is_served ? S("`caldock sync show` says more of it")
                  : S("start `caldock serve`"));
}

/* Where sources may notify, most calendars have a channel. */
static void check_channels(struct check_report *c, const struct calendars_count *n)
{
    bool is_bad = n->n_without_channel * LATE_PART > n->n_wanting_channel;

    if (n->n_wanting_channel == 0
        || !channels_are_wanted(&c->cli->app.config->settings)) {
        return;
    }
    check_report_add(
        c, name_sync, is_bad ? FINDING_WARN : FINDING_OK,
        CHECK_TEXT(
            c, check_report_int(c, (int64_t)n->n_without_channel), S(" of "),
            check_report_int(c, (int64_t)n->n_wanting_channel),
            S(" calendars have no channel, and are polled")),
        is_bad ? S("let the proxy in front pass POST /notify/google and POST "
                   "/notify/microsoft from the internet")
               : S(""));
}

static void check_misconfigured(struct check_report *c, const struct calendars_count *n)
{
    for (int id = 1; id <= SOURCE_COUNT; id++) {
        size_t count = n->n_misconfigured[id - 1];

        if (count > 0) {
            check_report_add(
                c,
                check_report_source_code(
                    c, source_get((enum source_id)id)->name, S("api")),
                FINDING_WARN,
                CHECK_TEXT(
                    c, check_report_int(c, (int64_t)count),
                    S(" calendars can't be read, because the source says that this "
                      "client may not use its calendar API")),
                S("switch the API on for the client's project"));
        }
    }
}

static void check_lacking_zone(struct check_report *c, const struct calendars_count *n)
{
    if (n->n_without_zone == 0) {
        return;
    }
    check_report_add(
        c, name_zones, FINDING_WARN,
        CHECK_TEXT(
            c, S("this machine's tzdata lacks the time zone of "),
            check_report_int(c, (int64_t)n->n_without_zone), S(" settings, such as "),
            n->zone_lacking, S(" of setting "), check_report_int(c, n->zone_setting),
            S(": their whole days begin by the next zone that is known")),
        S("install a newer tzdata"));
}

/* A page that can't be read makes no other finding wrong. */
static void check_reading(struct check_report *c)
{
    struct calendars_count *n = NEW(&c->cli->cx->mem, struct calendars_count);

    if (!check_report_has_store(c)) {
        return;
    }
    n->report = c;
    n->view.settings = &c->cli->app.config->settings.sync;
    if (count_all(c->cli->cx, n).code != FAIL_NONE) {
        check_report_add_failure(c, name_sync, S(""));
        return;
    }
    check_freshness(c, n);
    check_oldest_due(c, n);
    check_channels(c, n);
    check_misconfigured(c, n);
    check_lacking_zone(c, n);
}

static void check_tzdata(struct check_report *c)
{
    struct zone_data data;

    if (zone_data_find(c->cli->cx, ZONE_FOLDER, &data).code != FAIL_NONE) {
        Str why = check_report_why(c);

        check_report_add(
            c, name_zones, FINDING_NOTE,
            CHECK_TEXT(c, S("which tzdata this machine has is not known: "), why),
            S("install Debian's tzdata, or your system's"));
        return;
    }
    bool is_old = zone_data_is_old(&data, clock_now_s());

    check_report_add(
        c, name_zones, is_old ? FINDING_WARN : FINDING_OK,
        CHECK_TEXT(
            c, S("tzdata is "), data.version,
            is_old ? S(", which is older than a year: whole days may begin an hour off "
                       "where rules have changed")
                   : S("")),
        is_old ? S("install a newer one") : S(""));
}

void check_scopes(struct check_report *c, const struct source_settings *s)
{
    Str code = check_report_source_code(c, source_get(s->id)->name, S("scopes"));
    Str mend = S("the default of scopes does: take the key away");

    if (s->is_on && !events_scope_suffices(s->id, s->client.scopes)) {
        check_report_add(
            c, code, FINDING_WARN,
            S("its scopes don't let events be read, so that no calendar can block"),
            mend);
    }
    if (s->is_on && !write_scope_suffices(s->id, s->client.scopes)) {
        check_report_add(
            c, code, FINDING_WARN,
            S("its scopes don't let events be written, so that no calendar can receive"),
            mend);
    }
}

struct refusal {
    enum source_id source;
    int64_t now_ms;
    int64_t until_ms;
    Str why;
};

static Res refusal_read(struct cx *cx, struct db *db, void *arg)
{
    struct refusal *r = arg;

    TRY(calendar_sync_now(cx, db, &r->now_ms));
    return calendar_channels_refusal(cx, db, r->source, &r->until_ms, &r->why);
}

/* A failure to read is a finding elsewhere. */
static void check_refusals(struct check_report *c)
{
    for (int id = 1; id <= SOURCE_COUNT; id++) {
        struct refusal r = {.source = (enum source_id)id};

        if (store_read(c->cli->cx, c->cli->app.store, refusal_read, &r).code == FAIL_NONE
            && r.until_ms > r.now_ms) {
            check_report_add(
                c, name_notifications, FINDING_WARN,
                CHECK_TEXT(
                    c, source_get(r.source)->name,
                    S(" refuses to notify this service, and is asked again within a "
                      "day: "),
                    r.why),
                S("let POST /notify/ be reached from the internet, by a certificate "
                  "that is trusted there"));
        }
    }
}

static void check_notifications(struct check_report *c)
{
    const struct settings *settings = &c->cli->app.config->settings;

    if (settings->sync.notifications == 0) {
        check_report_add(
            c, name_notifications, FINDING_NOTE,
            S("off by [sync] notifications: calendars are asked now and then"), S(""));
    } else if (!channels_are_wanted(settings)) {
        check_report_add(
            c, name_notifications, FINDING_NOTE,
            S("no source can reach [server] public_url, which is no https or on "
              "loopback: calendars are asked now and then"),
            S(""));
    } else if (check_report_has_store(c)) {
        check_refusals(c);
    }
}

void check_calendars(struct check_report *c)
{
    check_notifications(c);
    check_reading(c);
    check_tzdata(c);
}
