// SPDX-License-Identifier: Apache-2.0
// Microsoft's identity platform and Graph as their clients see them: tenants in the path,
// one issuer per tenant, keys with an issuer of their own, AADSTS errors, refresh tokens
// that rotate, and the calendar list. The protocol itself is in identity.mjs.
import crypto from 'node:crypto';

import { pageOf } from './calendars.mjs';
import {
    allowed,
    apiError,
    calendarId,
    errorBody,
    findCalendar,
    GRAPH,
    openMailbox,
    selected,
} from './microsoft_api.mjs';
import { microsoftEventId, microsoftEvents, microsoftLook } from './microsoft_events.mjs';
import { lifecycleMessages, microsoftMessages, microsoftPush } from './microsoft_push.mjs';
import { microsoftWrites } from './microsoft_writes.mjs';
import { send } from './wire.mjs';

const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';
const CONTOSO = '11111111-2222-4333-8444-555555555555';
const TENANTED =
    /^\/(common|organizations|consumers|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\/.*)$/i;

const PEOPLE = [
    {
        sub: 'AAAAAAAAAAAAAAAAAAAAAPairwiseCarol',
        oid: '00000000-0000-4000-8000-0000000000c1',
        tid: CONTOSO,
        email: 'carol@contoso.test',
        name: 'Carol Contoso',
    },
    {
        sub: 'AAAAAAAAAAAAAAAAAAAAAPairwiseDave',
        oid: '00000000-0000-0000-66f3-3332eca7ea81',
        tid: CONSUMERS,
        email: 'dave@outlook.com',
        name: 'Dave Personal',
    },
    {
        sub: 'AAAAAAAAAAAAAAAAAAAAAPairwiseGuest',
        oid: '00000000-0000-4000-8000-0000000000c2',
        tid: CONTOSO,
        email: 'greta_fabrikam.test#EXT#@contoso.test',
        name: 'Greta Guest',
        calendars: 'off',
    },
    {
        sub: 'AAAAAAAAAAAAAAAAAAAAAPairwiseLena',
        oid: '00000000-0000-4000-8000-0000000000c3',
        tid: CONTOSO,
        email: 'lena@contoso.test',
        name: 'Lena Licenceless',
        calendars: 'off',
    },
    {
        sub: 'AAAAAAAAAAAAAAAAAAAAAPairwiseOtto',
        oid: '00000000-0000-4000-8000-0000000000c4',
        tid: CONTOSO,
        email: 'otto@contoso.test',
        name: 'Otto Onpremises',
        calendars: 'on-premises',
    },
];

