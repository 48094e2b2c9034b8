// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL brings with it: moving up to it, and losing it. Needs $CALDOCK_TEST_POSTGRES;
// the one that is lost is a cluster of this suite's own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ACCOUNTS, SOURCES, World } from './lib/world.mjs';

const script = fileURLToPath(new URL('../../script/postgres', import.meta.url));
const run = promisify(execFile);
const SQLITE = 'sqlite:caldock.db';
const BACK_MS = 5000;

async function inWorld(options, body) {
    const world = await World.open(options);
    try {
        await body(world);
    } finally {
        await world.close();
    }
}

test('store copy moves a running service up to PostgreSQL, and back', () =>
    inWorld({ settings: { store: { url: SQLITE } } }, async (world) => {
        const { caldock, schema } = world;
        for (const code of Object.keys(SOURCES)) await world.connected(code);
        const accounts = await world.accounts();
        await caldock.stop();
        const rows = JSON.parse(await caldock.run('store', 'copy', SQLITE, schema.url, '--json'));
        assert.equal(rows.find(({ name }) => name === 'accounts').rows, 2);
        assert.equal(rows.find(({ name }) => name === 'grants').rows, 2);
        await caldock.configure({ store: { url: schema.url } });
        await caldock.start();
        assert.deepEqual(await world.accounts(), accounts);
        await world.clear(); // shows the source a refresh token that opened
        const id = await world.connected('GOOG');
        assert.ok(accounts.every((account) => id > account.id), 'no id twice');
        await caldock.stop();
        await caldock.run('store', 'copy', schema.url, 'sqlite:back.db');
        await caldock.configure({ store: { url: 'sqlite:back.db' } });
        await caldock.start();
        assert.deepEqual((await world.accounts()).map((account) => account.id), [id]);
    }));

test('store copy that fails leaves the target as it was, and says why', () =>
    inWorld({ settings: { store: { url: SQLITE } } }, async (world) => {
        const { caldock, schema, folder } = world;
        await world.connected('GOOG');
        await caldock.stop();
        const copy = (from = SQLITE, to = schema.url) => caldock.command('store', 'copy', from, to);
        const keys = path.join(caldock.folder, 'caldock.keys');
        await copyFile(keys, path.join(folder, 'keys'));
        await inWorld({ serve: false }, (other) =>
            copyFile(path.join(other.caldock.folder, 'caldock.keys'), keys),
        );
        const wrongKey = await copy();
        assert.equal(wrongKey.code, 1);
        assert.match(wrongKey.stderr, /key file/);
        assert.ok(!(await schema.bytes()).includes('alice@example.com'));
        await copyFile(path.join(folder, 'keys'), keys);
        assert.equal((await copy()).code, 0);
        const twice = await copy();
        assert.equal(twice.code, 1);
        assert.match(twice.stderr, /holds data/);
        assert.equal((await copy('sqlite:none.db')).code, 1);
        assert.equal((await copy('nonsense')).code, 2);
    }));

// Flows, one after the other, by people that nobody else is → the accounts that they were told.
async function flowsUntil(world, person, isOver) {
    const told = [];
    while (!isOver()) {
        const email = `${person}-${told.length}@example.com`;
        const { people } = world.standin('GOOG').source;
        people.push({ sub: `${person}-${told.length}`, email, name: email });
        const uri = await world.initiate('GOOG').catch(() => null);
        if (!uri) continue;
        const { result } = await world.callback(await world.consent('GOOG', uri, { account: email }));
        if (result?.success === '1') told.push(Number(result.account));
    }
    return told;
}

// Lists, one after the other → the statuses that there were.
async function listsUntil(world, isOver) {
    const statuses = new Set();
    while (!isOver()) {
        const { status, headers, body } = await world.ask(ACCOUNTS);
        statuses.add(status);
        if (status === 503) assert.match(headers['retry-after'], /^[1-9]\d*$/);
        else assert.ok(Array.isArray(body.results));
    }
    return statuses;
}

test('PostgreSQL ends and comes back under load: 503 meanwhile, nothing lost', async () => {
    const cluster = await mkdtemp(path.join(os.tmpdir(), 'caldock-pg-'));
    try {
        const { stdout } = await run(script, ['start', cluster]);
        await inWorld({ settings: { store: { url: stdout.trim() } } }, async (world) => {
            let isOver = false;
            const load = (body) => Array.from({ length: 4 }, (_, i) => body(i));
            const flows = load((i) => flowsUntil(world, `p${i}`, () => isOver));
            const lists = load(() => listsUntil(world, () => isOver));
            await sleep(1000);
            await run(script, ['crash', cluster]);
            while ((await world.ask('/readyz', { token: null })).status !== 503) await sleep(20);
            await sleep(500);
            await run(script, ['start', cluster]);
            const began = Date.now();
            while ((await world.ask(ACCOUNTS)).status !== 200) await sleep(20);
            assert.ok(Date.now() - began < BACK_MS);
            await sleep(1000);
            isOver = true;
            for (const statuses of await Promise.all(lists)) {
                assert.deepEqual([...statuses].sort(), [200, 503]);
            }
            const told = (await Promise.all(flows)).flat();
            assert.ok(told.length > 0);
            for (const id of told) {
                assert.equal((await world.ask(`${ACCOUNTS}/${id}`)).status, 200, `account ${id}`);
            }
        });
    } finally {
        await run(script, ['stop', cluster]);
    }
});
