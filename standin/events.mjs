// SPDX-License-Identifier: Apache-2.0
// The events of people's calendars, as both stand-ins keep them: single ones, series, what became
// of single instances, and a log of all changes. The sources' files give them their own shapes.
import { startsOf } from './recurrence.mjs';
import { seedsOf } from './seeds.mjs';
import { addDays, DAY_MS, instantOf, midnightOf, stampOf } from './zones.mjs';

const HOUR_MS = 3600000;
// A series without an end is followed so far ahead, where nobody says how far.
const REACH_MS = 3 * 366 * DAY_MS;

const LISTS_KEPT = 100;

const isDate = (at) => /^\d{4}-\d\d-\d\d$/.test(at);

// An instant, of a number, a text with an offset, or a local time of the zone.
function toInstant(at, zone) {
    if (typeof at === 'number') return at;
    const ms = /(Z|[+-]\d\d:\d\d)$/.test(at) ? Date.parse(at) : instantOf(at, zone);
    if (!Number.isFinite(ms)) throw new Error(`not a time: ${at}`);
    return ms;
}

const lengthOf = ({ start, end }) =>
    isDate(start) ? Date.parse(end) - Date.parse(start) : end - start;

// {start, end?, zone?}, and what the event was before → {isAllDay, start, end, zone}: dates of an
// all-day event, the end exclusive, else instants. Without an end it lasts as long as before.
function timesOf({ start, end, zone }, before) {
    const from = start ?? before.start;
    const where = zone ?? before.zone;
    const known = before.start !== undefined && isDate(before.start) === isDate(from);
    if (isDate(from)) {
        const days = known ? lengthOf(before) / DAY_MS : 1;
        return { isAllDay: true, start: from, end: end ?? addDays(from, days), zone: where };
    }
    const at = toInstant(from, where);
    const until = end ?? at + (known ? lengthOf(before) : HOUR_MS);
    return { isAllDay: false, start: at, end: toInstant(until, where), zone: where };
}

const stamp = (original) =>
    typeof original === 'number' ? stampOf(original) : original.replace(/-/g, '');
const isTimed = (values) => ['start', 'end', 'zone'].some((name) => values[name] !== undefined);

// One calendar's events. An event is {id, title, place, description, isAllDay, start, end, zone,
// rule, showAs, answer, kind, visibility, guests, raw, isDead, changed, created, updated,
// exceptions}. A view is an event, or one instance of a series, as it is to be shown: it has
// `original` and `series` in addition, and what an exception says instead.
export class Agenda {
    events = new Map(); // the dead ones, too: their ids stay taken
    log = []; // [{seq, event, originals: of instances, whole: 'instances' or 'head', if it is all}]
    seq = 0;
    epoch = 0; // cursors of another one are forgotten
    lists = new Map(); // lists whose later pages may be asked for
    begun = 0;

    // {person, calendar, hasZone, makeId: () => id, onChange: (agenda, type, event) => {}}
    constructor(options) {
        Object.assign(this, options);
    }

    get zone() {
        return this.calendar.timeZone;
    }

