// SPDX-License-Identifier: Apache-2.0
// What no table of requests a second shows: how soon Caldock is ready, what it holds when
// nothing happens, and callbacks that wait for a slow source beside an `initiate` that doesn't.
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from '../standin/wire.mjs';
import { firstAnswer, load, post } from './load.mjs';
import { median } from './report.mjs';
import { BODY, CLIENT, INITIATE, SCOPES, headersOf } from './servers.mjs';
import { Source, codeFor } from './source.mjs';

const STARTS = 5;
const LOOK_MS = 2;
const CONNECTIONS = 5000;
const AT_A_TIME = 250;
const IN_FLIGHT = 64;
const SOURCE_MS = 300;
const PAUSED = { connections: 8, delayMs: 5 }; // a load that leaves time for others

const isReady = (url) =>
    ask(url).then(
        ({ status }) => status === 200,
        () => false,
    );

// → {server, ms} from before the process is there until it says that it is ready.
async function startUp(bench, caldock, cpus) {
    const began = performance.now();
    const server = bench.startCaldock(caldock, cpus);
    while (!(await isReady(`${server.origin}/readyz`))) await sleep(LOOK_MS);
    return { server, ms: performance.now() - began };
}

// A connection that has asked once, and stays.
const hold = ({ port }) =>
    new Promise((resolve, reject) => {
        const head = Object.entries(headersOf(0, 1)).map(
            ([name, value]) => `${name}: ${value}\r\n`,
        );
        const socket = net.connect(port, '127.0.0.1').on('error', reject);
        socket.once('data', () => resolve(socket));
        socket.write(
            `POST ${INITIATE} HTTP/1.1\r\nHost: x\r\n${head.join('')}` +
                `Content-Length: ${BODY.length}\r\n\r\n${BODY}`,
        );
    });

// With the configuration that nobody has changed. → {ready_ms, fresh, idle: memory}
export async function rest(bench) {
    const caldock = await bench.caldock('rest');
    const times = [];
    let server;
    for (let i = 0; i < STARTS; i++) {
        await server?.stop();
        let ms;
        ({ server, ms } = await startUp(bench, caldock, bench.allCpus));
        times.push(ms);
    }
    const fresh = server.memory();
    const sockets = [];
    while (sockets.length < CONNECTIONS) {
        const some = Array.from({ length: AT_A_TIME }, () => hold(caldock));
        sockets.push(...(await Promise.all(some)));
    }
    const idle = server.memory();
    for (const socket of sockets) socket.destroy();
    await server.stop();
    return { ready_ms: median(times), fresh, idle };
}

async function beginFlow(server, subject) {
    const { uri } = JSON.parse((await post(server, headersOf(0, 1))).text);
    const { searchParams } = new URL(uri);
    const query = new URLSearchParams({
        state: searchParams.get('state'),
        code: codeFor(subject, searchParams.get('nonce')),
    });
    return `${server.origin}/oauth2/callback/google?${query}`;
}

async function endFlow(url) {
    const { status, headers } = await ask(url);
    if (!/[?&]success=1/.test(headers.location))
        throw new Error(`a callback ended with ${status} ${headers.location}`);
}

// Always as many at once, until all have come. → seconds
async function endFlows(urls) {
    const left = [...urls];
    const one = async () => {
        while (left.length > 0) await endFlow(left.pop());
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: IN_FLIGHT }, one));
    return (performance.now() - began) / 1000;
}

// → {rate, ideal, calls: per callback, alone, beside: the load of initiate without and with them}
export async function callbacks(bench, { waves }) {
    const source = await new Source({ client: CLIENT, scopes: SCOPES, delayMs: SOURCE_MS }).start();
    const caldock = await bench.caldock('callbacks', {
        settings: { server: { threads: 1 }, google: source.settings() },
    });
    const server = bench.startCaldock(caldock);
    await firstAnswer(server);
    await endFlow(await beginFlow(server, 'first')); // reads the keys
    const urls = [];
    for (let i = 0; i < waves * IN_FLIGHT; i++) urls.push(await beginFlow(server, `person-${i}`));
    source.calls = 0;

    const seconds = Math.ceil((waves * 2 * SOURCE_MS) / 1000);
    const initiate = { cpus: bench.loadCpus, seconds, ...PAUSED };
    const alone = await load(server, initiate);
    const [beside, took] = await Promise.all([load(server, initiate), endFlows(urls)]);
    await server.stop();
    source.stop();
    const calls = source.calls / urls.length;
    const ideal = IN_FLIGHT / ((calls * SOURCE_MS) / 1000);
    return { rate: urls.length / took, ideal, calls, alone, beside };
}
