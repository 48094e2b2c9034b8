/* SPDX-License-Identifier: Apache-2.0 */
/*
 * microsoft.c - Microsoft: identity platform v2.0.
 *
 * This file holds endpoints and quirks, as data where possible: many tenants share one
 * template of an issuer, and there is no revocation. The protocol is in oauth/, calendars
 * are in microsoft_calendars.c.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "sources/sources_private.h"

/* The tenant of all personal accounts. */
static const Str personal_tenant = SI("9188040d-6c67-4c5b-b112-36a304b66dad");
static const Str tenant_placeholder = SI("{tenantid}");

static const Str host = SI("https://login.microsoftonline.com/");

/* Finds `{tenantid}` in a template; false: it has none. */
static bool template_placeholder(Str template, size_t *at)
{
    for (size_t i = 0; i < template.n; i++) {
        if (str_starts(str_sub(template, i, template.n), tenant_placeholder)) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* True if `iss` is the template with a tenant's id in it; *tenant is that id. A template
 * without a placeholder fits itself alone, and *tenant is empty. */
static bool template_fits(Str template, Str iss, Str *tenant)
{
    size_t at = 0;

    if (!template_placeholder(template, &at)) {
        *tenant = S("");
        return str_eq(template, iss);
    }
    Str before = str_sub(template, 0, at);
    Str after = str_sub(template, at + tenant_placeholder.n, template.n);

    if (iss.n < before.n + after.n || !str_starts(iss, before) || !str_ends(iss, after)) {
        return false;
    }
    *tenant = str_sub(iss, before.n, iss.n - after.n);
    return source_guid_is_valid(*tenant);
}

static Str endpoint_url(struct arena *mem, Str tenant, Str path)
{
    return str_cat(mem, host, str_cat(mem, tenant, path));
}

static void microsoft_defaults(struct arena *mem, Str tenant, struct source_settings *s)
{
    Str of = tenant.n == 0 ? S("common") : str_lower(mem, tenant);

    s->tenant = of;
    source_default(&s->client.scopes, source_microsoft.default_scopes);
    source_default(&s->issuer, endpoint_url(mem, tenant_placeholder, S("/v2.0")));
    source_default(
        &s->client.authorize_url, endpoint_url(mem, of, S("/oauth2/v2.0/authorize")));
    source_default(&s->client.token_url, endpoint_url(mem, of, S("/oauth2/v2.0/token")));
    source_default(&s->jwks_url, endpoint_url(mem, of, S("/discovery/v2.0/keys")));
    source_default(&s->api_url, S("https://graph.microsoft.com/v1.0"));
}

/* The token's tenant must be the one in its issuer, in the configured issuer and in the
 * issuer of the key that signed it: a key of one tenant signs for no other. */
static bool microsoft_issuer_fits(
    const struct id_claims *claims, Str key_issuer, Str configured)
{
    Str tenant;

    if (!source_guid_is_valid(claims->tid) || !str_contains(claims->iss, claims->tid)
        || !template_fits(configured, claims->iss, &tenant)) {
        return false;
    }
    if (tenant.n > 0 && !str_eq(tenant, claims->tid)) {
        return false;
    }
    return key_issuer.n == 0 || template_fits(key_issuer, claims->iss, &tenant);
}

static bool microsoft_response_issuer_fits(Str iss, Str configured)
{
    Str tenant;

    return template_fits(configured, iss, &tenant);
}

static Res microsoft_person(
    struct cx *cx, const struct id_claims *claims, struct person *ret)
{
    if (!source_guid_is_valid(claims->tid) || !source_guid_is_valid(claims->oid)) {
        return fail(cx, FAIL_IDENTITY_INVALID, "tid or oid is no GUID");
    }
    Str tid = str_lower(&cx->mem, claims->tid);
    Str subject = str_cat(
        &cx->mem, str_cat(&cx->mem, tid, S(".")), str_lower(&cx->mem, claims->oid));

    *ret = (struct person){
        .subject = subject,
        .username = source_username(claims->preferred_username, claims->email, subject),
        .tenant = tid,
        .is_work = !str_eq(tid, personal_tenant),
    };
    return OK;
}

/* A tenant that is configured by a domain of its own is held by Microsoft's endpoints
 * alone: nothing in a token names the domain. */
static bool microsoft_tenant_fits(Str tenant, const struct person *p)
{
    if (str_eq(tenant, S("organizations"))) {
        return p->is_work;
    }
    if (str_eq(tenant, S("consumers"))) {
        return !p->is_work;
    }
    return !source_guid_is_valid(tenant) || str_eq(tenant, p->tenant);
}

/* Graph's scopes come as short names or as URLs, in any case, sometimes
 * percent-encoded. */
static Str microsoft_scope_short(Str scope)
{
    static const Str prefixes[] = {
        SI("https://graph.microsoft.com/"),
        SI("https%3A%2F%2Fgraph.microsoft.com%2F"),
    };

    for (size_t i = 0; i < COUNT(prefixes); i++) {
        if (str_eq_nocase(str_sub(scope, 0, prefixes[i].n), prefixes[i])) {
            return str_sub(scope, prefixes[i].n, scope.n);
        }
    }
    return scope;
}

static bool microsoft_scope_fits(Str granted, Str needed)
{
    return str_eq_nocase(microsoft_scope_short(granted), microsoft_scope_short(needed));
}

const struct source source_microsoft = {
    .id = SOURCE_MICROSOFT,
    .code = SI(MICROSOFT_CODE),
    .name = SI("microsoft"),
    .default_scopes =
        SI("openid profile email offline_access User.Read Calendars.ReadWrite"),
    .authorize_extra = SI("&prompt=select_account&response_mode=query"),
    .reconnect_extra = SI("&response_mode=query"),
    .has_revocation = false,
    .secret_expires = true,
    .defaults = microsoft_defaults,
    .issuer_fits = microsoft_issuer_fits,
    .response_issuer_fits = microsoft_response_issuer_fits,
    .person = microsoft_person,
    .tenant_fits = microsoft_tenant_fits,
    .scope_fits = microsoft_scope_fits,
    .idle_days = 90,
    .calendars = &microsoft_calendars,
    .events = &microsoft_events,
    .channels = &microsoft_channels,
    .writes = &microsoft_writes,
};
