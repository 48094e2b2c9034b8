// SPDX-License-Identifier: Apache-2.0
// docs/pushing.md: the application wants events, and each calendar that receives has a copy of each,
// as it was wanted last, whatever the person does to it and the source answers.
import assert from 'node:assert/strict';
import test from 'node:test';

import { at } from './lib/blocking.mjs';
import {
    anOwner,
    dateOf,
    hurry,
    iso,
    kindOf,
    plain,
    quiet,
    readAll,
    Receiving,
} from './lib/pushing.mjs';
import { Receiver } from './lib/receiver.mjs';
import { gate, until } from './lib/until.mjs';
import { API, openWorld, SOURCES, World } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const HOUR_MS = 3600000;
const DAY_MS = 24 * HOUR_MS;

const world = await openWorld(test, {
    settings: {
        webhooks: { private_networks: '127.0.0.0/8' },
        oauth: { timeout: '2s' }, // a source that hangs is soon given up
    },
});
await world.addProvider(2);
const another = await world.addToken('--provider', '2');

const both = (name, body) => {
    for (const code of CODES) test(`${code}: ${name}`, (t) => body(code, t));
};

const PAST = { start: iso(Date.now() - 3 * DAY_MS), end: iso(Date.now() - 2 * DAY_MS) };
const PROPERTY = 'String {6d1f0c1e-3c0b-4c53-9a3b-5e1f6a2d7c10} Name caldock';

// --- what is written

const TEXT = 'Bring the voucher.\nSecond line';
const LINK = 'https://app.example/bookings/7';
const [START, END] = [iso(at(1, 9)), iso(at(1, 10))];
const ALL_DAY = { is_all_day: true, start: dateOf(at(3)), end: dateOf(at(5)) };

// What a PUT says → the members of the request that it makes, in this source's words.
const SAID = {
    GOOG: [
        [{}, {}],
        [{ description: TEXT }, { description: TEXT }],
        [{ link: LINK }, { description: LINK }],
        [{ description: TEXT, link: LINK }, { description: `${TEXT}\n\n${LINK}` }],
        [{ location: 'Chair 2' }, { location: 'Chair 2' }],
        [{ show_as: 'free' }, { transparency: 'transparent' }],
        [{ visibility: 'private' }, { visibility: 'private' }],
        [ALL_DAY, { start: { date: ALL_DAY.start }, end: { date: ALL_DAY.end } }],
        [{ title: 'a\tb\u0007c' }, { summary: 'a b c' }],
        [
            { start: START.replace('Z', '.9Z'), end: END.replace('Z', '.1Z') },
            { end: { dateTime: END.replace('00Z', '01Z') } },
        ],
        [{ start: START.replace('Z', '+02:00') }, { start: { dateTime: iso(at(1, 7)) } }],
    ],
    MSFT: [
        [{}, {}],
        [{ description: TEXT }, { body: { contentType: 'text', content: TEXT } }],
        [{ link: LINK }, { body: { contentType: 'text', content: LINK } }],
        [
            { description: TEXT, link: LINK },
            { body: { contentType: 'text', content: `${TEXT}\n\n${LINK}` } },
        ],
        [{ location: 'Chair 2' }, { location: { displayName: 'Chair 2' } }],
        [{ show_as: 'free' }, { showAs: 'free' }],
        [{ visibility: 'private' }, { sensitivity: 'private' }],
        [
            ALL_DAY,
            {
                start: { dateTime: `${ALL_DAY.start}T00:00:00`, timeZone: 'UTC' },
                end: { dateTime: `${ALL_DAY.end}T00:00:00`, timeZone: 'UTC' },
                isAllDay: true,
            },
        ],
        [{ title: 'a\tb\u0007c' }, { subject: 'a b c' }],
        [
            { start: START.replace('Z', '.9Z'), end: END.replace('Z', '.1Z') },
            { end: { dateTime: END.replace('00Z', '01'), timeZone: 'UTC' } },
        ],
        [
            { start: START.replace('Z', '+02:00') },
            { start: { dateTime: iso(at(1, 7)).replace('Z', ''), timeZone: 'UTC' } },
        ],
    ],
};

