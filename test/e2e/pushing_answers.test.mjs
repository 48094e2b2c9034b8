// SPDX-License-Identifier: Apache-2.0
// docs/pushing.md §3: what the sources' answers to writes mean, and that no copy is lost or doubled by
// any of them.
import assert from 'node:assert/strict';
import test from 'node:test';

import { at } from './lib/blocking.mjs';
import {
    hurry,
    iso,
    kindOf,
    onceAtATime,
    plain,
    quiet,
    readAll,
    Receiving,
} from './lib/pushing.mjs';
import { Receiver } from './lib/receiver.mjs';
import { gate, until } from './lib/until.mjs';
import { openWorld, SOURCES } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const DAY_MS = 24 * 3600000;

const world = await openWorld(test, {
    settings: {
        webhooks: { private_networks: '127.0.0.0/8' },
        oauth: { timeout: '2s' }, // a source that hangs is soon given up
    },
});
const both = (name, body) => {
    for (const code of CODES) test(`${code}: ${name}`, (t) => body(code, t));
};

// What a call did, and with which outcome at the stand-in.
const brief = (entry) => `${kindOf(entry)} ${entry.status}`;
const callsOf = (one, from = 0) => one.calls.slice(from).map(brief);

const attemptsOf = async (one) =>
    Number(
        await world.queryStore(
            `select max(attempts) from pushed_copies where settings = ${one.setting}`,
        ),
    );

const heldFor = async (one) => {
    const sql = `select hold_until from account_work where account = ${one.account}`;
    return Number(await world.queryStore(sql)) - Date.now();
};

const saysGivenUp = (one) => {
    const line = `level="error" event="push.given_up" [^\\n]* setting="${one.setting}" [^\\n]* reason="[^"]`;
    return until('the log says so', () => new RegExp(line).test(world.caldock.log));
};

// --- answers

// The source acts, and its answer is lost.
const LOST = {
    'a reset': { after: true, reset: true },
    'half an answer': { half: true },
    'half a JSON': { malformed: true },
    'an error': { after: true, status: 500 },
    'no answer': { after: true, hang: true },
};

for (const [name, fault] of Object.entries(LOST)) {
    both(`made, and then ${name}: it is found, not doubled`, async (code) => {
        const one = await Receiving.create(world, code);
        one.fault('create', fault);
        await one.put('e1');
        await one.stands('e1', { status: 'pending', reason: 'source_error' });
        await one.put('e1', plain(12));
        await hurry(world);
        await one.stands('e1', { status: 'written' });
        one.isOnly(plain(12));
        const again = { GOOG: ['create', 'look', 'update'], MSFT: ['find', 'update'] };
        assert.deepEqual(one.kinds(1), again[code]);
        await one.read();
        one.isOnly(plain(12));
        assert.equal((await one.copy('e1')).status, 'written');
    });

    both(`changed, and then ${name}: it is changed again`, async (code) => {
        const one = await Receiving.create(world, code);
        await one.written('e1');
        one.fault('update', fault);
        await one.put('e1', plain(12));
        await one.stands('e1', { status: 'pending', reason: 'source_error' });
        await hurry(world);
        await one.stands('e1', { status: 'written' });
        assert.deepEqual(one.kinds(), ['create', 'update', 'update']);
        one.isOnly(plain(12));
    });
}

// A copy of tomorrow that is put off by weeks, with that answer, each time that it is tried. Ten days
// later what was written before is over, and what was asked for isn't.
async function putOff(one, fault, wanted) {
    const later = { title: 'Later', start: iso(at(20)), end: iso(at(20, 1)) };
    await one.written('e1');
    one.fault('update', { ...fault, times: 1000, perhaps: true });
    await one.put('e1', later);
    await one.stands('e1', wanted);
    one.isOnly(wanted.status === 'pending' ? later : plain());
    await one.ages('e1', 10);
}

const UNCLEAR = { status: 'pending', reason: 'source_error' };

for (const [name, fault] of Object.entries(LOST)) {
    both(`put off, and then ${name}: switched off, it goes`, async (code) => {
        const one = await Receiving.create(world, code);
        await putOff(one, fault, UNCLEAR);
        await one.switch(false);
        await one.quiet({ hurries: true });
        assert.deepEqual(one.inside, []);
    });
}

