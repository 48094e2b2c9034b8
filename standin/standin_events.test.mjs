// SPDX-License-Identifier: Apache-2.0
// Shows that the stand-ins' events behave as documented.
import assert from 'node:assert/strict';
import test from 'node:test';

import {
    addForAlice,
    ALICE,
    calendarPath,
    clientOf,
    controls,
    inWindow,
    itemsOf,
    NAMES,
    openStandins,
    read,
    SOURCES,
    standins,
    startsOf,
    titlesOf,
    WINDOW,
} from './testing.mjs';

await openStandins(test);

for (const name of NAMES) {
    const { person } = SOURCES[name];
    const add = (values) =>
        controls[name].addEvent({ account: person, calendar: 'team', ...values });

    test(`${name}: a primary calendar has something to see, the others are empty`, async () => {
        const client = await clientOf(name);
        const window = [new Date(), new Date(Date.now() + 14 * 86400000)].map((at) =>
            at.toISOString(),
        );
        const titles = titlesOf(await read(name, client, { key: 'primary', window }));
        assert.ok(titles.includes('Dentist (private)') && titles.includes('Fair in Lisbon'));
        assert.equal(titles.filter((title) => title === 'Round of team Lynx').length, 2);
        for (const title of titles) assert.ok(controls[name].texts.includes(title), title);
        assert.deepEqual(titlesOf(await read(name, client, { window })), []);
    });

    test(`${name}: what a person sees is in all their calendars, with series expanded`, () => {
        const [from, to] = ['2030-03-01', '2030-03-31'].map((day) => Date.parse(day));
        controls[name].emptyCalendar({ account: person });
        const start = '2030-03-04T09:00:00Z';
        const rule = 'FREQ=WEEKLY;COUNT=2';
        controls[name].addEvent({ account: person, title: 'Main', start, rule });
        add({ title: 'Day', start: '2030-03-05', zone: 'America/New_York', showAs: 'free' });
        const seen = controls[name].seenBy({ account: person, from, to });
        const [{ title }] = controls[name].eventsOf({ account: person, calendar: seen[1].name });
        assert.equal(title, 'Day');
        const day = Date.parse('2030-03-05T05:00:00Z');
        assert.deepEqual(
            seen.map(({ calendar, title, start: at, showAs }) => [calendar, title, at, showAs]),
            [
                ['primary', 'Main', Date.parse(start), undefined],
                ['team', 'Day', day, 'free'],
                ['primary', 'Main', Date.parse(start) + 7 * 86400000, undefined],
            ],
        );
        assert.equal(seen[1].end, day + 86400000);
        assert.throws(() => controls[name].seenBy({ account: 'nobody', from, to }));
    });

    test(`${name}: a list has what overlaps the window, by start`, async () => {
        const client = await clientOf(name);
        const day = (start, end) => add({ start, end, title: `${start} ${end}` });
        day('2026-02-28T22:00:00Z', '2026-03-01T00:00:00Z'); // ends as it begins
        day('2026-04-01T00:00:00Z', '2026-04-01T01:00:00Z');
        day('2026-03-20T00:00:00Z', '2026-05-01T01:00:00Z');
        day('2026-02-28T22:00:00Z', '2026-03-01T00:00:01Z');
        const starts = startsOf(await read(name, client));
        const wanted = ['2026-02-28T22:00:00Z', '2026-03-20T00:00:00Z'];
        assert.deepEqual(starts, wanted.map(Date.parse));
    });

    test(`${name}: a person adds, moves, declines and deletes an event`, async () => {
        const client = await clientOf(name);
        const { id } = add({ title: 'One', start: '2026-03-02T09:00:00Z' });
        const which = { account: person, calendar: 'team', id };
        controls[name].moveEvent({ ...which, start: '2026-03-03T09:00:00Z' });
        const [start] = startsOf(await read(name, client));
        assert.equal(start, Date.parse('2026-03-03T09:00:00Z'));
        controls[name].declineEvent(which);
        const [item] = itemsOf(await read(name, client));
        const answer = item.responseStatus?.response ?? item.attendees[1].responseStatus;
        assert.equal(answer, 'declined');
        controls[name].deleteEvent(which);
        assert.deepEqual(itemsOf(await read(name, client)), []);
    });

    test(`${name}: a series keeps its local time; single instances differ`, async () => {
        const client = await clientOf(name);
        const rule = 'FREQ=WEEKLY;BYDAY=TU,SU;COUNT=8';
        const start = '2026-03-03T10:00:00';
        const { id } = add({ title: 'Series', start, zone: 'Europe/Berlin', rule });
        const before = await read(name, client);
        assert.deepEqual(
            startsOf(before).map((ms) => new Date(ms).toISOString().slice(5, 16)),
            [3, 8, 10, 15, 17, 22, 24]
                .map((day) => `03-${String(day).padStart(2, '0')}T09:00`)
                .concat('03-29T08:00'),
        );
        const ids = controls[name].agenda({ account: person, calendar: 'team' }).occurrences();
        const [first, second] = ids.map((view) => view.id);
        const which = { account: person, calendar: 'team', id };
        controls[name].deleteEvent({ ...which, instance: first });
        controls[name].moveEvent({ ...which, instance: second, start: '2026-03-30T20:00:00Z' });
        const after = await read(name, client);
        assert.equal(itemsOf(after).length, 7);
        assert.equal(startsOf(after).at(-1), Date.parse('2026-03-30T20:00:00Z'));
        const [one] = itemsOf(after);
        const heads = itemsOf(after).map((item) => item.recurringEventId ?? item.seriesMasterId);
        assert.equal(new Set(heads).size, 1);
        if (name === 'google') assert.match(one.id, new RegExp(`^${id}_2026031\\dT090000Z$`));
        else assert.deepEqual([one.type, itemsOf(after).at(-1).type], ['occurrence', 'exception']);
    });

    test(`${name}: events as they are kept, for another expansion`, () => {
        const rule = 'FREQ=WEEKLY;COUNT=3';
        const { id } = add({ start: '2026-03-02', rule, showAs: 'free' });
        const which = { account: person, calendar: 'team', id };
        controls[name].deleteEvent({ ...which, instance: `${id}_20260309` });
        const [{ start, end, exceptions, ...event }] = controls[name].eventsOf(which);
        assert.deepEqual([event.rule, event.showAs], [rule, 'free']);
        assert.deepEqual([start, end], ['2026-03-02', '2026-03-03']);
        assert.deepEqual(exceptions, [{ isDead: true, original: '2026-03-09' }]);
        controls[name].deleteEvent(which);
        assert.deepEqual(controls[name].eventsOf(which), []);
    });

    test(`${name}: what is asked of one calendar is answered, and its rights`, async () => {
        const client = await clientOf(name);
        const isGoogle = name === 'google';
        const list = isGoogle ? '/users/me/calendarList' : '/me/calendars';
        const path = calendarPath(name, 'team').replace(/^.*calendars(?=\/)/, list);
        const ask = async () =>
            (
                await client(path, {
                    query: isGoogle
                        ? { fields: 'id,accessRole,timeZone,primary' }
                        : { $select: 'id,canEdit,isDefaultCalendar' },
                })
            ).body;
        const names = ({ '@odata.context': context, ...body }) => Object.keys(body).sort();
        assert.deepEqual(
            names(await ask()),
            isGoogle ? ['accessRole', 'id', 'timeZone'] : ['canEdit', 'id', 'isDefaultCalendar'],
        );
        controls[name].changeCalendar({ account: person, calendar: 'team', canEdit: false });
        const { accessRole, canEdit } = await ask();
        assert.equal(accessRole ?? canEdit, isGoogle ? 'reader' : false);
    });

    test(`${name}: pages, of sizes that a test wants`, async () => {
        const client = await clientOf(name);
        controls[name].fillCalendar({
            account: person,
            calendar: 'team',
            count: 10,
            start: '2026-03-02T00:00:00Z',
        });
        controls[name].eventPages([3, 0, 5]);
        const sizes = [];
        let answer = await read(name, client);
        while (answer) {
            sizes.push(itemsOf(answer).length);
            const { nextPageToken: pageToken, '@odata.nextLink': link } = answer.body;
            const more = { query: { pageToken } };
            answer = link ? await client(link) : pageToken && (await read(name, client, more));
        }
        assert.deepEqual(sizes, [3, 0, 5, 2]);
        const pages = controls[name].requests(name === 'google' ? '/events' : '/calendarView');
        assert.deepEqual(
            pages.map(({ page }) => page),
            [1, 2, 3, 4],
        );
        for (const [i, { person: who, calendar, beganAt, endedAt }] of pages.entries()) {
            assert.deepEqual([who, calendar], [person, 'team']);
            assert.ok(beganAt < endedAt && !(pages[i + 1]?.beganAt < endedAt));
        }
    });

    test(`${name}: strangers, missing scopes and calendars that are gone`, async () => {
        const client = await clientOf(name);
        const nobody = calendarPath(name, 'nothing');
        const list = name === 'google' ? 'events' : 'calendarView';
        const query = inWindow(name);
        assert.equal((await client(`${nobody}/${list}`, { query })).status, 404);
        const wrong = { authorization: 'Bearer nonsense' };
        assert.equal((await read(name, client, { headers: wrong })).status, 401);
        controls[name].mailbox({ account: person, calendars: [{ key: 'team', status: 403 }] });
        assert.equal((await read(name, client)).status, 403);
    });

    test(`${name}: the events' switches over HTTP`, async () => {
        const client = await clientOf(name);
        const send = async (action, argument) => {
            const url = `${standins[name].url}/__control/${action}`;
            return (await fetch(url, { method: 'POST', body: JSON.stringify(argument) })).json();
        };
        const where = { account: person, calendar: 'team' };
        const { id } = await send('addEvent', { ...where, title: 'Mine', start: '2026-03-05' });
        const [item] = itemsOf(await read(name, client));
        assert.ok(item.start.date === '2026-03-05' || item.isAllDay);
        await send('deleteEvent', { ...where, id });
        assert.deepEqual(itemsOf(await read(name, client)), []);
        const texts = await (await fetch(`${standins[name].url}/__control/texts`)).json();
        assert.ok(texts.includes('Mine'));
    });
}

