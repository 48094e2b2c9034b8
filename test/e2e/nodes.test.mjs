// SPDX-License-Identifier: Apache-2.0
// Three processes on one PostgreSQL ($CALDOCK_TEST_POSTGRES), with nothing else in common but
// the keys: a flow that wanders from node to node, what one does and all know, one refresh for
// all, and a node that is killed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from './lib/until.mjs';
import {
    ACCOUNTS,
    INITIATE,
    PROMISE_MS,
    REDIRECT,
    SOURCES,
    World,
    openWorld,
} from './lib/world.mjs';

const MANY = 200;
const LEASE_MS = 60000;
const NEVER_MS = 600000;
const LOOK_MS = 300; // long enough for who may to do what none should

// One test waits until the others count a node as dead, within one callback.
const world = await openWorld(test, { nodes: 3, settings: { oauth: { total_timeout: '60s' } } });
const [one, two, three] = world.nodes;
const both = (name, body) => {
    for (const code of Object.keys(SOURCES)) test(`${code}: ${name}`, () => body(code));
};

const read = (at, id) => world.ask(`${ACCOUNTS}/${id}/calendars`, { at });
const everywhere = (ask) => Promise.all(world.nodes.map(ask));
const accountEverywhere = (id) =>
    everywhere(async (at) => (await world.ask(`${ACCOUNTS}/${id}`, { at })).body);

// Starts a flow on one node → the callback's URL.
const start = async (code, at = one) => {
    const { person: account } = SOURCES[code];
    return world.consent(code, await world.initiate(code, { at }), { account });
};

// Expects that this fails, but says so only to who awaits it: it may be over before.
function failing(work) {
    const failed = assert.rejects(work);
    failed.catch(() => {});
    return failed;
}

// The third node dies while the source's answer to its request for `path` is on the way.
async function killedDuring(code, path, work) {
    let isOver = false;
    world.control(code).fault({ path, delay: NEVER_MS });
    const lost = failing(
        work().finally(() => {
            isOver = true;
        }),
    );
    await until(`${path} is asked`, () => isOver || world.control(code).isHeld(path));
    await three.stop('SIGKILL');
    await lost;
}

test('three nodes that start at once on an empty schema: made once, and all are ready', async () => {
    const versions = await world.schema.sql(
        'select version from schema_version where version > 0' +
            ' union select version from schema_steps order by version',
    );
    const numbers = versions.split('\n').map(Number);
    assert.deepEqual(
        numbers,
        [...numbers.keys()].map((i) => i + 1),
    );
    for (const { status } of await everywhere((at) => world.ask('/readyz', { at }))) {
        assert.equal(status, 200);
    }
});

both('started on one node, ended on another, reloaded on a third', async (code) => {
    const url = await start(code, one);
    const first = await world.callback(url, { at: two });
    assert.equal(first.result.success, '1');
    for (const at of [three, one, two]) {
        const again = await world.callback(url, { at });
        assert.deepEqual([again.status, again.to.href], [303, first.to.href]);
    }
    assert.equal(world.exchanges(code), 1);
    for (const { id } of await accountEverywhere(first.result.account)) {
        assert.equal(String(id), first.result.account);
    }
});

both('the same callback on all nodes at once: one exchange, one answer', async (code) => {
    const url = await start(code);
    world.control(code).fault({ path: SOURCES[code].token, delay: 500 });
    const answers = await everywhere((at) => world.callback(url, { at }));
    assert.equal(answers[0].result.success, '1');
    assert.equal(new Set(answers.map(({ to }) => to.href)).size, 1);
    assert.equal(world.exchanges(code), 1);
});

test('what the command line takes away is gone on every node within 5 seconds', async () => {
    await world.addProvider(2);
    const [off, revoked] = [
        await world.addToken('--provider', '2'),
        await world.addToken('--provider', '1', '--name', 'revoked'),
    ];
    const tokens = JSON.parse(await one.run('token', 'list', '--json'));
    const { id } = tokens.find(({ name }) => name === 'revoked');
    const body = { calendar_source: 'GOOG', redirect_uri: REDIRECT };
    const statuses = (token) =>
        everywhere(async (at) => (await world.post(INITIATE, body, { token, at })).status);
    for (const token of [off, revoked]) assert.deepEqual(await statuses(token), [200, 200, 200]);
    await two.run('provider', 'set', '2', '--feature', 'external_calendars=off');
    await three.run('token', 'revoke', String(id));
    const since = Date.now();
    let isGone = false;
    while (!isGone) {
        const asked = Date.now();
        const seen = [await statuses(off), await statuses(revoked)].flat();
        isGone = [403, 403, 403, 401, 401, 401].every((status, i) => status === seen[i]);
        assert.ok(isGone || asked - since < PROMISE_MS, String(seen));
        await sleep(50);
    }
});

both('disconnected on one node, gone on all', async (code) => {
    const id = await world.connected(code);
    for (const { status } of await everywhere((at) => read(at, id))) assert.equal(status, 200);
    const target = `${ACCOUNTS}/${id}`;
    assert.equal((await world.ask(target, { at: two, method: 'DELETE' })).status, 204);
    for (const at of world.nodes) {
        assert.equal((await world.ask(target, { at })).status, 404);
        assert.equal((await read(at, id)).status, 404);
        assert.deepEqual(await world.accounts({ at }), []);
    }
});

