// SPDX-License-Identifier: Apache-2.0
// Webhooks (docs/webhooks.md): each type arises in its situation, and in no other; messages are signed,
// brought again until they are taken, and go nowhere that they must not.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Webhook } from 'standardwebhooks';

import { at, Blocking } from './lib/blocking.mjs';
import { Receiver } from './lib/receiver.mjs';
import { gate, until } from './lib/until.mjs';
import { ACCOUNTS, openWorld, SOURCES, World } from './lib/world.mjs';

const CRASH_BINARY = process.env.CALDOCK_CRASH_BIN;
const LOOK_MS = 2500; // long enough for what shall not happen
const DAY_MS = 24 * 3600000;
const PAUSES_S = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400];
const settings = { webhooks: { private_networks: '127.0.0.0/8' } };
const world = await openWorld(test, { settings });

const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const parsed = async (where, ...words) => JSON.parse(await where.caldock.run(...words, '--json'));
const command = (...words) => world.caldock.command(...words);

// A receiver that is an endpoint of the provider, until the end of the test.
async function endpoint(t, { answer, events = [], provider = 1, where = world } = {}) {
    const receiver = await Receiver.start(answer);
    const chosen = events.flatMap((event) => ['--event', event]);
    const place = ['--provider', String(provider), '--url', receiver.url];
    const { id, secret } = await parsed(where, 'webhook', 'add', ...place, ...chosen);
    where.secrets.add(secret);
    receiver.secrets.push(secret);
    receiver.id = String(id);
    t.after(async () => {
        await receiver.close();
        if (where === world) await command('webhook', 'remove', receiver.id);
    });
    return receiver;
}

const shown = (receiver, where = world) => parsed(where, 'webhook', 'show', receiver.id);
const deliveries = (receiver, ...more) =>
    parsed(world, 'webhook', 'deliveries', receiver.id, ...more);

// As if the time of everything that waits had come.
const hurry = (where = world) =>
    where.alterStore("update webhook_deliveries set due_at = 1 where state = 1 and owner = ''");

// Waits until the endpoint's only delivery stands so.
const becomes = (receiver, wanted) =>
    until(`a delivery has ${JSON.stringify(wanted)}`, async () => {
        const [row] = await deliveries(receiver);
        return row && Object.entries(wanted).every(([key, value]) => row[key] === value) && row;
    });

// Something to tell: an account is connected.
const tell = (where = world) => where.connected('GOOG', { account: where.newPerson('GOOG') });

const disconnect = (id) => world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' });

// --- types

