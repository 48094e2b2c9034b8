// SPDX-License-Identifier: Apache-2.0
// The demonstration page against browsers that do as they like: an address that anyone can type
// disconnects nothing, only what a session started and nobody confirmed goes, in its own time, and
// what no form of the page would send changes nothing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { promisify } from 'node:util';

import { Webhook } from 'standardwebhooks';

import { freePort } from '../../standin/caldock.mjs';
import { Visitor } from '../../standin/visitor.mjs';
import { ask } from '../../standin/wire.mjs';
import { Demo } from '../../demo/server.mjs';
import { until } from './lib/until.mjs';
import { API, openWorld, SOURCES } from './lib/world.mjs';

const USER = { headers: { 'Caldock-User': 'demo-user' } };
const HOUR_MS = 3600 * 1000;

const world = await openWorld(test, {
    settings: { webhooks: { private_networks: '127.0.0.0/8' } },
});
const port = await freePort();
await world.caldock.run('provider', 'set', '1', '--add-redirect', `http://127.0.0.1:${port}/done`);
const token = await world.addToken('--provider', '1');
let passedMs = 0;
let demo;

async function startDemo(options = { controls }) {
    demo = new Demo({
        caldockUrl: world.caldock.url,
        token,
        port,
        ...options,
        now: () => Date.now() + passedMs,
    });
    await demo.listen();
}
const controls = Object.fromEntries(
    Object.keys(SOURCES).map((code) => [code, world.control(code)]),
);
test.beforeEach(() => startDemo());
test.afterEach(async () => {
    demo.close();
    passedMs = 0;
    for (const { id } of await accounts()) await world.caldock.run('account', 'remove', String(id));
});

const accounts = () => world.accounts(USER);

// A browser that keeps the page's cookie and follows nothing.
class Browser {
    async ask(path, form, more = {}) {
        const headers = {
            ...more,
            ...(this.cookie && { cookie: this.cookie }),
            ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        };
        const body = form && new URLSearchParams(form).toString();
        const answer = await ask(demo.url + path, { method: form ? 'POST' : 'GET', headers, body });
        if (answer.cookies[0]) [this.cookie] = answer.cookies[0].split(';');
        return answer;
    }

    // Presses a button, consents → the address below the page that the flow ends at.
    async consent(account) {
        const { headers } = await this.ask('/connect', { calendar_source: 'GOOG' });
        const { url } = await new Visitor().consent(headers.location, { until: demo.url, account });
        return url.pathname + url.search;
    }

    async connect(account) {
        const end = await this.consent(account);
        await this.ask(end);
        return new URL(end, demo.url).searchParams.get('account');
    }
}

// Every address that somebody who is not the session could send a browser to.
async function visitForeignAddresses(id, browsers) {
    for (const browser of browsers) {
        for (const query of [`success=1&account=${id}`, `once=wrong&success=1&account=${id}`]) {
            const { status, headers } = await browser.ask(`/done?${query}`);
            assert.deepEqual([status, headers.location], [303, '/']);
        }
        assert.match((await browser.ask('/')).text, /not believed/);
    }
}

test('an address that anyone can type disconnects nothing, also after a restart', async () => {
    const own = new Browser();
    const id = await own.connect('alice@example.com');
    await visitForeignAddresses(id, [new Browser(), own]);
    assert.equal((await accounts()).length, 1);
    demo.close();
    await startDemo();
    await visitForeignAddresses(id, [new Browser(), own]);
    assert.equal((await accounts()).length, 1);
});

test('nor does it what the page has never heard of', async () => {
    const id = await world.connected('GOOG', USER);
    await visitForeignAddresses(id, [new Browser()]);
    assert.equal((await accounts()).length, 1);
});

test('a flow that comes back elsewhere is believed by nobody, and goes when its time is over', async () => {
    const own = new Browser();
    await own.connect('alice@example.com');
    const end = await own.consent('bob@acme.test'); // in a browser that was talked into it
    const other = new Browser();
    await other.ask(end);
    assert.match((await other.ask('/')).text, /not believed/);
    assert.equal((await accounts()).length, 2, 'an address disconnects nothing');
    await other.ask('/connect', { calendar_source: 'GOOG' });
    await own.ask('/connect', { calendar_source: 'GOOG' });
    assert.equal((await accounts()).length, 2, 'it could still come back here');

    passedMs = HOUR_MS;
    await other.ask('/connect', { calendar_source: 'GOOG' });
    assert.equal((await accounts()).length, 2, 'that session started nothing that is over');
});

