// SPDX-License-Identifier: Apache-2.0
// docs/calendar.md §5: events as the sources have them at this moment, of both sources, with every
// failure and every message word for word.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { until } from './lib/until.mjs';
import { ACCOUNTS, API, openWorld, SOURCES } from './lib/world.mjs';

// Short, so that a source that hangs is soon given up.
const world = await openWorld(test, { settings: { oauth: { timeout: '2s' } } });
const SETTINGS = `${API}/staff_calendar_settings`;
const EVENTS = `${API}/events`;
const CODES = Object.keys(SOURCES);
const HOUR_MS = 3600000;
const DAY_MS = 24 * HOUR_MS;
const WRITES = { is_destination_for_teamup_events: true, is_source_for_busy_periods: false };
const READS = { is_destination_for_teamup_events: false, is_source_for_busy_periods: true };
const OFF = { is_destination_for_teamup_events: false, is_source_for_busy_periods: false };

const iso = (ms) => new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
const dateOf = (ms) => iso(ms).slice(0, 10);
const base64 = (id) => Buffer.from(id).toString('base64url');
// The midnight that begins the day after tomorrow.
const START = Math.floor(Date.now() / DAY_MS) * DAY_MS + 2 * DAY_MS;
const at = (days, hours = 0) => START + days * DAY_MS + hours * HOUR_MS;
const RANGE = { happens_after: iso(at(0)), happens_before: iso(at(7)) };
const list = (query = {}, options) =>
    world.ask(EVENTS, { query: { ...RANGE, ...query }, ...options });

// Of a large calendar: on a busy machine it may take longer than an answer waits.
const listInTime = (query) =>
    until('it is read in time', async () => {
        const answer = await list(query);
        return answer.status !== 504 && answer;
    });

async function listed(query, options) {
    const { status, body, text } = await list(query, options);
    assert.equal(status, 200, text);
    return body;
}

const titles = ({ results }) => results.map(({ title }) => title);

// A setting of a calendar → its id
async function setting(account, calendar, values = {}, options) {
    const fields = { calendar_source_account: account, calendar_source_calendar_id: calendar };
    const { status, body, text } = await world.post(
        SETTINGS,
        { ...fields, ...WRITES, ...values },
        options,
    );
    assert.equal(status, 201, text);
    return body.id;
}

// A person with an empty main calendar and a setting of it. `calendars`: as the stand-in has them.
async function person(code, { values, calendars, options } = {}) {
    const control = world.control(code);
    const email = world.newPerson(code);
    if (calendars) control.mailbox({ account: email, calendars });
    const account = await world.connected(code, { account: email, ...options });
    const { body } = await world.ask(`${ACCOUNTS}/${account}/calendars`, options);
    const all = body.results;
    const main = all.find(({ is_primary: isPrimary }) => isPrimary) ?? all[0];
    if (!calendars) control.emptyCalendar({ account: email });
    const id = await setting(account, main.id, values, options);
    const add = (event) => control.addEvent({ account: email, ...event }).id;
    return { code, control, email, account, all, main, setting: id, add };
}

// The first read in the background is over, so that what the source does next concerns the test alone.
const settled = (...people) =>
    Promise.all(
        people.map((who) =>
            until('a first read', async () => {
                const { body } = await world.ask(`${SETTINGS}/${who.setting}`);
                return body.synced_at !== null;
            }),
        ),
    );

// No read of the background is under way, after what lets none begin.
const unread = ({ account }) =>
    until('nobody reads', async () => {
        const reads = `account_work where account = ${account} and read_owner <> ''`;
        return (await world.queryStore(`select count(*) from ${reads}`)) === '0';
    });

const READING = { GOOG: '/events', MSFT: '/calendarView' };
const readsOf = ({ code, control, email }) =>
    control.requests(READING[code]).filter((one) => one.person === email).length;