for (const code of Object.keys(SOURCES)) {
    test(`${code}: an account's states are told, each once`, async (t) => {
        const receiver = await endpoint(t);
        const account = await world.connected(code);
        const data = {
            mode: 'provider',
            user: null,
            calendar_source_account: account,
            calendar_source: code,
        };
        const [message] = await receiver.has(1);
        assert.deepEqual(message, {
            id: message.id,
            type: 'account.connected',
            timestamp: message.timestamp,
            provider: 1,
            data: { ...data, is_reconnect: false },
        });
        assert.match(message.id, /^msg_[0-9a-f]{32}$/);
        assert.match(message.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.ok(Math.abs(Date.now() - Date.parse(message.timestamp)) < 60000);
        world.control(code).withdraw({ account: SOURCES[code].person });
        world.control(code).expire();
        for (let i = 0; i < 2; i++) await world.ask(`${ACCOUNTS}/${account}/calendars`);
        const [, broken] = await receiver.has(2);
        assert.equal(broken.type, 'account.needs_reconnect');
        assert.deepEqual(broken.data, { ...data, reason: 'grant_revoked' });
        assert.equal(await world.connected(code), account);
        const [, , again] = await receiver.has(3);
        assert.equal(again.type, 'account.connected');
        assert.deepEqual(again.data, { ...data, is_reconnect: true });
        assert.equal((await disconnect(account)).status, 204);
        const [, , , gone] = await receiver.has(4);
        assert.equal(gone.type, 'account.disconnected');
        assert.deepEqual(gone.data, { ...data, by: 'application' });
        const other = await world.connected(code);
        await receiver.has(5);
        await command('account', 'remove', String(other));
        const last = (await receiver.has(6))[5];
        assert.deepEqual(
            [last.type, last.data],
            ['account.disconnected', { ...data, calendar_source_account: other, by: 'operator' }],
        );
        await sleep(LOOK_MS);
        assert.equal(receiver.requests.length, 6);
        assert.equal(new Set(receiver.messages.map(({ id }) => id)).size, 6);
    });

    test(`${code}: an account that heals is connected again`, async (t) => {
        const receiver = await endpoint(t, { events: ['account.connected'] });
        const account = await world.connected(code);
        world.control(code).expire();
        const refusal = { status: 400, body: { error: 'invalid_grant' } };
        world.control(code).fault({ path: SOURCES[code].token, times: 1, ...refusal });
        await world.ask(`${ACCOUNTS}/${account}/calendars`);
        await world.alterStore(`update grants set due_at = 1 where account = ${account}`);
        const [, healed] = await receiver.has(2);
        assert.equal(healed.data.is_reconnect, true);
        assert.equal(healed.data.calendar_source_account, account);
    });

    test(`${code}: a calendar that can't be read any more, and can again`, async (t) => {
        const one = await Blocking.read(world, code);
        const types = ['calendar_settings.inactive', 'calendar_settings.active'];
        const receiver = await endpoint(t, { events: types });
        const data = {
            mode: 'provider',
            user: null,
            calendar_source_account: one.account,
            staff_calendar_settings: one.setting,
        };
        one.control.changeCalendar({ ...one.where, isGone: true });
        await one.sync('now');
        const [inactive] = await receiver.has(1);
        assert.equal(inactive.type, 'calendar_settings.inactive');
        assert.deepEqual(inactive.data, { ...data, reason: 'calendar_gone' });
        await one.sync('now'); // tried again, with the same outcome
        await until('tried again', async () => (await one.show()).due_at !== null);
        one.control.mailbox({ account: one.email });
        await one.sync('now');
        const [, active] = await receiver.has(2);
        assert.deepEqual([active.type, active.data], ['calendar_settings.active', data]);
        await sleep(LOOK_MS);
        assert.equal(receiver.requests.length, 2);
    });

    test(`${code}: busy time that changes is told, as one range`, async (t) => {
        const receiver = await endpoint(t, { events: ['busy.changed'] });
        const one = await Blocking.read(world, code); // empty: nothing to tell
        const read = async () => {
            const { synced_at: before } = await one.show();
            await one.sync('now');
            await until('it is read', async () => (await one.show()).synced_at > before);
        };
        const range = ([after, before]) => ({
            mode: 'provider',
            user: null,
            calendar_source_account: one.account,
            staff_calendar_settings: one.setting,
            happens_after: iso(after),
            happens_before: iso(before),
        });
        const { id } = one.control.addEvent({ ...one.where, start: at(1, 9), end: at(1, 12) });
        await sleep(1100); // synced_at has whole seconds
        await read();
        one.add(3);
        await sleep(1100);
        await read();
        assert.equal((await receiver.has(0)).length, 0, 'ten seconds are not over');
        await hurry();
        const [joined] = await receiver.has(1);
        assert.deepEqual(joined.data, range([at(1, 9), at(3, 10)]));
        assert.ok(receiver.requests[0].at >= Date.parse(joined.timestamp));
        one.control.addEvent({ ...one.where, start: at(1, 10), end: at(1, 11) }); // inside another
        one.control.addEvent({ ...one.where, start: at(4, 1), end: at(4, 2), showAs: 'free' });
        await sleep(1100);
        await read();
        await hurry();
        await sleep(LOOK_MS);
        assert.equal(receiver.requests.length, 1, 'the counted time is the same');
        one.control.moveEvent({ ...one.where, id, start: at(1, 9), end: at(1, 13) });
        await sleep(1100);
        await read();
        await hurry();
        const [, longer] = await receiver.has(2);
        assert.deepEqual(longer.data, range([at(1, 12), at(1, 13)]));
    });

    test(`${code}: the first read tells its whole extent`, async (t) => {
        const one = await Blocking.read(world, code);
        one.add(1);
        one.add(4);
        const receiver = await endpoint(t, { events: ['busy.changed'] });
        const off = { is_source_for_busy_periods: false };
        const change = (json) =>
            world.ask(`/api/v2/external_calendars/staff_calendar_settings/${one.setting}`, {
                method: 'PATCH',
                json,
            });
        assert.equal((await change(off)).status, 200);
        assert.equal((await change({ is_source_for_busy_periods: true })).status, 200);
        await until('a message waits', async () => (await deliveries(receiver)).length === 1);
        await hurry();
        const [message] = await receiver.has(1);
        const { happens_after: after, happens_before: before } = message.data;
        assert.deepEqual([after, before], [iso(at(1, 9)), iso(at(4, 10))]);
    });
}

test('changes of busy time wait ten seconds', async (t) => {
    const receiver = await endpoint(t, { events: ['busy.changed'] });
    const one = await Blocking.create(world, 'GOOG');
    one.add(1);
    await one.sync('now');
    await until('a message waits', async () => (await deliveries(receiver)).length === 1);
    const [{ created_at: created, due_at: due }] = await deliveries(receiver);
    assert.equal(Date.parse(due) - Date.parse(created), 10000);
    const [message] = await receiver.has(1);
    assert.ok(receiver.requests[0].at - Date.parse(message.timestamp) >= 10000);
});

test('each endpoint gets the types that it wants, of its provider, with the same id', async (t) => {
    await world.addProvider(2);
    const all = await endpoint(t);
    const some = await endpoint(t, { events: ['account.disconnected', 'busy.changed'] });
    const foreign = await endpoint(t, { provider: 2 });
    const account = await world.connected('GOOG', { headers: { 'Caldock-User': 'u1' } });
    await all.has(1);
    await command('account', 'remove', String(account));
    const [connected, gone] = await all.has(2);
    const [same] = await some.has(1);
    assert.deepEqual([connected.data.user, gone.data.user], ['u1', 'u1']);
    assert.deepEqual(same, gone);
    await sleep(LOOK_MS);
    assert.deepEqual(
        [all, some, foreign].map(({ requests }) => requests.length),
        [2, 1, 0],
    );
    assert.deepEqual((await shown(some)).events, ['account.disconnected', 'busy.changed']);
    await command('webhook', 'set', some.id, '--event', 'account.connected', '--name', 'one');
    const changed = await shown(some);
    assert.deepEqual([changed.events, changed.name], [['account.connected'], 'one']);
    await world.caldock.run('webhook', 'remove', foreign.id);
    await world.caldock.run('provider', 'remove', '2');
});

// --- delivery

test('a request is what receivers expect, signed anew at each attempt', async (t) => {
    const receiver = await endpoint(t, { answer: ({ n }) => (n === 0 ? 500 : 204) });
    await tell();
    await becomes(receiver, { attempts: 1, state: 'waiting', last: '500' });
    await sleep(1100); // timestamps have whole seconds
    await hurry();
    await becomes(receiver, { attempts: 2, state: 'delivered', last: '204' });
    const [first, second] = receiver.requests;
    assert.equal(first.method, 'POST');
    assert.equal(first.headers['content-type'], 'application/json');
    assert.match(first.headers['user-agent'], /^Caldock\/\d/);
    assert.equal(first.body, second.body);
    assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
    assert.notEqual(first.headers['webhook-timestamp'], second.headers['webhook-timestamp']);
    assert.equal(receiver.messages.length, 2); // both verify
});

test('ten attempts, each later than the one before, and then it has failed', async (t) => {
    const receiver = await endpoint(t, { answer: () => 503 });
    await tell();
    for (const [i, pause] of PAUSES_S.entries()) {
        const row = await becomes(receiver, { attempts: i + 1, state: 'waiting' });
        const waits = (Date.parse(row.due_at) - Date.parse(row.last_at)) / 1000;
        assert.ok(waits >= pause && waits <= pause * 1.2, `${waits} after attempt ${i + 1}`);
        await hurry();
    }
    const { due_at: due } = await becomes(receiver, { attempts: 10, state: 'failed', last: '503' });
    assert.equal(due, null);
    assert.equal(new Set(receiver.messages.map(({ id }) => id)).size, 1);
    assert.equal((await shown(receiver)).failed_attempts, 10);
});

test('Retry-After is waited for, where it is longer', async (t) => {
    const after = { 429: '7200', 503: new Date(Date.now() + 3600000).toUTCString(), 500: '7200' };
    const answers = Object.entries(after).map(([status, text]) => ({
        status: Number(status),
        headers: { 'retry-after': text },
    }));
    for (const answer of answers) {
        const receiver = await endpoint(t, { answer: () => answer });
        await tell();
        const row = await becomes(receiver, { attempts: 1, state: 'waiting' });
        const waits = (Date.parse(row.due_at) - Date.parse(row.last_at)) / 1000;
        const [least, most] = { 429: [7200, 7200], 503: [3500, 3600], 500: [5, 6] }[answer.status];
        assert.ok(waits >= least && waits <= most, `${answer.status}: ${waits}`);
        await world.caldock.run('webhook', 'remove', receiver.id);
        receiver.id = '0';
    }
});

test('no redirect is followed', async (t) => {
    const target = await Receiver.start();
    t.after(() => target.close());
    const headers = { location: target.url };
    const receiver = await endpoint(t, { answer: () => ({ status: 307, headers }) });
    await tell();
    await becomes(receiver, { attempts: 1, state: 'waiting', last: '307' });
    assert.equal(target.requests.length, 0);
});

test('the head decides, whatever the body is', async (t) => {
    const body = 'x'.repeat(10 * 1024 * 1024);
    const receiver = await endpoint(t, { answer: () => ({ status: 200, body }) });
    await tell();
    await becomes(receiver, { attempts: 1, state: 'delivered', last: '200' });
});

test('410 disables, and ends what is queued', async (t) => {
    const receiver = await endpoint(t, { answer: () => 410 });
    await tell();
    await becomes(receiver, { attempts: 1, state: 'failed', last: '410' });
    const { state, disabled_reason: reason, queued } = await shown(receiver);
    assert.deepEqual([state, reason, queued], ['disabled', 'gone', 0]);
    assert.match(world.caldock.log, new RegExp(`webhook.disabled.* endpoint="?${receiver.id}`));
    const check = await command('check');
    assert.match(check.stdout, /1 endpoints are disabled/);
    await tell();
    await sleep(LOOK_MS);
    assert.equal((await deliveries(receiver)).length, 1, 'nothing more is queued');
    receiver.answer = () => 200;
    await world.caldock.run('webhook', 'enable', receiver.id);
    await tell();
    await until('it is sent', async () => (await deliveries(receiver)).length === 2);
    await receiver.has(2);
    assert.equal((await shown(receiver)).state, 'enabled');
});

test('five days of failures alone disable', async (t) => {
    const receiver = await endpoint(t, { answer: () => 500 });
    await tell();
    await becomes(receiver, { attempts: 1 });
    const since = (days, failed) =>
        world.alterStore(
            `update webhook_endpoints set failing_since = ${Date.now() - days * DAY_MS},` +
                ` failed = ${failed}`,
        );
    await since(4.9, 100);
    await hurry();
    await becomes(receiver, { attempts: 2 });
    await since(5.1, 18);
    await hurry();
    await becomes(receiver, { attempts: 3 });
    assert.equal((await shown(receiver)).state, 'enabled');
    await hurry();
    await becomes(receiver, { attempts: 4, state: 'failed' });
    const { state, disabled_reason: reason } = await shown(receiver);
    assert.deepEqual([state, reason], ['disabled', 'failing']);
});

test('four at a time where the last attempt succeeded, else one', async (t) => {
    const opened = gate();
    const receiver = await endpoint(t, { answer: () => opened.opens.then(() => 200) });
    for (let i = 0; i < 7; i++) await tell();
    await receiver.has(4);
    await sleep(LOOK_MS);
    assert.equal(receiver.requests.length, 4);
    opened.open();
    await receiver.has(7);
    await until('all are written', async () =>
        (await deliveries(receiver)).every(({ state }) => state === 'delivered'),
    );
    receiver.forget();
    receiver.answer = () => 500;
    await tell();
    await until('it fails', async () => (await shown(receiver)).failing_since);
    const held = gate();
    receiver.answer = () => held.opens.then(() => 200);
    receiver.forget();
    for (let i = 0; i < 3; i++) await tell();
    await receiver.has(1);
    await sleep(LOOK_MS);
    assert.equal(receiver.requests.length, 1);
    held.open();
    await receiver.has(3);
});

test('any number of dead receivers delay no living one', async (t) => {
    const never = gate();
    const dead = [];
    for (const provider of [3, 4, 5]) {
        await world.addProvider(provider);
        for (let i = 0; i < 3; i++) {
            dead.push(await endpoint(t, { provider, answer: () => never.opens.then(() => 500) }));
        }
    }
    const living = await endpoint(t);
    // Known to be dead, with a queue that is due before anything else.
    const ids = dead.map(({ id }) => id).join();
    await world.alterStore(
        `update webhook_endpoints set failing_since = 1, failed = 1 where id in (${ids})`,
    );
    const message = (i) => `('msg_dead${i}', 3, '', 'account.connected', '{}', 1, 0, 0, 1)`;
    const messages = Array.from({ length: 20 }, (_, i) => message(i)).join();
    await world.alterStore(`insert into webhook_messages values ${messages}`);
    await world.alterStore(
        'insert into webhook_deliveries (message, endpoint, made_at, state, due_at)' +
            ' select m.id, e.id, 1, 1, 1 from webhook_messages m, webhook_endpoints e' +
            ` where m.id like 'msg_dead%' and e.id in (${ids})`,
    );
    await until('the dead ones hold what they can', async () => {
        const open = dead.filter(({ requests }) => requests.length > 0);
        return open.length >= 4;
    });
    for (let i = 0; i < 5; i++) await tell();
    await living.has(5);
    const asked = dead.map(({ requests }) => requests.length);
    assert.ok(Math.max(...asked) <= 1, `one at a time: ${asked}`);
    never.open();
    for (const { id } of dead) await command('webhook', 'remove', id);
    for (const provider of [3, 4, 5]) {
        await world.caldock.run('provider', 'remove', String(provider), '--yes');
    }
});

test('a rotated secret signs along for a day', async (t) => {
    const receiver = await endpoint(t);
    const before = receiver.secrets[0];
    const { id, secret } = await parsed(world, 'webhook', 'rotate', receiver.id);
    assert.equal(String(id), receiver.id);
    assert.notEqual(secret, before);
    world.secrets.add(secret);
    receiver.secrets.unshift(secret);
    await tell();
    await receiver.has(1);
    assert.deepEqual(receiver.verify(receiver.requests[0]), [0, 1]);
    await world.alterStore('update webhook_endpoints set previous_until = 1');
    await tell();
    await receiver.has(2);
    assert.deepEqual(receiver.verify(receiver.requests[1]), [0]);
});

test('what was delivered or has failed can be sent again', async (t) => {
    const receiver = await endpoint(t, { answer: ({ n }) => (n === 0 ? 410 : 200) });
    await tell();
    await becomes(receiver, { state: 'failed' });
    const refused = await command('webhook', 'replay', receiver.id, '--since', '1h');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /webhook enable/);
    await world.caldock.run('webhook', 'enable', receiver.id);
    await tell();
    await until('one is delivered', async () => (await shown(receiver)).last_success_at);
    const [failed, good] = await deliveries(receiver);
    assert.deepEqual([failed.state, good.state], ['failed', 'delivered']);
    assert.deepEqual(
        (await deliveries(receiver, '--failed', '--since', '1h')).map(({ message }) => message),
        [failed.message],
    );
    const count = receiver.requests.length;
    await world.caldock.run('webhook', 'replay', receiver.id, '--since', '1h', '--failed');
    const [, , again] = await receiver.has(count + 1);
    assert.equal(again.id, failed.message);
    await world.caldock.run('webhook', 'replay', receiver.id, '--message', good.message);
    const [, , , last] = await receiver.has(count + 2);
    assert.equal(last.id, good.message);
    const unknown = await command('webhook', 'replay', receiver.id, '--message', 'msg_x');
    assert.equal(unknown.code, 1);
});

