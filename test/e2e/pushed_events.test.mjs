// SPDX-License-Identifier: Apache-2.0
// docs/pushing.md §1, §2: the application's events as it pushes, sees and removes them, in all formats,
// with every message word for word. No calendar receives here.
import assert from 'node:assert/strict';
import test from 'node:test';

import { API, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const EVENTS = `${API}/pushed_events`;
const DAY_MS = 24 * 3600000;
const FORM = 'application/x-www-form-urlencoded';
const NO_TIME =
    'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].';
const NO_DATE = 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD.';
const REQUIRED = 'This field is required.';
const BLANK = 'This field may not be blank.';
const NO_NULL = 'This field may not be null.';
const NO_LINK = 'Enter a valid https URL.';

// The day so many days from today on, in UTC; and nine o'clock of it.
const day = (days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
const at = (days, time = '09:00:00Z') => `${day(days)}T${time}`;
const USUAL = { title: 'Haircut', start: at(3), end: at(3, '10:00:00Z') };

const put = (id, json, options) =>
    world.ask(`${EVENTS}/${id}`, { method: 'PUT', json, ...options });
const get = (id, options) => world.ask(`${EVENTS}/${id}`, options);
const remove = (id, options) => world.ask(`${EVENTS}/${id}`, { method: 'DELETE', ...options });
const list = (query, options) => world.ask(EVENTS, { query, ...options });
const user = (name) => ({ headers: { 'Caldock-User': name } });

// What is kept of an event that must be → its object.
async function kept(id, json = USUAL, options) {
    const { status, body, text } = await put(id, json, options);
    assert.ok(status === 200 || status === 201, text);
    return body;
}

function refused(answer, errors) {
    assert.deepEqual([answer.status, answer.body?.code], [400, 'parameter_invalid'], answer.text);
    assert.deepEqual(answer.body.field_errors, errors);
}

const idsOf = ({ body }) => body.results.map(({ event_id: id }) => id);

// The store outlives the accounts of a test.
test.afterEach(async () => {
    for (const options of [{}, user('amy'), user('bob')]) {
        for (const id of idsOf(await list({}, options))) {
            assert.equal((await remove(id, options)).status, 204);
        }
    }
});

test('an event, as the contract has it', async () => {
    const fields = {
        title: 'Haircut',
        start: at(3),
        end: at(3, '10:00:00Z'),
        is_all_day: false,
        description: 'Wash\nCut\r\nDry',
        location: 'Room 1\nsecond floor',
        link: 'https://app.example/#/booking/7?a=b&c=d',
        show_as: 'free',
        visibility: 'private',
        has_attendees: true,
        version: 9223372036854775000,
    };
    const before = Math.floor(Date.now() / 1000) * 1000;
    const made = await put('booking-7_A', fields);
    assert.equal(made.status, 201, made.text);
    const { created_at: created, updated_at: updated, ...rest } = made.body;
    for (const time of [created, updated]) {
        assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now(), time);
    }
    assert.deepEqual(rest, { event_id: 'booking-7_A', ...fields, copies: [] });
    assert.deepEqual((await get('booking-7_A')).body, made.body);
    assert.deepEqual((await list()).body, {
        count: 1,
        next: null,
        previous: null,
        results: [made.body],
    });
    assert.deepEqual([(await remove('booking-7_A')).status, (await remove('x')).status], [204, 404]);
    assert.equal((await get('booking-7_A')).status, 404);
    assert.equal((await put('booking-7_A', fields)).status, 201, 'a new event');
});

test('what is absent has its default, and PUT replaces the whole', async () => {
    const all = {
        description: 'd',
        location: 'l',
        link: 'https://app.example/',
        show_as: 'free',
        visibility: 'private',
        has_attendees: true,
    };
    const defaults = {
        is_all_day: false,
        description: '',
        location: '',
        link: null,
        show_as: 'busy',
        visibility: 'default',
        has_attendees: false,
        version: null,
    };
    const pick = (body) =>
        Object.fromEntries(Object.keys(defaults).map((name) => [name, body[name]]));
    assert.deepEqual(pick(await kept('e')), defaults);
    assert.deepEqual(pick(await kept('e', { ...USUAL, ...all })), { ...defaults, ...all });
    const days = { title: 'Away', start: day(3), end: day(5), is_all_day: true };
    const body = await kept('e', days);
    assert.deepEqual(pick(body), { ...defaults, is_all_day: true });
    assert.deepEqual([body.start, body.end], [days.start, days.end]);
    const again = await put('e', body);
    assert.deepEqual([again.status, again.body], [200, body], 'what GET answers can be sent back');
    const blank = { ...USUAL, link: '', description: '', location: ' ', version: null };
    assert.deepEqual(pick(await kept('e', blank)), defaults);
});

test('times of any offset are widened to whole seconds, in UTC', async () => {
    const rows = [
        ['09:00:00.999+02:00', '10:00:00.001+02:00', '07:00:00Z', '08:00:01Z'],
        ['09:00:00-05:30', '10:00:00.000000000Z', null, 'end: Must be after start.'],
        ['09:00:00.123456788Z', '09:00:00.123456789Z', '09:00:00Z', '09:00:01Z'],
        ['09:00:00.2Z', '09:00:00.1Z', null, 'end: Must be after start.'],
    ];
    for (const [from, to, start, end] of rows) {
        const answer = await put('e', { ...USUAL, start: at(3, from), end: at(3, to) });
        if (start) assert.deepEqual([answer.body.start, answer.body.end], [at(3, start), at(3, end)]);
        else refused(answer, { end: [end.slice('end: '.length)] });
    }
});

test('control characters become spaces, but for line breaks', async () => {
    const text = ' a\tb\u0001c\u007fd\u0085e\u009f\nf\r\ng\u00a0\u2028h ';
    const body = await kept('e', { ...USUAL, title: text, description: text, location: text });
    assert.equal(body.title, 'a b c d e  f  g\u00a0\u2028h');
    assert.equal(body.description, 'a b c d e \nf\r\ng\u00a0\u2028h');
    assert.equal(body.location, body.description);
    for (const title of ['', '  ', '\u0001', ' \u0085\u0002 ']) {
        refused(await put('e', { ...USUAL, title }), { title: [BLANK] });
    }
});

test('fields that are not right, word for word', async () => {
    refused(await put('e', {}), { title: [REQUIRED], start: [REQUIRED], end: [REQUIRED] });
    const rows = [
        ['title', null, NO_NULL],
        ['title', 7, 'Not a valid string.'],
        ['start', null, NO_NULL],
        ['start', '', NO_TIME],
        ['start', 1769850000, NO_TIME],
        ['start', day(3), NO_TIME],
        ['start', at(3, '09:00Z'), NO_TIME],
        ['start', at(3, '09:00:00'), NO_TIME],
        ['start', at(3, '09:00:00.1234567891Z'), NO_TIME],
        ['start', at(3).toLowerCase(), NO_TIME],
        ['start', '1969-12-31T23:59:59Z', NO_TIME],
        ['end', at(3, '09:00:60Z'), NO_TIME],
        ['end', at(3), 'Must be after start.'],
        ['is_all_day', 'true', 'Must be a valid boolean.'],
        ['is_all_day', null, NO_NULL],
        ['description', null, NO_NULL],
        ['location', ['x'], 'Not a valid string.'],
        ['link', 7, 'Not a valid string.'],
        ['link', 'http://app.example/', NO_LINK],
        ['link', 'app.example', NO_LINK],
        ['link', 'https://', NO_LINK],
        ['link', 'https:///path', NO_LINK],
        ['link', 'https://user@app.example/', NO_LINK],
        ['link', 'https://app.example:65536/', NO_LINK],
        ['link', 'https://app.example/a b', NO_LINK],
        ['link', 'https://app.example/"', NO_LINK],
        ['link', 'https://app.example\\@evil.example', NO_LINK],
        ['link', 'https://bücher.example/', NO_LINK],
        ['link', 'javascript:alert(1)', NO_LINK],
        ['show_as', 'BUSY', '"BUSY" is not a valid choice.'],
        ['show_as', null, NO_NULL],
        ['visibility', '', '"" is not a valid choice.'],
        ['has_attendees', 1, 'Must be a valid boolean.'],
        ['version', -1, 'Ensure this value is greater than or equal to 0.'],
        ['version', '1', 'A valid integer is required.'],
        ['version', 1.5, 'A valid integer is required.'],
        ['version', true, 'A valid integer is required.'],
    ];
    for (const [field, value, message] of rows) {
        refused(await put('e', { ...USUAL, [field]: value }), { [field]: [message] });
    }
    refused(await put('e', { ...USUAL, is_all_day: true }), { start: [NO_DATE], end: [NO_DATE] });
    refused(await put('e', { title: '', start: 'x', end: null, link: 'x', version: -1 }), {
        title: [BLANK],
        end: [NO_NULL],
        version: ['Ensure this value is greater than or equal to 0.'],
        link: [NO_LINK],
        start: [NO_TIME],
    });
    assert.equal((await get('e')).status, 404, 'nothing of it was kept');
    const headers = { 'content-type': 'application/json' };
    for (const body of ['{', '[]', '{"title":"a","title":"b"}', '{"title":"\\u0000"}']) {
        const bad = await put('e', undefined, { body, headers });
        assert.deepEqual([bad.status, bad.body.code], [400, 'parse_error'], body);
    }
    const text = await put('e', undefined, { body: 'x', headers: { 'content-type': 'text/plain' } });
    assert.deepEqual([text.status, text.body.code], [415, 'unsupported_media_type']);
    const large = await put('e', { ...USUAL, more: 'x'.repeat(65536) });
    assert.deepEqual([large.status, large.body.code], [413, 'payload_too_large']);
});

test('versions are integers of 63 bits', async () => {
    const headers = { 'content-type': 'application/json' };
    const sent = (version) =>
        put('e', undefined, {
            body: JSON.stringify(USUAL).replace(/}$/, `,"version":${version}}`),
            headers,
        });
    assert.match((await sent('9223372036854775807')).text, /"version":9223372036854775807,/);
    refused(await sent('9223372036854775808'), { version: ['A valid integer is required.'] });
});

