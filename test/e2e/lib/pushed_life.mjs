// SPDX-License-Identifier: Apache-2.0
// A user with one to three calendars that receive, at one source or both, to whom something happens by
// chance: the application pushes, people change their calendars, sources fail. lib/wanted.mjs knows
// what has to stand in each calendar in the end. The same seed wants the same.
import assert from 'node:assert/strict';

import { SETTINGS } from './blocking.mjs';
import { mishapsOfWrites } from './mishaps.mjs';
import { DAY_MS, HOUR_MS } from './naive.mjs';
import { dateOf, iso, PUSHED } from './pushing.mjs';
import { until } from './until.mjs';
import { seenOf, Wanted } from './wanted.mjs';
import { Chance } from './whims.mjs';
import { ACCOUNTS, API } from './world.mjs';

const EVENTS = 8; // that an application has at most
const MINUTE_MS = 60000;
const OTHER = { GOOG: 'MSFT', MSFT: 'GOOG' };
const BUSY = `${API}/busy_periods`;

const TITLES = ['Cut', 'Färben & föhnen', 'Brows "express"', '剪髮', '✂️ Beard <b>', "O'Hara\\"];
const TEXTS = [
    '',
    'Bring the voucher',
    'First line\nsecond line',
    '<b>no markup</b>',
    'ж'.repeat(400),
];
const PLACES = ['', 'Chair 2', 'Łódź, ul. Piotrkowska 1'];
const LINKS = [null, null, 'https://app.example/bookings/7?a=1&b=%20', 'https://app.example/8'];

// The token of an event, in its title.
const tokenOf = (title) => /^\S+/.exec(title)[0];

// What happens, by weight. The names are those of methods.
const WHIMS = {
    put: 30,
    putAgain: 6,
    restore: 6,
    drop: 7,
    personDeletes: 8,
    personMoves: 8,
    personRenames: 3,
    spoil: 8,
    stop: 3,
    receive: 5,
    turnGuests: 2,
    discard: 2,
    disconnect: 1,
    connect: 3,
    withdraw: 1,
    forbid: 1,
    look: 4,
};

export class PushedLife {
    log = [];
    wanted = new Wanted();
    accounts = new Map(); // by source: {email, id, isWithdrawn}
    places = []; // {name, code, key, where, calendar: its id, setting, isReceiving, isForbidden, own}
    #tokens = 0;

    // seed: GOOG-1; {today: the midnight that began it}
    static async begin(seed, { world, today }) {
        const life = new PushedLife();
        const [code] = seed.split('-');
        Object.assign(life, { seed, code, world, today, chance: new Chance(seed) });
        life.as = { headers: { 'Caldock-User': seed } };
        life.#plan();
        for (const account of life.accounts.values()) await life.#connect(account);
        for (const place of life.places) await life.#open(place);
        return life;
    }

