/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_webhooks.c - counts endpoints that are disabled, and asks how late deliveries
 * are.
 */
#include "cli/check_webhooks.h"

#include "store/store.h"
#include "store/webhook_deliveries.h"
#include "store/webhook_endpoints.h"

struct webhooks_count {
    int64_t disabled;
    int64_t lag_ms;
};

static Res webhooks_count_work(struct cx *cx, struct db *db, void *arg)
{
    struct webhooks_count *n = arg;

    TRY(webhook_endpoint_count_disabled(cx, db, &n->disabled));
    return webhook_deliveries_lag(cx, db, &n->lag_ms);
}

/* Deliveries of an endpoint that is dead wait for each other: that is no fault here. */
static void check_lag(struct check_report *c, int64_t lag_ms)
{
    bool is_served = c->facts.n_nodes > 0;

    if (lag_ms < CHECK_LATE_MS) {
        return;
    }
    check_report_add(
        c, S("webhooks"), is_served ? FINDING_WARN : FINDING_NOTE,
        CHECK_TEXT(
            c, S("the oldest delivery has been due for "),
            check_report_int(c, lag_ms / 1000), S(" seconds"),
            is_served ? S("") : S(", and no node serves")),
        is_served ? S("`caldock webhook list` shows which endpoint fails")
                  : S("start `caldock serve`"));
}

void check_webhooks(struct check_report *c)
{
    struct webhooks_count n;

    if (!check_report_has_store(c)) {
        return;
    }
    if (store_read(c->cli->cx, c->cli->app.store, webhooks_count_work, &n).code
        != FAIL_NONE) {
        check_report_add_failure(c, S("webhooks"), S(""));
        return;
    }
    if (n.disabled == 0) {
        check_report_add(
            c, S("webhooks"), FINDING_OK, S("no endpoint is disabled"), S(""));
    } else {
        check_report_add(
            c, S("webhooks"), FINDING_WARN,
            CHECK_TEXT(c, check_report_int(c, n.disabled), S(" endpoints are disabled")),
            S("`caldock webhook list` shows which and why"));
    }
    check_lag(c, n.lag_ms);
}
