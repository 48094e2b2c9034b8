// SPDX-License-Identifier: Apache-2.0
// `caldock check` finds what would stop the start, before the start does, and changes nothing.
import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';

import { freePort, runToEnd } from '../../standin/caldock.mjs';
import { BINARY, PATTERN, World } from './lib/world.mjs';

// What check says under this code and those below it → [[level, text], …]
async function findings(caldock, code, ...options) {
    const { stdout } = await caldock.command('check', '--json', '--only', code, ...options);
    return JSON.parse(stdout).map(({ level, text }) => [level, text]);
}

const listen = (caldock) => findings(caldock, 'config.listen');

// A program that has an address: {port} or {path}.
async function holder(at) {
    const server = net.createServer((socket) => socket.destroy());
    await new Promise((resolve) => server.listen(at, resolve));
    return server;
}

// A world whose service doesn't run, but whose store is there.
async function inWorld(test, options = {}) {
    const own = await World.open({ serve: false, ...options });
    try {
        await test(own, own.caldock);
    } finally {
        await own.close();
    }
}

test('an address that can be had is left as it was', () =>
    inWorld(async (own, caldock) => {
        const socket = path.join(caldock.folder, 's.sock');
        const port = await freePort();
        await caldock.configure({ server: { listen: `127.0.0.1:${port} unix:s.sock` } });
        const before = await readdir(caldock.folder);
        assert.deepEqual(await listen(caldock), [
            ['ok', `127.0.0.1:${port} can be had`],
            ['ok', `unix:${socket} can be had`],
        ]);
        assert.deepEqual(await readdir(caldock.folder), before);
    }));

test('an address that another program has is wrong in check, as it is for serve', () =>
    inWorld(async (own, caldock) => {
        const port = await freePort();
        const socket = path.join(caldock.folder, 's.sock');
        const holders = [await holder({ port, host: '127.0.0.1' }), await holder({ path: socket })];
        for (const [address, mend] of [
            [`127.0.0.1:${port}`, /address already in use: another program has it, and `ss -ltnp`/],
            [`0.0.0.0:${port}`, /address already in use: another program has it, and `ss -ltnp`/],
            ['unix:s.sock', /address already in use: another program listens there/],
            ['unix:none/s.sock', /no such file or directory: its folder must be there/],
            ['192.0.2.1:80', /this machine has no such address/],
        ]) {
            await caldock.configure({ server: { listen: address } });
            const [[finding, text]] = await listen(caldock);
            assert.deepEqual([finding, mend.test(text)], ['wrong', true], text);
            assert.equal((await caldock.command('check')).code, 1);
            const serve = await caldock.command('serve');
            assert.deepEqual([serve.code, mend.test(serve.stderr)], [1, true], serve.stderr);
        }
        for (const server of holders) server.close();
    }));

test('the same address twice stops check, serve and a reload, with file and line', () =>
    inWorld(async (own, caldock) => {
        const port = await freePort();
        const address = `127.0.0.1:${port}`;
        for (const server of [
            { listen: `${address} ${address}` },
            { listen: address, metrics_listen: address },
        ]) {
            await caldock.configure({ server });
            const [[finding, text]] = await listen(caldock);
            const says = new RegExp(
                `caldock\\.conf:\\d+: \\[server\\] \\w+: ${address} stands there twice`,
            );
            assert.deepEqual([finding, says.test(text)], ['wrong', true], text);
            const serve = await caldock.command('serve');
            assert.deepEqual([serve.code, says.test(serve.stderr)], [78, true], serve.stderr);
        }
    }));

test('an address for metrics is tried, too', () =>
    inWorld(async (own, caldock) => {
        const address = `127.0.0.1:${await freePort()}`;
        await caldock.configure({ server: { metrics_listen: address } });
        assert.deepEqual((await listen(caldock))[1], ['ok', `${address} can be had`]);
        const other = await holder({ host: '127.0.0.1', port: address.split(':')[1] });
        try {
            const [level, text] = (await listen(caldock))[1];
            assert.deepEqual([level, /another program has it/.test(text)], ['wrong', true]);
        } finally {
            other.close();
        }
        await caldock.start();
        const ours = ['ok', `${address} is held by this service, which runs`];
        assert.deepEqual((await listen(caldock))[1], ours);
        const wrong = await holder({ host: '127.0.0.1', port: 0 });
        try {
            const metrics_listen = `127.0.0.1:${wrong.address().port}`;
            await caldock.configure({ server: { metrics_listen } });
            assert.match((await listen(caldock))[1].join(' '), /^wrong .*another program has it/);
        } finally {
            wrong.close();
        }
    }));