test('google: an event as Google writes it', async () => {
    const client = await clientOf('google');
    const add = (values) =>
        controls.google.addEvent({ account: 'alice@example.com', calendar: 'team', ...values });
    add({ title: 'A', start: '2026-03-02T14:00:00Z', zone: 'Europe/Berlin', showAs: 'free' });
    add({ title: 'B', start: '2026-03-03', showAs: 'tentative', kind: 'workingLocation' });
    add({ title: 'C', start: '2026-03-04T09:00:00', answer: 'declined', guests: 3 });
    const { body } = await read('google', client, { query: { maxAttendees: 1 } });
    const [a, b, c] = body.items;
    assert.equal(body.timeZone, 'America/New_York');
    assert.deepEqual(a.start, { dateTime: '2026-03-02T09:00:00-05:00', timeZone: 'Europe/Berlin' });
    assert.deepEqual([a.transparency, a.status], ['transparent', 'confirmed']);
    assert.deepEqual([b.start, b.end], [{ date: '2026-03-03' }, { date: '2026-03-04' }]);
    assert.deepEqual([b.status, b.eventType], ['tentative', 'workingLocation']);
    assert.deepEqual(
        [c.attendees.length, c.attendees[0].self, c.attendeesOmitted],
        [1, true, true],
    );
    const fields =
        'timeZone,nextSyncToken,items(id,start,transparency,attendees(self,responseStatus))';
    const part = (await read('google', client, { query: { fields } })).body;
    assert.deepEqual(Object.keys(part), ['timeZone', 'nextSyncToken', 'items']);
    assert.deepEqual(part.items[2].attendees[1], { self: true, responseStatus: 'declined' });
    assert.deepEqual(Object.keys(part.items[1]), ['id', 'start']);
});