for (const code of CODES) {
    const isGoogle = code === 'GOOG';

    test(`${code}: an event has every member of the contract`, async () => {
        const who = await person(code);
        const raw = isGoogle
            ? { htmlLink: 'https://www.google.com/calendar/event?eid=x', etag: '"7"' }
            : {
                  location: {
                      displayName: 'Room <1> & "2"',
                      address: { street: '1 Rue\r\nX', city: 'Paris', postalCode: '75001' },
                      coordinates: { latitude: 48.8566, longitude: -2 },
                  },
              };
        const before = Math.floor(Date.now() / 1000) * 1000;
        who.add({
            title: 'Ångström <b>&"x"</b>',
            place: 'Room <1> & "2"',
            description: 'hot\ntea',
            start: at(1, 9),
            end: at(1, 10.5),
            zone: 'America/New_York',
            visibility: 'private',
            showAs: 'tentative',
            raw,
        });
        const { count, next, previous, results } = await listed();
        assert.deepEqual([count, next, previous], [1, null, null]);
        const [{ calendar_source_created_at: created, ...event }] = results;
        assert.ok(Date.parse(created) >= before && Date.parse(created) <= Date.now(), created);
        const { calendar_source_updated_at: updated, calendar_source_event_id: id } = event;
        assert.match(updated, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.match(id, isGoogle ? /^standin\d+$/ : /^AAkA/, 'an immutable id');
        assert.match(event.link, /^https:/);
        assert.deepEqual(event, {
            calendar_source_account: who.account,
            staff_calendar_settings: who.setting,
            calendar_source_event_id: id,
            calendar_source_calendar_id: who.main.id,
            base64_calendar_source_calendar_id: who.main.base64_id,
            calendar_name: who.main.name,
            calendar_is_primary: true,
            calendar_timezone: who.main.time_zone,
            calendar_source_updated_at: updated,
            title: 'Ångström <b>&"x"</b>',
            description: 'hot\ntea',
            location_name: 'Room <1> & "2"',
            location_address: isGoogle ? null : '1 Rue  X, 75001, Paris',
            location_latitude: isGoogle ? null : '48.856600',
            location_longitude: isGoogle ? null : '-2.000000',
            start_datetime_utc: iso(at(1, 9)),
            end_datetime_utc: iso(at(1, 10.5)),
            timezone: 'America/New_York',
            is_all_day: false,
            is_busy: true,
            status: 'TENT',
            visibility: 'PRIV',
            etag: isGoogle ? '"7"' : event.etag,
            link: isGoogle ? 'https://www.google.com/calendar/event?eid=x' : event.link,
            pushed_event_id: null,
        });
        assert.ok(event.etag);
    });

    test(`${code}: what a source doesn’t say is null, or an empty text`, async () => {
        const who = await person(code);
        const names = isGoogle
            ? ['created', 'updated', 'htmlLink', 'etag', 'summary']
            : ['createdDateTime', 'lastModifiedDateTime', 'webLink', 'subject', 'location'];
        const raw = Object.fromEntries(names.map((name) => [name, null]));
        who.add({ start: at(1), end: at(1, 1), raw });
        who.add({
            start: at(2),
            end: at(2, 1),
            raw: { htmlLink: 'http://x.example/', webLink: 7 },
        });
        const [event, odd] = (await listed()).results;
        assert.deepEqual([event.title, event.description, event.location_name], ['', '', '']);
        for (const name of ['calendar_source_created_at', 'calendar_source_updated_at', 'link']) {
            assert.equal(event[name], null, name);
        }
        assert.deepEqual([event.location_address, event.location_latitude], [null, null]);
        assert.deepEqual([event.status, event.visibility], ['CONF', 'DEFT']);
        assert.equal(odd.link, null, 'only https');
    });

    test(`${code}: what blocks, and what doesn’t`, async () => {
        const who = await person(code);
        const own = (title, days, more) =>
            who.add({ title, start: at(days, 9), end: at(days, 10), ...more });
        own('busy', 0);
        own('free', 1, { showAs: 'free' });
        own('declined', 2, { answer: 'declined' });
        own('asked', 3, { answer: 'needsAction' });
        own('secret', 4, { visibility: 'private' });
        if (!isGoogle) own('cancelled', 5, { isCancelled: true });
        if (isGoogle) own('public', 5, { visibility: 'public' });
        own('odd', 6, { raw: { status: 'new', visibility: 'new', showAs: 'new' } });
        const seen = (await listed()).results.map((e) => [
            e.title,
            e.is_busy,
            e.status,
            e.visibility,
        ]);
        const unknown = isGoogle ? 'UNKN' : 'CONF';
        assert.deepEqual(seen, [
            ['busy', true, 'CONF', 'DEFT'],
            ['free', false, 'CONF', 'DEFT'],
            ['declined', false, 'CONF', 'DEFT'],
            ['asked', true, 'CONF', 'DEFT'],
            ['secret', true, 'CONF', 'PRIV'],
            isGoogle ? ['public', true, 'CONF', 'PUBL'] : ['cancelled', false, 'CANC', 'DEFT'],
            ['odd', true, unknown, isGoogle ? 'UNKN' : 'DEFT'],
        ]);
    });

    test(`${code}: the range takes what overlaps it, and series are expanded`, async () => {
        const who = await person(code);
        const own = (title, start, end, more) => who.add({ title, start, end, ...more });
        own('before', at(-1), at(0));
        own('into', at(-1), at(0, 1));
        own('out of', at(6, 23), at(8));
        own('behind', at(7), at(7, 1));
        own('all of it', at(-5), at(12));
        own('series', at(-14, 12), at(-14, 13), { rule: 'FREQ=DAILY;INTERVAL=3' });
        const found = titles(await listed());
        const series = [0, 1, 2, 3, 4, 5, 6].filter((day) => (day + 14) % 3 === 0);
        assert.deepEqual(found, ['all of it', 'into', ...series.map(() => 'series'), 'out of']);
        const second = { happens_after: iso(at(0)), happens_before: iso(at(0, 1)) };
        assert.deepEqual(titles(await listed(second)), ['all of it', 'into']);
    });

    test(`${code}: days begin in the setting’s zone, the event’s or calendar’s, the default`, async () => {
        const zoned = await person(code, { values: { time_zone: 'Asia/Tokyo' } });
        const plain = await person(code);
        const day = { start: dateOf(at(2)), end: dateOf(at(4)), zone: 'America/New_York' };
        zoned.add({ title: 'zoned', ...day });
        plain.add({ title: 'plain', ...day });
        if (!isGoogle) plain.add({ title: 'nowhere', ...day, zone: 'UTC' });
        const seen = (await listed()).results.map((e) => [
            e.title,
            e.is_all_day,
            e.timezone,
            new Date(e.start_datetime_utc).toLocaleString('sv', { timeZone: e.timezone }),
            new Date(e.end_datetime_utc).toLocaleString('sv', { timeZone: e.timezone }),
        ]);
        const [from, to] = [`${dateOf(at(2))} 00:00:00`, `${dateOf(at(4))} 00:00:00`];
        const home = isGoogle ? plain.main.time_zone : 'America/New_York';
        assert.deepEqual(seen, [
            ['zoned', true, 'Asia/Tokyo', from, to],
            ['plain', true, home, from, to],
            ...(isGoogle ? [] : [['nowhere', true, 'UTC', from, to]]),
        ]);
        // The day in Tokyo ends 9 hours before it ends in UTC, wherever the source thinks it is.
        const late = { happens_after: iso(at(3, 15)), happens_before: iso(at(3, 16)) };
        assert.ok(!titles(await listed(late)).includes('zoned'));
        const early = { happens_after: iso(at(1, 15)), happens_before: iso(at(1, 16)) };
        assert.deepEqual(titles(await listed(early)), ['zoned']);
    });

    test(`${code}: failures have the contract’s statuses, and name the setting`, async () => {
        const who = await person(code);
        await settled(who);
        const reads = READING[code];
        const rows = [
            [{ status: 500 }, 502, 'calendar_source_error'],
            [{ html: true }, 502, 'calendar_source_error'],
            [{ body: { items: 7, value: 7 } }, 502, 'calendar_source_error'],
            [{ body: { items: [{}], value: [{}] } }, 502, 'calendar_source_error'],
            [{ half: true }, 502, 'calendar_source_error'],
            [{ status: 404 }, 502, 'calendar_source_error'], // the calendar is there
            [{ hang: true }, 504, 'calendar_source_timeout'],
            [{ status: 403 }, 403, 'permission_denied'],
        ];
        for (const [fault, status, name] of rows) {
            who.control.fault({ path: reads, account: who.email, ...fault });
            const answer = await list();
            assert.deepEqual([answer.status, answer.body.code], [status, name], answer.text);
            assert.ok(answer.body.message.endsWith(`Setting ${who.setting} can't be read.`));
            assert.deepEqual(answer.body.field_errors, {});
        }
        who.control.throttle({ account: who.email, retryAfter: 33, path: reads });
        const { status, headers } = await list();
        assert.deepEqual([status, headers['retry-after']], [502, '33']);
        const again = await list();
        assert.equal(again.status, 502, 'it is left alone');
        assert.ok(Number(again.headers['retry-after']) <= 33);
        await world.alterStore(
            `update account_work set hold_until = 0 where account = ${who.account}`,
        );
        assert.equal((await list()).status, 200);
    });

    test(`${code}: a calendar that is gone is 404, also where the setting is inactive`, async () => {
        const who = await person(code, { values: READS });
        await world.alterStore(
            `update calendar_sync set inactive_reason = 2 where settings = ${who.setting}`,
        );
        assert.equal((await list()).status, 200, 'the source decides');
        who.control.changeCalendar({ account: who.email, isGone: true });
        for (const query of [{}, { staff_calendar_settings: who.setting }]) {
            const { status, body } = await list(query);
            assert.deepEqual([status, body.code], [404, 'not_found']);
            assert.ok(body.message.endsWith(`Setting ${who.setting} can't be read.`), body.message);
        }
    });

    test(`${code}: an account that has to be connected again is 409, and isn’t asked`, async () => {
        const who = await person(code);
        await world.alterStore(
            `update accounts set status = 2, status_reason = 'grant_revoked' where id = ${who.account}`,
        );
        await unread(who);
        const before = readsOf(who);
        const { status, body } = await list();
        assert.deepEqual([status, body.code], [409, 'conflict'], JSON.stringify(body));
        assert.ok(body.message.endsWith(`Setting ${who.setting} can't be read.`));
        assert.equal(readsOf(who), before);
    });

    test(`${code}: a source that wants an account to be left alone isn’t asked`, async () => {
        const who = await person(code);
        const until = Date.now() + 600000;
        await world.alterStore(
            `insert into account_work (account, hold_until) values (${who.account}, ${until})
             on conflict (account) do update set hold_until = excluded.hold_until`,
        );
        await unread(who);
        const before = readsOf(who);
        const { status, body, headers } = await list();
        assert.deepEqual([status, body.code], [502, 'calendar_source_error']);
        assert.ok(headers['retry-after'] > 500 && headers['retry-after'] <= 600);
        assert.ok(body.message.endsWith(`Setting ${who.setting} can't be read.`));
        assert.equal(readsOf(who), before);
    });

    test(`${code}: an access token that is refused is made new in the middle of a calendar`, async () => {
        const who = await person(code);
        await settled(who);
        who.control.eventPages(2);
        for (let day = 0; day < 5; day++)
            who.add({ title: `${day}`, start: at(day), end: at(day, 1) });
        who.control.fault({ path: READING[code], account: who.email, page: 2, status: 401 });
        assert.deepEqual(titles(await listed()), ['0', '1', '2', '3', '4']);
    });

    test(`${code}: a link to a page that is refused begins the calendar anew`, async () => {
        const who = await person(code);
        await settled(who);
        who.control.eventPages(2);
        for (let day = 0; day < 5; day++)
            who.add({ title: `${day}`, start: at(day), end: at(day, 1) });
        who.control.fault({ path: READING[code], account: who.email, page: 2, status: 400 });
        assert.deepEqual(titles(await listed()), ['0', '1', '2', '3', '4']);
    });
}

// --- several calendars

// The same person's calendars at both sources, each with a setting.
async function both() {
    const google = await person('GOOG');
    const microsoft = await person('MSFT');
    return { google, microsoft };
}

test('calendars of both sources in one answer: by start, then setting, then id', async () => {
    const { google, microsoft } = await both();
    const team = google.all.find(({ name }) => name.startsWith('Team'));
    const second = await setting(google.account, team.id);
    assert.ok(second > microsoft.setting);
    const day = { start: dateOf(at(1)), end: dateOf(at(2)) };
    microsoft.add({ title: 'late', start: at(3), end: at(4) });
    microsoft.add({ title: 'same', start: at(2), end: at(3) });
    google.add({ title: 'same', start: at(2), end: at(2, 1) });
    google.add({ title: 'same', start: at(2), end: at(2, 2) });
    google.add({ title: 'same', start: at(2), end: at(2, 3), calendar: 'team' });
    google.add({ title: 'just after midnight UTC', start: at(1, 1), end: at(1, 2) });
    google.add({ title: 'day', ...day, calendar: 'team' });
    microsoft.add({ title: 'first', start: at(0), end: at(9) });
    const { results } = await listed();
    const seen = results.map((e) => [e.title, e.staff_calendar_settings]);
    assert.deepEqual(seen, [
        ['first', microsoft.setting],
        ['day', second],
        ['just after midnight UTC', google.setting],
        ['same', google.setting],
        ['same', google.setting],
        ['same', microsoft.setting],
        ['same', second],
        ['late', microsoft.setting],
    ]);
    const ids = results.slice(3, 5).map(({ calendar_source_event_id: id }) => id);
    assert.deepEqual(ids, [...ids].sort());
    const byTeam = results.find((e) => e.title === 'day');
    assert.deepEqual(
        [byTeam.calendar_name, byTeam.calendar_is_primary, byTeam.calendar_timezone],
        [team.name, false, 'America/New_York'],
    );
    assert.equal(byTeam.base64_calendar_source_calendar_id, base64(team.id));
});

test('one calendar that can’t be read fails all of them', async () => {
    const { google, microsoft } = await both();
    await settled(google, microsoft);
    google.add({ title: 'there', start: at(0), end: at(1) });
    for (const who of [google, microsoft]) {
        who.control.fault({ path: READING[who.code], status: 500 });
        const { status, body } = await list();
        assert.equal(status, 502);
        assert.ok(body.message.endsWith(`Setting ${who.setting} can't be read.`));
    }
    assert.deepEqual(titles(await listed()), ['there']);
});

test('pages, whose links keep the range and the choice', async () => {
    const who = await person('GOOG');
    for (let i = 0; i < 5; i++) {
        who.add({
            title: `e${i}`,
            start: Date.now() + HOUR_MS * (i + 1),
            end: Date.now() + DAY_MS,
        });
    }
    const query = { page_size: 2, staff_calendar_settings: who.setting };
    const seen = [];
    let { body } = await world.ask(EVENTS, { query });
    const first = new URL(body.next);
    const after = first.searchParams.get('happens_after');
    assert.ok(Math.abs(Date.parse(after) - Date.now()) < 60000, after);
    assert.equal(first.searchParams.get('staff_calendar_settings'), String(who.setting));
    for (;;) {
        assert.equal(body.count, 5);
        seen.push(...titles(body));
        if (!body.next) break;
        const { pathname, search } = new URL(body.next);
        body = (await world.ask(pathname + search)).body;
    }
    assert.deepEqual(seen, ['e0', 'e1', 'e2', 'e3', 'e4']);
    const before = new URL(body.previous).searchParams;
    assert.deepEqual([before.get('page'), before.get('happens_after')], ['2', after]);
    const gone = await list({ page: 2 });
    assert.deepEqual([gone.status, gone.body.code], [404, 'not_found']);
    assert.match(gone.body.message, /The last page is 1\.$/);
});

test('without parameters: from now on for seven days, of what has a switch on', async () => {
    const who = await person('GOOG');
    const [, team] = who.all;
    const off = await setting(who.account, team.id, OFF);
    who.add({ title: 'over', start: Date.now() - 2 * HOUR_MS, end: Date.now() - HOUR_MS });
    who.add({ title: 'now', start: Date.now() - HOUR_MS, end: Date.now() + HOUR_MS });
    who.add({ title: 'sixth', start: Date.now() + 6 * DAY_MS, end: Date.now() + 10 * DAY_MS });
    const eighth = Date.now() + 7 * DAY_MS + HOUR_MS;
    who.add({ title: 'eighth', start: eighth, end: eighth + HOUR_MS });
    who.add({ title: 'off', start: Date.now(), end: Date.now() + HOUR_MS, calendar: 'team' });
    assert.deepEqual(titles((await world.ask(EVENTS)).body), ['now', 'sixth']);
    const query = { staff_calendar_settings: off };
    assert.deepEqual(titles((await world.ask(EVENTS, { query })).body), ['off']);
});

test('settings and accounts that are named', async () => {
    const { google, microsoft } = await both();
    google.add({ title: 'g', start: at(1), end: at(2) });
    microsoft.add({ title: 'm', start: at(1), end: at(2) });
    const ids = [google.setting, microsoft.setting];
    const rows = [
        [{}, ['g', 'm']],
        [{ staff_calendar_settings: ids.join(',') }, ['g', 'm']],
        [{ staff_calendar_settings: ` ${ids[1]} , ${ids[1]}` }, ['m']],
        [{ calendar_source_account: google.account }, ['g']],
        [{ calendar_source_account: google.account, staff_calendar_settings: ids[0] }, ['g']],
    ];
    for (const [query, want] of rows) assert.deepEqual(titles(await listed(query)), want);
    const { count, results } = (await list({}, { headers: { 'Caldock-User': 'nobody' } })).body;
    assert.deepEqual([count, results], [0, []]);
});

const DATETIME =
    'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].';

test('parameters that are not right, word for word', async () => {
    const { google, microsoft } = await both();
    const many = Array.from({ length: 11 }, (_, i) => i + 1).join(',');
    const rows = [
        ['happens_after', { happens_after: 'x' }, DATETIME],
        ['happens_before', { happens_before: '2026-03-02' }, DATETIME],
        ['happens_before', { happens_before: iso(at(0)) }, 'Must be after happens_after.'],
        [
            'happens_before',
            { happens_before: iso(at(31) + 1000) },
            'The range may span at most 31 days.',
        ],
        [
            'staff_calendar_settings',
            { staff_calendar_settings: '1,' },
            'A valid integer is required.',
        ],
        [
            'staff_calendar_settings',
            { staff_calendar_settings: '' },
            'This field may not be blank.',
        ],
        ['staff_calendar_settings', { staff_calendar_settings: many }, 'At most 10.'],
        [
            'staff_calendar_settings',
            { staff_calendar_settings: 99999 },
            'Invalid pk "99999" - object does not exist.',
        ],
        [
            'staff_calendar_settings',
            {
                staff_calendar_settings: google.setting,
                calendar_source_account: microsoft.account,
            },
            `Setting ${google.setting} belongs to another account.`,
        ],
        [
            'calendar_source_account',
            { calendar_source_account: 'a' },
            'A valid integer is required.',
        ],
        [
            'calendar_source_account',
            { calendar_source_account: 99999 },
            'Invalid pk "99999" - object does not exist.',
        ],
        ['page', { page: 0 }, 'Ensure this value is greater than or equal to 1.'],
        ['page_size', { page_size: 101 }, 'Ensure this value is less than or equal to 100.'],
    ];
    for (const [field, query, message] of rows) {
        const { status, body } = await list(query);
        assert.deepEqual([status, body.code], [400, 'parameter_invalid']);
        assert.deepEqual(body.field_errors, { [field]: [message] });
    }
    const twice = await world.ask(`${EVENTS}?calendar_source_account=1&calendar_source_account=1`);
    assert.deepEqual(twice.body.field_errors, {
        calendar_source_account: ['This parameter may be given only once.'],
    });
    const two = await list({ page: 0, staff_calendar_settings: 'x' });
    assert.deepEqual(Object.keys(two.body.field_errors).sort(), [
        'page',
        'staff_calendar_settings',
    ]);
});

test('the range: 31 days, between 400 days ago and 400 days ahead', async () => {
    await person('GOOG');
    const now = Date.now();
    const far = 400 * DAY_MS;
    const range = (from, to) => list({ happens_after: iso(from), happens_before: iso(to) });
    assert.equal((await range(at(0), at(31))).status, 200);
    assert.equal((await range(now - far + 60000, now)).status, 400);
    assert.equal((await range(now - far + 60000, now - far + DAY_MS)).status, 200);
    assert.equal((await range(now + far - DAY_MS, now + far - 60000)).status, 200);
    const early = await range(now - far - 60000, now - far + DAY_MS);
    const [low] = early.body.field_errors.happens_after;
    const least = /^Ensure this value is greater than or equal to (.*Z)\.$/.exec(low)[1];
    assert.ok(Math.abs(Date.parse(least) - (now - far)) < 60000, low);
    const late = await range(now + far - DAY_MS, now + far + 60000);
    const [high] = late.body.field_errors.happens_before;
    const most = /^Ensure this value is less than or equal to (.*Z)\.$/.exec(high)[1];
    assert.ok(Math.abs(Date.parse(most) - (now + far)) < 60000, high);
    // An offset's plus that was not escaped, and fractions, which widen the range.
    const plus = iso(at(0)).replace('Z', ' 00:00');
    const { status } = await list({
        happens_after: plus,
        happens_before: iso(at(1)).replace('Z', '.5Z'),
    });
    assert.equal(status, 200);
});

test('an owner sees their own calendars alone', async () => {
    const as = (user) => ({ headers: { 'Caldock-User': user } });
    const amy = await person('GOOG', { options: as('amy') });
    const business = await person('MSFT');
    amy.add({ title: 'amy', start: at(1), end: at(2) });
    business.add({ title: 'business', start: at(1), end: at(2) });
    assert.deepEqual(titles(await listed({}, as('amy'))), ['amy']);
    assert.deepEqual(titles(await listed({}, as('bob'))), []);
    assert.deepEqual(titles(await listed()), ['business'], 'never all users');
    for (const [user, id] of [
        ['bob', amy.setting],
        ['amy', business.setting],
    ]) {
        const { body } = await list({ staff_calendar_settings: id }, as(user));
        assert.deepEqual(body.field_errors, {
            staff_calendar_settings: [`Invalid pk "${id}" - object does not exist.`],
        });
    }
    // The business sees that setting, but doesn't act for its user.
    const { body } = await list({ staff_calendar_settings: amy.setting });
    assert.equal(body.code, 'parameter_invalid');
    const unseen = await list({ calendar_source_account: amy.account }, as('bob'));
    assert.deepEqual(unseen.body.field_errors, {
        calendar_source_account: [`Invalid pk "${amy.account}" - object does not exist.`],
    });
    assert.equal((await list({}, { token: null })).status, 401);
});

test('ten calendars, and not eleven', async () => {
    const numbered = (n, from = 0) =>
        Array.from({ length: n }, (_, i) => ({
            key: `k${from + i}`,
            name: `K ${from + i}`,
            isPrimary: i === 0,
        }));
    const who = await person('GOOG', { calendars: numbered(10), values: READS });
    for (const { id } of who.all.slice(1)) await setting(who.account, id, READS);
    who.control.addEvent({
        account: who.email,
        calendar: 'k9',
        title: 'ninth',
        start: at(1),
        end: at(2),
    });
    assert.deepEqual(titles(await listed()), ['ninth']);
    const other = await person('MSFT');
    const { status, body } = await list();
    assert.equal(status, 400);
    assert.deepEqual(body.field_errors, { staff_calendar_settings: ['At most 10.'] });
    assert.deepEqual(titles(await listed({ calendar_source_account: other.account })), []);
});

for (const code of CODES) {
    test(`${code}: 2,500 events of a calendar, and not one more`, async () => {
        const who = await person(code);
        const every = 60000;
        const fill = (count, start) =>
            who.control.fillCalendar({ account: who.email, count, start, every });
        fill(2500, at(0));
        fill(20, at(7)); // behind the range, though within what is asked for
        const { body: whole } = await listInTime({ page: 25 });
        assert.equal(whole.count, 2500);
        assert.deepEqual(titles(whole)[99], 'Filler 2499');
        fill(1, at(6));
        const { status, body } = await listInTime();
        assert.equal(status, 400);
        assert.deepEqual(body.field_errors, {
            happens_before: ['The range holds too many events.'],
        });
    });
}

test('texts are cut at their limits, and the longest of a page that wouldn’t fit', async () => {
    const who = await person('GOOG');
    const long = { title: 'ü'.repeat(600), place: 'l'.repeat(1500), description: 'd'.repeat(9000) };
    for (let i = 0; i < 100; i++) who.add({ ...long, start: at(1, i / 10), end: at(3) });
    who.add({ title: 'short', start: at(0), end: at(1) });
    const { results } = await listed({ page_size: 3 });
    assert.equal(results[0].title, 'short');
    assert.equal(results[1].title, 'ü'.repeat(512));
    assert.equal(results[1].location_name, 'l'.repeat(1024));
    assert.equal(results[1].description, 'd'.repeat(8192));
    for (const format of ['json', 'xml']) {
        const page = await list({ format });
        assert.equal(page.status, 200, page.text.slice(0, 300));
        const bytes = Buffer.byteLength(page.text);
        assert.ok(bytes < 1024 * 1024 && bytes > 700 * 1024, `${format}: ${bytes}`);
    }
    const page = await listed();
    assert.equal(page.results[0].title, 'short');
    assert.equal(page.results[1].title, 'ü'.repeat(512), 'the longest are cut first');
    assert.ok(page.results[1].description.length > 4000);
    assert.equal(page.results[1].description.length, page.results[99].description.length);
    const quotes = { description: '"'.repeat(8000), title: '&'.repeat(1000) };
    who.control.emptyCalendar({ account: who.email });
    for (let i = 0; i < 100; i++) who.add({ ...quotes, start: at(1, i / 10), end: at(3) });
    for (const format of ['json', 'xml']) assert.equal((await list({ format })).status, 200);
});

test('16 MiB of events in all are refused', async () => {
    const who = await person('GOOG');
    const description = 'd'.repeat(8192);
    const fill = (n) => {
        for (let i = 0; i < n; i++) who.add({ description, start: at(1, i / 100), end: at(3) });
    };
    fill(1900);
    assert.equal((await listInTime()).status, 200);
    fill(200);
    const { status, body } = await listInTime();
    assert.equal(status, 400);
    assert.deepEqual(body.field_errors, { happens_before: ['The range holds too many events.'] });
    const first = { happens_before: iso(at(1, 5)) };
    assert.equal((await list(first)).status, 200);
});

test('an empty page that isn’t the last one, and many small ones', async () => {
    for (const code of CODES) {
        const who = await person(code);
        who.control.eventPages([0, 1, 0, 2]);
        for (let day = 0; day < 6; day++)
            who.add({ title: `${day}`, start: at(day), end: at(day, 1) });
        const own = { calendar_source_account: who.account };
        assert.deepEqual(titles(await listed(own)), ['0', '1', '2', '3', '4', '5']);
    }
});

test('requests that wait for a new access token go on where they were', async () => {
    const { google, microsoft } = await both();
    google.add({ title: 'g', start: at(1), end: at(2) });
    microsoft.add({ title: 'm', start: at(1), end: at(2) });
    const refreshes = () => CODES.map((code) => world.control(code).refreshes);
    const before = refreshes();
    for (const who of [google, microsoft]) {
        who.control.expire();
        who.control.fault({ path: SOURCES[who.code].token, delay: 700 });
    }
    const answers = await Promise.all(Array.from({ length: 6 }, () => listed()));
    for (const answer of answers) assert.deepEqual(titles(answer), ['g', 'm']);
    assert.deepEqual(
        refreshes(),
        before.map((n) => n + 1),
    );
});

test('a permission that is gone marks the account', async () => {
    const who = await person('GOOG');
    await settled(who);
    who.control.fault({ path: READING.GOOG, status: 403, reason: 'insufficientPermissions' });
    const { status, body } = await list();
    assert.deepEqual([status, body.code], [409, 'conflict']);
    assert.ok(body.message.endsWith(`Setting ${who.setting} can't be read.`));
    const { body: account } = await world.ask(`${ACCOUNTS}/${who.account}`);
    assert.deepEqual(
        [account.status, account.status_reason],
        ['needs_reconnect', 'missing_scopes'],
    );
});

test('a calendar that the person sees as free and busy only is 403', async () => {
    const who = await person('GOOG');
    who.control.changeCalendar({ account: who.email, role: 'freeBusyReader' });
    const { status, body } = await list();
    assert.deepEqual([status, body.code], [403, 'permission_denied']);
});

test('ten seconds in all, then 504', async () => {
    const { google, microsoft } = await both();
    for (const who of [google, microsoft]) {
        who.control.eventPages(1);
        for (let i = 0; i < 8; i++) who.add({ start: at(i % 6), end: at(6) });
        who.control.fault({ path: READING[who.code], times: 100, delay: 900, perhaps: true });
    }
    const began = Date.now();
    const { status, body } = await list();
    assert.deepEqual([status, body.code], [504, 'calendar_source_timeout']);
    assert.ok(body.message.endsWith(`Setting ${microsoft.setting} can't be read.`), body.message);
    const took = Date.now() - began;
    assert.ok(took >= 9000 && took < 12000, `${took} ms`);
});

test('an answer in XML', async () => {
    const who = await person('MSFT');
    who.add({ title: 'a <b> & "c"\u0001', start: at(1), end: at(2) });
    const { status, headers, text } = await list({ format: 'xml' });
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^application\/xml/);
    assert.match(
        text,
        /<results><list-item><calendar_source_account>\d+<\/calendar_source_account>/,
    );
    assert.match(text, /<title>a &lt;b&gt; &amp; &quot;c&quot;\uFFFD<\/title>/);
    assert.match(text, /<is_busy>true<\/is_busy>/);
    assert.match(text, /<pushed_event_id\/>/);
    const head = await list({}, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal((await list({}, { method: 'POST' })).status, 405);
});

// --- copies, traces

const copyId = (key) => {
    const bits = [...key].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const digits = bits.match(/.{5}/g).map((five) => parseInt(five, 2).toString(32));
    return `cdk${digits.join('')}`;
};

test('a copy of another owner is an ordinary event', async () => {
    const { google, microsoft } = await both();
    const key = Buffer.alloc(20, 7);
    google.add({ id: copyId(key), title: 'other', start: at(1), end: at(2) });
    microsoft.add({
        title: 'other',
        start: at(1),
        end: at(2),
        transactionId: `cdk-${key.toString('hex')}`,
    });
    const seen = (await listed()).results.map((e) => [e.title, e.is_busy, e.pushed_event_id]);
    assert.deepEqual(seen, [
        ['other', true, null],
        ['other', true, null],
    ]);
});

test('nothing of events is stored or logged', async () => {
    const { google, microsoft } = await both();
    const words = {
        title: 'Zugspitze-Xylophon',
        place: 'Quarzgasse 77',
        description: 'Wolpertinger',
    };
    for (const who of [google, microsoft]) who.add({ ...words, start: at(1), end: at(2) });
    assert.equal((await listed()).count, 2);
    const store = await world.storeBytes();
    for (const word of Object.values(words)) assert.ok(!store.includes(word), word);
    const folder = process.env.CALDOCK_E2E_LOGS;
    const logs = folder ? readdirSync(folder).filter((name) => /^events-.*\.log$/.test(name)) : [];
    const texts = logs.map((name) => readFileSync(path.join(folder, name), 'utf8')).join('');
    for (const { control } of [google, microsoft]) {
        for (const text of control.texts) {
            if (text.length > 8) assert.ok(!texts.includes(text), text);
        }
    }
    if (folder) assert.ok(texts.includes('events_list'), 'the log has the requests');
});