test('what its own session never saw the end of goes when its time is over', async () => {
    const own = new Browser();
    const kept = await own.connect('alice@example.com');
    await own.consent('bob@acme.test');
    passedMs = HOUR_MS;
    await own.ask('/connect', { calendar_source: 'GOOG' });
    assert.deepEqual(
        (await accounts()).map(({ id }) => String(id)),
        [kept],
    );
});

test('a link scanner that comes first changes nothing for the person', async () => {
    const own = new Browser();
    const end = await own.consent('alice@example.com');
    await new Browser().ask(end);
    await own.ask(end);
    assert.match((await own.ask('/')).text, /Google is connected as alice@example.com/);
    passedMs = HOUR_MS;
    await own.ask('/connect', { calendar_source: 'GOOG' });
    assert.equal((await accounts()).length, 1);
});

const settings = async (options = USER) =>
    (await world.ask(`${API}/staff_calendar_settings`, options)).body.results;
const calendars = async (id) =>
    (await world.ask(`${API}/accounts/${id}/calendars`, USER)).body.results;

// Sends a form as the page's script does → [status, what it says]
async function press(browser, path, form) {
    const { status, text } = await browser.ask(path, { quiet: '1', ...form });
    return [status, /<p class="notice \w+" role="\w+">(.*?)<\/p>/.exec(text)?.[1]];
}

const NO_ACCOUNT = 'There is no such account here.';

test('calendars that are ticked block, and no others', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    await own.ask('/');
    const [first, second] = (await calendars(account)).map(({ base64_id: id }) => id);
    const blocking = async () =>
        (await settings()).map(({ base64_calendar_source_calendar_id: id }) => id).sort();
    for (const wanted of [[first], [first, second], [second], [second], []]) {
        const form = [['account', account], ...wanted.map((id) => ['calendar', id])];
        const { status, headers } = await own.ask('/block', form);
        assert.deepEqual([status, headers.location], [303, '/']);
        assert.deepEqual(await blocking(), [...wanted].sort());
    }
    assert.match((await own.ask('/')).text, /Saved/);
});

test('what blocks for something else keeps its setting', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    const [{ id: calendar, base64_id: id }] = await calendars(account);
    const made = await world.post(
        `${API}/staff_calendar_settings`,
        {
            calendar_source_account: Number(account),
            calendar_source_calendar_id: calendar,
            is_destination_for_teamup_events: true,
            is_source_for_busy_periods: false,
        },
        USER,
    );
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(await press(own, '/block', { account, calendar: id }), [200, 'Saved.']);
    const [setting] = await settings();
    const { is_source_for_busy_periods: blocks, is_destination_for_teamup_events: receives } =
        setting;
    assert.deepEqual([setting.id, blocks, receives], [made.body.id, true, true]);
    assert.deepEqual(await press(own, '/block', { account }), [200, 'Saved.']);
    const [left] = await settings();
    assert.deepEqual([left.id, left.is_source_for_busy_periods], [made.body.id, false]);
});

test('a form that the page does not have changes nothing, and says why', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    const foreign = String(
        await world.connected('GOOG', {
            headers: { 'Caldock-User': 'other' },
            account: 'bob@acme.test',
        }),
    );
    for (const path of ['/block', '/event']) {
        for (const wrong of [undefined, '', 'x', '0', '-1', `${account}.0`, '1e400', foreign]) {
            const form = wrong === undefined ? {} : { account: wrong };
            const [status, text] = await press(own, path, { calendar: 'x', ...form });
            assert.equal(status, 422, wrong);
            assert.ok(text.endsWith(NO_ACCOUNT), text);
            assert.match((await own.ask('/')).text, /no such account/, 'and the page says it once');
            assert.doesNotMatch((await own.ask('/')).text, /no such account/);
        }
    }
    for (const calendar of ['', 'nonsense', '%%%', 'x'.repeat(2000)]) {
        const [status, text] = await press(own, '/block', { account, calendar });
        assert.equal(status, 422, calendar);
        assert.match(text, /^Not saved\. ./);
    }
    assert.deepEqual(
        [await settings(), await settings({ headers: { 'Caldock-User': 'other' } })],
        [[], []],
    );
    await world.caldock.run('account', 'remove', foreign);
});

