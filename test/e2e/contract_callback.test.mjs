// SPDX-License-Identifier: Apache-2.0
// docs/api.md §6 and §9 "Callback": states that can't be trusted, parameters that don't fit, and
// what each error of a source becomes.
import assert from 'node:assert/strict';
import test from 'node:test';

import { gate, until } from './lib/until.mjs';
import { SOURCES, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const stateOf = async (code) => new URL(await world.initiate(code)).searchParams.get('state');
const callbackPath = (code) => `/oauth2/callback/${SOURCES[code].name}`;
// So many parameters with names of their own.
const many = (n) => Array.from({ length: n }, (_, i) => `p${i}`).join('&');
const both = (name, body) => {
    for (const code of Object.keys(SOURCES)) test(`${code}: ${name}`, () => body(code));
};

// The page: 400, HTML that loads nothing, with the request id and no redirect.
function assertPage(answer, status = 400) {
    assert.equal(answer.status, status);
    assert.match(answer.headers['content-type'], /^text\/html; charset=utf-8$/i);
    assert.equal(answer.headers.location, undefined);
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
    assert.match(answer.headers['content-security-policy'], /frame-ancestors 'none'/);
    assert.ok(answer.text.includes(answer.headers['x-request-id']));
    assert.match(answer.text, /<html lang="en"/);
    assert.doesNotMatch(answer.text, /<script|https?:\/\/|src=/);
}

// Each gives a query from a genuine state.
const UNTRUSTED = {
    absent: () => 'code=x',
    empty: () => 'code=x&state=',
    'no base64url': () => 'code=x&state=%2B%2F%3D',
    unknown: () => `code=x&state=${'A'.repeat(200)}`,
    'far too long': () => `code=x&state=${'A'.repeat(6000)}`,
    twice: (state) => `code=x&state=${state}&state=${state}`,
    'cut by one': (state) => `code=x&state=${state.slice(0, -1)}`,
    'one longer': (state) => `code=x&state=${state}A`,
    padded: (state) => `code=x&state=${state}%3D`,
    'in other case': (state) => `code=x&state=${state.toLowerCase()}`,
    'with a malformed escape in it': (state) => `code=x&state=${state}%4`,
    'twice, once with a malformed escape': (state) => `code=x&state=${state}&state=%4`,
};

for (const [what, query] of Object.entries(UNTRUSTED)) {
    both(`a state that is ${what}: the page`, async (code) => {
        const answer = await world.ask(`${callbackPath(code)}?${query(await stateOf(code))}`, {
            token: null,
        });
        assertPage(answer);
        assert.equal(world.exchanges(code), 0);
    });
}

both('a state altered at any place: the page', async (code) => {
    const state = await stateOf(code);
    for (let at = 0; at < state.length; at += 7) {
        const other = state[at] === 'A' ? 'B' : 'A';
        const altered = state.slice(0, at) + other + state.slice(at + 1);
        assertPage(
            await world.ask(`${callbackPath(code)}?code=x&state=${altered}`, { token: null }),
        );
    }
});

test('a state of the other source: the page', async () => {
    assertPage(
        await world.ask(`${callbackPath('MSFT')}?code=x&state=${await stateOf('GOOG')}`, {
            token: null,
        }),
    );
    assertPage(
        await world.ask(`${callbackPath('GOOG')}?code=x&state=${await stateOf('MSFT')}`, {
            token: null,
        }),
    );
});

const MISFITS = [
    ['code twice', { code: ['x', 'x'] }],
    ['error twice', { error: ['access_denied', 'access_denied'] }],
    ['iss twice', { code: 'x', iss: ['a', 'a'] }],
    ['an unknown parameter twice', { code: 'x', foo: ['1', '2'] }],
    ['code and error', { code: 'x', error: 'access_denied' }],
    ['neither', {}],
    ['an empty code', { code: '' }],
    ['an unknown error', { error: 'something_new' }],
];

for (const [what, parameters] of MISFITS) {
    both(`${what}: source_error, and nothing is sent to the source`, async (code) => {
        const { status, result } = await world.answer(code, parameters);
        assert.equal(status, 303);
        assert.equal(result.error, 'source_error');
        assert.equal(world.exchanges(code), 0);
    });
}

// What can't be decoded counts as there; it matters in code and error alone.
const UNDECODABLE = [
    ['code=%4', 'source_error'],
    ['code=c%', 'source_error'],
    ['error=access_%zz', 'source_error'],
    ['error=access_denied&error_description=50%+off', 'access_denied'],
    ['error=access_denied&error_description=%u0421%u043E', 'access_denied'],
    ['error=access_denied&hint=100%&%zz=1&%zz=2', 'access_denied'],
    [`error=access_denied&${many(1100)}`, 'access_denied'],
];

for (const [query, error] of UNDECODABLE) {
    both(`${query.slice(0, 60)}: ${error}, and nothing is sent to the source`, async (code) => {
        // The state comes last: everything before it has to be passed over.
        const { status, headers } = await world.ask(
            `${callbackPath(code)}?${query}&state=${await stateOf(code)}`,
            { token: null },
        );
        assert.equal(status, 303);
        assert.equal(new URL(headers.location).searchParams.get('error'), error);
        assert.equal(world.exchanges(code), 0);
    });
}

both('a foreign iss: identity_invalid, and nothing is sent to the source', async (code) => {
    for (const iss of [
        'https://evil.example',
        `${world.standin(code).url}/`,
        world.standin(code).url.toUpperCase(),
    ]) {
        for (const rest of [{ code: 'x' }, { error: 'access_denied' }]) {
            const { result } = await world.answer(code, { iss, ...rest });
            assert.equal(result.error, 'identity_invalid', iss);
        }
    }
    assert.equal(world.exchanges(code), 0);
});

test('Google may say iss or not', async () => {
    for (const patch of [{ drop: ['iss'] }, undefined]) {
        world.control('GOOG').callback(patch);
        assert.equal(await world.outcome('GOOG'), 'success');
    }
});

const ERRORS = {
    access_denied: ['access_denied', 'interaction_required', 'login_required'],
    admin_consent_required: [
        'admin_policy_enforced',
        'org_internal',
        'unauthorized_client',
        'consent_required',
    ],
    source_unavailable: ['server_error', 'temporarily_unavailable'],
    source_misconfigured: [
        'invalid_client',
        'invalid_scope',
        'invalid_resource',
        'invalid_request',
        'unsupported_response_type',
        'redirect_uri_mismatch',
    ],
    source_error: ['anything_else', 'ACCESS_DENIED', '<script>'],
};

for (const [outcome, errors] of Object.entries(ERRORS)) {
    for (const error of errors) {
        both(`error=${error}: ${outcome}`, async (code) => {
            const description = 'x\r\nSet-Cookie: a=b <script>';
            const { headers, result, text } = await world.answer(code, {
                error,
                error_description: description,
                error_uri: 'https://evil.example',
            });
            assert.equal(result.error, outcome);
            assert.equal(headers['set-cookie'], undefined);
            assert.ok(
                !(headers.location + text).includes('script') && !headers.location.includes('evil'),
            );
            assert.equal(world.exchanges(code), 0);
        });
    }
}

test('MSFT: the AADSTS number only refines', async () => {
    const rows = [
        ['access_denied', 'cancel', 'AADSTS65004: User declined to consent', 'access_denied'],
        ['access_denied', undefined, 'AADSTS90094: needs admin', 'admin_consent_required'],
        ['access_denied', undefined, 'AADSTS90095: approval workflow', 'admin_consent_required'],
        ['access_denied', undefined, 'AADSTS900941: admin consent', 'admin_consent_required'],
        ['access_denied', undefined, 'AADSTS65001: no consent', 'admin_consent_required'],
        ['access_denied', 'cancel', 'AADSTS90094: needs admin', 'access_denied'],
        ['invalid_client', undefined, 'AADSTS65001: no consent', 'source_misconfigured'],
        ['server_error', undefined, 'AADSTS90094: needs admin', 'source_unavailable'],
        ['access_denied', undefined, 'AADSTS9009: not that one', 'access_denied'],
    ];
    for (const [error, subcode, description, outcome] of rows) {
        const { result } = await world.answer('MSFT', {
            error,
            error_description: description,
            ...(subcode && { error_subcode: subcode }),
        });
        assert.equal(result.error, outcome, description);
    }
});

// At the exchange: OAuth errors as in the callback, other than these.
const AT_EXCHANGE = [
    [400, { error: 'invalid_grant' }, 'code_rejected'],
    [401, { error: 'invalid_client' }, 'source_misconfigured'],
    [400, { error: 'unauthorized_client' }, 'admin_consent_required'],
    [400, { error: 'invalid_scope' }, 'source_misconfigured'],
    [400, { error: 'redirect_uri_mismatch' }, 'source_misconfigured'],
    [400, { error: 'admin_policy_enforced' }, 'admin_consent_required'],
    [400, { error: 'interaction_required' }, 'access_denied'],
    [400, { error: 'consent_required' }, 'admin_consent_required'],
    [400, { error: 'temporarily_unavailable' }, 'source_unavailable'],
    [400, { error: 'something_new' }, 'source_misconfigured'],
    [400, { no: 'error' }, 'source_error'],
    [403, { error: 'invalid_grant' }, 'code_rejected'],
    [500, { error: 'invalid_grant' }, 'source_unavailable'],
    [429, { error: 'invalid_grant' }, 'source_rate_limited'],
    [200, { error: 'invalid_grant' }, 'code_rejected'],
];

for (const [status, body, outcome] of AT_EXCHANGE) {
    both(`the exchange answers ${status} ${JSON.stringify(body)}: ${outcome}`, async (code) => {
        world.control(code).fault({ path: SOURCES[code].token, status, body });
        assert.equal(await world.outcome(code), outcome);
        assert.equal(world.exchanges(code), 1, 'a code is sent once');
    });
}

both('the flow keeps redirecting while its own query is kept', async (code) => {
    const redirectUri = 'https://app.example/a/b?one=1&two=%20&three';
    const { headers } = await world.answer(code, { error: 'access_denied' }, { redirectUri });
    assert.equal(headers.location, `${redirectUri}&success=0&error=access_denied`);
});

test('overloaded before the exchange: 503 with Retry-After and the page, and the flow stays open', async () => {
    const own = await World.open({ settings: { server: { workers: 1, queue: 1 } } });
    try {
        const urls = [];
        for (let i = 0; i < 4; i++)
            urls.push(await own.consent('MSFT', await own.initiate('MSFT')));
        const { opens, open } = gate();
        own.control('MSFT').fault({ path: SOURCES.MSFT.token, delay: opens, times: 4 });
        let refused = 0;
        const ending = urls.map(async (url) => {
            const answer = await own.callback(url);
            if (answer.status === 503) refused++;
            return answer;
        });
        await until('one is turned away', () => refused > 0);
        open();
        const answers = await Promise.all(ending);
        const turnedAway = answers.flatMap((answer, i) => (answer.status === 503 ? [i] : []));
        assert.ok(turnedAway.length >= 1, answers.map(({ status }) => status).join());
        for (const i of turnedAway) {
            assertPage(answers[i], 503);
            assert.match(answers[i].headers['retry-after'], /^[1-9]\d*$/);
            assert.equal((await own.callback(urls[i])).result.success, '1');
        }
    } finally {
        await own.close();
    }
});
