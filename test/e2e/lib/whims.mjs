// SPDX-License-Identifier: Apache-2.0
// What a person may do to a calendar, by chance: at the stand-in, and in a diary of the test's own,
// which lib/naive.mjs reads. The same seed does the same: from the same day on exactly, from another
// one in the same order, so many days later. Where clocks change then, on which weekdays days fall and
// how long months are is that day's own.
import {
    addDays,
    dateOf,
    DAY_MS,
    HOUR_MS,
    instantOf,
    localOf,
    occurrencesOf,
    stampOf,
    textOf,
} from './naive.mjs';

const MINUTE_MS = 60000;
const ENOUGH = 14; // events in a diary: with more, people rather delete

// Numbers by chance, from a text (xmur3 and mulberry32).
export class Chance {
    #state = 1779033703;

    constructor(seed) {
        for (const character of String(seed)) {
            this.#state = Math.imul(this.#state ^ character.charCodeAt(0), 3432918353);
            this.#state = (this.#state << 13) | (this.#state >>> 19);
        }
    }

    // 0 ≤ and < 1
    next() {
        this.#state = (this.#state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    }

    // A whole number, both ends included.
    of(from, to) {
        return from + Math.floor(this.next() * (to - from + 1));
    }

    is(probability) {
        return this.next() < probability;
    }

    one(list) {
        return list[this.of(0, list.length - 1)];
    }

    // One of {name: weight}.
    weighed(weights) {
        const all = Object.entries(weights);
        let left = this.next() * all.reduce((sum, [, weight]) => sum + weight, 0);
        return (all.find(([, weight]) => (left -= weight) < 0) ?? all.at(-1))[0];
    }
}

export const ZONES = [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Katmandu',
    'Pacific/Auckland',
    'America/Santiago',
    'Asia/Beirut',
    'Atlantic/Azores',
    'America/Havana',
    'UTC',
];

const WEEK = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

const SHOW_AS = {
    GOOG: ['busy', 'free', 'tentative'],
    MSFT: ['busy', 'free', 'tentative', 'oof', 'workingElsewhere', 'unknown', 'asleep'],
};
const ANSWERS = ['accepted', 'declined', 'tentative', 'needsAction'];
const KINDS = [
    'workingLocation',
    'birthday',
    'outOfOffice',
    'focusTime',
    'fromGmail',
    'somethingNew',
];

const weekdayOf = (date) => new Date(`${date}T00:00:00Z`).getUTCDay();

// What becomes of an instance of a series without any. Whether it has some depends on the day, what
// chance says next must not.
const NONE = 'none';

// One calendar, whose events are all of the test's making.
export class Diary {
    events = new Map();
    #serial = 0;

    // {code, seed, control, account, calendar, other: the key of another calendar, zone, today}
    constructor(options) {
        Object.assign(this, options);
        this.chance = new Chance(this.seed);
        this.where = { account: this.account, calendar: this.calendar };
        const now = Date.now();
        this.window = [
            Math.min(this.today, now - DAY_MS) - 3 * DAY_MS,
            Math.max(this.today, now) + 185 * DAY_MS,
        ];
    }

    // As it is now; later changes leave this alone.
    snapshot() {
        return { events: [...this.events.values()], zone: this.zone };
    }

    // Does something, of these whims by their weights → what, for people.
    act(weights = WEIGHTS) {
        const isFull = weights === WEIGHTS && this.events.size > ENOUGH;
        const all = isFull ? { ...WEIGHTS, ...WEIGHTS_FULL } : weights;
        for (;;) {
            const name = this.chance.weighed(all);
            const done = WHIMS[name](this);
            if (done) return `${name} ${done}`;
        }
    }

    clear() {
        this.control.emptyCalendar(this.where);
        this.events.clear();
    }

    // --- choices

    date() {
        const days = this.chance.weighed({ soon: 5, 'some day': 4, far: 1 });
        const span = { soon: [-3, 20], 'some day': [0, 178], far: [178, 400] }[days];
        return dateOf(this.today + this.chance.of(...span) * DAY_MS);
    }

    // Often where clocks change.
    time() {
        const hours = this.chance.is(0.15) ? this.chance.of(0, 3) : this.chance.of(0, 23);
        const two = (n) => String(n).padStart(2, '0');
        return `${two(hours)}:${two(15 * this.chance.of(0, 3))}:00`;
    }

    lasting() {
        const minutes = this.chance.weighed({ 0: 1, 15: 8, 60: 15, 175: 6, 1440: 1, 4000: 1 });
        return Number(minutes) * MINUTE_MS;
    }

