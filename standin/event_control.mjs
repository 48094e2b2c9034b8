// SPDX-License-Identifier: Apache-2.0
// The switches for calendars' events: what people do to them, and how they are answered. Wherever a
// calendar is meant: {account: the person's e-mail address, calendar?: a key of calendars.mjs or a
// name, 'primary' if there is none}.
import { calendarsOf } from './calendars.mjs';

// What may also be called by POST /__control/<name>.
export const EVENT_ACTIONS = [
    'eventsOf',
    'seenBy',
    'addEvent',
    'moveEvent',
    'changeEvent',
    'declineEvent',
    'deleteEvent',
    'fillCalendar',
    'emptyCalendar',
    'eventPages',
    'forgetCursors',
    'stayInWindow',
    'loseCursor',
    'changeCalendar',
    'rehomeEvent',
    'patchDead',
    'repeatTransaction',
    'resolve',
    'loseNotifications',
    'doubleNotifications',
    'delayNotifications',
    'forgeNotification',
    'dropSubscriptions',
    'sendLifecycle',
    'channelLife',
    'settleNotifications',
];

// What GET /__control/<name> tells.
export const EVENT_REPORTS = ['texts', 'notifications', 'channels'];

const HOUR_MS = 3600000;

export class EventControl {
    ways = new Map(); // of browsers: origin → origin

    resetEvents() {
        this.agendas?.clear();
        this.push?.reset();
        this.pageSizes = [Infinity];
        this.staysInWindow = false;
        this.losesCursor = false;
        this.deadPatch = 200;
        this.transactions = 'conflict';
    }

    // Switches that never changed anything.
    get unusedEvents() {
        return this.push?.unused ?? [];
    }

    // The events of a calendar, as the stand-in keeps them.
    agenda({ account, calendar = 'primary' }) {
        const person = this.identity.source.people.find(({ email }) => email === account);
        const found = calendarsOf(this.calendarsFor(person)).find(
            ({ key, name, isPrimary }) =>
                [key, name].includes(calendar) || (isPrimary && calendar === 'primary'),
        );
        if (!found) throw new Error(`${account} has no calendar ${calendar}`);
        return this.agendas.of(person, found);
    }