both('put off unseen: it goes with its setting', async (code) => {
    const one = await Receiving.create(world, code);
    await putOff(one, LOST['a reset'], UNCLEAR);
    await one.discard();
    await one.quiet({ hurries: true });
    assert.deepEqual(one.inside, []);
});

both('put off, and refused: switched off, what is over stays', async (code) => {
    const one = await Receiving.create(world, code);
    await putOff(one, { status: 422 }, { status: 'failed', reason: 'refused' });
    await one.switch(false);
    await one.quiet({ hurries: true });
    one.isOnly(plain());
});

both('removed, and then a reset: it is gone', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    one.fault('remove', { after: true, reset: true });
    await one.remove('e1');
    await one.quiet({ hurries: true });
    assert.deepEqual([one.inside, one.kinds()], [[], ['create', 'remove', 'remove']]);
});

both('made unseen, and deleted by the person: it is made again', async (code) => {
    const one = await Receiving.create(world, code);
    one.fault('create', { after: true, reset: true });
    await one.put('e1');
    await one.stands('e1', { reason: 'source_error' });
    one.personDeletes();
    await hurry(world);
    await one.stands('e1', { status: 'written' });
    one.isOnly(plain());
    const creates = one.writes.filter((entry) => kindOf(entry) === 'create');
    const marks = creates.map(({ json }) => json.id ?? json.transactionId);
    assert.equal(marks.length, 3);
    assert.equal(marks[0], marks[1]);
    assert.notEqual(marks[1], marks[2], 'under another key');
});

test('MSFT: an event that isn’t found yet, and whose key is taken, is taken on', async () => {
    const one = await Receiving.create(world, 'MSFT');
    one.fault('create', { after: true, reset: true });
    await one.put('e1');
    await one.stands('e1', { reason: 'source_error' });
    one.fault('find', { body: { value: [] } });
    await one.put('e1', plain(12));
    await hurry(world);
    await one.stands('e1', { status: 'written' });
    assert.deepEqual(callsOf(one, 1), ['find 200', 'create 409', 'find 200', 'update 200']);
    one.isOnly(plain(12));
});

test('GOOG: patched though it is deleted, a copy is deleted by the person', async () => {
    const one = await Receiving.create(world, 'GOOG');
    one.control.patchDead(200);
    await one.written('e1');
    one.personDeletes();
    await one.put('e1', plain(12));
    await one.stands('e1', { status: 'deleted_by_person' });
    assert.deepEqual(callsOf(one), ['create 200', 'update 200']);
    assert.deepEqual(one.inside, []);
});

both('removed unseen: what was perhaps made is looked for twice', async (code) => {
    const one = await Receiving.create(world, code);
    one.fault('create', { reset: true });
    await one.put('e1');
    await one.stands('e1', { reason: 'source_error' });
    await one.remove('e1');
    await one.quiet({ hurries: true });
    const asked = { GOOG: ['create', 'remove'], MSFT: ['create', 'find', 'find'] };
    assert.deepEqual(one.kinds(), asked[code]);
    one.fault('create', { after: true, reset: true });
    await one.put('e2');
    await one.stands('e2', { reason: 'source_error' });
    await one.switch(false);
    await one.quiet({ hurries: true });
    assert.deepEqual(one.inside, []);
});

both('a calendar that is gone: its copies wait until it is back', async (code, t) => {
    const receiver = await Receiver.ofWorld(t, world, [
        'calendar_settings.inactive',
        'pushed_event.deleted',
    ]);
    const one = await Receiving.create(world, code, { key: 'team' });
    await one.written('e1');
    one.control.changeCalendar({ ...one.where, isGone: true });
    await one.put('e2', plain(11));
    await one.stands('e2', { status: 'pending', reason: 'calendar_gone' });
    assert.equal((await one.get()).inactive_reason, 'calendar_gone');
    await one.put('e1', plain(13));
    await one.stands('e1', { status: 'pending', reason: 'calendar_gone' });
    assert.deepEqual(
        (await receiver.all()).map(({ type }) => type),
        ['calendar_settings.inactive'],
    );
    one.control.mailbox({ account: one.email });
    await one.change({ constrain_only_busy: true }); // looks at it again
    await one.stands('e1', { status: 'written' });
    await one.stands('e2', { status: 'written' });
    assert.deepEqual(one.titles, ['Cut at 11', 'Cut at 13']);
});

