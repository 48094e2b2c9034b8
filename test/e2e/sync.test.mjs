// SPDX-License-Identifier: Apache-2.0
// docs/calendar.md §8: the commands about the reading of calendars, and what becomes of a calendar
// that can't be read for a while.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Blocking, SETTINGS } from './lib/blocking.mjs';
import { scrape } from './lib/metrics.mjs';
import { gate, until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World, openWorld } from './lib/world.mjs';

const LOOK_MS = 1500; // long enough for what shall not happen
const SPACING_MS = 5000; // between two reads of a calendar, unless one is asked for
const LONG_MS = 12000; // longer than one transaction may take
const LEASE_MS = 120000; // of who reads
const CRASH_BINARY = process.env.CALDOCK_CRASH_BIN;
const NEVER = '9223372036854775807';

const world = await openWorld(test, {
    settings: { server: { metrics_listen: 'unix:m.sock' } },
});
const both = (name, body) => {
    for (const code of Object.keys(SOURCES)) test(`${code}: ${name}`, () => body(code));
};

const list = async (...options) =>
    JSON.parse(await world.caldock.run('sync', 'list', ...options, '--json'));
const ids = async (...options) => (await list(...options)).map(({ id }) => id);
const command = (...words) => world.caldock.command(...words);
const feature = (value) =>
    world.caldock.run('provider', 'set', '1', '--feature', `external_calendars=${value}`);

// Waits for a line of the log about this setting.
const logged = (event, { setting }) => {
    const line = new RegExp(`event="${event}".* setting="?${setting}"?`);
    return until(`the log has ${line}`, () => line.exec(world.caldock.log));
};

both('list and show say how a calendar stands', async (code) => {
    const one = await Blocking.read(world, code);
    one.add(1);
    await one.sync('now');
    await until('its event is read', async () => (await one.show()).events === 1);
    const shown = await one.show();
    const { email, account, setting, calendar } = one;
    const [row] = await list('--account', String(account));
    const members = Object.keys(row);
    assert.deepEqual(members, [
        'id',
        'name',
        'account',
        'provider',
        'calendar_source',
        'status',
        'reason',
        'state',
        'synced_at',
        'age_s',
        'due_at',
        'events',
        'failures',
        'failed_at',
        'failure',
        'notifications',
        'channel_until',
    ]);
    assert.deepEqual(Object.keys(shown).slice(0, members.length), members);
    const { synced_at, age_s, due_at, created_at, read_at, full_due_at, ...rest } = shown;
    const { window_from, window_to, ...plain } = rest;
    assert.deepEqual(plain, {
        id: setting,
        name: calendar,
        account,
        provider: 1,
        calendar_source: code,
        status: 'fresh',
        reason: null,
        state: 'live',
        events: 1,
        failures: 0,
        failed_at: null,
        failure: null,
        notifications: 'polling',
        channel_until: null,
        mode: 'provider',
        user: null,
        username: email,
        blocks: true,
        receives: false,
        time_zone: null,
        noticed_at: null,
        held_until: null,
    });
    for (const at of [created_at, read_at, synced_at]) {
        assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60000, at);
    }
    assert.ok(age_s >= 0 && age_s < 60, String(age_s));
    for (const at of [due_at, full_due_at, window_to]) assert.ok(Date.parse(at) > Date.now(), at);
    assert.ok(Date.parse(window_from) < Date.now() - 2 * 24 * 3600000, window_from);
});

test('list shows those of a provider, of an account, or all', async () => {
    const [first, second] = [await Blocking.read(world, 'GOOG'), await Blocking.read(world, 'MSFT')];
    const third = await Blocking.create(world, 'GOOG', { email: first.email, key: 'team' });
    const all = [first.setting, third.setting, second.setting]; // by account
    assert.deepEqual(await ids(), all);
    assert.deepEqual(await ids('--provider', '1'), all);
    assert.deepEqual(await ids('--account', String(second.account)), [second.setting]);
    await world.addProvider(2);
    assert.deepEqual(await ids('--provider', '2'), []);
    assert.deepEqual(await ids('--provider', '2', '--account', String(first.account)), []);
    const text = await world.caldock.run('sync', 'list');
    assert.match(text, /^id\tname\taccount\t/);
    assert.equal(text.split('\n').length, 4);
    await world.caldock.run('provider', 'remove', '2');
});