    #note(event, type, { originals = [], whole }) {
        event.changed = ++this.seq;
        event.updated = Date.now();
        this.log.push({ seq: this.seq, event, originals, whole });
        if (!this.isQuiet) this.onChange(this, type, event);
        return event;
    }

    // {id?, title?, start, end?, zone?, rule?, …} → the event
    add({ id = this.makeId(), ...values }) {
        const times = timesOf(values, { zone: this.zone });
        const event = { ...values, ...times, id, created: Date.now(), exceptions: new Map() };
        this.events.set(id, event);
        return this.#note(event, 'created', { whole: 'instances' });
    }

    // Changes an event, all of a series, or the instance that would begin at `original`.
    change(event, values, original) {
        if (original !== undefined) return this.#changeInstance(event, values, original);
        if ('rule' in values && Boolean(values.rule) !== Boolean(event.rule)) {
            throw new Error('an event becomes no series, and a series no event');
        }
        const times = isTimed(values) ? timesOf(values, event) : {};
        const isMoved = isTimed(values) || 'rule' in values;
        const before = event.rule && isMoved ? this.#originalsOf(event) : [];
        Object.assign(event, values, times);
        if (isMoved) event.exceptions.clear(); // as when a person chooses "all events"
        const now = new Set(event.rule && isMoved ? this.#originalsOf(event) : []);
        const originals = before.filter((one) => !now.has(one));
        return this.#note(event, 'updated', { originals, whole: 'instances' });
    }

    #changeInstance(event, values, original) {
        const view = this.instance(event, original);
        const times = isTimed(values) ? timesOf(values, view) : {};
        const { start, end, isAllDay, zone } = view;
        const own = { start, end, isAllDay, zone, ...event.exceptions.get(stamp(original)) };
        const exception = { ...own, ...values, ...times, original, changed: this.seq + 1 };
        event.exceptions.set(stamp(original), exception);
        return this.#note(event, 'updated', { originals: [original] });
    }

    // Deletes an event, all of a series, or one instance. `reported`: how an increment tells of a
    // whole series: so many of its next instances, 'head' for itself alone, or 'all'.
    remove(event, original, reported = 2) {
        if (original !== undefined) {
            event.exceptions.set(stamp(original), { isDead: true, original });
            return this.#note(event, 'deleted', { originals: [original] });
        }
        const originals = event.rule && reported !== 'head' ? this.#next(event, reported) : [];
        event.isDead = true;
        const whole = reported === 'head' ? 'head' : undefined;
        return this.#note(event, 'deleted', { originals, whole });
    }

    #next(event, reported) {
        const all = this.#originalsOf(event);
        if (reported === 'all') return all;
        const isComing = (one) => this.spanOf(this.instance(event, one))[1] > Date.now();
        const first = all.findIndex(isComing);
        const from = first < 0 ? Math.max(0, all.length - reported) : first;
        return all.slice(from, from + reported);
    }

    // An event comes here from another calendar of the same person.
    adopt(event, from) {
        const { exceptions, ...values } = event;
        const copy = { ...values, exceptions: new Map(exceptions) };
        from.remove(event, undefined, 'head');
        this.events.set(event.id, copy);
        return this.#note(copy, 'created', { whole: 'instances' });
    }

    // Everything is gone, as if it had never been there.
    clear() {
        this.events.clear();
        this.log = [];
    }

    #originalsOf(event) {
        return [...this.instancesOf(event, Infinity)].map(({ original }) => original);
    }

    // The view of one instance, whether it takes place or not. Each lasts as long as the first, in
    // real time (RFC 5545 3.8.5.3).
    instance(event, original) {
        const { rule, exceptions, ...rest } = event;
        const exception = exceptions.get(stamp(original));
        const end = isDate(original)
            ? addDays(original, Math.ceil(lengthOf(event) / DAY_MS))
            : original + lengthOf(event);
        const type = exception ? 'exception' : 'occurrence';
        const isAllDay = isDate(original); // the series may have become one of the other kind since
        const own = { isAllDay, start: original, end, type, original, series: event.id };
        return { ...rest, ...own, ...exception, id: `${event.id}_${stamp(original)}` };
    }

    // The living instances of a series that would begin before `to`, and those that were moved.
    *instancesOf(event, to) {
        if (event.isDead) return;
        const moved = [...event.exceptions.values()].map(({ original }) => original);
        const ends = moved.map((one) => (isDate(one) ? Date.parse(one) : one) + 1);
        const bound = Math.max(to === Infinity ? Date.now() + REACH_MS : to, ...ends);
        const date = new Date(bound + 2 * DAY_MS).toISOString().slice(0, 10);
        for (const original of startsOf(event, event.isAllDay ? date : bound)) {
            const view = this.instance(event, original);
            if (!view.isDead) yield view;
        }
    }

    // When an event takes place: [from, to) as instants. Whole days are days of the calendar's zone
    // at Google, of the event's at Microsoft, whose calendars have none.
    spanOf({ isAllDay, start, end, zone }) {
        if (!isAllDay) return [start, end];
        const where = this.hasZone ? this.zone : zone;
        return [midnightOf(start, where), midnightOf(end, where)];
    }

    // What overlaps [from, to), series expanded, by start.
    occurrences(from = -Infinity, to = Infinity) {
        const views = [...this.events.values()].flatMap((event) =>
            event.rule ? [...this.instancesOf(event, to)] : event.isDead ? [] : [event],
        );
        const placed = views.map((view) => [view, ...this.spanOf(view)]);
        return placed
            .filter(([, start, end]) => end > from && start < to)
            .sort((a, b) => a[1] - b[1])
            .map(([view]) => view);
    }

    // What overlaps [from, to) without series expanded: their heads, and what differs from them.
    heads(from = -Infinity, to = Infinity) {
        const alive = [...this.events.values()].filter(({ isDead }) => !isDead);
        const own = alive.filter((event) => {
            const [start, end] = this.spanOf(event);
            return (event.rule || end > from) && start < to;
        });
        const exceptions = alive.flatMap((event) =>
            [...event.exceptions.values()].map(({ original }) => this.instance(event, original)),
        );
        return [...own, ...exceptions];
    }

    // What changed after `seq`, each once, as it is now; dead views stand for what is gone. Whole
    // series come with all instances that begin before `to`.
    since(seq, to = Infinity) {
        const changes = this.log.filter((change) => change.seq > seq);
        const views = changes.flatMap((change) => this.#touched(change, to));
        return [...new Map(views.map((view) => [view.id, view])).values()];
    }

    #touched({ event, originals, whole }, to) {
        if (!event.rule || whole === 'head') return [event];
        const living = new Map();
        for (const view of this.instancesOf(event, Infinity)) living.set(view.id, view);
        const named = originals.map((original) => {
            const view = this.instance(event, original);
            return living.get(view.id) ?? { ...view, isDead: true };
        });
        const all = [...living.values()].filter((view) => this.spanOf(view)[0] < to);
        return whole ? [...all, ...named] : named;
    }

    // The same without series expanded.
    headsSince(seq) {
        const changes = this.log.filter((change) => change.seq > seq);
        const views = changes.flatMap(({ event, originals, whole }) => {
            const exceptions = originals.filter((one) => event.exceptions.has(stamp(one)));
            if (event.isDead || whole || exceptions.length === 0) return [event];
            return exceptions.map((original) => this.instance(event, original));
        });
        return [...new Map(views.map((view) => [view.id, view])).values()];
    }

    // A list that was begun, for its later pages.
    keep(list) {
        const kept = { ...list, number: ++this.begun };
        this.lists.set(kept.number, kept);
        this.lists.delete(kept.number - LISTS_KEPT);
        return kept;
    }

    // The event or instance with an id, dead or alive → {event, original?, view}, or undefined.
    find(id) {
        const event = this.events.get(id);
        if (event) return { event, view: event };
        const [series, when] = id.split('_');
        const head = this.events.get(series);
        if (!head?.rule || !when) return undefined;
        const original = this.#originalAt(head, when);
        return original && { event: head, original, view: this.instance(head, original) };
    }

    #originalAt(event, when) {
        const exception = event.exceptions.get(when);
        if (exception) return exception.original;
        const until = Date.parse(when.replace(/^(\d{4})(\d\d)(\d\d).*$/, '$1-$2-$3')) + 2 * DAY_MS;
        if (!Number.isFinite(until)) return undefined;
        const to = event.isAllDay ? new Date(until).toISOString().slice(0, 10) : until;
        return [...startsOf(event, to)].find((original) => stamp(original) === when);
    }
}