test('google: windows without an offset, empty windows, and who may read nothing', async () => {
    const client = await clientOf('google');
    const path = `${calendarPath('google', 'team')}/events`;
    const get = async (query) => {
        const { status, body } = await client(path, { query });
        return [status, body.error?.errors[0].reason];
    };
    assert.deepEqual(await get({ timeMin: '2026-03-01T00:00:00' }), [400, 'badRequest']);
    const [timeMax, timeMin] = WINDOW;
    assert.deepEqual(await get({ timeMin, timeMax }), [400, 'timeRangeEmpty']);
    assert.deepEqual(await get({ pageToken: 'x' }), [400, 'invalid']);
    const calendars = [{ key: 'team', role: 'freeBusyReader' }];
    controls.google.mailbox({ account: 'alice@example.com', calendars });
    assert.deepEqual(await get({}), [403, 'forbidden']);
});

test('microsoft: an event as Graph writes it', async () => {
    const client = await clientOf('microsoft');
    const add = (values) =>
        controls.microsoft.addEvent({ account: 'carol@contoso.test', calendar: 'team', ...values });
    add({ title: 'A', start: '2026-03-02T14:00:00Z', zone: 'Europe/Berlin', showAs: 'oof' });
    add({ title: 'B', start: '2026-03-03', zone: 'Asia/Calcutta', isCancelled: true });
    add({ title: 'C', start: '2026-03-04T09:00:00Z', answer: 'tentative', visibility: 'private' });
    const prefer = 'outlook.timezone="Eastern Standard Time", IdType="ImmutableId"';
    const { body, headers } = await read('microsoft', client, { headers: { prefer } });
    assert.match(headers['preference-applied'], /Eastern Standard Time/);
    const [a, b, c] = body.value;
    const timeZone = 'Eastern Standard Time';
    assert.deepEqual(a.start, { dateTime: '2026-03-02T09:00:00.0000000', timeZone });
    assert.deepEqual(
        [a.showAs, a.type, a.originalStartTimeZone],
        ['oof', 'singleInstance', 'W. Europe Standard Time'],
    );
    assert.deepEqual(b.end, { dateTime: '2026-03-04T00:00:00.0000000', timeZone });
    assert.deepEqual([b.isAllDay, b.isCancelled], [true, true]);
    assert.equal(b.originalStartTimeZone, 'India Standard Time');
    assert.deepEqual(
        [c.responseStatus.response, c.sensitivity],
        ['tentativelyAccepted', 'private'],
    );
    const other = (await read('microsoft', client)).body.value[0];
    assert.notEqual(other.id, a.id, 'ids are immutable for those who ask');
    assert.deepEqual(other.start.timeZone, 'UTC');
    for (const id of [a.id, other.id]) {
        const { status, body: one } = await client(`/me/events/${encodeURIComponent(id)}`);
        assert.deepEqual([status, one.subject], [200, 'A']);
    }
    const $select = 'start,createdDateTime';
    const [part] = (await read('microsoft', client, { query: { $select } })).body.value;
    assert.deepEqual(Object.keys(part), ['@odata.etag', 'id', 'start']);
    const query = { $select: 'createdDateTime,organizer' };
    const [whole] = (await read('microsoft', client, { query })).body.value;
    assert.deepEqual(Object.keys(whole), ['@odata.etag', 'id', 'createdDateTime', 'organizer']);
});