both('not found, though the calendar is there: tried again', async (code) => {
    const one = await Receiving.create(world, code);
    one.fault('create', {
        status: 404,
        reason: code === 'GOOG' ? 'notFound' : 'ErrorItemNotFound',
    });
    await one.put('e1');
    await one.stands('e1', { status: 'pending', reason: 'source_error' });
    assert.equal((await one.get()).is_active, true);
    await hurry(world);
    await one.stands('e1', { status: 'written' });
    one.isOnly(plain());
});

both('a token that is refused is renewed once, and no attempt', async (code) => {
    const one = await Receiving.create(world, code);
    const { refreshes } = one.control;
    one.fault('create', { status: 401 });
    await one.written('e1');
    assert.equal(one.control.refreshes, refreshes + 1);
    const created = code === 'GOOG' ? 200 : 201;
    assert.deepEqual(callsOf(one), ['create 401', `create ${created}`]);
    one.fault('create', { status: 401, times: 2 });
    await one.put('e2', plain(11));
    await one.stands('e2', { status: 'pending', reason: 'source_error' });
    await hurry(world);
    await one.stands('e2', { status: 'written' });
    assert.deepEqual(one.titles, ['Cut at 11', 'Cut at 9']);
});

both('an account to be connected again: copies wait, whatever time passes', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    await one.written('e2', plain(10));
    one.control.withdraw({ account: one.email });
    one.control.expire();
    await one.put('e1', plain(12));
    await one.stands('e1', { status: 'pending', reason: 'needs_reconnect' });
    await one.remove('e2');
    await one.put('e3', plain(13));
    await world.alterStore('update pushed_copies set since = 1');
    await hurry(world);
    await one.stands('e3', { status: 'pending', reason: 'needs_reconnect' });
    assert.equal((await one.copy('e1')).status, 'pending');
    await one.connect();
    await one.quiet();
    assert.deepEqual(one.titles, ['Cut at 12', 'Cut at 13']);
    assert.equal((await one.copy('e1')).status, 'written');
});

const THROTTLES = {
    GOOG: [
        [{ status: 429 }, 'x'],
        [{ status: 403, reason: 'rateLimitExceeded' }, 'x'],
        [{ status: 403, reason: 'userRateLimitExceeded' }, 'x'],
        [{ status: 429, headers: { 'retry-after': '90' } }, 90],
        [{ status: 403, reason: 'quotaExceeded' }, 3600],
        [{ status: 403, reason: 'calendarUsageLimitsExceeded' }, 3600],
        [{ status: 403, reason: 'dailyLimitExceeded' }, 3600],
    ],
    MSFT: [
        [{ status: 429 }, 'x'],
        [{ status: 429, headers: { 'retry-after': '90' } }, 90],
        [{ status: 503, headers: { 'retry-after': '90' } }, 90],
    ],
};

for (const code of CODES) {
    for (const [fault, least] of THROTTLES[code]) {
        test(`${code}: throttled by ${JSON.stringify(fault)}: the account is left alone`, async () => {
            const one = await Receiving.create(world, code);
            const two = await one.another();
            await readAll(world);
            one.fault('create', { ...fault, calendar: 'primary' });
            await one.put('e1');
            await one.stands('e1', { status: 'pending', reason: 'throttled' });
            const left = await heldFor(one);
            const wanted = least === 'x' ? 30 : least;
            assert.ok(left > wanted * 500 && left <= wanted * 1250, String(left));
            await one.sync('now');
            await one.put('e2', plain(11));
            const asked = one.control.requests().length;
            await one.switch(true).catch(() => {}); // asks about rights, if anybody is asked
            assert.equal(one.control.requests().length, asked);
            assert.equal(await attemptsOf(one), 0);
            await hurry(world);
            for (const each of [one, two]) {
                await each.stands('e1', { status: 'written' });
                await each.stands('e2', { status: 'written' });
                assert.deepEqual(each.titles, ['Cut at 11', 'Cut at 9']);
            }
        });
    }
}

both('throttled again and again: the pauses double', async (code) => {
    const one = await Receiving.create(world, code);
    const pauses = [];
    one.fault('create', { status: 429, times: 3 });
    await one.put('e1');
    while (pauses.length < 3) {
        await until('it is held', async () => (await heldFor(one)) > 0);
        pauses.push(Math.round((await heldFor(one)) / 1000));
        await world.alterStore('update account_work set hold_until = 0'); // but not hold_step
        await world.alterStore('update pushed_copies set due_at = 0');
    }
    await one.stands('e1', { status: 'written' });
    const [first, second, third] = pauses;
    assert.ok(second > 1.5 * first && third > 1.5 * second, String(pauses));
});

