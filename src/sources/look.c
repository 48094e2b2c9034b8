/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.c - is there a calendar behind this grant? (contract §6, `no_calendar`; §9)
 *
 * A page may be empty and still have a next one. A link that an answer holds is only
 * followed at the source's own origin, since the access token goes with it.
 */
#include "sources/look.h"

#include "base/cx.h"
#include "base/limits.h"

static enum fail error_kind(const struct look *look, int status, Str reason)
{
    if (status == 429) {
        return FAIL_SOURCE_RATE_LIMITED;
    }
    if (status >= 500) {
        return FAIL_SOURCE_UNAVAILABLE;
    }
    for (size_t i = 0; i < look->n_errors && reason.n > 0; i++) {
        const struct look_error *e = &look->errors[i];

        if ((e->status == 0 || e->status == status)
            && (e->reason.n == 0 || str_eq(e->reason, reason))) {
            return e->kind;
        }
    }
    return FAIL_SOURCE_ERROR;
}

/* Reasons are the source's own codes, but they come from outside: only what looks like
 * one is repeated in the log. */
static bool char_is_of_code(unsigned char c)
{
    return char_is_alnum(c) || c == '_' || c == '.';
}

static Res judge_error(
    struct cx *cx, const struct look *look, const struct net_reply *reply)
{
    CLEANUP(j_done) json_t *body = NULL;
    Str reason = S("");

    if (j_parse(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code == FAIL_NONE) {
        reason = look->reason(body);
    }
    enum fail kind = error_kind(look, reply->status, reason);

    if (!str_is_only(reason, char_is_of_code)) {
        reason = S("");
    }
    return fail(
        cx, kind, "the look at the calendars was answered with %d %.*s", reply->status,
        (int)str_sub(reason, 0, 64).n, reason.p);
}

static Res judge_page(
    struct cx *cx, const struct look *look, Str first, const json_t *body, Str *next)
{
    const json_t *items = json_object_get(body, look->items);

    if (!json_is_array(items)) {
        return fail(
            cx, FAIL_SOURCE_ERROR, "the list of calendars has no %s", look->items);
    }
    if (json_array_size(items) > 0) {
        *next = S("");
        return OK;
    }
    Str link = look->next(&cx->mem, first, body);

    if (link.n == 0) {
        return fail(cx, FAIL_NO_CALENDAR, "the list of calendars is empty");
    }
    if (!net_same_origin(first, link)) {
        return fail(cx, FAIL_SOURCE_ERROR, "the next page is at another origin");
    }
    *next = link;
    return OK;
}

Res look_judge(
    struct cx *cx, const struct look *look, Str first, const struct net_reply *reply,
    Str *next)
{
    CLEANUP(j_done) json_t *body = NULL;

    if (reply->status != 200) {
        return judge_error(cx, look, reply);
    }
    if (j_parse(cx, reply->body, LIMIT_SOURCE_JSON_DEPTH, &body).code != FAIL_NONE) {
        return fail(cx, FAIL_SOURCE_ERROR, "the list of calendars cannot be read");
    }
    return judge_page(cx, look, first, body, next);
}

Res look_run(
    struct cx *cx, struct net *net, const struct net_options *options,
    const struct look *look, const struct source_settings *s, Str access_token)
{
    Str first = str_cat(&cx->mem, s->api_url, look->path);
    Str url = first;

    for (int pages = 0; pages < LIMIT_LOOK_PAGES; pages++) {
        struct net_reply reply;

        TRY(net_perform(
            cx, net, options,
            &(struct net_request){
                .url = url, .bearer = access_token, .max_bytes = LIMIT_CALENDARS_BYTES},
            &reply));
        TRY(look_judge(cx, look, first, &reply, &url));
        if (url.n == 0) {
            return OK;
        }
    }
    return fail(cx, FAIL_SOURCE_ERROR, "%d empty pages of calendars", LIMIT_LOOK_PAGES);
}
