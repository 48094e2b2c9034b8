// SPDX-License-Identifier: Apache-2.0
// docs/calendar.md §2: settings of calendars, in all formats, with every message word for word.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ACCOUNTS, API, SOURCES, openWorld } from './lib/world.mjs';

// Short, so that a source that hangs is soon given up.
const world = await openWorld(test, { settings: { oauth: { timeout: '2s' } } });
const SETTINGS = `${API}/staff_calendar_settings`;
const CODES = Object.keys(SOURCES);
const BOTH = { is_destination_for_teamup_events: true, is_source_for_busy_periods: true };
const READS = { is_destination_for_teamup_events: false, is_source_for_busy_periods: true };
const encode = (id) => Buffer.from(id).toString('base64url');

const bodyFor = (account, calendar, more = READS) => ({
    calendar_source_account: account,
    calendar_source_calendar_id: calendar,
    ...more,
});
const create = (account, calendar, more, options) =>
    world.post(SETTINGS, bodyFor(account, calendar, more), options);
const change = (id, json, options) =>
    world.ask(`${SETTINGS}/${id}`, { method: 'PATCH', json, ...options });
const replace = (id, json, options) =>
    world.ask(`${SETTINGS}/${id}`, { method: 'PUT', json, ...options });
const get = (id, options) => world.ask(`${SETTINGS}/${id}`, options);
const remove = (id, options) => world.ask(`${SETTINGS}/${id}`, { method: 'DELETE', ...options });
const list = async (query, options) => (await world.ask(SETTINGS, { query, ...options })).body;

// A setting that must be made → its object.
async function created(account, calendar, more, options) {
    const { status, body, text } = await create(account, calendar, more, options);
    assert.equal(status, 201, text);
    return body;
}

function refused(answer, errors) {
    assert.deepEqual([answer.status, answer.body?.code], [400, 'parameter_invalid'], answer.text);
    assert.deepEqual(answer.body.field_errors, errors);
}

const calendarsOf = async (account) =>
    (await world.ask(`${ACCOUNTS}/${account}/calendars`)).body.results;

for (const code of CODES) {
    test(`${code}: a setting, as the contract has it`, async () => {
        const account = await world.connected(code);
        const [calendar] = await calendarsOf(account);
        const { body } = await world.ask(`${ACCOUNTS}/${account}`);
        const before = Math.floor(Date.now() / 1000) * 1000;
        const setting = await created(account, calendar.id, BOTH);
        const { created_at, ...rest } = setting;
        assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.ok(Date.parse(created_at) >= before && Date.parse(created_at) <= Date.now());
        assert.deepEqual(rest, {
            id: setting.id,
            calendar_source_account: {
                id: account,
                calendar_source: code,
                account_id: body.account_id,
                username: body.username,
            },
            calendar_source_calendar_id: calendar.id,
            base64_calendar_source_calendar_id: calendar.base64_id,
            ...BOTH,
            constrain_only_busy: true,
            push_only_if_event_has_attendees: false,
            set_external_reminders_for_pushed_events: false,
            reminder_number_of_minutes_prior: 0,
            time_zone: null,
            is_active: true,
            calendar_ready: true,
            events_ready: false,
            inactive_reason: null,
            synced_at: null,
            notifications: 'polling',
        });
        const one = (await get(setting.id)).body;
        assert.deepEqual(Object.keys(one), Object.keys(setting));
        assert.deepEqual(one.calendar_source_account, setting.calendar_source_account);
        assert.deepEqual(
            (await list()).results.map(({ id }) => id),
            [setting.id],
        );
        assert.deepEqual(
            [(await remove(setting.id)).status, (await get(setting.id)).status],
            [204, 404],
        );
    });

    test(`${code}: what the person may not do with a calendar`, async () => {
        const account = await world.connected(code);
        const [, , holidays] = await calendarsOf(account);
        refused(await create(account, holidays.id, BOTH), {
            is_destination_for_teamup_events: ["This calendar can't be written to."],
        });
        refused(await create(account, 'AAAA', READS), {
            calendar_source_calendar_id: ['There is no such calendar.'],
        });
        const { id } = await created(account, holidays.id);
        refused(await change(id, { is_destination_for_teamup_events: true }), {
            is_destination_for_teamup_events: ["This calendar can't be written to."],
        });
        assert.equal((await get(id)).body.is_destination_for_teamup_events, false);
    });

    test(`${code}: a source that fails, hangs, or wants fewer requests`, async () => {
        const account = await world.connected(code);
        const [calendar] = await calendarsOf(account);
        const path = SOURCES[code].calendars;
        const rows = [
            [{ status: 500 }, 502, 'calendar_source_error'],
            [{ hang: true }, 504, 'calendar_source_timeout'],
            [{ status: 403 }, 403, 'permission_denied'],
        ];
        for (const [fault, status, name] of rows) {
            world.control(code).fault({ path, ...fault });
            const answer = await create(account, calendar.id);
            assert.deepEqual([answer.status, answer.body.code], [status, name]);
        }
        world.control(code).fault({ path, status: 429, headers: { 'retry-after': '33' } });
        const { status, headers } = await create(account, calendar.id);
        assert.deepEqual([status, headers['retry-after']], [502, '33']);
        assert.equal((await list()).count, 0);
    });
}