const USUAL = {
    GOOG: {
        summary: 'Cut',
        start: { dateTime: START },
        end: { dateTime: END },
        transparency: 'opaque',
        visibility: 'default',
    },
    MSFT: {
        subject: 'Cut',
        start: { dateTime: START.replace('Z', ''), timeZone: 'UTC' },
        end: { dateTime: END.replace('Z', ''), timeZone: 'UTC' },
        isAllDay: false,
        showAs: 'busy',
        sensitivity: 'normal',
    },
};

// What makes a copy ours, apart from its words.
const MARKS = {
    GOOG({ id, extendedProperties, ...rest }) {
        assert.match(id, /^cdk[0-9a-v]{32}$/);
        assert.deepEqual(extendedProperties, { private: { caldock: '1' } });
        return { mark: id, rest };
    },
    MSFT({ transactionId, singleValueExtendedProperties: properties, ...rest }) {
        const [, key] = /^cdk-([0-9a-f]{40})$/.exec(transactionId);
        assert.deepEqual(properties, [{ id: PROPERTY, value: key }]);
        return { mark: key, rest };
    },
};

function isAddressed(code, entry, calendar = '') {
    assert.ok(decodeURIComponent(entry.path).includes(calendar), entry.path);
    const fields = { sendUpdates: 'none', fields: 'id,status,start,end,htmlLink' };
    if (code === 'GOOG') return assert.deepEqual(entry.query, fields);
    assert.deepEqual(entry.query, {});
    assert.match(entry.headers.prefer, /IdType="ImmutableId"/);
}

both('a copy is made of exactly what was said', async (code) => {
    const one = await Receiving.create(world, code);
    const marks = new Set();
    for (const [i, [values, said]] of SAID[code].entries()) {
        await one.written(`e${i}`, { title: 'Cut', start: START, end: END, ...values });
        const entry = one.writes.at(-1);
        assert.equal(kindOf(entry), 'create');
        isAddressed(code, entry, one.calendar);
        const { mark, rest } = MARKS[code](entry.json);
        assert.deepEqual(rest, { ...USUAL[code], ...said }, JSON.stringify(values));
        marks.add(mark);
    }
    assert.equal(marks.size, SAID[code].length);
    assert.equal(one.calls.length, SAID[code].length, 'one request for each');
});

both('an update says all of it, empty texts too, and no mark', async (code) => {
    const one = await Receiving.create(world, code);
    const usual = { title: 'Cut', start: START, end: END };
    const made = await one.written('e1', { ...usual, description: TEXT, location: 'Chair 2' });
    const id = made.calendar_source_event_id;
    await one.written('e1', usual);
    const entry = one.writes.at(-1);
    assert.equal(kindOf(entry), 'update');
    isAddressed(code, entry);
    assert.equal(decodeURIComponent(entry.path.split('/').at(-1)), id);
    const timed = ({ dateTime }) => ({ dateTime, date: null });
    const empty = {
        GOOG: {
            description: '',
            location: '',
            start: timed(USUAL.GOOG.start),
            end: timed(USUAL.GOOG.end),
        },
        MSFT: { body: { contentType: 'text', content: '' }, location: { displayName: '' } },
    };
    assert.deepEqual(entry.json, { ...USUAL[code], ...empty[code] });
    one.isOnly(usual);
    await one.written('e1', { title: 'Cut', ...ALL_DAY });
    one.isOnly({ title: 'Cut', ...ALL_DAY });
    const { start } = one.writes.at(-1).json;
    if (code === 'GOOG') assert.deepEqual(start, { date: ALL_DAY.start, dateTime: null });
    await one.written('e1', usual);
    one.isOnly(usual);
});

