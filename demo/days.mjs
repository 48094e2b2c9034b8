// SPDX-License-Identifier: Apache-2.0
// The seven days that the page shows, and times as people of a zone write them.
import { addDays, localOf, midnightOf } from '../standin/zones.mjs';

const DAYS = 7;
const MINUTE_MS = 60000;
const NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function labelOf(date) {
    const day = new Date(`${date}T00:00:00Z`);
    return `${NAMES[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]}`;
}

// Today and the six days after → [{date, label, start, end: instants}]
export function daysFrom(now, zone) {
    const today = localOf(now, zone).slice(0, 10);
    return Array.from({ length: DAYS }, (_, i) => {
        const date = addDays(today, i);
        const [start, end] = [date, addDays(date, 1)].map((one) => midnightOf(one, zone));
        return { date, label: labelOf(date), start, end };
    });
}

export const dayText = (ms, zone) => labelOf(localOf(ms, zone).slice(0, 10));
export const clockText = (ms, zone) => localOf(ms, zone).slice(11, 16);
export const secondText = (ms, zone) => localOf(ms, zone).slice(11, 19);

// What of [start, end) is on a day, or undefined.
export function partOn(day, { start, end }) {
    const part = { start: Math.max(start, day.start), end: Math.min(end, day.end) };
    return part.start < part.end ? part : undefined;
}

export function spanText(day, { start, end }, zone) {
    if (start <= day.start && end >= day.end) return 'all day';
    const until = end >= day.end ? '24:00' : clockText(end, zone);
    return `${clockText(Math.max(start, day.start), zone)}–${until}`;
}

// 5 h 30 min
export function lengthText(ms) {
    const minutes = Math.round(ms / MINUTE_MS);
    const parts = [
        minutes >= 60 && `${Math.floor(minutes / 60)} h`,
        minutes % 60 && `${minutes % 60} min`,
    ];
    return parts.filter(Boolean).join(' ') || 'no time';
}