test('an address that this service has is in order, whatever was edited since', async () => {
    const own = await World.open();
    const { caldock } = own;
    try {
        const unix = path.join(caldock.folder, 's.sock');
        const address = caldock.url.replace('http://', '');
        await caldock.stop();
        await caldock.configure({ server: { listen: `${address} unix:s.sock` } });
        await caldock.start();
        const ours = [
            ['ok', `${address} is held by this service, which runs`],
            ['ok', `unix:${unix} is held by this service, which runs`],
        ];
        assert.deepEqual(await listen(caldock), ours);
        await caldock.configure({ server: { public_url: 'https://new.example' } });
        assert.deepEqual(await listen(caldock), [ours[0]]);
        assert.equal((await caldock.command('check', '--only', 'config.listen')).code, 0);
    } finally {
        await own.close();
    }
});

test('an address that a Caldock with another store has is wrong', async () => {
    const other = await World.open();
    try {
        await inWorld(async (own, caldock) => {
            const address = other.caldock.url.replace('http://', '');
            await caldock.configure({ server: { listen: address } });
            assert.match((await listen(caldock))[0].join(' '), /^wrong .*another program has it/);
        });
    } finally {
        await other.close();
    }
});

test('/healthz tells a node only to who knows it', async () => {
    const own = await World.open();
    try {
        const [, node] = /event="service.started".* node="([\w-]+)"/.exec(own.caldock.log);
        const ask = async (asked) => {
            const headers = asked === undefined ? {} : { 'caldock-node': asked };
            return (await own.ask('/healthz', { token: null, headers })).headers['caldock-node'];
        };
        assert.equal(await ask(undefined), undefined);
        assert.equal(await ask(''), undefined);
        assert.equal(await ask('AAAAAAAAAAAA'), undefined);
        assert.equal(await ask(node.slice(0, -1)), undefined);
        assert.equal(await ask(`AAAAAAAAAAAA ${node} `), node);
    } finally {
        await own.close();
    }
});

test('a provider without a redirect pattern, and a store without providers: a warning', () =>
    inWorld(
        async (own, caldock) => {
            await caldock.makeStore();
            const providers = () => findings(caldock, 'providers');
            assert.match((await providers())[0].join(' '), /^warn there is none yet$/);
            await caldock.run('provider', 'add', '7', '--name', 'Seven');
            assert.match(
                (await providers())[0].join(' '),
                /^warn provider 7 has no redirect pattern/,
            );
            const checked = (...more) => caldock.command('check', '--only', 'providers', ...more);
            assert.deepEqual([(await checked()).code, (await checked('--strict')).code], [0, 1]);
            await caldock.run('provider', 'set', '7', '--add-redirect', PATTERN);
            assert.deepEqual(await providers(), []);
        },
        { provider: false },
    ));

test('a configuration that can’t be used: what to do, also where one finding was asked for', () =>
    inWorld(async (own, caldock) => {
        await caldock.configure({ oauth: { flow_timeout: 'nonsense' } });
        const { code, stdout } = await caldock.command('check', '--json', '--only', 'clock');
        const [{ level, text, mend, code: what }, ...others] = JSON.parse(stdout);
        assert.deepEqual([code, level, what, others], [1, 'wrong', 'config', []]);
        assert.match(text, /caldock\.conf:\d+: \[oauth\] flow_timeout: /);
        assert.match(mend, /^correct what it names, or .*--config; `caldock help config`/);
    }));