test('what is not there, and wrong usage', async () => {
    const rows = [
        [['show', '99'], 1, /there is no calendar setting 99; `caldock sync list` shows them/],
        [['now', '99'], 1, /there is no calendar setting 99/],
        [['reset', '99'], 1, /there is no calendar setting 99/],
        [['list', '--account', '99'], 1, /there is no account 99/],
        [['list', '--provider', '99'], 1, /there is no provider 99/],
        [['show', 'x'], 2, /an ID is a positive number/],
        [['show'], 2, /the command wants: SETTING/],
        [['now', '1', '2'], 2, /the command wants: SETTING/],
        [['show', '1', '--stale'], 2, /no such option/],
        [[], 2, /use one of: sync list, sync show, sync now, sync reset/],
    ];
    for (const [words, status, says] of rows) {
        const { code, stdout, stderr } = await command('sync', ...words);
        assert.deepEqual([code, stdout], [status, ''], words.join(' '));
        assert.match(stderr, says);
    }
});

test('a removed setting is not there', async () => {
    const one = await Blocking.read(world, 'GOOG');
    await world.ask(`${SETTINGS}/${one.setting}`, { method: 'DELETE' });
    assert.deepEqual(await ids(), []);
    assert.equal((await command('sync', 'now', String(one.setting))).code, 1);
});

both('list --stale shows what is not fresh, and why', async (code) => {
    const fresh = await Blocking.read(world, code);
    const late = await Blocking.read(world, code);
    const off = await Blocking.create(world, code, {
        is_destination_for_teamup_events: true,
        is_source_for_busy_periods: false,
    });
    await world.alterStore(
        `update calendar_sync set synced_at = synced_at - 3600000, due_at = ${NEVER} where settings = ${late.setting}`,
    );
    const [row, ...more] = await list('--stale');
    assert.deepEqual([row.id, row.status, row.reason], [late.setting, 'stale', 'late']);
    assert.ok(row.age_s >= 3600 && row.age_s < 3660, String(row.age_s));
    assert.deepEqual([more, row.due_at], [[], null]);
    assert.deepEqual([(await off.show()).status, (await fresh.show()).status], ['off', 'fresh']);
    assert.equal((await list()).length, 3);
});

both('now reads at once, whatever was to come', async (code) => {
    const one = await Blocking.read(world, code);
    await world.alterStore(
        `update calendar_sync set due_at = ${NEVER}, failures = 20 where settings = ${one.setting}`,
    );
    one.add(2);
    const { due_at } = await one.sync('now');
    assert.ok(Math.abs(Date.now() - Date.parse(due_at)) < 60000, due_at);
    await until('it is read', async () => (await one.days()).length === 1);
    assert.deepEqual(await one.days(), [2]);
});

both('now for a calendar of which nothing is read says so', async (code) => {
    const one = await Blocking.create(world, code, {
        is_destination_for_teamup_events: false,
        is_source_for_busy_periods: false,
    });
    const { code: status, stderr } = await command('sync', 'now', String(one.setting));
    assert.deepEqual([status, /neither switch of it is on/.test(stderr)], [0, true]);
    await one.becomes('due_at', null);
    assert.equal(one.pages.length, 0);
});

both('reset reads in full, and the times before serve until then', async (code) => {
    const one = await Blocking.read(world, code);
    one.add(1);
    await one.sync('now');
    await until('it is read', async () => (await one.days()).length === 1);
    const isFull = ({ query }) => query.syncToken === undefined;
    if (code === 'GOOG') assert.equal(isFull(one.reads.at(-1)), false);
    const { synced_at: before } = await one.show();
    const held = gate();
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, page: 1, delay: held.opens });
    one.add(2);
    const { state, due_at } = await one.sync('reset');
    assert.deepEqual([state, due_at !== null], ['full', true]);
    await until('it is asked', () => one.reads.at(-1).isHeld);
    assert.deepEqual(await one.days(), [1]);
    assert.equal((await one.show()).synced_at, before);
    held.open();
    await until('it is read', async () => (await one.days()).length === 2);
    assert.equal(isFull(one.reads.at(-1)), true);
    assert.equal((await one.show()).state, 'live');
});

