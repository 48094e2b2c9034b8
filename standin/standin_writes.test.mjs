// SPDX-License-Identifier: Apache-2.0
// Shows that the stand-ins take events from their clients as documented.
import assert from 'node:assert/strict';
import test from 'node:test';

import { addForAlice, ALICE, calendarPath, clientOf, controls, openStandins } from './testing.mjs';

await openStandins(test);

const CAROL = { account: 'carol@contoso.test', calendar: 'team' };
const ID = 'cdk0123456789abcdefghijklmnopqrstuv';
const HOURS = {
    start: { dateTime: '2026-03-02T09:00:00Z' },
    end: { dateTime: '2026-03-02T10:00:00Z' },
};
const GOOGLE = `${calendarPath('google', 'team')}/events`;
const GRAPH = `${calendarPath('microsoft', 'team')}/events`;

// → [status, reason]
const reasonOf = ({ status, body }) => [
    status,
    body?.error?.errors?.[0].reason ?? body?.error?.code,
];

async function google() {
    const client = await clientOf('google');
    const fields = 'id,status,start,end,htmlLink';
    const ask = (method, path, json, more = {}) =>
        client(`${GOOGLE}${path}`, {
            method,
            json,
            query: { sendUpdates: 'none', fields },
            ...more,
        });
    return {
        client,
        insert: (json) => ask('POST', '', json),
        patch: (id, json, headers) => ask('PATCH', `/${id}`, json, { headers }),
        look: (id) => ask('GET', `/${id}`),
        whole: (id) => client(`${GOOGLE}/${id}`),
        remove: (id) => ask('DELETE', `/${id}`),
    };
}

test('google: an event is inserted under an id of the client’s own, once and for all', async () => {
    const { insert, whole, remove, look } = await google();
    const event = {
        id: ID,
        summary: 'Cut',
        description: 'Long',
        location: 'Chair 2',
        visibility: 'private',
        transparency: 'transparent',
        reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 40320 }] },
        extendedProperties: { private: { caldock: '1' } },
        ...HOURS,
    };
    const made = await insert(event);
    assert.equal(made.status, 200);
    assert.deepEqual(Object.keys(made.body).sort(), ['end', 'htmlLink', 'id', 'start', 'status']);
    const { body } = await whole(ID);
    assert.equal(body.start.dateTime, '2026-03-02T04:00:00-05:00');
    for (const name of ['summary', 'description', 'location', 'visibility', 'transparency']) {
        assert.equal(body[name], event[name], name);
    }
    assert.deepEqual(body.reminders, event.reminders);
    assert.deepEqual(body.extendedProperties, event.extendedProperties);
    assert.deepEqual(reasonOf(await insert(event)), [409, 'duplicate']);
    assert.deepEqual([(await remove(ID)).status, (await remove(ID)).status], [204, 410]);
    assert.deepEqual(reasonOf(await insert(event)), [409, 'duplicate']);
    assert.equal((await look(ID)).body.status, 'cancelled');
    assert.deepEqual(reasonOf(await remove('nothing')), [404, 'notFound']);
    assert.ok(controls.google.texts.includes('Chair 2'));
});

