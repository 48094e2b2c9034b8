/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.c - GET /external_calendars/accounts, GET and DELETE …/{id} (docs/api.md §7).
 *
 * An account that the caller may not see is as if it did not exist. Disconnecting itself
 * is in grants/account_state.c.
 */
#include "api/accounts.h"

#include "api/account_view.h"
#include "api/body.h"
#include "api/endpoints.h"
#include "api/page.h"
#include "auth/visible.h"
#include "base/limits.h"
#include "base/log.h"
#include "grants/account_log.h"
#include "grants/account_state.h"
#include "sources/source.h"
#include "store/store.h"

enum { ACCOUNTS_IN_SOURCE, ACCOUNTS_IN_STATUS, ACCOUNTS_IN_USERNAME, ACCOUNTS_IN_COUNT };

static const Str status_names[] = {SI("connected"), SI("needs_reconnect")};

_Static_assert(
    ACCOUNT_CONNECTED == 1 && ACCOUNT_NEEDS_RECONNECT == 2, "in the order of the names");

/* clang-format off */
static const struct api_field accounts_query_fields[ACCOUNTS_IN_COUNT] = {
    [ACCOUNTS_IN_SOURCE] = {.name = SI("calendar_source"), .choices = source_codes,
        .n_choices = SOURCE_COUNT,
        .about = SI("Those of one source.")},
    [ACCOUNTS_IN_STATUS] = {.name = SI("status"), .choices = status_names,
        .n_choices = COUNT(status_names),
        .about = SI("Those with this status.")},
    [ACCOUNTS_IN_USERNAME] = {.name = SI("username"), .most_bytes = LIMIT_USERNAME_BYTES,
        .about = SI("Those with exactly this username.")},
};
/* clang-format on */

const struct api_shape accounts_list_query = {
    SI("AccountsListQuery"), accounts_query_fields, ACCOUNTS_IN_COUNT};

struct listing {
    struct account_filter filter;
    struct page_query query;
    struct account_page page;
};

static Res listing_read(struct cx *cx, struct db *db, void *arg)
{
    struct listing *l = arg;
    int64_t offset;

    TRY(page_offset(cx, &l->query, &offset));
    return account_list(cx, db, &l->filter, offset, l->query.size, &l->page);
}

static int choice_number(const Str *choices, size_t n, Str text)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(choices[i], text)) {
            return (int)i + 1;
        }
    }
    return 0;
}

static Res listing_filter(struct call *c, struct account_filter *ret)
{
    struct api_value in[ACCOUNTS_IN_COUNT];

    TRY(body_query_read(c, &accounts_list_query, in));
    ret->source = (enum source_id)choice_number(
        source_codes, SOURCE_COUNT, in[ACCOUNTS_IN_SOURCE].text);
    ret->status = (enum account_status)choice_number(
        status_names, COUNT(status_names), in[ACCOUNTS_IN_STATUS].text);
    ret->username = in[ACCOUNTS_IN_USERNAME].text;
    return OK;
}

Res accounts_list_run(struct call *c)
{
    struct writer *w;
    struct listing l = {
        .filter =
            {.provider = c->who.provider,
             .mode = c->who.mode,
             .any_user = c->who.user.n == 0,
             .user = c->who.user},
    };

    Res filtered = listing_filter(c, &l.filter);

    TRY(page_read(c, &l.query));
    TRY(filtered);
    TRY(store_read(c->cx, c->work.worker->store, listing_read, &l));
    if (l.page.n_unreadable > 0) {
        log_event(
            LEVEL_ERROR, EVENT_ACCOUNT_UNREADABLE,
            KN("left_out", (int64_t)l.page.n_unreadable), KZ("reason", c->cx->why.text));
    }
    TRY(page_open(c, &l.query, l.page.count, &w));
    for (size_t i = 0; i < l.page.n; i++) {
        writer_object(w, S(""));
        account_view_write(w, &l.page.at[i], ACCOUNT_FOR_CLIENT);
        writer_end(w);
    }
    writer_end(w);
    return call_answer(c, c->endpoint->status, w);
}

/* An id has neither sign nor leading zeros. */
Res account_id_read(struct call *c, int64_t *ret)
{
    Str text = c->args[0];
    int64_t id;

    if (!str_to_int(text, &id) || text.p[0] < '1') {
        return fail(c->cx, FAIL_NOT_FOUND, "not the number of an account");
    }
    *ret = id;
    return OK;
}

struct account_choice {
    const struct call *call;
    int64_t id;
    struct account account;
};

static Res account_choose(struct cx *cx, struct db *db, void *arg)
{
    struct account_choice *choice = arg;

    return visible_account(cx, db, &choice->call->who, choice->id, &choice->account);
}

static Res account_choose_and_disconnect(struct cx *cx, struct db *db, void *arg)
{
    struct account_choice *choice = arg;

    TRY(account_choose(cx, db, arg));
    return account_state_disconnect(
        cx, db, choice->call->work.settings, choice->id, BY_APPLICATION,
        &choice->account);
}

Res accounts_get_run(struct call *c)
{
    struct account_choice choice = {.call = c};

    TRY(account_id_read(c, &choice.id));
    TRY(store_read(c->cx, c->work.worker->store, account_choose, &choice));
    struct writer *w = writer_open(&c->cx->mem, c->format);

    account_view_write(w, &choice.account, ACCOUNT_FOR_CLIENT);
    return call_answer(c, c->endpoint->status, w);
}

Res accounts_delete_run(struct call *c)
{
    struct account_choice choice = {.call = c};

    TRY(account_id_read(c, &choice.id));
    TRY(store_write(
        c->cx, c->work.worker->store, account_choose_and_disconnect, &choice));
    account_log(c->cx, EVENT_ACCOUNT_DISCONNECTED, &choice.account, S("api"));
    c->work.has_revocation = true;
    c->answer->status = c->endpoint->status;
    return OK;
}
