// SPDX-License-Identifier: Apache-2.0
// Shows that the stand-ins behave as documented; run it before blaming a client.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import test from 'node:test';

import { acceptedKinds, refusedKinds } from './forge.mjs';
import { Standin } from './standin.mjs';
import { Visitor } from './visitor.mjs';
import { ask } from './wire.mjs';

const REDIRECT = 'http://127.0.0.1:9/oauth2/callback';
const SOURCES = {
    google: {
        authorize: '/o/oauth2/v2/auth',
        token: '/token',
        calendars: '/calendar/v3/users/me/calendarList',
        list: 'items',
        jwks: '/oauth2/v3/certs',
        scope: 'openid email https://www.googleapis.com/auth/calendar.calendarlist.readonly https://www.googleapis.com/auth/calendar.events',
        extra: { access_type: 'offline', prompt: 'select_account consent' },
        person: 'alice@example.com',
    },
    microsoft: {
        authorize: '/common/oauth2/v2.0/authorize',
        token: '/common/oauth2/v2.0/token',
        calendars: '/v1.0/me/calendars',
        list: 'value',
        jwks: '/common/discovery/v2.0/keys',
        scope: 'openid profile email offline_access User.Read Calendars.ReadWrite',
        extra: { prompt: 'select_account', response_mode: 'query' },
        person: 'carol@contoso.test',
    },
};

const standins = {};
test.before(async () => {
    for (const name of Object.keys(SOURCES)) {
        standins[name] = await Standin.start(name, { redirectUris: [REDIRECT], decoys: true });
    }
});
test.beforeEach(() => Object.values(standins).forEach((standin) => standin.control.reset()));
test.after(() => Promise.all(Object.values(standins).map((standin) => standin.close())));

const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
const headerOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url'));

async function authorize(name, { parameters = {}, ...answer } = {}) {
    const source = SOURCES[name];
    const verifier = crypto.randomBytes(32).toString('base64url');
    const url = new URL(standins[name].url + source.authorize);
    url.search = new URLSearchParams({
        client_id: standins[name].source.client.client_id,
        redirect_uri: REDIRECT,
        response_type: 'code',
        scope: source.scope,
        state: 'the-state',
        nonce: 'the-nonce',
        code_challenge: crypto.createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...source.extra,
        ...parameters,
    });
    const page = await new Visitor().consent(url, { until: REDIRECT, ...answer });
    return { page, callback: Object.fromEntries(page.url.searchParams), verifier };
}

async function post(name, path, form) {
    const response = await fetch(standins[name].url + path, {
        method: 'POST',
        body: new URLSearchParams(form),
    });
    return { status: response.status, body: await response.json() };
}

function exchange(name, { callback, verifier }, form = {}) {
    return post(name, SOURCES[name].token, {
        grant_type: 'authorization_code',
        code: callback.code,
        redirect_uri: REDIRECT,
        code_verifier: verifier,
        ...standins[name].source.client,
        ...form,
    });
}

async function connect(name, options) {
    return (await exchange(name, await authorize(name, options))).body;
}

const refresh = (name, token) =>
    post(name, SOURCES[name].token, {
        grant_type: 'refresh_token',
        refresh_token: token,
        ...standins[name].source.client,
    });

async function calendars(name, token, query = '') {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(standins[name].url + SOURCES[name].calendars + query, { headers });
    return { status: response.status, body: await response.json() };
}

async function isGenuine(name, jwt) {
    const response = await fetch(standins[name].url + SOURCES[name].jwks);
    const jwk = (await response.json()).keys.find(({ kid }) => kid === headerOf(jwt).kid);
    if (!jwk) return false;
    const [head, body, signature] = jwt.split('.');
    const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
    return crypto.verify(
        'sha256',
        Buffer.from(`${head}.${body}`),
        key,
        Buffer.from(signature, 'base64url'),
    );
}

