/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_accounts.c - goes once through all accounts, a page at a time, and counts those
 * that came to need reconnecting within a day.
 */
#include "cli/check_accounts.h"

#include "base/clock.h"
#include "store/accounts.h"
#include "store/store.h"

enum {
    LOST_PART = 10, /* one of so many may come to need it in a day */
    ACCOUNTS_REASONS_MOST = 16,
    ACCOUNTS_REASON_BYTES = 64,
};

struct accounts_count {
    int64_t since_ms;
    int64_t after;
    struct account_page page;
    size_t n;
    size_t n_lost;

    struct lost_reason {
        char text[ACCOUNTS_REASON_BYTES + 1];
        size_t n;
    } reasons[ACCOUNTS_REASONS_MOST]; /* those past them are counted in n_lost alone */
};

static void accounts_count_reason(struct accounts_count *c, Str reason)
{
    for (size_t i = 0; i < ACCOUNTS_REASONS_MOST; i++) {
        struct lost_reason *r = &c->reasons[i];
        bool is_free = r->n == 0 && reason.n <= ACCOUNTS_REASON_BYTES;

        if (is_free) {
            memcpy(r->text, reason.p, reason.n);
        }
        if (is_free || (r->n > 0 && str_eq(str_from_z(r->text), reason))) {
            r->n++;
            return;
        }
    }
}

static void accounts_count_one(struct accounts_count *c, const struct account *a)
{
    c->n++;
    if (a->status == ACCOUNT_NEEDS_RECONNECT && a->status_since_ms >= c->since_ms) {
        c->n_lost++;
        accounts_count_reason(c, a->status_reason);
    }
}

static Res accounts_read_work(struct cx *cx, struct db *db, void *arg)
{
    struct accounts_count *c = arg;

    return account_list_all(cx, db, 0, c->after, &c->page);
}

static Res accounts_count_all(struct check_report *report, struct accounts_count *c)
{
    do {
        struct cx own = {0}; /* the memory of one page */
        Res res = store_read(&own, report->cli->app.store, accounts_read_work, c);

        for (size_t i = 0; res.code == FAIL_NONE && i < c->page.n; i++) {
            accounts_count_one(c, &c->page.at[i]);
        }
        c->after = c->page.last;
        report->cli->cx->why = own.why;
        cx_done(&own);
        TRY(res);
    } while (c->after != 0);
    return OK;
}

static Str commonest_reason(const struct accounts_count *c)
{
    const struct lost_reason *most = &c->reasons[0];

    for (size_t i = 1; i < ACCOUNTS_REASONS_MOST; i++) {
        most = c->reasons[i].n > most->n ? &c->reasons[i] : most;
    }
    return str_from_z(most->text);
}

bool check_accounts_surge(size_t n_lost, size_t n)
{
    return n_lost * LOST_PART > n;
}

static void accounts_judge(struct check_report *c, const struct accounts_count *n)
{
    bool is_bad = check_accounts_surge(n->n_lost, n->n);
    Str count = CHECK_TEXT(
        c, check_report_int(c, (int64_t)n->n_lost), S(" of "),
        check_report_int(c, (int64_t)n->n),
        S(" accounts came to need reconnecting in the last 24 hours"));

    if (n->n_lost > 0) {
        count = CHECK_TEXT(c, count, S(", most of them by "), commonest_reason(n));
    }
    check_report_add(
        c, S("accounts"), is_bad ? FINDING_WARN : FINDING_OK, count,
        is_bad
            ? S("look the reason up in docs/troubleshooting.md; `caldock account list` "
                "shows whose they are")
            : S(""));
}

void check_accounts(struct check_report *c)
{
    struct accounts_count *n = NEW(&c->cli->cx->mem, struct accounts_count);

    if (!check_report_has_store(c)) {
        return;
    }
    n->since_ms = clock_now_ms() - CLOCK_DAY_MS;
    if (accounts_count_all(c, n).code != FAIL_NONE) {
        check_report_add_failure(c, S("accounts"), S(""));
        return;
    }
    accounts_judge(c, n);
}
