// SPDX-License-Identifier: Apache-2.0
// What no table of requests a second shows: how soon Caldock is ready, what it holds when
// nothing happens, and callbacks that wait for a slow source beside an `initiate` that doesn't.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ask } from '../standin/wire.mjs';
import { firstAnswer, load } from './load.mjs';
import { beginFlow } from './people.mjs';
import { median } from './report.mjs';
import { BODY, CLIENT, INITIATE, SCOPES, headersOf } from './servers.mjs';

const STARTS = 5;
const LOOK_MS = 2;
const CONNECTIONS = 5000;
const AT_A_TIME = 250;
const IN_FLIGHT = 64;
const WAVES = 5; // a round
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

// flows.mjs, started, and what it says to what it is told.
class Flows {
    constructor() {
        const options = { execPath: 'chrt', execArgv: ['--idle', '0', process.execPath] };
        this.process = fork(fileURLToPath(new URL('flows.mjs', import.meta.url)), options);
        this.ended = once(this.process, 'exit').then(([code]) => {
            throw new Error(`flows.mjs ended with ${code}`);
        });
        this.ended.catch(() => {}); // told to who asks
    }

    async tell(what) {
        this.process.send(what);
        const [answer] = await Promise.race([once(this.process, 'message'), this.ended]);
        return answer;
    }
}

// → {rate, ideal, calls: per callback, rounds: [{alone, beside}]: initiate without and with them}
export async function callbacks(bench, rounds) {
    const flows = new Flows();
    const about = { client: CLIENT, scopes: SCOPES, delayMs: SOURCE_MS, inFlight: IN_FLIGHT };
    const caldock = await bench.caldock('callbacks', {
        settings: { server: { threads: 1 }, google: await flows.tell(about) },
    });
    const server = bench.startCaldock(caldock);
    await firstAnswer(server);
    await flows.tell([await beginFlow(server, 'first')]); // reads the keys

    const seconds = Math.ceil((WAVES * 2 * SOURCE_MS) / 1000);
    const initiate = { cpus: bench.loadCpus, seconds, ...PAUSED };
    const done = [];
    for (let round = 0; round < rounds; round++) {
        const urls = [];
        for (let i = 0; i < WAVES * IN_FLIGHT; i++)
            urls.push(await beginFlow(server, `person-${round}-${i}`));
        const alone = await load(server, initiate);
        const [beside, ended] = await Promise.all([load(server, initiate), flows.tell(urls)]);
        const calls = ended.calls / urls.length;
        done.push({ alone, beside, calls, rate: urls.length / ended.seconds });
    }
    flows.process.disconnect();
    await server.stop();
    const of = (key) => median(done.map((round) => round[key]));
    const ideal = IN_FLIGHT / ((of('calls') * SOURCE_MS) / 1000);
    return { rate: of('rate'), ideal, calls: of('calls'), rounds: done };
}
