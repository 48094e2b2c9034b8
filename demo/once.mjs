// SPDX-License-Identifier: Apache-2.0
// What script/run --once does, for both sources at once: from the request to listed calendars, to one
// that blocks, to busy time that follows when its person adds an event; then a booking that is written
// into it, what its person does with that, and an account that has to be connected again, each of which
// Caldock tells the application. It prints each step, and fails where one doesn't hold.
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { callbackUrl } from '../standin/caldock.mjs';
import { Visitor } from '../standin/visitor.mjs';
import { ask } from '../standin/wire.mjs';
import { ACCOUNTS, Api, BUSY, EVENTS, PUSHED, SETTINGS } from './api.mjs';
import { Bookings } from './bookings.mjs';
import { clockText, dayText, daysFrom, partOn, spanText } from './days.mjs';
import { People } from './people.mjs';
import { SOURCE_NAMES } from './render.mjs';

export const SOURCES = { GOOG: 'google', MSFT: 'microsoft' };
const PATIENCE_MS = 60000; // for what Caldock does in the background
const PAUSE_MS = 200;
const { timeZone: ZONE } = new Intl.DateTimeFormat().resolvedOptions();

// What is told of one source. Several go on at once, and are printed one after the other: what the
// second has to say is kept until the first has ended.
class Story {
    #kept = [];
    #isOpen = false;

    say(line) {
        if (this.#isOpen) console.log(line);
        else this.#kept.push(line);
    }

    step(name, text) {
        this.say(`  ${name.padEnd(9)} ${text}`);
    }

    open() {
        this.#isOpen = true;
        for (const line of this.#kept.splice(0)) console.log(line);
    }
}

const whenText = (ms) => `${dayText(ms, ZONE)} at ${clockText(ms, ZONE)}`;

// One flow as an application and its user go through it; throws where it does not go on. `old`: an
// account that is to be connected again.
async function connect(code, { nodes, caldock, demo, token, user, story }, old) {
    const headers = { authorization: `Token ${token}`, 'caldock-user': user };
    const redirectUri = `${demo.url}/done?once=${code}`;
    const initiate = `${caldock.url}${ACCOUNTS}/oauth2/initiate`;
    const request = await ask(initiate, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({
            calendar_source: code,
            redirect_uri: redirectUri,
            ...(old && { account: old.id }),
        }),
    });
    story.step('request', `POST ${initiate}: ${request.status}`);
    if (request.status !== 200) throw new Error(request.text);
    const { uri, timeout_seconds: timeout } = JSON.parse(request.text);
    story.step('', `uri ${uri.split('?')[0]}?…, timeout_seconds ${timeout}`);

    const until = callbackUrl(nodes[0].url, SOURCES[code]);
    const consent = await new Visitor().consent(uri, { until, account: old?.username });
    const given = [...consent.url.searchParams.keys()].join(', ');
    story.step('consent', `given, the browser comes back with ${given}`);

    const callback = await ask(consent.url);
    story.step('callback', `GET ${until}: ${callback.status}`);
    story.step('redirect', callback.headers.location);
    const result = new URL(callback.headers.location).searchParams;
    if (result.get('success') !== '1')
        throw new Error(`the flow ended with ${result.get('error')}`);

    const target = `${caldock.url}${ACCOUNTS}/${result.get('account')}`;
    const account = await ask(target, { headers });
    story.step('account', `GET ${target}: ${account.status} ${account.text}`);
    if (account.status !== 200) throw new Error('the account cannot be read');

    const list = await ask(`${target}/calendars`, { headers });
    story.step('calendars', `GET ${target}/calendars: ${list.status}`);
    if (list.status !== 200) throw new Error('the calendars cannot be read');
    const { count, results } = JSON.parse(list.text);
    if (!(count > 0)) throw new Error('there are no calendars');
    for (const { name, is_primary: isPrimary, can_edit: canEdit } of results) {
        const traits = [isPrimary && 'primary', canEdit ? 'can be edited' : 'read-only'];
        story.step('', `${name} (${traits.filter(Boolean).join(', ')})`);
    }
    return { account: JSON.parse(account.text), calendar: results.find((one) => one.is_primary) };
}

// Asks until the answer is as it should be → how many milliseconds that took
async function until(what, look) {
    const began = Date.now();
    while (!(await look())) {
        if (Date.now() - began > PATIENCE_MS) throw new Error(`never: ${what}`);
        await sleep(PAUSE_MS);
    }
    return Date.now() - began;
}

const secondsText = (ms) => `${(ms / 1000).toFixed(1)} s`;

const isBusy = ({ showAs, answer }) => showAs !== 'free' && answer !== 'declined';

// What the events of a person make busy: [{start, end}], joined, as far as they are on `days`.
function periodsOf(events, days) {
    const periods = [];
    for (const event of events.filter(isBusy)) {
        const start = Math.max(event.start, days[0].start);
        const end = Math.min(event.end, days.at(-1).end);
        const last = periods.at(-1);
        if (last && start <= last.end) last.end = Math.max(last.end, end);
        else periods.push({ start, end });
    }
    return periods;
}

// A person of a source, whose main calendar blocks.
class Blocked {
    booked = []; // titles of what the application has written here

