// SPDX-License-Identifier: Apache-2.0
// The operator's interface: commands, configuration, signals, health.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { ACCOUNTS, BINARY, PATTERN, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const run = (...args) => world.caldock.run(...args);
const json = async (...args) => JSON.parse(await run(...args, '--json'));

const folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-cli-'));
test.after(() => rm(folder, { recursive: true, force: true }));

// A bare call of the binary → {code, stdout, stderr}
function call(args, { cwd = folder, env = {} } = {}) {
    return new Promise((resolve) => {
        const options = { cwd, env: { ...process.env, ...env }, timeout: 20000 };
        execFile(BINARY, args, options, (error, stdout, stderr) => {
            resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr });
        });
    });
}

test('help, help COMMAND, --version', async () => {
    const help = await call(['help']);
    assert.equal(help.code, 0);
    for (const command of ['serve', 'check', 'init', 'provider', 'token', 'account', 'help']) {
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
        ['serve', '--config'],
    ];
    for (const args of wrong) {
        const { code, stdout, stderr } = await call(args);
        assert.equal(code, 2, args.join(' '));
        assert.equal(stdout, '', args.join(' '));
        assert.ok(stderr.length > 10, args.join(' '));
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
    await run('token', 'revoke', String(row.id));
    assert.equal((await world.caldock.command('token', 'revoke', '424242')).code, 1);
    assert.equal(
        (await world.caldock.command('token', 'create', '--provider', '999')).code,
        1,
        'an unknown provider',
    );
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
    await run('account', 'remove', String(id));
    assert.deepEqual(await json('account', 'list'), []);
    assert.equal((await world.caldock.command('account', 'remove', String(id))).code, 1);
    assert.equal((await world.caldock.command('account', 'show', String(id))).code, 1);
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
        assert.equal(code, 1);
        assert.ok(stderr.includes('bad.conf'), stderr);
        assert.match(stderr, expected);
    });
}

test('configuration: the environment overrides, CALDOCK_CONFIG leads, a missing file is said', async () => {
    const missing = await call(['check', '--config', 'missing.conf']);
    assert.equal(missing.code, 1);
    assert.match(missing.stdout + missing.stderr, /missing\.conf/);
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
        await writeFile(path.join(own.caldock.folder, 'secret'), `${secret}\n`);
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
    await sleep(5000);
    const start = (redirectUri) =>
        world.post(
            `${ACCOUNTS}/oauth2/initiate`,
            { calendar_source: 'GOOG', redirect_uri: redirectUri },
            { token },
        );
    assert.equal((await start('https://app.example/x')).status, 400);
    assert.equal((await start('https://new.example/x')).status, 200);
    await run('provider', 'remove', '30');
    await sleep(5000);
    assert.ok([401, 403].includes((await world.ask(ACCOUNTS, { token })).status));
});

test('SIGHUP reads the configuration again; what is wrong leaves it as it was', async () => {
    const own = await World.open();
    try {
        const lines = () => own.caldock.log.split('\n').length;
        const reload = async () => {
            const before = lines();
            own.caldock.process.kill('SIGHUP');
            while (
                !/reload/.test(
                    own.caldock.log
                        .split('\n')
                        .slice(before - 1)
                        .join('\n'),
                )
            )
                await sleep(20);
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

test('health and readiness', async () => {
    const health = await world.ask('/healthz', { token: null });
    assert.equal(health.status, 200);
    const ready = await world.ask('/readyz', { token: null });
    assert.equal(ready.status, 200);
    assert.equal(ready.headers['content-type'], 'application/json');
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
        assert.match(own.caldock.log, /event="store_away" reason="[^"]*later/);
        const away = await own.ask('/readyz', { token: null });
        assert.deepEqual([away.status, away.body.store], [503, 'unavailable']);
        const refused = await own.ask(ACCOUNTS, { token: `cdk_${'x'.repeat(43)}` });
        assert.deepEqual([refused.status, refused.body.code], [503, 'unavailable']);
        assert.ok(refused.headers['retry-after']);
        await mkdir(path.join(own.caldock.folder, 'later'));
        let status = 503;
        while (status !== 200) ({ status } = await own.ask('/readyz', { token: null }));
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
            .map((line) => JSON.parse(line));
        assert.ok(rows.some((row) => Object.values(row).includes('find-me')));
    } finally {
        await own.close();
    }
    await world.ask(ACCOUNTS, { headers: { 'x-request-id': 'find-me-too' } });
    while (!world.caldock.log.includes('find-me-too')) await sleep(20);
});