test('other pages’ forms, and other methods, get the start page', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    const [{ base64_id: calendar }] = await calendars(account);
    for (const [path, form, headers] of [
        ['/block', { account, calendar }, { origin: 'https://evil.example' }],
        ['/event', { account }, { origin: 'null' }],
        ['/block'],
        ['/event'],
        ['/week', { zone: 'UTC' }],
    ]) {
        const { status, text } = await own.ask(path, form, headers);
        assert.equal(status, 404, path);
        assert.match(text, /There is no such page/);
    }
    assert.deepEqual(await settings(), []);
});

test('the week is told in the zone that is asked for, and in no other', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    const where = { account: 'alice@example.com' };
    controls.GOOG.emptyCalendar(where);
    const tomorrow = new Date(Date.now() + 86400000).toISOString().slice(0, 10);
    controls.GOOG.addEvent({
        ...where,
        title: '<b>',
        start: `${tomorrow}T12:00:00Z`,
        end: `${tomorrow}T12:30:00Z`,
    });
    const week = async (query) => {
        const { status, text } = await own.ask(`/week${query}`);
        return [status, text];
    };
    assert.match((await week(''))[1], /No calendar blocks yet/);
    await own.ask('/');
    const [{ base64_id: calendar }] = await calendars(account);
    await own.ask('/block', { account, calendar });
    await until('the first read', async () => {
        const answer = await week('?zone=UTC');
        return answer[1].includes('>complete<') && answer;
    });
    for (const [zone, time] of [
        ['UTC', '12:00–12:30'],
        ['Asia/Kolkata', '17:30–18:00'],
        ['', '17:30–18:00'],
    ]) {
        const [status, text] = await week(zone && `?zone=${zone}`);
        assert.equal(status, 200);
        assert.ok(text.includes(time), zone);
        assert.ok(text.includes('&#60;b&#62;') && !text.includes('<b>'));
        assert.match(text, /30 min busy/);
    }
    for (const zone of ['', 'Europe/Nowhere', '<script>', 'x'.repeat(5000), 'UTC%00']) {
        assert.deepEqual(await week(`?zone=${zone}`), [400, 'no such time zone'], zone);
    }
});

test('a person adds events wherever nothing is yet, and where all is full, too', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    await own.ask('/');
    const where = { account: 'alice@example.com' };
    controls.GOOG.emptyCalendar(where);
    for (let i = 0; i < 100; i++) {
        const [status, text] = await press(own, '/event', { account });
        assert.equal(status, 200);
        assert.match(text, /^alice@example.com added “.+” in Google, .+ at \d\d:\d\d\.$/);
    }
    const starts = controls.GOOG.eventsOf(where).map(({ start }) => start);
    assert.equal(starts.length, 100);
    assert.ok(starts.every((start) => start > Date.now() - 60000));
    assert.ok(new Set(starts.slice(0, 60)).size === 60);
});

test('where nobody knows the people, nothing of theirs is shown', async () => {
    demo.close();
    await startDemo({});
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    const { status, text } = await own.ask('/');
    assert.equal(status, 200);
    assert.doesNotMatch(text, /Add an event/);
    assert.deepEqual(await press(own, '/event', { account }), [422, NO_ACCOUNT]);
});

test('where events can’t be read, the busy time stays, and the reason is said', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    const where = { account: 'alice@example.com' };
    controls.GOOG.emptyCalendar(where);
    controls.GOOG.addEvent({
        ...where,
        title: 'One',
        start: Date.now() + 60000,
        end: Date.now() + 1860000,
    });
    await own.ask('/');
    const [{ base64_id: calendar }] = await calendars(account);
    await own.ask('/block', { account, calendar });
    await until('the first read', async () =>
        (await own.ask('/week')).text.includes('30 min busy'),
    );
    demo.close();
    await startDemo(); // which remembers no events
    controls.GOOG.throttle({ path: '/events', perhaps: true, times: 100 });
    const { status, text } = await own.ask('/week');
    assert.equal(status, 200);
    assert.match(text, /30 min busy/);
    assert.match(text, /The events can’t be shown at the moment\. ./);
    assert.doesNotMatch(text, /One/);
});

