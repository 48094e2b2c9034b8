// SPDX-License-Identifier: Apache-2.0
// A source that hangs stops nothing else. Nothing here is measured by a clock: while more calls
// wait for it than there are workers, everything else is answered before any of them is.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { goodClaims, makeJwt } from './lib/jwt.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World } from './lib/world.mjs';

const MANY = 150;
const AT_LEAST = 16; // calls that reach the source, before its share of the workers is used up
const NEVER = { timeout: '600s', total_timeout: '600s' };
const OTHER = { GOOG: 'MSFT', MSFT: 'GOOG' };

async function open(t) {
    const settings = { oauth: NEVER, server: { shutdown_timeout: '1s' } };
    const world = await World.open({ settings });
    t.after(() => world.close());
    const isReady = async () => (await world.ask('/readyz', { token: null })).status === 200;
    await until('it is ready', isReady);
    return world;
}

// Makes MANY calls wait for a source → {answered: how many of them were answered}. A call for which
// there is no room is refused with 503 at once, and doesn't count.
async function hang(world, code, path, ask) {
    const count = { answered: 0 };
    world.control(code).fault({ path, times: MANY, hang: true });
    for (let i = 0; i < MANY; i++) {
        ask(i).then(
            ({ status }) => {
                if (status !== 503) count.answered++;
            },
            () => {}, // cut off, when all is over
        );
    }
    let before = -1;
    let seen = 0;
    await until(`${AT_LEAST} calls hang, and no more come`, async () => {
        await sleep(200);
        before = seen;
        seen = world.control(code).requests(path).length;
        return seen >= AT_LEAST && seen === before;
    });
    return count;
}

// Asks for everything else: each call is answered, and none of those that wait has been.
async function othersGoOn(world, code, id, count) {
    const statuses = async (target, options) => (await world.ask(target, options)).status;
    for (const target of ['/readyz', '/healthz']) {
        assert.equal(await statuses(target, { token: null }), 200, target);
    }
    assert.equal(await statuses(ACCOUNTS), 200);
    assert.equal(await statuses(`${ACCOUNTS}/${id}`), 200);
    const other = await world.connected(OTHER[code]);
    assert.equal(await statuses(`${ACCOUNTS}/${other}/calendars`), 200);
    assert.equal(await statuses(`${ACCOUNTS}/${other}`, { method: 'DELETE' }), 204);
    assert.equal(count.answered, 0);
}

for (const code of Object.keys(SOURCES)) {
    test(`${code} hangs in ${MANY} callbacks: everything else is answered`, async (t) => {
        const world = await open(t);
        const id = await world.connected(code);
        const urls = [];
        while (urls.length < MANY)
            urls.push(
                await world.consent(code, await world.initiate(code), {
                    account: SOURCES[code].person,
                }),
            );
        world.control(code).log.length = 0;
        const count = await hang(world, code, SOURCES[code].token, (i) => world.callback(urls[i]));
        await othersGoOn(world, code, id, count);
    });

    test(`${code} hangs in ${MANY} lists of calendars: everything else is answered`, async (t) => {
        const world = await open(t);
        const id = await world.connected(code);
        world.control(code).log.length = 0;
        const list = () => world.ask(`${ACCOUNTS}/${id}/calendars`);
        const count = await hang(world, code, SOURCES[code].calendars, list);
        await othersGoOn(world, code, id, count);
    });
}

// So many accounts at that source, each of another person → their ids
async function connectMany(world, code, n) {
    const ids = [];
    while (ids.length < n) {
        ids.push(await world.connected(code, { account: world.newPerson(code) }));
    }
    return ids;
}

const DUE = 24; // several times what is refreshed at once at one source

for (const code of Object.keys(SOURCES)) {
    test(`${code} hangs with ${DUE} due grants: all of the other source are refreshed`, async (t) => {
        const world = await open(t);
        await connectMany(world, code, DUE);
        await connectMany(world, OTHER[code], DUE);
        const hang = { path: SOURCES[code].token, times: DUE, hang: true, perhaps: true };
        world.control(code).fault(hang);
        await world.alterStore('update grants set due_at = 1');
        const others = world.control(OTHER[code]);
        await until('all of the other are refreshed', () => others.refreshes >= DUE);
        assert.equal(world.control(code).refreshes, 4, 'so many hang, and more only later');
        const due = () => world.queryStore('select count(*) from grants where due_at = 1');
        await until('all of the other are stored', async () => (await due()) === String(DUE));
    });
}

