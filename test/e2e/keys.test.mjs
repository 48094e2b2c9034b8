// SPDX-License-Identifier: Apache-2.0
// Changing keys (docs/keys.md; ADR 16): on one node while it serves, and on three that share
// a PostgreSQL ($CALDOCK_TEST_POSTGRES) and whose key files an operator copies.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true, for a rotation that is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, copyFile, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World } from './lib/world.mjs';

const CRASH_BINARY = process.env.CALDOCK_CRASH_BIN;
const POSTGRES = process.env.CALDOCK_TEST_POSTGRES;
const BATCH = 100; // LIMIT_STEP_ROWS

process.setMaxListeners(0); // of the nodes of many worlds, that they end with it

async function inWorld(options, body) {
    const world = await World.open(options);
    try {
        await body(world);
    } finally {
        for (const { keys } of world.nodes) {
            for (const [, key] of (await readFile(keys, 'utf8')).matchAll(/^key \w+ (\S+)/gm)) {
                world.secrets.add(key);
            }
        }
        await world.close();
    }
}

// Copies a file as docs/keys.md wants it: a node that finds the file finds all of it.
async function bring(from, to, mode = 0o600) {
    await copyFile(from, `${to}.brought`);
    await chmod(`${to}.brought`, mode);
    await rename(`${to}.brought`, to);
}

const list = async (node) => JSON.parse(await node.run('keys', 'list', '--json'));
const find = async (node, id) => (await list(node)).find((key) => key.id === id);
const sealing = async (node) => (await list(node)).find(({ state }) => state === 'sealing').id;
const read = (world, id, at) => world.ask(`${ACCOUNTS}/${id}/calendars`, { at });
const isReady = async (world, at) =>
    (await world.ask('/readyz', { at, token: null })).status === 200;

// A command that is refused, and says what to do.
async function refused(node, pattern, ...args) {
    const { code, stdout, stderr } = await node.command('keys', ...args);
    assert.deepEqual([code, stdout], [1, ''], stderr);
    assert.match(stderr, pattern);
}

// Uses a key as an operator does, who waits until the nodes have loaded it.
async function use(node, id) {
    await until(
        `${id} can be used`,
        async () => (await node.command('keys', 'use', id)).code === 0,
    );
}

const sealsEverywhere = (world, id) =>
    until(`${id} seals everywhere`, () =>
        world.nodes.every(({ log }) => log.includes(`event="keys.sealing" id="${id}"`)),
    );

// Makes it look as if all flows that the key sealed were over.
const endFlows = (world, id) =>
    world.alterStore(`update keys set flows_until = 1 where id = ${Number.parseInt(id, 16)}`);

// Connects people whom no other test has → their accounts.
async function connectMany(world, n) {
    const { people } = world.standin('GOOG').source;
    const ids = [];
    for (let i = 1; i <= n; i++) {
        const email = `many${i}@example.com`;
        people.push({ sub: `many${i}`, email, name: `Many ${i}` });
        ids.push(await world.connected('GOOG', { account: email }));
    }
    return ids;
}

// The load: everything that applications and people do, all the time, on all nodes. Nothing of it
// may fail.
class Load {
    #isOver = false;
    #rounds = 0;

    constructor(world, ids) {
        this.work = Promise.all([this.#flows(world), this.#reads(world, ids)]);
        this.work.catch(() => {});
    }

    async #flows(world) {
        const { person: account } = SOURCES.MSFT;
        for (let i = 0; !this.#isOver; i++) {
            const [at, next] = [i, i + 1].map((n) => world.nodes[n % world.nodes.length]);
            const uri = await world.initiate('MSFT', { at });
            const url = await world.consent('MSFT', uri, { account });
            const { result, text } = await world.callback(url, { at: next });
            assert.equal(result?.success, '1', JSON.stringify(result) + text);
            this.#rounds++;
        }
    }

    async #reads(world, ids) {
        for (let i = 0; !this.#isOver; i++) {
            if (i % 10 === 0) world.control('GOOG').expire(); // so that refreshes come in between
            const at = world.nodes[i % world.nodes.length];
            const { status, text } = await read(world, ids[i % ids.length], at);
            assert.equal(status, 200, text);
        }
    }