both('reset during a read: that read comes to nothing', async (code) => {
    const one = await Blocking.read(world, code);
    const { reads } = one;
    const held = gate();
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, page: 1, delay: held.opens });
    await one.sync('now');
    await until('it is asked', () => one.reads.length > reads.length);
    await one.sync('reset');
    held.open();
    await until('it is read again', () => one.reads.length > reads.length + 1);
    assert.equal(one.reads.at(-1).query.syncToken, undefined);
    await one.becomes('state', 'live');
});

both('the feature switched off rests, switched on again reads at once', async (code) => {
    const one = await Blocking.read(world, code);
    try {
        await feature('off');
        const { reads } = one;
        one.add(3);
        await one.due();
        const shown = await one.becomes('state', 'paused');
        assert.deepEqual([shown.due_at, shown.status], [null, 'fresh']);
        const now = await command('sync', 'now', String(one.setting));
        assert.match(now.stderr, /when its provider has external_calendars again/);
        await one.becomes('due_at', null);
        assert.equal(one.reads.length, reads.length);
        await world.alterStore(
            `update calendar_sync set synced_at = 1 where settings = ${one.setting}`,
        );
        const [{ status, reason }] = await list('--stale');
        assert.deepEqual([status, reason], ['unknown', 'feature_off']);
    } finally {
        await feature('on');
    }
    await one.isFresh();
    await until('requests are let in again', async () => {
        const { status } = await world.ask(ACCOUNTS);
        return status === 200;
    });
    assert.deepEqual(await one.days(), [3]);
});

both('a calendar that didn’t rest yet is due, too, when the feature is on again', async (code) => {
    const one = await Blocking.read(world, code);
    try {
        await feature('off');
        one.add(4);
    } finally {
        await feature('on');
    }
    await until('it is read', async () => (await one.show()).events === 1);
});

// --- trouble

both('a failed read keeps the times, and says so', async (code) => {
    const one = await Blocking.read(world, code);
    one.add(1);
    await one.sync('now');
    await until('it is read', async () => (await one.days()).length === 1);
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, page: 1, status: 500 });
    one.add(2);
    await one.sync('now');
    const shown = await one.becomes('failures', 1);
    assert.equal(shown.failed_at, shown.read_at);
    assert.equal(shown.failure, 'source_unavailable');
    assert.ok(shown.failed_at > shown.synced_at);
    assert.ok(Date.parse(shown.due_at) > Date.now() + 15000, 'it backs off');
    assert.deepEqual(await one.days(), [1]);
    await logged('sync.failed', one);
    await one.sync('now');
    await one.becomes('failures', 0);
    await logged('sync.recovered', one);
    assert.deepEqual(await one.days(), [1, 2]);
});

both('a page that fails in the middle of a read keeps the times', async (code) => {
    const one = await Blocking.read(world, code);
    one.control.eventPages(1);
    one.add(1);
    one.add(2);
    await one.sync('now');
    await until('it is read', async () => (await one.days()).length === 2);
    one.add(3);
    one.add(4);
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, page: 2, cut: true });
    await one.sync('now');
    await one.becomes('failures', 1);
    assert.deepEqual(await one.days(), [1, 2]);
    await one.sync('now');
    await until('it is read', async () => (await one.days()).length === 4);
});

both('throttled: nobody asks before the source’s time, sync now either', async (code) => {
    const one = await Blocking.read(world, code);
    const other = await Blocking.read(world, code, { email: one.email, key: 'team' });
    one.control.throttle({ account: one.email, status: 429, retryAfter: 60 });
    await one.sync('now');
    const shown = await until('it is held', async () => {
        const now = await one.show();
        return now.held_until !== null && now;
    });
    const left = Date.parse(shown.held_until) - Date.now();
    assert.ok(left > 30000 && left <= 60000, String(left));
    assert.deepEqual([shown.failures, shown.status], [0, 'fresh']);
    const asked = [one.pages.length, other.pages.length];
    for (const { setting } of [one, other]) {
        const { stderr } = await command('sync', 'now', String(setting));
        assert.match(stderr, /wants the account to be left alone/);
    }
    await sleep(LOOK_MS);
    assert.deepEqual([one.pages.length, other.pages.length], asked);
    for (const each of [one, other]) {
        assert.equal((await each.show()).due_at, shown.held_until, 'due when it ends');
    }
    one.add(1);
    await world.alterStore(
        `update account_work set hold_until = 1 where account = ${one.account}`,
    );
    await one.sync('now');
    await until('it is read', async () => (await one.days()).length === 1);
    assert.equal((await one.show()).held_until, null);
});

