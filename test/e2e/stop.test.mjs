// SPDX-License-Identifier: Apache-2.0
// Stopping a process that is busy: it ends with status 0 and in time, whatever a source or the
// database does meanwhile, and nothing that was due is lost.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Cluster } from './lib/postgres.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World } from './lib/world.mjs';

// libcurl notices the end within a second; half of this time is for that and for the answers.
const SHUTDOWN_MS = 4000;
const IN_TIME_MS = SHUTDOWN_MS + 4000; // with what a sanitizer takes
const MANY = 20;
// No call to a source ends by itself.
const settings = {
    server: { shutdown_timeout: `${SHUTDOWN_MS / 1000}s` },
    oauth: { timeout: '600s', total_timeout: '600s' },
};

function inWorld(name, body, options = {}) {
    test(name, async (t) => {
        const world = await World.open({ settings, ...options });
        t.after(() => world.close());
        await body(world);
    });
}

async function stopsInTime({ caldock }) {
    const began = performance.now();
    assert.deepEqual(await caldock.stop(), { code: 0, signal: null });
    const took = Math.round(performance.now() - began);
    assert.ok(took < IN_TIME_MS, `it took ${took} ms`);
}

// So many accounts at Google, each of another person.
async function connectMany(world, n) {
    const ids = [];
    while (ids.length < n) {
        ids.push(await world.connected('GOOG', { account: world.newPerson('GOOG') }));
    }
    return ids;
}

async function disconnect(world, id) {
    const { status } = await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' });
    assert.equal(status, 204);
}

const happened = ({ faults }) => faults.pending === 0;

// How many refresh tokens Google has revoked.
function revoked(world) {
    const requests = world.control('GOOG').requests('/revoke');
    const done = requests.filter(({ status, form }) => status === 200 && form);
    return new Set(done.map(({ form }) => form.token)).size;
}

inWorld('while a revocation hangs, and more are due', async (world) => {
    const [first, ...rest] = await connectMany(world, MANY);
    const google = world.control('GOOG');
    google.fault({ path: '/revoke', hang: true });
    await disconnect(world, first);
    await until('one hangs', () => happened(google));
    for (const id of rest) await disconnect(world, id);
    await stopsInTime(world);
    const given = "attempts = 0 and owner = ''";
    const spent = await world.queryStore(`select count(*) from revocations where not (${given})`);
    assert.equal(spent, '0', 'a stop is no failed attempt');
    await world.caldock.start();
    await until('all are revoked', () => revoked(world) === MANY);
});

inWorld('right after many disconnections', async (world) => {
    const ids = await connectMany(world, MANY);
    world.control('GOOG').fault({ path: '/revoke', times: MANY, delay: 100 });
    await Promise.all(ids.map((id) => disconnect(world, id)));
    await stopsInTime(world);
    world.control('GOOG').faults.clear();
    await world.caldock.start();
    await until('all are revoked', () => revoked(world) === MANY);
});

for (const code of Object.keys(SOURCES)) {
    inWorld(`${code}: while refreshes in the background hang, and more are due`, async (world) => {
        const control = world.control(code);
        for (let i = 0; i < MANY; i++) {
            await world.connected(code, { account: world.newPerson(code) });
        }
        const hang = { path: SOURCES[code].token, times: MANY, hang: true, perhaps: true };
        control.fault(hang);
        await world.alterStore('update grants set due_at = 1');
        await until('one hangs', () => control.refreshes > 0);
        await stopsInTime(world);
        const given = "failures = 0 and retry_at = 0 and due_at = 1 and leased_by = ''";
        const spent = await world.queryStore(`select count(*) from grants where not (${given})`);
        assert.equal(spent, '0', 'a stop is no failed attempt');
        control.faults.clear();
        await world.caldock.start();
        const first = () => world.queryStore('select min(due_at) from grants');
        await until('all are refreshed', async () => (await first()) > 1);
    });

    inWorld(`${code}: while many wait for calendars that never come`, async (world) => {
        const id = await world.connected(code);
        const control = world.control(code);
        control.fault({ path: SOURCES[code].calendars, times: MANY, hang: true });
        const lists = Array.from({ length: MANY }, () =>
            world.ask(`${ACCOUNTS}/${id}/calendars`).then(
                ({ status }) => status,
                () => 'cut off',
            ),
        );
        await until('all hang', () => happened(control));
        await stopsInTime(world);
        for (const status of await Promise.all(lists)) {
            assert.ok([502, 503, 504].includes(status), `a call was answered with ${status}`);
        }
    });
}