both('a reminder is set when a copy is made, where the setting wants it', async (code) => {
    const minutes = { reminder_number_of_minutes_prior: 90 };
    const on = { set_external_reminders_for_pushed_events: true, ...minutes };
    const one = await Receiving.create(world, code, on);
    await one.written('e1');
    const reminds = (n) =>
        code === 'GOOG'
            ? { reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: n }] } }
            : { isReminderOn: true, reminderMinutesBeforeStart: n };
    const has = (entry, wanted) => {
        const names = Object.keys(reminds(0));
        const found = names.filter((name) => name in entry.json);
        const said = Object.fromEntries(found.map((name) => [name, entry.json[name]]));
        assert.deepEqual(said, wanted);
    };
    has(one.writes[0], reminds(90));
    await one.written('e1', plain(11));
    has(one.writes[1], {});
    await one.change({ reminder_number_of_minutes_prior: 4294967295 });
    await one.written('e2');
    has(one.writes[2], reminds(40320));
    await one.change({ set_external_reminders_for_pushed_events: false });
    await one.written('e3');
    has(one.writes[3], {});
    await one.quiet();
    assert.equal(one.writes.length, 4, 'what is written already stays');
});

both('the answer says where the copy is', async (code) => {
    const one = await Receiving.create(world, code);
    const { copies, ...event } = await one.put('e1', plain(9, { has_attendees: true }));
    assert.deepEqual(copies, [
        {
            staff_calendar_settings: one.setting,
            status: 'pending',
            reason: null,
            calendar_source_event_id: null,
            link: null,
            written_at: null,
            is_changed: false,
            changed_start: null,
            changed_end: null,
        },
    ]);
    assert.deepEqual([event.event_id, event.title], ['e1', 'Cut at 9']);
    const before = Math.floor(Date.now() / 1000) * 1000;
    const copy = await one.stands('e1', { status: 'written' });
    assert.ok(Date.parse(copy.written_at) >= before - 1000);
    const { id } = one.only;
    assert.ok(copy.calendar_source_event_id.includes(id));
    if (code === 'MSFT') assert.match(copy.calendar_source_event_id, /^AAkALg/);
    assert.match(
        copy.link,
        code === 'GOOG' ? /^https:\/\/www\.google\.com\// : /^https:\/\/outlook\./,
    );
    assert.deepEqual([copy.reason, copy.is_changed], [null, false]);
});

both('the same values again change nothing, and ask nobody', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    await readAll(world);
    const [before, asked] = [await one.event('e1'), one.control.requests().length];
    assert.deepEqual(await one.put('e1'), before);
    await one.quiet();
    assert.equal(one.control.requests().length, asked);
    const newer = await one.put('e1', plain(9, { version: 4 }));
    await one.quiet();
    assert.equal(one.control.requests().length, asked);
    const { updated_at: updatedAt } = newer;
    assert.ok(updatedAt >= before.updated_at);
    assert.deepEqual(newer, { ...before, version: 4, updated_at: updatedAt });
});

both('an older version changes nothing, with restore either', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1', plain(9, { version: 7 }));
    for (const query of [{}, { restore: 'true' }]) {
        const answer = await one.tryPut('e1', plain(11, { version: 6 }), query);
        assert.deepEqual([answer.status, answer.body.code], [409, 'conflict']);
    }
    await one.quiet();
    assert.deepEqual(one.kinds(), ['create']);
    await one.written('e1', plain(12, { version: 7 })); // not older
    one.isOnly(plain(12));
    assert.equal((await one.put('e1', plain(13))).version, 7, 'null keeps it');
});

both('deleted: gone at once for the application, and soon from the calendar', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    await one.remove('e1');
    assert.equal(await one.event('e1'), undefined);
    await one.quiet();
    assert.deepEqual([one.inside, one.kinds()], [[], ['create', 'remove']]);
    const { created_at: createdAt } = await one.put('e1', plain(12));
    assert.ok(createdAt);
    await one.stands('e1', { status: 'written' });
    one.isOnly(plain(12));
    const [first, , second] = one.writes.map(({ json }) => json && MARKS[code](json).mark);
    assert.notEqual(first, second, 'it is another event');
});

both('every calendar that receives has a copy', async (code) => {
    const one = await Receiving.create(world, code);
    const two = await one.another();
    const three = await one.another({ code: code === 'GOOG' ? 'MSFT' : 'GOOG', key: 'primary' });
    const all = [one, two, three];
    const { copies } = await one.put('e1');
    assert.deepEqual(
        copies.map(({ staff_calendar_settings: setting }) => setting),
        all.map(({ setting }) => setting),
    );
    for (const each of all) {
        await each.stands('e1', { status: 'written' });
        each.isOnly(plain());
    }
    await one.put('e1', plain(14));
    await one.quiet();
    for (const each of all) each.isOnly(plain(14));
    await one.remove('e1');
    await one.quiet();
    for (const each of all) assert.deepEqual(each.inside, []);
});