both('a write that is forbidden, in a calendar that may be written to', async (code, t) => {
    const receiver = await Receiver.ofWorld(t, world, ['pushed_event.failed']);
    const one = await Receiving.create(world, code);
    const reason = { GOOG: 'forbidden', MSFT: 'ErrorAccessDenied' }[code];
    one.fault('create', { status: 403, reason });
    await one.put('e1');
    await one.stands('e1', { status: 'failed', reason: 'refused' });
    assert.equal((await one.get()).is_active, true);
    const [{ data }] = await receiver.has(1);
    assert.deepEqual(data, {
        mode: 'provider',
        user: one.as.headers['Caldock-User'],
        calendar_source_account: one.account,
        staff_calendar_settings: one.setting,
        event_id: 'e1',
        reason: 'refused',
    });
});

both('a calendar that may not be written to any more: its copies wait', async (code, t) => {
    const receiver = await Receiver.ofWorld(t, world, [
        'calendar_settings.inactive',
        'pushed_event.failed',
    ]);
    const one = await Receiving.create(world, code, { key: 'team' });
    await one.written('e1');
    one.control.changeCalendar({ ...one.where, canEdit: false });
    await one.put('e1', plain(12));
    await one.stands('e1', { status: 'pending', reason: 'read_only' });
    const { inactive_reason: why, calendar_ready: isReady } = await one.get();
    assert.deepEqual([why, isReady], ['read_only', false]);
    await one.put('e2', plain(13));
    await hurry(world);
    await one.stands('e2', { status: 'pending', reason: 'read_only' });
    const asked = one.writes.length;
    assert.deepEqual(
        (await receiver.all()).map(({ type }) => type),
        ['calendar_settings.inactive'],
    );
    one.control.mailbox({ account: one.email });
    await one.change({ constrain_only_busy: true });
    await one.stands('e1', { status: 'written' });
    await one.stands('e2', { status: 'written' });
    assert.equal(one.writes.length, asked + 2);
    assert.deepEqual(one.titles, ['Cut at 12', 'Cut at 13']);
});

// Nobody reads such a calendar any more, and would find out that it is well again.
const ENDS = {
    'switched off': (one) => one.switch(false),
    'switched off, and read still': (one) =>
        one.change({
            is_destination_for_teamup_events: false,
            is_source_for_busy_periods: true,
        }),
    removed: (one) => one.discard(),
};

for (const [name, end] of Object.entries(ENDS)) {
    for (const isKnown of [true, false]) {
        const known = isKnown ? 'known' : 'not known yet';
        both(
            `${name}, while it is ${known} that it can't be written to: all goes`,
            async (code) => {
                const one = await Receiving.create(world, code, { key: 'team' });
                await one.written('e1');
                one.control.changeCalendar({ ...one.where, canEdit: false });
                if (isKnown) await one.put('e1', plain(12));
                if (isKnown) await one.stands('e1', { status: 'pending', reason: 'read_only' });
                const asked = one.writes.length;
                await end(one);
                await until('it is tried', async () => {
                    await hurry(world);
                    return one.writes.length > asked;
                });
                one.control.mailbox({ account: one.email });
                await one.quiet({ hurries: true });
                assert.deepEqual(one.inside, []);
                if (name === 'removed') return;
                await until('it is active', async () => (await one.get()).inactive_reason === null);
            },
        );
    }
}

for (const status of [400, 413, 422, 418]) {
    both(
        `refused with ${status}: failed, told, and tried again when it is put again`,
        async (code, t) => {
            const receiver = await Receiver.ofWorld(t, world, ['pushed_event.failed']);
            const one = await Receiving.create(world, code);
            one.fault('create', { status });
            await one.put('e1');
            await one.stands('e1', { status: 'failed', reason: 'refused' });
            const [{ data }] = await receiver.has(1);
            assert.deepEqual([data.event_id, data.reason], ['e1', 'refused']);
            await saysGivenUp(one);
            await one.quiet();
            const asked = one.calls.length;
            await hurry(world);
            await one.quiet();
            assert.equal(one.calls.length, asked, 'nobody asks again by itself');
            await one.written('e1');
            one.isOnly(plain());
            one.fault('update', { status });
            await one.put('e1', plain(12));
            await one.stands('e1', { status: 'failed', reason: 'refused' });
            one.isOnly(plain());
            await one.put('e1', plain(13));
            await one.stands('e1', { status: 'written' });
            one.isOnly(plain(13));
            assert.equal((await receiver.all()).length, 2);
        },
    );
}