// Microsoft's numbers for the errors that oidc-provider finds in a token request.
const GRANT_ERRORS = [
    [
        /PKCE/,
        'invalid_grant',
        501481,
        'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    ],
    [
        /already consumed/,
        'invalid_grant',
        54005,
        'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
    ],
    [
        /other tenant/,
        'invalid_grant',
        700005,
        'Provided Authorization Code is intended to use against other tenant, thus rejected.',
    ],
    [
        /refresh token (not found|is expired)|grant not found/,
        'invalid_grant',
        70000,
        'The provided grant has expired due to it being revoked.',
    ],
    [
        /client is invalid|client not found/,
        'unauthorized_client',
        700016,
        'Application was not found in the directory.',
    ],
];
const ERROR_NUMBERS = {
    invalid_grant: 70008,
    invalid_client: 7000215,
    invalid_request: 900144,
    unsupported_grant_type: 70003,
    invalid_scope: 70011,
};

function aadsts(error, number, text) {
    const trace = crypto.randomUUID();
    const time = new Date().toISOString().replace('T', ' ').slice(0, 19);
    return {
        error,
        error_description: `AADSTS${number}: ${text} Trace ID: ${trace} Timestamp: ${time}Z`,
        error_codes: [number],
        timestamp: `${time}Z`,
        trace_id: trace,
        correlation_id: crypto.randomUUID(),
        error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    };
}

function tokenError(body, detail = '') {
    const known = GRANT_ERRORS.find(([pattern]) => pattern.test(detail));
    if (known) return aadsts(...known.slice(1));
    const number = ERROR_NUMBERS[body.error] ?? 50000;
    return aadsts(body.error, number, body.error_description ?? '');
}

// Reasons to refuse a refresh although the grant stands.
const REFRESH_REFUSALS = {
    // Too many requests that look alike: passes when the client waits.
    loop: () =>
        aadsts(
            'invalid_grant',
            50196,
            'The server terminated an operation because it encountered a client request loop.',
        ),
    // A part of the directory is away for a moment.
    transient: () =>
        aadsts('temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.'),
    // Conditional access: the person has to sign in again, more often than they did.
    frequency: () =>
        aadsts(
            'invalid_grant',
            70043,
            'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.',
        ),
    // A second factor is asked for since then; `claims` says which sign-in would do.
    mfa: () => ({
        ...aadsts(
            'interaction_required',
            50076,
            'Due to a configuration change made by your administrator, you must use multi-factor authentication.',
        ),
        suberror: 'basic_action',
        claims: '{"access_token":{"capolids":{"essential":true,"values":["00000000-0000-4000-8000-0000000000ca"]}}}',
    }),
    // The person's password was changed.
    password: () =>
        aadsts(
            'invalid_grant',
            50173,
            'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
        ),
};

// Graph's names are answered without their prefix, and offline_access never.
const shortScopes = (scopes = '') =>
    scopes
        .split(' ')
        .filter((scope) => scope !== 'offline_access')
        .map((scope) => scope.replace(GRAPH, ''))
        .join(' ');

const entryOf = (person) => (calendar) => ({
    id: calendarId(person, calendar.key),
    name: calendar.name,
    color: calendar.colorName ?? 'auto',
    hexColor: calendar.isPrimary || calendar.colorName ? '' : calendar.color,
    isDefaultCalendar: calendar.isPrimary,
    changeKey: 'aaaa',
    canShare: calendar.isPrimary,
    canViewPrivateItems: true,
    canEdit: calendar.canEdit,
    isRemovable: !calendar.isPrimary,
    isTallyingResponses: calendar.isPrimary,
    owner: { name: person.name, address: person.email },
});

// The same query, further on.
function nextLink(base, url, skip) {
    const query = new URLSearchParams(url.searchParams);
    query.set('$skip', skip);
    return `${base}/v1.0/me/calendars?${query}`;
}

const listCalendars = (base) => (call) => {
    const calendars = openMailbox(call);
    if (!calendars) return;
    const { pageSize } = call.control;
    const size = Math.min(Number(call.url.searchParams.get('$top') ?? 10), pageSize, 100);
    const from = Number(call.url.searchParams.get('$skip') ?? 0);
    if (!(size >= 1) || !(from >= 0)) {
        return apiError(call.response, 400, 'ErrorInvalidUrlQuery', 'Invalid value.');
    }
    const { items, next } = pageOf(calendars, from, size);
    send(call.response, 200, {
        '@odata.context': `${base}/v1.0/$metadata#users('me')/calendars`,
        ...(next !== undefined && {
            '@odata.nextLink': call.control.nextPageLink
                ? call.control.nextPageLink.value
                : nextLink(base, call.url, next),
        }),
        value: items.map(entryOf(call.grant.person)).map((entry) => selected(call, entry)),
    });
};

const getCalendar = (base) => (call) => {
    const found = findCalendar(call, decodeURIComponent(call.path.split('/').at(-1)));
    if (!found) return;
    send(call.response, 200, {
        '@odata.context': `${base}/v1.0/$metadata#users('me')/calendars/$entity`,
        ...selected(call, entryOf(call.grant.person)(found)),
    });
};

function getSettings(call) {
    if (!allowed(call, 'MailboxSettings.')) return;
    send(call.response, 200, { timeZone: call.control.timeZone, dateFormat: 'yyyy-MM-dd' });
}

function getMe(call) {
    if (!allowed(call, 'User.Read')) return;
    const { person } = call.grant;
    send(call.response, 200, {
        id: person.oid,
        displayName: person.name,
        mail: person.email,
        userPrincipalName: person.email,
    });
}

const isPersonal = (person) => person.tid === CONSUMERS;
const MAY_CHOOSE = {
    common: () => true,
    organizations: (person) => !isPersonal(person),
    consumers: isPersonal,
};

// One that somebody is of, or a name for several.
const isTenant = (tenant) =>
    tenant in MAY_CHOOSE || PEOPLE.some((person) => person.tid === tenant.toLowerCase());

export const microsoft = (base) => ({
    name: 'microsoft',
    title: 'Microsoft',
    client: {
        client_id: '00000000-aaaa-4bbb-8ccc-000000000001',
        client_secret: 'ms8Q~standin~secret~7c2e',
    },
    people: PEOPLE,
    routes: {
        authorization: '/oauth2/v2.0/authorize',
        token: '/oauth2/v2.0/token',
        userinfo: '/oidc/userinfo',
    },
    jwksPath: '/discovery/v2.0/keys',
    scopes: [
        'openid',
        'email',
        'profile',
        'offline_access',
        ...[
            'User.Read',
            'MailboxSettings.Read',
            'Calendars.ReadBasic',
            'Calendars.Read',
            'Calendars.ReadWrite',
        ].flatMap((name) => [name, GRAPH + name]),
    ],
    extraParams: ['domain_hint', 'standin_tenant'],
    claims: {
        openid: ['sub', 'tid', 'ver', 'rh', 'uti'],
        email: ['email'],
        profile: ['name', 'oid', 'preferred_username'],
    },
    tokens: {
        AuthorizationCode: ['1.A', 900],
        AccessToken: ['EwB', 1800],
        RefreshToken: ['M.C', 1200],
    },
    isGranular: false, // all or nothing
    keyIssuers: [`${base}/{tenantid}/v2.0`, `${base}/${CONSUMERS}/v2.0`],

    locate: (path) => {
        const [, tenant, rest] = TENANTED.exec(path) ?? [undefined, undefined, path];
        return { tenant, path: rest };
    },
    look: microsoftLook,
    mayChoose: (person, tenant = 'common') => MAY_CHOOSE[tenant]?.(person) ?? person.tid === tenant,
    issuerOf: (person) => `${base}/${person.tid}/v2.0`,
    keyIssuerOf: (person) => `${base}/${isPersonal(person) ? CONSUMERS : '{tenantid}'}/v2.0`,
    claimsOf: (person) => ({
        tid: person.tid,
        ver: '2.0',
        rh: '0.AXEA.',
        uti: crypto.randomBytes(16).toString('base64url'),
        oid: person.oid,
        preferred_username: person.email,
        email: person.email,
        name: person.name,
    }),
    givesRefreshToken: ({ granted }) => granted.includes('offline_access'),
    rotatesRefreshTokens: true,

    onSuccess: (out) => out.set('session_state', crypto.randomUUID()),
    onRefusal: (out) => {
        out.set('error_subcode', 'cancel');
        out.set('error_description', 'AADSTS65004: User declined to consent to access the app.');
    },
    pageError: (error) => ({
        title: 'Sorry, but we’re having trouble signing you in.',
        text:
            error.error === 'invalid_redirect_uri'
                ? 'AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application.'
                : `AADSTS${ERROR_NUMBERS[error.error] ?? 50000}: ${error.error_description}`,
    }),
    shapeTokens: (body) => ({
        token_type: 'Bearer',
        scope: shortScopes(body.scope),
        expires_in: body.expires_in,
        ext_expires_in: body.expires_in,
        access_token: body.access_token,
        refresh_token: body.refresh_token,
        id_token: body.id_token,
    }),
    tokenError,
    refusals: REFRESH_REFUSALS,
    eventId: microsoftEventId,
    calendarsHaveZones: false,
    apiPath: '/v1.0/',
    errorBody,
    throttled: { status: 429, reason: 'ApplicationThrottled', message: 'Too many requests.' },
    push: {
        messages: microsoftMessages,
        lifecycle: lifecycleMessages,
        patience: 3000,
        isRetried: (status) => status < 200 || status > 299,
    },

    endpoints: [
        ['GET', /^\/v1\.0\/me$/, getMe],
        ['GET', /^\/v1\.0\/me\/mailboxSettings$/, getSettings],
        ['GET', /^\/v1\.0\/me\/calendars$/, listCalendars(base)],
        ['GET', /^\/v1\.0\/me\/calendars\/[^/]+$/, getCalendar(base)],
        ...microsoftEvents(base),
        ...microsoftWrites(base),
        ...microsoftPush(base),
        [
            'GET',
            /^\/v2\.0\/\.well-known\/openid-configuration$/,
            ({ response, tenant }) => {
                if (!isTenant(tenant)) {
                    const text = `Tenant '${tenant}' not found.`;
                    return send(response, 400, aadsts('invalid_tenant', 90002, text));
                }
                return send(response, 200, {
                    issuer: `${base}/${/^[0-9a-f-]{36}$/i.test(tenant) ? tenant : '{tenantid}'}/v2.0`,
                    authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/authorize`,
                    token_endpoint: `${base}/${tenant}/oauth2/v2.0/token`,
                    jwks_uri: `${base}/${tenant}/discovery/v2.0/keys`,
                    userinfo_endpoint: `${base}/oidc/userinfo`,
                    response_types_supported: ['code'],
                    response_modes_supported: ['query', 'fragment', 'form_post'],
                    subject_types_supported: ['pairwise'],
                    id_token_signing_alg_values_supported: ['RS256'],
                    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
                    token_endpoint_auth_methods_supported: [
                        'client_secret_post',
                        'private_key_jwt',
                        'client_secret_basic',
                    ],
                });
            },
        ],
    ],
});
