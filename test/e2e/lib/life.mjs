// SPDX-License-Identifier: Apache-2.0
// A person with a calendar that blocks, a diary of what is in it (lib/whims.mjs), and the question
// whether busy periods are what a naive reading of the diary says (lib/naive.mjs).
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

import { mishapAt, mishapsOf } from './mishaps.mjs';
import { busyOf, DAY_MS, HOUR_MS } from './naive.mjs';
import { Diary, ZONES } from './whims.mjs';
import { API } from './world.mjs';

const SETTINGS = `${API}/staff_calendar_settings`;
const BUSY = `${API}/busy_periods`;
export const DEFAULT_ZONE = 'America/Havana';
const AGE_MS = 6000; // more than refresh=true takes for recent
const FULL_EACH = 11;
const HOUR_S = HOUR_MS / 1000;

const CALENDARS = {
    primary: { isPrimary: true, zone: 'Europe/Berlin', other: 'team' },
    team: { name: 'Team <&> "friends"', zone: 'America/New_York', other: 'primary' },
};

// What doesn't concern series, whose heads may be looked at later than the list is made.
const MEANWHILE = { add: 3, move: 3, deleteSingle: 2 };

const iso = (s) => new Date(s * 1000).toISOString().replace('.000Z', 'Z');

// Makes a world's reads old without waiting.
export class Ageing {
    ms = 0; // of all the times that were made to pass

    constructor(world) {
        this.world = world;
    }

    // All reads so far become older, holds end, and nothing is read but what is asked for. With
    // `turn`, some calendars have to be read in full next time, others at other turns.
    async pass(turn = -1) {
        await Promise.all([
            this.world.alterStore(
                `update calendar_sync set read_at = read_at - ${AGE_MS},
                 synced_at = synced_at - ${AGE_MS}, due_at = 9223372036854775807,
                 full_due_at = case when settings % ${FULL_EACH} = ${turn % FULL_EACH} then 0 else full_due_at end
                 where synced_at > 0`,
            ),
            this.world.alterStore('update account_work set hold_until = 0, hold_step = 0'),
        ]);
        this.ms += AGE_MS;
    }
}

export class Life {
    log = [];
    pending = 0; // faults that may still happen
    mayFail = false; // reads may fail without them
    meddles = false; // in the midst of the next read

    // seed: GOOG-1; {today: the midnight that began it}
    static async begin(seed, { world, ageing, today }) {
        const life = new Life();
        const [code, number] = seed.split('-');
        Object.assign(life, { seed, code, world, ageing, control: world.control(code) });
        life.email = world.newPerson(code);
        life.as = { headers: { 'Caldock-User': seed } };
        await life.connect();
        life.#openDiary(today, Number(number) % 3 === 0 ? 'team' : 'primary');
        await life.#makeSetting();
        life.look();
        await life.check(); // the read that the setting caused
        return life;
    }

    async connect() {
        const options = { account: this.email, ...this.as };
        this.account = await this.world.connected(this.code, options);
    }

