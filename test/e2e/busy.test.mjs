// SPDX-License-Identifier: Apache-2.0
// Busy periods: settings are made, calendars are read in the background, and the answer is what the
// person's calendar says, as fresh as it says.
import assert from 'node:assert/strict';
import test from 'node:test';

import { until } from './lib/until.mjs';
import { API, openWorld, SOURCES } from './lib/world.mjs';

const SETTINGS = `${API}/staff_calendar_settings`;
const BUSY = `${API}/busy_periods`;
const CODES = Object.keys(SOURCES);
const HOUR_MS = 3600000;
const DAY_MS = 24 * HOUR_MS;

const world = await openWorld(test);
const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
// The midnight that begins the day after tomorrow, so that a test has its whole days ahead.
const START = Math.floor(Date.now() / DAY_MS) * DAY_MS + 2 * DAY_MS;
const at = (days, hours = 0) => START + days * DAY_MS + hours * HOUR_MS;

const periods = ({ busy_periods: all }) => all.map(({ start, end }) => [start, end]);
const span = (days, from, to) => [iso(at(days, from)), iso(at(days, to))];

// A person with an empty main calendar, connected, which blocks → what the tests need of them.
async function blocking(code, values = {}, options = {}) {
    const email = options.email ?? world.newPerson(code);
    const account = await world.connected(code, { account: email, ...options });
    const control = world.control(code);
    control.emptyCalendar({ account: email });
    const { body } = await world.ask(`${API}/accounts/${account}/calendars`, options);
    const { id: calendar } = body.results.find(({ is_primary: isPrimary }) => isPrimary);
    const setting = await setting_of(account, calendar, values, options);
    return { email, account, calendar, setting, control, where: { account: email } };
}

async function setting_of(account, calendar, values, options) {
    const { status, body, text } = await world.post(
        SETTINGS,
        {
            calendar_source_account: account,
            calendar_source_calendar_id: calendar,
            is_destination_for_teamup_events: false,
            is_source_for_busy_periods: true,
            ...values,
        },
        options,
    );
    assert.equal(status, 201, text);
    return body.id;
}

async function busy(query = {}, options = {}) {
    const range = { happens_after: iso(at(0)), happens_before: iso(at(7)) };
    return world.ask(BUSY, { query: { ...range, ...query }, ...options });
}

// Read anew, however young the last read is.
async function refreshed(query = {}, options = {}) {
    await until('no read under way', async () => !(await isReading()));
    await world.alterStore('update calendar_sync set read_at = 1');
    const { status, body, text } = await busy({ refresh: 'true', ...query }, options);
    assert.equal(status, 200, text);
    return body;
}

const isReading = async () =>
    (await world.queryStore("select count(*) from account_work where read_owner <> ''")) !== '0';

const statusOf = ({ calendars: [{ status, reason }] }) => [status, reason];

async function complains(query, errors) {
    const { status, body, text } = await busy(query);
    assert.equal(status, 400, text);
    assert.deepEqual(body.errors ?? body.error?.errors ?? body, errors, text);
}

