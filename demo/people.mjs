// SPDX-License-Identifier: Apache-2.0
// What people do in their own calendars, and what they see there. An application can't do this: it
// is done by the switches of the stand-ins.
import { instantOf } from '../standin/zones.mjs';

const HOUR_MS = 3600000;
const TITLES = [
    'Lunch with Mika',
    'Call with the bank',
    'Planning with Noor',
    'Visit to the workshop',
    'Rehearsal',
    'Haircut',
];
const HOURS = [12, 10, 15, 14, 16, 11, 9, 17, 13, 18, 20, 8];

export class People {
    #count = 0;

    // controls: the switches of the stand-ins, by source; there may be none
    constructor(controls) {
        this.controls = controls;
    }

    // Whether the person of an account is here.
    knows({ calendar_source: code }) {
        return Boolean(this.controls[code]);
    }

    // What they see on `days` → as seenBy of event_control.mjs has it
    events({ calendar_source: code, username }, days) {
        const [from, to] = [days[0].start, days.at(-1).end];
        return this.controls[code]?.seenBy({ account: username, from, to }) ?? [];
    }

    // They add an hour where nothing is yet, in one of their calendars as Caldock lists it → the event
    add({ calendar_source: code, username }, { is_primary: isPrimary, name }, options) {
        const start = freeHour(options);
        const title = TITLES[this.#count++ % TITLES.length];
        const event = { title, start, end: start + HOUR_MS };
        this.controls[code].addEvent({
            account: username,
            calendar: isPrimary ? 'primary' : name,
            ...event,
        });
        return event;
    }

    // What they see under a title on `days` → as events has it, or undefined
    find(account, title, days) {
        return this.events(account, days).find((one) => one.title === title);
    }

    // They move what they see to an hour where nothing is yet → where to
    move({ calendar_source: code, username }, { id, calendar }, options) {
        const start = freeHour(options);
        const end = start + HOUR_MS;
        this.controls[code].moveEvent({ account: username, calendar, id, start, end });
        return start;
    }

    delete({ calendar_source: code, username }, { id, calendar }) {
        this.controls[code].deleteEvent({ account: username, calendar, id });
    }

    // They take their consent back, on the source's own pages. The access token that the application
    // has is over, too: at a real source it would live for up to an hour.
    withdraw({ calendar_source: code, username }) {
        this.controls[code].withdraw({ account: username });
        this.controls[code].expire();
    }
}

// The first hour of `days` that is to come and overlaps none of `taken`.
export function freeHour({ days, zone, taken, now }) {
    const starts = days.flatMap(({ date }) =>
        HOURS.map((hour) => instantOf(`${date}T${String(hour).padStart(2, '0')}:00:00`, zone)),
    );
    const isFree = (start) =>
        start > now && !taken.some((one) => one.start < start + HOUR_MS && one.end > start);
    return starts.find(isFree) ?? now + HOUR_MS;
}