    #find({ id, instance, ...where }) {
        const agenda = this.agenda(where);
        const found = agenda.find(instance ?? id);
        if (!found) throw new Error(`no event ${instance ?? id}`);
        return { agenda, ...found };
    }

    // {account, calendar?} → all living events as they are kept, series as one, for whoever wants to
    // expand them otherwise: {id, isAllDay, start, end: instants or dates, zone, rule, showAs, answer,
    // kind, isCancelled, …, exceptions: [{original: when it would begin, isDead?, start?, …}]}.
    eventsOf(which) {
        const events = [...this.agenda(which).events.values()].filter(({ isDead }) => !isDead);
        return events.map(({ exceptions, ...event }) => ({
            ...event,
            exceptions: [...exceptions.values()],
        }));
    }

    // {account, from, to: instants} → what that person sees in all their calendars, series expanded, by
    // start: [{id, calendar: its key, isPrimary, name: the calendar's, title, isAllDay, start, end:
    // instants, showAs, answer}]
    seenBy({ account, from, to }) {
        const person = this.identity.source.people.find(({ email }) => email === account);
        if (!person) throw new Error(`nobody is ${account}`);
        const seen = calendarsOf(this.calendarsFor(person)).flatMap((calendar) => {
            const { key, name, isPrimary } = calendar;
            const agenda = this.agendas.of(person, calendar);
            return agenda.occurrences(from, to).map((view) => {
                const [start, end] = agenda.spanOf(view);
                const { id, title, isAllDay, showAs, answer } = view;
                return {
                    id,
                    calendar: key,
                    isPrimary,
                    name,
                    title,
                    isAllDay,
                    start,
                    end,
                    showAs,
                    answer,
                };
            });
        });
        return seen.sort((a, b) => a.start - b.start);
    }

    // {account, calendar?, title?, place?, description?, start, end?, zone?, rule?, showAs?, answer?,
    // kind?, visibility?, guests?, isCancelled?, raw?} → {id}. Times: instants with Z or an offset,
    // local times of `zone` (the calendar's, if there is none), or dates for whole days.
    // rule: 'FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9'. showAs: 'busy', 'free', 'tentative', at Microsoft also
    // 'oof', 'workingElsewhere', 'unknown'. answer: the person's own, to somebody else's invitation:
    // 'accepted', 'declined', 'tentative', 'needsAction'. kind: Google's eventType. raw: members to
    // lay over what is answered, null to leave one out.
    addEvent({ account, calendar, ...values }) {
        const { id } = this.agenda({ account, calendar }).add(values);
        return { id };
    }

    // {account, calendar?, id, instance?: the id of one of a series, start?, end?, zone?}
    moveEvent(values) {
        return this.changeEvent(values);
    }

    // The same, with any values of addEvent. Without `instance`: all of a series; when its times or
    // its rule change, what was done to single instances is gone.
    changeEvent({ account, calendar, id, instance, ...values }) {
        const { agenda, event, original } = this.#find({ account, calendar, id, instance });
        agenda.change(event, values, original);
    }

    // {account, calendar?, id, instance?}
    declineEvent(which) {
        this.changeEvent({ ...which, answer: 'declined' });
    }

    // {account, calendar?, id, instance?, reported?}: how many of its next instances Google names
    // when a whole series goes, or 'head' for itself alone, or 'all'.
    deleteEvent({ reported, ...which }) {
        const { agenda, event, original } = this.#find(which);
        agenda.remove(event, original, reported);
    }

    // {account, calendar?, id, to: the key of another calendar}: at Google it is then deleted in the
    // first one; at Microsoft its immutable id leads to it still.
    rehomeEvent({ to, ...which }) {
        const { agenda, event } = this.#find(which);
        this.agenda({ account: which.account, calendar: to }).adopt(event, agenda);
    }

    // How Google answers a patch of a deleted event: 200, and it stays cancelled; or 404, or 410.
    patchDead(status = 200) {
        this.deadPatch = status;
    }

    // How Microsoft answers a transaction id that it knows: 'conflict' is a 409, 'existing' is a 201
    // with the event that is there, 'forget' makes another event.
    repeatTransaction(how = 'conflict') {
        this.transactions = how;
    }

    // {account, calendar?, count, start?, every?: ms, lasts?: ms}: so many single events.
    fillCalendar({ account, calendar, count, start = Date.now(), every = HOUR_MS, lasts }) {
        const agenda = this.agenda({ account, calendar });
        const first = typeof start === 'number' ? start : Date.parse(start);
        for (let i = 0; i < count; i++) {
            agenda.isQuiet = i < count - 1; // one notification will do
            const at = first + i * every;
            agenda.add({ title: `Filler ${i}`, start: at, end: at + (lasts ?? every / 2) });
        }
    }

    // Nothing is left of the events, the first ones included, and no cursor is good any more.
    emptyCalendar(which) {
        const agenda = this.agenda(which);
        agenda.clear();
        this.agendas.forget(agenda);
    }

    // How many events a page has at most: a number, or a list with the first page's, the second's,
    // and so on; its last one counts for all further pages. 0 is an empty page that isn't the last.
    eventPages(sizes) {
        this.pageSizes = [sizes].flat();
    }

    eventPageSize(page) {
        return this.pageSizes[page - 1] ?? this.pageSizes.at(-1);
    }

    // Google's sync tokens so far are no longer good for anything: those of one person, of one
    // calendar, or of all. Whoever shows one has to read in full again.
    forgetCursors({ account, calendar } = {}) {
        for (const agenda of this.agendas.all) {
            const isTheirs = [undefined, agenda.person.email].includes(account);
            if (isTheirs && [undefined, agenda.calendar.key].includes(calendar)) {
                this.agendas.forget(agenda);
            }
        }
    }

    // Increments bring the instances of a changed series up to the end of the first list's window
    // only, instead of years ahead.
    stayInWindow(isOn = true) {
        this.staysInWindow = isOn;
    }

    // The last page of Google's lists has no sync token.
    loseCursor(isOn = true) {
        this.losesCursor = isOn;
    }

    // {account, calendar?, isGone?, status?: what asking for it is answered with, canEdit?, role?:
    // Google's accessRole, timeZone?, name?}: of a calendar that the person has, from now on. Other
    // rights end Google's cursors.
    changeCalendar({ account, calendar = 'primary', isGone = false, ...changes }) {
        const { person, calendar: old } = this.agenda({ account, calendar });
        const list = calendarsOf(this.calendarsFor(person));
        const isOld = ({ key }) => key === old.key;
        const rights = changes.canEdit === false ? { role: 'reader' } : {};
        const changed = list.map((one) => (isOld(one) ? { ...one, ...rights, ...changes } : one));
        this.mailbox({ account, calendars: changed.filter((one) => !isGone || !isOld(one)) });
        if ('canEdit' in changes || 'role' in changes) {
            this.forgetCursors({ account, calendar: old.key });
        }
    }

    // {from, to, forBrowsers?}: notifications for one origin, 'https://caldock.example', go to another
    // one, where Caldock listens on loopback, as behind names and proxies; so are browsers sent that
    // come back from here, where that is wanted. Survives a reset.
    resolve({ from, to, forBrowsers = false }) {
        this.push.resolve(from, to);
        if (forBrowsers) this.ways.set(new URL(from).origin, new URL(to).origin);
    }

    // Where a browser gets that is sent to `url`.
    wayOf(url) {
        const to = this.ways.get(url.origin);
        return to ? to + url.pathname + url.search : url.href;
    }

    // So many notifications from now on never arrive; without a number: none does.
    loseNotifications(count = Infinity) {
        this.push.losses = { left: count, wanted: count, happened: 0 };
    }

    // Each notification arrives so many times.
    doubleNotifications(copies = 2) {
        this.push.copies = copies;
    }

    // Notifications are late by so many milliseconds.
    delayNotifications(ms) {
        this.push.delay = ms;
    }

    // {account?, calendar?, token?, count?}: somebody who knows all of a channel but its token sends
    // notifications → the statuses that they are answered with.
    async forgeNotification({ account, calendar = 'primary', token = 'forged', count = 1 }) {
        const [channel] = this.#channels({ account, calendar });
        if (!channel) throw new Error('there is no channel');
        const own = { ...channel, token, clientState: token };
        const agenda = this.agenda({ account, calendar });
        const event = { id: 'Evt000000000', changed: 0 };
        const [message] = this.push.source.messages([own], [{ agenda, type: 'updated', event }]);
        const statuses = [];
        while (statuses.length < count) statuses.push((await this.push.post(message)).status);
        return statuses;
    }

    #channels({ account, calendar } = {}) {
        return this.push.alive.filter(
            (channel) =>
                [undefined, channel.person.email].includes(account) &&
                [undefined, channel.calendar].includes(calendar),
        );
    }

    // {account?, calendar?, isSilent?}: channels and subscriptions end before their time. Microsoft
    // says so (subscriptionRemoved), unless it is silent; Google never does.
    dropSubscriptions({ isSilent = false, ...which } = {}) {
        const channels = this.#channels(which);
        for (const { id } of channels) this.push.channels.delete(id);
        if (!isSilent) this.#sendLifecycle(channels, 'subscriptionRemoved');
    }

    // {account?, calendar?, event}: Microsoft's 'reauthorizationRequired', 'missed', or one that
    // nobody knows yet.
    sendLifecycle({ event, ...which }) {
        this.#sendLifecycle(this.#channels(which), event);
    }

    #sendLifecycle(channels, event) {
        const messages = this.identity.source.push.lifecycle?.(channels, event) ?? [];
        for (const message of messages) this.push.send(message);
    }

    // New and renewed channels live so many seconds at most. null: as long as the source says.
    channelLife(seconds) {
        this.push.lifeS = seconds ?? undefined;
    }

    // Waits until all notifications so far have arrived, or were given up.
    settleNotifications() {
        return this.push.settled();
    }

    // All notifications since the last reset: {kind: 'sync', 'exists', 'change', 'lifecycle' or
    // 'validation', to, headers, body, isLost?, attempts, status: the last answer's, 0 for none}.
    get notifications() {
        return this.push.log;
    }

    // Living channels and subscriptions: {id, account, calendar, expiresAt}.
    get channels() {
        return this.push.alive.map(({ id, person, calendar, expiresAt }) => ({
            id,
            account: person.email,
            calendar,
            expiresAt,
        }));
    }

    // All titles, places and descriptions that any event ever had: no log may hold them.
    get texts() {
        return [...this.agendas.texts];
    }
}
