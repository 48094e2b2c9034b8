// SPDX-License-Identifier: Apache-2.0
// docs/calendar.md §7: notifications of the sources, forged and genuine; the channels they come by.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertAll, counts, moved, scrape } from './lib/metrics.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, API, SOURCES, openWorld } from './lib/world.mjs';

const JOIN_MS = 1100; // notifications within a second are one
const PUBLIC = 'https://caldock.example';
const world = await openWorld(test, {
    publicUrl: PUBLIC,
    settings: { server: { metrics_listen: 'unix:metrics.sock' } },
});

const SETTINGS = `${API}/staff_calendar_settings`;
const GOOGLE = '/notify/google';
const MICROSOFT = '/notify/microsoft';

const post = (target, options = {}) =>
    world.ask(target, { method: 'POST', token: null, ...options });
const google = (headers, options) => post(GOOGLE, { headers, ...options });
const microsoft = (value, options) => post(MICROSOFT, { json: { value }, ...options });

test('Google: without a token of ours there is nothing here', async () => {
    const state = { 'x-goog-resource-state': 'exists' };
    for (const token of [undefined, '', 'forged', 'A'.repeat(40), 'é'.repeat(20)]) {
        const own = token === undefined ? {} : { 'x-goog-channel-token': Buffer.from(token).toString('latin1') };
        const answer = await google({ ...state, ...own });
        assert.deepEqual([answer.status, answer.body.code], [404, 'not_found'], token);
        assert.equal(answer.headers['retry-after'], undefined);
    }
    const large = await google({ 'x-goog-channel-token': 'forged' }, { body: 'x'.repeat(70000) });
    assert.equal(large.status, 404);
});

test('Microsoft: items without a token of ours are ignored', async () => {
    const items = [{}, { clientState: 'forged' }, { clientState: 7 }, null, 'text'];
    const answer = await microsoft(items);
    assert.deepEqual([answer.status, answer.text], [202, '']);
    assert.equal((await microsoft([])).status, 202);
    assert.equal((await microsoft(Array(1000).fill({ clientState: 'A'.repeat(40) }))).status, 202);
});

test('Microsoft: what is no list of items is refused', async () => {
    for (const body of ['', '{', '[]', '{}', '{"value":{}}', '{"value":7}', `${'['.repeat(40)}`]) {
        const answer = await post(MICROSOFT, { body });
        assert.deepEqual([answer.status, answer.body.code], [400, 'parse_error'], body);
    }
    const many = await microsoft(Array(1001).fill({}));
    assert.deepEqual([many.status, many.body.code], [400, 'parameter_invalid']);
});

test('Microsoft: a body has 256 KiB at most', async () => {
    const body = (bytes) => {
        const around = JSON.stringify({ value: [], filler: '' });
        return JSON.stringify({ value: [], filler: 'x'.repeat(bytes - around.length) });
    };
    assert.equal((await post(MICROSOFT, { body: body(256 * 1024) })).status, 202);
    const answer = await post(MICROSOFT, { body: body(256 * 1024 + 1) });
    assert.deepEqual([answer.status, answer.body.code], [413, 'payload_too_large']);
});

const shake = (query, options) => post(`${MICROSOFT}?${query}`, options);

test('Microsoft: the handshake says the token back, and nothing else', async () => {
    const rows = [
        ['validationToken=abc', 'abc'],
        ['validationToken=a+b%2Bc%26%3D', 'a b+c&='],
        ['x=1&validationToken=%C3%A9%3Cb%3E', 'é<b>'],
        [`validationToken=${'t'.repeat(2048)}`, 't'.repeat(2048)],
    ];
    for (const [query, text] of rows) {
        for (const body of [undefined, '{', '{"value":[]}', 'x'.repeat(300000)]) {
            const answer = await shake(query, { body });
            assert.deepEqual([answer.status, answer.text], [200, text]);
            assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
            assert.equal(answer.headers['x-content-type-options'], 'nosniff');
        }
    }
});

test('Microsoft: a token that can’t be one is not said back', async () => {
    const rows = [
        'validationToken=',
        `validationToken=${'t'.repeat(2049)}`,
        'validationToken=a%00b',
        'validationToken=a%0Ab',
        'validationToken=a%7Fb',
        'validationToken=a%C2%85b',
        'validationToken=a%FFb',
        'validationToken=a%2',
        'validationToken=a&validationToken=b',
    ];
    for (const query of rows) {
        const answer = await shake(query);
        assert.deepEqual([answer.status, answer.body.code], [400, 'parameter_invalid'], query);
    }
});

// --- channels