test('old messages go, but those that still wait', async (t) => {
    const receiver = await endpoint(t, { answer: ({ n }) => (n === 0 ? 200 : 500) });
    await tell();
    await becomes(receiver, { state: 'delivered' });
    await tell();
    await until('another waits', async () => (await shown(receiver)).queued === 1);
    await world.alterStore('update webhook_messages set created_at = 1');
    await world.caldock.stop();
    await world.caldock.start();
    await until('the old one is gone', async () => (await deliveries(receiver)).length === 1);
    assert.equal((await deliveries(receiver))[0].state, 'waiting');
});

test('an attempt that a stop cuts is none, and goes on at once after the start', async (t) => {
    const own = await World.open({
        settings: { ...settings, server: { shutdown_timeout: '2s' } },
    });
    t.after(() => own.close());
    const never = gate();
    const receiver = await endpoint(t, { where: own, answer: () => never.opens });
    await tell(own);
    await receiver.has(1);
    await own.caldock.stop();
    receiver.answer = () => 200;
    await own.caldock.start();
    await receiver.has(2);
    never.open(200);
    await until('it is written', async () => (await shown(receiver, own)).queued === 0);
    const [row] = await parsed(own, 'webhook', 'deliveries', receiver.id);
    assert.deepEqual([row.attempts, row.state], [1, 'delivered']);
});

