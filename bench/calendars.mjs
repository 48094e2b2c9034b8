// SPDX-License-Identifier: Apache-2.0
// Calendars that block and receive: queries for busy periods, notifications, how fast they are read,
// events that are pushed, and what the application is told.
// All is made as applications, people and the source make it.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from '../standin/wire.mjs';
import { firstAnswer } from './load.mjs';
import { beginFlow, endFlow } from './people.mjs';
import { CLIENT, SCOPES, headersOf } from './servers.mjs';
import { Receiver } from './receiver.mjs';
import { Source, calendarOf } from './source.mjs';

const SETTINGS = '/api/v2/external_calendars/staff_calendar_settings';
const BUSY = '/api/v2/external_calendars/busy_periods';
const PUSHED = '/api/v2/external_calendars/pushed_events';
const DAY_MS = 86400e3;
const START_MS = 30000;
const WATCH_MS = 5000;
const LOOK_MS = 50;
const YOUNG_MS = 5100; // a read that is younger will do for `refresh`
const PER_ACCOUNT = 10; // settings that it may have
const WORKERS = 8; // the default
const ENDPOINTS = 5; // of a provider, at most
const SOURCE_MS = 200;
const TOKEN_BYTES = 30;
const GOOGLE = "Google's notification";
const MICROSOFT = "Microsoft's notification";

async function openCaldock(bench, name) {
    const source = await new Source({ client: CLIENT, scopes: SCOPES, delayMs: 0 }).start();
    const settings = { server: { threads: 1 }, google: source.settings() };
    const server = bench.startCaldock(await bench.caldock(name, { settings }));
    await firstAnswer(server);
    return { source, server };
}

// An account of this user's, with calendars that block.
async function connect(server, user, calendars, receives = false) {
    const account = await endFlow(await beginFlow(server, user, user));
    for (const calendar of calendars) {
        const body = JSON.stringify({
            calendar_source_account: account,
            calendar_source_calendar_id: calendar,
            is_destination_for_teamup_events: receives,
            is_source_for_busy_periods: true,
        });
        const headers = headersOf(0, 1, user);
        const answer = await ask(server.origin + SETTINGS, { method: 'POST', headers, body });
        assert.equal(answer.status, 201, answer.text);
    }
}

// When is this user busy, in the week that begins tomorrow?
function busyQuery(user, more = '') {
    const from = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
    const [after, before] = [from, from + 7 * DAY_MS].map((ms) => new Date(ms).toISOString());
    const target = `${BUSY}?happens_after=${after}&happens_before=${before}${more}`;
    return { method: 'GET', target, headers: headersOf(0, 1, user) };
}

async function askBusy(server, { target, headers }) {
    const { status, text } = await ask(server.origin + target, { headers });
    assert.equal(status, 200, text);
    return JSON.parse(text);
}

// Until all calendars were read → the answer
async function whenFresh(server, query) {
    for (const end = Date.now() + START_MS; ;) {
        const answer = await askBusy(server, query);
        if (answer.is_fresh) return answer;
        assert.ok(Date.now() < end, JSON.stringify(answer.calendars));
        await sleep(LOOK_MS);
    }
}

async function busyRow(server, name, calendars, events) {
    const ids = Array.from({ length: calendars }, (_, i) => calendarOf(`${name}-${i}`, events));
    await connect(server, name, ids);
    const request = busyQuery(name);
    const answer = await whenFresh(server, request);
    assert.equal(answer.calendars.length, calendars);
    assert.ok(answer.busy_periods.length > 7, JSON.stringify(answer.busy_periods));
    const about = `busy periods, ${calendars} calendars of ${events} events`;
    return { name, about, server, warm: 500, load: { seconds: 1, request } };
}

