// SPDX-License-Identifier: Apache-2.0
// What each calendar has to hold once everything is at rest, whatever the application, the person and
// a source did before: a model of docs/pushing.md that has nothing in common with Caldock, and none of
// its ids. A copy is known by the token in its title, which each event of the application has for
// itself, from its first PUT to its DELETE.
//
// Some outcomes depend on who was first, as when a person deletes what is just being written: there
// the model allows both, and goes on with the one that it finds.
import { isDeepStrictEqual } from 'node:util';

const DAY_MS = 24 * 3600000;
// Farther ahead nobody looks what the person does.
const WATCHED_MS = 175 * DAY_MS;

const YES = 'yes';
const NO = 'no';
const MAYBE = 'maybe';

// --- what an event looks like in a calendar

const momentOf = (at) => (/T/.test(at) ? Date.parse(at) : at);
const msOf = (at) => (typeof at === 'number' ? at : Date.parse(at));

const timesOf = ({ is_all_day: isAllDay = false, start, end }) => ({
    isAllDay,
    start: momentOf(start),
    end: momentOf(end),
});

// Of what the application says → {words, times}
export const lookOf = (values) => ({
    words: {
        title: values.title,
        description: [values.description, values.link].filter(Boolean).join('\n\n'),
        place: values.location ?? '',
        showAs: values.show_as ?? 'busy',
        visibility: values.visibility ?? 'default',
    },
    times: timesOf(values),
});

// Of an event as a stand-in keeps it → the same
export const seenOf = ({ isAllDay, start, end, ...event }) => ({
    words: {
        title: event.title,
        description: event.description ?? '',
        place: event.place ?? '',
        showAs: event.showAs ?? 'busy',
        visibility: event.visibility ?? 'default',
    },
    times: { isAllDay, start, end },
});

const endsAhead = ({ end }) => msOf(end) > Date.now();
const isWatched = ({ start }) => msOf(start) < Date.now() + WATCHED_MS;

// --- the model

// A copy, or what is left of one:
//   isLeft: nobody looks after it any more. Then `here` says whether it is in the calendar, and
//     `look` how it looked there, as far as is known.
//   wasLeft: the same, until its calendar received again; nobody has taken it on yet, since it was
//     not wanted there, or there was no time. It is found by who wants to write it.
//   isGoing: it has to be out of the calendar in the end.
//   deleted: whether the person has deleted it, and that stands.
//   theirs: {words?, times?: {value, isSure}}: what the person made of it.
//   isMoving: something was wanted of it that may be under way.
const fresh = () => ({ deleted: NO, theirs: {}, isMoving: true });

class Place {
    isReceiving = false;
    needsGuests = false;
    isMoving = false; // its switches have changed
    copies = new Map(); // by token

    // Why an event must not be in the calendar, in the API's words: each of these will do. Of what is
    // over nobody looks whether it has attendees still.
    reasons(values) {
        if (!endsAhead(values)) return ['past', 'no_attendees'];
        return this.needsGuests && !values.has_attendees ? ['no_attendees'] : [];
    }

    forget(copy) {
        for (const part of Object.values(copy.theirs)) part.isSure = false;
    }

    doubt(copy) {
        if (copy.deleted === YES) copy.deleted = MAYBE;
        this.forget(copy);
    }
}

export class Wanted {
    events = new Map(); // by the application's id: {token, values}
    places = new Map(); // by name

    addPlace(name) {
        this.places.set(name, new Place());
    }

