// SPDX-License-Identifier: Apache-2.0
// docs/api.md §1 and §9 "Paths and headers": which path is what, methods, the order of checks.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ACCOUNTS, API, INITIATE, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const GOOD = { calendar_source: 'GOOG', redirect_uri: 'https://app.example/x' };

async function statusOf(target, options) {
    return (await world.ask(target, options)).status;
}

const ROWS = [
    // what, method, path, status
    ['start', 'POST', INITIATE, 200],
    ['list', 'GET', ACCOUNTS, 200],
    ['one account that is not there', 'GET', `${ACCOUNTS}/1`, 404],
    ['disconnect one that is not there', 'DELETE', `${ACCOUNTS}/1`, 404],
    ['calendars of an account', 'GET', `${ACCOUNTS}/1/calendars`, 404],
    ['one calendar', 'GET', `${ACCOUNTS}/1/calendars/cHJpbWFyeQ`, 404],
    ['settings of calendars', 'GET', `${API}/staff_calendar_settings`, 200],
    ['one setting that is not there', 'GET', `${API}/staff_calendar_settings/1`, 404],
    ['change one that is not there', 'PATCH', `${API}/staff_calendar_settings/1`, 404],
    ['remove one that is not there', 'DELETE', `${API}/staff_calendar_settings/1`, 404],
    ['callback of Google', 'GET', '/oauth2/callback/google', 400],
    ['callback of Microsoft', 'GET', '/oauth2/callback/microsoft', 400],
    ['callback of nobody', 'GET', '/oauth2/callback/apple', 404],
    ['health', 'GET', '/healthz', 200],
    ['readiness', 'GET', '/readyz', 200],
    ['description', 'GET', '/api/v2/openapi.json', 200],
    ['root', 'GET', '/', 404],
    ['another version', 'GET', '/api/v1/external_calendars/accounts', 404],
    ['metrics have a listener of their own', 'GET', '/metrics', 404],

    ['slashes count as one', 'POST', '/api/v2//external_calendars/accounts/oauth2/initiate', 200],
    ['any number of them', 'GET', '//api///v2////external_calendars//accounts', 200],
    ['one trailing slash', 'GET', `${ACCOUNTS}/`, 200],
    ['a trailing run counts as one', 'GET', `${ACCOUNTS}///`, 200],
    ['trailing slash of a document', 'GET', '/healthz/', 200],
    ['case counts', 'GET', `${API}/Accounts`, 404],
    ['case counts in the base path', 'GET', '/API/v2/external_calendars/accounts', 404],
    ['percent-encoding is decoded', 'GET', `${API}/%61ccounts`, 200],
    ['once only', 'GET', `${API}/%2561ccounts`, 404],
    ['%2F does not split a segment', 'GET', '/api/v2/external_calendars%2Faccounts', 404],
    ['an id that is no number', 'GET', `${ACCOUNTS}/abc`, 404],
    ['an id with a slash in it', 'GET', `${ACCOUNTS}/1%2F2`, 404],
    ['an id beyond any number', 'GET', `${ACCOUNTS}/99999999999999999999`, 404],
    ['a negative id', 'GET', `${ACCOUNTS}/-1`, 404],
    ['an id with a sign', 'GET', `${ACCOUNTS}/+1`, 404],
    ['an id with zeros before it', 'GET', `${ACCOUNTS}/01`, 404],
];

for (const [what, method, path, status] of ROWS) {
    test(`${method} ${path}: ${what}: ${status}`, async () => {
        const json = method === 'POST' ? GOOD : undefined;
        assert.equal(await statusOf(path, { method, json }), status);
    });
}

test('HEAD works wherever GET does, without a body', async () => {
    for (const path of [ACCOUNTS, '/healthz', '/readyz', '/api/v2/openapi.json']) {
        const get = await world.ask(path);
        const head = await world.ask(path, { method: 'HEAD' });
        assert.equal(head.status, 200, path);
        assert.equal(head.text, '');
        assert.equal(head.headers['content-type'], get.headers['content-type']);
        assert.equal(head.headers['content-length'], get.headers['content-length']);
    }
    assert.equal(await statusOf(`${ACCOUNTS}/1`, { method: 'HEAD' }), 404);
});

test('the path of public_url: in all that Caldock makes, and allowed in what is asked', async () => {
    const public_url = 'https://api.example/cal/dock/';
    const own = await World.open({ settings: { server: { public_url } } });
    try {
        const uri = new URL(await own.initiate('GOOG'));
        const callback = `${public_url}oauth2/callback/google`;
        assert.equal(uri.searchParams.get('redirect_uri'), callback);
        for (const path of ['/healthz', ACCOUNTS, `/${ACCOUNTS}`, '/oauth2/callback/google']) {
            const { status } = await own.ask(path);
            assert.equal((await own.ask(`/cal/dock${path}`)).status, status, path);
            assert.notEqual(status, 404, path);
            assert.equal((await own.ask(`/cal/dockx${path}`)).status, 404, path);
        }
    } finally {
        await own.close();
    }
});

test('HEAD on a callback is 405 and uses up no flow', async () => {
    for (const [code, path] of [
        ['GOOG', 'google'],
        ['MSFT', 'microsoft'],
    ]) {
        const url = await world.consent(code, await world.initiate(code));
        for (const method of ['HEAD', 'POST', 'PUT', 'DELETE']) {
            const answer = await world.callback(url, { method });
            assert.equal(answer.status, 405, `${method} ${path}`);
            assert.equal(answer.headers.allow, 'GET, OPTIONS');
            assert.equal(answer.headers['referrer-policy'], 'no-referrer');
            if (method !== 'HEAD') assert.equal(JSON.parse(answer.text).code, 'method_not_allowed');
        }
        assert.equal((await world.callback(url)).result.success, '1');
    }
});

