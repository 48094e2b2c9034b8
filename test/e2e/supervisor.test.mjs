// SPDX-License-Identifier: Apache-2.0
// Under a supervisor, as systemd is one: what it is told over a real socket, and listening on sockets
// that it has opened.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../standin/caldock.mjs';
import { ask } from '../../standin/wire.mjs';
import { askMetrics } from './lib/metrics.mjs';
import { until } from './lib/until.mjs';
import { BINARY, World } from './lib/world.mjs';

const script = (name) => fileURLToPath(new URL(`lib/${name}`, import.meta.url));

// What it hears at this name: [text], as it comes
async function listenAt(t, name) {
    const child = spawn('python3', [script('notified.py'), name], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill());
    const heard = [];
    const lines = readline.createInterface({ input: child.stdout });
    lines.on('line', (line) => heard.push(JSON.parse(line)));
    await until('it listens', () => heard.shift() === 'listening');
    return heard;
}

async function supervised(t, settings = {}) {
    const world = await World.open({ serve: false, provider: false, settings });
    t.after(() => world.close());
    return world;
}

const count = (heard, text) => heard.filter((one) => one === text).length;

for (const kind of ['a path', 'an abstract name'])
    test(`ready, reloading, stopping: told at ${kind}`, async (t) => {
        const { caldock } = await supervised(t);
        const place = path.join(caldock.folder, 'notify');
        const name = kind === 'a path' ? place : `@${place}`;
        const heard = await listenAt(t, name);
        await caldock.start({ NOTIFY_SOCKET: name });
        await until('serving', () => count(heard, 'STATUS=Serving') === 1);
        assert.equal(heard[0], 'READY=1');
        assert.match(caldock.log, /service\.confined.* calls="on"/);

        caldock.kill('SIGHUP');
        await until('ready again', () => count(heard, 'READY=1') === 2);
        const reloading = heard.filter((one) => one.startsWith('RELOADING'));
        assert.equal(reloading.length, 1);
        assert.match(reloading[0], /^RELOADING=1\nMONOTONIC_USEC=\d{6,}$/);
        assert.ok(heard.indexOf(reloading[0]) < heard.lastIndexOf('READY=1'));

        await writeFile(caldock.config, '[server]\nnonsense = 1\n');
        caldock.kill('SIGHUP');
        await until('ready as before', () => count(heard, 'READY=1') === 3);

        await caldock.stop();
        await until('stopping', () => heard.some((one) => one.startsWith('STOPPING=1\n')));
        assert.equal(count(heard, 'WATCHDOG=1'), 0);
    });

test('a watchdog hears again and again that the service lives', async (t) => {
    const { caldock } = await supervised(t);
    const name = path.join(caldock.folder, 'notify');
    const heard = await listenAt(t, name);
    await caldock.start({ NOTIFY_SOCKET: name, WATCHDOG_USEC: '400000' });
    await until('it lives', () => count(heard, 'WATCHDOG=1') >= 3);
});

test('a supervisor that has gone is said once, and hurts nobody', async (t) => {
    const { caldock } = await supervised(t);
    const nowhere = path.join(caldock.folder, 'nowhere');
    await caldock.start({ NOTIFY_SOCKET: nowhere, WATCHDOG_USEC: '400000' });
    const { status } = await ask(new URL('/healthz', caldock.url));
    assert.equal(status, 200);
    await caldock.stop();
    assert.equal(caldock.log.match(/supervisor\.unreachable/g).length, 1);
});

// The service is started by a launcher, which has opened the sockets for the process `whose`.
async function launched(t, whose, sockets, settings = {}) {
    const world = await supervised(t, settings);
    const { caldock } = world;
    const launcher = path.join(caldock.folder, 'launcher');
    const words = ['python3', script('launch.py'), whose, sockets(caldock), BINARY];
    await writeFile(launcher, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
    await chmod(launcher, 0o755);
    caldock.binary = launcher;
    await caldock.start();
    return caldock;
}

const healthy = async (place) => (await ask(new URL('/healthz', place))).status;
const isThere = (file) =>
    access(file).then(
        () => true,
        () => false,
    );

test('inherited sockets serve in place of `listen`, and stay where they are', async (t) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const file = (caldock) => path.join(caldock.folder, 's.sock');
    const caldock = await launched(
        t,
        'own',
        (own) => `api=127.0.0.1:${port},local=${file(own)}`,
    );
    assert.equal(await healthy(url), 200);
    const local = await ask(new URL('/healthz', url), { socketPath: file(caldock) });
    assert.equal(local.status, 200);
    await assert.rejects(healthy(caldock.url), /ECONNREFUSED/);
    assert.match(caldock.log, new RegExp(`listen="127\\.0\\.0\\.1:${port} unix:${file(caldock)}"`));
    await caldock.stop();
    assert.ok(await isThere(file(caldock)), 'its supervisor owns the file');
});

// Those of the configuration are not opened: askMetrics(place) → whether it refuses
const isClosed = (place) => askMetrics(place).then(() => false, () => true);

test('an inherited socket by the name of metrics serves /metrics, and nothing else does', async (t) => {
    const [port, metrics] = [await freePort(), await freePort()];
    const file = (caldock) => path.join(caldock.folder, 'm.sock');
    const own = (caldock) => path.join(caldock.folder, 'own.sock');
    const caldock = await launched(
        t,
        'own',
        (it) => `metrics=127.0.0.1:${metrics},api=127.0.0.1:${port},metrics=${file(it)}`,
        { server: { metrics_listen: 'unix:own.sock' } },
    );
    const places = [`http://127.0.0.1:${metrics}`, file(caldock)];
    for (const place of places) {
        assert.equal((await askMetrics(place)).status, 200, place);
        assert.equal((await askMetrics(place, { path: '/healthz' })).status, 404, place);
    }
    assert.equal(await healthy(`http://127.0.0.1:${port}`), 200);
    assert.equal((await askMetrics(`http://127.0.0.1:${port}`)).status, 404);
    assert.ok(await isClosed(own(caldock)));
    const listed = `listen="127\\.0\\.0\\.1:${port}" metrics="127\\.0\\.0\\.1:${metrics} unix:${file(caldock)}"`;
    assert.match(caldock.log, new RegExp(listed));
    await caldock.stop();
    assert.ok(await isThere(file(caldock)), 'its supervisor owns the file');
});

test('without one for the API that listens as configured', async (t) => {
    const metrics = await freePort();
    const caldock = await launched(t, 'own', () => `metrics=127.0.0.1:${metrics}`);
    assert.equal((await askMetrics(`http://127.0.0.1:${metrics}`)).status, 200);
    assert.equal(await healthy(caldock.url), 200);
});

test('sockets for another process are left alone', async (t) => {
    const port = await freePort();
    const caldock = await launched(t, '1', () => `api=127.0.0.1:${port}`);
    assert.equal(await healthy(caldock.url), 200);
    assert.match(caldock.log, new RegExp(`listen="${caldock.url.slice('http://'.length)}"`));
});

test('descriptors that are no sockets stop the start with 78', async (t) => {
    const { caldock } = await supervised(t);
    const shell = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3</dev/null';
    const words = ['-c', shell, BINARY, 'serve', '--config', caldock.config];
    const child = spawn('sh', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (bytes) => {
        said += bytes;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 78, said);
    assert.match(said, /LISTEN_FDS: the descriptor 3 is no stream socket/);
});
