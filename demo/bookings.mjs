// SPDX-License-Identifier: Apache-2.0
// What is booked in the application, and what becomes of it in the calendars of its user.
import crypto from 'node:crypto';

import { ACCOUNTS, PUSHED, refusal, SETTINGS } from './api.mjs';
import { daysFrom } from './days.mjs';
import { freeHour } from './people.mjs';

const HOUR_MS = 3600000;
const SHOWN = 5;
const TITLES = ['Yoga with Mika', 'Massage with Noor', 'Trial lesson', 'Consultation'];

const iso = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
export const isReceiving = ({ is_destination_for_teamup_events: receives }) => receives;

export class Bookings {
    #count = 0;

    // {api, people, now: the clock, in milliseconds}
    constructor(options) {
        Object.assign(this, options);
    }

    // Makes the main calendar of an account receive, or none of its calendars → why that was refused,
    // or undefined.
    async choose(account, wanted) {
        const settings = await this.api.all(SETTINGS, { calendar_source_account: account });
        const receiving = settings.filter(isReceiving);
        const acts = wanted
            ? receiving.length === 0 && [await this.#begin(account, settings)]
            : await Promise.all(receiving.map((setting) => this.#end(setting)));
        const failed = (acts || []).find(({ status }) => status >= 400);
        return failed && refusal(failed.body);
    }

    async #begin(account, settings) {
        const calendars = await this.api.all(`${ACCOUNTS}/${account}/calendars`);
        const main = calendars.find((one) => one.is_primary) ?? calendars[0];
        const known = settings.find(
            ({ base64_calendar_source_calendar_id: id }) => id === main.base64_id,
        );
        const receives = { is_destination_for_teamup_events: true };
        if (known) return this.api.ask('PATCH', `${SETTINGS}/${known.id}`, receives);
        return this.api.ask('POST', SETTINGS, {
            calendar_source_account: account,
            base64_calendar_source_calendar_id: main.base64_id,
            is_source_for_busy_periods: false,
            ...receives,
        });
    }

    #end({ id, is_source_for_busy_periods: blocks }) {
        const path = `${SETTINGS}/${id}`;
        if (!blocks) return this.api.ask('DELETE', path);
        return this.api.ask('PATCH', path, { is_destination_for_teamup_events: false });
    }

    // Somebody books an hour → {title, start, trouble?}. The id is the application's own, and a version
    // keeps an old request from undoing a newer one.
    async book({ accounts, zone }) {
        const now = this.now();
        const days = daysFrom(now, zone);
        const taken = accounts.flatMap((one) => this.people.events(one, days));
        const start = freeHour({ days, zone, taken, now });
        const round = Math.floor(this.#count / TITLES.length) + 1;
        const name = TITLES[this.#count++ % TITLES.length];
        const title = round > 1 ? `${name} (${round})` : name;
        const id = `booking-${crypto.randomBytes(6).toString('hex')}`;
        const { status, body } = await this.api.ask('PUT', `${PUSHED}/${id}`, {
            title,
            start: iso(start),
            end: iso(start + HOUR_MS),
            description: 'Booked in the demonstration.',
            link: `https://app.example/bookings/${id}`,
            version: now,
        });
        return { id, title, start, trouble: status >= 400 ? refusal(body) : undefined };
    }

    cancel(id) {
        return this.api.ask('DELETE', `${PUSHED}/${encodeURIComponent(id)}`);
    }

    // The same values again, and what the person did to the copies is undone.
    async restore(id) {
        const path = `${PUSHED}/${encodeURIComponent(id)}`;
        const { status, body } = await this.api.ask('GET', path);
        if (status !== 200) return { status, body };
        const { event_id, created_at, updated_at, copies, ...values } = body;
        return this.api.ask('PUT', `${path}?restore=true`, values);
    }

    // What the page shows → [{…an event, places: [{copy, account, seen?: where its person sees it}]}], the
    // newest first
    async all({ accounts, settings, zone }) {
        const days = daysFrom(this.now(), zone);
        const events = await this.api.all(PUSHED);
        const accountOf = ({ staff_calendar_settings: id }) => {
            const setting = settings.find((one) => one.id === id);
            return accounts.find((one) => one.id === setting?.calendar_source_account.id);
        };
        return events
            .slice(-SHOWN)
            .reverse()
            .map((event) => ({
                ...event,
                places: event.copies.map((copy) => {
                    const account = accountOf(copy);
                    const seen = account && this.people.find(account, event.title, days);
                    return { copy, account, seen };
                }),
            }));
    }
}