// --- where

test('addresses that are not public are refused, when they are added and when they are called', async (t) => {
    const own = await World.open();
    t.after(() => own.close());
    const receiver = await Receiver.start();
    t.after(() => receiver.close());
    const { port } = new URL(receiver.url);
    const add = (url, ...more) =>
        own.caldock.command('webhook', 'add', '--provider', '1', '--url', url, ...more);
    const urls = [
        receiver.url,
        `https://127.0.0.1:${port}/`,
        `https://localhost:${port}/`,
        `https://[::1]:${port}/`,
        `https://[::ffff:127.0.0.1]:${port}/`,
        'https://10.0.0.1/',
        'https://169.254.169.254/latest/meta-data/',
        'http://169.254.169.254/latest/meta-data/',
        'http://8.8.8.8:8080/',
        'https://8.8.8.8:22/',
        'https://user@8.8.8.8/',
    ];
    for (const url of urls) {
        const { code, stdout } = await add(url);
        assert.deepEqual([code, stdout], [1, ''], url);
    }
    assert.deepEqual(await parsed(own, 'webhook', 'list'), []);
    for (const url of ['ftp://8.8.8.8/', 'app.example', `https://8.8.8.8/${'x'.repeat(1024)}`]) {
        assert.equal((await add(url)).code, 2, url);
    }
    const forced = await add(`http://127.0.0.1:${port}/`, '--force', '--json');
    assert.equal(forced.code, 0, forced.stderr);
    const { id, secret } = JSON.parse(forced.stdout);
    own.secrets.add(secret);
    await tell(own);
    const row = await until('it is refused', async () => {
        const [first] = await parsed(own, 'webhook', 'deliveries', String(id));
        return first?.attempts === 1 && first;
    });
    assert.deepEqual([row.state, row.last], ['waiting', 'address_refused']);
    const tried = await own.caldock.command('webhook', 'test', String(id), '--json');
    assert.equal(tried.code, 1);
    assert.equal(JSON.parse(tried.stdout).failure, 'address_refused');
    assert.equal(receiver.requests.length, 0);
    const moved = ['webhook', 'set', String(id), '--url', 'https://10.0.0.1/'];
    assert.equal((await own.caldock.command(...moved)).code, 1);
    assert.equal((await own.caldock.command(...moved, '--force')).code, 0);
});

