// SPDX-License-Identifier: Apache-2.0
// The harness itself: a program that ends badly in Caldock's place, or a suite whose faults never
// happen, fails the run. harness/ has the program and the suite.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'caldock-harness-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const SUITE = path.join(here, 'harness/serves.test.mjs');
const BUSY = path.join(here, 'harness/busy.test.mjs');
const SANITIZERS = ['-fsanitize=address,undefined'];

async function compile(name, flags) {
    const program = path.join(folder, name);
    const source = path.join(here, 'harness/ends.c');
    await promisify(execFile)(process.env.CC ?? 'cc', ['-g', ...flags, source, '-o', program]);
    return program;
}

const plain = await compile('plain', []);
const sanitized = await compile('sanitized', SANITIZERS);

// The suite with this program and these variables → {code, stdout: and stderr}, as the shell sees
// the runner.
// `sanitizers`: whether they end the process at a finding, as script/test wants it, or go on.
function run(
    binary,
    variables = {},
    sanitizers = 'halt_on_error=1:abort_on_error=1',
    suites = [SUITE],
) {
    const { CALDOCK_TEST_POSTGRES, NODE_TEST_CONTEXT, ...rest } = process.env;
    const env = {
        ...rest,
        CALDOCK_BIN: binary,
        CALDOCK_TOOL_BIN: binary,
        CALDOCK_E2E_LOGS: mkdtempSync(path.join(folder, 'logs-')),
        ASAN_OPTIONS: `${sanitizers}:detect_leaks=1`,
        UBSAN_OPTIONS: sanitizers,
        ...variables,
    };
    return new Promise((resolve) => {
        const args = [path.join(here, 'run.mjs'), ...suites];
        execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
            resolve({ code: error?.code ?? 0, stdout: stdout + stderr }),
        );
    });
}

async function passes(...args) {
    const { code, stdout } = await run(...args);
    assert.match(stdout, /^serves: 1 passed, 0 failed/m);
    assert.equal(code, 0, stdout);
}

async function fails(reason, ...args) {
    const { code, stdout } = await run(...args);
    assert.match(stdout, /^serves: \d passed, [1-9]\d* failed/m);
    assert.match(stdout, reason);
    assert.equal(code, 1, stdout);
}

test('a program that ends well', async () => {
    await passes(plain);
    await passes(sanitized);
});

const LENIENT = 'halt_on_error=0:exitcode=0';
const BAD_ENDS = [
    ['aborts', plain, 'abort', /caldock ended with SIGABRT/],
    ['exits non-zero', plain, 'fail', /caldock ended with status 3/],
    ['is killed, by nobody here', plain, 'killed', /caldock ended with SIGKILL/],
    ['leaks', sanitized, 'leak', /caldock ended with SIGABRT/],
    ['leaks, and still exits with 0', sanitized, 'leak', /a sanitizer has found/, LENIENT],
    ['overflows', sanitized, 'overflow', /caldock ended with SIGABRT/],
    ['overflows, and still exits with 0', sanitized, 'overflow', /a sanitizer has found/, LENIENT],
];
for (const [what, binary, end, reason, options] of BAD_ENDS) {
    test(`a program that ${what} fails the suite`, () =>
        fails(reason, binary, { HARNESS_END: end }, options));
}

test('a program that ends with 0 before it is told to fails the suite', () =>
    fails(/caldock ended with status 0/, plain, { HARNESS_END: 'early', HARNESS_SUITE: 'wait' }));

test('a SIGKILL that the suite sent is no failure', () => passes(plain, { HARNESS_SUITE: 'kill' }));

test('a process that does not end as the suite announced fails it', () =>
    fails(/caldock ended with status 0/, plain, { HARNESS_SUITE: 'promise' }));

test('a command that aborts fails the suite, also where nobody looks at it', () =>
    fails(/check.* died .*SIGABRT/, plain, { HARNESS_SUITE: 'command', HARNESS_COMMAND: 'abort' }));

test('a suite that leaves its service running fails', () =>
    fails(/services were not closed/, plain, {
        HARNESS_SUITE: 'open',
        CALDOCK_E2E_PATIENCE_MS: '10000',
    }));

test('a fault that never happened fails the suite', async () => {
    await fails(/never happened at google.*nowhere/, plain, { HARNESS_SUITE: 'fault' });
    await fails(/never happened at google.*nowhere/, plain, { HARNESS_SUITE: 'fault-cleared' });
    await fails(/never happened at microsoft.*expired/, plain, { HARNESS_SUITE: 'forgery' });
    await passes(plain, { HARNESS_SUITE: 'fault-perhaps' });
});

// The suite `busy` fails as often as the file says, and then no more.
async function runBusy(times, suites, variables = {}) {
    const file = path.join(folder, 'times');
    writeFileSync(file, String(times));
    return run(plain, { ...variables, HARNESS_BUSY: file }, undefined, suites);
}

test('a suite that fails beside others and passes alone is unsteady, and told', async () => {
    const { code, stdout } = await runBusy(1, [SUITE, BUSY]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^not ok 1 - too busy$/m);
    assert.match(stdout, /^unsteady: busy: 1 failed beside other suites, none alone$/m);
    assert.match(stdout, /^2 passed, 0 failed$/m);
});

test('a suite that fails twice, or has run alone, fails', async () => {
    for (const [times, suites] of [
        [2, [SUITE, BUSY]],
        [1, [BUSY]],
    ]) {
        const { code, stdout } = await runBusy(times, suites);
        assert.equal(code, 1, stdout);
        assert.doesNotMatch(stdout, /^unsteady/m);
    }
});

test('nothing is forgiven beside a process that ended badly', async () => {
    const { code, stdout } = await runBusy(1, [SUITE, BUSY], { HARNESS_END: 'abort' });
    assert.equal(code, 1, stdout);
    assert.doesNotMatch(stdout, /^unsteady/m);
    assert.match(stdout, /^0 passed, 2 failed$/m);
});
