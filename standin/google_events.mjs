// SPDX-License-Identifier: Apache-2.0
// Events as Google's clients see them: lists with all instances of series, and single ones.
import {
    allowed,
    answered,
    calendarId,
    findCalendar,
    roleOf,
    sendPart,
    sizeOfPage,
} from './google_api.mjs';
import { Refusal } from './wire.mjs';
import { withOffset } from './zones.mjs';

export const EVENTS = '/calendar/v3/calendars/[^/]+/events';
export const READING_SCOPES = [
    'calendar',
    'calendar.readonly',
    'calendar.events',
    'calendar.events.readonly',
];

// 26 characters of base32hex, as Google's own.
export const googleEventId = (number) => `standin${String(number).padStart(19, '0')}`;

const iso = (ms) => new Date(ms).toISOString();
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(text) {
    try {
        return JSON.parse(Buffer.from(text, 'base64url'));
    } catch {
        return undefined;
    }
}

const MESSAGES = {
    pageToken: 'Invalid page token value.',
    syncToken: 'Invalid sync token value.',
};
const invalid = (name) => new Refusal(400, 'invalid', MESSAGES[name] ?? `Invalid value: ${name}`);

// --- one event

// Times come with the offset of the calendar's zone and the name of the event's.
const timeOf = (agenda, view, at) =>
    typeof at === 'string'
        ? { date: at }
        : { dateTime: withOffset(at, agenda.zone), timeZone: view.zone };

const ofSeries = (agenda, view) => ({
    recurringEventId: view.series,
    originalStartTime: timeOf(agenda, view, view.original),
});

// Of what is gone, an increment tells no more than which one it was.
const goneOf = (agenda, view) => ({
    kind: 'calendar#event',
    etag: `"${view.changed}"`,
    id: view.id,
    status: 'cancelled',
    ...(view.series && ofSeries(agenda, view)),
});

// With more guests than the client wants to see there is only the person.
function attendeesOf({ person }, { answer, guests = 0 }, most) {
    if (!answer) return undefined;
    const self = { email: person.email, self: true, responseStatus: answer };
    const list = [
        { email: 'olga@organizer.example', organizer: true, responseStatus: 'accepted' },
        self,
        ...Array.from({ length: guests }, (_, i) => ({
            email: `guest${i}@organizer.example`,
            responseStatus: 'needsAction',
        })),
    ];
    return list.length > most ? { attendees: [self], attendeesOmitted: true } : { attendees: list };
}

// `raw` is laid over; what it has as null is left out.
function overlaid(item, raw = {}) {
    const all = Object.entries({ ...item, ...raw });
    return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== null));
}

export function itemOf(agenda, view, most = Infinity) {
    const organizer = view.answer
        ? { email: 'olga@organizer.example' }
        : { email: agenda.person.email, self: true };
    const item = {
        kind: 'calendar#event',
        etag: `"${view.changed}"`,
        id: view.id,
        status: view.isDead ? 'cancelled' : view.showAs === 'tentative' ? 'tentative' : 'confirmed',
        htmlLink: `https://www.google.com/calendar/event?eid=${encode(view.id)}`,
        created: iso(view.created),
        updated: iso(view.updated),
        summary: view.title,
        description: view.description,
        location: view.place,
        creator: organizer,
        organizer,
        start: timeOf(agenda, view, view.start),
        end: timeOf(agenda, view, view.end),
        recurrence: view.rule && [`RRULE:${view.rule}`],
        ...(view.series && ofSeries(agenda, view)),
        transparency: view.showAs === 'free' ? 'transparent' : undefined, // opaque is left out
        visibility: view.visibility,
        iCalUID: `${view.series ?? view.id}@google.com`,
        sequence: 0,
        ...attendeesOf(agenda, view, most),
        reminders: { useDefault: true },
        ...view.more,
        eventType: view.kind ?? 'default',
    };
    return overlaid(item, view.raw);
}