    #each(token, work) {
        for (const place of this.places.values()) {
            const copy = place.copies.get(token);
            if (copy) work(copy, place);
        }
    }

    // --- the application

    put(id, values, { token, restores = false }) {
        const known = this.events.get(id);
        const isOther = !known || !isDeepStrictEqual(known.values, values);
        this.events.set(id, { token: known?.token ?? token, values });
        if (!known) return this.#make(token);
        this.#each(known.token, (copy, place) => {
            if (copy.isLeft || copy.isGoing) return;
            // Taken away before anybody saw that it was gone, it may come back.
            const isUnseen = copy.deleted === YES && !copy.isSeenDeleted;
            if (isUnseen && place.reasons(values).length > 0) copy.deleted = MAYBE;
            if (isOther || restores) Object.assign(copy, { theirs: {}, isMoving: true });
            if (restores) copy.deleted = NO;
        });
    }

    #make(token) {
        for (const { isReceiving, copies } of this.places.values()) {
            if (isReceiving) copies.set(token, fresh());
        }
    }

    // The same values once more, after something was refused: it is written again.
    retry(id) {
        this.#each(this.events.get(id).token, (copy, place) => {
            place.forget(copy);
            copy.isMoving = true;
        });
    }

    delete(id) {
        const { token } = this.events.get(id);
        this.events.delete(id);
        this.#each(token, (copy) => this.#remove(copy));
    }

    // What nobody has taken on yet may be left again.
    #remove(copy) {
        const mayGo = copy.wasLeft || (copy.isLeft && copy.isMoving);
        if (mayGo) Object.assign(copy, { isLeft: true, here: MAYBE, look: undefined });
        if (!copy.isLeft) Object.assign(copy, { isGoing: true, isMoving: true });
    }

    receive(name) {
        const place = this.places.get(name);
        Object.assign(place, { isReceiving: true, isMoving: true });
        for (const { token } of this.events.values()) {
            const before = place.copies.get(token);
            const copy = { ...fresh(), wasLeft: before?.isLeft };
            // Nobody may have seen that it was off for a moment.
            if (before?.isGoing || before?.wasLeft) {
                Object.assign(copy, { deleted: before.deleted, theirs: before.theirs });
                place.doubt(copy);
            }
            place.copies.set(token, copy);
        }
    }

    // Switched off, or the setting is deleted: the copies go.
    stop(name) {
        const place = this.places.get(name);
        Object.assign(place, { isReceiving: false, isMoving: true });
        for (const copy of place.copies.values()) this.#remove(copy);
    }

    // The setting goes, or its account: the copies stay as they are.
    leave(name) {
        const place = this.places.get(name);
        place.isReceiving = false;
        for (const copy of place.copies.values()) {
            if (!copy.isLeft) this.#leave(copy);
        }
    }

    #leave(copy) {
        const here = copy.deleted === NO ? copy.here : { [YES]: NO }[copy.deleted];
        const isSure = !copy.isMoving && here !== undefined;
        const look = isSure ? copy.look : undefined;
        Object.assign(copy, { isLeft: true, isGoing: false, here: isSure ? here : MAYBE, look });
        copy.isMoving = true; // until it is at rest, its event may still take it along
    }

    turnGuests(name) {
        const place = this.places.get(name);
        place.needsGuests = !place.needsGuests;
        place.isMoving = true;
        for (const { token, values } of this.events.values()) {
            const copy = place.copies.get(token);
            if (!copy || copy.isLeft || values.has_attendees) continue;
            place.doubt(copy);
            copy.isMoving = true;
        }
    }

    // --- the person; isWritten: the copy was said to be written, and nothing to be wanted of it

    personDeletes(name, token, isWritten) {
        const place = this.places.get(name);
        const copy = place.copies.get(token);
        const isSure = isWritten && !place.isMoving && !copy.isMoving;
        if (copy.isLeft) copy.here = NO;
        else copy.deleted = isSure ? YES : MAYBE;
    }

    // part: 'words' or 'times'
    personChanges(name, token, part, value, isWritten) {
        const place = this.places.get(name);
        const copy = place.copies.get(token);
        const isSure = copy.isLeft || (isWritten && !place.isMoving && !copy.isMoving);
        if (copy.look) copy.look = isSure ? { ...copy.look, [part]: value } : undefined;
        if (!copy.isLeft) copy.theirs[part] = { value, isSure };
    }

    // --- at rest

    // found: {token: [{words, times}]}, all that is in the calendar; said: {event_id: its copy, as the
    // API has it} → what is wrong, as texts. What could be either is known from now on.
    judge(name, found, said) {
        const place = this.places.get(name);
        const wrong = [];
        const ids = new Map([...this.events].map(([id, { token }]) => [token, id]));
        for (const token of Object.keys(found)) {
            const { length } = found[token];
            if (!place.copies.has(token)) wrong.push(`${token}: nobody wanted it`);
            if (length > 1)
                wrong.push(`${token}: ${length} times: ${JSON.stringify(found[token])}`);
        }
        for (const [token, copy] of place.copies) {
            const id = ids.get(token);
            const one = new Judgement(place, copy, this.events.get(id)?.values, found[token]?.[0]);
            const complaints = one.judge(said[id]);
            wrong.push(...complaints.map((text) => `${token} (${id}): ${text}`));
            if (copy.isGoing) place.copies.delete(token);
            copy.isMoving = false;
        }
        place.isMoving = false;
        for (const id of Object.keys(said)) {
            if (!this.events.has(id)) wrong.push(`${id}: it was deleted`);
        }
        // Of what was over when the calendar came there is no copy, not even a skipped one.
        for (const [id, { values }] of place.isReceiving ? this.events : []) {
            if (said[id] || !endsAhead(lookOf(values).times)) continue;
            wrong.push(`${id}: the API knows no copy of it`);
        }
        return wrong;
    }
}

