#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs the suites, each in a process of its own: node run.mjs [SUITE…], where SUITE is a suite's
// name, the beginning of one, or the file of a suite that is in another folder. Without names it
// runs all suites, the stand-ins' own tests among them. It leaves out the crashes when there is
// no build for them ($CALDOCK_CRASH_BIN), the upgrade from the release before when there is no build
// of that ($CALDOCK_BEFORE_BIN), and PostgreSQL's own suites when there is no server
// ($CALDOCK_TEST_POSTGRES). The search for secrets in all logs always comes last, unless only
// files were named.
// The last line is "N passed, N failed".
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const folders = [folder, path.join(folder, '../../standin')];
const wanted = process.argv.slice(2);
const LAST = 'secrets';
const PATIENCE_MS = Number(process.env.CALDOCK_E2E_PATIENCE_MS ?? 1500000); // for one suite
// Suites wait as much as they work. No CPU is told of where there is no /proc.
const JOBS = Number(process.env.CALDOCK_E2E_JOBS ?? 2 * Math.max(os.cpus().length, 1));
// The longest first, so that none runs alone in the end.
const LONG = [
    'webhooks',
    'pushing_answers',
    'pushing',
    'notify',
    'generated_pushing',
    'generated_busy',
    'pushing_kills',
    'pushing_crash',
    'sync',
    'isolation',
    'refresh',
    'keys',
    'crash',
    'sync_nodes',
    'pushing_nodes',
    'restarts',
    'source_faults',
    'events',
    'stop',
    'harness',
    'bulk',
    'nodes',
    'flow',
    'browser',
    'clients',
    'identity',
    'cli',
    'contract_http',
    'accounts',
];
const rank = (name) => (LONG.includes(name) ? LONG.indexOf(name) : LONG.length);

// These suites test the commands, so all their commands are of the build that is tested.
const COMMANDS = ['bulk', 'check', 'check_sources', 'cli', 'keys', 'monitoring', 'postgres', 'webhooks'];

// These want several processes on one store.
const ON_POSTGRES = ['nodes', 'postgres', 'pushing_nodes', 'release', 'restarts', 'sync_nodes'];

// These want a build with crash points.
const CRASHING = ['calendars_crash', 'crash', 'pushing_crash'];

// These want a build of the release before.
const UPGRADING = ['release'];

const suffix = '.test.mjs';
const isFile = (suite) => suite.endsWith(suffix);
const files = [
    ...folders.flatMap((where) => readdirSync(where).map((name) => path.join(where, name))),
    ...wanted.filter(isFile).map((file) => path.resolve(file)),
];
const nameOf = (file) => path.basename(file, suffix);
const isWanted = (name) =>
    wanted.some((suite) => (isFile(suite) ? nameOf(suite) === name : name.startsWith(suite)));
const suites = new Map(files.filter(isFile).map((file) => [nameOf(file), file]));
const names = [...suites.keys()]
    .filter((name) => wanted.length === 0 || isWanted(name))
    .filter((name) => name !== LAST)
    .filter((name) => !CRASHING.includes(name) || process.env.CALDOCK_CRASH_BIN)
    .filter((name) => !UPGRADING.includes(name) || process.env.CALDOCK_BEFORE_BIN)
    .filter((name) => !ON_POSTGRES.includes(name) || process.env.CALDOCK_TEST_POSTGRES)
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

// What tests say of themselves: comments of TAP that node has not written.
const told = (output) =>
    (output.match(/^ *# .*$/gm) ?? [])
        .map((line) => line.trim())
        .filter((line) => !/^# (Subtest: |[a-z_]+ [\d.]+$)/.test(line));

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
    told(output).forEach((line) => console.log(`${name} ${line}`));
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
if (!wanted.every(isFile) || wanted.length === 0) await work([LAST]);
if (names.length === 0 && !wanted.includes(LAST)) total.failed++;
total.failed += left.length; // which nobody took
if (total.failed === 0 && !given) rmSync(logs, { recursive: true, force: true });
else console.log(`logs: ${logs}`);

console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
