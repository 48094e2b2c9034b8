// SPDX-License-Identifier: Apache-2.0
// The operator's interface: commands, configuration, signals, health.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
    chmod,
    chown,
    mkdir,
    mkdtemp,
    open,
    readFile,
    readdir,
    rename,
    rm,
    stat,
    symlink,
    writeFile,
} from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { runToEnd } from '../../standin/caldock.mjs';
import { goodClaims, makeJwt } from './lib/jwt.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, API, BINARY, PATTERN, World, becomes, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const run = (...args) => world.caldock.run(...args);
const json = async (...args) => JSON.parse(await run(...args, '--json'));

const folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-cli-'));
test.after(() => rm(folder, { recursive: true, force: true }));

// A bare call of the binary → {code, stdout, stderr}
function call(args, { cwd = folder, env = {} } = {}) {
    return runToEnd(BINARY, args, { cwd, env: { ...process.env, ...env } });
}

test('help, help COMMAND, --version', async () => {
    const help = await call(['help']);
    assert.equal(help.code, 0);
    for (const command of ['serve', 'check', 'init', 'sources', 'provider', 'token', 'account', 'help']) {
        assert.match(help.stdout, new RegExp(`\\b${command}\\b`));
        const { code, stdout } = await call(['help', command]);
        assert.equal(code, 0, command);
        assert.ok(stdout.includes(command));
    }
    assert.deepEqual(await call(['--help']), help);
    const version = await call(['--version']);
    assert.deepEqual([version.code, /^caldock \d+\.\d+\.\d+\n$/.test(version.stdout)], [0, true]);
});

test('wrong usage: exit 2, said on stderr', async () => {
    const wrong = [
        [],
        ['nonsense'],
        ['serve', '--nonsense'],
        ['serve', 'extra'],
        ['provider'],
        ['provider', 'nonsense'],
        ['provider', 'add'],
        ['provider', 'add', '1'],
        ['provider', 'add', 'x', '--name', 'n'],
        ['provider', 'add', '0', '--name', 'n'],
        ['provider', 'show'],
        ['provider', 'add', '9', '--name', 'Odd', '--redirect', 'ftp://a.example/'],
        ['token', 'create'],
        ['token', 'create', '--provider', '1', '--mode', 'staff'],
        ['token', 'create', '--provider', '1', '--expires', 'soon'],
        ['token', 'create', '--provider', '1', '--user', 'a b'],
        ['token', 'revoke'],
        ['account', 'show', 'x'],
        ['push', 'list', '--status', 'lost'],
        ['push', 'retry'],
        ['push', 'retry', '1', '--failed'],
        ['serve', '--config'],
    ];
    for (const args of wrong) {
        const { code, stdout, stderr } = await call(args);
        assert.equal(code, 2, args.join(' '));
        assert.equal(stdout, '', args.join(' '));
        assert.ok(stderr.length > 10, args.join(' '));
    }
});

test('no command leaves a core dump: the limit is 0 before anything is read', async () => {
    const own = path.join(folder, 'core');
    await mkdir(own);
    const config = path.join(own, 'caldock.conf');
    execFileSync('mkfifo', [config]);
    for (const args of [['check'], ['keys', 'list'], ['account', 'list'], ['serve']]) {
        const command = [
            '-c',
            'ulimit -c 1024; exec "$0" "$@"',
            BINARY,
            ...args,
            '--config',
            config,
        ];
        const child = spawn('sh', command, { stdio: 'ignore' });
        const ended = once(child, 'exit');
        const writer = await open(config, 'w'); // opens when the command opens it, which then waits
        const limits = await readFile(`/proc/${child.pid}/limits`, 'utf8');
        child.kill('SIGKILL');
        await ended;
        await writer.close();
        assert.match(limits, /^Max core file size +0 +0 /m, args.join(' '));
    }
});

