// SPDX-License-Identifier: Apache-2.0
// A naive reading of a calendar: events as a test made them, and when they make somebody busy, by the
// rules of docs/calendar.md §3. It has nothing in common with the stand-ins and with Caldock: series
// are expanded by rrule, and zones are luxon's.
import { DateTime } from 'luxon';
import rrule from 'rrule';

const { RRule } = rrule;

export const HOUR_MS = 3600000;
export const DAY_MS = 24 * HOUR_MS;
const QUARTER_MS = HOUR_MS / 4;
const LONGEST_MS = 8 * DAY_MS; // no event lasts longer

// --- times

function remembered(compute) {
    const known = new Map();
    return (what, zone) => {
        const key = `${what} ${zone}`;
        if (!known.has(key)) known.set(key, compute(what, zone));
        return known.get(key);
    };
}

// 2026-03-02T09:00:00 in a zone → the instant; the first one if clocks show it twice. One that they
// never show is read with the offset from before the gap.
export const instantOf = remembered((local, zone) => {
    const possible = DateTime.fromISO(local, { zone }).getPossibleOffsets();
    return Math.min(...possible.map((one) => one.toMillis()));
});

export const localOf = remembered((ms, zone) =>
    DateTime.fromMillis(ms, { zone }).toFormat("yyyy-MM-dd'T'HH:mm:ss"),
);

// The first instant of a date in a zone.
const midnightOf = remembered((date, zone) => {
    const isBefore = (ms) => DateTime.fromMillis(ms, { zone }).toISODate() < date;
    let ms = Date.parse(`${date}T00:00:00Z`) - 16 * HOUR_MS;
    while (isBefore(ms)) ms += QUARTER_MS;
    return ms;
});

export const dateOf = (ms) => new Date(ms).toISOString().slice(0, 10);
export const addDays = (date, days) => dateOf(Date.parse(date) + days * DAY_MS);

// --- series

// An event is {id, times, exact?, rule?, looks, exceptions}, and never changes; one that was changed is
// another. times: {isAllDay, start, end, zone}, with dates or instants. rule: {freq, interval, count?,
// until?: a date or an instant, days?: [{nth, day}]}. looks: what else the source tells of it.
// exceptions: by stamp, {isDead} or {times, own: looks}. exact: instants with fractions of a second.

export const stampOf = (start) =>
    typeof start === 'number'
        ? new Date(start).toISOString().replace(/[-:]|\.\d+/g, '')
        : start.replaceAll('-', '');

// → FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=9
export function textOf({ freq, interval, count, until, days }) {
    const byDay = days?.map(({ nth = '', day }) => `${nth}${day}`);
    const parts = { FREQ: freq, INTERVAL: interval, BYDAY: byDay, COUNT: count };
    if (until !== undefined) parts.UNTIL = stampOf(until);
    const given = Object.entries(parts).filter(([, value]) => value !== undefined);
    return given.map((pair) => pair.join('=')).join(';');
}

const weekday = ({ nth, day }) => (nth ? RRule[day].nth(nth) : RRule[day]);

// The starts of a series in a span of time: nine o'clock is nine o'clock in its zone.
function startsOf({ times, rule }, from, to) {
    const { isAllDay, start, zone } = times;
    const first = isAllDay ? `${start}T00:00:00` : localOf(start, zone);
    const all = new RRule({
        freq: RRule[rule.freq],
        interval: rule.interval,
        count: rule.count,
        byweekday: rule.days?.map(weekday),
        dtstart: new Date(`${first}Z`),
    });
    const locals = all.between(new Date(from), new Date(to), true).map((at) => at.toISOString());
    const starts = isAllDay
        ? locals.map((local) => local.slice(0, 10))
        : locals.map((local) => instantOf(local.slice(0, 19), zone));
    return starts.filter((at) => rule.until === undefined || at <= rule.until);
}

// Each instance lasts as long as the first.
function timesAt({ isAllDay, start, end, zone }, at) {
    if (!isAllDay) return { isAllDay, start: at, end: at + (end - start), zone };
    const days = (Date.parse(end) - Date.parse(start)) / DAY_MS;
    return { isAllDay, start: at, end: addDays(at, days), zone };
}

const started = new WeakMap();

// The same, computed once for each times and rule.
function startsOnce(event, window) {
    const { times, rule } = event;
    if (!started.has(times)) started.set(times, new WeakMap());
    const known = started.get(times);
    if (!known.has(rule)) known.set(rule, startsOf(event, ...window));
    return known.get(rule);
}

// All that takes place of an event, at least as far as the window: [{stamp?, times, looks}]. The
// window has to be the same at all times.
export function occurrencesOf(event, [from, to]) {
    if (!event.rule) return [event];
    const starts = startsOnce(event, [from - LONGEST_MS, to + LONGEST_MS]);
    const all = starts.map((start) => {
        const { times, own, isDead } = event.exceptions.get(stampOf(start)) ?? {};
        const looks = { ...event.looks, ...own };
        return {
            stamp: stampOf(start),
            times: times ?? timesAt(event.times, start),
            looks,
            isDead,
        };
    });
    return all.filter(({ isDead }) => !isDead);
}

// --- what counts

const NEVER = 'never';
const IF_ASKED = 'if asked';
const ALWAYS = 'always';

const COUNTS = {
    GOOG({ isCancelled, answer, kind, showAs }) {
        if (isCancelled || answer === 'declined') return NEVER;
        if (kind === 'workingLocation' || kind === 'birthday') return NEVER;
        return showAs === 'free' ? IF_ASKED : ALWAYS;
    },
    MSFT({ isCancelled, answer, showAs }) {
        if (isCancelled || answer === 'declined') return NEVER;
        return showAs === 'free' || showAs === 'workingElsewhere' ? IF_ASKED : ALWAYS;
    },
};

// What Outlook's events don't tell: UTC says nothing about a person, and for the others the stand-in
// has no Windows name.
const UNTOLD = ['UTC', 'America/Santiago', 'America/Havana', 'Asia/Beirut', 'Atlantic/Azores'];

const zoneOf = ({ code, zone, setting, defaultZone }, times) => {
    const told = code === 'GOOG' ? zone : !UNTOLD.includes(times.zone) && times.zone;
    return setting.zone || told || defaultZone;
};

// → [start, end) in seconds
function spanOf(calendar, { times, exact = times }) {
    if (!times.isAllDay) return [Math.floor(exact.start / 1000), Math.ceil(exact.end / 1000)];
    const zone = zoneOf(calendar, times);
    return [times.start, times.end].map((date) => midnightOf(date, zone) / 1000);
}

function joined(spans) {
    const periods = [];
    for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
        const last = periods.at(-1);
        if (last && start <= last[1]) last[1] = Math.max(last[1], end);
        else periods.push([start, end]);
    }
    return periods;
}

// calendar: {code, events, zone: the calendar's, setting: {isOnlyBusy, zone}, defaultZone, window:
// whatever may be asked for}; the range in seconds → [[start, end]] of the busy periods
export function busyOf(calendar, from, to) {
    const all = calendar.events.flatMap((event) => occurrencesOf(event, calendar.window));
    const counted = all.filter(({ looks }) => {
        const counts = COUNTS[calendar.code](looks);
        return counts === ALWAYS || (counts === IF_ASKED && !calendar.setting.isOnlyBusy);
    });
    const spans = counted
        .map((one) => spanOf(calendar, one))
        .filter(([start, end]) => start < end)
        .map(([start, end]) => [Math.max(start, from), Math.min(end, to)])
        .filter(([start, end]) => start < end);
    return joined(spans);
}