// A calendar that blocks → what the tests need of it, once it is read and notified of.
async function notified(code, { calendar = 'primary', ...more } = {}) {
    const email = world.newPerson(code);
    const control = world.control(code);
    if (more.canWatch === false) control.changeCalendar({ account: email, canWatch: false });
    const account = await world.connected(code, { account: email });
    control.emptyCalendar({ account: email });
    const { body: listed } = await world.ask(`${ACCOUNTS}/${account}/calendars`);
    const isMeant = (one) => one.is_primary === (calendar === 'primary');
    const { status, body, text } = await world.post(SETTINGS, {
        calendar_source_account: account,
        calendar_source_calendar_id: listed.results.find(isMeant).id,
        is_destination_for_teamup_events: false,
        is_source_for_busy_periods: true,
    });
    assert.equal(status, 201, text);
    const own = { code, email, account, control, setting: body.id };
    if (more.canWatch !== false) {
        await until('the channel', () => channelsOf(own).length === 1);
        await until('the read after it', () => isQuiet(own));
    }
    return own;
}

const channelsOf = ({ control, email }) =>
    control.channels.filter(({ account }) => account === email);
const syncOf = async ({ setting }, column) =>
    world.queryStore(`select ${column} from calendar_sync where settings = ${setting}`);
// When it was notified of last, which stays when the read that follows is done.
const heardOf = async (own) => Number(await syncOf(own, 'channel_heard_at'));
const showOf = async ({ setting }) => (await world.ask(`${SETTINGS}/${setting}`)).body;
// Read since its channel was made, and not due for long.
const isQuiet = async (own) => {
    const columns = `case when channel_id <> '' and read_at >= channel_made_at and state = 2
        and due_at > read_at + 60000 then 1 else 0 end`;
    return (await syncOf(own, columns)) === '1';
};
const alter = ({ setting }, columns) =>
    world.alterStore(`update calendar_sync set ${columns} where settings = ${setting}`);
const SOON_MS = 24 * 86400000;
const add = ({ control, email }) =>
    control.addEvent({
        account: email,
        start: new Date(Date.now() + SOON_MS).toISOString().replace(/\.\d+/, ''),
    });

for (const code of Object.keys(SOURCES)) {
    const good = code === 'GOOG' ? 200 : 202;
    const bad = code === 'GOOG' ? 404 : 202;

    test(`${code}: a change is told, and read two seconds later`, async () => {
        const own = await notified(code);
        assert.equal((await showOf(own)).notifications, 'push');
        const events = Number(await syncOf(own, 'events'));
        add(own);
        await until('the read', async () => Number(await syncOf(own, 'events')) === events + 1);
        assert.equal(own.control.notifications.at(-1).status, good);
        assert.equal(await syncOf(own, 'noticed_at'), '0');
    });

    test(`${code}: many at once are one read`, async () => {
        const own = await notified(code);
        own.control.doubleNotifications(20);
        const heard = await heardOf(own);
        add(own);
        await own.control.settleNotifications();
        const statuses = own.control.notifications.slice(-20).map(({ status }) => status);
        assert.deepEqual(statuses, Array(20).fill(good));
        assert.ok((await heardOf(own)) > heard);
    });

    test(`${code}: a forged one changes nothing`, async () => {
        const own = await notified(code);
        const before = await syncOf(own, '*');
        const { email: account } = own;
        const statuses = await own.control.forgeNotification({ account, count: 5 });
        assert.deepEqual(statuses, Array(5).fill(bad));
        assert.equal(await syncOf(own, '*'), before);
    });

    test(`${code}: a channel is renewed in time, or another takes its place`, async () => {
        const own = await notified(code);
        const [{ id, expiresAt }] = channelsOf(own);
        const number = Number(await syncOf(own, 'channel_no'));
        await alter(own, 'channel_due_at = 1, channel_made_at = 1');
        await until('the renewal', async () => (await syncOf(own, 'channel_due_at')) > '100');
        // Due is put off before the source is asked, so that says nothing yet.
        const now = await until('one channel, that lasts longer', () => {
            const [first, ...others] = channelsOf(own);
            return others.length === 0 && first?.expiresAt > expiresAt && first;
        });
        assert.equal(now.id === id, code === 'MSFT');
        const next = number + (code === 'GOOG' ? 1 : 0);
        await until('its number', async () => Number(await syncOf(own, 'channel_no')) === next);
        if (code === 'GOOG') await until('the read after it', () => isQuiet(own));
        await sleep(JOIN_MS);
        const heard = await heardOf(own);
        add(own);
        await until('the notice', async () => (await heardOf(own)) > heard);
    });

    test(`${code}: a channel that says nothing for a week, though there were changes, is made anew`, async () => {
        const own = await notified(code);
        const number = Number(await syncOf(own, 'channel_no'));
        own.control.loseNotifications();
        try {
            await alter(own, `channel_heard_at = channel_heard_at - ${8 * 86400000}, channel_made_at = 1`);
            add(own);
            await world.caldock.run('sync', 'now', String(own.setting));
            await until('another', async () => Number(await syncOf(own, 'channel_no')) > number);
        } finally {
            own.control.loseNotifications(0);
        }
        await until('the end of the old one', () => channelsOf(own).length === 1);
        await until('the read after it', () => isQuiet(own));
        await sleep(JOIN_MS);
        const heard = await heardOf(own);
        add(own);
        await until('the notice', async () => (await heardOf(own)) > heard);
    });

    test(`${code}: what is switched off, or deleted, is ended`, async () => {
        const own = await notified(code);
        const off = { is_source_for_busy_periods: false };
        await world.ask(`${SETTINGS}/${own.setting}`, { method: 'PATCH', json: off });
        await until('its end', () => channelsOf(own).length === 0);
        await until('off', async () => (await showOf(own)).notifications === 'off');
        const on = { is_source_for_busy_periods: true };
        await world.ask(`${SETTINGS}/${own.setting}`, { method: 'PATCH', json: on });
        await until('another', () => channelsOf(own).length === 1);
        await until('the read after it', () => isQuiet(own));
        const { status } = await world.ask(`${SETTINGS}/${own.setting}`, { method: 'DELETE' });
        assert.equal(status, 204);
        await until('its end', () => channelsOf(own).length === 0);
        const left = `select count(*) from staff_calendar_settings where id = ${own.setting}`;
        await until('nothing is left', async () => (await world.queryStore(left)) === '0');
    });

    test(`${code}: a calendar that can’t be watched is polled`, async () => {
        const own = await notified(code, { canWatch: false });
        const week = `case when channel_due_at > ${Date.now() + 6 * 86400000}
            and channel_due_at < ${Date.now() + 8 * 86400000} then 1 else 0 end`;
        await until('a week of rest', async () => (await syncOf(own, week)) === '1');
        assert.equal((await showOf(own)).notifications, 'polling');
        assert.deepEqual(channelsOf(own), []);
    });

    test(`${code}: a store that is away is a 503, and nothing is lost`, async (t) => {
        if (world.schema) return t.skip('with PostgreSQL there is no file to lock');
        const own = await notified(code);
        own.control.doubleNotifications(3);
        const heard = await heardOf(own);
        const { ends } = await lockStore(3500);
        add(own);
        await until('an answer', () => own.control.notifications.some(({ status }) => status === 503));
        await ends;
        await own.control.settleNotifications();
        await until('the notice', async () => (await heardOf(own)) > heard);
    });
}

