// SPDX-License-Identifier: Apache-2.0
// Long work beside a service that people use (ADR 32): keys rotate, the sweep, provider remove,
// over many rows, and a removal that is stopped. Nothing may be answered 503 meanwhile, on SQLite,
// where all share one lock, and on PostgreSQL ($CALDOCK_TEST_POSTGRES), where transactions collide.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true, for a removal that is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
    becomes,
    openWorld,
} from './lib/world.mjs';

const CRASH_BINARY = process.env.CALDOCK_CRASH_BIN;
// Fewer on PostgreSQL, where a row takes round trips and nobody else waits for them.
const FEW = process.env.CALDOCK_TEST_POSTGRES ? 5 : 1;
const ACCOUNTS_SEEDED = 20000 / FEW;
const REVOCATIONS_SEEDED = 5000 / FEW;
const FLOWS_SEEDED = 100000 / FEW;
const STEP = 100; // LIMIT_STEP_ROWS
const SWEEP = 500; // LIMIT_SWEEP_ROWS
const LOOK_MS = 250; // of a load balancer
const REST_MS = 50; // of a person between two flows: the load is a light one
const FAR = 253402300799999;

const world = await openWorld(test);
const { caldock } = world;

const count = async (of, at = world) => Number(await at.queryStore(`select count(*) from ${of}`));

// insert into … select … from s …, where s has i from 1 to n
const series = (n, insert, select, at = world, more = '') =>
    at.alterStore(
        `with recursive s (i) as (select 1 union all select i + 1 from s where i < ${n}) ` +
            `insert into ${insert} select ${select} from s ${more}`,
    );

const bytes = () =>
    world.schema ? `decode(lpad(to_hex(i), 8, '0'), 'hex')` : `cast(printf('%08x', i) as blob)`;

// Accounts of a provider, with grants that don't open: nothing is to revoke.
async function seedAccounts(provider, n, at = world) {
    const sealed = at.schema ? "decode('00', 'hex')" : "x'00'";
    const [{ id: key }] = JSON.parse(await at.caldock.run('keys', 'list', '--json'));
    await series(
        n,
        'accounts (provider, mode, user_id, source, subject, username, status, status_reason,' +
            ' status_since, connected_at)',
        `${provider}, 1, 'u' || i, 1, 'seeded' || i, 'x', 1, '', 1, 1`,
        at,
    );
    await at.alterStore(
        'insert into grants (account, version, key_id, sealed, due_at) ' +
            `select id, 1, ${Number.parseInt(key, 16)}, ${sealed}, ${FAR} from accounts ` +
            `where provider = ${provider} and username = 'x'`,
    );
}

// What people and a load balancer do all the while: every answer is counted by what it was.
class Load {
    #isOver = false;
    seen = new Map();

    constructor() {
        this.work = Promise.all([this.#flows(), this.#probes()]);
        this.work.catch(() => {});
    }

    #saw(what) {
        this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
    }

    async #flows() {
        const { person: account } = SOURCES.MSFT;
        while (!this.#isOver) {
            const body = { calendar_source: 'MSFT', redirect_uri: REDIRECT };
            const started = await world.post(INITIATE, body);
            this.#saw(`initiate ${started.status}`);
            if (started.status !== 200) continue;
            const url = await world.consent('MSFT', started.body.uri, { account });
            const { status, result } = await world.callback(url);
            this.#saw(`callback ${status} ${result?.error ?? result?.success}`);
            await sleep(REST_MS);
        }
    }

    async #probes() {
        while (!this.#isOver) {
            this.#saw(`readyz ${(await world.ask('/readyz', { token: null })).status}`);
            await sleep(LOOK_MS);
        }
    }

    async end() {
        this.#isOver = true;
        await this.work;
        assert.deepEqual(
            [...this.seen.keys()].sort(),
            ['callback 303 1', 'initiate 200', 'readyz 200'],
            JSON.stringify([...this.seen]),
        );
    }
}

async function underLoad(work) {
    const load = new Load();
    try {
        await work();
    } finally {
        await load.end();
    }
}

// Disconnects an account while nobody serves, and multiplies the revocation that waits.
async function seedRevocations(n) {
    const { person: account } = SOURCES.GOOG;
    const id = await world.connected('GOOG', { account });
    await caldock.stop();
    await caldock.run('account', 'remove', String(id));
    await world.alterStore(`update revocations set next_at = ${FAR}, give_up_at = ${FAR}`);
    await series(
        n - 1,
        'revocations (source, subject, key_id, sealed, next_at, give_up_at)',
        `source, subject, key_id, sealed, ${FAR}, ${FAR}`,
        world,
        ', revocations',
    );
    await caldock.start();
}

test('keys rotate beside a service: all is sealed anew, and no request is refused', async () => {
    await seedRevocations(REVOCATIONS_SEEDED);
    const key = await caldock.run('keys', 'add');
    await until('it is loaded', async () => (await caldock.command('keys', 'use', key)).code === 0);
    await underLoad(() => caldock.run('keys', 'rotate'));
    const id = Number.parseInt(key, 16);
    assert.equal(await count(`revocations where key_id <> ${id}`), 0);
    assert.equal(await count(`revocations where key_id = ${id}`), REVOCATIONS_SEEDED);
    await world.alterStore('delete from revocations');
});