// --- which calendar

// The events of the calendar in the path; refused, or already answered: undefined.
export function openAgenda(call, scopes) {
    if (!allowed(call, scopes)) return undefined;
    const [, wanted] = /calendars\/([^/]+)\//.exec(call.path);
    const calendar = findCalendar(call, decodeURIComponent(wanted));
    if (!calendar) return undefined;
    // Who may see no more than when the person is busy may not read events.
    if (roleOf(calendar) === 'freeBusyReader') throw new Refusal(403, 'forbidden', 'Forbidden');
    if (roleOf(calendar) === 'none') throw new Refusal(404, 'notFound', 'Not Found');
    return call.agendas.of(call.grant.person, calendar);
}

const wantedId = ({ path }) => decodeURIComponent(path.split('/').at(-1));

export function findEvent(call, agenda) {
    const found = agenda.find(wantedId(call));
    if (!found) throw new Refusal(404, 'notFound', 'Not Found');
    return found;
}

// --- lists

// Bounds of time need an offset.
function boundOf(query, name) {
    const text = query.get(name);
    if (text === null) return undefined;
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
        throw new Refusal(400, 'badRequest', 'Bad Request');
    }
    return Math.floor(Date.parse(text) / 1000) * 1000; // milliseconds are ignored
}

function windowOf(query) {
    const [from, to] = [boundOf(query, 'timeMin'), boundOf(query, 'timeMax')];
    if (from !== undefined && to !== undefined && to <= from) {
        throw new Refusal(400, 'timeRangeEmpty', 'The specified time range is empty.');
    }
    return { from, to };
}

// What may not stand beside a sync token.
const NOT_WITH_CURSOR = [
    'iCalUID',
    'orderBy',
    'privateExtendedProperty',
    'q',
    'sharedExtendedProperty',
    'timeMin',
    'timeMax',
    'updatedMin',
];

// The stand-in can't do these; real clients should not need them.
const UNKNOWN = ['iCalUID', 'orderBy', 'q', 'updatedMin', 'sharedExtendedProperty'];

function checkParameters(query) {
    const hasCursor = query.has('syncToken');
    const forbidden = NOT_WITH_CURSOR.find((name) => hasCursor && query.has(name));
    if (forbidden) {
        throw new Refusal(400, 'invalid', `Sync token cannot be used with ${forbidden}.`);
    }
    if (hasCursor && query.get('showDeleted') === 'false') throw invalid('showDeleted');
    const showsAll = !hasCursor && query.get('showDeleted') === 'true' && 'showDeleted';
    const unknown = UNKNOWN.find((name) => query.has(name)) || showsAll;
    if (unknown) throw new Refusal(501, 'notImplemented', `The stand-in has no ${unknown}.`);
}

// What a page token is good for: the same query, but for the token.
function signature(query) {
    const rest = new URLSearchParams(query);
    rest.delete('pageToken');
    rest.sort();
    return rest.toString();
}

// What was there at the last page of a list or an increment, as long as Google remembers.
function cursorOf(agenda, query, isSingle) {
    const cursor = decode(query.get('syncToken'));
    if (cursor?.seq === undefined || cursor.isSingle !== isSingle) throw invalid('syncToken');
    if (cursor.epoch === agenda.epoch) return cursor;
    const text = 'Sync token is no longer valid, a full sync is required.';
    throw new Refusal(410, 'fullSyncRequired', text);
}

// Whether increments know of the first list's window is not documented: they bring the instances of
// a changed series years ahead, or, if the stand-in is told so, only up to the window's end.
const reachOf = ({ control }, { to }) => (control.staysInWindow && to) || Infinity;

function viewsOf(call, agenda, { isSingle, cursor, from, to }) {
    if (cursor && isSingle) return agenda.since(cursor.seq, reachOf(call, cursor));
    if (cursor) return agenda.headsSince(cursor.seq);
    return isSingle ? agenda.occurrences(from, to) : agenda.heads(from, to);
}