test('GOOG: calendars that are shared as free and busy only can’t be sources', async () => {
    const account = await world.connected('GOOG');
    const calendars = [{ key: 'busy', role: 'freeBusyReader', canEdit: false }];
    world.control('GOOG').mailbox({ account: SOURCES.GOOG.person, calendars });
    const [calendar] = await calendarsOf(account);
    const message = ["The events of this calendar can't be read."];
    refused(await create(account, calendar.id), { calendar_source_calendar_id: message });
    const body = {
        ...bodyFor(account, undefined),
        base64_calendar_source_calendar_id: calendar.base64_id,
    };
    refused(await world.post(SETTINGS, body), { base64_calendar_source_calendar_id: message });
    const off = { is_destination_for_teamup_events: false, is_source_for_busy_periods: false };
    assert.equal((await created(account, calendar.id, off)).notifications, 'off');
});

test('the source’s own id is kept, whatever the caller calls it', async () => {
    const account = await world.connected('GOOG');
    const first = await created(account, 'primary');
    assert.equal(first.calendar_source_calendar_id, SOURCES.GOOG.person);
    for (const calendar of ['primary', SOURCES.GOOG.person]) {
        refused(await create(account, calendar), {
            non_field_errors: [
                'The fields calendar_source_account, calendar_source_calendar_id must make a unique set.',
            ],
        });
    }
    assert.equal((await remove(first.id)).status, 204);
    assert.ok((await created(account, 'primary')).id > first.id);
});

test('a calendar is named by its id, in base64, or by both', async () => {
    const account = await world.connected('GOOG');
    const [, team] = await calendarsOf(account);
    const named = (fields) =>
        world.post(SETTINGS, { calendar_source_account: account, ...READS, ...fields });
    const base64 = 'base64_calendar_source_calendar_id';
    for (const value of [team.base64_id, Buffer.from(team.id).toString('base64')]) {
        const { status, body } = await named({ [base64]: value });
        assert.deepEqual([status, body.calendar_source_calendar_id], [201, team.id]);
        await remove(body.id);
    }
    const both = { calendar_source_calendar_id: team.id, [base64]: team.base64_id };
    const { body } = await named(both);
    assert.equal(body.calendar_source_calendar_id, team.id);
    refused(await named({ ...both, [base64]: encode('other') }), {
        [base64]: ['Does not name the same calendar.'],
    });
    refused(await named({}), { calendar_source_calendar_id: ['This field is required.'] });
    refused(await named({ [base64]: 'no base64!' }), { [base64]: ['Enter a valid value.'] });
});

