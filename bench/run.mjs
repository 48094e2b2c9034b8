#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The benchmark: node run.mjs BUILD [--quick] [--json FILE] [--markdown FILE]. script/bench calls it.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { firstAnswer, load, verify } from './load.mjs';
import { Server, allowedCpus, describeMachine, pinSelf } from './machine.mjs';
import { report } from './report.mjs';
import { Bench, peerNode } from './servers.mjs';

const FULL = { rounds: 7, seconds: 5, warm: 3, many: 1e6, providers: 1e5 };
const QUICK = { rounds: 3, seconds: 1, warm: 1, many: 1e5, providers: 1e4 };

const ONE_THREAD = { server: { threads: 1 } };

function readOptions() {
    const options = {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        markdown: { type: 'string' },
    };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length !== 1)
        throw new Error('usage: run.mjs BUILD [--quick] [--json FILE] [--markdown FILE]');
    return { build: path.resolve(positionals[0]), ...values };
}

// One row of the table each; all are started before the first is measured, and idle in turn.
async function openRows(bench) {
    const caldock = await bench.caldock('caldock', { settings: ONE_THREAD });
    const server = bench.startCaldock(caldock);
    const like = await firstAnswer(server);
    for (const name of ['date', 'content-length', 'connection', 'keep-alive'])
        delete like.headers[name];
    const rows = [
        {
            name: 'fixed',
            about: 'HTTP layer, fixed answer',
            server: await bench.startFixed(like),
            isFixed: true,
        },
        { name: 'caldock', about: 'Caldock', server },
        {
            name: 'nginx',
            about: 'nginx, fixed answer',
            server: await bench.startNginx(like),
            isFixed: true,
        },
        { name: 'go', about: 'Go net/http, x/oauth2', server: await bench.startGo() },
        {
            name: 'fastify',
            about: 'Fastify, openid-client',
            warmRequests: 20000,
            server: await bench.startFastify(),
        },
        { name: 'django', about: 'Django REST Framework', server: await bench.startDjango() },
    ];
    for (const row of rows) await verify(row.server, { like, ...row });
    return rows;
}

// For a while, and until what compiles while it runs has done so.
async function warmUp(bench, row, plan) {
    for (let done = -1; done < (row.warmRequests ?? 0);) {
        const { requests } = await load(row.server, {
            cpus: bench.loadCpus,
            seconds: plan.warm,
            ...row.load,
        });
        done += requests;
    }
}

// A B C, A B C, …, so that what disturbs the machine disturbs all.
async function measure(bench, rows, plan) {
    for (const row of rows) await warmUp(bench, row, plan);
    for (let round = 1; round <= plan.rounds; round++) {
        for (const row of rows) {
            const first = row.load?.tokens
                ? Math.floor((row.load.tokens / plan.rounds) * (round - 1))
                : 0;
            const result = await load(row.server, {
                cpus: bench.loadCpus,
                seconds: plan.seconds,
                first,
                ...row.load,
            });
            (row.rounds ??= []).push(result);
            truncateSync(row.server.log);
            console.error(`round ${round}  ${row.name.padEnd(16)} ${Math.round(result.rate)}/s`);
        }
    }
}

const options = readOptions();
const plan = options.quick ? QUICK : FULL;
const [loadCpu, ...serverCpus] = allowedCpus();
if (serverCpus.length === 0) {
    console.error('Two CPUs are needed: one for the server, one for who asks.');
    process.exit(1);
}
pinSelf(loadCpu);
const folder = mkdtempSync(path.join(os.tmpdir(), 'caldock-bench-'));
const bench = new Bench({
    build: options.build,
    folder,
    cpus: serverCpus.slice(0, 1),
    loadCpus: [loadCpu],
    node: peerNode(),
});

async function end(code) {
    await Server.stopAll();
    rmSync(folder, { recursive: true, force: true });
    process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(1));

try {
    const machine = describeMachine();
    const rows = await openRows(bench);
    await measure(bench, rows, plan);
    const result = report({ machine, plan, rows });
    console.log(result.text);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(result.data, null, 2)}\n`);
    if (options.markdown) writeFileSync(options.markdown, result.markdown);
} catch (error) {
    console.error(error);
    await end(1);
}
await end(0);