both('only the last state is written', async (code) => {
    const one = await Receiving.create(world, code);
    const held = gate();
    one.fault('create', { delay: held.opens });
    await one.put('e1', plain(1));
    await until('it is asked', () => one.writes.length === 1);
    for (const hour of [2, 3, 4]) await one.put('e1', plain(hour));
    held.open();
    await one.stands('e1', { status: 'written' });
    assert.deepEqual(one.kinds(), ['create', 'update']);
    one.isOnly(plain(4));
});

both('deleted while it is being made: it doesn’t stay', async (code) => {
    const one = await Receiving.create(world, code);
    const held = gate();
    one.fault('create', { delay: held.opens });
    await one.put('e1');
    await until('it is asked', () => one.writes.length === 1);
    await one.remove('e1');
    held.open();
    await one.quiet();
    assert.deepEqual([one.inside, one.kinds()], [[], ['create', 'remove']]);
});

// --- switches

both('a destination that appears gets what is to come', async (code) => {
    const as = anOwner();
    const first = await Receiving.create(world, code, { as });
    await first.switch(false);
    assert.deepEqual((await first.put('e1')).copies, []);
    await first.put('e2', { ...plain(10), ...PAST });
    await first.quiet();
    assert.equal(first.calls.length, 0);
    await first.switch(true);
    await first.stands('e1', { status: 'written' });
    await first.quiet();
    first.isOnly(plain());
    const second = await first.another();
    await second.stands('e1', { status: 'written' });
    second.isOnly(plain());
    if (code === 'MSFT') assert.deepEqual(second.kinds(), ['find', 'create', 'find', 'create']);
});

both('switched off: what is to come goes, what is over stays', async (code) => {
    const one = await Receiving.create(world, code);
    for (const [id, hour] of [
        ['e1', 9],
        ['e2', 10],
        ['e3', 11],
    ])
        await one.written(id, plain(hour));
    await one.ages('e2', 30);
    await one.switch(false);
    await one.quiet();
    assert.deepEqual(one.titles, ['Cut at 10']);
    assert.deepEqual((await one.event('e1')).copies, []);
    await one.put('e1', plain(12));
    await one.quiet();
    assert.deepEqual(one.titles, ['Cut at 10']);
    await one.switch(true);
    await one.stands('e1', { status: 'written' });
    await one.stands('e3', { status: 'written' });
    await one.quiet();
    assert.deepEqual(one.titles, ['Cut at 10', 'Cut at 11', 'Cut at 12']);
});

both('a setting that is deleted takes its copies along, or leaves them', async (code) => {
    const one = await Receiving.create(world, code);
    const two = await one.another();
    for (const [id, hour] of [
        ['e1', 9],
        ['e2', 10],
    ])
        await one.put(id, plain(hour));
    await one.quiet();
    await one.discard();
    await two.discard({ keeps: true });
    await one.quiet();
    assert.deepEqual(one.titles, []);
    assert.deepEqual(two.titles, ['Cut at 10', 'Cut at 9']);
    await one.remove('e1');
    await one.put('e2', plain(11));
    await one.quiet();
    assert.deepEqual(two.titles, ['Cut at 10', 'Cut at 9'], 'nobody looks after them');
    await two.receive();
    await two.stands('e2', { status: 'written' });
    assert.deepEqual(two.titles, ['Cut at 11', 'Cut at 9'], 'the one that is known is taken on');
    await one.receive();
    await one.stands('e2', { status: 'written' });
    assert.deepEqual(one.titles, ['Cut at 11']);
});

both('a setting that is deleted and made again at once', async (code) => {
    const one = await Receiving.create(world, code);
    const hours = [1, 2, 3, 4, 5];
    for (const hour of hours) await one.put(`e${hour}`, plain(hour));
    await one.quiet();
    await one.discard();
    await one.receive();
    for (const hour of hours) await one.put(`e${hour}`, plain(hour + 10));
    for (const hour of hours) await one.stands(`e${hour}`, { status: 'written' });
    await one.quiet();
    await readAll(world);
    const wanted = hours.map((hour) => plain(hour + 10).title).sort();
    assert.deepEqual(one.titles, wanted);
    for (const hour of hours) assert.equal((await one.copy(`e${hour}`)).status, 'written');
});