    timed(date = this.date(), zone = this.chance.one(ZONES), lasts = this.lasting()) {
        const start = instantOf(`${date}T${this.time()}`, zone);
        return { isAllDay: false, start, end: start + lasts, zone };
    }

    days(start = this.date(), zone = this.chance.one(ZONES)) {
        return { isAllDay: true, start, end: addDays(start, this.chance.of(1, 4)), zone };
    }

    times() {
        return this.chance.is(0.25) ? this.days() : this.timed();
    }

    looks() {
        const looks = {};
        if (this.chance.is(0.3)) looks.showAs = this.chance.one(SHOW_AS[this.code]);
        if (this.chance.is(0.2)) looks.answer = this.chance.one(ANSWERS);
        if (this.chance.is(0.1)) looks.visibility = 'private';
        if (looks.answer && this.chance.is(0.3)) looks.guests = this.chance.of(1, 5);
        if (this.code === 'GOOG' && this.chance.is(0.15)) looks.kind = this.chance.one(KINDS);
        if (this.code === 'MSFT' && this.chance.is(0.05)) looks.isCancelled = true;
        return looks;
    }

    texts() {
        const name = `${this.seed}-${++this.#serial}`;
        return {
            title: `Quorum of the zephyrs ${name}`,
            ...(this.chance.is(0.5) && { place: `Hall of the marmots ${name}` }),
            ...(this.chance.is(0.3) && { description: `Bring the samovar ${name}` }),
        };
    }

    // A rule whose first day is this one.
    rule({ isAllDay, start, zone }) {
        const date = isAllDay ? start : localOf(start, zone).slice(0, 10);
        const rule = RULES[this.chance.weighed({ DAILY: 3, WEEKLY: 4, MONTHLY: 3 })](this, date);
        const end = this.chance.weighed({ count: 5, until: 4, never: 1 });
        if (end === 'count') rule.count = this.chance.of(1, 30);
        if (end === 'until') {
            const days = this.chance.of(0, 120);
            rule.until = isAllDay ? addDays(start, days) : start + days * DAY_MS;
        }
        return rule;
    }

    // An event that there is.
    pick(isWanted) {
        const all = [...this.events.values()].filter(isWanted);
        return all.length > 0 ? this.chance.one(all) : undefined;
    }

    // → [a series, one of its instances: of those that begin in the time that this diary is about, if
    // there are any]
    pickInstance() {
        const event = this.pick(({ rule }) => rule);
        if (!event) return [];
        const [from, to] = [-3, 185].map((days) => stampOf(dateOf(this.today + days * DAY_MS)));
        const isNear = ({ stamp }) => stamp >= from && stamp < to;
        return [event, this.chance.one(occurrencesOf(event, this.window).filter(isNear))];
    }

    // --- doing

    // Times in one of the ways in which the stand-in takes them.
    #said({ isAllDay, start, end, zone }) {
        if (isAllDay) return { start, end, zone };
        const local = localOf(start, zone);
        const ways = [start, new Date(start).toISOString()];
        if (instantOf(local, zone) === start) ways.push(local);
        return { start: this.chance.one(ways), end, zone };
    }

    // exact: times with fractions of a second, as the source shows them.
    add({ times, exact, rule, looks }) {
        const { id } = this.control.addEvent({
            ...this.where,
            ...this.texts(),
            ...this.#said(times),
            ...looks,
            ...(rule && { rule: textOf(rule) }),
            ...(exact && { raw: EXACTLY[this.code](exact) }),
        });
        this.events.set(id, { id, times, exact, rule, looks, exceptions: new Map() });
        return id;
    }

    // Other times, another rule, other looks of an event or a whole series.
    change(event, { times, rule, looks = {} }) {
        this.control.changeEvent({
            ...this.where,
            id: event.id,
            ...(times && this.#said(times)),
            ...(rule && { rule: textOf(rule) }),
            ...looks,
        });
        const isMoved = times || rule;
        this.events.set(event.id, {
            ...event,
            times: times ?? event.times,
            rule: rule ?? event.rule,
            looks: { ...event.looks, ...looks },
            exceptions: isMoved ? new Map() : event.exceptions,
        });
    }

    // One of a series, if there is one, is from now on what it is: its times stay when others' change.
    changeInstance(event, one, { times, looks = {} }) {
        const said = { ...(times && this.#said(times)), ...looks };
        if (!one) return NONE;
        const { stamp, times: before } = one;
        const instance = `${event.id}_${stamp}`;
        this.control.changeEvent({ ...this.where, id: event.id, instance, ...said });
        const own = event.exceptions.get(stamp);
        this.#except(event, stamp, {
            times: times ?? before,
            own: { ...own?.own, ...looks },
        });
        return instance;
    }

    #except(event, stamp, exception) {
        const exceptions = new Map(event.exceptions).set(stamp, exception);
        this.events.set(event.id, { ...event, exceptions });
    }