const LENGTHS = { title: 1024, description: 8192, location: 1024, link: 1024 };
for (const [field, most] of Object.entries(LENGTHS)) {
    test(`${field} has ${most} characters at most`, async () => {
        const prefix = field === 'link' ? 'https://app.example/' : '';
        const letter = field === 'link' ? 'x' : '😀';
        const text = (n) => prefix + letter.repeat(n - prefix.length);
        assert.equal((await kept('e', { ...USUAL, [field]: text(most) }))[field], text(most));
        refused(await put('e', { ...USUAL, [field]: text(most + 1) }), {
            [field]: [`Ensure this field has no more than ${most} characters.`],
        });
    });
}

test('how long an event lasts, and how far ahead it starts', async () => {
    const LONG = 'The event may last at most 366 days.';
    const AHEAD = 'Must be at most 400 days ahead.';
    const rows = [
        [{ start: at(3), end: at(369) }, {}],
        [{ start: at(3), end: at(369, '09:00:01Z') }, { end: [LONG] }],
        [{ start: at(3), end: at(369, '09:00:00.000000001Z') }, { end: [LONG] }],
        [{ start: day(3), end: day(369), is_all_day: true }, {}],
        [{ start: day(3), end: day(370), is_all_day: true }, { end: [LONG] }],
        [{ start: day(3), end: day(3), is_all_day: true }, { end: ['Must be after start.'] }],
        [{ start: day(-999), end: day(-998), is_all_day: true }, {}],
        [{ start: '1970-01-01T00:00:00Z', end: '1970-01-01T00:00:01Z' }, {}],
        [{ start: day(400), end: day(766), is_all_day: true }, {}],
        [{ start: day(401), end: day(402), is_all_day: true }, { start: [AHEAD] }],
        [{ start: day(401), end: day(900), is_all_day: true }, { start: [AHEAD], end: [LONG] }],
    ];
    for (const [fields, errors] of rows) {
        const answer = await put('e', { ...USUAL, ...fields });
        if (Object.keys(errors).length > 0) refused(answer, errors);
        else assert.ok(answer.status < 300, answer.text);
    }
    const ahead = (seconds) => {
        const start = new Date(Date.now() + 400 * DAY_MS + seconds * 1000).toISOString();
        return put('e', { ...USUAL, start, end: at(420) });
    };
    assert.equal((await ahead(-5)).status, 200);
    refused(await ahead(5), { start: [AHEAD] });
});