const TROUBLE = {
    'an error': { status: 500 },
    'a bad gateway': { status: 502, html: true },
    away: { status: 503 },
    'too slow': { status: 504 },
    'a reset': { reset: true },
    'no answer': { hang: true },
    'a page for people': { html: true },
};

for (const [name, fault] of Object.entries(TROUBLE)) {
    both(`${name}: tried again, later and later`, async (code) => {
        const one = await Receiving.create(world, code);
        one.fault('create', { ...fault, times: Infinity });
        await one.put('e1');
        await one.stands('e1', { status: 'pending', reason: 'source_error' });
        await hurry(world);
        await until('tried twice, and each try counts once', async () => {
            const attempts = await attemptsOf(one);
            return attempts >= 2 && attempts === one.kinds().filter((k) => k === 'create').length;
        });
        one.control.calm();
        await hurry(world);
        await one.stands('e1', { status: 'written' });
        one.isOnly(plain());
        assert.equal(await attemptsOf(one), 0);
    });
}

both('after a week without success it is given up, until it is put again', async (code, t) => {
    const receiver = await Receiver.ofWorld(t, world, ['pushed_event.failed']);
    const one = await Receiving.create(world, code);
    one.fault('create', { status: 500, times: Infinity });
    await one.put('e1');
    await one.stands('e1', { reason: 'source_error' });
    await world.alterStore(`update pushed_copies set since = since - ${7 * DAY_MS}`);
    await hurry(world);
    await one.stands('e1', { status: 'failed', reason: 'gave_up' });
    const [{ data }] = await receiver.has(1);
    assert.deepEqual([data.event_id, data.reason], ['e1', 'gave_up']);
    await saysGivenUp(one);
    one.control.calm();
    await one.written('e1');
    one.isOnly(plain());
});

both('a removal that is refused is tried again', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    one.fault('remove', { status: 500 });
    one.fault('remove', { status: 429 });
    await one.remove('e1');
    await one.quiet({ hurries: true });
    assert.deepEqual([one.inside, one.kinds()], [[], ['create', 'remove', 'remove', 'remove']]);
});

// --- accounts

both('disconnected and connected again: what was left is taken on', async (code) => {
    const one = await Receiving.create(world, code, { is_source_for_busy_periods: true });
    for (const hour of [1, 2, 3, 4]) await one.put(`e${hour}`, plain(hour));
    await one.quiet();
    await one.disconnect();
    assert.deepEqual((await one.event('e1')).copies, []);
    assert.equal(one.inside.length, 4, 'copies stay in the calendar');
    await one.remove('e4');
    await one.put('e2', plain(12));
    one.personDeletes('Cut at 3');
    await one.connect();
    await one.receive({ is_source_for_busy_periods: true });
    for (const id of ['e1', 'e2', 'e3']) await one.stands(id, { status: 'written' });
    assert.deepEqual(one.titles, ['Cut at 1', 'Cut at 12', 'Cut at 3', 'Cut at 4']);
    await readAll(world);
    assert.deepEqual(
        (await one.busy()).busy_periods,
        [],
        'none of them is busy, the lost one neither',
    );
});

both('disconnected after a restore: what was left is taken on', async (code) => {
    for (const repeated of code === 'MSFT' ? ['conflict', 'existing'] : ['conflict']) {
        const one = await Receiving.create(world, code);
        one.control.repeatTransaction(repeated);
        for (let i = 0; i < 3; i++) {
            await one.put('e1', plain(9), { restores: true });
            await one.stands('e1', { status: 'written' });
            one.personDeletes();
            await one.read();
            await one.stands('e1', { status: 'deleted_by_person' });
        }
        await one.written('e1', plain(9), { restores: true });
        await one.disconnect();
        await one.put('e1', plain(12));
        await one.connect();
        await one.receive();
        await one.stands('e1', { status: 'written' });
        await one.quiet();
        one.isOnly(plain(12));
    }
});