// An endpoint that the demonstration is for Caldock, until the end of the test → its secret
async function startHearing(t) {
    const place = ['--provider', '1', '--url', `${demo.url}/hooks`];
    const { id, secret } = JSON.parse(
        await world.caldock.run('webhook', 'add', ...place, '--json'),
    );
    world.secrets.add(secret);
    t.after(() => world.caldock.run('webhook', 'remove', String(id)));
    demo.close();
    await startDemo({ controls, secret });
    return secret;
}

const pageShows = (browser, pattern) =>
    until(`the page shows ${pattern}`, async () => pattern.exec((await browser.ask('/')).text));
const readNow = async () => world.caldock.run('sync', 'now', String((await settings())[0].id));

test('what is booked is written, and what its person does with it is told', async (t) => {
    await startHearing(t);
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    controls.GOOG.emptyCalendar({ account: 'alice@example.com' });
    assert.deepEqual(await press(own, '/receive', { account, receives: 'on' }), [200, 'Saved.']);
    assert.deepEqual(await press(own, '/receive', { account, receives: 'on' }), [200, 'Saved.']);
    assert.equal((await settings()).length, 1);
    const [, told] = await press(own, '/book', {});
    const [, title] = /^Booked “(.+)”, /.exec(told);
    await pageShows(own, /<strong>written<\/strong>.*\n.*seen there: /);
    const [seen] = controls.GOOG.eventsOf({ account: 'alice@example.com' });
    assert.equal(seen.title, title);

    const [, moved] = await press(own, '/move', { account, title });
    assert.match(moved, /^alice@example.com moved “/);
    await readNow();
    await pageShows(own, /<strong>moved by its owner to /);
    await pageShows(own, /<code>pushed_event.changed<\/code>.*alice@example.com moved “/);
    const [event] = (await world.ask(`${API}/pushed_events`, USER)).body.results;
    assert.match((await press(own, '/restore', { id: event.event_id }))[1], /put back/);
    await until('it is back', () => {
        const [now] = controls.GOOG.eventsOf({ account: 'alice@example.com' });
        return now.start === seen.start;
    });

    await press(own, '/delete', { account, title });
    await until('a read', async () => {
        await readNow();
        return /deleted by its owner/.test((await own.ask('/')).text);
    });
    await pageShows(own, /<code>pushed_event.deleted<\/code>/);
    assert.match((await press(own, '/cancel', { id: event.event_id }))[1], /cancelled/);
    assert.deepEqual((await world.ask(`${API}/pushed_events`, USER)).body.results, []);
    assert.deepEqual(await press(own, '/receive', { account }), [200, 'Saved.']);
    assert.deepEqual(await settings(), []);
});

test('an account that needs it is connected again by its button', async (t) => {
    await startHearing(t);
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    assert.doesNotMatch((await own.ask('/')).text, /Reconnect/);
    const stream = await fetch(`${demo.url}/told`);
    assert.match((await press(own, '/withdraw', { account }))[1], /withdrew the consent at Google/);
    const bytes = [];
    for await (const chunk of stream.body) {
        bytes.push(chunk);
        if (Buffer.concat(bytes).includes('account.needs_reconnect')) break;
    }
    await pageShows(own, /<code>account.needs_reconnect<\/code>.*has to be connected again/);
    const { text } = await own.ask('/');
    assert.match(
        text,
        /name="account" value="\d+">\n<button name="calendar_source" value="GOOG" aria-label="Reconnect alice@example.com"/,
    );
    const { headers } = await own.ask('/connect', { account, calendar_source: 'GOOG' });
    const { url } = await new Visitor().consent(headers.location, { until: demo.url });
    await own.ask(url.pathname + url.search);
    await pageShows(own, /alice@example.com is connected again/);
    assert.doesNotMatch((await own.ask('/')).text, /Reconnect/);
});