// The fault that a strict client finds in the ID token of an answer, or undefined.
async function flawOf(name, { id_token: jwt, access_token: accessToken }) {
    if (typeof jwt !== 'string' || !/^([\w-]+\.){2}[\w-]+$/.test(jwt)) return 'form';
    const parts = jwt.split('.').map((part) => Buffer.from(part, 'base64url'));
    if (parts.map((part) => part.toString('base64url')).join('.') !== jwt) return 'base64url';
    const texts = parts.slice(0, 2).map(String);
    if (texts.some((text) => text.includes('\ufffd') || /\[{17}/.test(text))) return 'text';
    if (!texts.every((text) => text.startsWith('{'))) return 'no object';
    const [header, claims] = texts.map((text) => JSON.parse(text));
    if (JSON.stringify(claims) !== texts[1]) return 'duplicate';
    if (header.alg !== 'RS256' || 'crit' in header) return 'header';
    const response = await fetch(standins[name].url + SOURCES[name].jwks);
    const jwk = (await response.json()).keys.find(({ kid }) => kid === header.kid);
    if (jwk?.kty !== 'RSA' || jwk.use !== 'sig' || jwk.n.length < 340) return 'key';
    if (!(await isGenuine(name, jwt))) return 'signature';
    return claimFlaw(name, claims, jwk, accessToken);
}

function claimFlaw(name, claims, jwk, accessToken) {
    const { source, url } = standins[name];
    const now = Date.now() / 1000;
    const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    const issuer = name === 'google' ? url : `${url}/${claims.tid}/v2.0`;
    const half = crypto.createHash('sha256').update(accessToken).digest().subarray(0, 16);
    const flaws = {
        iss:
            claims.iss !== issuer ||
            (jwk.issuer ?? issuer).replace('{tenantid}', claims.tid) !== issuer,
        aud: String(claims.aud) !== source.client.client_id,
        azp: (claims.azp ?? source.client.client_id) !== source.client.client_id,
        exp: !Number.isSafeInteger(Number(claims.exp)) || claims.exp < now - 60,
        iat: !Number.isSafeInteger(claims.iat) || Math.abs(claims.iat - now) > 3600,
        nbf: (claims.nbf ?? 0) > now + 60,
        nonce: claims.nonce !== 'the-nonce',
        at_hash: (claims.at_hash ?? half.toString('base64url')) !== half.toString('base64url'),
        sub: typeof claims.sub !== 'string' || claims.sub === '' || claims.sub.length > 255,
        tenant: name === 'microsoft' && !(guid.test(claims.tid) && guid.test(claims.oid)),
    };
    return Object.keys(flaws).find((claim) => flaws[claim]);
}

for (const name of Object.keys(SOURCES)) {
    test(`${name}: a browser may be led from a name to loopback`, async () => {
        const { origin } = new URL(REDIRECT);
        const to = 'http://127.0.0.1:10';
        const { control } = standins[name];
        const land = async () => (await authorize(name, { until: to })).page.url;
        try {
            control.resolve({ from: origin, to, forBrowsers: true });
            control.reset();
            const url = await land();
            assert.equal(url.origin + url.pathname, REDIRECT.replace(origin, to));
            assert.equal(url.searchParams.get('state'), 'the-state');
        } finally {
            control.resolve({ from: origin, to: origin, forBrowsers: true });
        }
        const { callback } = await authorize(name);
        assert.equal(callback.state, 'the-state');
    });

    test(`${name}: consent, tokens, calendars`, async () => {
        const flow = await authorize(name);
        assert.equal(flow.callback.state, 'the-state');
        const { status, body } = await exchange(name, flow);
        assert.equal(status, 200);
        assert.equal(body.token_type, 'Bearer');
        assert.ok(await isGenuine(name, body.id_token));
        const claims = claimsOf(body.id_token);
        assert.equal(claims.nonce, 'the-nonce');
        assert.equal(claims.email, SOURCES[name].person);
        const list = await calendars(name, body.access_token);
        assert.equal(list.status, 200);
        assert.equal(list.body[SOURCES[name].list].length, 3);
        for (const secret of [
            flow.callback.code,
            flow.verifier,
            body.refresh_token,
            body.id_token,
        ]) {
            assert.ok(standins[name].identity.secrets.has(secret));
        }
    });

    test(`${name}: a client that errs`, async () => {
        const cases = [
            [{ client_secret: 'wrong' }, 401, 'invalid_client'],
            [{ code_verifier: 'w'.repeat(43) }, 400, 'invalid_grant'],
            [{ code: 'nobody-gave-this' }, 400, 'invalid_grant'],
            [{ grant_type: 'password' }, 400, 'unsupported_grant_type'],
        ];
        for (const [form, status, error] of cases) {
            const answer = await exchange(name, await authorize(name), form);
            assert.deepEqual([answer.status, answer.body.error], [status, error]);
        }
        const flow = await authorize(name);
        const { body } = await exchange(name, flow);
        assert.equal((await exchange(name, flow)).body.error, 'invalid_grant');
        assert.equal(
            (await calendars(name, body.access_token)).status,
            401,
            'a replay kills the grant',
        );
    });

    test(`${name}: an authorization request that errs`, async () => {
        const elsewhere = await authorize(name, {
            parameters: { redirect_uri: 'http://127.0.0.1:9/other' },
        });
        assert.equal(elsewhere.page.status, 400);
        for (const parameters of [
            { code_challenge_method: 'plain' },
            { code_challenge: '', code_challenge_method: '' },
        ]) {
            assert.equal((await authorize(name, { parameters })).callback.error, 'invalid_request');
        }
    });

    test(`${name}: refusal`, async () => {
        const { callback } = await authorize(name, { deny: true });
        assert.equal(callback.error, 'access_denied');
        assert.equal(callback.state, 'the-state');
        standins[name].control.auto({ deny: true });
        assert.equal((await authorize(name)).callback.error, 'access_denied');
    });

    test(`${name}: a strict client refuses and accepts what it should`, async () => {
        assert.ok(refusedKinds(name).length > 50);
        for (const kind of [undefined, ...acceptedKinds()]) {
            standins[name].control.forge(kind);
            assert.equal(await flawOf(name, await connect(name)), undefined, kind);
        }
        for (const kind of refusedKinds(name)) {
            standins[name].control.forge(kind);
            assert.notEqual(await flawOf(name, await connect(name)), undefined, kind);
        }
    });

    test(`${name}: keys rotate`, async () => {
        const { id_token: before } = await connect(name);
        await standins[name].control.rotate();
        assert.ok(await isGenuine(name, before), 'the old key is still published');
        await standins[name].control.rotate({ drop: true });
        assert.ok(!(await isGenuine(name, before)));
        assert.ok(await isGenuine(name, (await connect(name)).id_token));
    });

    test(`${name}: faults`, async () => {
        const { control } = standins[name];
        control.fault({
            path: 'token',
            status: 503,
            body: { error: 'temporarily_unavailable' },
            headers: { 'retry-after': '7' },
        });
        assert.equal((await exchange(name, await authorize(name))).status, 503);
        control.fault({ path: 'token', html: true });
        await assert.rejects(connect(name), SyntaxError);
        for (const fault of [{ reset: true }, { cut: true }]) {
            control.fault({ path: 'token', ...fault });
            await assert.rejects(connect(name), TypeError);
        }
        control.fault({ path: 'token', delay: 1 });
        control.tokens({ set: { token_type: 'mac' }, drop: ['refresh_token'] });
        const odd = await connect(name);
        assert.deepEqual([odd.token_type, odd.refresh_token], ['mac', undefined]);
        control.callback({ set: { iss: 'https://evil.example' }, drop: ['state'] });
        const { callback } = await authorize(name);
        assert.deepEqual([callback.iss, callback.state], ['https://evil.example', undefined]);
    });

    test(`${name}: what was set and never happened is told, also after a reset`, async () => {
        const unused = async () => (await fetch(`${standins[name].url}/__control/unused`)).json();
        const { control } = standins[name];
        const before = (await unused()).length;
        control.fault({ path: 'token', times: 2, delay: 1 });
        await connect(name);
        control.fault({ path: 'token', hang: true, perhaps: true });
        assert.equal((await unused()).length, before);
        control.reset();
        assert.equal((await unused()).length, before);
        control.fault({ path: '/nowhere', hang: true });
        control.forge('expired');
        control.tokens({ drop: ['scope'] });
        for (let i = 0; i < 2; i++) {
            const found = JSON.stringify((await unused()).slice(-3));
            for (const one of ['"/nowhere"', '"expired"', '"scope"'])
                assert.ok(found.includes(one), found);
            assert.equal((await unused()).length, before + 3);
            control.reset();
        }
    });

    test(`${name}: the log tells what was asked`, async () => {
        await connect(name);
        const [entry] = standins[name].control.requests('token');
        assert.equal(entry.method, 'POST');
        assert.equal(entry.form.grant_type, 'authorization_code');
        assert.equal(entry.status, 200);
    });

    test(`${name}: the control API over HTTP`, async () => {
        const control = (action, argument) =>
            fetch(`${standins[name].url}/__control/${action}`, {
                method: 'POST',
                body: JSON.stringify(argument ?? null),
            });
        assert.equal(
            (await control('mailbox', { account: SOURCES[name].person, calendars: 25 })).status,
            200,
        );
        assert.equal((await control('nonsense')).status, 404);
        const { access_token: token } = await connect(name);
        let query = name === 'google' ? '?maxResults=10' : '?$top=10';
        const seen = [];
        for (let page = 0; page < 3; page++) {
            const { body } = await calendars(name, token, query);
            seen.push(body[SOURCES[name].list].length);
            query =
                name === 'google'
                    ? `?maxResults=10&pageToken=${body.nextPageToken}`
                    : new URL(body['@odata.nextLink'] ?? 'x:').search;
        }
        assert.deepEqual(seen, [10, 10, 5]);
    });

    test(`${name}: withdrawn consent`, async () => {
        const { refresh_token: token } = await connect(name);
        assert.equal((await refresh(name, token)).status, 200);
        standins[name].control.withdraw({ account: SOURCES[name].person });
        assert.equal((await refresh(name, token)).body.error, 'invalid_grant');
    });
}

for (const name of Object.keys(SOURCES)) {
    test(`${name}: strictly, a new refresh token ends the one before it by its first use`, async () => {
        const { refresh_token: first } = await connect(name);
        standins[name].control.strict();
        const { refresh_token: second } = (await refresh(name, first)).body;
        assert.notEqual(second, first);
        assert.equal((await refresh(name, first)).status, 200, 'nobody has used the second');
        assert.equal((await refresh(name, second)).status, 200);
        assert.equal((await refresh(name, first)).body.error, 'invalid_grant');
        assert.equal((await refresh(name, second)).status, 200);
        assert.equal(standins[name].control.refreshes, 5);
    });

    test(`${name}: calendars of a test's own, in pages, one of them refused`, async () => {
        const { control } = standins[name];
        const list = [{ name: 'Ü' }, { status: 403 }, { status: 410 }];
        control.mailbox({ account: SOURCES[name].person, calendars: list });
        control.pages(2);
        const { access_token: token } = await connect(name);
        const { body } = await calendars(name, token);
        const items = body.items ?? body.value;
        assert.equal(items.length, 2);
        assert.ok(body.nextPageToken ?? body['@odata.nextLink']);
        assert.equal(items[0].summary ?? items[0].name, 'Ü');
        const one = async ({ id }) => calendars(name, token, `/${encodeURIComponent(id)}`);
        assert.equal((await one(items[0])).body.id, items[0].id);
        assert.equal((await one(items[1])).status, 403);
    });
}

for (const name of Object.keys(SOURCES)) {
    test(`${name}: answers are compressed for those who ask, or for all, or never`, async () => {
        const { url, control } = standins[name];
        const encodingOf = async (acceptEncoding) => {
            const headers = acceptEncoding ? { 'accept-encoding': acceptEncoding } : {};
            return (await ask(url + SOURCES[name].jwks, { headers })).headers['content-encoding'];
        };
        assert.equal(await encodingOf('gzip'), 'gzip');
        assert.equal(await encodingOf('identity'), undefined);
        assert.equal(await encodingOf(), undefined);
        control.gzip('always');
        assert.equal(await encodingOf(), 'gzip');
        const { access_token: token } = await connect(name); // fetch asks for it, and decodes
        assert.equal((await calendars(name, token)).status, 200);
        control.gzip('never');
        assert.equal(await encodingOf('gzip'), undefined);
    });

    test(`${name}: a byte order mark before all JSON`, async () => {
        const flow = await authorize(name);
        standins[name].control.mark();
        const token = await ask(standins[name].url + SOURCES[name].token, { method: 'POST' });
        const keys = await ask(standins[name].url + SOURCES[name].jwks);
        for (const { text } of [token, keys]) assert.match(text, /^\uFEFF\{/);
        assert.match((await exchange(name, flow)).body.token_type, /Bearer/, 'fetch skips it');
    });

    test(`${name}: texts that are none, in the names of calendars`, async () => {
        const { control } = standins[name];
        const list = [{ name: 'a\0b' }, { name: 'Team \ud83d' }];
        control.mailbox({ account: SOURCES[name].person, calendars: list });
        const { access_token: token } = await connect(name);
        const headers = { authorization: `Bearer ${token}` };
        const { text } = await ask(standins[name].url + SOURCES[name].calendars, { headers });
        assert.ok(text.includes('a\\u0000b') && text.includes('Team \\ud83d"'));
    });

    test(`${name}: a page leads wherever a test wants`, async () => {
        const { control } = standins[name];
        const { access_token: token } = await connect(name);
        const leads = async () => {
            const { body } = await calendars(name, token);
            return body.nextPageToken ?? body['@odata.nextLink'];
        };
        control.pages(1);
        const right = await leads();
        control.nextPage({ value: 'http://127.0.0.1:9/elsewhere' });
        assert.equal(await leads(), 'http://127.0.0.1:9/elsewhere');
        control.nextPage({ value: 7 });
        assert.equal(await leads(), 7);
        control.nextPage();
        assert.equal(await leads(), right);
    });

    test(`${name}: refreshes of one person are refused for each known reason`, async () => {
        const { control, source } = standins[name];
        const account = SOURCES[name].person;
        const { refresh_token: token } = await connect(name);
        const others = { google: 'bob@acme.test', microsoft: 'dave@outlook.com' };
        const { refresh_token: other } = await connect(name, { account: others[name] });
        for (const why of Object.keys(source.refusals)) {
            control.refuse({ account, why });
            assert.equal((await refresh(name, other)).status, 200);
            const { status, body } = await refresh(name, token);
            assert.equal(status, 400);
            assert.equal(body.error, source.refusals[why]().error);
            assert.equal((await refresh(name, token)).status, 200, 'the grant stands');
        }
    });

    test(`${name}: the token endpoint is slow for one person only`, async () => {
        const { control } = standins[name];
        const { refresh_token: token } = await connect(name);
        const others = { google: 'bob@acme.test', microsoft: 'dave@outlook.com' };
        const { refresh_token: other } = await connect(name, { account: others[name] });
        control.slow({ account: SOURCES[name].person, delay: 200 });
        let isSlow = true;
        const late = refresh(name, token).then(() => (isSlow = false));
        await refresh(name, other);
        assert.ok(isSlow);
        await late;
        assert.equal(
            control.requests(SOURCES[name].token).filter(({ isHeld }) => isHeld).length,
            1,
        );
    });
}

test('google: a late revocation is answered at once and takes effect when it settles', async () => {
    const { control } = standins.google;
    const { refresh_token: first } = await connect('google');
    control.late();
    assert.equal((await post('google', '/revoke', { token: first })).status, 200);
    assert.equal((await refresh('google', first)).status, 200);
    const { refresh_token: second } = await connect('google');
    control.settle();
    for (const token of [first, second]) {
        assert.equal((await refresh('google', token)).body.error, 'invalid_grant');
    }
});

test('google: access for a time says how long, and ends', async () => {
    const { control } = standins.google;
    assert.equal((await connect('google')).refresh_token_expires_in, undefined);
    control.grantLife(3600);
    const { refresh_token: token, refresh_token_expires_in: life } = await connect('google');
    assert.equal(life, 3600);
    assert.equal((await refresh('google', token)).body.refresh_token_expires_in, undefined);
    control.grantLife(0);
    const { refresh_token: dead } = await connect('google');
    assert.equal((await refresh('google', dead)).body.error, 'invalid_grant');
    assert.equal((await refresh('google', token)).status, 200);
});

test('google: a hundred refresh tokens per person live; one more ends the oldest', async () => {
    const { refresh_token: oldest } = await connect('google');
    const { refresh_token: second } = await connect('google');
    for (let i = 2; i < 100; i++) await connect('google');
    assert.equal((await refresh('google', oldest)).status, 200);
    await connect('google');
    assert.equal((await refresh('google', oldest)).body.error, 'invalid_grant');
    assert.equal((await refresh('google', second)).status, 200);
});

test('google: a refresh token only offline, and only with consent', async () => {
    const tokenFor = async (parameters) => (await connect('google', { parameters })).refresh_token;
    assert.equal(await tokenFor({ access_type: 'online' }), undefined);
    assert.equal(await tokenFor({ prompt: 'select_account' }), undefined, 'not the first time');
    assert.match(await tokenFor({}), /^1\/\/0g/);
});

test('google: `fields` names the members that are answered, of a page and of one entry', async () => {
    const { access_token: token } = await connect('google');
    const { control } = standins.google;
    const fields = 'nextPageToken,items(id,summary)';
    control.pages(2);
    const { body } = await calendars('google', token, `?fields=${fields}`);
    assert.deepEqual(Object.keys(body), ['nextPageToken', 'items']);
    assert.deepEqual(Object.keys(body.items[0]), ['id', 'summary']);
    const one = await calendars('google', token, `/${body.items[0].id}?fields=summary,primary`);
    assert.deepEqual(one.body, { summary: 'alice@example.com', primary: true });
    control.mailbox({ account: SOURCES.google.person, calendars: 0 });
    assert.deepEqual((await calendars('google', token, `?fields=${fields}`)).body, {});
});

test('microsoft: `$select` names the members of an entry, on every page', async () => {
    const { access_token: token } = await connect('microsoft');
    standins.microsoft.control.pages(2);
    const { body } = await calendars('microsoft', token, '?$top=2&$select=id,name');
    assert.deepEqual(Object.keys(body.value[0]), ['id', 'name']);
    const next = new URL(body['@odata.nextLink']);
    assert.equal(next.searchParams.get('$select'), 'id,name');
    const second = await calendars('microsoft', token, next.search);
    assert.deepEqual(Object.keys(second.body.value[0]), ['id', 'name']);
});

test('google: scopes left out', async () => {
    const leaveOut = ['https://www.googleapis.com/auth/calendar.calendarlist.readonly'];
    const { scope, access_token: token } = await connect('google', { leaveOut });
    assert.equal(
        scope,
        'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/calendar.events',
    );
    assert.equal(
        (await calendars('google', token)).body.error.errors[0].reason,
        'insufficientPermissions',
    );
});

test('google: the callback tells scope, authuser and issuer', async () => {
    const { callback } = await authorize('google', { account: 'bob@acme.test' });
    assert.match(callback.code, /^4\/0A/);
    assert.equal(callback.iss, standins.google.url);
    assert.equal(callback.hd, 'acme.test');
    assert.match(callback.scope, /userinfo\.email/);
});

test('google: at_hash covers the access token', async () => {
    const { id_token: jwt, access_token: token } = await connect('google');
    const half = crypto.createHash('sha256').update(token).digest().subarray(0, 16);
    assert.equal(claimsOf(jwt).at_hash, half.toString('base64url'));
});

test('google: revoking one token takes away all that the person allowed', async () => {
    const first = await connect('google');
    const second = await connect('google');
    const revoke = (token) => post('google', '/revoke', { token });
    assert.equal((await revoke(first.refresh_token)).status, 200);
    assert.equal((await refresh('google', second.refresh_token)).body.error, 'invalid_grant');
    assert.deepEqual((await revoke(first.refresh_token)).body.error, 'invalid_token');
});

test('google: people without a calendar', async () => {
    const empty = await connect('google', { account: 'erin@example.com' });
    assert.deepEqual((await calendars('google', empty.access_token)).body.items, []);
    const off = await connect('google', { account: 'nora@acme.test' });
    assert.equal((await calendars('google', off.access_token)).status, 403);
});

test('microsoft: tenants have issuers, and choose who may sign in', async () => {
    const personal = claimsOf(
        (await connect('microsoft', { account: 'dave@outlook.com' })).id_token,
    );
    assert.equal(personal.iss, `${standins.microsoft.url}/${personal.tid}/v2.0`);
    const { source } = standins.microsoft;
    const who = (tenant) =>
        source.people.filter((p) => source.mayChoose(p, tenant)).map((p) => p.email);
    assert.deepEqual(who('consumers'), ['dave@outlook.com']);
    assert.ok(!who('organizations').includes('dave@outlook.com'));
    assert.ok(who(personal.tid).includes('dave@outlook.com'));
});

test('microsoft: a code belongs to the tenant where it was asked for', async () => {
    const flow = await authorize('microsoft');
    const { status, body } = await post('microsoft', '/organizations/oauth2/v2.0/token', {
        grant_type: 'authorization_code',
        code: flow.callback.code,
        redirect_uri: REDIRECT,
        code_verifier: flow.verifier,
        ...standins.microsoft.source.client,
    });
    assert.equal(status, 400);
    assert.match(body.error_description, /^AADSTS700005/);
});

test('microsoft: refresh tokens rotate, and the old one stays good', async () => {
    const { refresh_token: first } = await connect('microsoft');
    const { refresh_token: second } = (await refresh('microsoft', first)).body;
    assert.notEqual(first, second);
    assert.equal((await refresh('microsoft', first)).status, 200);
});

test('microsoft: no refresh token without offline_access, which is never answered', async () => {
    const { scope } = await connect('microsoft');
    assert.equal(scope, 'openid profile email User.Read Calendars.ReadWrite');
    const parameters = { scope: 'openid profile Calendars.Read' };
    assert.equal((await connect('microsoft', { parameters })).refresh_token, undefined);
});

test('microsoft: people without a mailbox', async () => {
    const { access_token: token } = await connect('microsoft', { account: 'lena@contoso.test' });
    const { status, body } = await calendars('microsoft', token);
    assert.deepEqual([status, body.error.code], [404, 'MailboxNotEnabledForRESTAPI']);
});

test('microsoft: errors carry AADSTS numbers and traces', async () => {
    const { body } = await exchange('microsoft', await authorize('microsoft'), {
        client_secret: 'x',
    });
    assert.match(body.error_description, /^AADSTS7000215: /);
    assert.deepEqual(body.error_codes, [7000215]);
});
