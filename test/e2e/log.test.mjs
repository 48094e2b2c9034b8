// SPDX-License-Identifier: Apache-2.0
// docs/log.md: one flow can be followed by one value, from initiate to the disconnect; whose doing an
// end is, and what mends it; numbers in JSON; the levels that journald reads.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { fieldsOf } from './lib/log_lines.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World } from './lib/world.mjs';

const FLOW = /^[0-9a-f]{16}$/;
const USER = 'teacher-7';

const linesOf = ({ log }) =>
    log
        .split('\n')
        .slice(0, -1)
        .filter((line) => line.includes('time'))
        .map(fieldsOf);

async function withFormat(format, body) {
    const own = await World.open({ settings: { log: { format, level: 'debug' } } });
    try {
        await body(own);
    } finally {
        await own.close();
    }
}

const found = (own, what, fits) =>
    until(`the log has ${what}`, () => linesOf(own.caldock).find(fits));

for (const format of ['logfmt', 'json']) {
    for (const code of Object.keys(SOURCES)) {
        test(`${format}, ${code}: one flow is followed by one value`, () =>
            withFormat(format, async (own) => {
                const headers = { 'Caldock-User': USER };
                const account = await own.connected(code, { headers });
                const begun = await found(own, 'initiate', (l) => l.route?.includes('initiate'));
                const { flow, user, source } = begun;
                assert.match(flow, FLOW);
                assert.deepEqual([user, source], [USER, code]);
                await own.alterStore('update grants set due_at = 1');
                const of = (event) =>
                    found(own, `${event} of ${flow}`, (l) => l.flow === flow && l.event === event);
                await of('refresh.done');
                const { status } = await own.ask(`${ACCOUNTS}/${account}`, { method: 'DELETE' });
                assert.equal(status, 204);
                const gone = await of('account.disconnected');
                assert.equal(String(gone.account), String(account));
                assert.equal(gone.by, 'api');
                if (code === 'GOOG') await of('revocation.done');
                const called = linesOf(own.caldock).filter(
                    (l) => l.event === 'source.called' && l.flow === flow,
                );
                const operations = new Set(called.map(({ operation }) => operation));
                const expected = ['calendars', 'exchange', 'refresh'];
                for (const one of code === 'GOOG' ? [...expected, 'revoke'] : expected)
                    assert.ok(operations.has(one), one);
                assert.ok(called.every(({ level, status }) => level === 'debug' && status));
                await of('account.connected');
                // initiate, the callback, the removal
                const requests = await until('its requests are there', () => {
                    const all = linesOf(own.caldock).filter(
                        (line) => line.flow === flow && line.event === 'request',
                    );
                    return all.length === 3 && all;
                });
                const ended = await of('flow.ended');
                assert.deepEqual([ended.level, ended.outcome], ['info', 'success']);
                if (format === 'json') {
                    assert.equal(ended.account, account);
                    assert.ok(ended.took_ms >= 0);
                    for (const { status, ms } of requests)
                        assert.deepEqual([typeof status, typeof ms], ['number', 'number']);
                }
                assert.ok(linesOf(own.caldock).every((line) => line.node || !line.request));
            }));
    }
}

test('a flow belongs to the account until another connects it again', () =>
    withFormat('json', async (own) => {
        await own.connected('GOOG');
        await own.connected('GOOG');
        const again = await found(own, 'the second', (l) => l.event === 'account.reconnected');
        const first = await found(own, 'the first', (l) => l.event === 'account.connected');
        assert.notEqual(again.flow, first.flow);
        assert.equal(again.account, first.account);
        assert.equal(again.by, 'flow');
        const { stderr } = await own.caldock.command('account', 'remove', String(first.account));
        const [line] = stderr.split('\n').filter((one) => one.startsWith('{'));
        const { event, by, flow, system_user } = JSON.parse(line);
        assert.match(system_user, new RegExp(`^user .*\\b${process.getuid()}\\b`));
        const api = await own.connected('MSFT');
        await own.ask(`${ACCOUNTS}/${api}`, { method: 'DELETE' });
        const told = await found(own, 'it', (l) => l.event === 'account.disconnected' && l.account === api);
        assert.deepEqual([told.by, told.system_user], ['api', undefined]);
        assert.deepEqual([event, by, flow], ['account.disconnected', 'command', again.flow]);
        await found(own, 'the revocation', (l) => l.event === 'revocation.done' && l.flow === flow);
    }));

// Only root may make a disk that is small.
const withSmallDisk = {
    skip: process.env.CALDOCK_TEST_POSTGRES || process.getuid() !== 0 ? 'no disk to fill' : false,
};

