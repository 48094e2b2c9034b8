// SPDX-License-Identifier: Apache-2.0
// More clients than there are descriptors: those that are connected are served, the others wait or
// are refused, each once, and all is as before when they have gone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';

import { scrape } from './lib/metrics.mjs';
import { until } from './lib/until.mjs';
import { BINARY, World } from './lib/world.mjs';

const FILES = 80;
const BUSY = 15; // connections that there may be beside one for the metrics
const CROWD = 300;
const BEGUN = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';
const WHOLE = `${BEGUN}\r\n`;
const REFUSED = 'caldock_http_connections_refused_total{reason="files"}';
const READING = 'caldock_http_connections{state="reading"}';
// Of a process that looks for clients all the time, a few seconds; of one that works, far less.
const MOST_CPU_TICKS = 1000;

// A service that may open so many files.
async function narrow(t) {
    const world = await World.open({ serve: false, provider: false });
    t.after(() => world.close());
    const { caldock } = world;
    const launcher = path.join(caldock.folder, 'launcher');
    const metrics = path.join(caldock.folder, 'metrics.sock');
    await writeFile(launcher, `#!/bin/sh\nulimit -n ${FILES} && exec ${BINARY} "$@"\n`);
    await chmod(launcher, 0o755);
    await caldock.configure({ server: { threads: 2, metrics_listen: `unix:${metrics}` } });
    caldock.binary = launcher;
    await caldock.start();
    return { world, metrics };
}

// A client that sends `text`, and stays until the service closes for good → {socket, heard, isClosed}
function client({ port }, text) {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const it = { socket, heard: '', isClosed: false };
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
        it.heard += bytes.toString('latin1');
    });
    socket.on('error', () => {}); // 'close' follows
    for (const end of ['end', 'close']) {
        socket.on(end, () => {
            it.isClosed = true;
        });
    }
    socket.write(text);
    return it;
}

const crowd = (caldock, text) => Array.from({ length: CROWD }, () => client(caldock, text));

async function leave(clients) {
    const left = clients.filter(({ socket }) => !socket.closed);
    const gone = left.map(({ socket }) => once(socket, 'close'));
    left.forEach(({ socket }) => socket.destroy());
    await Promise.all(gone);
}

const answered = ({ heard }) => heard.startsWith('HTTP/1.1 200 ');

// As any new client finds it.
const recovers = (caldock) =>
    until('a new client is answered', async () => {
        const it = client(caldock, WHOLE);
        await until('an answer or none', () => answered(it) || it.isClosed);
        it.socket.destroy();
        return answered(it);
    });

// Of the process so far, of all its threads (proc(5)).
async function cpuTicks({ process }) {
    const stat = await readFile(`/proc/${process.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
}

const linesOf = ({ log }) => log.match(/limits\.files.* times=.*/g) ?? [];

test('clients that are busy and more than fit', async (t) => {
    const { world, metrics } = await narrow(t);
    const { caldock } = world;
    const before = await cpuTicks(caldock);
    const first = Array.from({ length: BUSY }, () => client(caldock, BEGUN));
    await until('all are busy', async () => (await scrape(metrics)).get(READING) === BUSY);
    const others = crowd(caldock, BEGUN);
    const isRefused = ({ isClosed, heard }) => isClosed && heard === '';
    await until('one is refused', () => others.some(isRefused));
    for (const it of first) {
        it.socket.write('\r\n');
        await until('who was there is answered', () => answered(it));
    }
    await leave([...first, ...others]);
    await recovers(caldock);
    const counted = (await scrape(metrics)).get(REFUSED);
    assert.ok(counted > 0 && counted <= CROWD, `${counted} of ${CROWD} were refused`);
    assert.equal(linesOf(caldock).length, 1, caldock.log);
    const spent = (await cpuTicks(caldock)) - before;
    assert.ok(spent < MOST_CPU_TICKS, `${spent} ticks`);
    assert.deepEqual(await caldock.stop(), { code: 0, signal: null });
});

test('clients with whole requests and more than fit', async (t) => {
    const { world, metrics } = await narrow(t);
    const { caldock } = world;
    const all = crowd(caldock, WHOLE);
    await until('each has an end', () => all.every((it) => answered(it) || it.isClosed));
    await leave(all);
    await recovers(caldock);
    const cut = all.filter((it) => !answered(it)).length;
    const counted = (await scrape(metrics)).get(REFUSED);
    assert.ok(counted <= cut, `${counted} were refused, ${cut} had no answer`);
    assert.deepEqual(await caldock.stop(), { code: 0, signal: null });
});