// Whether an event has all private properties that are asked for.
const hasProperties = (view, wanted) =>
    wanted.every((pair) => {
        const [name] = pair.split('=', 1);
        return view.more?.extendedProperties?.private?.[name] === pair.slice(name.length + 1);
    });

// A list is taken down at its first page, so that changes between two pages shift nothing. They
// come with the next increment: its cursor is from before the first page.
function beginList(call, agenda, query) {
    checkParameters(query);
    const isSingle = query.get('singleEvents') === 'true';
    const cursor = query.has('syncToken') ? cursorOf(agenda, query, isSingle) : undefined;
    const { from, to } = cursor ?? windowOf(query);
    const views = viewsOf(call, agenda, { isSingle, cursor, from, to });
    const wanted = query.getAll('privateExtendedProperty');
    return agenda.keep({
        views: views.filter((view) => hasProperties(view, wanted)).map((view) => ({ ...view })),
        signature: signature(query),
        cursor: { seq: agenda.seq, epoch: agenda.epoch, isSingle, from, to },
    });
}

function listOf(call, agenda, query) {
    const token = query.get('pageToken');
    if (token === null) return { list: beginList(call, agenda, query), from: 0, page: 1 };
    const { number, from, page } = decode(token) ?? {};
    const list = agenda.lists.get(number);
    if (!list || list.signature !== signature(query)) throw invalid('pageToken');
    return { list, from, page };
}

// → the page's views, and the token of the next one or of the next increment
function cutPage(call, { list, from, page }) {
    const most = sizeOfPage(call, { page, usual: 250, most: 2500 });
    const next = from + most;
    if (next >= list.views.length) {
        const nextSyncToken = call.control.losesCursor ? undefined : encode(list.cursor);
        return { views: list.views.slice(from), nextSyncToken };
    }
    const token = encode({ number: list.number, from: next, page: page + 1 });
    const { nextPageLink } = call.control;
    const nextPageToken = nextPageLink ? nextPageLink.value : token;
    return { views: list.views.slice(from, next), nextPageToken };
}

function listEvents(call) {
    const agenda = openAgenda(call, READING_SCOPES);
    if (!agenda) return;
    const query = call.url.searchParams;
    const { views, ...tokens } = cutPage(call, listOf(call, agenda, query));
    const most = Number(query.get('maxAttendees') ?? Infinity);
    sendPart(call, {
        kind: 'calendar#events',
        etag: `"p${agenda.seq}"`,
        summary: agenda.calendar.name,
        updated: iso(Date.now()),
        timeZone: agenda.zone,
        accessRole: roleOf(agenda.calendar),
        defaultReminders: [],
        ...tokens,
        items: views.map((view) =>
            view.isDead ? goneOf(agenda, view) : itemOf(agenda, view, most),
        ),
    });
}

// A deleted event is still answered, as cancelled.
function getEvent(call) {
    const agenda = openAgenda(call, READING_SCOPES);
    if (agenda) sendPart(call, itemOf(agenda, findEvent(call, agenda).view));
}

// The key of a calendar, of its id in a path, and the page that a query asks for.
export function googleLook({ path, query, person }) {
    const [, id] = /^\/calendar\/v3\/calendars\/([^/]+)\/events/.exec(path) ?? [];
    if (!id || !person) return {};
    const plain = decodeURIComponent(id);
    const suffix = calendarId(person, '');
    const key = plain === 'primary' || plain === person.email ? 'primary' : undefined;
    const page = query.pageToken ? (decode(query.pageToken)?.page ?? NaN) : 1;
    return { calendar: key ?? plain.replace(suffix, ''), page };
}

export const googleEvents = [
    ['GET', new RegExp(`^${EVENTS}$`), answered(listEvents)],
    ['GET', new RegExp(`^${EVENTS}/[^/]+$`), answered(getEvent)],
];