    // {api, people, control: the switches of the source, account, calendar, story}
    constructor(options) {
        Object.assign(this, options);
        this.days = daysFrom(Date.now(), ZONE);
    }

    get #events() {
        return this.people.events(this.account, this.days);
    }

    async makeSetting() {
        const { status, body } = await this.api.ask('POST', SETTINGS, {
            calendar_source_account: this.account.id,
            calendar_source_calendar_id: this.calendar.id,
            is_source_for_busy_periods: true,
            is_destination_for_teamup_events: true,
        });
        this.story.step('setting', `POST ${this.api.url}${SETTINGS}: ${status}`);
        if (status !== 201) throw new Error(body.message);
        this.story.step('', `${this.calendar.name} blocks and receives, the setting is ${body.id}`);
        this.setting = body.id;
    }

    // What was booked in the application makes nobody busy here.
    #isTold({ periods, is_complete: isComplete }) {
        const events = this.#events.filter(({ title }) => !this.booked.includes(title));
        return isComplete && isDeepStrictEqual(periods, periodsOf(events, this.days));
    }

    // Busy time is what is in the calendar, sooner or later → what was answered last, and how long it took
    async #becomesTrue(query) {
        let answer;
        const ms = await until('busy periods as the calendar has them', async () => {
            answer = await this.api.busy(this.days, {
                staff_calendar_settings: this.setting,
                ...query,
            });
            return this.#isTold(answer);
        });
        return { answer, ms };
    }

    // What Caldock shows of the calendar is what its person sees there.
    async showEvents() {
        const events = await this.api.events(this.days, { staff_calendar_settings: this.setting });
        this.story.step('events', `GET ${this.api.url}${EVENTS}: 200`);
        const name = SOURCE_NAMES[this.account.calendar_source];
        this.story.step('', `in ${name}, today and the six days after, times of ${ZONE}`);
        for (const event of events) {
            const remark = event.is_busy ? '' : ' (free or declined)';
            this.story.step('', `${this.#text(event)} ${event.title}${remark}`);
        }
        const shown = events.map(({ title, start, end, is_busy: busy }) => [
            title,
            start,
            end,
            busy,
        ]);
        const seen = this.#events.map((one) => [one.title, one.start, one.end, isBusy(one)]);
        if (!isDeepStrictEqual(shown, seen)) throw new Error('these are not all its events');
    }

    async showBusy() {
        const { answer, ms } = await this.#becomesTrue();
        this.story.step('busy', `GET ${this.api.url}${BUSY}: 200 after ${secondsText(ms)}`);
        const fresh = answer.is_fresh ? 'fresh' : 'not fresh';
        this.story.step('', `complete, ${fresh}, as of ${answer.as_of}`);
        for (const period of answer.periods) this.story.step('', this.#text(period).trim());
    }

    #text(span) {
        const day = this.days.find((one) => partOn(one, span));
        return `${day.label} ${spanText(day, span, ZONE)}`.padEnd(23);
    }

    // The source is asked to notify, in the background.
    async awaitNotifications() {
        const ms = await until('a channel of the source', async () => {
            const { notifications } = await this.api.get(`${SETTINGS}/${this.setting}`);
            return notifications === 'push';
        });
        this.story.step('channel', `the source notifies Caldock of changes, after ${secondsText(ms)}`);
    }

    // The person adds an event, and does `more`. `how`: what then happens, in words. `isLost`: what is to
    // become of the notifications.
    async showChange(how, { isLost, query, more }) {
        const { days, account, calendar, control } = this;
        await control.settleNotifications();
        const known = control.notifications.length;
        control.loseNotifications(isLost ? Infinity : 0);
        const taken = this.#events;
        const options = { days, zone: ZONE, taken, now: Date.now() };
        const { title, start } = this.people.add(account, calendar, options);
        this.story.step('added', `“${title}”, ${whenText(start)}; ${how}`);
        more?.();
        const { answer, ms } = await this.#becomesTrue(query);
        this.#showNotification(control.notifications.slice(known), isLost);
        const period = answer.periods.find((one) => one.start <= start && one.end > start);
        this.story.step('busy', `${this.#text(period).trim()}, after ${secondsText(ms)}`);
    }

    #showNotification(sent, isLost) {
        const ofChange = sent.find(({ kind }) => ['exists', 'change'].includes(kind));
        if (!ofChange) throw new Error('the source did not notify');
        if (Boolean(ofChange.isLost) !== isLost) throw new Error('the notification went astray');
        const end = isLost ? 'lost on the way' : ofChange.status;
        this.story.step('notified', `POST ${ofChange.to}: ${end}`);
        if (!isLost && ofChange.status >= 300) throw new Error('Caldock refused it');
    }
}