    #openDiary(today, calendar) {
        const { seed, code, control, email: account } = this;
        const { zone, other } = CALENDARS[calendar];
        this.diary = new Diary({ seed, code, control, account, calendar, other, zone, today });
        this.chance = this.diary.chance;
        control.emptyCalendar(this.diary.where);
    }

    async #makeSetting() {
        const target = `${API}/accounts/${this.account}/calendars`;
        const { body } = await this.world.ask(target, this.as);
        const { isPrimary = false, name } = CALENDARS[this.diary.calendar];
        const isOwn = (one) => one.is_primary === isPrimary && [undefined, one.name].includes(name);
        this.rules = this.#anyRules();
        const values = {
            calendar_source_account: this.account,
            calendar_source_calendar_id: body.results.find(isOwn).id,
            is_destination_for_teamup_events: false,
            is_source_for_busy_periods: true,
            ...this.#said(),
        };
        const answer = await this.world.post(SETTINGS, values, this.as);
        assert.equal(answer.status, 201, answer.text);
        this.setting = answer.body.id;
    }

    #anyRules() {
        const zone = this.chance.is(0.5) ? this.chance.one(ZONES) : null;
        return { isOnlyBusy: this.chance.is(0.5), zone };
    }

    #said() {
        return { constrain_only_busy: this.rules.isOnlyBusy, time_zone: this.rules.zone };
    }

    async changeSetting() {
        this.rules = this.#anyRules();
        this.log.push(`setting ${JSON.stringify(this.rules)}`);
        const options = { method: 'PATCH', json: this.#said(), ...this.as };
        const answer = await this.world.ask(`${SETTINGS}/${this.setting}`, options);
        assert.equal(answer.status, 200, answer.text);
    }

    act() {
        for (let left = this.chance.of(0, 5); left > 0; left--) this.log.push(this.diary.act());
    }

    // Something goes wrong at the source, or would, if there were that page.
    spoil() {
        const { code, email: account } = this;
        const mishaps = mishapsOf(code);
        const name = this.chance.one(Object.keys(mishaps));
        const page = Number(this.chance.weighed({ 1: 6, 2: 3, 3: 1 }));
        const times = Number(this.chance.weighed({ 1: 3, 2: 1, 3: 1 }));
        this.log.push(`${name}, ${times} times at page ${page}`);
        const where = { account, page, times, perhaps: true };
        this.control.fault(mishapAt(code, mishaps[name], where));
        this.pending += times;
    }

    // What a read from now on has to see.
    look() {
        this.now = this.diary.snapshot();
    }

    // As a text for each period.
    #naive(from, to, state) {
        const { code, rules: setting } = this;
        const { window } = this.diary;
        const calendar = { code, ...state, setting, defaultZone: DEFAULT_ZONE, window };
        return busyOf(calendar, from, to).map((period) => period.map(iso).join(' '));
    }

    // The person goes on while the calendar is read, after the first page.
    async #meddle() {
        const [, number] = /(\d+)@/.exec(this.email);
        await this.control.next(number);
        this.log.push(`meanwhile ${this.diary.act(MEANWHILE)}`);
        this.after = this.diary.snapshot();
    }

    // Two ranges: what is near, read anew, and then what is far.
    async check() {
        const now = Math.floor(Date.now() / 1000);
        const from = now - this.chance.of(0, 47 * 60) * 60;
        const last = now + this.chance.of(24, 179 * 24) * HOUR_S;
        await this.#ask([from, from + this.chance.of(1, 88 * 24) * HOUR_S], { refresh: 'true' });
        await this.#ask([Math.max(now - 47 * HOUR_S, last - 90 * 24 * HOUR_S), last]);
    }

    async #ask([from, to], more) {
        const query = { happens_after: iso(from), happens_before: iso(to), ...more };
        const asking = this.world.ask(BUSY, { query, ...this.as });
        if (more && this.meddles) await this.#meddle();
        const { status, body, text } = await asking;
        assert.equal(status, 200, text);
        if (more) this.#judge(body);
        else this.#notice(body.calendars[0]);
        const answered = body.busy_periods.map(({ start, end }) => `${start} ${end}`);
        const wanted = this.truths.map((state) => this.#naive(from, to, state));
        this.truths = this.truths.filter((_, i) => isDeepStrictEqual(answered, wanted[i]));
        if (this.truths.length > 0 || wanted.length === 0) return;
        assert.deepEqual(answered, wanted[0], JSON.stringify(body.calendars));
    }

    // What a read may have seen that succeeded. Google's lists are of one moment. Those of Microsoft
    // have some of both, so nothing is known then until the next read.
    #seen() {
        if (!this.meddles) return [this.now];
        return this.code === 'GOOG' ? [this.now, this.after] : [];
    }

    // What the answer has to be equal to, by what it says of itself: an answer that isn't fresh is
    // that of the last read that succeeded.
    #judge({ calendars, is_fresh: isFresh }) {
        const [{ status, reason, synced_at: syncedAt }] = calendars;
        assert.equal(isFresh, status === 'fresh');
        if (isFresh) this.truths = this.#seen();
        if (isFresh) this.synced = Date.parse(syncedAt) + this.ageing.ms;
        Object.assign(this, { isFresh, reason });
        this.#notice(calendars[0]);
        if (isFresh) return;
        const mayFail = this.mayFail || this.pending-- > 0;
        assert.ok(mayFail, `not fresh: ${JSON.stringify(calendars)}`);
    }

    // It may have been read by the way.
    #notice({ synced_at: syncedAt }) {
        const synced = Date.parse(syncedAt) + this.ageing.ms;
        if (synced !== this.synced && this.truths.length > 0) {
            this.truths.push(this.now, ...(this.meddles ? [this.after] : []));
        }
        this.synced = synced;
    }

    // Everything is as at the start.
    clear() {
        this.diary.clear();
        Object.assign(this, { log: [], pending: 0, mayFail: false });
    }
}

export const midnight = () => Math.floor(Date.now() / DAY_MS) * DAY_MS;