// As Google sends one.
const ofGoogle = (token) => ({
    target: '/notify/google',
    headers: {
        'x-goog-channel-id': 'cdk-5d3fa1f8c8f14b0f9d4c6a0f3f4e1b7a',
        'x-goog-channel-expiration': 'Tue, 03 Mar 2026 09:12:40 GMT',
        'x-goog-channel-token': token,
        'x-goog-message-number': '10',
        'x-goog-resource-id': 'o3hgv1538sdjfh',
        'x-goog-resource-state': 'exists',
        'x-goog-resource-uri': 'https://www.googleapis.com/calendar/v3/calendars/x/events?alt=json',
        'content-type': 'application/json; charset=UTF-8',
        accept: '*/*',
        'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    },
});

// As Microsoft sends one.
function ofMicrosoft(token) {
    const path = `Users/${crypto.randomUUID()}/Events/AAMkADRmMDExYzhjLWYyNGMtNDZmMC1iZDU4`;
    const item = {
        subscriptionId: crypto.randomUUID(),
        subscriptionExpirationDateTime: '2026-03-03T09:12:40.0000000-08:00',
        changeType: 'updated',
        resource: path,
        resourceData: {
            '@odata.type': '#Microsoft.Graph.Event',
            '@odata.id': path,
            '@odata.etag': 'W/"DwAAABYAAABkrb1zk"',
            id: path.split('/').pop(),
        },
        clientState: token,
        tenantId: crypto.randomUUID(),
    };
    const headers = { 'content-type': 'application/json; charset=utf-8', accept: '*/*' };
    return { target: '/notify/microsoft', headers, body: JSON.stringify({ value: [item] }) };
}

async function notifyRow(server, name, about, status, { target, ...sent }) {
    const how = { method: 'POST', ...sent };
    const answer = await ask(server.origin + target, how);
    assert.equal(answer.status, status, answer.text);
    const request = { ...how, target, isRefused: status >= 400 };
    return { name, about, server, load: { seconds: 1, request } };
}

// With the token that the source was given, of a calendar that no other row asks about → [row]
async function genuineRows({ server, source }) {
    const calendar = calendarOf('noticed', 10);
    await connect(server, 'noticed', [calendar]);
    const end = Date.now() + WATCH_MS;
    while (!source.tokens.has(calendar) && Date.now() < end) await sleep(LOOK_MS);
    if (!source.tokens.has(calendar)) {
        console.error('genuine notifications are left out: the source was not asked for any');
        return [];
    }
    const sent = ofGoogle(source.tokens.get(calendar));
    return [await notifyRow(server, 'genuine', `${GOOGLE}, genuine`, 200, sent)];
}

// PUT of events with a copy each, which the source keeps waiting: they are kept, not written. It is a
// server of its own, because of what its workers do beside it.
async function pushedRow(bench) {
    const { server, source } = await openCaldock(bench, 'pushed');
    source.isMute = true;
    await connect(server, 'pushed', [calendarOf('pushed', 10)], true);
    const start = new Date(Date.now() + 7 * DAY_MS).toISOString();
    const end = new Date(Date.now() + 8 * DAY_MS).toISOString();
    const body = JSON.stringify({ title: 'Haircut SERIAL', location: 'Chair 2', start, end });
    const target = `${PUSHED}/booking-NUMBER`;
    const headers = headersOf(0, 1, 'pushed');
    const once = { method: 'PUT', headers, body };
    const answer = await ask(server.origin + target, once);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(JSON.parse(answer.text).copies[0].status, 'pending');
    const request = { ...once, target };
    return { name: 'pushed', about: 'a pushed event, kept', server, load: { seconds: 1, request } };
}

// A receiver on this machine, and so many endpoints that lead to it, which are sent so many messages
// again, all at once. → {rate: messages a second, cpu_us: of Caldock, for each}
export async function deliveries(bench, messages) {
    const receiver = await new Receiver().start();
    const source = await new Source({ client: CLIENT, scopes: SCOPES, delayMs: 0 }).start();
    const settings = {
        server: { threads: 1 },
        google: source.settings(),
        webhooks: { private_networks: '127.0.0.0/8' },
    };
    const caldock = await bench.caldock('deliveries', { settings });
    const server = bench.startCaldock(caldock);
    await firstAnswer(server);
    const ids = [];
    for (let i = 0; i < ENDPOINTS; i++) {
        const url = `${receiver.url}/${i}`;
        const made = await caldock.run('webhook', 'add', '--provider', '1', '--url', url, '--json');
        ids.push(JSON.parse(made).id);
    }
    for (let i = 0; i < messages; i++) await connect(server, `told-${i}`, []);
    await receiver.has(messages * ENDPOINTS);
    receiver.times = [];
    const before = server.cpuSeconds();
    for (const id of ids) await caldock.run('webhook', 'replay', String(id), '--since', '1h');
    await receiver.has(messages * ENDPOINTS);
    const cpu = server.cpuSeconds() - before;
    const { times } = receiver;
    await server.stop();
    receiver.stop();
    const seconds = (times.at(-1) - times[0]) / 1000;
    return { rate: times.length / seconds, cpu_us: (cpu * 1e6) / times.length };
}

// Rows of the table, all of one server but the last; → [row]
export async function openCalendarRows(bench) {
    const caldock = await openCaldock(bench, 'calendars');
    const { server } = caldock;
    const forged = crypto.randomBytes(TOKEN_BYTES).toString('base64url');
    return [
        await busyRow(server, 'three', 3, 300),
        await busyRow(server, 'ten', 10, 500),
        ...(await genuineRows(caldock)),
        await notifyRow(server, 'forged', `${GOOGLE}, forged`, 404, ofGoogle(forged)),
        await notifyRow(server, 'microsoft', `${MICROSOFT}, forged`, 202, ofMicrosoft(forged)),
        await pushedRow(bench),
    ];
}

// All calendars of these owners are wanted at once, from a source that takes its time.
// → {rate, ideal}: reads a second
export async function syncs(bench, owners) {
    const { source, server } = await openCaldock(bench, 'syncs');
    const users = Array.from({ length: owners }, (_, i) => `user-${i}`);
    for (const user of users) {
        const ids = Array.from({ length: PER_ACCOUNT }, (_, i) => calendarOf(`${user}-${i}`, 10));
        await connect(server, user, ids);
    }
    for (const user of users) await whenFresh(server, busyQuery(user));
    while (performance.now() - source.reads.at(-1) < YOUNG_MS) await sleep(LOOK_MS);
    Object.assign(source, { reads: [], delayMs: SOURCE_MS });
    const queries = users.map((user) => busyQuery(user, '&refresh=true'));
    await Promise.all(queries.map((query) => askBusy(server, query)));
    const wanted = owners * PER_ACCOUNT;
    for (const end = Date.now() + START_MS; source.reads.length < wanted; await sleep(LOOK_MS))
        assert.ok(Date.now() < end, `${source.reads.length} of ${wanted} calendars were read`);
    await server.stop();
    const seconds = (source.reads[wanted - 1] + SOURCE_MS - source.reads[0]) / 1000;
    return { rate: wanted / seconds, ideal: WORKERS / (SOURCE_MS / 1000) };
}
