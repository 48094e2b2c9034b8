// SPDX-License-Identifier: Apache-2.0
// The whole flow: success for both sources, each error code of docs/api.md §6, and the
// same callback over and over.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { goodClaims, makeJwt } from './lib/jwt.mjs';
import { gate, until } from './lib/until.mjs';
import { ACCOUNTS, INITIATE, PATTERN, REDIRECT, SOURCES, World, openWorld } from './lib/world.mjs';

const ISSUER = {
    issuer: 'https://issuer.example',
    audience: 'caldock',
    providers: '*',
    secret: 'a-shared-secret-of-32-bytes-or-more',
};
const world = await openWorld(test, { settings: { 'jwt demo': ISSUER } });
const both = (name, body) => {
    for (const code of Object.keys(SOURCES)) test(`${code}: ${name}`, () => body(code));
};

let lastProvider = 100;

// A provider and a token that only one test uses, so that it may take them away.
async function ownProvider() {
    const id = ++lastProvider;
    await world.addProvider(id);
    const token = await world.addToken('--provider', String(id), '--name', `of ${id}`);
    return { id: String(id), token };
}

async function inWorld(options, body) {
    const own = await World.open(options);
    try {
        await body(own);
    } finally {
        await own.close();
    }
}

both('success', async (code) => {
    const { status, headers, to, result } = await world.connect(code);
    assert.equal(status, 303);
    assert.equal(to.origin + to.pathname, 'https://app.example/done');
    assert.deepEqual(Object.keys(result), ['session', 'success', 'account']);
    assert.equal(result.session, 's1');
    assert.match(result.account, /^[1-9]\d*$/);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const { body } = await world.ask(`${ACCOUNTS}/${result.account}`);
    assert.deepEqual(Object.keys(body), [
        'id',
        'calendar_source',
        'account_id',
        'username',
        'status',
        'status_reason',
        'connected_at',
    ]);
    const { sub, tid, oid } = world
        .standin(code)
        .source.people.find((p) => p.email === body.username);
    assert.equal(body.account_id, code === 'GOOG' ? sub : `${tid}.${oid}`);
    assert.equal(body.calendar_source, code);
    assert.deepEqual([body.status, body.status_reason], ['connected', null]);
    assert.ok(Math.abs(Date.parse(body.connected_at) - Date.now()) < 60000);
    assert.match(body.connected_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
});

both('access_denied', async (code) => {
    const { result } = await world.connect(code, { deny: true });
    assert.deepEqual(result, { session: 's1', success: '0', error: 'access_denied' });
    assert.equal(world.exchanges(code), 0);
});

test('GOOG: missing_scopes, and the fresh grant is revoked again', async () => {
    const revoked = world.control('GOOG').next('/revoke');
    const account = SOURCES.GOOG.other;
    assert.equal(
        await world.outcome('GOOG', { account, leaveOut: [SOURCES.GOOG.scope] }),
        'missing_scopes',
    );
    assert.equal((await revoked).status, 200);
});

test('MSFT: missing_scopes', async () => {
    world.control('MSFT').tokens({ set: { scope: 'openid profile email User.Read' } });
    assert.equal(await world.outcome('MSFT'), 'missing_scopes');
});

both('scopes count as granted in the source’s own spelling', async (code) => {
    const scope = {
        GOOG: 'https://www.googleapis.com/auth/calendar.events openid https://www.googleapis.com/auth/calendar.calendarlist.readonly https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/drive',
        MSFT: 'calendars.readwrite https://graph.microsoft.com/user.read Mail.Read openid',
    };
    world.control(code).tokens({ set: { scope: scope[code] } });
    assert.equal(await world.outcome(code), 'success');
    world.control(code).tokens({ drop: ['scope'] });
    assert.equal(await world.outcome(code), 'success', 'absent: as requested');
});

both('no_refresh_token', async (code) => {
    world.control(code).tokens({ drop: ['refresh_token'] });
    assert.equal(await world.outcome(code, { account: SOURCES[code].other }), 'no_refresh_token');
});

both('admin_consent_required', async (code) => {
    for (const error of [
        'admin_policy_enforced',
        'org_internal',
        'unauthorized_client',
        'consent_required',
    ]) {
        assert.equal(
            (await world.answer(code, { error })).result.error,
            'admin_consent_required',
            error,
        );
    }
});

test('account_type_not_allowed', async () => {
    const settings = (accounts) => ({ google: { accounts }, microsoft: { accounts } });
    const people = {
        work: { GOOG: 'bob@acme.test', MSFT: 'carol@contoso.test' },
        personal: { GOOG: 'alice@example.com', MSFT: 'dave@outlook.com' },
    };
    for (const [allowed, refused] of [
        ['work', 'personal'],
        ['personal', 'work'],
    ]) {
        await inWorld({ settings: settings(allowed) }, async (own) => {
            for (const code of Object.keys(SOURCES)) {
                const outcomes = [
                    await own.outcome(code, { account: people[refused][code] }),
                    await own.outcome(code, { account: people[allowed][code] }),
                ];
                assert.deepEqual(outcomes, ['account_type_not_allowed', 'success']);
            }
        });
    }
});

test("account_type_not_allowed by Microsoft's tenant", async () => {
    const CONTOSO = '11111111-2222-4333-8444-555555555555';
    const ELSEWHERE = '99999999-2222-4333-8444-555555555555';
    for (const [tenant, work, personal] of [
        ['organizations', 'success', 'account_type_not_allowed'],
        ['consumers', 'account_type_not_allowed', 'success'],
        [CONTOSO, 'success', 'account_type_not_allowed'],
        [ELSEWHERE, 'account_type_not_allowed', 'account_type_not_allowed'],
    ]) {
        await inWorld({ settings: { microsoft: { tenant } } }, async (own) => {
            const outcomes = [
                await own.outcome('MSFT', { account: 'carol@contoso.test' }),
                await own.outcome('MSFT', { account: 'dave@outlook.com' }),
            ];
            assert.deepEqual(outcomes, [work, personal], tenant);
        });
    }
});

test('no_calendar', async () => {
    for (const account of ['erin@example.com', 'nora@acme.test']) {
        assert.equal(await world.outcome('GOOG', { account }), 'no_calendar', account);
    }
    for (const account of [
        'lena@contoso.test',
        'otto@contoso.test',
        'greta_fabrikam.test#EXT#@contoso.test',
    ]) {
        assert.equal(await world.outcome('MSFT', { account }), 'no_calendar', account);
    }
});

// The flow of an account that is to be connected again.
async function again(code, account, options = {}) {
    const body = { calendar_source: code, redirect_uri: REDIRECT, account };
    return world.post(INITIATE, body, options);
}

both('an account is connected again by its own person', async (code) => {
    const id = await world.connected(code);
    world.control(code).withdraw?.({ account: SOURCES[code].person });
    const { status, body, text } = await again(code, id);
    assert.equal(status, 200, text);
    const sent = new URL(body.uri).searchParams;
    assert.equal(sent.get('login_hint'), SOURCES[code].person);
    assert.equal(sent.get('prompt'), code === 'GOOG' ? 'consent' : null);
    const url = await world.consent(code, body.uri, { account: SOURCES[code].person });
    const { result } = await world.callback(url);
    assert.deepEqual([result.success, result.account], ['1', String(id)]);
    assert.equal((await world.accounts()).length, 1);
});

both('another person’s consent ends it as wrong_account, and changes nothing', async (code) => {
    const id = await world.connected(code);
    const [before] = await world.accounts();
    const { body } = await again(code, id);
    const url = await world.consent(code, body.uri, { account: SOURCES[code].other });
    assert.equal((await world.callback(url)).result.error, 'wrong_account');
    assert.deepEqual(await world.accounts(), [before]);
    assert.equal((await world.ask(`${ACCOUNTS}/${id}/calendars`)).status, 200);
});

both('wrong_account, where the account was disconnected meanwhile', async (code) => {
    const id = await world.connected(code);
    const { body } = await again(code, id);
    const revoked = code === 'GOOG' && world.control(code).next('/revoke');
    assert.equal((await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' })).status, 204);
    await revoked; // it would end the grant that comes now
    const url = await world.consent(code, body.uri, { account: SOURCES[code].person });
    assert.equal((await world.callback(url)).result.error, 'wrong_account');
    assert.deepEqual(await world.accounts(), []);
});

both('which account may be connected again', async (code) => {
    const id = await world.connected(code);
    const other = code === 'GOOG' ? 'MSFT' : 'GOOG';
    const errors = async (...args) => (await again(...args)).body.field_errors;
    const unknown = (value) => ({ account: [`Invalid pk "${value}" - object does not exist.`] });
    assert.deepEqual(await errors(code, id + 1000), unknown(id + 1000));
    assert.deepEqual(await errors(code, 0), unknown(0));
    assert.deepEqual(await errors(code, -1), unknown(-1));
    assert.deepEqual(await errors(other, id), { account: ['Is an account of another source.'] });
    assert.deepEqual(await errors(code, 'x'), { account: ['A valid integer is required.'] });
    const user = { headers: { 'Caldock-User': 'somebody' } };
    assert.deepEqual(await errors(code, id, user), unknown(id), 'of another user');
    assert.equal((await again(code, null)).status, 200);
});

both('account_in_use, across users and for no user', async (code) => {
    const as = (user) => ({ headers: { 'Caldock-User': user } });
    const id = await world.connected(code, as('ann'));
    assert.equal(await world.outcome(code, as('ben')), 'account_in_use');
    assert.equal(await world.outcome(code), 'account_in_use');
    assert.equal(await world.connected(code, as('ann')), id);
    const { token } = await ownProvider();
    assert.notEqual(
        await world.connected(code, { token }),
        id,
        'another provider is another world',
    );
});

both('feature_not_enabled', async (code) => {
    const { id, token } = await ownProvider();
    const url = await world.consent(code, await world.initiate(code, { token }));
    await world.caldock.run('provider', 'set', id, '--feature', 'external_calendars=off');
    assert.equal((await world.callback(url)).result.error, 'feature_not_enabled');
    assert.equal(world.exchanges(code), 0);
});

both('authorization_withdrawn: the token was revoked', async (code) => {
    const { id, token } = await ownProvider();
    const url = await world.consent(code, await world.initiate(code, { token }));
    const tokens = JSON.parse(await world.caldock.run('token', 'list', '--json'));
    const own = tokens.find(({ name }) => name === `of ${id}`);
    await world.caldock.run('token', 'revoke', String(own.id));
    assert.equal((await world.callback(url)).result.error, 'authorization_withdrawn');
    assert.equal(world.exchanges(code), 0);
});

test('expiry of a credential does not count as withdrawn', async () => {
    const { id } = await ownProvider();
    const token = await world.addToken('--provider', id, '--expires', '5s');
    const isOver = sleep(5100);
    const url = await world.consent('GOOG', await world.initiate('GOOG', { token }));
    await isOver;
    assert.equal((await world.callback(url)).result.success, '1');
});

test('authorization_withdrawn: the JWT’s issuer is gone', () =>
    inWorld({ settings: { 'jwt demo': ISSUER } }, async (own) => {
        const headers = {
            authorization: `JWT ${makeJwt({ key: ISSUER.secret, claims: goodClaims() })}`,
        };
        const start = () => own.initiate('GOOG', { token: null, headers });
        const [before, after] = [
            await own.consent('GOOG', await start()),
            await own.consent('GOOG', await start()),
        ];
        assert.equal((await own.callback(before)).result.success, '1');
        await own.caldock.stop();
        await own.caldock.configure({});
        await own.caldock.start();
        assert.equal((await own.callback(after)).result.error, 'authorization_withdrawn');
    }));

test('state_expired, at once and for ever', () =>
    inWorld({ settings: { oauth: { flow_timeout: '1s' } } }, async (own) => {
        for (const code of Object.keys(SOURCES)) {
            const url = await own.consent(code, await own.initiate(code));
            await sleep(2100);
            for (let i = 0; i < 2; i++) {
                assert.equal((await own.callback(url)).result.error, 'state_expired');
            }
            assert.equal(own.exchanges(code), 0);
        }
    }));

test('a result outlives the state’s own time', () =>
    inWorld({ settings: { oauth: { flow_timeout: '5s' } } }, async (own) => {
        const uri = await own.initiate('GOOG');
        const isOver = sleep(6000);
        const url = await own.consent('GOOG', uri);
        const first = await own.callback(url);
        assert.equal(first.result.success, '1');
        await isOver;
        assert.equal((await own.callback(url)).to.href, first.to.href);
    }));

both('code_rejected', async (code) => {
    assert.equal((await world.answer(code, { code: 'made-up' })).result.error, 'code_rejected');
    const first = await world.consent(code, await world.initiate(code));
    const second = await world.consent(code, await world.initiate(code));
    first.searchParams.set('code', second.searchParams.get('code'));
    assert.equal(
        (await world.callback(first)).result.error,
        'code_rejected',
        'a code of another flow',
    );
});

both('identity_invalid', async (code) => {
    world.control(code).forge('nonce_other');
    assert.equal(await world.outcome(code, { account: SOURCES[code].other }), 'identity_invalid');
});

both('source_misconfigured', async (code) => {
    const path = SOURCES[code].token;
    world.control(code).fault({ path, status: 401, body: { error: 'invalid_client' } });
    assert.equal(await world.outcome(code), 'source_misconfigured');
});

test('source_misconfigured: a wrong secret, until the next one is tried', async () => {
    const wrong = { google: { client_secret: 'wrong' }, microsoft: { client_secret: 'wrong' } };
    await inWorld({ settings: wrong }, async (own) => {
        for (const code of Object.keys(SOURCES)) {
            assert.equal(await own.outcome(code), 'source_misconfigured');
        }
        const next = Object.fromEntries(
            Object.entries(own.standins).map(([name, { source }]) => [
                name,
                { client_secret: 'wrong', client_secret_next: source.client.client_secret },
            ]),
        );
        await own.caldock.stop();
        await own.caldock.configure(next);
        await own.caldock.start();
        for (const code of Object.keys(SOURCES)) {
            assert.equal(await own.outcome(code), 'success');
        }
    });
});

both('source_rate_limited, source_unavailable, source_error', async (code) => {
    const path = SOURCES[code].token;
    const rows = [
        [{ status: 429 }, 'source_rate_limited'],
        [{ status: 503 }, 'source_unavailable'],
        [{ html: true }, 'source_error'],
    ];
    for (const [fault, outcome] of rows) {
        world.control(code).fault({ path, ...fault });
        assert.equal(await world.outcome(code), outcome);
    }
});

both('a flow that fails makes no account, and leaves an older one as it was', async (code) => {
    const id = await world.connected(code);
    const before = (await world.ask(`${ACCOUNTS}/${id}`)).text;
    world.control(code).tokens({ drop: ['refresh_token'] });
    assert.equal(await world.outcome(code), 'no_refresh_token');
    assert.equal((await world.ask(`${ACCOUNTS}/${id}`)).text, before);
    world.control(code).tokens({ drop: ['refresh_token'] });
    assert.equal(await world.outcome(code, { account: SOURCES[code].other }), 'no_refresh_token');
    assert.deepEqual(
        (await world.accounts()).map((account) => account.id),
        [id],
    );
});

test('GOOG: a failing flow of a person who is connected revokes nothing', async () => {
    await world.connected('GOOG');
    world.control('GOOG').tokens({ drop: ['refresh_token'] });
    assert.equal(await world.outcome('GOOG'), 'no_refresh_token');
    // A revocation for the first account would be tried before one for the second.
    const revoked = world.control('GOOG').next('/revoke');
    await world.outcome('GOOG', { account: SOURCES.GOOG.other, leaveOut: [SOURCES.GOOG.scope] });
    await revoked;
    assert.equal(world.control('GOOG').requests('/revoke').length, 1);
});

both('connecting again keeps the id, also under a new address', async (code) => {
    const id = await world.connected(code);
    assert.equal(await world.connected(code), id);
    const { people } = world.standin(code).source;
    const person = people.find(({ email }) => email === SOURCES[code].person);
    person.email = 'married@example.com';
    try {
        assert.equal(await world.connected(code, { account: 'married@example.com' }), id);
        assert.equal((await world.ask(`${ACCOUNTS}/${id}`)).body.username, 'married@example.com');
    } finally {
        person.email = SOURCES[code].person;
    }
});

both('the same callback again gets the same redirect, and one exchange', async (code) => {
    const url = await world.consent(code, await world.initiate(code));
    const first = await world.callback(url);
    assert.equal(first.result.success, '1');
    const again = await world.callback(url);
    const otherCode = new URL(url);
    otherCode.searchParams.set('code', 'another');
    const refused = new URL(url);
    refused.searchParams.delete('code');
    refused.searchParams.set('error', 'access_denied');
    for (const answer of [again, await world.callback(otherCode), await world.callback(refused)]) {
        assert.equal(answer.status, 303);
        assert.equal(answer.to.href, first.to.href);
    }
    assert.equal(world.exchanges(code), 1);
});

both('a refusal is as final as a success', async (code) => {
    const uri = await world.initiate(code);
    const refusal = await world.consent(code, uri, { deny: true });
    const consent = await world.consent(code, uri);
    assert.equal((await world.callback(refusal)).result.error, 'access_denied');
    assert.equal((await world.callback(consent)).result.error, 'access_denied');
    assert.equal(world.exchanges(code), 0);
});

both('the same callback several times at once: one exchange, one redirect', async (code) => {
    const url = await world.consent(code, await world.initiate(code));
    world.control(code).fault({ path: SOURCES[code].token, delay: 300 });
    const answers = await Promise.all(
        Array.from({ length: 6 }, () => world.callback(new URL(url))),
    );
    const redirects = new Set(answers.map(({ to }) => to?.href));
    assert.equal(redirects.size, 1);
    assert.equal(answers[0].result.success, '1');
    assert.equal(world.exchanges(code), 1);
});

both('eight wait for the first; those beyond are told to come back', async (code) => {
    const url = await world.consent(code, await world.initiate(code));
    const { opens, open } = gate();
    world.control(code).fault({ path: SOURCES[code].token, delay: opens });
    let refused = 0;
    const ending = Array.from({ length: 12 }, async () => {
        const answer = await world.callback(new URL(url));
        if (answer.status === 503) refused++;
        return answer;
    });
    await until('three are told so', () => refused === 3);
    open();
    const answers = await Promise.all(ending);
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [...Array(9).fill(303), ...Array(3).fill(503)]);
    for (const answer of answers.filter(({ status }) => status === 503)) {
        assert.match(answer.headers['retry-after'], /^\d+$/);
        assert.match(answer.text, /<html/);
    }
    assert.equal(world.exchanges(code), 1);
    assert.equal((await world.callback(url)).result.success, '1');
});

test('a second process that is started by mistake leaves the flow to the first', async () => {
    const url = await world.consent('GOOG', await world.initiate('GOOG'));
    const { opens, open } = gate();
    const { token } = SOURCES.GOOG;
    world.control('GOOG').fault({ path: token, delay: opens });
    const first = world.callback(url);
    await until('the code is sent', () => world.control('GOOG').requests(token).length === 1);
    const { code, stderr } = await world.caldock.command('serve');
    assert.equal(code, 1);
    assert.match(stderr, /already in use/);
    const nodes = JSON.parse(await world.caldock.run('status', '--json')).nodes;
    assert.equal(nodes.length, 1);
    const second = world.callback(new URL(url));
    open();
    for (const { result } of await Promise.all([first, second])) assert.equal(result.success, '1');
    assert.equal(world.exchanges('GOOG'), 1);
});

both('a large callback with six kilobytes of cookies', async (code) => {
    const url = await world.consent(code, await world.initiate(code));
    url.searchParams.set('session_state', 'x'.repeat(2000));
    const { result } = await world.callback(url, { headers: { cookie: `a=${'y'.repeat(6000)}` } });
    assert.equal(result.success, '1');
});

test('the provider or its pattern gone meanwhile: the page, and no redirect', async () => {
    const takeAway = {
        provider: (id) => world.caldock.run('provider', 'remove', id, '--yes'),
        pattern: (id) => world.caldock.run('provider', 'set', id, '--remove-redirect', PATTERN),
    };
    for (const [what, take] of Object.entries(takeAway)) {
        const { id, token } = await ownProvider();
        const url = await world.consent('GOOG', await world.initiate('GOOG', { token }));
        await take(id);
        const answer = await world.callback(url);
        assert.equal(answer.status, 400, what);
        assert.match(answer.text, /<html/);
        assert.equal(answer.to, undefined);
    }
    assert.equal(world.exchanges('GOOG'), 0);
});

test('what changes during the exchange is seen before the account is written', async () => {
    const { id, token } = await ownProvider();
    const url = await world.consent('GOOG', await world.initiate('GOOG', { token }));
    const { opens, open } = gate();
    world.control('GOOG').fault({ path: SOURCES.GOOG.token, delay: opens });
    const ending = world.callback(url);
    await until('it asks', () => world.control('GOOG').isHeld('/token'));
    await world.caldock.run('provider', 'set', id, '--feature', 'external_calendars=off');
    open();
    assert.equal((await ending).result.error, 'feature_not_enabled');
    const accounts = JSON.parse(
        await world.caldock.run('account', 'list', '--provider', id, '--json'),
    );
    assert.deepEqual(accounts, []);
});

test('two sources, two redirect URIs: an answer of one is none of the other', async () => {
    const url = await world.consent('GOOG', await world.initiate('GOOG'));
    const wrong = new URL(url.href.replace('/callback/google', '/callback/microsoft'));
    assert.equal((await world.callback(wrong)).status, 400);
    assert.equal((await world.callback(url)).result.success, '1', 'and it has used up nothing');
});

test('a source that is not configured cannot be chosen', () =>
    inWorld({ settings: { microsoft: { client_id: '' } } }, async (own) => {
        const body = { calendar_source: 'MSFT', redirect_uri: 'https://app.example/x' };
        const answer = await own.post(INITIATE, body);
        assert.equal(answer.status, 400);
        assert.deepEqual(Object.keys(answer.body.field_errors), ['calendar_source']);
        assert.equal(await own.outcome('GOOG'), 'success');
    }));
