// SPDX-License-Identifier: Apache-2.0
// docs/systemd.md: the unit is right, leaves little exposed, and the service works in its confinement.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ACCOUNTS, BINARY, SOURCES, World } from './lib/world.mjs';

const EXPOSURE_MOST = 1.5;
const NICE = 18; // the field of proc(5)'s stat behind the name, which may have spaces
const run = promisify(execFile);
// Without sanitizers, which do what the unit refuses.
const binary = process.env.CALDOCK_TOOL_BIN ?? BINARY;
const packaging = path.join(path.dirname(binary), 'packaging');
const launcher = fileURLToPath(new URL('lib/under_unit.py', import.meta.url));
const source = fileURLToPath(new URL('../../packaging/', import.meta.url));
const unit = path.join(packaging, 'caldock.service');

const folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-unit-'));
test.after(() => rm(folder, { recursive: true, force: true }));

const confined = (...command) => run(launcher, [unit, ...command]);

test('systemd understands the units', async () => {
    const text = await readFile(unit, 'utf8');
    const here = path.join(folder, 'caldock.service');
    await writeFile(here, text.replace(/^ExecStart=\S+/m, `ExecStart=${binary}`));
    const units = [here];
    for (const name of ['caldock.socket', 'caldock-metrics.socket']) {
        await copyFile(path.join(source, name), path.join(folder, name));
        units.push(path.join(folder, name));
    }
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', ...units]);
    assert.equal(stderr, '');
});

test('the unit leaves little exposed', async () => {
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', unit]);
    const [, exposure] = /Overall exposure level for caldock\.service: ([\d.]+)/.exec(stdout);
    assert.ok(Number(exposure) <= EXPOSURE_MOST, stdout);
});

test('the confinement refuses what the unit does not allow', async () => {
    const { stdout } = await confined('/bin/cat', '/proc/self/status');
    for (const line of ['CapEff:\t0000000000000000', 'NoNewPrivs:\t1', 'Seccomp:\t2'])
        assert.ok(stdout.includes(line), stdout);
    await assert.rejects(confined('/usr/bin/unshare', '--user', 'true'), /not permitted/);
    await assert.rejects(
        confined('/bin/mount', '-t', 'tmpfs', 'none', folder),
        /permi|superuser|root/,
    );
    const netlink = 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)';
    await assert.rejects(confined('/usr/bin/python3', '-c', netlink), /not supported/);
    const code = 'import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)';
    await assert.rejects(confined('/usr/bin/python3', '-c', code), /PermissionError/);
});

// How nice each thread of a process is.
async function niceness(pid) {
    const threads = await readdir(`/proc/${pid}/task`);
    const stats = threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8'));
    return (await Promise.all(stats)).map((stat) => {
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(fields[NICE - 2]);
    });
}

test('the service connects accounts and reads calendars in the confinement of its unit', async (t) => {
    const wrapper = path.join(folder, 'caldock');
    await writeFile(wrapper, `#!/bin/sh\nexec ${launcher} ${unit} ${binary} "$@"\n`, {
        mode: 0o755,
    });
    const world = await World.open({ binary: wrapper });
    t.after(() => world.close());
    for (const code of Object.keys(SOURCES)) {
        const id = await world.connected(code);
        const { status, body } = await world.ask(`${ACCOUNTS}/${id}/calendars`);
        assert.equal(status, 200, JSON.stringify(body));
    }
    assert.match(world.caldock.log, /service\.confined.*calls="?on/);
    const nice = await niceness(world.caldock.process.pid);
    assert.ok(nice.includes(0) && nice.some((one) => one > 0), String(nice));
});