// All calendars' events of one stand-in, made when they are first looked at.
export class Agendas {
    #agendas = new Map();
    #count = 0; // ids are never given twice, not even after a reset
    #epochs = 0;
    texts = new Set(); // all titles, places, descriptions ever: no log of a client may hold them

    // idOf: (number) => an id of the source's form; hasZone: whether its calendars have a zone
    constructor({ idOf, hasZone }) {
        Object.assign(this, { idOf, hasZone });
        this.onChange = () => {};
    }

    clear() {
        this.#agendas.clear();
    }

    // calendar: an entry of calendars.mjs
    of(person, calendar) {
        const key = `${person.email} ${calendar.key}`;
        const agenda = this.#agendas.get(key) ?? this.#make(person, calendar);
        this.#agendas.set(key, agenda);
        agenda.calendar = calendar; // its zone may have changed
        return agenda;
    }

    #make(person, calendar) {
        const makeId = () => this.idOf(++this.#count);
        const { hasZone } = this;
        const agenda = new Agenda({ person, calendar, hasZone, makeId, onChange: () => {} });
        this.forget(agenda);
        for (const values of seedsOf(agenda)) this.#keepTexts(agenda.add(values));
        agenda.onChange = (...change) => {
            this.#keepTexts(change[2]);
            this.onChange(...change);
        };
        return agenda;
    }

    #keepTexts({ title, place, description, exceptions }) {
        const own = [title, place, description].filter(Boolean);
        for (const text of own) this.texts.add(text);
        for (const exception of exceptions?.values() ?? []) this.#keepTexts(exception);
    }

    // The cursors of this calendar that clients have are no longer good for anything.
    forget(agenda) {
        agenda.epoch = ++this.#epochs;
    }

    get all() {
        return [...this.#agendas.values()];
    }
}