test('what nobody signed is not believed, and a double is not told twice', async (t) => {
    const secret = await startHearing(t);
    const own = new Browser();
    await own.connect('alice@example.com');
    await pageShows(own, /<code>account.connected<\/code>/);
    const body = JSON.stringify({
        id: 'msg_1',
        type: 'of.tomorrow',
        timestamp: new Date(),
        data: {},
    });
    const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': new Webhook(secret).sign('msg_1', new Date(), body),
    };
    const post = async (more, text = body) => {
        const options = { method: 'POST', headers: { ...headers, ...more }, body: text };
        return (await ask(`${demo.url}/hooks`, options)).status;
    };
    assert.equal(await post({ 'webhook-signature': 'v1,x' }), 400);
    assert.equal(await post({}, `${body} `), 400);
    assert.equal(await post({}, 'x'.repeat(100000)), 400);
    assert.doesNotMatch((await own.ask('/')).text, /of\.tomorrow/);
    assert.deepEqual([await post({}), await post({})], [204, 204]);
    assert.equal((await own.ask('/')).text.split('of.tomorrow').length, 2);
});

test('the receiver is the one of the documentation', async () => {
    const [page, file] = await Promise.all(
        ['../../docs/webhooks.md', '../../demo/receiver.mjs'].map((name) =>
            readFile(new URL(name, import.meta.url), 'utf8'),
        ),
    );
    const [, block] = /^```javascript\n(.*?)^```$/ms.exec(page);
    const [, code] = block.split(/(?=^\/\/ headers)/m);
    assert.ok(file.endsWith(code));
});

test('while Caldock is away there is a page all the same', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    await world.caldock.stop();
    for (const [path, form] of [
        ['/'],
        ['/week'],
        ['/block', { account }],
        ['/event', { account }],
    ]) {
        const { status, text } = await own.ask(path, form);
        assert.equal(status, 502, path);
        assert.match(text, /<h1>Connect your calendars<\/h1>[^]*Caldock does not answer/);
        assert.doesNotMatch(text, /No calendar is connected/);
    }
    await world.caldock.start();
    assert.equal((await own.ask('/')).status, 200);
});

// What a shell makes of a command with curl → [its arguments]
async function argumentsOf(command) {
    const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
    const env = { ...process.env, TOKEN: token };
    const { stdout } = await promisify(execFile)('sh', ['-euc', script], { env });
    return stdout.split('\0').slice(0, -1);
}

// -G, -H and -d are all that it may have.
function requestOf([...rest]) {
    const request = { headers: {}, query: new URLSearchParams() };
    while (rest.length > 0) {
        const word = rest.shift();
        if (word === '-H') {
            const [name, value] = rest.shift().split(': ');
            request.headers[name.toLowerCase()] = value;
        } else if (word === '-d') {
            request.query.append(...rest.shift().split('='));
        } else if (word !== '-G') {
            request.url = new URL(word);
        }
    }
    return request;
}

test('the README asks when they are busy, and hears it', async () => {
    const own = new Browser();
    const account = await own.connect('alice@example.com');
    const where = { account: 'alice@example.com' };
    controls.GOOG.emptyCalendar(where);
    const start = `${new Date(Date.now() + 86400000).toISOString().slice(0, 10)}T12:00:00Z`;
    controls.GOOG.addEvent({ ...where, start });
    await own.ask('/');
    const [{ base64_id: calendar }] = await calendars(account);
    await own.ask('/block', { account, calendar });

    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const [, command] = /^## When are they busy\?$[^]*?^```sh\n(.*?)^```/ms.exec(readme);
    const { url, headers, query } = requestOf(await argumentsOf(command));
    assert.equal(url.origin, 'http://127.0.0.1:8080');
    const answer = await until('the first read', async () => {
        const { status, text } = await ask(`${world.caldock.url}${url.pathname}?${query}`, {
            headers,
        });
        assert.equal(status, 200, text);
        const body = JSON.parse(text);
        return body.is_complete && body;
    });
    assert.deepEqual(answer.busy_periods, [{ start, end: start.replace('T12', 'T13') }]);
});