test('quotes around a whole value: a note, since they belong to it', () =>
    inWorld(async (own, caldock) => {
        await caldock.configure({ google: { client_secret: '"quoted"' } });
        const notes = (await findings(caldock, 'config')).filter(([, text]) => /quotes/.test(text));
        assert.deepEqual([notes.length, notes[0][0]], [1, 'note']);
        assert.match(notes[0][1], /caldock\.conf:\d+: \[google\] client_secret: the quotes around/);
        assert.doesNotMatch(notes[0][1], /"quoted"/);
    }));

test('too few files: a warning that says how many connections are left', () =>
    inWorld(async (own, caldock) => {
        const check = (limit) => {
            const command = `ulimit -n ${limit}; exec "$0" check --config "$1"`;
            return runToEnd('sh', ['-c', command, BINARY, caldock.config]);
        };
        const { code, stdout } = await check(1000);
        assert.equal(code, 0, stdout);
        assert.match(stdout, /\nwarn\tlimits\.files\t\d+ open files are needed at most, and there /);
        assert.match(stdout, /max_connections is cut to \d+\traise the limit .*LimitNOFILE=/);
    }));

test('a store URL that names no store is refused by file and line', () =>
    inWorld(async (own, caldock) => {
        const folder = path.join(caldock.folder, 'urls');
        const config = path.join(folder, 'caldock.conf');
        await mkdir(folder);
        for (const [url, mend] of [
            ['sqlite://secret@host/x.db', /a file has none: write sqlite:caldock\.db, or sqlite:\//],
            ['sqlite://x.db', /a file has none: write sqlite:caldock\.db/],
            ['sqlite:x.db?key=secret', /without \?/],
            ['sqlite:', /must be followed by a file/],
            ['mysql://u:secret@h/d', /sqlite:FILE or postgresql:/],
            ['postgresql://u:secret%zz@h/d', /postgresql:\/\/USER:PASSWORD@HOST/],
        ]) {
            await writeFile(config, '[store]\n');
            await appendFile(config, `url = ${url}\n`);
            for (const [command, status] of [
                ['serve', 78],
                ['check', 1],
            ]) {
                const all = await runToEnd(BINARY, [command, '--config', config]);
                const said = all.stdout + all.stderr;
                assert.equal(all.code, status);
                assert.ok(said.includes('caldock.conf:2: [store] url: '), said);
                assert.match(said, mend);
                assert.ok(!said.includes('secret'), said);
            }
        }
        assert.deepEqual(await readdir(folder), ['caldock.conf']);
        assert.match(await readFile(config, 'utf8'), /secret/);
    }));

// --- the public URL

// A server that answers every request as `answer` does, while `test` runs with its URL.
async function behind(answer, test) {
    const server = http.createServer(answer);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
        await test(`http://127.0.0.1:${server.address().port}`);
    } finally {
        server.close();
    }
}

const ofPublicUrl = async (caldock) => {
    const { stdout } = await caldock.command('check', '--json', '--only', 'config.public_url');
    const rows = JSON.parse(stdout);
    const told = rows.filter(({ text }) => !text.startsWith('is on loopback'));
    assert.equal(told.length, 1, stdout);
    return told[0];
};