// Makes something wrong, mends it, and expects that the setting is inactive in between.
async function isInactive(one, reason, { breaks, mends }) {
    one.add(1);
    await one.sync('now');
    await until('it is read', async () => (await one.days()).length === 1);
    await breaks();
    await one.sync('now');
    const shown = await one.becomes('reason', reason);
    assert.equal(shown.failed_at, shown.read_at);
    assert.ok(Date.parse(shown.due_at) > Date.now() + 12 * 3600000, 'tried again in a day');
    const { inactive_reason: said, is_active: isActive, notifications } = await one.get();
    assert.deepEqual([said, isActive, notifications], [reason, false, 'off']);
    assert.deepEqual(await one.days(), [1], 'the times stay');
    await logged('sync.inactive', one);
    await mends();
    await one.sync('now');
    await one.isFresh();
    assert.equal((await one.get()).is_active, true);
    await logged('sync.active', one);
}

both('a calendar that is gone, and comes back', async (code) => {
    const one = await Blocking.read(world, code);
    await isInactive(one, 'calendar_gone', {
        breaks: () => one.control.changeCalendar({ ...one.where, isGone: true }),
        mends: () => one.control.mailbox({ account: one.email }),
    });
});

both('a calendar whose events the person may not read for a while', async (code) => {
    const one = await Blocking.read(world, code);
    await isInactive(one, 'no_access', {
        breaks: () => one.control.changeCalendar({ ...one.where, status: 403 }),
        mends: () => one.control.mailbox({ account: one.email }),
    });
});

both('over 20,000 events, and fewer again', async (code) => {
    const one = await Blocking.read(world, code);
    const fill = (count) =>
        one.control.fillCalendar({ ...one.where, count, every: 600000, start: Date.now() });
    await isInactive(one, 'calendar_too_large', {
        breaks: () => fill(20000), // beside the one that is there
        mends: () => one.control.emptyCalendar(one.where),
    });
    fill(20000);
    await one.sync('now');
    await until('all are read', async () => (await one.show()).events === 20000);
});

both('an account that has to be connected again rests, and is read when it is', async (code) => {
    const one = await Blocking.read(world, code);
    one.add(1);
    one.control.withdraw({ account: one.email });
    one.control.expire();
    await one.sync('now');
    const shown = await one.becomes('reason', 'needs_reconnect');
    await one.becomes('state', 'paused');
    assert.equal((await one.get()).inactive_reason, 'needs_reconnect');
    const asked = one.pages.length;
    const { stderr } = await command('sync', 'now', String(one.setting));
    assert.match(stderr, /when its account is connected again/);
    await one.becomes('due_at', null);
    assert.equal(one.pages.length, asked);
    assert.equal(await world.connected(code, { account: one.email }), one.account);
    await one.isFresh(Date.parse(shown.synced_at) + 1);
    assert.deepEqual(await one.days(), [1]);
});

both('two reads of a calendar are apart, and what came meanwhile is not lost', async (code) => {
    const one = await Blocking.read(world, code);
    const sql = `select read_at from calendar_sync where settings = ${one.setting}`;
    const readAt = async () => Number(await world.queryStore(sql));
    const before = await readAt();
    await one.sync('now');
    const first = await until('it is read', async () => {
        const at = await readAt();
        return at > before && at;
    });
    await world.alterStore(
        `update calendar_sync set due_at = 2 where settings = ${one.setting}`,
    );
    await until('it is read again', async () => (await readAt()) > first);
    const apart = (await readAt()) - first; // by the service's own clock: a busy machine doesn't matter
    assert.ok(apart >= SPACING_MS, String(apart));
});