test('a disk without room is told once, and the service goes on when there is some', withSmallDisk, async () => {
    const own = await World.open({ serve: false, provider: false });
    const disk = path.join(own.caldock.folder, 'disk');
    const filling = path.join(disk, 'filling');
    const add = ['provider', 'add', '7', '--name', 'x', '--redirect', 'https://app.example/*'];
    try {
        await mkdir(disk);
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'none', disk]);
        await own.caldock.configure({ store: { url: 'sqlite:disk/caldock.db' }, log: { format: 'json' } });
        await own.caldock.start();
        spawnSync('dd', ['if=/dev/zero', `of=${filling}`, 'bs=4k']); // until nothing fits
        const told = await found(own, 'it', (l) => l.event === 'store.full');
        assert.equal(told.level, 'error');
        assert.match(told.reason, /disk\/caldock\.db: .*full.*make room on the disk/);
        const { code, stderr } = await own.caldock.command(...add);
        assert.equal(code, 1);
        assert.match(stderr, /^[^\n]*make room on the disk\n$/, 'its own words, and no line of the log');
        await rm(filling);
        await own.caldock.run(...add);
        assert.equal(linesOf(own.caldock).filter((l) => l.event === 'store.full').length, 1);
    } finally {
        await own.caldock.stop();
        execFileSync('umount', ['-l', disk]);
        await own.close();
    }
});

for (const [code, { name, token }] of Object.entries(SOURCES)) {
    test(`${code}: how a flow ended, by whose doing, and what mends it`, () =>
        withFormat('json', async (own) => {
            const ended = async (outcome) => {
                const fits = (l) => l.event === 'flow.ended' && l.outcome === outcome;
                return found(own, `the end ${outcome}`, fits);
            };
            await own.connect(code, { deny: true });
            assert.equal((await ended('access_denied')).level, 'info');
            own.control(code).fault({ path: token, status: 503 });
            await own.connect(code);
            assert.equal((await ended('source_unavailable')).level, 'warn');
            own.control(code).fault({ path: token, status: 401, body: { error: 'invalid_client' } });
            await own.connect(code);
            const refused = await ended('source_misconfigured');
            assert.equal(refused.level, 'error');
            assert.equal(
                refused.mend,
                `[${name}] client_secret is refused: it is wrong or has expired`,
            );
            const told = (event) =>
                found(own, event, (l) => l.event === event && l.source === code);
            assert.equal((await told('source.refuses_client')).level, 'error');
            const uri = await own.initiate(code);
            const back = await own.consent(code, uri, {});
            await own.callback(back);
            assert.equal((await told('source.accepts_client')).level, 'info');
            await own.callback(back);
            const { flow } = await ended('success');
            await found(own, 'the replay', (l) => l.event === 'flow.replayed' && l.flow === flow);
            back.searchParams.set('state', 'made-up-and-no-flow');
            await own.callback(back);
            await found(own, 'the refusal', (l) => l.event === 'flow.refused' && l.reason);
            const callbacks = () =>
                linesOf(own.caldock).filter(({ route }) => /callback/.test(route));
            await until('all callbacks are there', () => callbacks().length === 6);
            assert.ok(callbacks().every((line) => line.code === undefined));
        }));
}

test('a refused caller: a warning a minute of each credential, with the reason', () =>
    withFormat('json', async (own) => {
        const refused = () => linesOf(own.caldock).filter((l) => l.event === 'auth.refused');
        for (const [i, token] of ['cdk_nobody', 'cdk_nobody_either'].entries()) {
            await own.ask(ACCOUNTS, { token });
            await until('its line is there', () => refused().length === i + 1); // threads log on their own
        }
        assert.deepEqual(
            refused().map(({ level, credential }) => [level, credential]),
            [
                ['warn', undefined],
                ['info', undefined],
            ],
        );
        assert.ok(refused().every(({ reason, code }) => reason && code === 'authentication_failed'));
        await own.ask(ACCOUNTS, { headers: { 'teamup-provider-id': '77' } });
        const [, , known] = await until('the third', () => refused().length === 3 && refused());
        assert.equal(known.level, 'warn');
        assert.match(known.credential, /^token:\d+$/);
    }));

test('[log] requests says which requests have a line, and probes have theirs at debug', async () => {
    for (const [requests, expected] of [
        ['all', ['accounts_list', 'accounts_list', 'healthz']],
        ['failed', ['accounts_list']],
        ['none', []],
    ]) {
        const own = await World.open({ settings: { log: { requests, format: 'json', level: 'debug' } } });
        try {
            const from = own.caldock.log.length;
            await own.ask('/healthz', { token: null });
            await own.ask(ACCOUNTS);
            await own.ask(ACCOUNTS, { token: 'cdk_nobody' });
            await own.caldock.stop();
            const lines = linesOf({ log: own.caldock.log.slice(from) });
            const routes = lines.filter((l) => l.event === 'request' && l.route !== 'readyz');
            // each HTTP thread has its own order
            assert.deepEqual(routes.map(({ route }) => route).sort(), expected);
            const probe = routes.find(({ route }) => route === 'healthz');
            assert.equal(probe?.level, requests === 'all' ? 'debug' : undefined);
        } finally {
            await own.close();
        }
    }
});
