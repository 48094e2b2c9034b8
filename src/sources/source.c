/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - the table of the calendar sources, and the checks that all of them share.
 *
 * A new source needs its two files, its row and code here and in sources_private.h, and
 * an enum source_id.
 */
#include "sources/source.h"

#include "base/cx.h"
#include "base/limits.h"
#include "sources/sources_private.h"

static const struct source *const sources[] = {&source_google, &source_microsoft};

const Str source_codes[SOURCE_COUNT] = {SI(GOOGLE_CODE), SI(MICROSOFT_CODE)};

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

Str source_discovery_url(struct arena *mem, const struct source_settings *s)
{
    Str placeholder = S("{tenantid}");
    Str issuer = s->issuer;

    for (size_t i = 0; i < issuer.n; i++) {
        if (str_starts(str_sub(issuer, i, issuer.n), placeholder)) {
            Str rest = str_sub(issuer, i + placeholder.n, issuer.n);

            issuer = str_cat(mem, str_cat(mem, str_sub(issuer, 0, i), s->tenant), rest);
            break;
        }
    }
    return str_cat(mem, issuer, S("/.well-known/openid-configuration"));
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

bool source_guid_is_valid(Str s)
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

static bool char_is_no_control(unsigned char c)
{
    return c >= ' ' && c != 0x7F;
}

bool source_id_is_valid(Str id, size_t most)
{
    return id.n > 0 && id.n <= most && str_is_only(id, char_is_no_control)
           && !str_contains(id, S("\xEF\xBF\xBD"));
}

bool source_id_fits_path(Str id, size_t most)
{
    return source_id_is_valid(id, most) && str_is_utf8(id) && !str_eq(id, S("."))
           && !str_eq(id, S(".."));
}

Str source_text_cut(Str s, size_t most)
{
    if (s.n <= most) {
        return s;
    }
    while (most > 0 && ((unsigned char)s.p[most] & 0xC0) == 0x80) {
        most--;
    }
    return str_sub(s, 0, most);
}

/* Identity and offline access are judged by the ID token and the refresh token. */
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

bool source_scope_is_granted(const struct source *source, Str granted, Str needed)
{
    Str scope;

    while (str_next_word(&granted, S(" "), &scope)) {
        if (source->scope_fits(scope, needed)) {
            return true;
        }
    }
    return false;
}

bool source_scope_is_among(
    const struct source *source, Str granted, const Str *scopes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (source_scope_is_granted(source, granted, scopes[i])) {
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
        if (scope_is_needed(scope) && source_scope_is_granted(source, before, scope)
            && !source_scope_is_granted(source, granted, scope)) {
            return fail(cx, FAIL_MISSING_SCOPES, "not granted: %.*s", STR_ARG(scope));
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
    const struct source *source = source_get(s->id);

    if (s->accounts == ACCOUNTS_WORK && !p->is_work) {
        return fail(cx, FAIL_ACCOUNT_TYPE_NOT_ALLOWED, "a personal account");
    }
    if (s->accounts == ACCOUNTS_PERSONAL && p->is_work) {
        return fail(cx, FAIL_ACCOUNT_TYPE_NOT_ALLOWED, "a work account");
    }
    if (source->tenant_fits != NULL && !source->tenant_fits(s->tenant, p)) {
        return fail(cx, FAIL_ACCOUNT_TYPE_NOT_ALLOWED, "an account of another tenant");
    }
    return OK;
}
