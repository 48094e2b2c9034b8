// SPDX-License-Identifier: Apache-2.0
// Which calendars block, and when that makes the user busy.
import { refusal, Refused, SETTINGS } from './api.mjs';
import { daysFrom } from './days.mjs';

const KEEP_MS = 60000; // of events that were read
const RETRY_MS = 15000; // after they couldn't be

const isBlocking = ({ is_source_for_busy_periods: blocks }) => blocks;
const accountOf = ({ calendar_source_account: account }) => account.id;
const idOf = ({ base64_calendar_source_calendar_id: id }) => id;

export class Blocking {
    #calendars = new Map(); // by account: as Caldock listed them last
    #changedMs = new Map(); // by account: when its person added an event
    #read = {}; // the events as they were read last: {key, untilMs, events, trouble?}

    // {api, people, now: the clock, in milliseconds}
    constructor(options) {
        Object.assign(this, options);
    }

    // As they are to be shown: [{…a calendar, setting: the one that makes it block, if one does}]
    calendars(account, calendars, settings) {
        this.#calendars.set(account.id, calendars);
        const own = settings.filter((one) => accountOf(one) === account.id && isBlocking(one));
        return calendars.map((calendar) => ({
            ...calendar,
            setting: own.find((setting) => idOf(setting) === calendar.base64_id),
        }));
    }

    settings(query) {
        return this.api.all(SETTINGS, query);
    }

    // Makes exactly these calendars of an account block → why that was refused, or undefined.
    async choose(account, wanted) {
        const settings = await this.settings({ calendar_source_account: account });
        const known = new Map(settings.map((setting) => [idOf(setting), setting]));
        const blocking = settings.filter(isBlocking).map(idOf);
        const acts = [
            ...blocking
                .filter((id) => !wanted.includes(id))
                .map((id) => this.#release(known.get(id))),
            ...wanted
                .filter((id) => !blocking.includes(id))
                .map((id) => this.#block(account, id, known.get(id))),
        ];
        const failed = (await Promise.all(acts)).find(({ status }) => status >= 400);
        return failed && refusal(failed.body);
    }

    #release({ id, is_destination_for_teamup_events: receives }) {
        const path = `${SETTINGS}/${id}`;
        if (!receives) return this.api.ask('DELETE', path);
        return this.api.ask('PATCH', path, { is_source_for_busy_periods: false });
    }

    #block(account, id, known) {
        const blocks = { is_source_for_busy_periods: true };
        if (known) return this.api.ask('PATCH', `${SETTINGS}/${known.id}`, blocks);
        return this.api.ask('POST', SETTINGS, {
            calendar_source_account: account,
            base64_calendar_source_calendar_id: id,
            is_destination_for_teamup_events: false,
            ...blocks,
        });
    }

    // The person adds an event, in a calendar that blocks if one does → it
    async addEvent(account, { accounts, zone }) {
        const settings = (await this.settings()).filter(isBlocking);
        const calendars = this.#calendars.get(account.id) ?? [];
        const blocks = ({ base64_id: id }) =>
            settings.some((one) => accountOf(one) === account.id && idOf(one) === id);
        const calendar = calendars.find((one) => one.can_edit && blocks(one)) ?? {
            is_primary: true,
        };
        const now = this.now();
        const days = daysFrom(now, zone);
        const taken = accounts.flatMap((one) => this.people.events(one, days));
        const event = this.people.add(account, calendar, { days, zone, taken, now });
        this.#changedMs.set(account.id, now);
        return event;
    }

    // What the page draws → {zone, now, days, settings: those that block, busy?, events, trouble?: why
    // there are none}
    async week(zone) {
        const now = this.now();
        const days = daysFrom(now, zone);
        const settings = (await this.settings()).filter(isBlocking);
        const named = settings.map((one) => this.#named(one));
        if (settings.length === 0) return { zone, now, days, settings: named, events: [] };
        const busy = await this.#busy(settings, days);
        const events = await this.#events(settings, days, busy.as_of);
        return { zone, now, days, settings: named, busy, ...events };
    }

    // The sources are asked for events only when something may have changed, and now and then.
    async #events(settings, days, asOf) {
        const ids = settings.map(({ id }) => id).join(',');
        const key = JSON.stringify([ids, days[0].start, asOf, [...this.#changedMs]]);
        const { key: known, untilMs, ...read } = this.#read;
        if (key === known && this.now() < untilMs) return read;
        const fresh = await this.#readEvents(ids, days);
        const lifeMs = fresh.trouble ? RETRY_MS : KEEP_MS;
        this.#read = { key, untilMs: this.now() + lifeMs, ...fresh };
        return fresh;
    }

    async #readEvents(ids, days) {
        try {
            return { events: await this.api.events(days, { staff_calendar_settings: ids }) };
        } catch (error) {
            if (!(error instanceof Refused)) throw error;
            return { events: [], trouble: error.message };
        }
    }

    #busy(settings, days) {
        const isBehind = settings.some((one) => this.#isBehind(one));
        return this.api.busy(days, isBehind ? { refresh: 'true' } : {});
    }

    // Where no source notifies, an application that has heard of a change asks for a new read.
    #isBehind({ notifications, synced_at: syncedAt, ...setting }) {
        const changedMs = this.#changedMs.get(accountOf(setting)) ?? 0;
        return notifications === 'polling' && (syncedAt ? Date.parse(syncedAt) : 0) < changedMs;
    }

    #named(setting) {
        const calendars = this.#calendars.get(accountOf(setting)) ?? [];
        const found = calendars.find(({ base64_id: id }) => id === idOf(setting));
        return { ...setting, name: found?.name ?? setting.calendar_source_calendar_id };
    }
}