for (const code of CODES) {
    test(`${code}: events block, and what changes changes the answer`, async () => {
        const { setting, account, control, where } = await blocking(code);
        const { id } = control.addEvent({ ...where, start: at(1, 9), end: at(1, 10.5) });
        control.addEvent({ ...where, start: at(1, 10), end: at(1, 12) });
        control.addEvent({ ...where, start: at(2, 9), end: at(2, 10), showAs: 'free' });
        const body = await refreshed();
        assert.deepEqual(periods(body), [span(1, 9, 12)]);
        assert.deepEqual([body.is_complete, body.is_fresh], [true, true]);
        const [calendar] = body.calendars;
        assert.deepEqual(calendar, {
            staff_calendar_settings: setting,
            calendar_source_account: account,
            status: 'fresh',
            reason: null,
            synced_at: body.as_of,
        });
        control.moveEvent({ ...where, id, start: at(3, 9), end: at(3, 10) });
        assert.deepEqual(periods(await refreshed()), [span(1, 10, 12), span(3, 9, 10)]);
        control.declineEvent({ ...where, id });
        assert.deepEqual(periods(await refreshed()), [span(1, 10, 12)]);
    });

    test(`${code}: free time blocks where constrain_only_busy is off`, async () => {
        const { setting, control, where } = await blocking(code);
        control.addEvent({ ...where, start: at(2, 9), end: at(2, 10), showAs: 'free' });
        assert.deepEqual(periods(await refreshed()), []);
        const change = { method: 'PATCH', json: { constrain_only_busy: false } };
        assert.equal((await world.ask(`${SETTINGS}/${setting}`, change)).status, 200);
        assert.deepEqual(periods((await busy()).body), [span(2, 9, 10)], 'without reading');
    });

    test(`${code}: all-day events are days of the zone that applies`, async () => {
        const { setting, control, where } = await blocking(code);
        const [start, end] = [2, 3].map((day) => iso(at(day)).slice(0, 10));
        control.addEvent({ ...where, start, end, zone: 'Asia/Tokyo' });
        const tokyo = span(2, -9, 15);
        for (const [zone, expected] of [
            ['Asia/Tokyo', tokyo],
            ['Pacific/Honolulu', span(2, 10, 34)],
            ['UTC', span(2, 0, 24)],
        ]) {
            const change = { method: 'PATCH', json: { time_zone: zone } };
            assert.equal((await world.ask(`${SETTINGS}/${setting}`, change)).status, 200);
            assert.deepEqual(periods(await refreshed()), [expected], zone);
        }
    });

    test(`${code}: series block, with what became of their instances`, async () => {
        const { control, where } = await blocking(code);
        const rule = 'FREQ=DAILY;COUNT=5';
        const { id } = control.addEvent({ ...where, start: at(0, 9), end: at(0, 10), rule });
        const days = [0, 1, 2, 3, 4];
        assert.deepEqual(
            periods(await refreshed()),
            days.map((day) => span(day, 9, 10)),
        );
        const instance = (day) => `${id}_${iso(at(day, 9)).replace(/[-:]/g, '')}`;
        control.deleteEvent({ ...where, id, instance: instance(1) });
        control.moveEvent({ ...where, id, instance: instance(2), start: at(5, 1), end: at(5, 2) });
        assert.deepEqual(periods(await refreshed()), [
            span(0, 9, 10),
            span(3, 9, 10),
            span(4, 9, 10),
            span(5, 1, 2),
        ]);
        control.deleteEvent({ ...where, id });
        assert.deepEqual(periods(await refreshed()), []);
    });

    test(`${code}: a calendar that fails is answered as it was, and says so`, async () => {
        const { control, where } = await blocking(code);
        control.addEvent({ ...where, start: at(1, 9), end: at(1, 10) });
        assert.deepEqual(periods(await refreshed()), [span(1, 9, 10)]);
        control.fault({ path: SOURCES[code].calendars, times: 1, status: 500 });
        control.addEvent({ ...where, start: at(2, 9), end: at(2, 10) });
        await world.alterStore(`update calendar_sync set synced_at = ${Date.now() - HOUR_MS}`);
        const body = await refreshed();
        assert.deepEqual(periods(body), [span(1, 9, 10)]);
        assert.deepEqual(statusOf(body), ['stale', 'source_error']);
        assert.deepEqual([body.is_complete, body.is_fresh], [true, false]);
        assert.deepEqual(periods(await refreshed()), [span(1, 9, 10), span(2, 9, 10)]);
    });

    test(`${code}: old times are unknown, and still in the answer`, async () => {
        const { control, where } = await blocking(code);
        control.addEvent({ ...where, start: at(1, 9), end: at(1, 10) });
        await refreshed();
        await world.alterStore(`update calendar_sync set synced_at = ${Date.now() - DAY_MS - 5000}`);
        const { body } = await busy();
        assert.deepEqual(periods(body), [span(1, 9, 10)]);
        assert.deepEqual(statusOf(body), ['unknown', 'late']);
        assert.equal(body.is_complete, false);
    });

    test(`${code}: an image that doesn't open is unknown, and is read anew`, async () => {
        const { control, where } = await blocking(code);
        control.addEvent({ ...where, start: at(1, 9), end: at(1, 10) });
        await refreshed();
        const other = world.schema ? "cast('x' as bytea)" : "cast('x' as blob)";
        await world.alterStore(`update calendar_images set sealed = ${other}`);
        await world.alterStore(`update calendar_sync set image_digest = ${other}`); // not the kept one
        const { body } = await busy();
        assert.deepEqual([periods(body), statusOf(body)], [[], ['unknown', 'not_read_yet']]);
        await until('the calendar is read anew', async () => periods((await busy()).body).length === 1);
    });

    test(`${code}: an image that was opened is kept until it is replaced`, async () => {
        const { control, where } = await blocking(code);
        control.addEvent({ ...where, start: at(1, 9), end: at(1, 10) });
        await refreshed();
        assert.deepEqual(periods((await busy()).body), [span(1, 9, 10)]);
        await world.alterStore('delete from calendar_images');
        assert.deepEqual(periods((await busy()).body), [span(1, 9, 10)]);
        control.addEvent({ ...where, start: at(2, 9), end: at(2, 10) });
        assert.deepEqual(periods(await refreshed()), [span(1, 9, 10), span(2, 9, 10)]);
    });
}

