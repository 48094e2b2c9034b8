// SPDX-License-Identifier: Apache-2.0
// Upgrades: nodes of this Caldock serve under load while one of the release to come (test/next: with one
// migration more) reads, migrates and joins them; the way back; and what a schema does to those that
// can't work with it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { runToEnd } from '../../standin/caldock.mjs';
import { READS } from './lib/reads.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, BINARY, INITIATE, REDIRECT, World } from './lib/world.mjs';

const NEXT = process.env.CALDOCK_NEXT_BIN ?? path.join(path.dirname(BINARY), 'test/next/caldock_next');
const NODES = process.env.CALDOCK_TEST_POSTGRES ? 2 : 1;
const LEAST = 500; // requests during all of it

async function inWorld(t, options = {}) {
    const world = await World.open({ nodes: NODES, ...options });
    t.after(() => world.close());
    return world;
}

const next = (world, ...args) =>
    runToEnd(NEXT, [...args, '--config', world.caldock.config], { cwd: world.caldock.folder });

async function nextRuns(world, ...args) {
    const { code, stdout, stderr } = await next(world, ...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
}

const newest = async (world) =>
    Number(await world.queryStore('select max(version) from schema_steps'));

const readiness = (world, at) => world.ask('/readyz', { at, token: null });

// All nodes are asked all the time until stop() → what came, each status once.
function load(world) {
    const seen = new Map();
    let isOver = false;
    const asks = [
        (at) => readiness(world, at),
        (at) => world.ask(ACCOUNTS, { at }),
        (at) => world.post(INITIATE, { calendar_source: 'GOOG', redirect_uri: REDIRECT }, { at }),
    ];
    const run = async (at) => {
        for (let i = 0; !isOver; i++) {
            const status = await asks[i % asks.length](at).then((a) => a.status, String);
            seen.set(status, (seen.get(status) ?? 0) + 1);
        }
    };
    const runs = world.nodes.map((at) => run(at));
    return {
        count: () => [...seen.values()].reduce((sum, n) => sum + n, 0),
        stop: async () => {
            isOver = true;
            await Promise.all(runs);
            return [...seen.keys()];
        },
    };
}

test('a newer caldock reads, migrates and serves beside nodes under load, and they can be started again', async (t) => {
    const world = await inWorld(t);
    const account = await world.connected('GOOG');
    const version = await newest(world);
    const busy = load(world);
    for (const args of READS) await nextRuns(world, ...args);
    assert.equal(await newest(world), version); // none of them migrates
    const refused = await next(world, 'provider', 'set', '1', '--name', 'B');
    assert.equal(
        refused.stderr,
        `caldock: store: schema ${version}, this caldock knows ${version + 1}: caldock store migrate\n`,
    );
    const rows = JSON.parse(await nextRuns(world, 'store', 'migrate', '--json'));
    assert.deepEqual(rows, [{ number: version + 1, name: 'next', how: 'online', oldest: 12 }]);
    assert.deepEqual(JSON.parse(await nextRuns(world, 'store', 'migrate', '--json')), []);
    assert.equal(await newest(world), version + 1);
    await nextRuns(world, 'provider', 'set', '1', '--name', 'B');
    await world.caldock.run('provider', 'set', '1', '--name', 'C'); // the older one, too
    await until('there was load', () => busy.count() > LEAST);
    assert.deepEqual(await busy.stop(), [200]);
    await world.caldock.stop(); // forward, and back again
    for (const binary of [NEXT, BINARY]) {
        world.caldock.binary = binary;
        await world.caldock.start();
        const isReady = async () => (await readiness(world, world.caldock)).status === 200;
        await until('it is ready', isReady);
        assert.equal((await world.ask(`${ACCOUNTS}/${account}`)).status, 200);
        if (binary === NEXT) await world.caldock.stop();
    }
});

test('a schema that this caldock can not work with', async (t) => {
    const world = await inWorld(t);
    await world.connected('GOOG');
    await world.alterStore('insert into schema_steps values (9999, 0, 9999)');
    for (const at of world.nodes) {
        const answer = await until('it is noticed', async () => {
            const { status, body, headers } = await readiness(world, at);
            return status === 503 && { body, headers };
        });
        assert.deepEqual([answer.body.store, answer.body.schema], ['ok', 'schema_too_new']);
        assert.equal(answer.headers['retry-after'], '1');
        assert.equal((await world.ask(ACCOUNTS, { at })).status, 503);
    }
    const start = await world.caldock.command('serve');
    assert.deepEqual([start.code, /schema_too_new/.test(start.stderr)], [1, true]);
    await world.alterStore('delete from schema_steps where version = 9999');
    for (const at of world.nodes) {
        await until('it is ready', async () => (await readiness(world, at)).status === 200);
        const said = () => at.log.match(/event="service.ready"/g)?.length;
        await until('the log says so, after the start', () => said() === 2);
        assert.equal(at.log.match(/event="service.unready" reason="[^"]*schema_too_new/g).length, 1);
    }
});

test('migrate = manual: a start waits for the command, and goes on by itself', async (t) => {
    const world = await inWorld(t, { nodes: 1, provider: false, serve: false });
    const { caldock } = world;
    const store = { migrate: 'manual', ...(caldock.store && { url: caldock.store }) };
    await caldock.configure({ store });
    await caldock.start();
    assert.equal((await readiness(world, caldock)).status, 503);
    await until('the log says why', () =>
        /service.unready" reason="there is no store yet: caldock store migrate/.test(caldock.log),
    );
    await caldock.run('store', 'migrate');
    await until('it is ready', async () => (await readiness(world, caldock)).status === 200);
    await caldock.stop();
    caldock.binary = NEXT;
    await caldock.start();
    const { body } = await until('it knows why it waits', async () => {
        const answer = await readiness(world, caldock);
        return answer.body.schema !== 'ok' && answer;
    });
    assert.deepEqual([body.status, body.schema], ['unavailable', 'schema_too_old']);
    await nextRuns(world, 'store', 'migrate');
    await until('it is ready', async () => (await readiness(world, caldock)).status === 200);
});

// What is in the folder of the store: names, owners, and the bytes of the database.
async function look(folder) {
    const names = (await readdir(folder)).filter((name) => name.startsWith('caldock.db'));
    const rows = await Promise.all(
        names.sort().map(async (name) => {
            const { uid, gid, mode, ino } = await lstat(path.join(folder, name));
            const bytes = await readFile(path.join(folder, name));
            const sum = createHash('sha256').update(bytes).digest('hex');
            return [name, uid, gid, mode, ino, name.endsWith('-shm') ? '' : sum];
        }),
    );
    return rows;
}

const onSqlite = { skip: process.env.CALDOCK_TEST_POSTGRES ? 'there is no file' : false };

test('commands that read leave the folder as it is, stopped or killed', onSqlite, async (t) => {
    const world = await inWorld(t);
    const { caldock } = world;
    await world.connected('GOOG');
    for (const signal of ['SIGKILL', 'SIGTERM']) {
        await caldock.stop(signal);
        const before = await look(caldock.folder);
        assert.equal(before.length, signal === 'SIGKILL' ? 3 : 1);
        for (const args of READS) await nextRuns(world, ...args);
        assert.deepEqual(await look(caldock.folder), before);
        if (signal === 'SIGKILL') await caldock.start();
    }
});