// What was booked in the application, in the main calendar of a person.
class Booked {
    // {api, people, bookings, blocked: the calendar, hearing: what the application was told, story}
    constructor(options) {
        Object.assign(this, options);
        this.account = this.blocked.account;
        this.days = this.blocked.days;
    }

    async book() {
        const { api, account, blocked } = this;
        const { id, title, start, trouble } = await this.bookings.book({
            accounts: [account],
            zone: ZONE,
        });
        if (trouble) throw new Error(trouble);
        Object.assign(this, { path: `${PUSHED}/${id}`, id, title });
        blocked.booked.push(title);
        this.story.step('booked', `PUT ${api.url}${this.path}: 201, “${title}”, ${whenText(start)}`);
        const ms = await this.#becomes('written');
        if (this.#seen?.start !== start) throw new Error('its person does not see it');
        this.story.step('written', `its person sees it, after ${secondsText(ms)}`);
    }

    // As the person sees it.
    get #seen() {
        return this.people.find(this.account, this.title, this.days);
    }

    // Waits until the copy here, beside those of other accounts, has this status, moved by the person or
    // not → how long that took
    #becomes(status, isChanged = false) {
        return until(`a copy that is ${status}`, async () => {
            const { copies } = await this.api.get(this.path);
            const copy = copies.find((one) => one.staff_calendar_settings === this.blocked.setting);
            return copy?.status === status && copy.is_changed === isChanged;
        });
    }

    // The person moves it. Caldock says so ten seconds after it has seen it: they may move it again.
    move() {
        const { people, account, days } = this;
        this.hears = hearingOf('pushed_event.changed', this);
        const options = { days, zone: ZONE, taken: people.events(account, days), now: Date.now() };
        this.start = people.move(account, this.#seen, options);
        this.story.step('moved', `its person moves “${this.title}” to ${whenText(this.start)}`);
    }

    async restore() {
        const { data } = await this.hears();
        if (data.event_id !== this.id || Date.parse(data.start) !== this.start)
            throw new Error('the message says something else');
        await this.#becomes('written', true);
        await this.bookings.restore(this.id);
        await this.#becomes('written');
        this.story.step('restored', `PUT ${this.path}?restore=true: it is back`);
    }

    delete() {
        this.hears = hearingOf('pushed_event.deleted', this);
        this.people.delete(this.account, this.#seen);
        this.story.step('deleted', `its person deletes “${this.title}”`);
    }

    async cancel() {
        await this.hears();
        await this.#becomes('deleted_by_person');
        const { status } = await this.bookings.cancel(this.id);
        this.story.step('cancelled', `DELETE ${this.path}: ${status}`);
    }
}

// → what waits for a message about this account that the application hears from now on, and tells how
// long that took
function hearingOf(type, { account, hearing, story }) {
    const known = hearing.messages.length;
    const began = Date.now();
    const isIt = (one) => one.type === type && one.data.calendar_source_account === account.id;
    return async () => {
        let message;
        await until(`a message ${type}`, () => {
            message = hearing.messages.slice(known).find(isIt);
            return message;
        });
        story.step('webhook', `${type}, verified, ${secondsText(Date.now() - began)} after it`);
        return message;
    };
}

// `connect`: the flow that connects the account again
async function breakAndMend(connect, { api, people, account, hearing, story }) {
    const broken = hearingOf('account.needs_reconnect', { account, hearing, story });
    const mended = hearingOf('account.connected', { account, hearing, story });
    people.withdraw(account);
    const where = SOURCE_NAMES[account.calendar_source];
    story.step('withdrawn', `its person withdraws the consent at ${where}`);
    await api.ask('GET', `${ACCOUNTS}/${account.id}/calendars`); // the next use of the account
    const { data } = await broken();
    story.step('', `reason ${data.reason}`);
    const again = await connect();
    if (again.account.id !== account.id) throw new Error('that is another account');
    const { data: told } = await mended();
    if (!told.is_reconnect) throw new Error('the message says something else');
}

// What takes Caldock some seconds goes on beside the rest: what is told of a booking that was moved is
// heard at the end.
async function block({ account, calendar }, all) {
    const { caldock, controls, token, demo, user, story } = all;
    const { hearing } = demo;
    const api = new Api({ url: caldock.url, token, user });
    const people = new People(controls);
    const control = controls[account.calendar_source];
    const blocked = new Blocked({ api, account, calendar, people, control, story });
    await blocked.makeSetting();
    await blocked.showEvents();
    await blocked.showBusy();
    const bookings = new Bookings({ api, people, now: Date.now });
    const one = new Booked({ api, people, bookings, blocked, hearing, story });
    const other = new Booked({ api, people, bookings, blocked, hearing, story });
    await one.book();
    await other.book();
    one.move();
    await blocked.awaitNotifications();
    const more = () => other.delete();
    const how = 'the notification is lost, the query says refresh=true';
    await blocked.showChange(how, { isLost: true, query: { refresh: 'true' }, more });
    await other.cancel();
    await blocked.showChange('the source notifies', { isLost: false });
    const again = () => connect(account.calendar_source, all, account);
    await breakAndMend(again, { api, people, account, hearing, story });
    await one.restore();
}

// → whether all of it holds
async function visit(code, all) {
    all.story.say(code);
    try {
        await block(await connect(code, all), all);
        return true;
    } catch (error) {
        all.story.step('FAILED', error.message);
        return false;
    }
}

// Most of the time is waiting, for what Caldock doesn't do more often than every few seconds. So both
// sources go on at once, each with a user of its own, to whom nothing of the other is shown.
// → the status to end with
export async function once(all) {
    const visits = Object.entries(SOURCES).map(([code, name]) => {
        const story = new Story();
        return { story, hasWorked: visit(code, { ...all, user: `once-${name}`, story }) };
    });
    let failed = 0;
    for (const { story, hasWorked } of visits) {
        story.open();
        if (!(await hasWorked)) failed++;
    }
    return failed === 0 ? 0 : 1;
}