test('microsoft: a view needs a window, of five years at most, and zones that exist', async () => {
    const client = await clientOf('microsoft');
    const path = `${calendarPath('microsoft', 'team')}/calendarView`;
    const get = async (query, headers) => {
        const { status, body } = await client(path, { query, headers });
        return [status, body.error?.code];
    };
    assert.deepEqual(await get({}), [400, 'ErrorInvalidParameter']);
    const odd = inWindow('microsoft', ['2026-01-01T00:00:00', 'tomorrow']);
    assert.deepEqual(await get(odd), [400, 'ErrorInvalidParameter']);
    const wide = inWindow('microsoft', ['2020-01-01T00:00:00', '2026-01-01T00:00:00']);
    assert.deepEqual(await get(wide), [400, 'ErrorCalendarViewRangeTooBig']);
    const prefer = 'outlook.timezone="Nowhere"';
    assert.deepEqual(await get(inWindow('microsoft'), { prefer }), [
        400,
        'TimeZoneNotSupportedException',
    ]);
    assert.equal((await client('/me/calendarView', { query: inWindow('microsoft') })).status, 200);
});

// Google's lists of one calendar, in full at first, then what changed since the last call.
function follower(client) {
    const path = `${calendarPath('google', 'team')}/events`;
    let query = { ...inWindow('google'), maxResults: 2500 };
    return async () => {
        const answer = await client(path, { query });
        assert.equal(answer.status, 200, answer.text);
        query = { singleEvents: 'true', maxResults: 2500, syncToken: answer.body.nextSyncToken };
        return answer.body.items;
    };
}

