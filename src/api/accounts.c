/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.c - GET /external_calendars/accounts, GET and DELETE …/{id} (contract §7).
 *
 * What the caller may not see does not exist. Disconnecting itself is in revoke.c.
 */
#include "api/accounts.h"

#include "api/endpoints.h"
#include "api/revoke.h"
#include "base/clock.h"
#include "store/store.h"

static const Str statuses[] = {SI("connected"), SI("needs_reconnect")};

/* clang-format off */
static const struct api_field account_fields[] = {
    {.name = SI("id"), .type = VALUE_INT, .is_required = true,
        .about = SI("The number of this account here. It is never used again.")},
    {.name = SI("calendar_source"), .is_required = true,
        .choices = source_codes, .n_choices = SOURCE_COUNT,
        .about = SI("GOOG (Google) or MSFT (Microsoft).")},
    {.name = SI("account_id"), .is_required = true,
        .about = SI("The source's stable id of the person.")},
    {.name = SI("username"), .is_required = true,
        .about = SI("E-mail address or sign-in name: for people to read, never a key.")},
    {.name = SI("status"), .is_required = true,
        .choices = statuses, .n_choices = COUNT(statuses),
        .about = SI("Whether it can be used, or its user has to connect it again.")},
    {.name = SI("status_reason"), .is_required = true, .is_nullable = true,
        .about = SI("Why its user has to connect it again: a code.")},
    {.name = SI("connected_at"), .type = VALUE_TIME, .is_required = true,
        .about = SI("When its user connected it last.")},
};
/* clang-format on */

const struct api_shape account_shape = {
    SI("Account"), account_fields, COUNT(account_fields)};

static void write_account(struct writer *w, const struct account *a)
{
    char time[CLOCK_TEXT_BYTES];

    writer_int(w, S("id"), a->id);
    writer_text(w, S("calendar_source"), source_get(a->source)->code);
    writer_text(w, S("account_id"), a->subject);
    writer_text(w, S("username"), a->username);
    writer_text(w, S("status"), statuses[a->status - ACCOUNT_CONNECTED]);
    if (a->status_reason.n > 0) {
        writer_text(w, S("status_reason"), a->status_reason);
    } else {
        writer_null(w, S("status_reason"));
    }
    writer_text(w, S("connected_at"), clock_rfc3339(a->connected_ms, time));
}

struct listing {
    struct account_filter filter;
    struct page_wish wish;
    struct account_page page;
};

static Res list_rows(struct cx *cx, struct db *db, void *arg)
{
    struct listing *l = arg;
    int64_t offset;

    if (__builtin_mul_overflow(l->wish.page - 1, l->wish.size, &offset)) {
        return fail(cx, FAIL_NOT_FOUND, "a page past the end of all numbers");
    }
    return account_list(cx, db, &l->filter, offset, l->wish.size, &l->page);
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

    TRY(call_read_page(c, &l.wish));
    TRY(store_read(c->cx, c->worker->store, list_rows, &l));
    TRY(call_open_page(c, &l.wish, l.page.count, &w));
    for (size_t i = 0; i < l.page.n; i++) {
        writer_object(w, S(""));
        write_account(w, &l.page.at[i]);
        writer_end(w);
    }
    writer_end(w);
    return call_answer(c, c->endpoint->status, w);
}

/* Ids are written without sign and leading zeros: anything else is no account's. */
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

Res account_visible(
    struct cx *cx, struct db *db, const struct identity *who, int64_t id,
    struct account *ret)
{
    struct account a;

    TRY(account_get(cx, db, id, &a));
    if (a.provider != who->provider || a.mode != who->mode
        || (who->user.n > 0 && !str_eq(a.user, who->user))) {
        return fail(cx, FAIL_NOT_FOUND, "an account that the caller may not see");
    }
    *ret = a;
    return OK;
}

struct choice {
    const struct call *call;
    int64_t id;
    struct account account;
};

static Res choose(struct cx *cx, struct db *db, void *arg)
{
    struct choice *choice = arg;

    return account_visible(cx, db, &choice->call->who, choice->id, &choice->account);
}

static Res choose_and_disconnect(struct cx *cx, struct db *db, void *arg)
{
    const struct choice *choice = arg;

    TRY(choose(cx, db, arg));
    return account_disconnect(cx, db, choice->call->settings, choice->id);
}

Res accounts_get_run(struct call *c)
{
    struct choice choice = {.call = c};

    TRY(account_id_read(c, &choice.id));
    TRY(store_read(c->cx, c->worker->store, choose, &choice));
    struct writer *w = writer_open(&c->cx->mem, c->format);

    write_account(w, &choice.account);
    return call_answer(c, c->endpoint->status, w);
}

Res accounts_delete_run(struct call *c)
{
    struct choice choice = {.call = c};

    TRY(account_id_read(c, &choice.id));
    TRY(store_write(c->cx, c->worker->store, choose_and_disconnect, &choice));
    c->answer->status = c->endpoint->status;
    return OK;
}