both('off and on again in one breath: each copy is there, once', async (code) => {
    const one = await Receiving.create(world, code);
    for (const hour of [1, 2, 3]) await one.put(`e${hour}`, plain(hour));
    await one.quiet();
    for (const isOn of [false, true, false, true]) await one.switch(isOn);
    await one.quiet();
    for (const hour of [1, 2, 3]) await one.stands(`e${hour}`, { status: 'written' });
    assert.deepEqual(one.titles, ['Cut at 1', 'Cut at 2', 'Cut at 3']);
});

both('moved into the past between off and on: it goes', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    await one.switch(false);
    await one.put('e1', { ...plain(), ...PAST });
    await one.switch(true);
    await one.quiet();
    assert.deepEqual(one.inside, []);
});

both('only events with attendees, where the setting says so', async (code) => {
    const one = await Receiving.create(world, code, { push_only_if_event_has_attendees: true });
    await one.put('e1', plain(9));
    await one.stands('e1', { status: 'skipped', reason: 'no_attendees' });
    await one.written('e2', plain(10, { has_attendees: true }));
    one.isOnly(plain(10));
    await one.written('e1', plain(9, { has_attendees: true }));
    assert.deepEqual(one.titles, ['Cut at 10', 'Cut at 9']);
    await one.put('e2', plain(10, { has_attendees: false }));
    await one.stands('e2', { status: 'skipped', reason: 'no_attendees' });
    one.isOnly(plain(9));
    await one.change({ push_only_if_event_has_attendees: false });
    await one.stands('e2', { status: 'written' });
    assert.deepEqual(one.titles, ['Cut at 10', 'Cut at 9']);
    await one.change({ push_only_if_event_has_attendees: true });
    await one.stands('e2', { status: 'skipped', reason: 'no_attendees' });
    one.isOnly(plain(9));
});

both('other values while it is taken away: it stays away', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    const held = gate();
    one.fault('remove', { delay: held.opens });
    await one.change({ push_only_if_event_has_attendees: true });
    await until('it is asked', () => one.writes.length === 2);
    await one.put('e1', plain(12));
    held.open();
    await one.stands('e1', { status: 'skipped', reason: 'no_attendees' });
    await one.quiet();
    assert.deepEqual([one.inside, one.kinds()], [[], ['create', 'remove']]);
});

// --- the past

both('what is over is not written, and what gets over is taken away first', async (code) => {
    const one = await Receiving.create(world, code);
    await one.put('e1', { ...plain(), ...PAST });
    await one.stands('e1', { status: 'skipped', reason: 'past' });
    assert.equal(one.calls.length, 0);
    await one.written('e1');
    one.isOnly(plain());
    await one.put('e1', { ...plain(), ...PAST });
    await one.stands('e1', { status: 'skipped', reason: 'past' });
    assert.deepEqual([one.inside, one.kinds()], [[], ['create', 'remove']]);
    await one.written('e1', plain(11));
    one.isOnly(plain(11));
});

both('a written copy whose event ends stays, and DELETE takes it away', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    await one.ages('e1', 30);
    await one.quiet();
    await readAll(world);
    assert.equal((await one.copy('e1')).status, 'written');
    one.isOnly(plain());
    await one.remove('e1');
    await one.quiet();
    assert.deepEqual(one.inside, []);
});

both('an event that ends before its turn comes is not written', async (code) => {
    const one = await Receiving.create(world, code);
    one.control.throttle({ account: one.email, retryAfter: 600, method: 'POST' });
    await one.put('e1');
    await one.stands('e1', { reason: 'throttled' });
    await one.ages('e1', 30);
    await hurry(world);
    await one.stands('e1', { status: 'skipped', reason: 'past' });
    assert.deepEqual([one.inside, one.kinds()], [[], ['create']]);
});

// --- the person

// The person deletes a copy → what is noticed: by a read, or by the next write.
const NOTICES = {
    'a read': (one) => one.read(),
    'an update': (one) => one.put('e1', plain(20)),
};