test('google: an increment has what changed, and of what is gone no more than its id', async () => {
    const next = follower(await clientOf('google'));
    const id = addForAlice({ title: 'One', start: '2026-03-02T09:00:00Z' });
    const other = addForAlice({ title: 'Two', start: '2026-03-03T09:00:00Z' });
    assert.equal((await next()).length, 2);
    assert.deepEqual(await next(), []);
    controls.google.moveEvent({ ...ALICE, id, start: '2027-09-02T09:00:00Z' });
    controls.google.deleteEvent({ ...ALICE, id: other });
    const [moved, gone] = await next();
    assert.deepEqual([moved.id, moved.start.dateTime], [id, '2027-09-02T05:00:00-04:00']);
    assert.deepEqual(Object.keys(gone), ['kind', 'etag', 'id', 'status']);
    assert.deepEqual([gone.id, gone.status], [other, 'cancelled']);
    assert.deepEqual(await next(), []);
});

test('google: instances of a series in increments', async () => {
    const next = follower(await clientOf('google'));
    const start = '2026-03-02T09:00:00Z';
    const id = addForAlice({ start, zone: 'UTC', rule: 'FREQ=DAILY;COUNT=5' });
    assert.equal((await next()).length, 5);
    const instance = (day) => `${id}_202603${String(day).padStart(2, '0')}T090000Z`;
    controls.google.deleteEvent({ ...ALICE, id, instance: instance(3) });
    const [exception] = await next();
    const { recurringEventId, originalStartTime, status } = exception;
    assert.deepEqual([recurringEventId, status], [id, 'cancelled']);
    assert.equal(originalStartTime.dateTime, '2026-03-03T04:00:00-05:00');
    controls.google.changeEvent({ ...ALICE, id, instance: instance(4), showAs: 'free' });
    assert.equal((await next())[0].transparency, 'transparent');
    controls.google.changeEvent({ ...ALICE, id, rule: 'FREQ=DAILY;COUNT=2' });
    const found = (await next()).map((item) => [item.id, item.status]);
    const days = [2, 3, 4, 5, 6];
    assert.deepEqual(
        found.sort(),
        days.map((day) => [instance(day), day < 4 ? 'confirmed' : 'cancelled']),
    );
});

