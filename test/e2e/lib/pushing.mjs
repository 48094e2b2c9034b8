// SPDX-License-Identifier: Apache-2.0
// Calendars that receive: a user with an empty one, the events that the application pushes, and what
// stands in the calendar then. No wait is for a time: what would come later is made due.
import assert from 'node:assert/strict';

import { at, Blocking, SETTINGS } from './blocking.mjs';
import { until } from './until.mjs';
import { lookOf, seenOf } from './wanted.mjs';
import { ACCOUNTS, API } from './world.mjs';

export const PUSHED = `${API}/pushed_events`;
export const NEVER = '9223372036854775807';
const DAY_MS = 24 * 3600000;

export const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
export const dateOf = (ms) => iso(ms).slice(0, 10);

let serial = 0;
// Somebody whom no test has met.
export const anOwner = () => ({ headers: { 'Caldock-User': `user-${++serial}` } });

// What is pushed where a test doesn't care; `hour` tells events apart.
export const plain = (hour = 9, more = {}) => ({
    title: `Cut at ${hour}`,
    start: iso(at(1, hour)),
    end: iso(at(1, hour + 1)),
    ...more,
});

// --- the whole store

// As if the time had come of all that waits for one, and of the ends of holds. A setting becomes
// inactive by a refusal that is told after the fault is over, too: then it is looked at in a day.
export async function hurry(world) {
    await world.alterStore(
        `update calendar_sync set due_at = 1 where inactive_reason <> 0 and due_at < ${NEVER}`,
    );
    await world.alterStore('update account_work set hold_until = 0, hold_step = 0');
    await world.alterStore(`update pushed_copies set due_at = 0 where due_at < ${NEVER}`);
}

const DEAD_MS = 15000; // a node that doesn't report for so long is dead

// What is left to be done, or is being done: copies, settings whose switches have changed, accounts
// that a living node writes into.
const left = () => `select (select count(*) from pushed_copies where due_at < ${NEVER})
    + (select count(*) from staff_calendar_settings where push_due = 1)
    + (select count(*) from account_work w join nodes n on n.id = substr(w.write_owner, 1, 12)
    where n.seen_at > ${Date.now() - DEAD_MS})`;

// Of that, for people.
const WHAT = `select 'copy', c.id, 'of setting', c.settings, 'deleted', s.deleted_at > 0, 'inactive',
    y.inactive_reason, 'want', c.want, 'status', c.status, 'reason', c.reason, 'flags', c.flags,
    'attempts', c.attempts, 'pushed', s.push_due
    from pushed_copies c join staff_calendar_settings s on s.id = c.settings
    join calendar_sync y on y.settings = s.id where c.due_at < ${NEVER} or s.push_due = 1`;

// Waits until nothing is left to be done; with `hurries`, whatever it waits for.
export async function quiet(world, { hurries = false } = {}) {
    try {
        await until('nothing is left to be written', async () => {
            if (hurries) await hurry(world);
            return (await world.queryStore(left())) === '0';
        });
    } catch (error) {
        throw new Error(`${error.message}: ${await world.queryStore(WHAT)}`);
    }
}

// Every calendar that is read is read anew, and what its read found is looked at.
export async function readAll(world) {
    const since = Date.now();
    const wanted = `due_at < ${NEVER} and synced_at < ${since}`;
    await until('all calendars are read', async () => {
        await world.alterStore(`update calendar_sync set due_at = 1 where ${wanted}`);
        return (
            (await world.queryStore(`select count(*) from calendar_sync where ${wanted}`)) === '0'
        );
    });
    await quiet(world);
}

// --- requests at a stand-in about single events

const KINDS = [
    ['create', 'POST', /\/events$/],
    ['update', 'PATCH', /\/events\/[^/]+$/],
    ['remove', 'DELETE', /\/events\/[^/]+$/],
    ['look', 'GET', /\/events\/[^/]+$/],
    ['find', 'GET', /\/me\/calendars\/[^/]+\/events$/],
];

export const kindOf = ({ method, path }) =>
    KINDS.find(([, verb, pattern]) => verb === method && pattern.test(path))?.[0];

const isWrite = (kind) => ['create', 'update', 'remove'].includes(kind);

// Who writes into calendars writes once at a time for each person, or for this one: a node that was
// killed leaves the source with what it had begun → how many writes there were.
export function onceAtATime(control, email) {
    const writes = control
        .requests()
        .filter(({ person }) => person && (!email || person === email))
        .filter((entry) => isWrite(kindOf(entry)))
        .sort((a, b) => a.beganAt - b.beganAt);
    const last = new Map();
    for (const entry of writes) {
        const before = last.get(entry.person);
        const isAfter = !before || before.endedAt <= entry.beganAt;
        assert.ok(
            isAfter,
            `${entry.person}: ${before?.path} until ${before?.endedAt}, and ${entry.path} from ${entry.beganAt}`,
        );
        last.set(entry.person, entry);
    }
    return writes.length;
}

// --- one calendar

// One calendar that receives.
export class Receiving extends Blocking {
    // {as?: the owner, a new one if there is none, email?, key?, and values of the setting}
    static create(world, code, { as = anOwner(), ...options } = {}) {
        const values = {
            is_destination_for_teamup_events: true,
            is_source_for_busy_periods: false,
        };
        return super.create(world, code, { as, ...values, ...options });
    }

    // Another calendar of the same owner: of the same person, or of another one at that source.
    another(options = {}) {
        const { code = this.code, email = code === this.code ? this.email : undefined } = options;
        return Receiving.create(this.world, code, { key: 'team', ...options, email, as: this.as });
    }