test('the public URL leads to this service, or check says where else', async () => {
    const own = await World.open();
    const { caldock } = own;
    const proxied = (response, id, status = 200) => {
        response.writeHead(status, id === undefined ? {} : { 'x-request-id': id });
        response.end('{}');
    };
    try {
        const { level, text, mend } = await ofPublicUrl(caldock);
        assert.deepEqual([level, text, mend], ['ok', 'leads to this service', null]);
        for (const [answer, wanted, says, mends] of [
            [(q, r) => proxied(r, q.headers['x-request-id']), 'ok', /^leads to this/, /^$/],
            [(q, r) => proxied(r), 'wrong', /^another program answers/, /pass all paths/],
            [(q, r) => proxied(r, 'of-the-proxy'), 'wrong', /X-Request-Id$/, /X-Request-Id$/],
            [(q, r) => proxied(r, undefined, 404), 'wrong', /answered 404$/, /pass all paths/],
            [(q, r) => proxied(r, undefined, 502), 'wrong', /answered 502$/, /pass all paths/],
            [(q, r) => r.writeHead(301, { location: '/x' }).end(), 'wrong', /redirect \(301\)/, /behind/],
            [(q) => q.socket.destroy(), 'note', /not reached from here.*firewall's view/, /outside/],
        ]) {
            await behind(answer, async (url) => {
                await caldock.configure({ server: { public_url: `${url}/base` } });
                const row = await ofPublicUrl(caldock);
                assert.equal(row.level, wanted, row.text);
                assert.match(row.text, says);
                assert.match(row.mend ?? '', mends);
            });
        }
        await caldock.stop();
        await behind((q, r) => proxied(r, undefined, 502), async (url) => {
            await caldock.configure({ server: { public_url: url } });
            assert.match((await ofPublicUrl(caldock)).text, /^answers 502, since no node serves/);
        });
        const port = await freePort();
        await caldock.configure({ server: { public_url: `http://127.0.0.1:${port}` } });
        const row = await ofPublicUrl(caldock);
        assert.deepEqual([row.level, /no node serves now$/.test(row.text)], ['note', true]);
    } finally {
        await own.close();
    }
});

test('a certificate that browsers would not trust is wrong', () =>
    inWorld(async (own, caldock) => {
        const pem = (name) => path.join(caldock.folder, name);
        const made = await runToEnd('openssl', [
            ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
            ...['-subj', '/CN=localhost', '-keyout', pem('key.pem'), '-out', pem('cert.pem')],
        ]);
        assert.equal(made.code, 0, made.stderr);
        const [key, cert] = await Promise.all(['key.pem', 'cert.pem'].map((one) => readFile(pem(one))));
        const server = https.createServer({ key, cert }, (q, r) => r.end());
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        try {
            const public_url = `https://localhost:${server.address().port}`;
            await caldock.configure({ server: { public_url } });
            const row = await ofPublicUrl(caldock);
            assert.equal(row.level, 'wrong');
            assert.match(row.text, /certificate/);
            assert.match(row.mend, /a certificate for this name that browsers trust/);
        } finally {
            server.close();
        }
    }));

// --- the configuration

test('keys that have no effect are named, with their place', () =>
    inWorld(async (own, caldock) => {
        assert.deepEqual(await findings(caldock, 'config.unused'), []);
        await caldock.configure({
            store: { url: 'sqlite:caldock.db', prepared_statements: 'off' },
            google: { client_id: '', client_secret: '', revoke: 'off' },
            microsoft: { tenant: 'organizations' },
            sync: { notifications: 'off', daily_polls: 5000 },
            limits: { burst: 7 },
        });
        const found = await findings(caldock, 'config.unused');
        assert.ok(found.every(([level]) => level === 'note'));
        const said = found.map(([, text]) => /^\S+caldock\.conf:\d+: (.*)$/.exec(text)[1]);
        for (const text of [
            '[store] prepared_statements has no effect on SQLite',
            '[google] token_url has no effect while its source is off',
            '[google] revoke_url has no effect while [google] revoke is off',
            '[microsoft] tenant has no effect on [microsoft] token_url, which is given in full',
            '[sync] daily_polls has no effect while [sync] notifications is off',
            '[limits] burst has no effect while [limits] rate is 0',
        ]) {
            assert.ok(said.includes(text), `${text}: ${said.join('\n')}`);
        }
    }));

// --- the store

test('keys.file: a key that the store needs and the file lacks', async () => {
    const own = await World.open();
    const { caldock } = own;
    try {
        assert.match((await findings(caldock, 'keys.file'))[0].join(' '), /^ok .* has every key that the/);
        await caldock.stop();
        const other = path.join(caldock.folder, 'other');
        await mkdir(other);
        await runToEnd(BINARY, ['init', '--config', path.join(other, 'caldock.conf')]);
        await caldock.configure({ keys: { file: path.join(other, 'caldock.keys') } });
        const { code, stdout } = await caldock.command('check', '--json', '--only', 'keys.file');
        const [row] = JSON.parse(stdout);
        assert.deepEqual([code, row.level], [1, 'wrong']);
        assert.match(row.text, /^the key [0-9a-f]{8}, which seals on all nodes or/);
        assert.match(row.mend, /^copy the file from a node that has it, or put it back/);
    } finally {
        await own.close();
    }
});

test('store.schema, store.space and store.pool say what there is', () =>
    inWorld(async (own, caldock) => {
        const [[level, schema]] = await findings(caldock, 'store.schema');
        assert.deepEqual([level, /^schema \d+$/.test(schema)], ['ok', true]);
        if (!own.schema) {
            const [[space, text]] = await findings(caldock, 'store.space');
            assert.ok(['ok', 'warn'].includes(space));
            assert.match(text, / has \d+ MiB free$/);
            assert.deepEqual(await findings(caldock, 'store.pool'), []);
            return;
        }
        assert.deepEqual(await findings(caldock, 'store.space'), []);
        const pool = async () => (await findings(caldock, 'store.pool'))[0].join(' ');
        assert.match(await pool(), /^ok 1 nodes with \[store\] pool = 8 open up to 8 conn/);
        await caldock.configure({ store: { url: own.schema.url, pool: 1000 } });
        assert.match(await pool(), /^warn 1 nodes with \[store\] pool = 1000 open up to 1000/);
    }));

// File systems that end with the process that mounted them, in mounts of its own: what makes one at `disk`,
// and two amounts of free bytes, at the edge of being short and past it. Until something is written, neither
// takes room.
const EDGE = 1048576; // of ext4, which needs some room for a file's extents
const DISKS = {
    'less than 100 MB': {
        make: 'mount -t tmpfs -o size=120m none disk',
        enough: '24415 * 4096', // pages
        short: '24414 * 4096',
    },
    'less than 5 %': {
        make: `truncate -s 3G image; /sbin/mkfs.ext4 -q -m 0 -O ^has_journal image; mount -o loop image disk`,
        enough: `all / 20 + ${EDGE}`,
        short: `all / 20 - ${EDGE}`,
    },
};
// A script that leaves so many bytes free there, and becomes the command of its words.
const leave = (free) => `
all=$(($(stat -f -c '%b * %S' disk)))
fallocate -l $(($(stat -f -c '%a * %S' disk) - (${free}))) disk/filling
exec "$@"`;

// → {code, stdout, stderr}. `how` it gets mounts of its own: as root, or as root in a name space of users.
const withDisk = (how, make, script, command, cwd) =>
    runToEnd('unshare', [how, 'sh', '-ec', `mkdir -p disk; ${make}; ${script}`, 'sh', ...command], {
        cwd,
    });

async function howToMount(make, cwd) {
    for (const how of ['-m', '-rm']) {
        const { code } = await withDisk(how, make, 'true', [], cwd).catch(() => ({ code: -1 }));
        if (code === 0) return how;
    }
}

for (const [what, { make, enough, short }] of Object.entries(DISKS)) {
    test(`store.space warns of ${what}`, (t) =>
        inWorld(async (own, caldock) => {
            const how = !own.schema && (await howToMount(make, caldock.folder));
            if (!how) {
                const why = own.schema ? 'PostgreSQL has its own disk' : 'nothing may be mounted here';
                process.stderr.write(`skipped: a disk with ${what}, since ${why}\n`);
                return t.skip(why);
            }
            await caldock.configure({ store: { url: 'sqlite:disk/caldock.db' } });
            const check = [caldock.binary, 'check', '--json', '--strict', '--only', 'store.space'];
            const found = async (free) => {
                const command = [...check, '--config', caldock.config];
                const { code, stdout } = await withDisk(how, make, leave(free), command, caldock.folder);
                const [row, ...others] = JSON.parse(stdout);
                assert.deepEqual([row.code, others], ['store.space', []]);
                assert.match(row.text, /\/disk\/ has \d+ MiB free$/);
                return [code, row.level, row.mend];
            };
            assert.deepEqual(await found(enough), [0, 'ok', null]);
            const mend = 'make room, or move the store to a larger file system';
            assert.deepEqual(await found(short), [1, 'warn', mend]);
        }));
}

test('a store that is away is wrong, and changes no other finding', () =>
    inWorld(async (own, caldock) => {
        await writeFile(path.join(caldock.folder, 'no.db'), 'This is no database.'.repeat(100));
        await caldock.configure({ store: { url: 'sqlite:no.db' } });
        const { code, stdout } = await caldock.command('check', '--json', '--only', 'store');
        const rows = JSON.parse(stdout);
        assert.equal(code, 1);
        assert.equal(rows.find((row) => row.code === 'store').level, 'wrong');
        assert.deepEqual(rows.filter((row) => row.code === 'store.schema'), []);
        for (const [only, wanted] of [
            [['accounts'], [1, ['store wrong']]],
            [['providers', 'webhooks'], [1, ['store wrong']]],
            [['limits.files'], [0, ['limits.files ok']]],
        ]) {
            const options = only.flatMap((one) => ['--only', one]);
            const all = await caldock.command('check', '--json', ...options);
            const told = JSON.parse(all.stdout).map((row) => `${row.code} ${row.level}`);
            assert.deepEqual([all.code, told], wanted, only.join(' '));
        }
    }));

// Takes the rights of the store to be written, and gives them back after `work` with this command.
async function withReadOnlyStore({ schema, caldock }, work) {
    if (schema) {
        const url = `${schema.url}${schema.url.includes('?') ? '&' : '?'}options=`;
        const [, path] = /options=([^&]*)/.exec(schema.url) ?? [];
        const read = `-cdefault_transaction_read_only%3Don${path ? `%20${path}` : ''}`;
        await caldock.configure({ store: { url: path ? schema.url.replace(path, read) : url + read } });
        return work((...args) => caldock.command(...args));
    }
    const as = process.getuid() === 0 ? ['--reuid', '65534', '--regid', '65534', '--clear-groups'] : [];
    await runToEnd('chmod', ['-R', 'a+rX', path.dirname(caldock.folder)]);
    await runToEnd('chmod', ['a-w', path.join(caldock.folder, 'caldock.db')]);
    return work((...args) => runToEnd('setpriv', [...as, BINARY, ...args, '--config', caldock.config]));
}

test('a store that can only be read is wrong, with its mend', () =>
    inWorld((own) =>
        withReadOnlyStore(own, async (command) => {
            const { code, stdout } = await command('check', '--json', '--only', 'store');
            const [{ level, text, mend }] = JSON.parse(stdout);
            assert.deepEqual([code, level], [1, 'wrong']);
            assert.match(text, /can only be read/);
            assert.match(mend, own.schema ? /primary/ : /the user that the service runs as/);
        }),
    ));

test('accounts: a surge of reconnects is a warning, with the commonest reason', async () => {
    const own = await World.open();
    const { caldock } = own;
    const accounts = () => findings(caldock, 'accounts');
    try {
        assert.deepEqual(await accounts(), [
            ['ok', '0 of 0 accounts came to need reconnecting in the last 24 hours'],
        ]);
        const id = await own.connected('GOOG');
        await own.connected('MSFT');
        assert.match((await accounts())[0].join(' '), /^ok 0 of 2 accounts/);
        const lose = (since) =>
            own.alterStore(
                `update accounts set status = 2, status_reason = 'revoked', status_since = ${since} where id = ${id}`,
            );
        await lose(Date.now() - 25 * 3600 * 1000);
        assert.match((await accounts())[0].join(' '), /^ok 0 of 2 accounts/);
        await lose(Date.now() - 23 * 3600 * 1000);
        const { stdout } = await caldock.command('check', '--json', '--only', 'accounts');
        const [{ level, text, mend }] = JSON.parse(stdout);
        assert.equal(level, 'warn');
        assert.equal(
            text,
            '1 of 2 accounts came to need reconnecting in the last 24 hours, most of them by revoked',
        );
        assert.match(mend, /troubleshooting\.md/);
    } finally {
        await own.close();
    }
});

test('check leaves the store as it is', () =>
    inWorld(async (own, caldock) => {
        if (own.schema) return;
        const bytes = () => readFile(path.join(caldock.folder, 'caldock.db'));
        const before = await bytes();
        await caldock.command('check');
        assert.ok(before.equals(await bytes()));
    }));