for (const [name, notice] of Object.entries(NOTICES)) {
    both(
        `what the person deletes stays deleted until it is restored; noticed by ${name}`,
        async (code, t) => {
            const receiver = await Receiver.ofWorld(t, world, ['pushed_event.deleted']);
            for (const [i, status] of (code === 'GOOG' ? [200, 404, 410] : [404]).entries()) {
                const one = await Receiving.create(world, code);
                if (code === 'GOOG') one.control.patchDead(status);
                await one.written('e1');
                one.personDeletes();
                await notice(one);
                const copy = await one.stands('e1', { status: 'deleted_by_person' });
                assert.equal(copy.reason, null);
                for (const hour of [12, 13]) await one.put('e1', plain(hour));
                await one.put('e1', { ...plain(), ...PAST });
                await one.put('e1', plain(14));
                await one.quiet();
                assert.equal((await one.copy('e1')).status, 'deleted_by_person');
                assert.deepEqual(one.inside, []);
                const asked = one.writes.length;
                await one.put('e1', plain(14), { restores: true });
                await one.stands('e1', { status: 'written' });
                one.isOnly(plain(14));
                await one.read();
                assert.equal((await one.copy('e1')).status, 'written');
                assert.equal(one.writes.length, asked + 1);
                const [{ type, data }] = (await receiver.has(i + 1)).slice(-1);
                assert.deepEqual(
                    [type, data],
                    [
                        'pushed_event.deleted',
                        {
                            mode: 'provider',
                            user: one.as.headers['Caldock-User'],
                            calendar_source_account: one.account,
                            staff_calendar_settings: one.setting,
                            event_id: 'e1',
                        },
                    ],
                );
                assert.equal((await receiver.all()).length, i + 1);
            }
        },
    );
}

both(
    'what the person moves is left there, and told, until there are other values',
    async (code, t) => {
        const receiver = await Receiver.ofWorld(t, world, ['pushed_event.changed']);
        const one = await Receiving.create(world, code);
        await one.written('e1');
        const moved = { start: at(2, 15), end: at(2, 17) };
        one.personChanges(moved);
        await one.read();
        const copy = await one.copy('e1');
        assert.deepEqual(
            [copy.status, copy.is_changed, copy.changed_start, copy.changed_end],
            ['written', true, iso(moved.start), iso(moved.end)],
        );
        await one.put('e1'); // the same values
        await one.read();
        one.isOnly({ ...plain(), start: iso(moved.start), end: iso(moved.end) });
        await world.alterStore('update webhook_deliveries set due_at = 1');
        const [{ data }] = await receiver.has(1);
        const who = {
            mode: 'provider',
            user: one.as.headers['Caldock-User'],
            calendar_source_account: one.account,
            staff_calendar_settings: one.setting,
        };
        const times = { start: iso(moved.start), end: iso(moved.end), is_all_day: false };
        assert.deepEqual(data, { ...who, event_id: 'e1', ...times });
        await one.put('e1', plain(9, { title: 'Other words' }));
        await one.quiet();
        one.isOnly(plain(9, { title: 'Other words' }));
        const after = await one.copy('e1');
        assert.deepEqual(
            [after.is_changed, after.changed_start, after.changed_end],
            [false, null, null],
        );
        assert.equal((await receiver.all()).length, 1, 'what we write is no change');
    },
);

both('what the person moves is put back by restore', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    const days = { start: dateOf(at(4)), end: dateOf(at(6)) };
    one.personChanges(days);
    await one.read();
    const copy = await one.copy('e1');
    assert.deepEqual(
        [copy.is_changed, copy.changed_start, copy.changed_end],
        [true, days.start, days.end],
    );
    await one.written('e1', plain(), { restores: true });
    one.isOnly(plain());
    assert.equal((await one.copy('e1')).is_changed, false);
});

both('what else the person changes is not told, and goes with the next write', async (code, t) => {
    const receiver = await Receiver.ofWorld(t, world, [
        'pushed_event.changed',
        'pushed_event.deleted',
    ]);
    const one = await Receiving.create(world, code);
    await one.written('e1');
    one.personChanges({ title: 'Mine', place: 'Elsewhere', showAs: 'free' });
    await one.read();
    assert.equal((await one.copy('e1')).is_changed, false);
    assert.equal(one.only.title, 'Mine');
    assert.deepEqual(await receiver.all(), []);
    await one.put('e1', plain(10));
    await one.quiet();
    one.isOnly(plain(10));
});