    // Which calendars there are.
    #plan() {
        const names = [[this.code, 'primary']];
        if (this.chance.is(0.4)) names.push([this.code, 'team']);
        if (this.chance.is(0.25)) names.push([OTHER[this.code], 'primary']);
        for (const [code, key] of names) {
            if (!this.accounts.has(code)) {
                this.accounts.set(code, { code, email: this.world.newPerson(code) });
            }
            const { email } = this.accounts.get(code);
            const where = { account: email, calendar: key };
            const place = { name: `${code} ${key}`, code, key, where, blocks: this.chance.is(0.7) };
            place.control = this.world.control(code);
            this.places.push(place);
            this.wanted.addPlace(place.name);
        }
    }

    async #connect(account) {
        const options = { account: account.email, ...this.as };
        account.id = await this.world.connected(account.code, options);
        account.isWithdrawn = false;
    }

    // The calendar has one event of the person's own.
    async #open(place) {
        place.control.emptyCalendar(place.where);
        const start = this.today + this.chance.of(3, 20) * DAY_MS;
        place.own = [start, start + HOUR_MS].map(iso);
        place.control.addEvent({ ...place.where, title: 'own', start, end: start + HOUR_MS });
        const target = `${ACCOUNTS}/${this.#accountOf(place).id}/calendars`;
        const { body } = await this.world.ask(target, this.as);
        const isIt = ({ is_primary: isPrimary, id }) =>
            place.key === 'primary' ? isPrimary : id.includes(place.key);
        place.calendar = body.results.find(isIt).id;
        if (this.chance.is(0.8)) await this.#receive(place);
    }

    #accountOf = ({ code }) => this.accounts.get(code);

    async #ask(method, target, more = {}, statuses = [200, 201, 204]) {
        const answer = await this.world.ask(target, { method, ...more, ...this.as });
        assert.ok(statuses.includes(answer.status), `${method} ${target}: ${answer.text}`);
        return answer.body;
    }

    say(text) {
        this.log.push(text);
    }

    // --- what happens

    async act(most) {
        for (let left = this.chance.of(0, most); left > 0; left--) {
            await this[this.chance.weighed(WHIMS)]();
        }
    }

    #anyTimes() {
        const span = this.chance.weighed({ soon: 6, 'some day': 3, far: 1, past: 1 });
        const [from, to] = {
            soon: [2, 12],
            'some day': [12, 170],
            far: [200, 390],
            past: [-30, -3],
        }[span];
        const midnight = this.today + this.chance.of(from, to) * DAY_MS;
        const minutes = this.chance.of(0, 1439);
        const [days, lasts] = [this.chance.of(1, 3), this.chance.of(1, 1500)];
        if (span !== 'past' && this.chance.is(0.2)) {
            return {
                is_all_day: true,
                start: dateOf(midnight),
                end: dateOf(midnight + days * DAY_MS),
            };
        }
        const start = midnight + minutes * MINUTE_MS;
        return { is_all_day: false, start: iso(start), end: iso(start + lasts * MINUTE_MS) };
    }

    #anyValues(token) {
        const { chance } = this;
        return {
            title: `${token} ${chance.one(TITLES)}`,
            ...this.#anyTimes(),
            description: chance.one(TEXTS),
            location: chance.one(PLACES),
            link: chance.one(LINKS),
            show_as: chance.one(['busy', 'busy', 'free']),
            visibility: chance.one(['default', 'private']),
            has_attendees: chance.is(0.5),
        };
    }

    #anyId = () => `e${this.chance.of(1, EVENTS)}`;

    async #put(id, values, { restores = false, token } = {}) {
        const query = restores ? { restore: 'true' } : {};
        await this.#ask('PUT', `${PUSHED}/${id}`, { json: values, query });
        this.wanted.put(id, values, { restores, token });
        this.say(`put ${id}${restores ? ' restoring' : ''}: ${JSON.stringify(values)}`);
    }

    // An event that is new, or other values of one that is known, perhaps but one.
    async put({ restores = false } = {}) {
        const id = this.#anyId();
        const known = this.wanted.events.get(id);
        const token = known?.token ?? `${this.seed}:${id}.${++this.#tokens}`;
        const values = this.#anyValues(token);
        const one = this.chance.one(['title', 'times', 'has_attendees', 'all', 'all']);
        const parts = {
            title: ['title'],
            times: ['is_all_day', 'start', 'end'],
            has_attendees: ['has_attendees'],
        };
        const chosen = known && parts[one] && parts[one].map((name) => [name, values[name]]);
        const all = chosen ? { ...known.values, ...Object.fromEntries(chosen) } : values;
        await this.#put(id, all, { restores, token });
    }

    async putAgain(options = {}) {
        const id = this.#anyId();
        const known = this.wanted.events.get(id);
        if (known) await this.#put(id, known.values, options);
    }

    restore() {
        return this.chance.is(0.5)
            ? this.put({ restores: true })
            : this.putAgain({ restores: true });
    }

    async drop() {
        const id = this.#anyId();
        if (!this.wanted.events.has(id)) return;
        await this.#ask('DELETE', `${PUSHED}/${id}`);
        this.wanted.delete(id);
        this.say(`delete ${id}`);
    }

    // --- settings and accounts

    #aPlace = () => this.chance.one(this.places);

    async #change(place, json) {
        await this.#ask('PATCH', `${SETTINGS}/${place.setting}`, { json });
        this.say(`${place.name}: ${JSON.stringify(json)}`);
    }

    async #receive(place) {
        const values = {
            calendar_source_account: this.#accountOf(place).id,
            calendar_source_calendar_id: place.calendar,
            is_destination_for_teamup_events: true,
            is_source_for_busy_periods: place.blocks,
            push_only_if_event_has_attendees: this.wanted.places.get(place.name).needsGuests,
        };
        const { id } = await this.#askUnheld(place, 'POST', SETTINGS, values);
        Object.assign(place, { setting: id, isReceiving: true });
        this.wanted.receive(place.name);
        this.say(`${place.name}: receives, setting ${id}`);
    }

    // A held account answers no question about rights.
    #askUnheld(place, method, target, json) {
        const { id } = this.#accountOf(place);
        const sql = `update account_work set hold_until = 0, hold_step = 0 where account = ${id}`;
        return until(`${method} ${target}`, async () => {
            const answer = await this.world.ask(target, { method, json, ...this.as });
            if ([200, 201].includes(answer.status)) return answer.body;
            assert.equal(answer.status, 502, answer.text);
            await this.world.alterStore(sql);
        });
    }

    // A source that is asked for rights must answer.
    #isReachable = (place) => {
        const { id, isWithdrawn } = this.#accountOf(place);
        return id !== null && !isWithdrawn && !place.isForbidden;
    };

    async receive() {
        const place = this.#aPlace();
        if (place.isReceiving || !this.#isReachable(place)) return;
        if (!place.setting) return this.#receive(place);
        const json = { is_destination_for_teamup_events: true };
        await this.#askUnheld(place, 'PATCH', `${SETTINGS}/${place.setting}`, json);
        place.isReceiving = true;
        this.wanted.receive(place.name);
        this.say(`${place.name}: switched on`);
    }

    async stop() {
        const place = this.#aPlace();
        if (!place.isReceiving) return;
        await this.#change(place, { is_destination_for_teamup_events: false });
        place.isReceiving = false;
        this.wanted.stop(place.name);
    }

    async turnGuests() {
        const place = this.#aPlace();
        if (!place.setting) return;
        const { needsGuests } = this.wanted.places.get(place.name);
        await this.#change(place, { push_only_if_event_has_attendees: !needsGuests });
        this.wanted.turnGuests(place.name);
    }

    async discard() {
        const [place, keeps] = [this.#aPlace(), this.chance.is(0.5)];
        if (!place.setting) return;
        const query = keeps ? { keep_events: 'true' } : {};
        await this.#ask('DELETE', `${SETTINGS}/${place.setting}`, { query });
        this.say(
            `${place.name}: no setting any more, ${keeps ? 'what is there stays' : 'all goes'}`,
        );
        if (keeps) this.wanted.leave(place.name);
        else this.wanted.stop(place.name);
        Object.assign(place, { setting: undefined, isReceiving: false });
    }

    #anAccount = () => this.chance.one([...this.accounts.values()]);

    async disconnect() {
        const account = this.#anAccount();
        if (account.id === null) return;
        await this.#ask('DELETE', `${ACCOUNTS}/${account.id}`);
        this.say(`${account.code}: disconnected`);
        account.id = null;
        for (const place of this.places.filter(({ code }) => code === account.code)) {
            this.wanted.leave(place.name);
            Object.assign(place, { setting: undefined, isReceiving: false });
        }
    }

    async connect() {
        const account = this.#anAccount();
        if (account.id !== null && !account.isWithdrawn) return;
        await this.#connect(account);
        this.say(`${account.code}: connected as ${account.id}`);
    }

    // The person takes the consent back.
    withdraw() {
        const account = this.#anAccount();
        if (account.id === null || account.isWithdrawn) return;
        this.world.control(account.code).withdraw({ account: account.email });
        account.isWithdrawn = true;
        this.say(`${account.code}: withdrawn`);
    }

    // The calendar can't be written to for a while.
    forbid() {
        const place = this.#aPlace();
        if (place.isForbidden) return;
        place.control.changeCalendar({ ...place.where, canEdit: false });
        place.isForbidden = true;
        this.say(`${place.name}: can't be written to`);
    }

    // --- the person, and a copy that is in the calendar

    // Of some event of the application, or of one that is gone → {place, token, event, isWritten}
    async #aCopy() {
        const [place, pick] = [this.#aPlace(), this.chance.next()];
        const { copies } = this.wanted.places.get(place.name);
        const token = [...copies.keys()].sort()[Math.floor(pick * copies.size)];
        const isIt = ({ title }) => tokenOf(title) === token;
        const id = [...this.wanted.events].find(([, event]) => event.token === token)?.[0];
        const said = id && place.isReceiving && (await this.#saidOf(place, id));
        const event = place.control.eventsOf(place.where).find(isIt);
        return event && { place, token, event, isWritten: said?.status === 'written' };
    }

    async #saidOf(place, id) {
        const { copies } = await this.#ask('GET', `${PUSHED}/${id}`);
        return copies.find((copy) => copy.staff_calendar_settings === place.setting);
    }

    async personDeletes() {
        const { place, token, event, isWritten } = (await this.#aCopy()) ?? {};
        if (!place) return;
        place.control.deleteEvent({ ...place.where, id: event.id });
        this.wanted.personDeletes(place.name, token, isWritten);
        this.say(`${place.name}: the person deletes ${token}, ${isWritten ? '' : 'not '}written`);
    }

    async personMoves() {
        const { start, end } = this.#anyTimesAhead();
        await this.#personChanges('times', { start, end });
    }

    #anyTimesAhead() {
        for (;;) {
            const times = this.#anyTimes();
            if (Date.parse(times.start) > this.today + 2 * DAY_MS) return times;
        }
    }

    personRenames() {
        const name = this.chance.one(TITLES);
        return this.#personChanges('words', { name });
    }

    async #personChanges(part, { name, ...values }) {
        const { place, token, event, isWritten } = (await this.#aCopy()) ?? {};
        if (!place) return;
        const changes = name ? { title: `${token} ${name}, mine` } : values;
        place.control.changeEvent({ ...place.where, id: event.id, ...changes });
        const [now] = place.control.eventsOf(place.where).filter(({ id }) => id === event.id);
        const value = seenOf(now)[part];
        this.wanted.personChanges(place.name, token, part, value, isWritten);
        const how = `${isWritten ? '' : 'not '}written`;
        this.say(`${place.name}: the person changes ${token}, ${how}: ${JSON.stringify(value)}`);
    }

    // --- the sources

    // Something goes wrong, or would, if there were such a request.
    spoil() {
        const account = this.#anAccount();
        const mishaps = mishapsOfWrites(account.code);
        const name = this.chance.one(Object.keys(mishaps));
        const { methods, ...fault } = mishaps[name];
        const method = this.chance.one(methods);
        const times = Number(this.chance.weighed({ 1: 3, 2: 2, 3: 1 }));
        const where = { path: '/events', account: account.email, perhaps: true };
        this.world.control(account.code).fault({ ...fault, ...where, method, times });
        this.say(`${account.code}: ${name}, ${times} times at ${method}`);
    }

    // --- busy time

    // Whenever somebody asks, only the person's own events count.
    async look() {
        const all = this.places.filter(({ setting, blocks }) => setting && blocks);
        const [first, last] = [this.today + 2 * DAY_MS, this.today + 90 * DAY_MS];
        const query = { happens_after: iso(first), happens_before: iso(last), refresh: 'true' };
        const body = await this.#ask('GET', BUSY, { query });
        const own = [...new Map(all.map(({ own }) => [own[0], own])).values()].sort();
        const seen = body.busy_periods.map(({ start, end }) => [start, end]);
        const mine = own.filter((one) => seen.some(([start]) => start === one[0]));
        assert.deepEqual(seen, body.is_complete ? own : mine, 'the busy periods');
    }

    // --- the end

    // The person gives back what was taken.
    async repair() {
        for (const account of this.accounts.values()) {
            const places = this.places.filter(({ code }) => code === account.code);
            if (places.some(({ isForbidden }) => isForbidden)) {
                this.world.control(account.code).mailbox({ account: account.email });
                places.forEach((place) => (place.isForbidden = false));
            }
            if (account.isWithdrawn) await this.#connect(account);
            for (const { setting } of places) if (setting) await this.#revive(setting);
        }
    }

    // Whatever was found wrong is looked at again.
    async #revive(setting) {
        const { is_active: isActive } = await this.#ask('GET', `${SETTINGS}/${setting}`);
        const json = { constrain_only_busy: true };
        if (!isActive) await this.#ask('PATCH', `${SETTINGS}/${setting}`, { json });
    }

    async #events() {
        const { results } = await this.#ask('GET', PUSHED, { query: { page_size: '100' } });
        return results;
    }

    // Wants again what a source has refused → whether there was something
    async retry() {
        const isRefused = ({ status, reason }) => status === 'failed' && reason === 'refused';
        const refused = (await this.#events()).filter(({ copies }) => copies.some(isRefused));
        for (const { event_id: id } of refused) {
            await this.#ask('PUT', `${PUSHED}/${id}`, { json: this.wanted.events.get(id).values });
            this.wanted.retry(id);
            this.say(`put ${id} again, it was refused`);
        }
        return refused.length > 0;
    }

    // At rest: what stands in each calendar, and what the API says of it.
    async judge() {
        const events = await this.#events();
        const wrong = this.places.flatMap((place) => {
            const found = {};
            for (const event of place.control.eventsOf(place.where)) {
                if (event.title === 'own') continue;
                (found[tokenOf(event.title)] ??= []).push(seenOf(event));
            }
            const isHere = (copy) => copy.staff_calendar_settings === place.setting;
            const said = events.map(({ event_id: id, copies }) => [id, copies.find(isHere)]);
            const known = Object.fromEntries(said.filter(([, copy]) => copy));
            return this.wanted
                .judge(place.name, found, known)
                .map((text) => `${place.name}: ${text}`);
        });
        assert.equal(wrong.join('\n'), '');
        await this.look();
    }
}
