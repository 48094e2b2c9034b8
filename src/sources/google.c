/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google.c - Google: OpenID Connect.
 *
 * This file holds endpoints and quirks, as data where possible. The protocol is in
 * oauth/, calendars are in google_calendars.c.
 */
#include "base/cx.h"
#include "base/limits.h"
#include "sources/sources_private.h"

static void google_defaults(struct arena *mem, Str tenant, struct source_settings *s)
{
    (void)mem;
    (void)tenant;
    source_default(&s->client.scopes, source_google.default_scopes);
    source_default(&s->issuer, S("https://accounts.google.com"));
    source_default(
        &s->client.authorize_url, S("https://accounts.google.com/o/oauth2/v2/auth"));
    source_default(&s->client.token_url, S("https://oauth2.googleapis.com/token"));
    source_default(&s->client.revoke_url, S("https://oauth2.googleapis.com/revoke"));
    source_default(&s->jwks_url, S("https://www.googleapis.com/oauth2/v3/certs"));
    source_default(&s->api_url, S("https://www.googleapis.com/calendar/v3"));
}

/* Google's own issuer may come without its scheme in an ID token. */
static bool google_issuer_fits(
    const struct id_claims *claims, Str key_issuer, Str configured)
{
    (void)key_issuer;
    return str_eq(claims->iss, configured)
           || (str_eq(configured, S("https://accounts.google.com"))
               && str_eq(claims->iss, S("accounts.google.com")));
}

static bool google_response_issuer_fits(Str iss, Str configured)
{
    return str_eq(iss, configured);
}

static bool char_is_visible_ascii(unsigned char c)
{
    return c > 0x20 && c < 0x7F;
}

static Res google_person(
    struct cx *cx, const struct id_claims *claims, struct person *ret)
{
    if (claims->sub.n == 0 || claims->sub.n > LIMIT_SUBJECT_BYTES
        || !str_is_only(claims->sub, char_is_visible_ascii)) {
        return fail(cx, FAIL_IDENTITY_INVALID, "sub is not a Google subject");
    }
    *ret = (struct person){
        .subject = claims->sub,
        .username = source_username(claims->email, S(""), claims->sub),
        .is_work = claims->hd.n > 0,
    };
    return OK;
}

/* Google answers a request for `email` with a URL. */
static Str google_scope_plain(Str scope)
{
    if (str_eq(scope, S("https://www.googleapis.com/auth/userinfo.email"))) {
        return S("email");
    }
    if (str_eq(scope, S("https://www.googleapis.com/auth/userinfo.profile"))) {
        return S("profile");
    }
    return scope;
}

static bool google_scope_fits(Str granted, Str needed)
{
    return str_eq(google_scope_plain(granted), google_scope_plain(needed));
}

const struct source source_google = {
    .id = SOURCE_GOOGLE,
    .code = SI(GOOGLE_CODE),
    .name = SI("google"),
    .default_scopes = SI("openid email "
                         "https://www.googleapis.com/auth/calendar.calendarlist.readonly "
                         "https://www.googleapis.com/auth/calendar.events"),
    .authorize_extra = SI("&access_type=offline&prompt=select_account%20consent"),
    .reconnect_extra = SI("&access_type=offline&prompt=consent"),
    .has_revocation = true,
    .defaults = google_defaults,
    .issuer_fits = google_issuer_fits,
    .response_issuer_fits = google_response_issuer_fits,
    .person = google_person,
    .scope_fits = google_scope_fits,
    .idle_days = 180,
    .calendars = &google_calendars,
    .events = &google_events,
    .channels = &google_channels,
    .writes = &google_writes,
};