test('google: a deleted series is told of by some of its instances, by itself, or in full', async () => {
    const next = follower(await clientOf('google'));
    const soon = new Date(Date.now() - 36 * 3600000).toISOString();
    for (const [reported, count] of [
        [undefined, 2],
        [1, 1],
        ['head', 1],
        ['all', 9],
    ]) {
        const id = addForAlice({ start: soon, zone: 'UTC', rule: 'FREQ=DAILY;COUNT=9' });
        await next();
        controls.google.deleteEvent({ ...ALICE, id, reported });
        const items = await next();
        assert.equal(items.length, count, String(reported));
        assert.ok(items.every(({ status }) => status === 'cancelled'));
        assert.equal(items[0].recurringEventId, reported === 'head' ? undefined : id);
    }
});

test('google: of a series that is over, its last instances are told', async () => {
    const next = follower(await clientOf('google'));
    const start = new Date(Date.now() - 10 * 86400000).toISOString().slice(0, 10);
    const id = addForAlice({ start, rule: 'FREQ=DAILY;COUNT=4' });
    await next();
    const own = controls.google.agenda(ALICE).occurrences();
    controls.google.deleteEvent({ ...ALICE, id });
    const found = (await next()).map((item) => item.id);
    assert.deepEqual(
        found,
        own.slice(2).map((view) => view.id),
    );
});

test('google: an edited endless series brings instances years ahead, or within the window', async () => {
    const client = await clientOf('google');
    for (const isOn of [false, true]) {
        controls.google.stayInWindow(isOn);
        const next = follower(client);
        const rule = 'FREQ=WEEKLY';
        const id = addForAlice({ title: 'Ever', start: '2026-03-02T09:00:00Z', rule });
        await next();
        controls.google.changeEvent({ ...ALICE, id, title: 'Ever after' });
        const last = (await next()).at(-1).start.dateTime;
        assert.equal(last < '2026-04', isOn, last);
        controls.google.deleteEvent({ ...ALICE, id });
    }
});

test('google: a series of times becomes one of whole days, and its instances say what they were', async () => {
    const next = follower(await clientOf('google'));
    const start = '2026-03-02T09:00:00Z';
    const id = addForAlice({ start, zone: 'UTC', rule: 'FREQ=DAILY;COUNT=3' });
    const instance = `${id}_20260303T090000Z`;
    controls.google.moveEvent({ ...ALICE, id, instance, start: '2026-03-10' });
    const moved = (await next()).find((item) => item.id === instance);
    const { originalStartTime } = moved;
    assert.deepEqual(moved.start, { date: '2026-03-10' });
    assert.equal(originalStartTime.dateTime, '2026-03-03T04:00:00-05:00');
    controls.google.changeEvent({ ...ALICE, id, start: '2026-03-02', rule: 'FREQ=DAILY;COUNT=2' });
    const items = await next();
    const gone = items.filter(({ status }) => status === 'cancelled');
    const living = items.filter(({ status }) => status === 'confirmed');
    assert.equal(gone.length, 3);
    assert.deepEqual(gone[1].originalStartTime, originalStartTime);
    assert.deepEqual(
        living.map((item) => item.start),
        [{ date: '2026-03-02' }, { date: '2026-03-03' }],
    );
});

test('google: what changes between two pages comes with the next increment', async () => {
    const client = await clientOf('google');
    const path = `${calendarPath('google', 'team')}/events`;
    controls.google.fillCalendar({ ...ALICE, count: 4, start: '2026-03-02T00:00:00Z' });
    const query = { ...inWindow('google'), maxResults: 2 };
    const first = (await client(path, { query })).body;
    assert.equal(first.nextSyncToken, undefined);
    controls.google.deleteEvent({ ...ALICE, id: first.items[0].id });
    const more = { ...query, pageToken: first.nextPageToken };
    const second = (await client(path, { query: more })).body;
    assert.deepEqual([second.items.length, second.nextPageToken], [2, undefined]);
    const since = { singleEvents: 'true', syncToken: second.nextSyncToken };
    const { items } = (await client(path, { query: since })).body;
    assert.deepEqual([items[0].id, items[0].status], [first.items[0].id, 'cancelled']);
    const other = await client(path, { query: { ...more, maxResults: 3 } });
    assert.equal(other.status, 400, 'a page token belongs to its query');
});