test('networks that are opened open no address of a cloud', async () => {
    const everything = { webhooks: { private_networks: '0.0.0.0/0 ::/0' } };
    await world.withSettings(everything, async () => {
        for (const host of ['169.254.169.254', '100.100.100.200', '[fd00:ec2::254]']) {
            const url = `http://${host}:8080/`;
            const added = await command('webhook', 'add', '--provider', '1', '--url', url);
            assert.equal(added.code, 1, host);
        }
    });
});

// --- commands

test('commands say what an endpoint is, and never its secret', async (t) => {
    const receiver = await endpoint(t);
    const one = await shown(receiver);
    assert.deepEqual(Object.keys(one), [
        'id',
        'provider',
        'name',
        'url',
        'events',
        'state',
        'disabled_reason',
        'created_at',
        'last_success_at',
        'failing_since',
        'failed_attempts',
        'queued',
        'oldest_due_at',
    ]);
    assert.equal(one.url, receiver.url);
    assert.equal(one.events.length, 9);
    const texts = [
        await world.caldock.run('webhook', 'list'),
        await world.caldock.run('webhook', 'show', receiver.id),
        (await world.storeBytes()).toString('latin1'),
    ];
    const [secret] = receiver.secrets;
    const bytes = Buffer.from(secret.slice(6), 'base64').toString('latin1');
    for (const text of texts) {
        assert.ok(!text.includes(secret.slice(6)) && !text.includes(bytes));
    }
    await tell();
    const [row] = await until('it is delivered', async () => {
        const rows = await deliveries(receiver);
        return rows[0]?.state === 'delivered' && rows;
    });
    assert.deepEqual(Object.keys(row), [
        'message',
        'type',
        'attempts',
        'state',
        'last',
        'created_at',
        'last_at',
        'took_ms',
        'due_at',
    ]);
    for (const words of [
        ['show', '999'],
        ['remove', '999'],
        ['enable', '999'],
        ['disable', '999'],
        ['rotate', '999'],
        ['test', '999'],
        ['deliveries', '999'],
        ['set', '999', '--name', 'x'],
        ['replay', '999', '--since', '1h'],
    ]) {
        const { code, stderr } = await command('webhook', ...words);
        assert.equal(code, 1, words);
        assert.match(stderr, /there is no endpoint 999/);
    }
    for (const words of [
        ['show', 'x'],
        ['set', receiver.id],
        ['set', receiver.id, '--event', 'webhook.ping'],
        ['replay', receiver.id],
        ['replay', receiver.id, '--message', 'm', '--since', '1h'],
        ['deliveries', receiver.id, '--since', 'yesterday'],
        ['add', '--provider', '1'],
        ['add', '--url', receiver.url],
        ['add', '--provider', '1', '--url', receiver.url, '--event', 'flow.abandoned'],
    ]) {
        assert.equal((await command('webhook', ...words)).code, 2, words);
    }
    const nobody = await command('webhook', 'add', '--provider', '99', '--url', receiver.url);
    assert.equal(nobody.code, 1);
});

