/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - the table of the calendar sources, and the checks that all of them share.
 *
 * A new source is a file beside google.c, and a row and a code here.
 */
#include "sources/source.h"

#include "base/cx.h"
#include "base/limits.h"
#include "sources/kit.h"

static const struct source *const sources[] = {&source_google, &source_microsoft};

const Str source_codes[SOURCE_COUNT] = {SI("GOOG"), SI("MSFT")};

_Static_assert(COUNT(sources) == SOURCE_COUNT, "a row for each enum source_id");

const struct source *source_get(enum source_id id)
{
    size_t i = (size_t)id - 1;

    must_be(i < COUNT(sources) && sources[i]->id == id);
    return sources[i];
}

const struct source *source_by_code(Str code)
{
    for (size_t i = 0; i < COUNT(sources); i++) {
        if (str_eq(sources[i]->code, code)) {
            return sources[i];
        }
    }
    return NULL;
}

const struct source *source_by_name(Str name)
{
    for (size_t i = 0; i < COUNT(sources); i++) {
        if (str_eq(sources[i]->name, name)) {
            return sources[i];
        }
    }
    return NULL;
}

void source_default(Str *setting, Str value)
{
    if (setting->n == 0) {
        *setting = value;
    }
}

Str source_username(Str first, Str second, Str subject)
{
    if (first.n > 0 && first.n <= LIMIT_USERNAME_BYTES) {
        return first;
    }
    if (second.n > 0 && second.n <= LIMIT_USERNAME_BYTES) {
        return second;
    }
    return subject;
}

bool guid_is_valid(Str s)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (s.n != sizeof(shape) - 1) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (shape[i] == '-' ? s.p[i] != '-' : char_hex((unsigned char)s.p[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* Identity and permanence are judged by the ID token and the refresh token themselves. */
static bool scope_is_needed(Str scope)
{
    static const Str others[] = {
        SI("openid"), SI("email"), SI("profile"), SI("offline_access")};

    for (size_t i = 0; i < COUNT(others); i++) {
        if (str_eq(scope, others[i])) {
            return false;
        }
    }
    return true;
}

bool scope_is_granted(const struct source *source, Str granted, Str needed)
{
    Str scope;

    while (str_next_word(&granted, S(" "), &scope)) {
        if (source->scope_fits(scope, needed)) {
            return true;
        }
    }
    return false;
}

Res source_scopes_kept(
    struct cx *cx, const struct source_settings *s, Str before, Str granted)
{
    const struct source *source = source_get(s->id);
    Str wanted = s->client.scopes;
    Str scope;

    while (str_next_word(&wanted, S(" "), &scope)) {
        if (scope_is_needed(scope) && scope_is_granted(source, before, scope)
            && !scope_is_granted(source, granted, scope)) {
            return fail(
                cx, FAIL_MISSING_SCOPES, "not granted: %.*s", (int)scope.n, scope.p);
        }
    }
    return OK;
}

Res source_scopes_check(struct cx *cx, const struct source_settings *s, Str granted)
{
    return source_scopes_kept(cx, s, s->client.scopes, granted);
}

Res source_person_check(
    struct cx *cx, const struct source_settings *s, const struct person *p)
{
    if (s->accounts == ACCOUNTS_WORK && !p->is_work) {
        return fail(cx, FAIL_ACCOUNT_TYPE_NOT_ALLOWED, "a personal account");
    }
    if (s->accounts == ACCOUNTS_PERSONAL && p->is_work) {
        return fail(cx, FAIL_ACCOUNT_TYPE_NOT_ALLOWED, "a work account");
    }
    return OK;
}
