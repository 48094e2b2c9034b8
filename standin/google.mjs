// SPDX-License-Identifier: Apache-2.0
// Google as its clients see it: paths, people, parameters, ID token claims, error texts,
// revocation and the calendar list. The protocol itself is in identity.mjs.
import { calendarsOf, pageOf } from './calendars.mjs';
import {
    allowed,
    apiError,
    calendarId,
    errorBody,
    findCalendar,
    roleOf,
    SCOPE,
    sendPart,
} from './google_api.mjs';
import { googleEventId, googleEvents, googleLook } from './google_events.mjs';
import { googleMessages, googlePush } from './google_push.mjs';
import { googleWrites } from './google_writes.mjs';
import { readBody, send } from './wire.mjs';

const LIST = '/calendar/v3/users/me/calendarList';
const LISTING_SCOPES = [
    'calendar',
    'calendar.readonly',
    'calendar.calendarlist',
    'calendar.calendarlist.readonly',
];

const PEOPLE = [
    { sub: '100000000000000000001', email: 'alice@example.com', name: 'Alice Example' },
    { sub: '100000000000000000002', email: 'bob@acme.test', name: 'Bob Acme', hd: 'acme.test' },
    { sub: '100000000000000000003', email: 'erin@example.com', name: 'Erin Empty', calendars: 0 },
    {
        sub: '100000000000000000004',
        email: 'nora@acme.test',
        name: 'Nora Nocal',
        hd: 'acme.test',
        calendars: 'off',
    },
];

// Google's words for the errors that oidc-provider finds in a token request.
const GRANT_ERRORS = [
    [/code not found/, 'Malformed auth code.'],
    [/PKCE/, 'Invalid code verifier.'],
    [/refresh token not found/, 'Token has been expired or revoked.'],
];

function tokenError(body, detail = '') {
    if (body.error === 'invalid_client') {
        const text = /not found/.test(detail) ? 'The OAuth client was not found.' : 'Unauthorized';
        return { error: 'invalid_client', error_description: text };
    }
    if (/redirect_uri mismatch/.test(detail)) {
        return { error: 'redirect_uri_mismatch', error_description: 'Bad Request' };
    }
    if (body.error === 'invalid_grant') {
        const known = GRANT_ERRORS.find(([pattern]) => pattern.test(detail));
        return { error: 'invalid_grant', error_description: known?.[1] ?? 'Bad Request' };
    }
    return { error: body.error, error_description: body.error_description };
}

// Reasons to refuse a refresh although the grant stands.
const REFRESH_REFUSALS = {
    // Google Cloud session control: the person has to sign in again.
    session: () => ({
        error: 'invalid_grant',
        error_subtype: 'invalid_rapt',
        error_description: 'reauth related error (invalid_rapt)',
    }),
    // The administrator has closed the service to the application.
    admin: () => ({
        error: 'admin_policy_enforced',
        error_description: 'Blocked by admin policy.',
    }),
};

// Identity scopes are answered under their long names.
const longScope = (scope) =>
    scope === 'email' || scope === 'profile' ? `${SCOPE}userinfo.${scope}` : scope;
const longScopes = (scopes = '') => scopes.split(' ').map(longScope).join(' ');

const entryOf = (person) => (calendar) => ({
    kind: 'calendar#calendarListEntry',
    etag: '"1"',
    id: calendarId(person, calendar.key),
    summary: calendar.isPrimary ? person.email : calendar.name,
    ...(calendar.override !== undefined && { summaryOverride: calendar.override }),
    timeZone: calendar.timeZone,
    colorId: '14',
    ...(calendar.description && { description: calendar.description }),
    backgroundColor: calendar.color,
    foregroundColor: '#000000',
    selected: true,
    accessRole: roleOf(calendar),
    defaultReminders: [],
    ...(calendar.isPrimary && { primary: true }),
});

function listCalendars(call) {
    if (!allowed(call, LISTING_SCOPES)) return;
    const { response, url, grant, calendarsFor, control } = call;
    const size = Math.min(Number(url.searchParams.get('maxResults') ?? 100), control.pageSize, 250);
    const from = Number(Buffer.from(url.searchParams.get('pageToken') ?? '', 'base64url'));
    if (!(size >= 1) || !(from >= 0)) {
        return apiError(response, 400, 'invalid', 'Invalid Value');
    }
    const { items, next } = pageOf(calendarsOf(calendarsFor(grant.person)), from, size);
    sendPart(call, {
        kind: 'calendar#calendarList',
        etag: '"p1"',
        ...(next === undefined
            ? { nextSyncToken: 'c3luYw' }
            : {
                  nextPageToken: control.nextPageLink
                      ? control.nextPageLink.value
                      : Buffer.from(String(next)).toString('base64url'),
              }),
        items: items.map(entryOf(grant.person)),
    });
}

function getCalendar(call) {
    if (!allowed(call, LISTING_SCOPES)) return;
    const found = findCalendar(call, decodeURIComponent(call.path.slice(LIST.length + 1)));
    if (found) sendPart(call, entryOf(call.grant.person)(found));
}