both('moved back by the person: nothing has changed', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    const { start, end } = one.only;
    one.personChanges({ start: at(5), end: at(5, 1) });
    await one.read();
    assert.equal((await one.copy('e1')).is_changed, true);
    one.personChanges({ start, end });
    await one.read();
    const copy = await one.copy('e1');
    assert.deepEqual([copy.is_changed, copy.changed_start], [false, null]);
});

// The answers that are held back below take longer than the others may.
const patient = (t, code) =>
    World.open().then((own) => {
        t.after(() => own.close());
        return Receiving.create(own, code);
    });

const readIsOver = (one) =>
    until('the read is over', async () => {
        const sql = `select read_owner from account_work where account = ${one.account}`;
        return (await one.world.queryStore(sql)) === '';
    });

const MOVED = { start: at(2, 15), end: at(2, 17) };

// Moved by the person after what we wrote last, and no read will show it again.
async function isToldOfTheMove(one) {
    await one.quiet();
    await one.read();
    const { status, is_changed: isChanged, changed_start: start } = await one.copy('e1');
    assert.deepEqual([status, isChanged, start], ['written', true, iso(MOVED.start)]);
    one.isOnly({ ...plain(12), start: iso(MOVED.start), end: iso(MOVED.end) });
}

both('moved before the answer to our write is there: it is noticed', async (code, t) => {
    const one = await patient(t, code);
    await one.written('e1');
    await one.read();
    const held = gate();
    one.fault('update', { delay: held.opens });
    await one.put('e1', plain(12));
    await until('it is written', () => one.calls.at(-1).isHeld);
    one.personChanges(MOVED);
    const pages = one.pages.length;
    await one.due();
    await until('it is read', () => one.pages.length > pages);
    await readIsOver(one);
    held.open();
    await isToldOfTheMove(one);
});

// Google's pages are of one moment; a list whose page is refused begins anew.
test('GOOG: moved after our write, while the same read goes on: it is noticed', async (t) => {
    const one = await patient(t, 'GOOG');
    await one.written('e1');
    await one.read();
    one.control.eventPages(1);
    const others = [1, 2].map((hour) => one.add(3, hour));
    const held = gate();
    const where = { path: SOURCES.GOOG.calendars, account: one.email, page: 2 };
    one.control.fault({ ...where, status: 400, reason: 'invalid', delay: held.opens });
    await one.due();
    await until('it is read', () => one.pages.some(({ isHeld }) => isHeld));
    await one.written('e1', plain(12));
    one.personChanges(MOVED, 'Cut at 12');
    held.open();
    await readIsOver(one);
    for (const id of others) one.control.deleteEvent({ ...one.where, id });
    await isToldOfTheMove(one);
});

both('moved out of the window that is read: the source says where it is', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    const far = { start: at(380, 9), end: at(380, 10) };
    one.personChanges(far);
    await one.read();
    const copy = await one.copy('e1');
    assert.deepEqual([copy.status, copy.changed_start], ['written', iso(far.start)]);
});

both('changes of ours are never taken for the person’s', async (code, t) => {
    const types = ['pushed_event.changed', 'pushed_event.deleted', 'pushed_event.failed'];
    const receiver = await Receiver.ofWorld(t, world, types);
    const one = await Receiving.create(world, code, { is_source_for_busy_periods: true });
    for (let hour = 0; hour < 6; hour++) {
        await one.put('e1', plain(hour));
        await world.alterStore(
            `update calendar_sync set due_at = 1 where settings = ${one.setting}`,
        );
        await one.put('e2', plain(hour + 10, { is_all_day: false }));
        if (hour % 2) await one.remove('e2');
    }
    await one.quiet();
    await readAll(world);
    assert.equal((await one.copy('e1')).is_changed, false);
    assert.deepEqual(await receiver.all(), []);
    one.isOnly(plain(5));
});