test('init: a commented configuration and a key file of mode 0600, never overwritten', async () => {
    const own = path.join(folder, 'init');
    await mkdir(own);
    const config = path.join(own, 'caldock.conf');
    assert.equal((await call(['init', '--config', config])).code, 0);
    const text = await readFile(config, 'utf8');
    assert.match(text, /^\[server\]$/m);
    assert.match(text, /^# ?listen/m);
    const keys = path.join(own, 'caldock.keys');
    assert.equal((await stat(keys)).mode & 0o777, 0o600);
    const key = await readFile(keys, 'utf8');
    const again = await call(['init', '--config', config]);
    assert.equal(again.code, 1);
    assert.ok(again.stderr.includes('caldock.conf'), 'says which');
    await rm(config);
    const keysThere = await call(['init', '--config', config]);
    assert.equal(keysThere.code, 1);
    assert.ok(keysThere.stderr.includes('caldock.keys'), 'says which');
    assert.equal(await readFile(keys, 'utf8'), key);
});

test('provider: add, list, show, set, remove', async () => {
    await run(
        'provider',
        'add',
        '10',
        '--name',
        'Ten',
        '--redirect',
        PATTERN,
        '--redirect',
        'https://b.example/x',
    );
    assert.equal((await world.caldock.command('provider', 'add', '10', '--name', 'Again')).code, 1);
    const row = (await json('provider', 'list')).find(({ id }) => id === 10);
    assert.equal(row.name, 'Ten');
    assert.match(await run('provider', 'show', '10'), /https:\/\/b\.example\/x/);
    await run(
        'provider',
        'set',
        '10',
        '--name',
        'Zehn',
        '--remove-redirect',
        'https://b.example/x',
    );
    const shown = await run('provider', 'show', '10');
    assert.match(shown, /Zehn/);
    assert.doesNotMatch(shown, /b\.example/);
    assert.match(shown, /external_calendars/);
    await run('provider', 'remove', '10');
    assert.ok(!(await json('provider', 'list')).some(({ id }) => id === 10));
    for (const args of [
        ['show', '10'],
        ['set', '10', '--name', 'x'],
        ['remove', '10'],
    ]) {
        assert.equal((await world.caldock.command('provider', ...args)).code, 1, args.join(' '));
    }
});

test('token: create prints the token alone, list never shows it, revoke ends it', async () => {
    const { code, stdout } = await world.caldock.command(
        'token',
        'create',
        '--provider',
        '1',
        '--name',
        'mine',
        '--user',
        'ann',
        '--mode',
        'customer',
        '--expires',
        '30d',
    );
    assert.equal(code, 0);
    assert.match(stdout, /^cdk_[\w-]{43,}\n$/);
    world.secrets.add(stdout.trim());
    const row = (await json('token', 'list')).find(({ name }) => name === 'mine');
    assert.ok(Number.isInteger(row.id) || typeof row.id === 'string');
    assert.ok(!JSON.stringify(row).includes(stdout.trim().slice(4)));
    assert.ok(!(await run('token', 'list')).includes(stdout.trim().slice(4)));
    const listed = async (...args) => {
        const list = await world.caldock.command('token', 'list', '--json', ...args);
        const state = JSON.parse(list.stdout).find(({ id }) => id === row.id)?.state;
        return [state, /left out: \d+ revoked or expired; --all/.test(list.stderr)];
    };
    assert.deepEqual(await listed(), ['active', false]);
    await world.alterStore(`update tokens set expires_at = 1 where id = ${row.id}`);
    assert.deepEqual(await listed(), [undefined, true]);
    assert.deepEqual(await listed('--all'), ['expired', false]);
    await run('token', 'revoke', String(row.id));
    assert.deepEqual(await listed(), [undefined, true]);
    assert.deepEqual(await listed('--all'), ['revoked', false]);
    assert.equal((await world.caldock.command('token', 'revoke', '424242')).code, 1);
    assert.equal(
        (await world.caldock.command('token', 'create', '--provider', '999')).code,
        1,
        'an unknown provider',
    );
});

test('token create whose output goes nowhere leaves no token that is valid', async () => {
    const active = async () =>
        (await json('token', 'list')).filter(({ state }) => state === 'active').length;
    const before = await active();
    for (const [to, reason] of [
        ['>/dev/full', 'No space left on device'],
        ['>&-', 'Bad file descriptor'],
    ]) {
        const command = `exec "$0" token create --provider 1 --config "$1" ${to}`;
        const { code, stderr } = await runToEnd('sh', ['-c', command, BINARY, world.caldock.config]);
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`standard output: ${reason}: so token \\d+ is revoked again`));
    }
    assert.equal(await active(), before);
    const list = `exec "$0" token list --config "$1" >/dev/full`;
    const { code, stderr } = await runToEnd('sh', ['-c', list, BINARY, world.caldock.config]);
    assert.deepEqual([code, stderr], [1, 'caldock: standard output: No space left on device\n']);
});