test('test sends a ping, also to a disabled endpoint, and is no attempt', async (t) => {
    const receiver = await endpoint(t);
    await world.caldock.run('webhook', 'disable', receiver.id);
    const good = await command('webhook', 'test', receiver.id, '--json');
    assert.equal(good.code, 0, good.stderr);
    const { message, status, failure, took_ms: took } = JSON.parse(good.stdout);
    assert.deepEqual([status, failure], [204, null]);
    assert.ok(took >= 0);
    const [ping] = receiver.messages;
    assert.deepEqual(ping, {
        id: message,
        type: 'webhook.ping',
        timestamp: ping.timestamp,
        provider: 1,
        data: {},
    });
    receiver.answer = () => 500;
    const bad = await command('webhook', 'test', receiver.id);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /answered 500/);
    const { failed_attempts: failed, last_success_at: success } = await shown(receiver);
    assert.deepEqual([failed, success, await deliveries(receiver)], [0, null, []]);
});

test('five endpoints a provider, and they go with it', async (t) => {
    await world.addProvider(6);
    const all = [];
    for (let i = 0; i < 5; i++) all.push(await endpoint(t, { provider: 6 }));
    const add = ['webhook', 'add', '--provider', '6', '--url', all[0].url];
    const sixth = await command(...add);
    assert.equal(sixth.code, 1);
    assert.match(sixth.stderr, /5 endpoints/);
    await world.caldock.run('provider', 'remove', '6');
    assert.equal(await world.queryStore('select count(*) from webhook_endpoints'), '0');
});