    // A setting for it again.
    receive(values) {
        const switches = {
            is_destination_for_teamup_events: true,
            is_source_for_busy_periods: false,
        };
        return this.makeSetting({ ...switches, ...values });
    }

    async change(values) {
        const options = { method: 'PATCH', json: values, ...this.as };
        const { status, text } = await this.world.ask(`${SETTINGS}/${this.setting}`, options);
        assert.equal(status, 200, text);
    }

    switch(isOn) {
        return this.change({ is_destination_for_teamup_events: isOn });
    }

    async discard({ keeps = false } = {}) {
        const query = keeps ? { keep_events: 'true' } : {};
        const options = { method: 'DELETE', query, ...this.as };
        const { status, text } = await this.world.ask(`${SETTINGS}/${this.setting}`, options);
        assert.equal(status, 204, text);
    }

    async disconnect() {
        const options = { method: 'DELETE', ...this.as };
        const { status, text } = await this.world.ask(`${ACCOUNTS}/${this.account}`, options);
        assert.equal(status, 204, text);
    }

    // --- the application

    tryPut(id, json, query = {}) {
        return this.world.ask(`${PUSHED}/${id}`, { method: 'PUT', json, query, ...this.as });
    }

    // → what it answers
    async put(id, values = plain(), { restores = false } = {}) {
        const answer = await this.tryPut(id, values, restores ? { restore: 'true' } : {});
        assert.ok([200, 201].includes(answer.status), answer.text);
        return answer.body;
    }

    // The same, once it is in the calendar.
    async written(id, values, options) {
        await this.put(id, values, options);
        return this.stands(id, { status: 'written' });
    }

    async remove(id) {
        const options = { method: 'DELETE', ...this.as };
        const { status, text } = await this.world.ask(`${PUSHED}/${id}`, options);
        assert.equal(status, 204, text);
    }

    // → undefined, if it is unknown
    async event(id) {
        const { status, body, text } = await this.world.ask(`${PUSHED}/${id}`, this.as);
        assert.ok([200, 404].includes(status), text);
        return body?.event_id && body;
    }

    // Its copy in this calendar.
    async copy(id) {
        const { copies } = (await this.event(id)) ?? { copies: [] };
        return copies.find((copy) => copy.staff_calendar_settings === this.setting);
    }

    // Waits until the copy has these members → the copy
    async stands(id, wanted) {
        let copy;
        const isSo = ([name, value]) => copy[name] === value;
        const look = async () => {
            copy = await this.copy(id);
            return copy && Object.entries(wanted).every(isSo) && copy;
        };
        const what = `the copy of ${id} has ${JSON.stringify(wanted)}`;
        return until(what, look).catch((error) => {
            throw new Error(`${error.message}: ${JSON.stringify(copy)}`);
        });
    }

    // Waits until there is nothing left to do for any copy of this owner that the API shows.
    quiet(options) {
        return quiet(this.world, options);
    }

    hurry() {
        return hurry(this.world);
    }

    // As if it had begun and ended so long ago, here and in the calendar. Its title alone tells it
    // then.
    async ages(id, days) {
        const s = (days * DAY_MS) / 1000;
        const rows = `select id from pushed_events where event_id = '${id}'`;
        const later = (column) => `${column} = ${column} - ${s}`;
        const sent = `sent_end_at = case when sent_end_at > ${s} then sent_end_at - ${s} else 0 end`;
        await this.world.alterStore(
            `update pushed_copies set ${later('start_at')}, ${later('end_at')}, ${sent} where event in (${rows})`,
        );
        await this.world.alterStore(
            `update pushed_events set ${later('starts_at')}, ${later('ends_at')} where event_id = '${id}'`,
        );
    }

    // --- the calendar

    // What is in it, as the stand-in keeps it.
    get inside() {
        return this.control.eventsOf(this.where);
    }

    get titles() {
        return this.inside.map(({ title }) => title).sort();
    }

    // The one event in it.
    get only() {
        const { inside } = this;
        assert.equal(inside.length, 1, JSON.stringify(inside));
        return inside[0];
    }

    // There is a copy of this, and nothing else.
    isOnly(values) {
        assert.deepEqual(seenOf(this.only), lookOf(values));
    }

    // The person's doings: with the one event in it, or the one of that title.
    pick(title) {
        if (title === undefined) return { ...this.where, id: this.only.id };
        const found = this.inside.filter((event) => event.title === title);
        assert.equal(found.length, 1, title);
        return { ...this.where, id: found[0].id };
    }

    personDeletes(title) {
        this.control.deleteEvent(this.pick(title));
    }

    personChanges(values, title) {
        this.control.changeEvent({ ...this.pick(title), ...values });
    }

    // The calendar is read, and what was found has been looked at.
    async read() {
        const since = Date.now();
        const sql = `select synced_at from calendar_sync where settings = ${this.setting}`;
        await this.sync('now');
        await until(`setting ${this.setting} is read`, async () => {
            return Number(await this.world.queryStore(sql)) >= since;
        });
        await this.quiet();
    }

    // --- requests

    // The requests about single events of this person, oldest first.
    get calls() {
        const isOwn = (entry) => entry.person === this.email && kindOf(entry);
        return this.control.requests().filter(isOwn);
    }

    // Of these, the last ones behind so many.
    kinds(from = 0) {
        return this.calls.slice(from).map(kindOf);
    }

    get writes() {
        return this.calls.filter((entry) => isWrite(kindOf(entry)));
    }

    // What is to happen to a request about single events: kind 'create' …, and a fault (faults.mjs).
    fault(kind, fault) {
        const [, method] = KINDS.find(([name]) => name === kind);
        const path = kind === 'look' ? '/events/' : '/events';
        this.control.fault({ path, method, account: this.email, ...fault });
    }
}