test('google: cursors that are forgotten, foreign, lost, or with parameters', async () => {
    const client = await clientOf('google');
    const path = `${calendarPath('google', 'team')}/events`;
    const { nextSyncToken: syncToken } = (await read('google', client)).body;
    const get = async (query) => {
        const single = { singleEvents: 'true', syncToken, ...query };
        const { status, body } = await client(path, { query: single });
        return [status, body.error?.errors[0].reason];
    };
    for (const name of ['timeMin', 'timeMax', 'updatedMin', 'orderBy', 'q', 'iCalUID']) {
        assert.deepEqual(await get({ [name]: WINDOW[0] }), [400, 'invalid'], name);
    }
    assert.deepEqual(await get({ showDeleted: 'false' }), [400, 'invalid']);
    assert.deepEqual(await get({ syncToken: 'x' }), [400, 'invalid']);
    assert.deepEqual(await get({ singleEvents: 'false' }), [400, 'invalid']);
    assert.deepEqual(await get({}), [200, undefined]);
    controls.google.forgetCursors({ account: 'bob@acme.test' });
    assert.deepEqual(await get({}), [200, undefined]);
    controls.google.forgetCursors({ account: 'alice@example.com' });
    assert.deepEqual(await get({}), [410, 'fullSyncRequired']);
    controls.google.loseCursor();
    const { body } = await read('google', client);
    assert.ok(!('nextSyncToken' in body || 'nextPageToken' in body));
});

test('google: other rights end cursors; a calendar that goes is gone', async () => {
    const client = await clientOf('google');
    const { nextSyncToken: syncToken } = (await read('google', client)).body;
    controls.google.changeCalendar({ ...ALICE, canEdit: false });
    const path = `${calendarPath('google', 'team')}/events`;
    const query = { singleEvents: 'true', syncToken };
    assert.equal((await client(path, { query })).status, 410);
    assert.equal((await read('google', client)).body.accessRole, 'reader');
    controls.google.changeCalendar({ ...ALICE, isGone: true });
    assert.equal((await read('google', client)).status, 404);
    const list = await client('/users/me/calendarList');
    assert.equal(list.body.items.length, 2);
});

test('google: without singleEvents there are heads, and what differs from them', async () => {
    const client = await clientOf('google');
    const rule = 'FREQ=DAILY;COUNT=5';
    const id = addForAlice({ start: '2026-03-02T09:00:00Z', zone: 'UTC', rule });
    controls.google.deleteEvent({ ...ALICE, id, instance: `${id}_20260303T090000Z` });
    const [head, exception] = (await client(`${calendarPath('google', 'team')}/events`)).body.items;
    assert.deepEqual(head.recurrence, [`RRULE:${rule}`]);
    assert.deepEqual([exception.recurringEventId, exception.status], [id, 'cancelled']);
});

test('google: an event is still answered when it is deleted', async () => {
    const client = await clientOf('google');
    const path = `${calendarPath('google', 'team')}/events`;
    const rule = 'FREQ=DAILY;COUNT=5';
    const id = addForAlice({ start: '2026-03-02T09:00:00Z', zone: 'UTC', rule });
    const status = async (one) => (await client(`${path}/${one}`)).body.status;
    assert.equal(await status(`${id}_20260304T090000Z`), 'confirmed');
    controls.google.deleteEvent({ ...ALICE, id });
    assert.equal(await status(id), 'cancelled');
    assert.equal(await status(`${id}_20260304T090000Z`), 'cancelled');
    for (const one of [`${id}_20260304T100000Z`, `${id}_20260309T090000Z`, 'nothing']) {
        assert.equal((await client(`${path}/${one}`)).status, 404);
    }
});