test('a setting as a form, as multipart, and answers in XML', async () => {
    const account = await world.connected('MSFT');
    const [first, second] = await calendarsOf(account);
    const fields = (calendar) => ({
        ...bodyFor(account, calendar, {}),
        is_destination_for_teamup_events: 'True',
        is_source_for_busy_periods: '0',
        reminder_number_of_minutes_prior: '4294967295',
        time_zone: '',
    });
    const form = await world.ask(SETTINGS, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(fields(first.id)).toString(),
    });
    assert.equal(form.status, 201, form.text);
    assert.deepEqual(
        [form.body.is_destination_for_teamup_events, form.body.is_source_for_busy_periods],
        [true, false],
    );
    assert.deepEqual(
        [form.body.reminder_number_of_minutes_prior, form.body.time_zone],
        [4294967295, null],
    );
    const parts = Object.entries(fields(second.id)).map(
        ([name, value]) =>
            `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const multipart = await world.ask(SETTINGS, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=B', accept: 'application/xml' },
        body: `${parts.join('')}--B--\r\n`,
    });
    assert.equal(multipart.status, 201, multipart.text);
    assert.match(multipart.headers['content-type'], /^application\/xml/);
    assert.match(
        multipart.text,
        new RegExp(
            `<calendar_source_account><id>${account}</id><calendar_source>MSFT</calendar_source>`,
        ),
    );
    assert.match(multipart.text, /<time_zone\/>|<time_zone><\/time_zone>/);
    const { text } = await world.ask(SETTINGS, { query: { format: 'xml' } });
    assert.equal(text.match(/<list-item>/g).length, 2);
    const patch = await world.ask(`${SETTINGS}/${form.body.id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'is_source_for_busy_periods=TRUE&time_zone=Europe%2FBerlin',
    });
    assert.deepEqual(
        [patch.body.is_source_for_busy_periods, patch.body.time_zone],
        [true, 'Europe/Berlin'],
    );
});