test('a provider that goes tells nothing, and leaves nothing', async (t) => {
    const own = await World.open({ settings });
    t.after(() => own.close());
    const receiver = await endpoint(t, { where: own });
    await tell(own);
    await receiver.has(1);
    await own.caldock.run('provider', 'remove', '1', '--yes');
    await sleep(LOOK_MS);
    assert.equal(receiver.requests.length, 1);
    for (const table of ['webhook_endpoints', 'webhook_messages', 'webhook_deliveries']) {
        assert.equal(await own.queryStore(`select count(*) from ${table}`), '0', table);
    }
});

test('secrets are sealed anew with another key', async (t) => {
    const own = await World.open({ settings });
    t.after(() => own.close());
    const receiver = await endpoint(t, { where: own });
    const key = await own.caldock.run('keys', 'add');
    const [before] = (await parsed(own, 'keys', 'list')).filter(({ id }) => id !== key);
    assert.equal(before.webhooks, 1);
    await until('the node has loaded it', async () => {
        const { code } = await own.caldock.command('keys', 'use', key);
        return code === 0;
    });
    await own.caldock.run('keys', 'rotate');
    const [after] = (await parsed(own, 'keys', 'list')).filter(({ id }) => id === key);
    assert.equal(after.webhooks, 1);
    await tell(own);
    await receiver.has(1);
    assert.equal(receiver.messages.length, 1);
});