both('what one node finds out about a connection, all say from then on', async (code) => {
    const id = await world.connected(code);
    const [before] = await accountEverywhere(id);
    world.control(code).withdraw({ account: SOURCES[code].person });
    assert.equal((await read(three, id)).status, 409);
    for (const account of await accountEverywhere(id)) {
        const { status, status_reason: reason, connected_at: at } = account;
        assert.deepEqual(
            [status, reason, at],
            ['needs_reconnect', 'grant_revoked', before.connected_at],
        );
    }
    for (const { status } of await everywhere((at) => read(at, id))) assert.equal(status, 409);
    const { result } = await world.callback(await start(code, one), { at: two });
    assert.equal(result.account, String(id));
    const accounts = await accountEverywhere(id);
    for (const account of accounts) {
        assert.deepEqual([account.status, account.status_reason], ['connected', null]);
        assert.ok(account.connected_at > before.connected_at);
        assert.deepEqual(account, accounts[0]);
    }
    for (const { status } of await everywhere((at) => read(at, id))) assert.equal(status, 200);
});

both('all nodes need the same refresh at once, from a slow source: one is made', async (code) => {
    const id = await world.connected(code);
    world.control(code).strict();
    world.control(code).expire();
    world.control(code).fault({ path: SOURCES[code].token, delay: 1000 });
    for (const { status } of await everywhere((at) => read(at, id))) assert.equal(status, 200);
    assert.equal(world.control(code).refreshes, 1);
});

both(`${MANY} at once on two nodes, with an expired access token: one refresh`, async (code) => {
    world.control(code).tokens({ set: { expires_in: 1 } });
    const id = await world.connected(code);
    world.control(code).expire();
    const answers = await Promise.all(
        Array.from({ length: MANY }, (_, i) => read(world.nodes[i % 2], id)),
    );
    assert.equal(world.control(code).refreshes, 1);
    const { body } = await read(three, id);
    assert.equal(body.count, 3);
    for (const answer of answers) {
        assert.equal(answer.status, 200, answer.text);
        assert.deepEqual(answer.body, body);
    }
    assert.equal(world.control(code).refreshes, 1);
});

both(
    'a node killed in the middle of a refresh: another goes on when its lease ends',
    async (code) => {
        const id = await world.connected(code);
        world.control(code).strict();
        world.control(code).expire();
        await killedDuring(code, SOURCES[code].token, () => read(three, id));
        const lease = await world.schema.sql(
            `select leased_until from grants where account = ${id}`,
        );
        assert.ok(lease > Date.now() && lease <= Date.now() + LEASE_MS, lease);
        const waiting = Promise.all([read(one, id), read(two, id)]);
        await sleep(LOOK_MS);
        assert.equal(world.control(code).refreshes, 1, 'nobody refreshes under another’s lease');
        await world.alterStore(`update grants set leased_until = 1 where account = ${id}`);
        for (const { status } of await waiting) assert.equal(status, 200);
        assert.equal(world.control(code).refreshes, 2);
        await three.start();
        for (const { status } of await accountEverywhere(id)) assert.equal(status, 'connected');
        for (let i = 0; i < 2; i++) {
            world.control(code).expire();
            assert.equal((await read(three, id)).status, 200, 'and again');
        }
    },
);

// Before the tokens are stored the flow is over; afterwards another node ends it as it would have
// ended.
for (const [code, endpoint, ends] of [
    ['MSFT', 'token', 'server_error'],
    ['GOOG', 'calendars', undefined],
]) {
    test(`${code}: a node killed in a callback, asking for ${endpoint}: nothing is stuck`, async () => {
        const url = await start(code);
        await killedDuring(code, SOURCES[code][endpoint], () => world.callback(url, { at: three }));
        const waiting = world.callback(url, { at: two });
        await sleep(LOOK_MS);
        await world.alterStore('update flows set claimed_until = 1 where outcome is null');
        assert.equal((await waiting).result.error, ends);
        assert.equal((await world.callback(url, { at: one })).result.error, ends);
        assert.equal(world.exchanges(code), 1, 'a code is never sent twice');
        assert.equal((await world.accounts()).length, ends ? 0 : 1);
        await world.alterStore('update leases set leased_until = 1');
        const { result } = await world.callback(await start(code, two), { at: one });
        assert.equal(result.success, '1');
        await three.start();
        assert.equal((await read(three, result.account)).status, 200);
    });
}

test('a callback that waits for a dead node’s claim in vain says what it waited for', async (t) => {
    const settings = { oauth: { timeout: '3s', total_timeout: '3s' } };
    const own = await World.open({ nodes: 2, settings });
    t.after(() => own.close());
    const [lives, dies] = own.nodes;
    await dies.stop();
    await dies.configure(); // it has not answered when it is killed
    await dies.start();
    const { person: account, token } = SOURCES.MSFT;
    const url = await own.consent('MSFT', await own.initiate('MSFT'), { account });
    own.control('MSFT').fault({ path: token, hang: true });
    const cut = failing(own.callback(url, { at: dies }));
    await until('it asks', () => own.control('MSFT').faults.pending === 0);
    await dies.stop('SIGKILL');
    await cut;
    assert.equal((await own.callback(url, { at: lives })).status, 503);
    const why = /another still works on this flow/;
    await until(`the log has ${why}`, () => why.test(lives.log));
    assert.doesNotMatch(lives.log, /no answer in time|no time is left/);
    await own.alterStore('update nodes set seen_at = 1'); // both; the one that lives reports again
    assert.equal((await own.callback(url, { at: lives })).result.error, 'server_error');
});