test('output that goes nowhere is a failure, with its reason', async () => {
    for (const command of ['--version', '--help', 'help config', 'token list --config "$1"']) {
        for (const [to, reason] of [
            ['>/dev/full', 'No space left on device'],
            ['>&-', 'Bad file descriptor'],
        ]) {
            const line = `exec "$0" ${command} ${to}`;
            const { code, stderr } = await runToEnd('sh', ['-c', line, BINARY, world.caldock.config]);
            assert.deepEqual([code, stderr], [1, `caldock: standard output: ${reason}\n`], line);
        }
    }
});

test('account: list, show, remove, never a secret', async () => {
    const id = await world.connected('GOOG');
    const rows = await json('account', 'list', '--provider', '1');
    assert.deepEqual(
        rows.map((row) => row.id),
        [id],
    );
    assert.equal(typeof rows[0].name, 'string');
    const shown = await run('account', 'show', String(id));
    assert.match(shown, /alice@example\.com/);
    for (const secret of world.standins.google.identity.secrets) {
        assert.ok(!shown.includes(secret) && !JSON.stringify(rows).includes(secret));
    }
    const unknown = await world.caldock.command('account', 'list', '--provider', '99');
    assert.deepEqual(
        [unknown.code, unknown.stdout, unknown.stderr],
        [1, '', 'caldock: there is no provider 99; `caldock provider list` shows them\n'],
    );
    await run('account', 'remove', String(id));
    assert.deepEqual(await json('account', 'list', '--provider', '1'), []);
    assert.deepEqual(await json('account', 'list'), []);
    assert.equal((await world.caldock.command('account', 'remove', String(id))).code, 1);
    assert.equal((await world.caldock.command('account', 'show', String(id))).code, 1);
});