// Nobody else may write for so long → {ends: a promise}
async function lockStore(ms) {
    const program = `import sqlite3, sys, time
d = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
d.execute('begin immediate')
print('locked', flush=True)
time.sleep(${ms / 1000})
d.execute('rollback')`;
    const child = spawn('python3', ['-c', program, `${world.caldock.folder}/caldock.db`]);
    await once(child.stdout, 'data');
    return { ends: once(child, 'exit') };
}

// The tokens of a calendar's living channels.
const tokensOf = ({ code, email }) =>
    [...world.standin(code).push.channels.values()]
        .filter(({ person }) => person.email === email)
        .map(({ token, clientState }) => token ?? clientState);

test('Google: what a genuine notification may have', async () => {
    const own = await notified('GOOG');
    const [token] = tokensOf(own);
    world.secrets.add(token);
    const send = (state, options) =>
        google({ 'x-goog-channel-token': token, ...(state && { 'x-goog-resource-state': state }) }, options);
    const sync = await send('sync');
    assert.deepEqual([sync.status, sync.text], [200, '']);
    const large = await send('exists', { body: 'x'.repeat(1025) });
    assert.deepEqual([large.status, large.body.code], [413, 'payload_too_large']);
    assert.equal(await syncOf(own, 'noticed_at'), '0');
    const heard = await heardOf(own);
    const body = 'x'.repeat(1024);
    const answer = await send('exists', { body });
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.ok((await heardOf(own)) > heard);
    for (const state of ['not_exists', 'somethingNew', undefined]) {
        assert.equal((await send(state)).status, 200);
    }
    // The other source's endpoint doesn't take it.
    await until('quiet', () => isQuiet(own));
    await alter(own, 'noticed_at = 0');
    assert.equal((await microsoft([{ clientState: token, changeType: 'updated' }])).status, 202);
    assert.equal(await syncOf(own, 'noticed_at'), '0');
});

const NOTIFICATIONS = 'caldock_notifications_total';

