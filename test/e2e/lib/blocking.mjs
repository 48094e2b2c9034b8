// SPDX-License-Identifier: Apache-2.0
// Calendars that block: a person with an empty one, its setting, what is read of it at the source,
// and what the command line and the API say of it.
import assert from 'node:assert/strict';

import { until } from './until.mjs';
import { API } from './world.mjs';

export const SETTINGS = `${API}/staff_calendar_settings`;
const BUSY = `${API}/busy_periods`;
const HOUR_MS = 3600000;
const DAY_MS = 24 * HOUR_MS;

const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
// The midnight that begins the day after tomorrow, so that a test has its whole days ahead.
const START = Math.floor(Date.now() / DAY_MS) * DAY_MS + 2 * DAY_MS;
export const at = (days, hours = 0) => START + days * DAY_MS + hours * HOUR_MS;

// One calendar that blocks.
export class Blocking {
    // The person's calendar of this key, empty, unless it `isKept`; `email`: of a person who has another
    // one already; `as`: options of the requests, where the owner is a user.
    static async create(world, code, options = {}) {
        const { email, key = 'primary', as = {}, isKept = false, ...values } = options;
        const one = new this();
        Object.assign(one, { world, code, key, as, control: world.control(code) });
        one.email = email ?? world.newPerson(code);
        await one.connect();
        if (!isKept) one.control.emptyCalendar(one.where);
        const { body } = await world.ask(`${API}/accounts/${one.account}/calendars`, as);
        const { id } = body.results.find((calendar) =>
            key === 'primary' ? calendar.is_primary : calendar.id.includes(key),
        );
        one.calendar = id;
        await one.makeSetting(values);
        return one;
    }

    async connect() {
        this.account = await this.world.connected(this.code, { account: this.email, ...this.as });
    }

    async makeSetting(values = {}) {
        const setting = {
            calendar_source_account: this.account,
            calendar_source_calendar_id: this.calendar,
            is_destination_for_teamup_events: false,
            is_source_for_busy_periods: true,
            ...values,
        };
        const { status, body, text } = await this.world.post(SETTINGS, setting, this.as);
        assert.equal(status, 201, text);
        this.setting = body.id;
    }

    // The same, read once.
    static async read(world, code, options) {
        const one = await Blocking.create(world, code, options);
        await one.isFresh();
        return one;
    }

    get where() {
        return { account: this.email, calendar: this.key };
    }

    // An event of an hour on that day → its id
    add(day, hour = 9) {
        return this.control.addEvent({
            ...this.where,
            start: at(day, hour),
            end: at(day, hour + 1),
        }).id;
    }

    // The first pages of its events that the source was asked for.
    get reads() {
        return this.pages.filter(({ page }) => page === 1);
    }

    get pages() {
        return this.control
            .requests()
            .filter(
                ({ person, calendar, page }) =>
                    person === this.email && calendar === this.key && page >= 1,
            );
    }

    // A command about it → what it printed
    async sync(verb, { node = this.world.caldock } = {}) {
        return JSON.parse(await node.run('sync', verb, String(this.setting), '--json'));
    }

    show() {
        return this.sync('show');
    }

    async get() {
        return (await this.world.ask(`${SETTINGS}/${this.setting}`, this.as)).body;
    }

    // Waits for a read that began at `since` or later, or for the first one → how it stands
    isFresh(since = 0) {
        return until(`setting ${this.setting} is fresh`, async () => {
            const shown = await this.show();
            return shown.status === 'fresh' && Date.parse(shown.synced_at) >= since && shown;
        });
    }

    // Waits until a member has this value → how it stands
    becomes(name, value) {
        return until(`setting ${this.setting} has ${name}=${value}`, async () => {
            const shown = await this.show();
            return shown[name] === value && shown;
        });
    }

    // The query for a week → its body
    async busy(query = {}, options = {}) {
        const { status, body, text } = await this.world.ask(BUSY, {
            query: {
                happens_after: iso(at(0)),
                happens_before: iso(at(7)),
                staff_calendar_settings: this.setting,
                ...query,
            },
            ...this.as,
            ...options,
        });
        assert.equal(status, 200, text);
        return body;
    }

    // The days of its busy hours, in that week.
    async days(options) {
        const { busy_periods: periods } = await this.busy({}, options);
        return periods.map(({ start }) => Math.floor((Date.parse(start) - START) / DAY_MS));
    }

    // As if this were due now, whatever it said before.
    due(more = '') {
        return this.world.alterStore(
            `update calendar_sync set due_at = 1${more} where settings = ${this.setting}`,
        );
    }
}
