#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs the suites, each in a process of its own: node run.mjs [SUITE…], a suite's name or how
// it begins. The stand-ins' own tests are one of them; the crashes are left out when there is
// no build for them ($CALDOCK_CRASH_BIN), PostgreSQL's own where there is none
// ($CALDOCK_TEST_POSTGRES); the search for secrets in the logs of all comes last, always.
// Ends with "N passed, N failed".
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const folders = [folder, path.join(folder, '../../standin')];
const wanted = process.argv.slice(2);
const LAST = 'secrets';
const PATIENCE_MS = 600000; // for one suite
// Suites wait as much as they work.
const JOBS = Number(process.env.CALDOCK_E2E_JOBS ?? 2 * os.cpus().length);
// The longest first, so that none runs alone in the end.
const LONG = ['crash', 'keys', 'source_faults', 'refresh', 'accounts', 'flow', 'nodes'];
const rank = (name) => (LONG.includes(name) ? LONG.indexOf(name) : LONG.length);

// What these are about is the commands: theirs are of the build that is tested, all of them.
const COMMANDS = ['cli', 'keys', 'postgres'];

const suffix = '.test.mjs';
const files = folders.flatMap((where) => readdirSync(where).map((name) => path.join(where, name)));
const suites = new Map(
    files
        .filter((file) => file.endsWith(suffix))
        .map((file) => [path.basename(file, suffix), file]),
);
const names = [...suites.keys()]
    .filter((name) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)))
    .filter((name) => name !== LAST && (name !== 'crash' || process.env.CALDOCK_CRASH_BIN))
    .filter((name) => !['nodes', 'postgres'].includes(name) || process.env.CALDOCK_TEST_POSTGRES)
    .sort((a, b) => rank(a) - rank(b));

function run(name) {
    return new Promise((resolve) => {
        const args = ['--test-reporter=tap', suites.get(name)];
        const stdio = ['ignore', 'pipe', 'inherit'];
        const { CALDOCK_TOOL_BIN, ...tested } = process.env;
        const env = COMMANDS.includes(name) ? tested : { CALDOCK_TOOL_BIN, ...tested };
        const child = spawn(process.execPath, args, { stdio, env, timeout: PATIENCE_MS });
        let output = '';
        child.stdout.on('data', (chunk) => {
            output += chunk;
        });
        child.on('close', (code) => resolve({ code, output }));
    });
}

const count = (output, what) =>
    Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);

// The blocks of TAP that tell about a failed test.
const failures = (output) => output.match(/^ *not ok [\s\S]*?^ *\.\.\.$/gm) ?? [output];

const given = process.env.CALDOCK_E2E_LOGS;
const logs = given ?? mkdtempSync(path.join(os.tmpdir(), 'caldock-logs-'));
mkdirSync(logs, { recursive: true });
process.env.CALDOCK_E2E_LOGS = logs;

const total = { passed: 0, failed: 0 };

async function runAndTell(name) {
    const began = Date.now();
    const { code, output } = await run(name);
    const passed = count(output, 'pass');
    let failed = count(output, 'fail') + count(output, 'cancelled');
    if (failed === 0 && (code !== 0 || passed === 0)) failed = 1;
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(`${name}: ${passed} passed, ${failed} failed (${seconds} s)`);
    if (failed > 0) console.log(failures(output).join('\n'));
    total.passed += passed;
    total.failed += failed;
}

// Takes one suite after the other from those that are left.
async function work(left) {
    while (left.length > 0) await runAndTell(left.shift());
}

const left = [...names];
await Promise.all(Array.from({ length: JOBS }, () => work(left)));
await work([LAST]);
if (names.length === 0 && !wanted.includes(LAST)) total.failed++;
if (total.failed === 0 && !given) rmSync(logs, { recursive: true, force: true });
else console.log(`logs: ${logs}`);

console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