test('each notification is counted once, by what came of it', async () => {
    const at = path.join(world.caldock.folder, 'metrics.sock');
    const own = await notified('GOOG');
    const [token] = tokensOf(own);
    world.secrets.add(token);
    const send = (state) =>
        google({ 'x-goog-channel-token': token, 'x-goog-resource-state': state });
    const cases = {
        forged: () => google({ 'x-goog-channel-token': 'forged' }),
        sync: () => send('sync'),
        due: () => send('exists'),
        unknown: async () => {
            await alter(own, 'channel_no = channel_no + 2');
            await send('exists');
        },
        refused: async () => {
            const { ends } = await lockStore(3500);
            assert.equal((await send('exists')).status, 503);
            await ends;
        },
    };
    if (world.schema) delete cases.refused; // with PostgreSQL there is no file to lock
    for (const [outcome, happens] of Object.entries(cases)) {
        await sleep(JOIN_MS); // what is known of the one before
        await counts(at, NOTIFICATIONS, { source: 'google', outcome }, happens);
    }
    // One that is known to be unknown isn't looked for again, and is counted all the same.
    const unknown = { source: 'google', outcome: 'unknown' };
    await sleep(JOIN_MS);
    for (let i = 0; i < 2; i++) await counts(at, NOTIFICATIONS, unknown, () => send('exists'));
    assertAll(NOTIFICATIONS, [...Object.keys(cases), ...(world.schema ? ['refused'] : [])]);
});

test('a channel counts until two newer ones are made', async () => {
    const own = await notified('MSFT');
    const [clientState] = tokensOf(own);
    world.secrets.add(clientState);
    const items = [{ clientState: 'forged' }, { clientState, changeType: 'created' }];
    const made = Number(await syncOf(own, 'channel_no'));
    const at = path.join(world.caldock.folder, 'metrics.sock');
    const series = (outcome) => `${NOTIFICATIONS}{source="microsoft",outcome="${outcome}"}`;
    for (const [ahead, outcome] of [[1, 'due'], [2, 'unknown'], [-1, 'due']]) {
        await alter(own, `channel_no = ${made + ahead}`);
        await sleep(JOIN_MS);
        const before = await scrape(at);
        assert.equal((await microsoft(items)).status, 202);
        const moves = await until('both are counted', async () => {
            const changes = moved(before, await scrape(at), NOTIFICATIONS);
            return Object.keys(changes).length > 1 && changes;
        });
        assert.deepEqual(moves, { [series('forged')]: 1, [series(outcome)]: 1 }, String(ahead));
    }
    await alter(own, `channel_no = ${made}`);
    await world.ask(`${SETTINGS}/${own.setting}`, { method: 'DELETE' });
    await sleep(JOIN_MS);
    assert.equal((await microsoft(items)).status, 202, 'the setting is gone');
});

test('MSFT: lifecycle events renew, replace and hurry', async () => {
    const own = await notified('MSFT');
    const { control, email: account } = own;
    const [{ id, expiresAt }] = channelsOf(own);
    await alter(own, 'channel_made_at = 1');
    control.sendLifecycle({ account, event: 'reauthorizationRequired' });
    await until('the renewal', () => channelsOf(own)[0].expiresAt > expiresAt);
    assert.equal(channelsOf(own)[0].id, id);
    assert.equal(await syncOf(own, 'noticed_at'), '0');
    // Once in ten minutes.
    await until('its record', async () => (await syncOf(own, 'channel_made_at')) !== '1');
    await sleep(JOIN_MS);
    control.sendLifecycle({ account, event: 'reauthorizationRequired' });
    await control.settleNotifications();
    assert.equal(await syncOf(own, 'channel_due_at - channel_made_at'), '600000');

    await alter(own, 'channel_made_at = 1');
    control.dropSubscriptions({ account });
    await until('another', () => channelsOf(own).length === 1 && channelsOf(own)[0].id !== id);
    await until('the read after it', () => isQuiet(own));

    for (const event of ['missed', 'somethingNew']) {
        const read = await syncOf(own, 'read_at');
        await alter(own, 'recent = 0');
        control.sendLifecycle({ account, event });
        await until('the read', async () => (await syncOf(own, 'read_at')) !== read);
        await until('quiet', () => isQuiet(own));
    }
});

test('a channel of another calendar than the main one', async () => {
    for (const code of Object.keys(SOURCES)) {
        const own = await notified(code, { calendar: 'other' });
        assert.equal((await showOf(own)).notifications, 'push');
    }
});

test('where notifications are switched off, channels are ended, and made again', async () => {
    const own = await notified('GOOG');
    await world.withSettings({ sync: { notifications: 'off' } }, async () => {
        await until('its end', () => channelsOf(own).length === 0);
        await until('polling', async () => (await showOf(own)).notifications === 'polling');
    });
    await until('another', () => channelsOf(own).length === 1);
});