both(
    'disconnected after it was taken away and made again: what was left is taken on',
    async (code) => {
        const one = await Receiving.create(world, code, { push_only_if_event_has_attendees: true });
        one.fault('create', { reset: true });
        await one.put('e1', plain(9, { has_attendees: true }));
        await one.stands('e1', { reason: 'source_error' });
        for (let i = 0; i < 2; i++) {
            await one.put('e1', plain(9));
            await one.quiet({ hurries: true });
            await one.stands('e1', { status: 'skipped' });
            await one.written('e1', plain(9, { has_attendees: true }));
        }
        await one.disconnect();
        await one.connect();
        await one.receive();
        await one.stands('e1', { status: 'written' });
        await one.quiet();
        one.isOnly(plain(9));
    },
);

// A copy that was made three times, by its third key, in the calendar of an account that is gone.
async function leftOver(code, values) {
    const one = await Receiving.create(world, code, values);
    const wanted = plain(9, { has_attendees: true });
    await one.written('e1', wanted);
    for (let i = 0; i < 2; i++) {
        one.personDeletes();
        await one.read();
        await one.stands('e1', { status: 'deleted_by_person' });
        await one.written('e1', wanted, { restores: true });
    }
    await one.disconnect();
    assert.equal(one.inside.length, 1);
    return one;
}

both('not wanted any more when its account is back: what was left goes', async (code) => {
    const values = { push_only_if_event_has_attendees: true };
    const one = await leftOver(code, values);
    await one.put('e1', plain(9));
    await one.connect();
    await one.receive(values);
    await one.quiet({ hurries: true });
    await one.stands('e1', { status: 'skipped', reason: 'no_attendees' });
    assert.deepEqual(one.inside, []);
    await one.written('e1', plain(9, { has_attendees: true }));
    one.isOnly(plain(9));
});

both('deleted before its account has written again: what was left goes', async (code) => {
    const one = await leftOver(code, {});
    await one.connect();
    one.fault(code === 'GOOG' ? 'create' : 'find', { status: 500 });
    await one.receive();
    await one.stands('e1', { reason: 'source_error' });
    await one.remove('e1');
    await one.quiet({ hurries: true });
    assert.deepEqual(one.inside, []);
});

both('a source account that hangs delays no other account', async (code) => {
    const slow = await Receiving.create(world, code);
    const others = [];
    for (let i = 0; i < 6; i++) others.push(await Receiving.create(world, code));
    const held = gate();
    slow.fault('create', { delay: held.opens });
    for (let hour = 0; hour < 12; hour++) await slow.put(`e${hour}`, plain(hour));
    await until('it is asked', () => slow.writes.length === 1);
    for (const other of others)
        for (const hour of [1, 2, 3]) await other.put(`e${hour}`, plain(hour));
    for (const other of others) {
        for (const hour of [1, 2, 3]) await other.stands(`e${hour}`, { status: 'written' });
    }
    assert.ok(slow.writes.length < 12, 'it has still to wait');
    held.open();
    await quiet(world, { hurries: true });
    assert.equal(slow.inside.length, 12);
    for (const other of others) assert.equal(other.inside.length, 3);
});

both('one write at a time for an account, in the order of the wishes', async (code) => {
    const one = await Receiving.create(world, code);
    const two = await one.another();
    const hours = Array.from({ length: 20 }, (_, hour) => hour);
    for (const hour of hours) await one.put(`e${hour}`, plain(hour));
    await one.quiet();
    assert.equal(onceAtATime(one.control), 40);
    const titles = one.writes.map(({ json }) => json.summary ?? json.subject);
    const first = titles.filter((title, i) => titles.indexOf(title) === i);
    assert.deepEqual(
        first,
        hours.map((hour) => plain(hour).title),
    );
    assert.deepEqual(one.titles, two.titles);
});

both('the feature switched off rests, switched on again writes', async (code) => {
    const one = await Receiving.create(world, code);
    const feature = (value) =>
        world.caldock.run('provider', 'set', '1', '--feature', `external_calendars=${value}`);
    one.fault('create', { status: 500 });
    await one.put('e1');
    await one.stands('e1', { reason: 'source_error' });
    try {
        await feature('off');
        await hurry(world);
        await until('it was looked at', async () => {
            const sql = `select count(*) from pushed_copies where settings = ${one.setting} and due_at = 0`;
            return (await world.queryStore(sql)) === '0';
        });
        assert.equal(one.writes.length, 1);
    } finally {
        await feature('on');
    }
    await until('it is written', () => one.inside.length === 1);
    one.isOnly(plain());
});
