// SPDX-License-Identifier: Apache-2.0
// When a recurring event takes place: the part of RFC 5545's rules that people click together,
// DAILY, WEEKLY, MONTHLY and YEARLY with INTERVAL, COUNT, UNTIL and BYDAY. Days are counted in the
// event's zone, so that nine o'clock stays nine o'clock when the clocks change.
import { addDays, DAY_MS, instantOf, localOf, stampOf } from './zones.mjs';

const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const MOST_DAYS = 366 * 100; // a rule whose day never comes ends there

// "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9" → {FREQ, INTERVAL, BYDAY: [{nth, day}], …}
function parseRule(text) {
    const parts = text.replace(/^RRULE:/, '').split(';');
    const rule = Object.fromEntries(parts.map((part) => part.split('=')));
    const days = (rule.BYDAY?.split(',') ?? []).map((one) => ({
        nth: Number(one.slice(0, -2) || 0),
        day: DAYS.indexOf(one.slice(-2)),
    }));
    return { ...rule, INTERVAL: Number(rule.INTERVAL ?? 1), BYDAY: days };
}

const utc = (date) => new Date(`${date}T00:00:00Z`);
const weekday = (date) => utc(date).getUTCDay();
const daysBetween = (from, to) => Math.round((utc(to) - utc(from)) / DAY_MS);
const monthsBetween = (from, to) =>
    (utc(to).getUTCFullYear() - utc(from).getUTCFullYear()) * 12 +
    utc(to).getUTCMonth() -
    utc(from).getUTCMonth();
const monday = (date) => addDays(date, -((weekday(date) + 6) % 7)); // weeks begin there

// Whether a date is the second Tuesday of its month (2TU), the last Friday (-1FR), a Monday (MO).
function isNth(date, { nth, day }) {
    if (weekday(date) !== day) return false;
    const ofMonth = utc(date).getUTCDate();
    if (nth > 0) return Math.ceil(ofMonth / 7) === nth;
    const { length } = Array.from({ length: 5 }, (_, weeks) => addDays(date, weeks * 7)).filter(
        (later) => monthsBetween(date, later) === 0,
    );
    return nth === 0 || length === -nth;
}

const TAKES_PLACE = {
    DAILY: (first, date, { INTERVAL, BYDAY }) =>
        daysBetween(first, date) % INTERVAL === 0 &&
        (BYDAY.length === 0 || BYDAY.some((one) => isNth(date, one))),
    WEEKLY: (first, date, { INTERVAL, BYDAY }) =>
        (daysBetween(monday(first), monday(date)) / 7) % INTERVAL === 0 &&
        (BYDAY.length === 0
            ? weekday(date) === weekday(first)
            : BYDAY.some(({ day }) => weekday(date) === day)),
    // A month without a 31st is left out.
    MONTHLY: (first, date, { INTERVAL, BYDAY }) =>
        monthsBetween(first, date) % INTERVAL === 0 &&
        (BYDAY.length === 0
            ? date.slice(8) === first.slice(8)
            : BYDAY.some((one) => isNth(date, one))),
    YEARLY: (first, date, { INTERVAL }) =>
        date.slice(5) === first.slice(5) && (monthsBetween(first, date) / 12) % INTERVAL === 0,
};

// UNTIL is the last instant, or day, that still counts.
function isOver(start, { UNTIL }) {
    if (!UNTIL) return false;
    const stamp = typeof start === 'number' ? stampOf(start) : start.replace(/-/g, '');
    return stamp.slice(0, UNTIL.length) > UNTIL;
}

// The starts of a series that are before `to`, oldest first: instants, or dates of all-day events.
// event: {start, zone, isAllDay, rule}; to: likewise an instant or a date.
export function* startsOf({ start, zone, isAllDay, rule: text }, to) {
    const rule = parseRule(text);
    const [first, time] = isAllDay ? [start] : localOf(start, zone).split('T');
    let left = Number(rule.COUNT ?? Infinity);
    for (let days = 0; left > 0 && days < MOST_DAYS; days++) {
        const date = addDays(first, days);
        const at = isAllDay ? date : instantOf(`${date}T${time}`, zone);
        if (at >= to || isOver(at, rule)) return;
        if (!TAKES_PLACE[rule.FREQ](first, date, rule)) continue;
        left--;
        yield at;
    }
}
