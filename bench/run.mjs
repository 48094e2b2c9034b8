#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The benchmark: node run.mjs BUILD [--quick] [--json FILE] [--markdown FILE]. script/bench calls it.
import {
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    truncateSync,
    writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { deliveries, openCalendarRows, syncs } from './calendars.mjs';
import { firstAnswer, load, loads, verify } from './load.mjs';
import { Server, allowedCpus, describeMachine, pinSelf } from './machine.mjs';
import { report } from './report.mjs';
import { callbacks, rest } from './scale.mjs';
import { Bench, peerNode, versions } from './servers.mjs';

const FULL = { rounds: 13, seconds: 2, many: 1e6, providers: 1e5, callbacks: 5, owners: 16, messages: 100 };
const QUICK = { rounds: 3, seconds: 1, many: 1e5, providers: 1e4, callbacks: 2, owners: 8, messages: 20 };
const WARM = 5000; // requests, before the first round

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

const FRAMING = ['date', 'content-length', 'connection']; // what each server adds itself
const thousands = (n) => n.toLocaleString('en');

// One row of the table each; all are started before the first is measured, and idle in turn.
async function openRows(bench, { many, providers }) {
    const caldock = async (name, about, options = {}, cpus = bench.cpus) => {
        const settings = { server: { threads: cpus.length } };
        const made = await bench.caldock(name, { settings, ...options });
        return { name, about, server: bench.startCaldock(made, cpus), load: options };
    };
    const first = await caldock('caldock', 'Caldock, one token');
    const like = await firstAnswer(first.server);
    for (const name of FRAMING) delete like.headers[name];
    const fixed = (name, about, server) => ({ name, about, server, isFixed: true });
    const all = { tokens: many, providers };
    const large = await caldock('large', `Caldock, one of ${thousands(many)} tokens`, all);
    const rows = [
        fixed('fixed', 'the HTTP layer alone, fixed answer', await bench.startFixed(like)),
        fixed('nginx', 'nginx, fixed answer', await bench.startNginx(like)),
        first,
        await caldock('thousand', 'Caldock, 1,000 tokens in turn', { tokens: 1000, providers }),
        { ...large, load: { providers } },
        { ...large, name: 'cold', about: `Caldock, ${thousands(many)} tokens, all cold` },
        await caldock('threads', 'Caldock, two threads', {}, bench.twoCpus),
        { name: 'go', about: 'Go net/http, x/oauth2', server: await bench.startGo() },
        // V8 compiles what it has often run: that takes it so many requests.
        {
            name: 'fastify',
            about: 'Fastify, openid-client',
            server: await bench.startFastify(),
            warm: 20000,
        },
        { name: 'django', about: 'Django REST Framework', server: await bench.startDjango() },
    ];
    for (const row of rows) await verify(row.server, { like, ...row, ...row.load });
    return [...rows, ...(await openCalendarRows(bench))];
}

// Between the two marks of a document that has them; else as a file of its own.
function writeMarkdown(file, text) {
    const whole = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const marked = /(<!-- script\/bench .*-->\n)[^]*?(<!-- to here -->)/;
    const isMarked = marked.test(whole);
    writeFileSync(file, isMarked ? whole.replace(marked, `$1\n${text}\n$2`) : text);
}

async function warmUp(bench, { server, warm = WARM, ...row }) {
    const how = { cpus: bench.loadCpus, seconds: 1, ...row.load };
    for (let left = warm; left > 0;) left -= (await load(server, how)).requests;
}

// A B C, A B C, …, in short turns: neighbours on the processor can make all that runs on it
// slower by half, for half a minute or for many, and are to be in all rows of a round or in none.
async function measure(bench, rows, plan) {
    for (const row of rows) await warmUp(bench, row);
    for (let round = 0; round < plan.rounds; round++) {
        for (const row of rows) {
            const { tokens = 1 } = row.load ?? {};
            const first = Math.floor((tokens * round) / plan.rounds); // so that the cold stay cold
            const how = { cpus: bench.loadCpus, seconds: plan.seconds, ...row.load, first };
            const read_ns = bench.readNs();
            const result = { ...(await load(row.server, how)), read_ns };
            (row.rounds ??= []).push(result);
            truncateSync(row.server.log);
            console.error(
                `round ${round + 1}  ${row.name.padEnd(9)} ${Math.round(result.rate)}/s, ` +
                    `a read ${read_ns} ns`,
            );
        }
    }
}

const options = readOptions();
const plan = options.quick ? QUICK : FULL;
const machine = describeMachine();
const [loadCpu, ...serverCpus] = allowedCpus();
pinSelf(loadCpu);
const folder = mkdtempSync(path.join(os.tmpdir(), 'caldock-bench-'));
const bench = new Bench({
    build: options.build,
    folder,
    cpus: serverCpus.slice(0, 1),
    // With two CPUs in all, the second thread shares one with who asks.
    twoCpus: [...serverCpus, loadCpu].slice(0, 2),
    allCpus: [loadCpu, ...serverCpus],
    loadCpus: [loadCpu],
    node: peerNode(),
});

async function end(code) {
    loads.abort();
    await Server.stopAll();
    rmSync(folder, { recursive: true, force: true });
    process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(1));

try {
    const rows = await openRows(bench, plan);
    await measure(bench, rows, plan);
    const scale = {
        rest: await rest(bench),
        callbacks: await callbacks(bench, plan.callbacks),
        syncs: await syncs(bench, plan.owners),
        deliveries: await deliveries(bench, plan.messages),
    };
    const result = report({ machine, versions: versions(bench), plan, rows, scale });
    console.log(result.text);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(result.data, null, 2)}\n`);
    if (options.markdown) writeMarkdown(options.markdown, result.markdown);
} catch (error) {
    if (!loads.signal.aborted) console.error(error);
    await end(1);
}
await end(0);