// No client authentication; either token takes away all that the person allowed the client.
async function revoke({ request, response, entry, url, identity }) {
    entry.form = Object.fromEntries(new URLSearchParams(await readBody(request)));
    const token = entry.form.token ?? url.searchParams.get('token');
    if (!(await identity.revokeConsent(token))) {
        const error = { error: 'invalid_token', error_description: 'Token expired or revoked' };
        return send(response, 400, error);
    }
    send(response, 200, {});
}

export const google = (base) => ({
    name: 'google',
    title: 'Google',
    client: {
        client_id: '1234567890-standin.apps.googleusercontent.com',
        client_secret: 'GOCSPX-standin-secret-5b1f',
    },
    people: PEOPLE,
    routes: { authorization: '/o/oauth2/v2/auth', token: '/token', userinfo: '/v1/userinfo' },
    jwksPath: '/oauth2/v3/certs',
    scopes: [
        'openid',
        'email',
        'profile',
        ...LISTING_SCOPES.map((name) => SCOPE + name),
        `${SCOPE}calendar.events`,
        `${SCOPE}calendar.events.readonly`,
    ],
    extraParams: ['access_type', 'include_granted_scopes', 'hd'],
    claims: {
        openid: ['sub', 'azp', 'hd'],
        email: ['email', 'email_verified'],
        profile: ['name', 'given_name', 'family_name', 'picture'],
    },
    tokens: {
        AuthorizationCode: ['4/0A', 70],
        AccessToken: ['ya29.a0', 220],
        RefreshToken: ['1//0g', 100],
    },
    isGranular: true, // a person may leave single scopes out
    keyIssuers: [undefined],

    locate: (path) => ({ path }),
    look: googleLook,
    mayChoose: () => true,
    issuerOf: () => base,
    keyIssuerOf: () => undefined,
    claimsOf: (person, clientId) => ({
        azp: clientId,
        email: person.email,
        email_verified: true,
        name: person.name,
        given_name: person.name.split(' ')[0],
        family_name: person.name.split(' ')[1],
        hd: person.hd,
    }),
    // Only for offline access, and only when the person sees a consent screen.
    givesRefreshToken: ({ params, isFirst }) =>
        params.access_type === 'offline' && (isFirst || /\bconsent\b/.test(params.prompt ?? '')),
    rotatesRefreshTokens: false,

    onSuccess: (out, { person, scope }) => {
        out.set('scope', longScopes(scope));
        out.set('authuser', '0');
        if (person.hd) out.set('hd', person.hd);
        out.set('prompt', 'consent');
    },
    onRefusal: (out) => out.delete('error_description'),
    pageError: (error) => ({
        title: `Error 400: ${error.error === 'invalid_redirect_uri' ? 'redirect_uri_mismatch' : error.error}`,
        text: error.error_description,
    }),
    shapeTokens: (body, { hasNewRefreshToken, grantLifeS }) => ({
        access_token: body.access_token,
        expires_in: body.expires_in,
        ...(hasNewRefreshToken && { refresh_token: body.refresh_token }),
        ...(hasNewRefreshToken && grantLifeS && { refresh_token_expires_in: grantLifeS }),
        scope: longScopes(body.scope),
        token_type: 'Bearer',
        id_token: body.id_token,
    }),
    tokenError,
    refusals: REFRESH_REFUSALS,
    mostRefreshTokens: 100, // per person and client
    eventId: googleEventId,
    calendarsHaveZones: true,
    apiPath: '/calendar/v3/',
    errorBody,
    throttled: { status: 403, reason: 'rateLimitExceeded', message: 'Rate Limit Exceeded' },
    push: {
        messages: googleMessages,
        patience: 10000,
        isRetried: (status) => [0, 500, 502, 503, 504].includes(status),
    },

    endpoints: [
        ['GET', new RegExp(`^${LIST}$`), listCalendars],
        ['GET', new RegExp(`^${LIST}/[^/]+$`), getCalendar],
        ['POST', /^\/revoke$/, revoke],
        ...googlePush,
        ...googleEvents,
        ...googleWrites,
        [
            'GET',
            /^\/\.well-known\/openid-configuration$/,
            ({ response }) =>
                send(response, 200, {
                    issuer: base,
                    authorization_endpoint: `${base}/o/oauth2/v2/auth`,
                    token_endpoint: `${base}/token`,
                    userinfo_endpoint: `${base}/v1/userinfo`,
                    revocation_endpoint: `${base}/revoke`,
                    jwks_uri: `${base}/oauth2/v3/certs`,
                    response_types_supported: ['code'],
                    subject_types_supported: ['public'],
                    id_token_signing_alg_values_supported: ['RS256'],
                    scopes_supported: ['openid', 'email', 'profile'],
                    token_endpoint_auth_methods_supported: [
                        'client_secret_post',
                        'client_secret_basic',
                    ],
                    code_challenge_methods_supported: ['plain', 'S256'],
                    grant_types_supported: ['authorization_code', 'refresh_token'],
                }),
        ],
    ],
});