both('an image that doesn’t open is read anew, with a query and without', async (code) => {
    const one = await Blocking.read(world, code);
    one.add(1);
    await one.sync('now');
    await until('it is read', async () => (await one.days()).length === 1);
    const spoil = async () => {
        const other = `${world.schema ? "'\\x00'" : "x'00'"} where settings = ${one.setting}`;
        await world.alterStore(`update calendar_images set sealed = ${other}`);
        await world.alterStore(`update calendar_sync set image_digest = ${other}`); // not the kept one
    };
    await spoil();
    assert.equal((await one.busy()).is_complete, false);
    assert.match(world.caldock.log, /event="sync.unreadable"/);
    await until('it is well', async () => (await one.busy()).is_complete);
    assert.deepEqual(await one.days(), [1]);
    if (code === 'MSFT') return; // only an increment needs the image before
    await spoil();
    const since = Date.now();
    await one.sync('now');
    await one.isFresh(since);
    assert.equal((await one.busy()).is_complete, true);
});

both('a read that waits for another’s refresh of the token is waited for, too', async (code) => {
    const one = await Blocking.read(world, code);
    await sleep(SPACING_MS); // a query is content with a younger read
    one.add(1);
    one.control.expire();
    one.control.fault({ path: SOURCES[code].token, delay: LOOK_MS });
    const { refreshes } = one.control;
    const listed = world.ask(`${ACCOUNTS}/${one.account}/calendars`);
    await until('it is refreshed', () => one.control.refreshes > refreshes);
    const { is_fresh: isFresh, busy_periods: periods } = await one.busy({ refresh: 'true' });
    assert.deepEqual([isFresh, periods.length], [true, 1]);
    assert.equal((await listed).status, 200);
    assert.equal((await one.show()).failures, 0);
});

// How many calls wait for a calendar.
const waiting = async () =>
    (await scrape(path.join(world.caldock.folder, 'm.sock'))).get(
        'caldock_parked_requests{what="calendar"}',
    );

// Waits until it is not read, and not to be read either.
const rests = ({ account, setting }) =>
    until(`setting ${setting} rests`, async () => {
        const sql = `select count(*) from calendar_sync y join account_work w on w.account = y.account
            where y.account = ${account} and (y.due_at <= ${Date.now()} or w.read_owner <> '')`;
        return (await world.queryStore(sql)) === '0';
    });

// A query comes; when its read is under way, which began so long ago, so do two others → how often
// the calendar was read for them.
async function readsOfThree(code, age) {
    const one = await Blocking.read(world, code);
    await rests(one);
    const ages = (column) =>
        world.alterStore(
            `update calendar_sync set ${column} = ${column} - ${age} where settings = ${one.setting}`,
        );
    await world.alterStore(`update calendar_sync set read_at = 1 where settings = ${one.setting}`);
    one.add(1);
    const held = gate();
    const where = { path: SOURCES[code].calendars, account: one.email, page: 1 };
    one.control.fault({ ...where, delay: held.opens });
    const reads = one.reads.length;
    const ask = () => one.busy({ refresh: 'true' });
    const answers = [ask()];
    await until('it is read', () => one.reads.length > reads);
    if (age > 0) await ages('begun_at');
    answers.push(ask(), ask());
    await until('all wait', async () => (await waiting()) === answers.length);
    held.open();
    for (const { is_fresh: isFresh, busy_periods: periods } of await Promise.all(answers)) {
        assert.deepEqual([isFresh, periods.length], [true, 1]);
    }
    await rests(one);
    return one.reads.length - reads;
}

both('queries take a read that is under way: it is one for all of them', async (code) => {
    assert.equal(await readsOfThree(code, 0), 1);
});

both('queries want another read where the one under way is too old', async (code) => {
    assert.equal(await readsOfThree(code, 6000), 2);
});

both('reads that take long leave nothing behind', async (code) => {
    const one = await Blocking.read(world, code);
    one.control.eventPages(1);
    for (const day of [1, 2, 3]) one.add(day);
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, delay: LONG_MS / 3, times: 3 });
    await one.sync('now');
    await until('it is read', async () => (await one.show()).events === 3);
    await until('its lease is given back', async () => {
        const sql = `select read_owner from account_work where account = ${one.account}`;
        return (await world.queryStore(sql)) === '';
    });
});

// --- kill -9

// The places, from the code itself, so that none is forgotten.
const root = fileURLToPath(new URL('../..', import.meta.url));
const grep = ['-rhoE', 'crash_point\\("sync\\.[a-z_]+"\\)', `${root}/src`, '--include=*.c'];
const POINTS = [...String(execFileSync('grep', grep)).matchAll(/sync\.[a-z_]+/g)].flat();