test('fields that are not right, word for word', async () => {
    const account = await world.connected('GOOG');
    const required = ['This field is required.'];
    refused(await world.post(SETTINGS, {}), {
        calendar_source_account: required,
        is_destination_for_teamup_events: required,
        is_source_for_busy_periods: required,
    });
    const rows = [
        ['calendar_source_account', '1', 'A valid integer is required.'],
        ['calendar_source_account', { id: account }, 'A valid integer is required.'],
        ['calendar_source_account', 99999, 'Invalid pk "99999" - object does not exist.'],
        ['calendar_source_calendar_id', '', 'This field may not be blank.'],
        ['calendar_source_calendar_id', 7, 'Not a valid string.'],
        [
            'calendar_source_calendar_id',
            'x'.repeat(513),
            'Ensure this field has no more than 512 bytes.',
        ],
        ['is_source_for_busy_periods', 'true', 'Must be a valid boolean.'],
        ['constrain_only_busy', null, 'This field may not be null.'],
        [
            'reminder_number_of_minutes_prior',
            -1,
            'Ensure this value is greater than or equal to 0.',
        ],
        [
            'reminder_number_of_minutes_prior',
            4294967296,
            'Ensure this value is less than or equal to 4294967295.',
        ],
        ['reminder_number_of_minutes_prior', 1.5, 'A valid integer is required.'],
        ['time_zone', 'Europe/berlin', '"Europe/berlin" is not a valid time zone.'],
        [
            'time_zone',
            'W. Europe Standard Time',
            '"W. Europe Standard Time" is not a valid time zone.',
        ],
        ['time_zone', '../etc/passwd', '"../etc/passwd" is not a valid time zone.'],
    ];
    for (const [field, value, message] of rows) {
        refused(await create(account, 'primary', { ...READS, [field]: value }), {
            [field]: [message],
        });
    }
    const bad = await world.post(SETTINGS, undefined, {
        body: '{',
        headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual([bad.status, bad.body.code], [400, 'parse_error']);
});

test('PATCH changes what it names, PUT all that may change', async () => {
    const account = await world.connected('GOOG');
    const more = {
        ...BOTH,
        constrain_only_busy: false,
        push_only_if_event_has_attendees: true,
        set_external_reminders_for_pushed_events: true,
        reminder_number_of_minutes_prior: 30,
        time_zone: 'Asia/Calcutta',
    };
    const { id } = await created(account, 'primary', more);
    const shown = async () => {
        const { body } = await get(id);
        return Object.fromEntries(Object.keys(more).map((name) => [name, body[name]]));
    };
    assert.deepEqual(await shown(), more);
    const patched = await change(id, { time_zone: null, constrain_only_busy: true });
    assert.equal(patched.status, 200);
    assert.deepEqual(await shown(), { ...more, time_zone: null, constrain_only_busy: true });
    const required = ['This field is required.'];
    refused(await replace(id, { time_zone: 'UTC' }), {
        is_destination_for_teamup_events: required,
        is_source_for_busy_periods: required,
    });
    assert.equal((await replace(id, READS)).status, 200);
    assert.deepEqual(await shown(), {
        ...READS,
        constrain_only_busy: true,
        push_only_if_event_has_attendees: false,
        set_external_reminders_for_pushed_events: false,
        reminder_number_of_minutes_prior: 0,
        time_zone: null,
    });
    assert.equal((await replace(id, (await get(id)).body)).status, 200);
});

test('account and calendar never change', async () => {
    const account = await world.connected('GOOG');
    const { id, calendar_source_calendar_id: calendar } = await created(account, 'primary');
    const same = bodyFor(account, calendar, {});
    for (const fields of [same, { ...same, calendar_source_account: { id: account, more: [] } }]) {
        assert.equal((await change(id, fields)).status, 200);
    }
    const message = ['This field may not be changed.'];
    const rows = {
        calendar_source_account: [account + 1, { id: account + 1 }],
        calendar_source_calendar_id: ['primary'],
        base64_calendar_source_calendar_id: [encode('other')],
    };
    for (const [field, values] of Object.entries(rows)) {
        for (const value of values) {
            refused(await change(id, { [field]: value }), { [field]: message });
            refused(await replace(id, { ...READS, [field]: value }), { [field]: message });
        }
    }
    refused(await change(id, { calendar_source_account: { id: String(account) } }), {
        calendar_source_account: ['A valid integer is required.'],
    });
});

test('a setting that is not there', async () => {
    for (const id of ['99999', '0', 'abc', '01']) {
        const answers = [get(id), remove(id), change(id, {}), replace(id, BOTH)];
        for (const { status, body } of await Promise.all(answers)) {
            assert.deepEqual([status, body.code], [404, 'not_found']);
        }
    }
    const headers = { 'content-type': 'application/json' };
    const { body } = await world.ask(`${SETTINGS}/99999`, { method: 'PATCH', body: '{', headers });
    assert.equal(body.code, 'parse_error');
    refused(await remove(99999, { query: { keep_events: 'maybe' } }), {
        keep_events: ['Must be a valid boolean.'],
    });
});

test('another user’s setting does not exist', async () => {
    const amy = { headers: { 'Caldock-User': 'amy' } };
    const bob = { headers: { 'Caldock-User': 'bob' } };
    const account = await world.connected('GOOG', amy);
    const { id } = await created(account, 'primary', READS, amy);
    for (const answer of [
        get(id, bob),
        remove(id, bob),
        change(id, {}, bob),
        replace(id, BOTH, bob),
    ]) {
        assert.equal((await answer).status, 404);
    }
    assert.equal((await list({}, bob)).count, 0);
    const unknown = {
        calendar_source_account: [`Invalid pk "${account}" - object does not exist.`],
    };
    refused(await create(account, 'primary', READS, bob), unknown);
    refused(
        await world.ask(SETTINGS, { query: { calendar_source_account: account }, ...bob }),
        unknown,
    );
    await world.addProvider(2);
    const other = { token: await world.addToken('--provider', '2') };
    assert.equal((await get(id, other)).status, 404);
    assert.equal((await list({}, other)).count, 0);
    for (const options of [amy, {}]) {
        assert.equal((await get(id, options)).status, 200);
        assert.equal((await list({}, options)).count, 1);
    }
});

test('pages of a list, of all accounts and of one', async () => {
    const google = await world.connected('GOOG');
    const microsoft = await world.connected('MSFT');
    const ids = [];
    for (const account of [google, microsoft, google]) {
        const calendars = await calendarsOf(account);
        const { id } = await created(account, calendars[ids.length === 2 ? 1 : 0].id);
        ids.push(id);
    }
    const first = await list({ page_size: 1, calendar_source_account: google });
    assert.deepEqual([first.count, first.previous, first.results[0].id], [2, null, ids[0]]);
    assert.equal(
        first.next,
        `${world.caldock.url}${SETTINGS}?page=2&page_size=1&calendar_source_account=${google}`,
    );
    const next = await world.ask(first.next.slice(world.caldock.url.length));
    assert.deepEqual([next.body.results[0].id, next.body.next], [ids[2], null]);
    assert.deepEqual(
        (await list()).results.map(({ id }) => id),
        ids,
    );
    refused(await world.ask(SETTINGS, { query: { calendar_source_account: 'x', page: '0' } }), {
        calendar_source_account: ['A valid integer is required.'],
        page: ['Ensure this value is greater than or equal to 1.'],
    });
});

test('an account has 10 settings at most, an owner 5 destinations', async () => {
    const account = await world.connected('GOOG');
    world.control('GOOG').mailbox({ account: SOURCES.GOOG.person, calendars: 12 });
    const calendars = (await calendarsOf(account)).filter((one) => one.can_edit);
    assert.equal(calendars.length, 11);
    const made = [];
    for (const [i, { id }] of calendars.slice(0, 10).entries()) {
        made.push(await created(account, id, i < 5 ? BOTH : READS));
    }
    refused(await create(account, calendars[10].id), {
        non_field_errors: ['An account may have at most 10 settings.'],
    });
    const many = { non_field_errors: ['An owner may have at most 5 destinations.'] };
    refused(await change(made[9].id, { is_destination_for_teamup_events: true }), many);
    await remove(made[9].id);
    refused(await create(account, calendars[10].id, BOTH), many);
    await change(made[0].id, { is_destination_for_teamup_events: false });
    await created(account, calendars[10].id, BOTH);
});

test('of two that ask for the same calendar at once, one gets it', async () => {
    const account = await world.connected('GOOG');
    world.control('GOOG').fault({ path: SOURCES.GOOG.calendars, times: 2, delay: 300 });
    const answers = await Promise.all([create(account, 'primary'), create(account, 'primary')]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 400]);
    refused(
        answers.find(({ status }) => status === 400),
        {
            non_field_errors: [
                'The fields calendar_source_account, calendar_source_calendar_id must make a unique set.',
            ],
        },
    );
    assert.equal((await list()).count, 1);
});

test('an account that has to be connected again', async () => {
    const account = await world.connected('GOOG');
    const { id } = await created(account, 'primary');
    world.control('GOOG').withdraw({ account: SOURCES.GOOG.person });
    // The source says so at the first look; then the account does.
    for (let i = 0; i < 2; i++) {
        const { status, body } = await create(account, 'another');
        assert.deepEqual([status, body.code], [409, 'conflict']);
    }
    const { body } = await get(id);
    assert.deepEqual(
        [body.is_active, body.inactive_reason, body.notifications, body.calendar_ready],
        [false, 'needs_reconnect', 'off', true],
    );
    assert.equal((await change(id, { time_zone: 'UTC' })).status, 200);
    const switched = await change(id, { is_destination_for_teamup_events: true });
    assert.equal(switched.status, 409);
});

test('a source that wants an account to be left alone is not asked', async () => {
    const account = await world.connected('GOOG');
    const until = Date.now() + 600_000;
    await world.alterStore(
        `insert into account_work (account, hold_until) values (${account}, ${until})`,
    );
    const before = world.control('GOOG').requests(SOURCES.GOOG.calendars).length;
    const { status, body, headers } = await create(account, 'primary');
    assert.deepEqual([status, body.code], [502, 'calendar_source_error']);
    assert.ok(
        headers['retry-after'] > 500 && headers['retry-after'] <= 600,
        headers['retry-after'],
    );
    assert.equal(world.control('GOOG').requests(SOURCES.GOOG.calendars).length, before);
});

const rowsLeft = async () => {
    const tables = ['staff_calendar_settings', 'calendar_sync', 'calendar_images', 'account_work'];
    const counts = tables.map((table) => `(select count(*) from ${table})`);
    return world.queryStore(`select ${counts.join(' + ')}`);
};

test('settings are erased with their account', async () => {
    const account = await world.connected('GOOG');
    const { id } = await created(account, 'primary', BOTH);
    assert.equal((await world.ask(`${ACCOUNTS}/${account}`, { method: 'DELETE' })).status, 204);
    assert.equal((await get(id)).status, 404);
    assert.equal(await rowsLeft(), '0');
});

test('settings are erased with their provider', async () => {
    await world.addProvider(3);
    const token = await world.addToken('--provider', '3');
    const account = await world.connected('MSFT', { token });
    const [calendar] = (await world.ask(`${ACCOUNTS}/${account}/calendars`, { token })).body
        .results;
    await created(account, calendar.id, BOTH, { token });
    await world.caldock.run('provider', 'remove', '3', '--yes');
    assert.equal(await rowsLeft(), '0');
});

test('a provider without the feature has no settings to show', async () => {
    await world.addProvider(4, '--feature', 'external_calendars=off');
    const token = await world.addToken('--provider', '4');
    const { status, body } = await world.ask(SETTINGS, { token });
    assert.deepEqual([status, body.code], [403, 'feature_not_enabled']);
});