const ALLOWED = [
    [INITIATE, ['OPTIONS', 'POST']],
    [ACCOUNTS, ['GET', 'HEAD', 'OPTIONS']],
    [`${ACCOUNTS}/1`, ['DELETE', 'GET', 'HEAD', 'OPTIONS']],
    ['/oauth2/callback/google', ['GET', 'OPTIONS']],
    ['/oauth2/callback/microsoft', ['GET', 'OPTIONS']],
    ['/notify/google', ['OPTIONS', 'POST']],
    ['/notify/microsoft', ['OPTIONS', 'POST']],
    ['/healthz', ['GET', 'HEAD', 'OPTIONS']],
    ['/readyz', ['GET', 'HEAD', 'OPTIONS']],
    ['/api/v2/openapi.json', ['GET', 'HEAD', 'OPTIONS']],
];

const methodsOf = (answer) => answer.headers.allow.split(/,\s*/).sort();

for (const [path, methods] of ALLOWED) {
    test(`OPTIONS ${path}: 204 without a credential, and Allow tells ${methods.join(' ')}`, async () => {
        const answer = await world.ask(path, { method: 'OPTIONS', token: null });
        assert.equal(answer.status, 204);
        assert.equal(answer.text, '');
        assert.deepEqual(methodsOf(answer), methods);
        if (path.startsWith('/oauth2'))
            assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    });

    test(`${path}: any other method is 405 with Allow`, async () => {
        for (const method of ['PATCH', 'PUT', 'TRACE', 'POST', 'GET', 'DELETE', 'PROPFIND']) {
            if (methods.includes(method)) continue;
            const answer = await world.ask(path, { method, token: null });
            assert.equal(answer.status, 405, method);
            assert.deepEqual(methodsOf(answer), methods);
        }
    });
}

// Each row fails one more check than the row below it; the first failure answers.
const BAD = {
    path: { path: `${API}/nothing` },
    method: { method: 'PUT' },
    format: { query: { format: 'pdf' } },
    credential: { headers: { authorization: 'Token wrong' } },
    provider: { headers: { 'TeamUp-Provider-ID': '99' } },
    mode: { headers: { 'Teamup-Request-Mode': 'customer' } },
    user: { headers: { 'Caldock-User': 'not allowed' } },
    type: { headers: { 'content-type': 'text/plain' } },
    parsing: { body: '{' },
    validation: { body: '{}' },
};
const ORDER = [
    ['path', 404, 'not_found'],
    ['method', 405, 'method_not_allowed'],
    ['format', 406, 'not_acceptable'],
    ['credential', 401, 'authentication_failed'],
    ['provider', 403, 'provider_invalid'],
    ['mode', 403, 'mode_not_allowed'],
    ['user', 400, 'parameter_invalid'],
    ['type', 415, 'unsupported_media_type'],
    ['parsing', 400, 'parse_error'],
    ['validation', 400, 'parameter_invalid'],
];

for (const [index, [what, status, code]] of ORDER.entries()) {
    test(`the order of checks: ${what} before all that comes after it`, async () => {
        const request = { method: 'POST', path: INITIATE, headers: {} };
        for (const [later] of ORDER.slice(index).reverse()) {
            const { headers, ...rest } = BAD[later];
            Object.assign(request, rest);
            Object.assign(request.headers, headers);
        }
        request.headers = { 'content-type': 'application/json', ...request.headers };
        const { path, ...options } = request;
        const answer = await world.ask(path, options);
        assert.deepEqual([answer.status, answer.body.code], [status, code]);
    });
}

test('the feature comes after the user, before the body', async () => {
    await world.addProvider(2);
    await world.caldock.run('provider', 'set', '2', '--feature', 'external_calendars=off');
    const token = await world.addToken('--provider', '2');
    const ask = async (headers) =>
        (await world.ask(INITIATE, { method: 'POST', token, body: '{', headers })).body.code;
    assert.equal(
        await ask({ 'Caldock-User': 'not allowed', 'content-type': 'text/plain' }),
        'parameter_invalid',
    );
    assert.equal(await ask({ 'content-type': 'text/plain' }), 'feature_not_enabled');
});

test('size comes after the media type', async () => {
    const body = 'x'.repeat(65 * 1024);
    const ask = async (type) =>
        (await world.ask(INITIATE, { method: 'POST', body, headers: { 'content-type': type } }))
            .body.code;
    assert.equal(await ask('text/plain'), 'unsupported_media_type');
    assert.equal(await ask('application/json'), 'payload_too_large');
});

test('a 404 or 405 whose Accept allows neither format answers in JSON', async () => {
    for (const [method, path, status] of [
        ['GET', '/nothing', 404],
        ['PUT', ACCOUNTS, 405],
    ]) {
        const answer = await world.ask(path, { method, headers: { accept: 'image/png' } });
        assert.equal(answer.status, status);
        assert.equal(answer.headers['content-type'], 'application/json');
    }
});

test('what is no number of an account is 404 at the look-up, after the credential', async () => {
    assert.equal(await statusOf(`${ACCOUNTS}/abc`, { token: null }), 401);
    assert.equal(await statusOf(`${ACCOUNTS}/abc`), 404);
});