// --- crashes

const skip = !CRASH_BINARY && 'needs CALDOCK_CRASH_BIN';

test('a crash right behind a change loses no message', { skip }, async (t) => {
    const own = await World.open({ binary: CRASH_BINARY, settings });
    t.after(() => own.close());
    const receiver = await endpoint(t, { where: own });
    const dies = async (point, work) => {
        await own.caldock.stop();
        await own.caldock.start({ CALDOCK_CRASH_AT: point }, { ends: { signal: 'SIGKILL' } });
        await work().catch(() => {});
        assert.equal((await own.caldock.ended).signal, 'SIGKILL', point);
        if (own.schema) await own.alterStore('update nodes set seen_at = 1');
        await own.caldock.start();
    };
    const [person] = [own.newPerson('GOOG')];
    await dies('callback.after_write', () => own.connect('GOOG', { account: person }));
    const [connected] = await receiver.has(1, 'account.connected');
    const account = connected.data.calendar_source_account;
    await dies('refresh.after_store', async () => {
        own.control('GOOG').withdraw({ account: person });
        own.control('GOOG').expire();
        await own.ask(`${ACCOUNTS}/${account}/calendars`);
    });
    const [broken] = await receiver.has(1, 'account.needs_reconnect');
    assert.equal(broken.data.calendar_source_account, account);
    const one = await Blocking.read(own, 'GOOG');
    one.add(1);
    await dies('sync.after_write', async () => {
        await one.sync('now');
        await own.caldock.ended;
    });
    await until('its busy time was told', async () => {
        await hurry(own);
        return receiver.of('busy.changed').length === 1;
    });
});

test('a crash behind an attempt makes a double, with the same id', { skip }, async (t) => {
    const own = await World.open({ binary: CRASH_BINARY, settings });
    t.after(() => own.close());
    const receiver = await endpoint(t, { where: own });
    await own.caldock.stop();
    await own.caldock.start(
        { CALDOCK_CRASH_AT: 'deliver.after_send' },
        { ends: { signal: 'SIGKILL' } },
    );
    await tell(own);
    assert.equal((await own.caldock.ended).signal, 'SIGKILL');
    if (own.schema) await own.alterStore('update nodes set seen_at = 1');
    await own.caldock.start();
    const [first, second] = await receiver.has(2);
    assert.equal(first.id, second.id);
    await until('it is written', async () => (await shown(receiver, own)).queued === 0);
});