test('several calendars are one answer, and each says how true it is', async () => {
    const first = await blocking('GOOG');
    const second = await blocking('MSFT');
    first.control.addEvent({ ...first.where, start: at(1, 9), end: at(1, 11) });
    second.control.addEvent({ ...second.where, start: at(1, 10), end: at(1, 12) });
    second.control.addEvent({ ...second.where, start: at(2, 10), end: at(2, 12) });
    const body = await refreshed();
    assert.deepEqual(periods(body), [span(1, 9, 12), span(2, 10, 12)]);
    const ids = body.calendars.map(({ staff_calendar_settings: id }) => id);
    assert.deepEqual(ids, [first.setting, second.setting]);
    const one = await refreshed({ staff_calendar_settings: `${first.setting}` });
    assert.deepEqual(periods(one), [span(1, 9, 11)]);
    const other = await refreshed({ calendar_source_account: `${second.account}` });
    assert.deepEqual(periods(other), [span(1, 10, 12), span(2, 10, 12)]);
    const both = `${second.setting},${first.setting}, ${first.setting}`;
    assert.equal((await refreshed({ staff_calendar_settings: both })).calendars.length, 2);
});

test('one owner at a time', async () => {
    const user = { headers: { 'Caldock-User': 'u1' } };
    const own = await blocking('GOOG', {}, user);
    const business = await blocking('GOOG');
    const ids = async (options) =>
        (await busy({}, options)).body.calendars.map((one) => one.staff_calendar_settings);
    assert.deepEqual(await ids(user), [own.setting]);
    assert.deepEqual(await ids({}), [business.setting], 'never those of all users');
    const { status, body } = await busy({ staff_calendar_settings: `${own.setting}` });
    assert.equal(status, 400);
    assert.match(JSON.stringify(body), /Invalid pk \\"\d+\\" - object does not exist/);
});

test('without calendars everything is known', async () => {
    const { body } = await busy();
    assert.deepEqual([body.busy_periods, body.calendars], [[], []]);
    assert.deepEqual([body.is_complete, body.is_fresh, body.as_of], [true, true, null]);
});

test('a calendar that was never read is unknown', async () => {
    const { setting, control, email } = await blocking('GOOG');
    await world.alterStore('update calendar_sync set synced_at = 0');
    const { body } = await busy();
    assert.deepEqual(statusOf(body), ['unknown', 'not_read_yet']);
    assert.deepEqual([body.is_complete, body.as_of], [false, null]);
    assert.ok(setting && control && email);
});

test('an account that needs reconnecting is stale, with that reason', async () => {
    const { account } = await blocking('GOOG');
    await refreshed();
    await world.alterStore(`update accounts set status = 2, status_reason = 'x' where id = ${account}`);
    const { body } = await busy();
    assert.deepEqual(statusOf(body), ['stale', 'needs_reconnect']);
});

test('XML', async () => {
    const { control, where } = await blocking('GOOG');
    control.addEvent({ ...where, start: at(1, 9), end: at(1, 10) });
    await refreshed();
    const { text } = await busy({ format: 'xml' });
    const [start, end] = span(1, 9, 10);
    assert.ok(
        text.includes(
            `<busy_periods><list-item><start>${start}</start><end>${end}</end></list-item></busy_periods>`,
        ),
        text,
    );
});

