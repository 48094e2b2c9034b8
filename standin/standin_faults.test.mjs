// SPDX-License-Identifier: Apache-2.0
// Shows how the stand-ins' calendar API goes wrong where a test wants it to.
import assert from 'node:assert/strict';
import test from 'node:test';

import {
    calendarPath,
    clientOf,
    controls,
    itemsOf,
    NAMES,
    openStandins,
    read,
    SOURCES,
} from './testing.mjs';

await openStandins(test);

const WRITE = {
    google: { start: { date: '2026-03-02' }, end: { date: '2026-03-03' } },
    microsoft: {
        start: { dateTime: '2026-03-02T09:00:00', timeZone: 'UTC' },
        end: { dateTime: '2026-03-02T10:00:00', timeZone: 'UTC' },
    },
};

for (const name of NAMES) {
    const { person, other } = SOURCES[name];
    const path = name === 'google' ? '/events' : '/calendarView';
    const fill = (count) =>
        controls[name].fillCalendar({
            account: person,
            calendar: 'team',
            count,
            start: '2026-03-02T00:00:00Z',
            every: 60000,
        });
    // A list of two pages → what the second one is answered with
    const secondPage = async (client) => {
        controls[name].eventPages(3);
        const first = await read(name, client);
        const { nextPageToken: pageToken, '@odata.nextLink': link } = first.body;
        return link ? client(link) : read(name, client, { query: { pageToken } });
    };

    test(`${name}: one person is throttled, with a time to wait or without`, async () => {
        const client = await clientOf(name);
        const stranger = await clientOf(name, other);
        controls[name].throttle({ account: person, retryAfter: 7, times: 2 });
        const key = 'primary';
        assert.equal((await stranger(calendarPath(name, key, other) + path)).status >= 429, false);
        for (let i = 0; i < 2; i++) {
            const { status, headers, body } = await read(name, client);
            assert.equal(status, name === 'google' ? 403 : 429);
            assert.equal(headers['retry-after'], '7');
            const why = body.error.errors?.[0] ?? { reason: body.error.code };
            assert.match(why.reason, /^(rateLimitExceeded|ApplicationThrottled)$/);
            if (name === 'google') assert.equal(why.domain, 'usageLimits');
        }
        controls[name].throttle({ status: 429, reason: 'rateLimitExceeded' });
        const { status, headers } = await read(name, client);
        assert.deepEqual([status, headers['retry-after']], [429, undefined]);
        assert.equal((await read(name, client)).status, 200);
    });

    test(`${name}: page 2 fails in every way, and page 1 doesn't`, async () => {
        const client = await clientOf(name);
        fill(6);
        controls[name].fault({ path, page: 2, status: 500, reason: 'backendError' });
        assert.equal((await secondPage(client)).status, 500);
        controls[name].fault({ path, page: 2, malformed: true });
        await assert.rejects(secondPage(client), SyntaxError);
        controls[name].fault({ path, page: 2, half: true });
        await assert.rejects(secondPage(client), /aborted|hang up|ECONNRESET/);
        controls[name].fault({ path, page: 2, calendar: 'primary', reset: true, perhaps: true });
        assert.equal(itemsOf(await secondPage(client)).length, 3);
        controls[name].calm();
    });

    test(`${name}: a page comes too late, and the client is gone`, async () => {
        const client = await clientOf(name);
        controls[name].fault({ path, page: 1, account: person, hang: true });
        const gone = Symbol('gone');
        const late = new Promise((resolve) => setTimeout(resolve, 100, gone));
        assert.equal(await Promise.race([read(name, client).catch(() => {}), late]), gone);
    });

    test(`${name}: a write is acted on, and its answer is lost`, async () => {
        const client = await clientOf(name);
        const target = `${calendarPath(name, 'team')}/events`;
        const write = () => client(target, { method: 'POST', json: WRITE[name] });
        const faults = [{ reset: true }, { status: 504 }, { html: true, status: 502 }];
        for (const fault of faults) {
            controls[name].fault({ path: '/events', method: 'POST', after: true, ...fault });
        }
        controls[name].fault({ path: '/events', method: 'POST', half: true });
        await assert.rejects(write(), /aborted|hang up|ECONNRESET/);
        assert.equal((await write()).status, 504);
        await assert.rejects(write(), SyntaxError);
        await assert.rejects(write(), /aborted|hang up|ECONNRESET/);
        assert.equal(itemsOf(await read(name, client)).length, 4, 'all were made');
    });

    test(`${name}: ten thousand events`, async () => {
        const client = await clientOf(name);
        fill(10000);
        const { length } = itemsOf(await read(name, client));
        assert.equal(length, name === 'google' ? 2500 : 1000);
    });
}