    deleteInstance(event, one) {
        if (!one) return NONE;
        const { stamp } = one;
        const instance = `${event.id}_${stamp}`;
        this.control.deleteEvent({ ...this.where, id: event.id, instance });
        this.#except(event, stamp, { isDead: true });
        return instance;
    }

    // A series without anything to come has no instances that could be reported. Whether it has is for
    // the clock of the stand-in, so what chance says is said in any case.
    delete(event, told) {
        const soon = Date.now() + HOUR_MS;
        const isComing = ({ times: { isAllDay, end } }) =>
            (isAllDay ? Date.parse(end) - DAY_MS : end) > soon;
        const hasComing = event.rule && occurrencesOf(event, this.window).some(isComing);
        const wanted = told ?? this.chance.one([1, 2, 3, 5, 'head', 'all']);
        const reported = hasComing ? wanted : 'head';
        this.control.deleteEvent({ ...this.where, id: event.id, ...(event.rule && { reported }) });
        this.events.delete(event.id);
        return `${event.id} ${event.rule ? reported : ''}`;
    }
}

const isoOf = (ms) => new Date(ms).toISOString();
const EXACTLY = {
    GOOG: ({ start, end }) => ({
        start: { dateTime: isoOf(start) },
        end: { dateTime: isoOf(end) },
    }),
    MSFT: ({ start, end }) => {
        const said = (ms) => ({ dateTime: `${isoOf(ms).slice(0, -1)}0000`, timeZone: 'UTC' });
        return { start: said(start), end: said(end) };
    },
};

const some = (list, chance) => list.filter(() => chance.is(0.4));

const RULES = {
    DAILY(diary, date) {
        const isWork = diary.chance.is(0.2) && ![0, 6].includes(weekdayOf(date));
        const days = WEEK.slice(1, 6).map((day) => ({ day }));
        return { freq: 'DAILY', interval: diary.chance.of(1, 5), ...(isWork && { days }) };
    },
    WEEKLY(diary, date) {
        const own = WEEK[weekdayOf(date)];
        const names = new Set([own, ...some(WEEK, diary.chance)]);
        const days = diary.chance.is(0.7) ? [...names].map((day) => ({ day })) : undefined;
        return { freq: 'WEEKLY', interval: diary.chance.of(1, 3), days };
    },
    MONTHLY(diary, date) {
        const interval = diary.chance.of(1, 2);
        if (diary.chance.is(0.5)) return { freq: 'MONTHLY', interval };
        const day = WEEK[weekdayOf(date)];
        const isLast = addDays(date, 7).slice(0, 7) !== date.slice(0, 7);
        const nth = isLast ? -1 : Math.ceil(Number(date.slice(8)) / 7);
        return { freq: 'MONTHLY', interval, days: [{ nth, day }] };
    },
};

const brief = ({ start, end, zone, isAllDay }) =>
    isAllDay ? `${start}..${end} ${zone}` : `${localOf(start, zone)} +${end - start} ${zone}`;
const said = (values) => JSON.stringify(values);

function addSeries(diary, times) {
    const rule = diary.rule(times);
    const looks = diary.looks();
    const id = diary.add({ times, rule, looks });
    return `${id} ${brief(times)} ${textOf(rule)} ${said(looks)}`;
}

// A series that began in the past, too.
const seriesDate = (diary) => dateOf(diary.today + diary.chance.of(-60, 100) * DAY_MS);