test('the range is checked', async () => {
    const field = (name, message) => ({ [name]: [message] });
    const required = 'This field is required.';
    const late = (days) => iso(Date.now() + days * DAY_MS);
    const { status, body } = await world.ask(BUSY);
    assert.equal(status, 400);
    const errors = (answer) => answer.errors ?? answer.error?.errors;
    for (const name of ['happens_after', 'happens_before']) {
        assert.match(JSON.stringify(body), new RegExp(`${name}.*${required}`));
    }
    assert.ok(errors, 'the envelope has errors');
    for (const [query, name, message] of [
        [{ happens_before: iso(at(0)) }, 'happens_before', 'Must be after happens_after.'],
        [
            { happens_before: iso(at(92, 1 / 3600)) },
            'happens_before',
            'The range may span at most 92 days.',
        ],
        [
            { happens_after: iso(Date.now() - 49 * HOUR_MS) },
            'happens_after',
            /^Ensure this value is greater than or equal to \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.$/,
        ],
        [
            { happens_after: late(179), happens_before: late(181) },
            'happens_before',
            /^Ensure this value is less than or equal to \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.$/,
        ],
        [{ staff_calendar_settings: '1,,2' }, 'staff_calendar_settings', 'A valid integer is required.'],
        [{ staff_calendar_settings: '' }, 'staff_calendar_settings', undefined],
        [
            { staff_calendar_settings: Array.from({ length: 51 }, (_, i) => i + 1).join() },
            'staff_calendar_settings',
            'At most 50.',
        ],
        [
            { staff_calendar_settings: '4711' },
            'staff_calendar_settings',
            'Invalid pk "4711" - object does not exist.',
        ],
        [
            { calendar_source_account: '4711' },
            'calendar_source_account',
            'Invalid pk "4711" - object does not exist.',
        ],
        [{ calendar_source_account: 'x' }, 'calendar_source_account', 'A valid integer is required.'],
        [{ refresh: 'perhaps' }, 'refresh', 'Must be a valid boolean.'],
    ]) {
        const answer = await busy(query);
        if (message === undefined) continue;
        assert.equal(answer.status, 400, JSON.stringify(query) + answer.text);
        const found = JSON.stringify(answer.body);
        const said = JSON.parse(found);
        const list = JSON.stringify(said).match(/"message":"((?:[^"\\]|\\.)*)"/g) ?? [];
        const texts = list.map((one) => JSON.parse(`{${one}}`).message).concat(leaves(said));
        const fits = (text) => (message instanceof RegExp ? message.test(text) : message === text);
        assert.ok(texts.some(fits), `${name}: ${found}`);
        assert.ok(found.includes(name), found);
    }
    assert.ok(field);
    assert.equal((await busy({ happens_before: iso(at(92)) })).status, 200, '92 days');
});

test('settings that are no source, or another account’s, are refused', async () => {
    const one = await blocking('GOOG');
    const other = await blocking('MSFT');
    const change = { method: 'PATCH', json: { is_source_for_busy_periods: false } };
    assert.equal((await world.ask(`${SETTINGS}/${other.setting}`, change)).status, 200);
    const said = async (query) => leaves((await busy(query)).body).join();
    assert.match(
        await said({ staff_calendar_settings: `${other.setting}` }),
        new RegExp(`Setting ${other.setting} is no source for busy periods\\.`),
    );
    assert.match(
        await said({
            staff_calendar_settings: `${one.setting}`,
            calendar_source_account: `${other.account}`,
        }),
        new RegExp(`Setting ${one.setting} belongs to another account\\.`),
    );
});

// All texts of an answer.
function leaves(value) {
    if (typeof value === 'string') return [value];
    return value && typeof value === 'object' ? Object.values(value).flatMap(leaves) : [];
}

test('a setting that can’t be read is unknown, and never free', async () => {
    const user = { headers: { 'Caldock-User': 'unread' } };
    const own = await blocking('GOOG', {}, user);
    await until('the read', async () => (await busy({}, user)).body.is_complete);
    await world.alterStore(
        world.schema
            ? 'alter table calendar_sync drop constraint calendar_sync_known'
            : 'drop trigger calendar_sync_known_update',
    );
    const become = (state) =>
        world.alterStore(`update calendar_sync set state = ${state} where settings = ${own.setting}`);
    await become(9); // as a newer Caldock may know
    const { status, body } = await busy({}, user);
    assert.deepEqual([status, body.is_complete, body.calendars], [200, false, []]);
    await until('it is logged', () => /event="setting.unreadable"/.test(world.caldock.log));
    await become(2);
});