test(`${DUE} revocations were tried in vain and hang: a fresh one is tried at once`, async (t) => {
    const world = await open(t);
    const google = world.control('GOOG');
    const remove = async (id) => (await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' })).status;
    const ids = await connectMany(world, 'GOOG', DUE);
    const fresh = await world.connected('GOOG');
    const left = (where) => world.queryStore(`select count(*) from revocations where ${where}`);
    google.fault({ path: '/revoke', status: 503, times: 1000, perhaps: true });
    for (const id of ids) assert.equal(await remove(id), 204);
    await until('all were tried once', async () => {
        await world.alterStore(
            'update revocations set next_at = 9000000000000 where attempts > 0',
        );
        return (await left('attempts > 0 and next_at = 9000000000000')) === String(DUE);
    });
    google.faults.clear();
    google.fault({ path: '/revoke', times: 2, hang: true }); // all that work on the backlog
    await world.alterStore('update revocations set next_at = 1');
    await until('both hang', () => google.faults.pending === 0);
    const revoked = google.next('/revoke');
    assert.equal(await remove(fresh), 204);
    assert.equal((await revoked).status, 200);
    assert.equal(await left('attempts > 0'), String(DUE));
});

// A server that accepts and says nothing → {url, asked: how many connections, close()}
async function silence() {
    const sockets = [];
    const server = net.createServer((socket) => sockets.push(socket.on('error', () => {})));
    await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
    return {
        url: `http://127.0.0.1:${server.address().port}/jwks`,
        get asked() {
            return sockets.length;
        },
        close() {
            for (const socket of sockets) socket.destroy();
            server.close();
        },
    };
}

test('key URLs hang for tokens of strangers: API tokens are loaded all the same', async (t) => {
    const ISSUERS = 3; // more than there are workers that load credentials
    const EACH = 20;
    const urls = [];
    const settings = {};
    for (let i = 0; i < ISSUERS; i++) {
        urls.push(await silence());
        settings[`jwt i${i}`] = {
            issuer: `https://i${i}.example`,
            audience: 'caldock',
            providers: '1',
            jwks_url: urls[i].url,
        };
    }
    t.after(() => urls.forEach((url) => url.close()));
    const world = await World.open({ settings });
    t.after(() => world.close());
    const statuses = [];
    const answers = [];
    for (let n = 0; n < EACH; n++) {
        for (let i = 0; i < ISSUERS; i++) {
            const claims = goodClaims({ iss: `https://i${i}.example`, jti: `${n}` });
            const forged = makeJwt({ key: 'x', claims, header: { alg: 'HS256' } }).split('.');
            const head = Buffer.from('{"alg":"RS256","kid":"k"}').toString('base64url');
            const jwt = `${head}.${forged[1]}.${Buffer.alloc(256).toString('base64url')}`;
            const headers = { authorization: `JWT ${jwt}` };
            const ask = world.ask(ACCOUNTS, { token: null, headers });
            answers.push(ask.then(({ status }) => statuses.push(status)));
        }
    }
    const fetches = () => urls.reduce((sum, url) => sum + url.asked, 0);
    await until('two URLs are asked', () => fetches() >= 2);
    assert.equal((await world.ask(ACCOUNTS)).status, 200);
    const waiting = answers.length - statuses.length;
    assert.ok(waiting >= fetches(), `${waiting} still wait for ${fetches()} fetches`);
    await Promise.all(answers);
    assert.deepEqual([...new Set(statuses)], [503]);
    for (const url of urls) assert.equal(url.asked, 1, 'each URL was asked once');
});

// Longer than a node may go on without a word to the others, 10 seconds.
const LOCKED_MS = 13000;

test('a program that holds the write lock of a SQLite store takes down writes alone', async (t) => {
    const world = await World.open();
    t.after(() => world.close());
    if (world.schema) return;
    const id = await world.connected('GOOG');
    const program =
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute('begin immediate'); print(1, flush=True); sys.stdin.read()";
    const holder = spawn('python3', ['-c', program, path.join(world.caldock.folder, 'caldock.db')]);
    await once(holder.stdout, 'data');
    const end = Date.now() + LOCKED_MS;
    while (Date.now() < end) {
        for (const target of ['/readyz', `${ACCOUNTS}/${id}`]) {
            const { status, text } = await world.ask(target);
            assert.equal(status, 200, `${target}: ${text}`);
        }
        await sleep(100);
    }
    holder.stdin.end();
    assert.equal((await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' })).status, 204);
});
