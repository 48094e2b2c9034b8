// SPDX-License-Identifier: Apache-2.0
// What `meson install` puts in place: all of it, with manual pages and completion that say what the
// program says.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const binary =
    process.env.CALDOCK_TOOL_BIN ?? process.env.CALDOCK_BIN ?? path.join(root, 'build/caldock');
const PREFIX = 'usr/local';

const folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-installed-'));
test.after(() => rm(folder, { recursive: true, force: true }));
const build = path.dirname(binary);
const tree = path.join(folder, 'tree');
await run('meson', ['install', '-C', build, '--no-rebuild', '--destdir', tree]);
const place = (...names) => path.join(tree, PREFIX, ...names);
const { stdout: help } = await run(binary, ['help']);
const commands = [...help.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}/gm)].map(([, name]) => name);
const groups = [...new Set(commands.filter((c) => c.includes(' ')).map((c) => c.split(' ')[0]))];

test('every file is in its place, and says where the binary is', async () => {
    for (const name of [
        'lib/systemd/system/caldock.socket',
        'lib/systemd/system/caldock-metrics.socket',
        'lib/sysusers.d/caldock.conf',
        'lib/tmpfiles.d/caldock.conf',
        'share/doc/caldock/LICENSE',
        'share/doc/caldock/README.md',
        'share/doc/caldock/docs/configuration.md',
        'share/doc/caldock/examples/prometheus/rules.yml',
        'share/doc/caldock/examples/grafana/caldock.json',
    ])
        assert.ok((await stat(place(name))).size > 0, name);
    const unit = await readFile(place('lib/systemd/system/caldock.service'), 'utf8');
    assert.match(unit, new RegExp(`^ExecStart=/${PREFIX}/bin/caldock serve`, 'm'));
    const { stdout } = await run(place('bin/caldock'), ['--version']);
    assert.match(stdout, /^caldock \d/);
    const api = JSON.parse(await readFile(place('share/caldock/openapi.json'), 'utf8'));
    assert.ok(Object.keys(api.paths).length > 10);
});

test('what the documents lead to is installed, too', async () => {
    const documents = place('share/doc/caldock');
    const names = (await readdir(documents, { recursive: true })).filter((name) => name.endsWith('.md'));
    assert.ok(names.length > 20);
    let links = 0;
    for (const name of names) {
        const text = await readFile(path.join(documents, name), 'utf8');
        for (const [, to] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
            const target = path.resolve(documents, path.dirname(name), to);
            if (!target.startsWith(`${documents}/`)) continue; // the source
            await assert.doesNotReject(stat(target), `${name}: ${to}`);
            links++;
        }
    }
    assert.ok(links > 100);
});

test('the example is what `caldock init` writes', async () => {
    const written = path.join(folder, 'caldock.conf');
    await run(binary, ['init', '--config', written]);
    const example = place('share/doc/caldock/examples/caldock.conf');
    assert.equal(await readFile(example, 'utf8'), await readFile(written, 'utf8'));
});

test('each command has its place in a manual page, each key too, and the pages are well formed', async () => {
    const man8 = await readdir(place('share/man/man8'));
    const expected = ['caldock.8', ...groups.map((group) => `caldock-${group}.8`)];
    assert.deepEqual(man8.sort(), expected.sort());
    const others = ['man5/caldock.conf.5', 'man7/caldock-log.7'];
    const pages = [...man8.map((name) => `man8/${name}`), ...others];
    const files = pages.map((name) => place('share/man', name));
    const { stdout } = await run('mandoc', ['-T', 'lint', ...files]);
    assert.equal(stdout, '');
    for (const command of commands) {
        const group = command.includes(' ') ? `caldock-${command.split(' ')[0]}` : 'caldock';
        const page = await readFile(place('share/man/man8', `${group}.8`), 'utf8');
        assert.ok(page.includes(`\\fBcaldock ${command}\\fP`), `${group} lacks ${command}`);
    }
    const config = await readFile(place('share/man/man5/caldock.conf.5'), 'utf8');
    const { stdout: keys } = await run(binary, ['help', 'config']);
    const names = [...keys.matchAll(/^\[[^\]]+\] ([a-z_]+)/gm)].map(([, name]) => name);
    assert.ok(names.length > 50);
    for (const name of names) assert.ok(config.includes(`\\fB${name}\\fP`), name);
    const log = await readFile(place('share/man/man7/caldock-log.7'), 'utf8');
    const documented = await readFile(place('share/doc/caldock/docs/log.md'), 'utf8');
    const events = [...documented.matchAll(/^\| `([a-z_]+(?:\.[a-z_]+)?)` \| (?:error|warn|info|debug)/gm)];
    assert.ok(events.length > 60);
    for (const [, name] of events) assert.ok(log.includes(`\\fB${name}\\fP`), name);
});

const bash = place('share/bash-completion/completions/caldock.bash');
const fish = place('share/fish/vendor_completions.d/caldock.fish');

// What bash offers for the last of these words.
async function offers(...words) {
    const script =
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _caldock; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout } = await run('bash', ['-c', script, 'bash', bash, 'caldock', ...words]);
    return stdout.split('\n').filter(Boolean);
}

// What fish offers, without what it says of each.
async function fishOffers(line) {
    const { stdout } = await run('fish', [
        '--no-config',
        '-c',
        `source ${fish}; complete -C "${line}"`,
    ]);
    return stdout
        .split('\n')
        .filter(Boolean)
        .map((one) => one.split('\t')[0]);
}

const secondWords = (group) =>
    commands.filter((c) => c.startsWith(`${group} `)).map((c) => c.split(' ')[1]);

test('bash completes commands, groups, options and files', async () => {
    const first = [...new Set(commands.map((command) => command.split(' ')[0]))];
    assert.deepEqual((await offers('')).sort(), first.sort());
    assert.deepEqual(await offers('prov'), ['provider']);
    for (const group of groups) assert.deepEqual(await offers(group, ''), secondWords(group));
    assert.deepEqual(await offers('--config', 'x', 'keys', 'ro'), ['rotate']);
    assert.deepEqual(await offers('provider', 'remove', '7', '--'), [
        '--yes',
        '--config',
        '--json',
    ]);
    assert.deepEqual(await offers('provider', 'add', '7', '--name', ''), []);
    assert.deepEqual(await offers('serve', '--config', bash.slice(0, -2)), [bash]);
    assert.deepEqual(await offers('nothing', ''), []);
});

test('fish completes the same', async () => {
    assert.deepEqual(await fishOffers('caldock prov'), ['provider']);
    for (const group of groups)
        assert.deepEqual((await fishOffers(`caldock ${group} `)).sort(), secondWords(group).sort());
    const options = await fishOffers('caldock provider remove 7 --');
    assert.deepEqual(options.sort(), ['--config', '--json', '--yes']);
});

test('zsh takes its completion', async () => {
    await run('zsh', ['-n', place('share/zsh/site-functions/_caldock')]);
});

test('a build without its libraries names all packages at once', async () => {
    const env = { ...process.env, PKG_CONFIG_LIBDIR: '/nowhere' };
    const bare = path.join(folder, 'bare');
    const failed = await run('meson', ['setup', bare, root, '-Dtests=disabled'], { env }).catch(
        (error) => error.stdout,
    );
    const line = /apt-get install (.*)/.exec(failed)?.[1] ?? '';
    for (const name of ['libuv1-dev', 'libcurl4-openssl-dev', 'libjansson-dev'])
        assert.ok(line.includes(name), String(failed).slice(-2000));
    assert.ok(!line.includes('cmocka'), line);
});
