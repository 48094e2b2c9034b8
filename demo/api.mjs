// SPDX-License-Identifier: Apache-2.0
// Asking Caldock for one user.
import { ask } from '../standin/wire.mjs';

const iso = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const rangeOf = (days) => ({
    happens_after: iso(days[0].start),
    happens_before: iso(days.at(-1).end),
});
const toSpan = ({ start, end }) => ({ start: Date.parse(start), end: Date.parse(end) });

const ROOT = '/api/v2/external_calendars';
export const ACCOUNTS = `${ROOT}/accounts`;
export const SETTINGS = `${ROOT}/staff_calendar_settings`;
export const BUSY = `${ROOT}/busy_periods`;
export const EVENTS = `${ROOT}/events`;
export const PUSHED = `${ROOT}/pushed_events`;

// Caldock answered, and not what was asked for.
export class Refused extends Error {}

export class Api {
    // {url: Caldock's, token, user}
    constructor(options) {
        Object.assign(this, options);
    }

    // → {status, body}
    async ask(method, path, body) {
        const headers = {
            authorization: `Token ${this.token}`,
            ...(this.user && { 'caldock-user': this.user }),
            ...(body && { 'content-type': 'application/json' }),
        };
        const sent = body && JSON.stringify(body);
        const answer = await ask(this.url + path, { method, headers, body: sent });
        return { status: answer.status, body: answer.text && JSON.parse(answer.text) };
    }

    // As ask, where everything but 200 is a failure → the body
    async get(path, query = {}) {
        const parameters = new URLSearchParams(query);
        const { status, body } = await this.ask('GET', `${path}?${parameters}`);
        if (status !== 200) throw new Refused(body.message ?? `status ${status}`);
        return body;
    }

    // All pages of a list.
    async all(path, query) {
        const found = [];
        let page = await this.get(path, query);
        for (;;) {
            found.push(...page.results);
            if (!page.next) return found;
            page = await this.get(path, new URL(page.next).searchParams);
        }
    }

    // When the user is busy from the start of the first of `days` to the end of the last one → the
    // answer, with its periods as instants
    async busy(days, query = {}) {
        const body = await this.get(BUSY, { ...rangeOf(days), ...query });
        return { ...body, periods: body.busy_periods.map(toSpan) };
    }

    // What is in the calendars on `days`, as the sources say it now → with its times as instants, too
    async events(days, query = {}) {
        const events = await this.all(EVENTS, { ...rangeOf(days), ...query });
        return events.map(({ start_datetime_utc: start, end_datetime_utc: end, ...event }) => ({
            ...event,
            ...toSpan({ start, end }),
        }));
    }
}

// Why Caldock refused something, in its own words.
export function refusal({ message, field_errors: errors = {} }) {
    const [first] = Object.values(errors).flat();
    return first ?? message;
}