test('an id of the application has a shape', async () => {
    for (const id of ['a', '-', '_', '0', 'Z_9-', 'x'.repeat(64), '%41bc']) {
        assert.equal((await put(id, USUAL)).status, 201, id);
    }
    assert.equal((await get('Abc')).body.event_id, 'Abc');
    for (const id of ['a.b', 'a%20b', 'a%2Fb', '%C3%A9', 'a%00', '%2B', 'x'.repeat(65)]) {
        refused(await put(id, USUAL), { event_id: ['Enter a valid value.'] });
        for (const { status, body } of [await get(id), await remove(id)]) {
            assert.deepEqual([status, body.code], [404, 'not_found'], id);
        }
    }
    refused(await put('a.b', { title: '' }, { query: { restore: 'maybe' } }), {
        title: [BLANK],
        start: [REQUIRED],
        end: [REQUIRED],
        restore: ['Must be a valid boolean.'],
        event_id: ['Enter a valid value.'],
    });
    const headers = { 'content-type': 'application/json' };
    const { body } = await put('a.b', undefined, { body: '{', headers });
    assert.deepEqual([body.code, body.field_errors], ['parse_error', {}]);
    for (const [query, message] of [
        ['restore=', 'Must be a valid boolean.'],
        ['restore=2', 'Must be a valid boolean.'],
        ['restore=1&restore=1', 'This parameter may be given only once.'],
    ]) {
        refused(await put(`e?${query}`, USUAL), { restore: [message] });
    }
    for (const restore of ['true', 'False', '1', '0']) {
        assert.ok((await put('e', USUAL, { query: { restore } })).status < 300, restore);
    }
});