    async end() {
        const before = this.#rounds;
        await Promise.race([this.work, until('the load goes on', () => this.#rounds > before + 1)]);
        this.#isOver = true;
        await this.work;
    }
}

test('one node: another key, everything sealed anew, the old one dropped, while it serves', () =>
    inWorld({}, async (world) => {
        const { caldock } = world;
        const [rested, ...ids] = await connectMany(world, 4); // that one isn't used meanwhile
        const first = await sealing(caldock);
        const load = new Load(world, ids);
        const uri = await world.initiate('MSFT');
        const second = await caldock.run('keys', 'add');
        assert.match(second, /^[0-9a-f]{8}$/);
        await use(caldock, second);
        await sealsEverywhere(world, second);
        await refused(caldock, /caldock keys rotate/, 'drop', first);
        await refused(caldock, /caldock keys use/, 'drop', second);
        const account = SOURCES.MSFT.other;
        const flow = await world.callback(await world.consent('MSFT', uri, { account }));
        assert.equal(flow.result?.success, '1', 'a flow that the old key sealed');
        const rotated = await caldock.command('keys', 'rotate');
        assert.equal(rotated.code, 0, rotated.stderr);
        assert.match(rotated.stderr, /sealed anew: \d+ of \d+/);
        const { state, grants, revocations } = await find(caldock, first);
        assert.deepEqual([state, grants, revocations], ['reading', 0, 0]);
        await refused(caldock, /may be open until \d{4}-/, 'drop', first);
        await endFlows(world, first);
        await caldock.run('keys', 'drop', first);
        assert.deepEqual(
            (await list(caldock)).map(({ id }) => id),
            [second],
        );
        assert.ok(!(await readFile(caldock.keys, 'utf8')).includes(first));
        await until('the node has let it go', async () => {
            const [key] = await list(caldock);
            return key.loaded_by.length === 1 && caldock.log.match(/event="keys.reloaded"/g).length === 2;
        });
        await load.end();
        await caldock.stop();
        assert.deepEqual((await find(caldock, second)).loaded_by, []);
        await caldock.start();
        for (const id of [rested, ...ids]) assert.equal((await read(world, id)).status, 200);
    }));

test('a rotation that is killed goes on where it was', { skip: !CRASH_BINARY }, () =>
    inWorld({ binary: CRASH_BINARY }, async (world) => {
        const { caldock } = world;
        const ids = await connectMany(world, BATCH + 2);
        const first = await sealing(caldock);
        const second = await caldock.run('keys', 'add');
        await use(caldock, second);
        const args = ['keys', 'rotate', '--config', caldock.config];
        const env = { ...process.env, CALDOCK_CRASH_AT: 'rotate.after_batch' };
        const child = spawn(CRASH_BINARY, args, { cwd: caldock.folder, env, stdio: 'ignore' });
        const signal = await new Promise((resolve) => child.on('exit', (_, name) => resolve(name)));
        assert.equal(signal, 'SIGKILL');
        assert.equal((await find(caldock, first)).grants, 2);
        assert.equal((await find(caldock, second)).grants, BATCH);
        await caldock.run('keys', 'rotate');
        assert.equal((await find(caldock, first)).grants, 0);
        assert.equal((await find(caldock, second)).grants, BATCH + 2);
        for (const id of ids) assert.equal((await read(world, id)).status, 200);
    }),
);

test('a record that was moved to another account does not open, and is not sealed anew', () =>
    inWorld({}, async (world) => {
        const { caldock } = world;
        const [one, two] = await connectMany(world, 2);
        await world.alterStore(
            `update grants set sealed = (select sealed from grants where account = ${one})` +
                ` where account = ${two}`,
        );
        await use(caldock, await caldock.run('keys', 'add'));
        await refused(caldock, new RegExp(`account ${two} doesn't open`), 'rotate');
        assert.equal((await read(world, one)).status, 200);
        assert.equal((await read(world, two)).status, 409);
        const { body } = await world.ask(`${ACCOUNTS}/${two}`);
        assert.deepEqual(
            [body.status, body.status_reason],
            ['needs_reconnect', 'grant_unreadable'],
        );
    }));

test('a key file without a key that is needed: no start, and no harm to who serves', () =>
    inWorld({}, async (world) => {
        const { caldock, folder } = world;
        const [id] = await connectMany(world, 1);
        const before = path.join(folder, 'before.keys');
        const after = path.join(folder, 'after.keys');
        await copyFile(caldock.keys, before);
        const [first, second] = [await sealing(caldock), await caldock.run('keys', 'add')];
        await copyFile(caldock.keys, after);
        await use(caldock, second);
        await caldock.run('keys', 'rotate');
        await copyFile(before, caldock.keys);
        await until('it is refused', () => caldock.log.includes('keys.refused'));
        assert.equal((await read(world, id)).status, 200);
        await caldock.stop();
        const refusal = new RegExp(`key ${second}.*not in the key file`);
        await assert.rejects(caldock.start({}, { ends: { code: 1 } }), refusal);
        await refused(caldock, /copy the file from a node that has it/, 'list');
        await copyFile(after, caldock.keys);
        await caldock.start();
        assert.equal((await read(world, id)).status, 200);
        await refused(caldock, /caldock keys list/, 'use', 'ffffffff');
        await refused(caldock, /caldock keys list/, 'drop', 'ffffffff');
        assert.equal((await caldock.command('keys', 'use', 'FFFFFFFF')).code, 2);
        await caldock.run('keys', 'use', first); // and back again
        assert.equal(await sealing(caldock), first);
    }));

test('adding at once loses no key', () =>
    inWorld({ provider: false }, async (world) => {
        const { caldock } = world;
        const added = await Promise.all(
            Array.from({ length: 5 }, async (_, i) =>
                i % 2
                    ? caldock.run('keys', 'add')
                    : JSON.parse(await caldock.run('keys', 'add', '--json')).id,
            ),
        );
        const all = await list(caldock);
        assert.equal(all.length, 6);
        assert.ok(added.every((id) => all.some((key) => key.id === id)));
        assert.deepEqual(
            all.map(({ state }) => state),
            ['sealing', ...added.map(() => 'reading')],
        );
    }));

test(
    'three nodes: the file goes to one after the other, and none seals before all have it',
    { skip: !POSTGRES },
    () =>
        inWorld({ nodes: 3 }, async (world) => {
            const [one, two, three] = world.nodes;
            const ids = await connectMany(world, BATCH + 2);
            const first = await sealing(one);
            const load = new Load(world, ids);
            const second = await one.run('keys', 'add');
            await until(
                'the first has it',
                async () => (await find(one, second)).loaded_by.length === 1,
            );
            assert.equal((await find(one, second)).missing_on.length, 2);
            await refused(one, /hasn't loaded the key.*copy the key file/, 'use', second);
            await bring(one.keys, two.keys, 0o644);
            await until('it is refused', () => /event="keys.refused"/.test(two.log));
            await chmod(two.keys, 0o600); // as the refusal says
            await until(
                'the second has it',
                async () => (await find(one, second)).loaded_by.length === 2,
            );
            await refused(two, /hasn't loaded the key/, 'use', second);
            await refused(three, /not in .*caldock\.keys/, 'use', second);
            await bring(one.keys, three.keys);
            await use(two, second);
            assert.equal(await sealing(three), second);
            await sealsEverywhere(world, second);
            await three.run('keys', 'rotate');
            await endFlows(world, first);
            await one.run('keys', 'drop', first);
            await refused(two, /was dropped.*caldock keys add/, 'use', first);
            for (const node of [two, three]) await bring(one.keys, node.keys);
            await until('all have let it go', () =>
                [two, three].every(({ log }) => log.match(/event="keys.reloaded"/g)?.length === 2),
            );
            await load.end();
            for (const id of ids) {
                for (const at of world.nodes) assert.equal((await read(world, id, at)).status, 200);
            }
        }),
);

test(
    'three nodes: one that missed a change serves again once it has the key',
    { skip: !POSTGRES },
    () =>
        inWorld({ nodes: 3 }, async (world) => {
            const [one, two, three] = world.nodes;
            const [id] = await connectMany(world, 1);
            const second = await one.run('keys', 'add');
            await bring(one.keys, two.keys);
            three.kill('SIGSTOP'); // so long that the others forget it
            await world.alterStore(
                `update nodes set seen_at = 0 where id = '${/node="([^"]+)"/.exec(three.log)[1]}'`,
            );
            await use(one, second);
            await one.run('keys', 'rotate');
            three.kill('SIGCONT');
            await until('it stops serving', async () => {
                const isOver = new RegExp(`service.unready.*${second}`).test(three.log);
                const { status } = await read(world, id, three);
                assert.ok([200, 503].includes(status), `status ${status}`);
                return isOver;
            });
            assert.equal(await isReady(world, three), false);
            assert.equal((await read(world, id, three)).status, 503);
            await bring(one.keys, three.keys);
            await until('it serves again', () => isReady(world, three));
            for (const at of world.nodes) assert.equal((await read(world, id, at)).status, 200);
        }),
);