test('MSFT: moved to another calendar by the person, a copy is written there', async () => {
    const one = await Receiving.create(world, 'MSFT');
    await one.written('e1');
    one.control.rehomeEvent({ ...one.where, id: one.only.id, to: 'team' });
    await one.read();
    assert.equal((await one.copy('e1')).status, 'written');
    await one.written('e1', plain(15));
    const there = one.control.eventsOf({ account: one.email, calendar: 'team' });
    assert.deepEqual(
        there.map(({ title }) => title),
        ['Cut at 15'],
    );
    assert.deepEqual(one.inside, []);
});

// --- others who see it

both('a copy is never busy for its owner, and an event for everybody else', async (code) => {
    const blocks = { is_source_for_busy_periods: true };
    const one = await Receiving.create(world, code, blocks);
    const two = await one.another(blocks);
    one.control.addEvent({ ...one.where, start: at(2, 9), end: at(2, 10), title: 'own' });
    await one.put('e1', plain(9));
    await one.put('e2', plain(12, ALL_DAY));
    await one.put('e3', plain(14, { show_as: 'free' }));
    await one.quiet();
    await readAll(world);
    const own = [{ start: iso(at(2, 9)), end: iso(at(2, 10)) }];
    const all = { staff_calendar_settings: `${one.setting},${two.setting}` };
    const body = await one.busy(all);
    assert.deepEqual([body.busy_periods, body.is_complete], [own, true]);
    one.personChanges({ start: at(3, 5), end: at(3, 6) }, 'Cut at 9');
    await readAll(world);
    assert.deepEqual((await one.busy(all)).busy_periods, own);
    const other = await Receiving.create(world, code, {
        ...blocks,
        as: { token: another },
        email: one.email,
        isKept: true,
        time_zone: 'UTC',
    });
    await other.read();
    const starts = (await other.busy()).busy_periods.map(({ start }) => start);
    assert.deepEqual(starts, [at(2, 9), at(3)].map(iso));
});

both('events name the event of the application that they are a copy of', async (code) => {
    const one = await Receiving.create(world, code);
    one.control.addEvent({ ...one.where, start: at(2, 9), end: at(2, 10), title: 'own' });
    await one.written('e-1_x');
    await one.written('E2', plain(11));
    const list = async (as) => {
        const query = { happens_after: iso(at(0)), happens_before: iso(at(7)) };
        const { status, body, text } = await world.ask(`${API}/events`, { query, ...as });
        assert.equal(status, 200, text);
        return body.results.map(({ title, pushed_event_id: id }) => [title, id]);
    };
    assert.deepEqual(await list(one.as), [
        ['Cut at 9', 'e-1_x'],
        ['Cut at 11', 'E2'],
        ['own', null],
    ]);
    await one.remove('E2');
    assert.equal((await list(one.as)).find(([title]) => title === 'Cut at 11')?.[1] ?? null, null);
    await one.disconnect();
    await one.connect();
    await one.receive();
    await one.quiet();
    assert.deepEqual((await list(one.as))[0], ['Cut at 9', 'e-1_x']);
});

both('nobody else sees or touches what an owner pushed', async (code) => {
    const one = await Receiving.create(world, code);
    const two = await Receiving.create(world, code);
    await one.written('e1');
    assert.equal(await two.event('e1'), undefined);
    await two.written('e1', plain(12));
    one.isOnly(plain());
    two.isOnly(plain(12));
    await two.remove('e1');
    await quiet(world);
    one.isOnly(plain());
});

test('no title, place or description is in the store or in the log', async () => {
    const one = await Receiving.create(world, 'GOOG');
    const two = await one.another({ code: 'MSFT', key: 'primary' });
    const words = { title: 'Fjordlachs', description: 'Wolkenkratzer', location: 'Quastenflosser' };
    one.fault('create', { status: 400 });
    await one.put('e1', { ...plain(), ...words, link: 'https://app.example/zebrastreifen' });
    await one.stands('e1', { status: 'failed' });
    await two.stands('e1', { status: 'written' });
    const bytes = await world.storeBytes();
    const { log } = world.caldock;
    for (const word of [...Object.values(words), 'zebrastreifen']) {
        assert.ok(!bytes.includes(word) && !log.includes(word), word);
    }
});