test('push: list says how copies stand, never what is in them, and retry has one written again', async () => {
    const account = await world.connected('GOOG');
    const setting = await world.post(`${API}/staff_calendar_settings`, {
        calendar_source_account: account,
        calendar_source_calendar_id: 'primary',
        is_destination_for_teamup_events: true,
        is_source_for_busy_periods: false,
    });
    assert.equal(setting.status, 201, setting.text);
    const refusal = { status: 400, reason: 'invalid', times: 1 };
    world.control('GOOG').fault({ path: '/events', method: 'POST', ...refusal });
    const start = Date.now() + 3600000;
    const [from, to] = [start, start + 3600000].map((ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`);
    const event = { title: 'Of nobody else', start: from, end: to };
    const kept = await world.ask(`${API}/pushed_events/booking-1`, { method: 'PUT', json: event });
    assert.equal(kept.status, 201, kept.text);
    const becomes = (wanted) =>
        until(`the copy is ${wanted}`, async () => {
            const [row] = await json('push', 'list');
            return row?.status === wanted && row;
        });

    const { id, ...row } = await becomes('failed');
    assert.deepEqual(row, {
        name: 'booking-1',
        event_id: 'booking-1',
        status: 'failed',
        reason: 'refused',
        provider: 1,
        mode: 'provider',
        user: null,
        account,
        staff_calendar_settings: setting.body.id,
        calendar_source: 'GOOG',
        calendar_source_event_id: null,
        due_at: null,
        since: row.since,
        attempts: 0,
        written_at: null,
        is_changed: false,
    });
    const listed = async (...args) => (await json('push', 'list', ...args)).map((one) => one.id);
    assert.deepEqual(await listed('--status', 'failed', '--provider', '1'), [id]);
    assert.deepEqual(await listed('--status', 'written'), []);
    assert.ok(!(await run('push', 'list')).includes('nobody'));
    await run('push', 'retry', String(id));
    assert.ok((await becomes('written')).calendar_source_event_id.startsWith('cdk'));
    const again = await world.caldock.command('push', 'retry', String(id));
    assert.deepEqual([again.code, /has not failed/.test(again.stderr)], [1, true]);
    await run('push', 'retry', '--failed');
    assert.match(await run('check'), /ok\tpush\tno copy of an event is due/);
    assert.equal((await world.ask(`${API}/pushed_events/booking-1`, { method: 'DELETE' })).status, 204);
    await until('nothing is left of it', async () => (await json('push', 'list')).length === 0);
});

test('check: a line per finding, with the mend', async () => {
    const good = await world.caldock.command('check');
    assert.equal(good.code, 0, good.stdout + good.stderr);
    const own = await World.open({ serve: false, provider: false });
    try {
        await own.standins.google.close();
        const bad = await own.caldock.command('check');
        assert.equal(bad.code, 1);
        assert.match(bad.stdout + bad.stderr, /google/i);
        await rm(path.join(own.caldock.folder, 'caldock.keys'));
        const keyless = await own.caldock.command('check');
        assert.equal(keyless.code, 1);
        assert.match(keyless.stdout + keyless.stderr, /caldock init|key file/i);
    } finally {
        await own.close();
    }
});

test('a command that reads makes no store, and none leaves a file of its own user', async () => {
    const own = await World.open({ serve: false, provider: false });
    const { caldock } = own;
    const files = async () => (await readdir(caldock.folder)).sort();
    try {
        const before = await files();
        const check = await caldock.command('check');
        assert.equal(check.code, 0, check.stdout);
        assert.match(check.stdout, /note\tstore\tthere is no store yet.*`caldock serve`/);
        for (const args of [
            ['provider', 'list'],
            ['token', 'list'],
            ['account', 'list'],
            ['keys', 'list'],
            ['keys', 'rotate'],
        ]) {
            const { code, stdout, stderr } = await caldock.command(...args);
            assert.deepEqual([code, stdout], [1, ''], args.join(' '));
            assert.match(stderr, /there is no store yet.*`caldock serve` (or|makes)/);
        }
        assert.deepEqual(await files(), before);
        await caldock.makeStore();
        assert.equal((await caldock.command('provider', 'list')).code, 0);
        if (process.getuid() !== 0 || own.schema) return;
        const nobody = 65534;
        await chown(path.join(caldock.folder, 'caldock.db'), nobody, nobody);
        assert.equal((await caldock.command('check')).code, 0);
        await caldock.run('provider', 'add', '1', '--name', 'One');
        for (const name of (await files()).filter((file) => file.startsWith('caldock.db'))) {
            assert.equal((await stat(path.join(caldock.folder, name))).uid, nobody, name);
        }
    } finally {
        await own.close();
    }
});

const BAD_CONFIGURATIONS = [
    ['an unknown section', '[servr]\nlisten = 127.0.0.1:1\n', /:[12]\b.*servr/],
    ['an unknown key', '[server]\nlisen = 127.0.0.1:1\n', /:2\b.*lisen/],
    ['a bad duration', '[server]\n\nrequest_timeout = fast\n', /:3\b.*request_timeout/],
    ['a duration without a unit', '[oauth]\ntimeout = 10\n', /:2\b/],
    ['a bad number', '[server]\nworkers = many\n', /:2\b/],
    ['a bad choice', '[log]\nlevel = loud\n', /:2\b.*debug/],
    ['a bad address', '[server]\nlisten = nowhere\n', /:2\b/],
    [
        'a public_url that is not https',
        '[server]\npublic_url = http://example.com\n',
        /:2\b.*https/,
    ],
    ['a line that is none', '[server]\nnonsense\n', /:2\b/],
    [
        'a source over http',
        '[google]\nclient_id = x\nclient_secret = y\ntoken_url = http://example.com/t\n',
        /:4\b.*https/,
    ],
    [
        'a JWT issuer without audience',
        '[jwt a]\nissuer = i\nproviders = 1\nsecret = 0123456789012345678901234567890123456789\n',
        /audience/,
    ],
    [
        'a JWT secret that is too short',
        '[jwt a]\nissuer = i\naudience = a\nproviders = 1\nsecret = short\n',
        /:\d+\b.*32/,
    ],
    [
        'a secret file that is not there',
        '[google]\nclient_id = x\nclient_secret_file = nowhere\n',
        /:3\b.*nowhere/,
    ],
    ['an over-long line', `[google]\nclient_id = ${'x'.repeat(100000)}\n`, /:2\b/],
];

for (const [what, text, expected] of BAD_CONFIGURATIONS) {
    test(`configuration: ${what} stops the start with file, line and mend`, async () => {
        const file = path.join(folder, 'bad.conf');
        await writeFile(file, text);
        const { code, stderr } = await call(['serve', '--config', file]);
        assert.equal(code, 78);
        assert.ok(stderr.includes('bad.conf'), stderr);
        assert.match(stderr, expected);
    });
}

test('configuration: the environment overrides, CALDOCK_CONFIG leads, a missing file is said', async () => {
    for (const [command, status] of [
        ['check', 1],
        ['serve', 78],
    ]) {
        const { code, stdout, stderr } = await call([command, '--config', 'missing.conf']);
        assert.equal(code, status);
        assert.match(stdout + stderr, /missing\.conf/);
    }
    const bad = await call(['check', '--config', world.caldock.config], {
        env: { CALDOCK_SERVER_WORKERS: 'many' },
    });
    assert.equal(bad.code, 1);
    assert.match(bad.stdout + bad.stderr, /CALDOCK_SERVER_WORKERS/);
    const led = await call(['provider', 'list', '--json'], {
        env: { CALDOCK_CONFIG: world.caldock.config },
    });
    assert.equal(led.code, 0);
    assert.ok(JSON.parse(led.stdout).some(({ id }) => id === 1));
});

test('configuration: a secret from a file, by key and by environment; # and ; belong to a value', async () => {
    const own = await World.open({ serve: false });
    try {
        const { client_secret: secret } = own.standins.google.source.client;
        await writeFile(path.join(own.caldock.folder, 'secret'), `${secret}\n`, { mode: 0o600 });
        await own.caldock.configure({
            google: { client_secret_file: 'secret', client_secret: '' },
        });
        const text = await readFile(own.caldock.config, 'utf8');
        await writeFile(own.caldock.config, text.replace(/^client_secret = \n/m, ''));
        await own.caldock.start();
        assert.equal(await own.outcome('GOOG'), 'success');
        await own.caldock.stop();
        await own.caldock.configure({ google: { client_secret: `${secret} ;not a comment` } });
        await own.caldock.start();
        assert.equal(await own.outcome('GOOG'), 'source_misconfigured');
        await own.caldock.stop();
        await own.caldock.start({
            CALDOCK_GOOGLE_CLIENT_SECRET_FILE: path.join(own.caldock.folder, 'secret'),
        });
        assert.equal(await own.outcome('GOOG'), 'success');
    } finally {
        await own.close();
    }
});

test('changes by the command line reach a running server within 5 seconds', async () => {
    await run('provider', 'add', '30', '--name', 'Thirty', '--redirect', PATTERN);
    const token = await world.addToken('--provider', '30');
    assert.equal((await world.ask(ACCOUNTS, { token })).status, 200, 'a new token at once');
    await run(
        'provider',
        'set',
        '30',
        '--remove-redirect',
        PATTERN,
        '--add-redirect',
        'https://new.example/*',
    );
    const start = async (redirectUri) => {
        const body = { calendar_source: 'GOOG', redirect_uri: redirectUri };
        return (await world.post(`${ACCOUNTS}/oauth2/initiate`, body, { token })).status;
    };
    await becomes(() => start('https://app.example/x'), 400);
    await becomes(() => start('https://new.example/x'), 200);
    await run('provider', 'remove', '30');
    await becomes(async () => (await world.ask(ACCOUNTS, { token })).status, 403);
});

test('SIGHUP reads the configuration again; what is wrong leaves it as it was', async () => {
    const own = await World.open();
    try {
        const reload = async () => {
            const from = own.caldock.log.length;
            own.caldock.kill('SIGHUP');
            await until('it reloads', () => /event="config\./.test(own.caldock.log.slice(from)));
        };
        await own.caldock.configure({ oauth: { flow_timeout: '77s' } });
        await reload();
        const start = async () =>
            (
                await own.post(`${ACCOUNTS}/oauth2/initiate`, {
                    calendar_source: 'GOOG',
                    redirect_uri: 'https://app.example/x',
                })
            ).body.timeout_seconds;
        assert.equal(await start(), 77);
        await own.caldock.configure({ oauth: { flow_timeout: 'nonsense' } });
        await reload();
        assert.equal(await start(), 77);
    } finally {
        await own.close();
    }
});

test('SIGHUP says what has changed, at level warn too, and what a restart is needed for', async () => {
    const own = await World.open();
    try {
        const { caldock } = own;
        const after = async (from, pattern) => {
            await until(`the log has ${pattern}`, () => pattern.test(caldock.log.slice(from)));
            return caldock.log.slice(from);
        };
        const reload = (settings) => {
            const from = caldock.log.length;
            return caldock.configure(settings).then(() => {
                caldock.kill('SIGHUP');
                return after(from, /event="config.reloaded"/);
            });
        };
        assert.match(await reload(), / changed="nothing"/);
        const servers = async () =>
            (await own.ask('/api/v2/openapi.json', { token: null })).body.servers;
        assert.deepEqual(await servers(), [{ url: caldock.url }]);
        const settings = {
            server: { public_url: 'https://new.example/x', metrics_listen: '127.0.0.1:1', queue: 7 },
            log: { level: 'warn' },
        };
        assert.match(await reload(settings), / changed="\[server\] public_url, \[log\] level"/);
        await after(0, /event="config.needs_restart" keys="\[server\] queue, \[server\] metrics_listen"/);
        assert.deepEqual(await servers(), [{ url: 'https://new.example/x' }]);
        assert.match(await reload(settings), / changed="nothing"/);
    } finally {
        await own.close();
    }
});

test('SIGHUP is answered at level error too', async () => {
    const own = await World.open(); // the harness waits for its line `ready`
    try {
        const { caldock } = own;
        const reload = async (settings) => {
            const from = caldock.log.length;
            await caldock.configure({ log: { level: 'error' }, ...settings });
            caldock.kill('SIGHUP');
            await until('it reloads', () => /event="config\./.test(caldock.log.slice(from)));
        };
        await reload({});
        const quiet = caldock.log.length;
        await reload({ oauth: { flow_timeout: '77s' } });
        assert.match(caldock.log, /event="config.reloaded" changed="\[oauth\] flow_timeout"/);
        await reload({ server: { queue: 7 } });
        const advice = /event="config.needs_restart" keys="\[server\] queue"/;
        await until(`the log has ${advice}`, () => advice.test(caldock.log));
        const port = caldock.url.split(':').at(-1);
        await reload({ server: { listen: `127.0.0.1:${port} 127.0.0.1:${port}` } });
        assert.match(
            caldock.log,
            /event="config.refused" .*stands there twice.* changed="\[server\] listen/,
        );
        await own.ask('/healthz', { token: null });
        await reload({});
        assert.doesNotMatch(caldock.log.slice(quiet), /event="(?!config\.)/);
    } finally {
        await own.close();
    }
});

test('a file that changes is read anew by itself, and that is said', async () => {
    const own = await World.open({ serve: false });
    const { caldock } = own;
    const file = (name) => path.join(caldock.folder, name);
    const jwkOf = (key) => JSON.stringify({ kty: 'oct', k: key.toString('base64url') });
    const replace = async (name, text) => {
        await writeFile(file(`${name}.new`), text);
        await rename(file(`${name}.new`), file(name));
    };
    const keys = ['a', 'b'].map((letter) => Buffer.alloc(32, letter));
    try {
        await replace('jwt.key', jwkOf(keys[0]));
        await replace('ca.pem', 'no certificate');
        await caldock.configure({
            oauth: { ca_file: 'ca.pem' },
            'jwt acme': { issuer: 'i', audience: 'a', providers: '1', key_file: 'jwt.key' },
        });
        await caldock.start();
        const ask = async (key) => {
            const jwt = makeJwt({ key, claims: goodClaims({ iss: 'i', aud: 'a' }) });
            const headers = { authorization: `JWT ${jwt}` };
            return (await own.ask(ACCOUNTS, { token: null, headers })).status;
        };
        const reloads = async (change) => {
            const from = caldock.log.length;
            await change();
            await until('it reloads', () => /event="config\./.test(caldock.log.slice(from)));
            return caldock.log.slice(from);
        };
        assert.deepEqual([await ask(keys[0]), await ask(keys[1])], [200, 401]);
        const other = await reloads(() => replace('jwt.key', jwkOf(keys[1])));
        assert.match(other, /event="config.reloaded" changed="\[jwt acme\] key_file"/);
        assert.deepEqual([await ask(keys[0]), await ask(keys[1])], [401, 200]);
        const authorities = await reloads(() => replace('ca.pem', 'another one'));
        assert.match(authorities, /changed="\[oauth\] ca_file"/);
        assert.match(await reloads(() => caldock.kill('SIGHUP')), /changed="nothing"/);
    } finally {
        await own.close();
    }
});

// As the kubelet replaces a secret: a folder for each version, and a link that is swapped.
test('a secret that an orchestrator replaces is used, and one that is none is refused', async () => {
    const own = await World.open({ provider: false, serve: false });
    const { caldock } = own;
    const folder = path.join(caldock.folder, 'secrets');
    const good = own.standins.google.source.client.client_secret;
    let version = 0;
    const put = async (secret) => {
        const name = `..${++version}`;
        await mkdir(path.join(folder, name), { recursive: true });
        await writeFile(path.join(folder, name, 'google'), `${secret}\n`, { mode: 0o600 });
        await symlink(name, path.join(folder, '..next'));
        await rename(path.join(folder, '..next'), path.join(folder, '..data'));
    };
    const said = (event) => caldock.log.match(new RegExp(`event="${event}"[^\n]*`, 'g')) ?? [];
    const says = (event, n) => until(`${event} is said`, () => said(event).length === n && said(event));
    try {
        await put('not-the-secret-of-the-client');
        await symlink('..data/google', path.join(folder, 'google'));
        await caldock.configure({
            google: { client_secret: '', client_secret_file: 'secrets/google' },
        });
        await caldock.start();
        await own.addProvider(1);
        own.token = await own.addToken('--provider', '1');
        assert.equal(await own.outcome('GOOG'), 'source_misconfigured');
        await put(good);
        const [first] = await says('config.reloaded', 1);
        assert.match(first, / changed="\[google\] client_secret"/);
        assert.equal(await own.outcome('GOOG'), 'success');
        await put('two\nlines');
        const [refused] = await says('config.refused', 1);
        assert.match(refused, /client_secret_file.*holds more than one line/);
        assert.match(refused, / changed="\[google\] client_secret"/);
        assert.equal(await own.outcome('GOOG'), 'success');
        await put(good); // as it was: there is nothing to say of it
        await put('not-the-secret-of-the-client');
        await says('config.reloaded', 2);
        assert.equal(await own.outcome('GOOG'), 'source_misconfigured');
        assert.equal(said('config.refused').length, 1);
    } finally {
        await own.close();
    }
});

test('health and readiness', async () => {
    const health = await world.ask('/healthz', { token: null });
    assert.equal(health.status, 200);
    const ready = await world.ask('/readyz', { token: null });
    assert.equal(ready.status, 200);
    assert.equal(ready.headers['content-type'], 'application/json');
    const { stdout } = await call(['--version']);
    assert.deepEqual(ready.body, {
        status: 'ok',
        store: 'ok',
        keys: 'ok',
        schema: 'ok',
        version: stdout.trim().split(' ')[1],
        draining: false,
    });
    assert.equal(ready.headers['retry-after'], undefined);
});

test('each thread has a name, which says what it does', async () => {
    const tasks = `/proc/${world.caldock.process.pid}/task`;
    const ids = await readdir(tasks);
    const names = await Promise.all(ids.map((id) => readFile(`${tasks}/${id}/comm`, 'utf8')));
    const found = new Set(names.map((name) => name.trim()));
    const known = ['caldock', 'chores', 'cold', 'http', 'issuers', 'keeper', 'lanes', 'log'];
    known.push('notices', 'source', 'store');
    assert.deepEqual([...found].sort(), known);
    assert.equal(names.filter((name) => name === 'caldock\n').length, 1, 'the main thread');
});

// The command of a node that was started anew with such an address.
async function healthOf(own, listen, server = {}) {
    await own.caldock.stop();
    await own.caldock.configure({ server: { listen, ...server } });
    await own.caldock.start();
    return own.caldock.command('health');
}

test('health: ready at each kind of address, with a path prefix, and as JSON', async () => {
    const own = await World.open({ provider: false });
    const { port } = own.caldock;
    try {
        const prefix = { public_url: `http://127.0.0.1:${port}/calendars` };
        for (const [listen, server] of [
            [`127.0.0.1:${port}`],
            [`127.0.0.1:${port}`, prefix],
            [`0.0.0.0:${port}`],
            [`[::]:${port}`],
            [`unix:${own.caldock.folder}/h.sock?mode=0600`],
        ]) {
            const health = await until(`ready at ${listen}`, async () => {
                const { code, stdout } = await healthOf(own, listen, server);
                return code === 0 && stdout;
            });
            assert.equal(health, `status: ok\naddress: ${listen}\n`);
        }
        const json = JSON.parse(await own.caldock.run('health', '--json'));
        assert.equal(json.status, 'ok');
    } finally {
        await own.close();
    }
});

test('health: 1 and the reason while nobody is ready there', async () => {
    const own = await World.open({ provider: false, serve: false });
    const { caldock } = own;
    const { host } = new URL(caldock.url);
    const reason = async () => {
        const { code, stderr } = await caldock.command('health');
        assert.equal(code, 1, stderr);
        return stderr;
    };
    try {
        assert.equal(await reason(), `caldock: ${host}: Connection refused\n`);
        await caldock.configure({ server: { shutdown_delay: '600s' } });
        await caldock.start();
        caldock.kill('SIGTERM');
        await until('unready', async () => (await caldock.command('health')).code === 1);
        const [, status, body] = /^caldock: \S+ answers (\d+): (.*)\n$/.exec(await reason());
        assert.deepEqual([status, JSON.parse(body).draining], ['503', true]);
        await caldock.stop();
        await caldock.configure({ server: { listen: `unix:${caldock.folder}/none.sock` } });
        assert.match(await reason(), /none\.sock: No such file or directory\n$/);
        const other = net.createServer((socket) => socket.end('220 mail\r\n'));
        await once(other.listen(caldock.port, '127.0.0.1'), 'listening');
        await caldock.configure();
        assert.match(await reason(), /who answers there speaks no HTTP\n$/);
        other.close();
    } finally {
        await own.close();
    }
});

test('the limit of open files: raised where that suffices, else the log says what is needed', async () => {
    const own = await World.open({ serve: false, provider: false });
    const { caldock } = own;
    const launcher = path.join(caldock.folder, 'launcher');
    const startWith = async (limit) => {
        await writeFile(launcher, `#!/bin/sh\nulimit ${limit} && exec ${BINARY} "$@"\n`);
        await chmod(launcher, 0o755);
        await caldock.start();
        await caldock.stop();
        return /limits\.files.*/.exec(caldock.log)?.[0];
    };
    try {
        caldock.binary = launcher;
        await caldock.configure({ server: { max_connections: 100, workers: 1, threads: 1 } });
        assert.equal(await startWith('-Sn 64'), undefined);
        const said = await startWith('-n 300');
        const [, needed, have] = /needed="(\d+)" have="(\d+)"/.exec(said);
        assert.equal(have, '300');
        assert.ok(Number(needed) > 300, said);
    } finally {
        await own.close();
    }
});

test('a store that is unusable stops the start with the reason', async () => {
    const own = await World.open({ serve: false, provider: false });
    try {
        await writeFile(
            path.join(own.caldock.folder, 'broken.db'),
            'this is no database, and never was one'.repeat(200),
        );
        await own.caldock.configure({ store: { url: 'sqlite:broken.db' } });
        const { code, stderr } = await own.caldock.command('serve');
        assert.equal(code, 1);
        assert.match(stderr, /broken\.db|database/);
    } finally {
        await own.close();
    }
});

test('a store that is away: the start goes on, says so, and the store may come', async () => {
    const own = await World.open({ provider: false, serve: false });
    try {
        const settings = { store: { url: 'sqlite:later/caldock.db' } };
        await own.caldock.configure(settings);
        await own.caldock.start();
        await until('the log says why', () =>
            /event="service.unready" reason="[^"]*later/.test(own.caldock.log),
        );
        const away = await own.ask('/readyz', { token: null });
        assert.deepEqual([away.status, away.body.store], [503, 'unavailable']);
        assert.equal(away.headers['retry-after'], '1');
        const refused = await own.ask(ACCOUNTS, { token: `cdk_${'x'.repeat(43)}` });
        assert.deepEqual([refused.status, refused.body.code], [503, 'unavailable']);
        assert.ok(refused.headers['retry-after']);
        await mkdir(path.join(own.caldock.folder, 'later'));
        const isReady = async () => (await own.ask('/readyz', { token: null })).status === 200;
        await until('it is ready', isReady);
        await until('the log says so', () => own.caldock.log.includes('event="store.back"'));
        const minds = () => own.caldock.log.match(/event="(service\.(started|(un)?ready)|store\.\w+)"/g);
        await until('the log says this, too', () => minds().length > 4);
        assert.deepEqual(minds(), [
            'event="service.started"',
            'event="store.away"',
            'event="service.unready"',
            'event="store.back"',
            'event="service.ready"',
        ]);
    } finally {
        await own.close();
    }
});

test('log formats: logfmt and JSON, a line per request with its id', async () => {
    const own = await World.open({ settings: { log: { format: 'json', level: 'info' } } });
    try {
        await own.ask(ACCOUNTS, { headers: { 'x-request-id': 'find-me' } });
        await own.caldock.stop();
        const rows = own.caldock.log
            .trim()
            .split('\n')
            .filter((line) => !line.startsWith('profiling:')) // what a build for coverage adds
            .map((line) => JSON.parse(line));
        assert.ok(rows.some((row) => Object.values(row).includes('find-me')));
    } finally {
        await own.close();
    }
    await world.ask(ACCOUNTS, { headers: { 'x-request-id': 'find-me-too' } });
    await until('the log has it', () => world.caldock.log.includes('find-me-too'));
});