// As a client asks that would keep the connection.
function lasting(t, world) {
    const agent = new http.Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    return (path) => world.ask(path, { token: null, agent });
}

test('a stop with a delay: unready, and told by each answer, while it still serves', async (t) => {
    const world = await World.open({
        settings: { server: { shutdown_delay: '600s' } },
        provider: false,
    });
    t.after(() => world.close());
    const ask = lasting(t, world);
    assert.equal((await ask('/readyz')).headers.connection, undefined);
    world.caldock.kill('SIGTERM');
    const told = await until('unready', async () => {
        const answer = await ask('/readyz');
        return answer.status === 503 && answer;
    });
    const { status, draining } = told.body;
    assert.deepEqual({ status, draining }, { status: 'unavailable', draining: true });
    assert.equal(told.headers.connection, 'close');
    const paths = ['/healthz', '/api/v2/openapi.json', ACCOUNTS];
    const answers = await Promise.all(paths.map(ask));
    const shown = answers.map(({ status, headers }) => [status, headers.connection]);
    assert.deepEqual(shown, [
        [200, 'close'],
        [200, 'close'],
        [401, 'close'],
    ]);
    world.caldock.kill('SIGHUP'); // as ever
    await until('a reload', () => /\breloaded\b/.test(world.caldock.log));
    // By a handler of ours: the kernel keeps what has none from a container's first process.
    assert.deepEqual(await world.caldock.stop(), { code: 0, signal: null });
});

test('a stop with a delay ends by itself when it is over', async (t) => {
    const world = await World.open({ settings: { server: { shutdown_delay: '1s' } } });
    t.after(() => world.close());
    assert.deepEqual(await world.caldock.stop(), { code: 0, signal: null });
});

// Whether the process has a handler for SIGTERM (proc(5)): its signals are taken.
async function takesSignals({ process }) {
    const status = await readFile(`/proc/${process.pid}/status`, 'latin1');
    return (BigInt(`0x${/SigCgt:\t(\w+)/.exec(status)[1]}`) >> 14n) % 2n === 1n;
}

test('while the start waits for a store that is locked', async (t) => {
    if (process.env.CALDOCK_TEST_POSTGRES) return t.skip('SQLite alone has such a lock');
    const world = await World.open({ provider: false, serve: false });
    t.after(() => world.close());
    const { caldock } = world;
    await caldock.makeStore();
    const program =
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute('pragma locking_mode = exclusive'); d.execute('begin exclusive'); print(1, flush=True); sys.stdin.read()";
    const locker = spawn('python3', ['-c', program, path.join(caldock.folder, 'caldock.db')]);
    t.after(() => locker.kill());
    await once(locker.stdout, 'data');
    const starts = caldock.start({}, { ends: { code: 0 } }).catch(() => 'ended');
    await until('signals are taken', () => takesSignals(caldock));
    caldock.kill('SIGHUP');
    assert.deepEqual(await caldock.stop(), { code: 0, signal: null });
    assert.equal(await starts, 'ended');
});

test('while PostgreSQL is silent, also after a SIGHUP', async (t) => {
    if (!process.env.CALDOCK_TEST_POSTGRES) return t.skip('needs CALDOCK_TEST_POSTGRES');
    const cluster = await Cluster.create();
    t.after(() => cluster.thaw());
    const world = await World.open({ settings: { ...settings, store: { url: cluster.url } } });
    t.after(() => world.close());
    t.after(() => cluster.remove());
    await world.connected('GOOG');
    await cluster.freeze();
    const waiting = Array.from({ length: MANY }, () => world.ask(ACCOUNTS).catch(() => {}));
    world.caldock.kill('SIGHUP');
    await sleep(1500); // the reload asks the store, and so does each tick
    await stopsInTime(world);
    await Promise.all(waiting);
});
