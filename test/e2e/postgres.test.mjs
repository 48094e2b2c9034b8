// SPDX-License-Identifier: Apache-2.0
// Moving up to PostgreSQL, and losing it. Needs $CALDOCK_TEST_POSTGRES; the server that is lost is
// this suite's own.
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { Cluster } from './lib/postgres.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, API, SOURCES, World } from './lib/world.mjs';

const SQLITE = 'sqlite:caldock.db';
const SETTINGS = `${API}/staff_calendar_settings`;
const BACK_MS = 15000;
const LOAD = 4; // at once

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
        const { body: setting } = await world.post(SETTINGS, {
            calendar_source_account: accounts[0].id,
            calendar_source_calendar_id: 'primary',
            is_destination_for_teamup_events: false,
            is_source_for_busy_periods: false,
            time_zone: 'Europe/Berlin',
        });
        await caldock.stop();
        const rows = JSON.parse(await caldock.run('store', 'copy', SQLITE, schema.url, '--json'));
        assert.equal(rows.find(({ name }) => name === 'accounts').rows, 2);
        assert.equal(rows.find(({ name }) => name === 'grants').rows, 2);
        await caldock.configure({ store: { url: schema.url } });
        await caldock.start();
        assert.deepEqual(await world.accounts(), accounts);
        assert.deepEqual((await world.ask(SETTINGS)).body.results, [setting]);
        await world.clear(); // shows the source a refresh token that opened
        const id = await world.connected('GOOG');
        assert.ok(
            accounts.every((account) => id > account.id),
            'no id twice',
        );
        await caldock.stop();
        await caldock.run('store', 'copy', schema.url, 'sqlite:back.db');
        await caldock.configure({ store: { url: 'sqlite:back.db' } });
        await caldock.start();
        assert.deepEqual(
            (await world.accounts()).map((account) => account.id),
            [id],
        );
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

// Runs flows, one after the other, each by another person; adds the accounts that the redirects
// named to `told`.
async function flowsUntil(world, person, told, isOver) {
    for (let i = 0; !isOver(); i++) {
        const email = `${person}-${i}@example.com`;
        const { people } = world.standin('GOOG').source;
        people.push({ sub: `${person}-${i}`, email, name: email });
        const uri = await world.initiate('GOOG').catch(() => null);
        if (!uri) continue;
        const { result } = await world.callback(
            await world.consent('GOOG', uri, { account: email }),
        );
        if (result?.success === '1') told.push(Number(result.account));
    }
}

// Lists accounts, again and again; adds the statuses of the answers to `statuses`.
async function listsUntil(world, statuses, isOver) {
    while (!isOver()) {
        const { status, headers, body } = await world.ask(ACCOUNTS);
        if (status === 503) assert.match(headers['retry-after'], /^[1-9]\d*$/);
        else assert.ok(Array.isArray(body.results));
        statuses.add(status);
    }
}

test('PostgreSQL ends and comes back under load: 503 meanwhile, nothing lost', async () => {
    const cluster = await Cluster.create();
    try {
        await inWorld({ settings: { store: { url: cluster.url } } }, async (world) => {
            let isOver = false;
            const told = [];
            const seen = Array.from({ length: LOAD }, () => new Set());
            const work = seen.flatMap((statuses, i) => [
                flowsUntil(world, `p${i}`, told, () => isOver),
                listsUntil(world, statuses, () => isOver),
            ]);
            const flowsEnd = () => {
                const before = told.length;
                return until('flows end well', () => told.length >= before + LOAD);
            };
            const allSee = (status) =>
                until(`all see ${status}`, () => seen.every((statuses) => statuses.has(status)));
            try {
                await Promise.all([flowsEnd(), allSee(200)]);
                await cluster.crash();
                const readiness = () => world.ask('/readyz', { token: null });
                await until('it is away', async () => (await readiness()).status === 503);
                await allSee(503);
                await cluster.start();
                const began = Date.now();
                await until('it is back', async () => (await world.ask(ACCOUNTS)).status === 200);
                assert.ok(Date.now() - began < BACK_MS);
                await flowsEnd();
            } finally {
                isOver = true;
            }
            await Promise.all(work);
            for (const statuses of seen) assert.deepEqual([...statuses].sort(), [200, 503]);
            for (const id of told) {
                assert.equal((await world.ask(`${ACCOUNTS}/${id}`)).status, 200, `account ${id}`);
            }
        });
    } finally {
        await cluster.remove();
    }
});

test('PostgreSQL goes: one line says so, and not one for each kind of work', async () => {
    const cluster = await Cluster.create();
    try {
        await inWorld({ settings: { store: { url: cluster.url } } }, async ({ caldock }) => {
            const count = (event) => caldock.log.split(` event="${event}" `).length - 1;
            await cluster.crash();
            await until('it is away', () => count('service.unready') > 0);
            await cluster.start();
            await until('it is back', () => count('service.ready') > 1);
            const failed = count('chore.failed');
            await until('work goes on', () => count('chore.recovered') >= Math.min(failed, 1));
            assert.equal(count('store.away'), 1);
            assert.ok(failed <= 1, caldock.log);
        });
    } finally {
        await cluster.remove();
    }
});