test('an event as a form, as multipart, and answers in XML', async () => {
    const fields = {
        ...USUAL,
        title: 'Ängström & <Söhne>',
        description: 'a\r\nb',
        link: '',
        show_as: 'free',
        has_attendees: 'True',
        is_all_day: '0',
        version: '9223372036854775807',
    };
    const form = await world.ask(`${EVENTS}/form`, {
        method: 'PUT',
        headers: { 'content-type': FORM },
        body: new URLSearchParams(fields).toString(),
    });
    assert.equal(form.status, 201, form.text);
    assert.deepEqual(
        [form.body.title, form.body.description, form.body.link, form.body.has_attendees],
        [fields.title, fields.description, null, true],
    );
    assert.match(form.text, /"version":9223372036854775807,/);
    const days = { ...fields, start: day(3), end: day(4), is_all_day: 'TRUE', version: '' };
    const parts = Object.entries(days).map(
        ([name, value]) =>
            `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const multipart = await world.ask(`${EVENTS}/parts`, {
        method: 'PUT',
        headers: { 'content-type': 'multipart/form-data; boundary=B', accept: 'application/xml' },
        body: `${parts.join('')}--B--\r\n`,
    });
    assert.equal(multipart.status, 201, multipart.text);
    assert.match(multipart.headers['content-type'], /^application\/xml/);
    assert.match(
        multipart.text,
        new RegExp(
            `<root><event_id>parts</event_id><title>Ängström &amp; &lt;Söhne&gt;</title>` +
                `<start>${day(3)}</start><end>${day(4)}</end><is_all_day>true</is_all_day>`,
        ),
    );
    assert.match(multipart.text, /<link\/><show_as>free<\/show_as>/);
    assert.match(multipart.text, /<version\/><created_at>/);
    const { text } = await list({ format: 'xml' });
    assert.equal(text.match(/<list-item>/g).length, 2);
    const bad = await world.ask(`${EVENTS}/form`, {
        method: 'PUT',
        headers: { 'content-type': FORM, accept: 'application/xml' },
        body: 'title=&start=&end=&show_as=&version=x&has_attendees=',
    });
    assert.equal(bad.status, 400);
    for (const [field, message] of [
        ['title', BLANK],
        ['start', NO_TIME],
        ['end', NO_TIME],
        ['show_as', '&quot;&quot; is not a valid choice.'],
        ['version', 'A valid integer is required.'],
        ['has_attendees', 'Must be a valid boolean.'],
    ]) {
        const item = `<${field}><list-item>${message}</list-item></${field}>`;
        assert.ok(bad.text.includes(item), `${item} in ${bad.text}`);
    }
    const file = await world.ask(`${EVENTS}/form`, {
        method: 'PUT',
        headers: { 'content-type': 'multipart/form-data; boundary=B' },
        body: `--B\r\nContent-Disposition: form-data; name="title"; filename="f"\r\n\r\nT\r\n${parts
            .slice(1)
            .join('')}--B--\r\n`,
    });
    refused(file, { title: ['Not a valid string.'] });
});

test('an older version is refused, and changes nothing', async () => {
    const first = await put('e', { ...USUAL, version: 5 });
    assert.equal(first.status, 201);
    for (const query of [{}, { restore: 'true' }]) {
        const older = await put('e', { ...USUAL, title: 'Older', version: 4 }, { query });
        assert.deepEqual(
            [older.status, older.body.code, older.body.type, older.body.field_errors],
            [409, 'conflict', 'conflict', {}],
        );
        assert.deepEqual((await get('e')).body, first.body);
    }
    assert.equal((await kept('e', { ...USUAL, title: 'Same', version: 5 })).title, 'Same');
    const without = await kept('e', { ...USUAL, title: 'None' });
    assert.deepEqual([without.title, without.version], ['None', 5]);
    assert.equal((await kept('e', { ...USUAL, version: null })).version, 5);
    assert.equal((await kept('e', { ...USUAL, version: 6 })).version, 6);
    assert.equal((await remove('e')).status, 204);
    const anew = await put('e', { ...USUAL, version: 0 });
    assert.deepEqual([anew.status, anew.body.version], [201, 0], 'the version went with it');
    const next = await put('e', { ...USUAL, version: 1 });
    assert.deepEqual([next.status, next.body.version], [200, 1]);
});

test('the same again changes nothing; a newer version is noted', async () => {
    const { created_at: created, updated_at: updated, ...first } = await kept('e', {
        ...USUAL,
        version: 1,
    });
    while (Math.floor(Date.now() / 1000) * 1000 <= Date.parse(updated)) {
        await new Promise((done) => setTimeout(done, 100));
    }
    const again = await put('e', { ...USUAL, version: 1 });
    assert.deepEqual(
        [again.status, again.body],
        [200, { ...first, created_at: created, updated_at: updated }],
    );
    const newer = (await put('e', { ...USUAL, version: 2 })).body;
    assert.equal(newer.created_at, created);
    assert.ok(Date.parse(newer.updated_at) > Date.parse(updated));
});

test('many at once: one is made', async () => {
    const answers = await Promise.all(
        Array.from({ length: 12 }, (_, version) => put('e', { ...USUAL, version })),
    );
    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 201).length, 1, statuses.join());
    assert.ok(
        statuses.every((status) => [200, 201, 409].includes(status)),
        statuses.join(),
    );
    assert.equal((await get('e')).body.version, 11, 'the last one is kept');
    assert.equal((await list()).body.count, 1);
});

test('another owner’s event does not exist', async () => {
    const amy = user('amy');
    const bob = user('bob');
    assert.equal((await put('e', { ...USUAL, title: 'Amy’s' }, amy)).status, 201);
    await world.addProvider(2);
    const other = { token: await world.addToken('--provider', '2') };
    // Without a user it is the business itself, never all users.
    for (const options of [bob, {}, other]) {
        assert.equal((await get('e', options)).status, 404);
        assert.equal((await remove('e', options)).status, 404);
        assert.equal((await list({}, options)).body.count, 0);
    }
    assert.equal((await put('e', { ...USUAL, title: 'Bob’s' }, bob)).status, 201);
    assert.equal((await put('e', { ...USUAL, title: 'Ours' })).status, 201);
    assert.equal((await get('e', amy)).body.title, 'Amy’s');
    assert.equal((await remove('e', bob)).status, 204);
    assert.deepEqual(
        [(await get('e', amy)).body.title, (await get('e')).body.title],
        ['Amy’s', 'Ours'],
    );
    const customer = await world.addToken('--provider', '1', '--mode', 'customer');
    const { status, body } = await list({}, { token: customer });
    assert.deepEqual([status, Object.keys(body.field_errors)], [400, ['Caldock-User']]);
    assert.equal((await get('e', { token: customer, ...amy })).status, 404, 'of another mode');
});

test('lists: what overlaps the range, in order of creation', async () => {
    await kept('c');
    await kept('a', { title: 'Day', start: day(3), end: day(4), is_all_day: true });
    await kept('b', { title: 'Night', start: at(4, '00:00:00Z'), end: at(5, '00:00:00Z') });
    await kept('c', { ...USUAL, title: 'Changed' });
    const rows = [
        [{}, 'cab'],
        [{ happens_after: at(3, '10:00:00Z') }, 'ab'],
        [{ happens_after: at(3, '09:59:59.5Z') }, 'cab'],
        [{ happens_before: at(3) }, 'a'],
        [{ happens_before: at(3, '09:00:00.1Z') }, 'ca'],
        [{ happens_before: at(3, '00:00:00Z') }, ''],
        [{ happens_after: at(4, '00:00:00Z') }, 'b'],
        [{ happens_after: at(3, '23:59:59Z') }, 'ab'],
        [{ happens_after: at(3, '11:00:00Z'), happens_before: at(3, '12:00:00Z') }, 'a'],
        [{ happens_after: at(3, '11:00:00+02:00'), happens_before: at(3, '11:30:00+02:00') }, 'ca'],
        [{ happens_after: at(30) }, ''],
    ];
    for (const [query, ids] of rows) {
        const { body } = await list(query);
        assert.deepEqual([idsOf({ body }).join(''), body.count], [ids, ids.length], query);
    }
    const early = `Must be after happens_after.`;
    for (const time of [at(3), at(2)]) {
        refused(await list({ happens_after: at(3), happens_before: time }), {
            happens_before: [early],
        });
    }
    refused(await list({ happens_after: day(3), happens_before: '', page: '0', page_size: 'x' }), {
        happens_after: [NO_TIME],
        happens_before: [NO_TIME],
        page: ['Ensure this value is greater than or equal to 1.'],
        page_size: ['A valid integer is required.'],
    });
    const twice = `${EVENTS}?happens_after=${at(3)}&happens_after=${at(3)}`;
    refused(await world.ask(twice), { happens_after: ['This parameter may be given only once.'] });
});

test('pages of a list keep its range', async () => {
    for (const id of ['e1', 'e2', 'e3']) await kept(id);
    await kept('past', { ...USUAL, start: at(-3), end: at(-2) });
    const after = at(0);
    const first = await list({ page_size: 2, happens_after: after });
    assert.deepEqual([first.body.count, idsOf(first)], [3, ['e1', 'e2']]);
    assert.equal(
        first.body.next,
        `${world.caldock.url}${EVENTS}?page=2&page_size=2&happens_after=${encodeURIComponent(after)}`,
    );
    const next = await world.ask(first.body.next.slice(world.caldock.url.length));
    assert.deepEqual([idsOf(next), next.body.next], [['e3'], null]);
    assert.equal((await list({ page: 3, page_size: 2, happens_after: after })).status, 404);
    assert.equal((await list({ page: 2, happens_after: at(30) })).status, 404);
});

test('a page of the longest texts fits: the list cuts them, GET of one does not', async () => {
    const long = {
        ...USUAL,
        title: 'T'.repeat(1024),
        description: '&'.repeat(8192),
        location: 'L'.repeat(1024),
    };
    const all = Array.from({ length: 100 }, (_, i) => `long-${i}`);
    await Promise.all(all.map((id) => kept(id, long)));
    for (const format of ['json', 'xml']) {
        const { status, text } = await list({ format });
        assert.equal(status, 200);
        assert.ok(text.length < 1024 * 1024, `${text.length} bytes`);
        assert.ok(text.includes(long.title));
    }
    const { body } = await list();
    assert.equal(body.results.length, 100);
    for (const { title, description } of body.results) {
        assert.equal(title, long.title);
        assert.ok(description.length > 1000 && description.length < 8192);
    }
    const short = await list({ page_size: 10 });
    for (const { description } of short.body.results) assert.equal(description, long.description);
    assert.equal((await get('long-7')).body.description, long.description);
});

test('5000 events of an owner may end in the future', async () => {
    await kept('first');
    const columns =
        'rev, version, has_attendees, starts_at, ends_at, key_id, sealed, digest, created_at, updated_at';
    await world.alterStore(
        `with recursive n(i) as (select 2 union all select i + 1 from n where i < 5000)
        insert into pushed_events (provider, mode, user_id, event_id, ${columns})
        select provider, mode, user_id, 'n' || i, ${columns} from pushed_events, n`,
    );
    const FULL = { non_field_errors: ['At most 5000 events may end in the future.'] };
    refused(await put('one-more', USUAL), FULL);
    assert.equal((await get('one-more')).status, 404);
    assert.equal((await put('first', { ...USUAL, title: 'Changed' })).status, 200);
    assert.equal((await put('past', { ...USUAL, start: at(-3), end: at(-2) })).status, 201);
    refused(await put('past', USUAL), FULL);
    assert.equal((await put('one-more', USUAL, user('amy'))).status, 201, 'for each owner');
    assert.equal((await remove('n2')).status, 204);
    assert.equal((await put('one-more', USUAL)).status, 201);
    refused(await put('past', USUAL), FULL);
    await world.alterStore("delete from pushed_events where event_id like 'n%'");
});

test('HEAD and OPTIONS; other methods', async () => {
    await kept('e');
    const head = await world.ask(`${EVENTS}/e`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    const allow = 'GET, HEAD, PUT, DELETE, OPTIONS';
    const options = await world.ask(`${EVENTS}/e`, { method: 'OPTIONS', token: null });
    assert.deepEqual([options.status, options.headers.allow], [204, allow]);
    for (const method of ['POST', 'PATCH']) {
        const { status, headers } = await world.ask(`${EVENTS}/e`, { method, json: {} });
        assert.deepEqual([status, headers.allow], [405, allow]);
    }
    assert.equal((await world.ask(EVENTS, { method: 'PUT', json: USUAL })).status, 405);
});

test('nothing of an event is in the store or the log in plain text', async () => {
    const secret = 'Zwischenprüfungsgespräch';
    world.secrets.add(secret);
    await kept('e', { ...USUAL, title: secret, description: secret, location: secret });
    assert.ok(!(await world.storeBytes()).includes(secret));
});