// Each does something and says what, or can't and says nothing.
const WHIMS = {
    add(diary) {
        const [times, looks] = [diary.times(), diary.looks()];
        return `${diary.add({ times, looks })} ${brief(times)} ${said(looks)}`;
    },
    addFraction(diary) {
        const times = diary.timed();
        const exact = { start: times.start + diary.chance.of(0, 999) };
        exact.end = Math.max(exact.start, times.end) + diary.chance.of(0, 999);
        return `${diary.add({ times, exact, looks: {} })} ${brief(times)} ${said(exact)}`;
    },
    addSeries(diary) {
        const zone = diary.chance.one(ZONES);
        return addSeries(diary, diary.timed(seriesDate(diary), zone));
    },
    addDaysSeries: (diary) => addSeries(diary, diary.days(seriesDate(diary))),
    move(diary) {
        const event = diary.pick(({ rule, exact }) => !rule && !exact);
        if (!event) return undefined;
        const times = diary.times();
        diary.change(event, { times });
        return `${event.id} ${brief(times)}`;
    },
    look(diary) {
        const event = diary.pick(() => true);
        if (!event) return undefined;
        const looks = { showAs: 'busy', ...diary.looks() };
        diary.change(event, { looks });
        return `${event.id} ${said(looks)}`;
    },
    decline(diary) {
        const event = diary.pick(() => true);
        if (!event) return undefined;
        diary.change(event, { looks: { answer: 'declined' } });
        return event.id;
    },
    delete(diary) {
        const event = diary.pick(() => true);
        return event && diary.delete(event);
    },
    deleteSingle(diary) {
        const event = diary.pick(({ rule }) => !rule);
        return event && diary.delete(event);
    },
    deleteSeries(diary) {
        const event = diary.pick(({ rule }) => rule);
        return event && diary.delete(event);
    },
    moveInstance(diary) {
        const [event, instance] = diary.pickInstance();
        if (!event) return undefined;
        const times = diary.times();
        return `${diary.changeInstance(event, instance, { times })} ${brief(times)}`;
    },
    lookInstance(diary) {
        const [event, instance] = diary.pickInstance();
        if (!event) return undefined;
        const looks = { showAs: 'busy', ...diary.looks() };
        return `${diary.changeInstance(event, instance, { looks })} ${said(looks)}`;
    },
    declineInstance(diary) {
        const [event, instance] = diary.pickInstance();
        return event && diary.changeInstance(event, instance, { looks: { answer: 'declined' } });
    },
    deleteInstance(diary) {
        const [event, instance] = diary.pickInstance();
        return event && diary.deleteInstance(event, instance);
    },
    changeRule(diary) {
        const event = diary.pick(({ rule }) => rule);
        if (!event) return undefined;
        const rule = diary.rule(event.times);
        diary.change(event, { rule });
        return `${event.id} ${textOf(rule)}`;
    },
    moveSeries(diary) {
        const event = diary.pick(({ rule }) => rule);
        if (!event) return undefined;
        const date = seriesDate(diary);
        const times = diary.chance.is(0.2) ? diary.days(date) : diary.timed(date);
        const rule = diary.rule(times);
        diary.change(event, { times, rule });
        return `${event.id} ${brief(times)} ${textOf(rule)}`;
    },
    // At another time of the same days.
    delaySeries(diary) {
        const event = diary.pick(({ rule, times }) => rule && !times.isAllDay);
        if (!event) return undefined;
        const { start, zone } = event.times;
        const times = diary.timed(localOf(start, zone).slice(0, 10), zone);
        diary.change(event, { times });
        return `${event.id} ${brief(times)}`;
    },
    rehome(diary) {
        const event = diary.pick(({ rule }) => !rule);
        if (!event) return undefined;
        diary.control.rehomeEvent({ ...diary.where, id: event.id, to: diary.other });
        diary.events.delete(event.id);
        return event.id;
    },
    // Google's calendars have a zone.
    changeZone(diary) {
        if (diary.code !== 'GOOG') return undefined;
        diary.zone = diary.chance.one(ZONES);
        diary.control.changeCalendar({ ...diary.where, timeZone: diary.zone });
        return diary.zone;
    },
    forgetCursors(diary) {
        diary.control.forgetCursors(diary.where);
        return 'all';
    },
    empty(diary) {
        diary.clear();
        return 'all';
    },
};

const WEIGHTS = {
    add: 26,
    addFraction: 2,
    addSeries: 12,
    addDaysSeries: 4,
    move: 10,
    look: 8,
    decline: 4,
    delete: 8,
    deleteSeries: 5,
    moveInstance: 10,
    lookInstance: 6,
    declineInstance: 5,
    deleteInstance: 8,
    changeRule: 4,
    moveSeries: 3,
    delaySeries: 4,
    rehome: 2,
    changeZone: 2,
    forgetCursors: 2,
    empty: 0.5,
};
const WEIGHTS_FULL = { add: 4, addSeries: 2, addDaysSeries: 1, delete: 25, deleteSeries: 15 };
