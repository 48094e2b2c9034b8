#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs the suites, each in a process of its own: node run.mjs [SUITE…], where SUITE is a suite's
// name, the beginning of one, or the file of a suite that is in another folder. Without names it
// runs all suites, the stand-ins' own tests among them. It leaves out the crashes when there is
// no build for them ($CALDOCK_CRASH_BIN), the upgrade from the release before when there is no build
// of that ($CALDOCK_BEFORE_BIN). With a PostgreSQL ($CALDOCK_TEST_POSTGRES) the suites that are named
// run on that; without names each runs on SQLite, those that want several nodes on PostgreSQL, and
// some on both. A look through all logs always comes last, unless only files were named.
//
// A suite that fails beside others runs once more, alone: a machine that is too busy is no fault of
// Caldock. It is told as `unsteady`, with the reason. A process that ended badly, or a sanitizer's
// finding, is never forgiven, and nothing is where more than MOST_UNSTEADY suites failed.
// The last line is "N passed, N failed".
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const folders = [folder, path.join(folder, '../../standin')];
const wanted = process.argv.slice(2);
const LAST = 'all_logs';
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
const MOST_UNSTEADY = 10;
const NEVER_FORGIVEN = /ended with|Sanitizer|a sanitizer|runtime error:| died \(/;
const rank = (name) => (LONG.includes(name) ? LONG.indexOf(name) : LONG.length);

// These suites test the commands, so all their commands are of the build that is tested.
const COMMANDS = ['bulk', 'check', 'check_sources', 'cli', 'keys', 'monitoring', 'postgres', 'webhooks'];

// These want several processes on one store.
const ON_POSTGRES = ['nodes', 'postgres', 'pushing_nodes', 'release', 'restarts', 'sync_nodes'];

// On both stores: what meets in the store, or depends on what it says of an error.
const ON_BOTH = [
    'accounts',
    'bulk',
    'crash',
    'flow',
    'generated_busy',
    'generated_pushing',
    'keys',
    'pushed_events',
    'refresh',
    'settings',
    'stop',
    'sync',
    'upgrade',
    'webhooks',
];
// PostgreSQL has fewer rounds of what is made up, since SQLite has had them.
const FEWER = { CALDOCK_CRASHES: '20', CALDOCK_GENERATED: '200' };

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
const postgres = process.env.CALDOCK_TEST_POSTGRES;
const names = [...suites.keys()]
    .filter((name) => wanted.length === 0 || isWanted(name))
    .filter((name) => name !== LAST)
    .filter((name) => !CRASHING.includes(name) || process.env.CALDOCK_CRASH_BIN)
    .filter((name) => !UPGRADING.includes(name) || process.env.CALDOCK_BEFORE_BIN)
    .filter((name) => !ON_POSTGRES.includes(name) || postgres);

// A suite's runs: [{name, label, env}]
function runsOf(name) {
    if (!postgres || wanted.length > 0) return [{ name, label: name, env: {} }];
    const sqlite = { name, label: name, env: { CALDOCK_TEST_POSTGRES: undefined } };
    if (ON_POSTGRES.includes(name)) return [{ name, label: name, env: FEWER }];
    if (!ON_BOTH.includes(name)) return [sqlite];
    return [sqlite, { name, label: `${name} on PostgreSQL`, env: FEWER }];
}
const runs = names.flatMap(runsOf).sort((a, b) => rank(a.name) - rank(b.name));

// → {code, output, seconds, passed, failed}
async function run({ name, env }) {
    const began = Date.now();
    const { code, output } = await spawnSuite(name, env);
    const passed = count(output, 'pass');
    let failed = count(output, 'fail') + count(output, 'cancelled');
    if (failed === 0 && (code !== 0 || passed === 0)) failed = 1;
    return { code, output, seconds: Math.round((Date.now() - began) / 1000), passed, failed };
}

function spawnSuite(name, more) {
    return new Promise((resolve) => {
        const args = ['--test-reporter=tap', suites.get(name)];
        const stdio = ['ignore', 'pipe', 'inherit'];
        const { CALDOCK_TOOL_BIN, ...tested } = { ...process.env, ...more };
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
const unsure = []; // which failed, and may run again

function tell({ label }, { output, seconds, passed, failed }) {
    console.log(`${label}: ${passed} passed, ${failed} failed (${seconds} s)`);
    told(output).forEach((line) => console.log(`${label} ${line}`));
    if (failed > 0) console.log(failures(output).join('\n'));
}

function add({ passed, failed }) {
    total.passed += passed;
    total.failed += failed;
}

// A suite that hung has no code.
const isForgivable = ({ code, output }) =>
    runs.length > 1 && code !== null && !NEVER_FORGIVEN.test(failures(output).join());

async function runAndTell(suite) {
    const result = await run(suite);
    tell(suite, result);
    if (result.failed > 0 && isForgivable(result)) unsure.push({ suite, result });
    else add(result);
}

// Runs what failed once more, one after the other, with nothing beside it.
async function lookAgain() {
    if (total.failed > 0 || unsure.length > MOST_UNSTEADY) {
        unsure.forEach(({ result }) => add(result));
        return;
    }
    for (const { suite, result } of unsure) {
        const again = await run(suite);
        tell(suite, again);
        add(again);
        const times = `${result.failed} failed beside other suites`;
        if (again.failed === 0) console.log(`unsteady: ${suite.label}: ${times}, none alone`);
    }
}

// Takes one suite after the other from those that are left.
async function work(left) {
    while (left.length > 0) await runAndTell(left.shift());
}

const left = [...runs];
await Promise.all(Array.from({ length: JOBS }, () => work(left)));
await lookAgain();
if (!wanted.every(isFile) || wanted.length === 0) {
    const last = { name: LAST, label: LAST, env: { CALDOCK_TEST_POSTGRES: undefined } };
    const result = await run(last);
    tell(last, result);
    add(result);
}
if (names.length === 0 && !wanted.includes(LAST)) total.failed++;
total.failed += left.length; // which nobody took
if (total.failed === 0 && !given) rmSync(logs, { recursive: true, force: true });
else console.log(`logs: ${logs}`);

console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