// One copy at rest.
class Judgement {
    wrong = [];

    constructor(place, copy, values, seen) {
        Object.assign(this, { place, copy, values, seen });
    }

    #expect(what, actual, expected) {
        if (isDeepStrictEqual(actual, expected)) return;
        this.wrong.push(`${what}: ${JSON.stringify(actual)}, wanted: ${JSON.stringify(expected)}`);
    }

    judge(said) {
        const { copy } = this;
        if (copy.isLeft) this.#judgeLeft();
        else if (copy.isGoing) this.#expect('it stays', this.seen, undefined);
        else this.#judgeWanted(said);
        return this.wrong;
    }

    #judgeLeft() {
        const { copy, seen } = this;
        const here = seen ? YES : NO;
        if (copy.here !== MAYBE) this.#expect('left, is it here', here, copy.here);
        if (seen && copy.look) this.#expect('left, it looks', seen, copy.look);
        Object.assign(copy, { here, look: seen });
    }

    #judgeWanted(said) {
        const { copy, seen } = this;
        const reasons = this.place.reasons(this.values);
        const here = seen ? YES : NO;
        if (reasons.length === 0) this.#judgeHere(here);
        else if (!copy.wasLeft) this.#expect('is it here', here, NO);
        if (seen && !copy.wasLeft) this.#judgeLook();
        if (said) this.#judgeSaid(said, reasons);
        if (seen && said && !copy.wasLeft) this.#judgeMove(said);
        const isSeenDeleted = said?.status === 'deleted_by_person';
        Object.assign(copy, { here, look: seen, isSeenDeleted });
    }

    #judgeHere(here) {
        const { copy } = this;
        if (copy.deleted === NO) this.#expect('is it here', here, YES);
        if (copy.deleted === YES) this.#expect('deleted, is it here', here, NO);
        Object.assign(copy, { deleted: here === YES ? NO : YES, wasLeft: false });
    }

    // The application's, but for what the person made of it.
    #judgeLook() {
        const { copy, seen } = this;
        const ours = lookOf(this.values);
        for (const part of ['words', 'times']) {
            const { value, isSure } = copy.theirs[part] ?? {};
            const isTheirs = value && isDeepStrictEqual(seen[part], value);
            if (isTheirs) copy.theirs[part].isSure = true;
            if (isTheirs) continue;
            this.#expect(part, seen[part], isSure ? value : ours[part]);
            delete copy.theirs[part];
        }
    }

    // What the API says of it: [status, reason], one of these.
    #judgeSaid(said, reasons) {
        const isDeleted = this.copy.deleted === YES;
        if (isDeleted && !this.#wasWatched) return;
        const may = reasons.map((reason) => ['skipped', reason]);
        if (this.copy.deleted !== NO) may.push(['deleted_by_person', null]);
        if (may.length === 0) may.push(['written', null]);
        const is = [said.status, said.reason];
        if (!may.some((pair) => isDeepStrictEqual(pair, is))) this.#expect('said', is, may[0]);
    }

    get #wasWatched() {
        const ours = lookOf(this.values).times;
        return [ours, this.copy.theirs.times?.value ?? ours].every(isWatched);
    }

    #judgeMove(said) {
        const ours = lookOf(this.values).times;
        const theirs = this.copy.theirs.times?.value;
        if (theirs && !this.#wasWatched) return;
        const isChanged = Boolean(theirs) && !isDeepStrictEqual(theirs, ours);
        this.#expect('is_changed', said.is_changed, isChanged);
        const changed = isChanged ? [theirs.start, theirs.end] : [null, null];
        const told = [said.changed_start, said.changed_end].map((at) => at && momentOf(at));
        this.#expect('changed', told, changed);
    }
}