test('google: what it refuses to insert', async () => {
    const { client, insert } = await google();
    const bad = [
        [{ id: 'cdk_1' }, 'invalid'],
        [{ id: 'abcw1' }, 'invalid'],
        [{ start: undefined }, 'required'],
        [{ end: { dateTime: '2026-03-02T08:00:00Z' } }, 'timeRangeEmpty'],
        [{ end: { date: '2026-03-03' } }, 'invalid'],
        [{ start: { dateTime: '2026-03-02T09:00:00' } }, 'invalid'],
        [{ start: { date: '2026-03-02', dateTime: '2026-03-02T09:00:00Z' } }, 'invalid'],
        [{ start: { dateTime: '2026-03-02T09:00:00', timeZone: 'Nowhere' } }, 'invalid'],
        [{ visibility: 'secret' }, 'invalid'],
        [{ reminders: { overrides: [{ method: 'popup', minutes: 40321 }] } }, 'invalid'],
        [{ extendedProperties: { private: { caldock: 'x'.repeat(1025) } } }, 'invalid'],
    ];
    for (const [more, reason] of bad) {
        assert.deepEqual(reasonOf(await insert({ ...HOURS, ...more })), [400, reason]);
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const plain = await client(GOOGLE, { method: 'POST', json: HOURS, headers });
    assert.deepEqual(reasonOf(plain), [400, 'badContent']);
});

test('google: a patch changes what it names, and a time becomes a date when it goes', async () => {
    const { insert, patch, whole } = await google();
    await insert({ id: ID, summary: 'Cut', description: 'Long', ...HOURS });
    const moved = await patch(ID, { end: { dateTime: '2026-03-02T12:00:00Z', date: null } });
    assert.equal(moved.body.start.dateTime, '2026-03-02T04:00:00-05:00');
    assert.equal(moved.body.end.dateTime, '2026-03-02T07:00:00-05:00');
    const dates = { start: { date: '2026-03-04' }, end: { date: '2026-03-05' } };
    assert.deepEqual(reasonOf(await patch(ID, dates)), [400, 'invalid']);
    const days = {
        start: { date: '2026-03-04', dateTime: null },
        end: { date: '2026-03-05', dateTime: null },
        description: null,
    };
    assert.equal((await patch(ID, days)).status, 200);
    const { body } = await whole(ID);
    assert.deepEqual([body.start, body.end], [{ date: '2026-03-04' }, { date: '2026-03-05' }]);
    assert.deepEqual([body.summary, body.description], ['Cut', undefined]);
    const stale = await patch(ID, { summary: 'x' }, { 'if-match': '"0"' });
    assert.deepEqual(reasonOf(stale), [412, 'conditionNotMet']);
    assert.equal((await patch(ID, { summary: 'x' }, { 'if-match': body.etag })).status, 200);
    assert.deepEqual(reasonOf(await patch('nothing', {})), [404, 'notFound']);
});

test('google: a patch of a deleted event', async () => {
    const { insert, patch, look } = await google();
    await insert({ id: ID, summary: 'Cut', ...HOURS });
    controls.google.deleteEvent({ ...ALICE, id: ID });
    const { status, body } = await patch(ID, { summary: 'Cut again' });
    assert.deepEqual([status, body.status], [200, 'cancelled']);
    controls.google.patchDead(404);
    assert.deepEqual(reasonOf(await patch(ID, {})), [404, 'notFound']);
    controls.google.patchDead(410);
    assert.deepEqual(reasonOf(await patch(ID, {})), [410, 'deleted']);
    assert.equal((await patch(ID, { status: 'confirmed' })).body.status, 'confirmed');
    assert.equal((await look(ID)).body.status, 'confirmed');
    await patch(ID, { status: 'cancelled' });
    assert.equal((await look(ID)).body.status, 'cancelled');
});

test('google: one instance of a series is patched and deleted', async () => {
    const { client, patch, remove } = await google();
    const start = '2026-03-02T09:00:00Z';
    const id = addForAlice({ title: 'Daily', start, zone: 'UTC', rule: 'FREQ=DAILY;COUNT=3' });
    await patch(`${id}_20260302T090000Z`, { summary: 'Once' });
    assert.equal((await remove(`${id}_20260303T090000Z`)).status, 204);
    controls.google.changeEvent({ ...ALICE, id, place: 'Roof' });
    const query = { singleEvents: 'true' };
    const { items } = (await client(GOOGLE, { query })).body;
    const found = items.map(({ summary, location }) => [summary, location]);
    assert.deepEqual(found, [
        ['Once', 'Roof'],
        ['Daily', 'Roof'],
    ]);
});

test('google: own events are found by their mark; moved ones are gone; readers write nothing', async () => {
    const { client, insert, look } = await google();
    await insert({ id: ID, extendedProperties: { private: { caldock: '1' } }, ...HOURS });
    addForAlice({ start: '2026-03-02' });
    const found = async (value) => {
        const query = { privateExtendedProperty: `caldock=${value}` };
        return (await client(GOOGLE, { query })).body.items.map(({ id }) => id);
    };
    assert.deepEqual([await found('1'), await found('2')], [[ID], []]);
    controls.google.rehomeEvent({ ...ALICE, id: ID, to: 'primary' });
    assert.equal((await look(ID)).body.status, 'cancelled');
    const primary = `${calendarPath('google', 'primary')}/events/${ID}`;
    assert.equal((await client(primary)).body.status, 'confirmed');
    controls.google.changeCalendar({ ...ALICE, canEdit: false });
    assert.deepEqual(reasonOf(await insert(HOURS)), [403, 'requiredAccessLevel']);
});

const MARK = 'String {6d1f0c1e-3c0b-4c53-9a3b-5e1f6a2d7c10} Name caldock';
const GRAPH_HOURS = {
    start: { dateTime: '2026-03-02T09:00:00', timeZone: 'UTC' },
    end: { dateTime: '2026-03-02T10:00:00', timeZone: 'UTC' },
    isAllDay: false,
};

async function graph() {
    const client = await clientOf('microsoft');
    const headers = { prefer: 'IdType="ImmutableId"' };
    const of = (id) => `/me/events/${encodeURIComponent(id)}`;
    return {
        client,
        create: (json) => client(GRAPH, { method: 'POST', json, headers }),
        update: (id, json) => client(of(id), { method: 'PATCH', json, headers }),
        look: (id) => client(of(id), { headers }),
        remove: (id) => client(of(id), { method: 'DELETE', headers }),
        find: async (value, path = GRAPH, name = MARK) => {
            const $filter = `singleValueExtendedProperties/Any(ep: ep/id eq '${name}' and ep/value eq '${value}')`;
            const answer = await client(path, { query: { $filter, $select: 'id,start' }, headers });
            return answer.body.value?.map(({ id }) => id) ?? answer.status;
        },
    };
}

test('microsoft: an event is created with a transaction id and a mark, and found by it', async () => {
    const { create, look, find } = await graph();
    const event = {
        subject: 'Cut',
        body: { contentType: 'text', content: 'Long' },
        location: { displayName: 'Chair 2' },
        showAs: 'free',
        sensitivity: 'private',
        isReminderOn: true,
        reminderMinutesBeforeStart: 40,
        transactionId: 'cdk-1',
        singleValueExtendedProperties: [{ id: MARK, value: 'abc' }],
        ...GRAPH_HOURS,
    };
    const { status, body } = await create(event);
    assert.equal(status, 201);
    const found = (await look(body.id)).body;
    for (const name of ['subject', 'showAs', 'sensitivity', 'transactionId', 'isAllDay']) {
        assert.equal(found[name], event[name], name);
    }
    assert.deepEqual(found.start, {
        dateTime: '2026-03-02T09:00:00.0000000',
        timeZone: 'UTC',
    });
    assert.equal(found.reminderMinutesBeforeStart, 40);
    assert.deepEqual([found.bodyPreview, found.location.displayName], ['Long', 'Chair 2']);
    assert.equal(found.singleValueExtendedProperties, undefined);
    assert.deepEqual(await find('ABC'), [body.id], 'values are compared in any case');
    assert.deepEqual(await find('abc', '/me/events'), [body.id], 'all of the mailbox');
    assert.deepEqual(await find('abd'), []);
    assert.deepEqual(await find('abc', GRAPH, MARK.replace('caldock', 'Caldock')), []);
    assert.equal(await find("' or 1 eq 1"), 400);
});

test('microsoft: a transaction id again', async () => {
    const { create, remove } = await graph();
    const event = { ...GRAPH_HOURS, transactionId: 'cdk-1' };
    const { body } = await create(event);
    assert.deepEqual(reasonOf(await create(event)), [409, 'ErrorDuplicateTransactionId']);
    controls.microsoft.repeatTransaction('existing');
    const again = await create(event);
    assert.deepEqual([again.status, again.body.id], [201, body.id]);
    controls.microsoft.repeatTransaction('forget');
    const other = await create(event);
    assert.ok(other.status === 201 && other.body.id !== body.id);
    controls.microsoft.repeatTransaction();
    for (const { id } of [body, other.body]) assert.equal((await remove(id)).status, 204);
    assert.equal((await create(event)).status, 409, 'also of deleted events');
    assert.equal((await create(GRAPH_HOURS)).status, 201);
});

test('microsoft: what it refuses to create', async () => {
    const { client, create } = await graph();
    const midnight = (date) => ({ dateTime: `${date}T00:00:00`, timeZone: 'UTC' });
    const days = { start: midnight('2026-03-02'), end: midnight('2026-03-03') };
    const bad = [
        [{ start: { dateTime: '2026-03-02T09:00:00' } }, 'ErrorInvalidRequest'],
        [{ start: { dateTime: '2026-03-02T09:00:00Z', timeZone: 'UTC' } }, 'ErrorInvalidRequest'],
        [{ end: midnight('2026-03-02') }, 'ErrorPropertyValidationFailure'],
        [{ isAllDay: true }, 'ErrorPropertyValidationFailure'],
        [{ ...days, end: days.start, isAllDay: true }, 'ErrorPropertyValidationFailure'],
        [{ start: { ...days.start, timeZone: 'Nowhere' } }, 'TimeZoneNotSupportedException'],
        [{ showAs: 'opaque' }, 'RequestBodyRead'],
    ];
    for (const [more, code] of bad) {
        assert.deepEqual(reasonOf(await create({ ...GRAPH_HOURS, ...more })), [400, code]);
    }
    assert.equal((await create({ ...GRAPH_HOURS, ...days, isAllDay: true })).status, 201);
    const headers = { 'content-type': 'text/plain' };
    const plain = await client(GRAPH, { method: 'POST', json: GRAPH_HOURS, headers });
    assert.equal(plain.status, 415);
    controls.microsoft.changeCalendar({ ...CAROL, canEdit: false });
    assert.deepEqual(reasonOf(await create(GRAPH_HOURS)), [403, 'ErrorAccessDenied']);
});

test('microsoft: an event is updated, moved by its person, and deleted', async () => {
    const { client, create, update, look, remove } = await graph();
    const { id } = (await create({ subject: 'Cut', ...GRAPH_HOURS })).body;
    const start = { dateTime: '2026-03-02T08:00:00', timeZone: 'W. Europe Standard Time' };
    const { body } = await update(id, { start, body: { contentType: 'text', content: 'x' } });
    assert.equal(body.start.dateTime, '2026-03-02T07:00:00.0000000');
    assert.equal(body.end.dateTime, '2026-03-02T10:00:00.0000000');
    assert.deepEqual([body.subject, body.bodyPreview], ['Cut', 'x']);
    assert.equal((await update(id, { isAllDay: true })).status, 400);
    const mutable = (await client(GRAPH)).body.value[0].id;
    const inner = /Evt\d+/.exec(id)[0];
    controls.microsoft.rehomeEvent({ ...CAROL, id: inner, to: 'primary' });
    assert.equal((await look(id)).status, 200, 'an immutable id stays');
    assert.equal((await look(mutable)).status, 404);
    assert.equal((await remove(id)).status, 204);
    const gone = [await look(id), await update(id, {}), await remove(id)];
    assert.deepEqual(gone.map(reasonOf), Array(3).fill([404, 'ErrorItemNotFound']));
});