test('a sweep beside requests: flows, leases and nodes that are over go, no others', async () => {
    await caldock.stop();
    const old = `'', 1, 'success', 1`;
    await series(
        FLOWS_SEEDED,
        'flows (id, owner, claimed_until, outcome, made_at)',
        `${bytes()}, ${old}`,
    );
    await series(SWEEP + 1, 'leases (name, owner, leased_until)', `'over' || i, 'x', 1`);
    await world.alterStore(
        `insert into leases (name, owner, leased_until) values ('kept', 'x', ${FAR})`,
    );
    await world.alterStore(
        "insert into nodes (id, host, keys, sealing, seen_at) values ('dead', 'h', '', 1, 1)",
    );
    await caldock.start();
    const over = async () =>
        (await count('flows where made_at = 1')) + (await count('leases where leased_until = 1'));
    await underLoad(() => until('the sweep is over', async () => (await over()) === 0));
    assert.equal(await count("nodes where id = 'dead'"), 0);
    assert.equal(await count("leases where name = 'kept'"), 1);
    assert.ok((await count('flows')) > 0, 'those of the load are young');
});

const initiated = (token) =>
    world
        .post(INITIATE, { calendar_source: 'GOOG', redirect_uri: REDIRECT }, { token })
        .then(({ status }) => status);

test('provider remove beside a service: stopped, run again, and nobody else is refused', async () => {
    await world.addProvider(2);
    const token = await world.addToken('--provider', '2');
    const account = SOURCES.GOOG.other;
    await world.connected('GOOG', { account, token });
    const revoked = world.control('GOOG').next('/revoke', 1);
    const uri = await world.initiate('GOOG', { token });
    await seedAccounts(2, ACCOUNTS_SEEDED);
    const refused = await caldock.command('provider', 'remove', '2');
    assert.match(refused.stderr, new RegExp(`has ${ACCOUNTS_SEEDED + 1} connected.*; --yes`));
    assert.equal(await initiated(token), 200);
    let isKnown; // to all threads of the service
    await underLoad(async () => {
        const args = ['provider', 'remove', '2', '--yes', '--config', caldock.config];
        const child = spawn(caldock.binary, args, { cwd: caldock.folder });
        const ended = once(child, 'exit');
        await once(child.stderr, 'data'); // it tells how far it is
        child.kill('SIGINT');
        assert.deepEqual(await ended, [null, 'SIGINT']);
        const left = await count('accounts where provider = 2');
        assert.ok(left > 0 && left < ACCOUNTS_SEEDED, `${left} are left`);
        assert.equal(await count(`grants where due_at = ${FAR}`), left);
        const providers = JSON.parse(await caldock.run('provider', 'list', '--json'));
        assert.match(providers.find(({ id }) => id === 2).removed_at, /^20/);
        // While it is going: no token, no flow that starts, none that ends.
        await becomes(async () => (await initiated(token)) !== 200, true);
        isKnown = sleep(PROMISE_MS);
        const callback = await world.callback(await world.consent('GOOG', uri, { account }));
        assert.equal(callback.status, 400);
        for (const command of [
            ['provider', 'add', '2', '--name', 'Two'],
            ['provider', 'set', '2', '--name', 'Two'],
        ]) {
            const { code, stderr } = await caldock.command(...command);
            assert.equal(code, 1);
            assert.match(stderr, /being removed; `caldock provider remove 2 --yes` goes on/);
        }
        await caldock.run('provider', 'remove', '2', '--yes');
    });
    await revoked; // the one grant that opened
    await isKnown;
    assert.equal(await count('accounts where provider = 2'), 0);
    assert.equal(await count('providers where id = 2'), 0);
    assert.equal(await count('token_providers where provider = 2'), 0);
    assert.notEqual(await initiated(token), 200);
    await world.addProvider(2); // nothing of the old one comes back
    assert.notEqual(await initiated(token), 200);
    assert.equal((await caldock.command('provider', 'remove', '2')).code, 0);
});

test('a removal that is killed goes on where it was', { skip: !CRASH_BINARY }, async () => {
    const own = await World.open({ binary: CRASH_BINARY, serve: false });
    const { caldock: node } = own;
    const remove = ['provider', 'remove', '1', '--yes'];
    const killed = async (point) => {
        const env = { ...process.env, CALDOCK_CRASH_AT: point };
        const args = [...remove, '--config', node.config];
        const child = spawn(CRASH_BINARY, args, { cwd: node.folder, env, stdio: 'ignore' });
        assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
        return [await count('accounts', own), await count('grants', own)];
    };
    try {
        await seedAccounts(1, STEP + 1, own);
        assert.deepEqual(await killed('remove.after_mark'), [STEP + 1, STEP + 1]);
        assert.deepEqual(await killed('remove.after_step'), [1, 1]);
        await node.run(...remove);
        assert.equal(await count('providers', own), 0);
    } finally {
        await own.close();
    }
});