const skip = !CRASH_BINARY && 'needs CALDOCK_CRASH_BIN';
test('kill -9 at every place of a read: nothing is lost, nor stuck', { skip }, async (t) => {
    const own = await World.open({ binary: CRASH_BINARY });
    t.after(() => own.close());
    assert.deepEqual([...POINTS].sort(), ['sync.after_write', 'sync.before_read', 'sync.before_write']);
    for (const point of POINTS) {
        for (const code of Object.keys(SOURCES)) {
            const one = await Blocking.read(own, code);
            one.add(1);
            await own.caldock.stop();
            await one.due();
            const crash = { CALDOCK_CRASH_AT: point };
            await own.caldock.start(crash, { ends: { signal: 'SIGKILL' } });
            assert.equal((await own.caldock.ended).signal, 'SIGKILL', point);
            const { due_at: due, failures, events } = await one.show();
            assert.equal(failures, 0);
            const isWritten = point === 'sync.after_write';
            assert.equal(events, isWritten ? 1 : 0, point);
            if (!isWritten) assert.ok(Date.parse(due) <= Date.now() + LEASE_MS, due);
            if (own.schema) await own.alterStore('update nodes set seen_at = 1');
            await own.caldock.start();
            if (!isWritten) await one.due(); // its time has come
            await until(`it is read after ${point}`, async () => (await one.days()).length === 1);
            assert.equal((await one.show()).state, 'live');
        }
    }
});

// --- check

const findings = async (only) => {
    const { code, stdout } = await command('check', '--json', '--only', only);
    return { code, rows: JSON.parse(stdout).map(({ level, text }) => [level, text]) };
};

test('check counts what is fresh, and says what is not', async () => {
    const settings = [await Blocking.read(world, 'GOOG'), await Blocking.read(world, 'MSFT')];
    assert.deepEqual((await findings('sync')).rows, [
        ['ok', '2 of 2 calendars that block are fresh'],
    ]);
    const [one] = settings;
    await world.alterStore(
        `update calendar_sync set synced_at = 1, due_at = ${NEVER} where settings = ${one.setting}`,
    );
    const { code, rows } = await findings('sync');
    assert.deepEqual(rows, [
        [
            'warn',
            '1 of 2 calendars that block are fresh; the others: 1 late',
        ],
    ]);
    assert.equal(code, 0);
    const [[finding, text]] = (await findings('time_zones')).rows;
    assert.match(`${finding} ${text}`, /^(ok tzdata is 20\d\d|warn tzdata is 20\d\d\w*, which is)/);
});

test('check: a source whose API is switched off for this client', async () => {
    const one = await Blocking.read(world, 'GOOG');
    const path = SOURCES.GOOG.calendars;
    const fault = { path, account: one.email, page: 1, times: Infinity, status: 403 };
    one.control.fault({ ...fault, reason: 'accessNotConfigured' });
    await one.sync('now');
    const shown = await one.becomes('failures', 1);
    assert.equal(shown.failure, 'source_misconfigured');
    const warning = /^warn 1 calendars can't be read, /m;
    const said = async () => (await findings('source.google.api')).rows.map((row) => row.join(' ')).join('\n');
    assert.match(await said(), warning);
    one.control.calm();
    await one.sync('now');
    await one.becomes('failures', 0);
    assert.doesNotMatch(await said(), warning);
});

test('check: scopes that read no events, notifications that nobody can send', async () => {
    const { caldock } = world;
    const scopes = 'openid email https://www.googleapis.com/auth/calendar.calendarlist.readonly';
    const https = { public_url: 'https://caldock.example' };
    try {
        assert.match((await findings('notifications')).rows[0].join(' '), /^note no source can/);
        await caldock.configure({ google: { scopes }, server: https });
        const { rows } = await findings('source.google.scopes');
        const text = rows.map((row) => row.join(' ')).join('\n');
        assert.match(text, /^warn its scopes don't let events be read/m);
        assert.match(text, /^warn its scopes don't let events be written/m);
        assert.deepEqual((await findings('notifications')).rows, []);
        await caldock.configure({ server: https, sync: { notifications: 'off' } });
        assert.match((await findings('notifications')).rows[0].join(' '), /^note off by/);
        assert.deepEqual((await findings('source.google.scopes')).rows, []);
    } finally {
        await caldock.configure(caldock.settings);
    }
});
