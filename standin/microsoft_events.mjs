// SPDX-License-Identifier: Apache-2.0
// Events as Graph's clients see them: the view of a calendar, with all instances of series, and
// single events by ids of two kinds.
import { answered, calendarId, findCalendar, openMailbox } from './microsoft_api.mjs';
import { Refusal, send } from './wire.mjs';
import { DAY_MS, ianaOf, isZone, localOf, windowsOf } from './zones.mjs';

const MOST_DAYS = 1825; // that a view may span
const READING = 'Calendars.';

export const microsoftEventId = (number) => `Evt${String(number).padStart(9, '0')}`;

// --- ids and preferences

const preferences = ({ request }) => request.headers.prefer ?? '';
const wantsImmutable = (call) => /\bIdType\s*=\s*"ImmutableId"/i.test(preferences(call));

// An id says where its event is, and changes when that is moved to another calendar; an immutable
// one stays. Both are good in paths, whatever the headers say.
export function idOf(call, { calendar }, id) {
    return wantsImmutable(call)
        ? `AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A${id}AA=`
        : `AAMkADIyAAA-${calendar.key}-${id}AAA=`;
}

// → {inner, key: of the calendar that the id names, if it is no immutable one}
function parseId(id) {
    const [, key, inner] =
        /^(?:AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A|AAMkADIyAAA-(.+)-)(Evt\w+?)AAA?=$/.exec(id) ?? [];
    return { key, inner };
}

// The zone in which times are answered, UTC if nobody asks.
function answerZone(call) {
    const [, name = 'UTC'] = /outlook\.timezone\s*=\s*"([^"]*)"/i.exec(preferences(call)) ?? [];
    if (isZone(ianaOf(name))) return name;
    const text = `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${name}'.`;
    throw new Refusal(400, 'TimeZoneNotSupportedException', text);
}

// --- one event

const graphTime = (local) => `${local}.0000000`;

// Whole days are midnights of whatever zone is asked for.
function timeOf(view, at, zone) {
    const local = view.isAllDay ? `${at}T00:00:00` : localOf(at, ianaOf(zone));
    return { dateTime: graphTime(local), timeZone: zone };
}

const ANSWERS = {
    accepted: 'accepted',
    declined: 'declined',
    tentative: 'tentativelyAccepted',
    needsAction: 'notResponded',
};
const SENSITIVITIES = { private: 'private', confidential: 'confidential' };
const NEVER = '0001-01-01T00:00:00Z';

// `raw` is laid over; what it has as null is left out.
function overlaid(item, raw = {}) {
    const all = Object.entries({ ...item, ...raw });
    return Object.fromEntries(
        all.filter(([name, value]) => value !== undefined && raw[name] !== null),
    );
}

function itemOf(call, agenda, view) {
    const zone = answerZone(call);
    const { person } = agenda;
    const organizer = view.answer
        ? { name: 'Olga Organizer', address: 'olga@organizer.example' }
        : { name: person.name, address: person.email };
    const original = windowsOf(view.zone);
    const item = {
        '@odata.etag': `W/"${view.changed}"`,
        id: idOf(call, agenda, view.id),
        createdDateTime: new Date(view.created).toISOString(),
        lastModifiedDateTime: new Date(view.updated).toISOString(),
        changeKey: String(view.changed),
        categories: [],
        transactionId: view.transactionId,
        originalStartTimeZone: original,
        originalEndTimeZone: original,
        iCalUId: `040000008200E00074C5B7101A82E008${view.id}`,
        reminderMinutesBeforeStart: view.reminder ?? 15,
        isReminderOn: view.reminder !== null,
        hasAttachments: false,
        subject: view.title ?? '',
        bodyPreview: (view.description ?? '').slice(0, 255),
        importance: 'normal',
        sensitivity: SENSITIVITIES[view.visibility] ?? 'normal',
        isAllDay: view.isAllDay,
        isCancelled: view.isCancelled === true,
        isOrganizer: !view.answer,
        responseRequested: true,
        seriesMasterId: view.series && idOf(call, agenda, view.series),
        showAs: view.showAs ?? 'busy',
        type: view.rule ? 'seriesMaster' : (view.type ?? 'singleInstance'),
        webLink: `https://outlook.office365.com/owa/?itemid=${view.id}&exvsurl=1`,
        isOnlineMeeting: false,
        allowNewTimeProposals: true,
        isDraft: false,
        hideAttendees: false,
        responseStatus: {
            response: ANSWERS[view.answer] ?? 'organizer',
            time: NEVER,
        },
        body: { contentType: 'text', content: view.description ?? '' },
        start: timeOf(view, view.start, zone),
        end: timeOf(view, view.end, zone),
        location: { displayName: view.place ?? '', locationType: 'default' },
        attendees: [],
        organizer: { emailAddress: organizer },
    };
    return overlaid(item, view.raw);
}

// Events are never without id and etag; two members are only given when the organizer is, too.
const NOT_SELECTABLE = ['createdDateTime', 'lastModifiedDateTime'];

function selectedOf({ url }, item) {
    const names = url.searchParams.get('$select')?.split(',');
    if (!names) return item;
    const hasTimes = names.includes('organizer');
    const wanted = names.filter((name) => hasTimes || !NOT_SELECTABLE.includes(name));
    return Object.fromEntries(
        Object.entries(item).filter(([name]) => ['@odata.etag', 'id', ...wanted].includes(name)),
    );
}

const applied = (call) => ({ 'preference-applied': `outlook.timezone="${answerZone(call)}"` });

export function sendItem(call, agenda, view, status = 200) {
    const item = {
        '@odata.context': `${call.base}/v1.0/$metadata#users('me')/events/$entity`,
        ...selectedOf(call, itemOf(call, agenda, view)),
    };
    send(call.response, status, item, applied(call));
}

// --- which calendar, which event

const ofPath = ({ path }) => {
    const [, id] = /\/calendars\/([^/]+)\//.exec(path) ?? [];
    return id && decodeURIComponent(id);
};

export function openAgenda(call, scope) {
    const calendar = findCalendar(call, ofPath(call), scope);
    return calendar && call.agendas.of(call.grant.person, calendar);
}

// --- lists

// An offset in the value counts, without one it is UTC; the preferred zone has no say in it.
function boundOf(query, name) {
    const text = query.get(name);
    if (!text) {
        const message =
            'This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.';
        throw new Refusal(400, 'ErrorInvalidParameter', message);
    }
    const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
    if (Number.isFinite(ms)) return ms;
    throw new Refusal(400, 'ErrorInvalidParameter', `The value of ${name} is no time.`);
}

function windowOf(query) {
    const [from, to] = ['startDateTime', 'endDateTime'].map((name) => boundOf(query, name));
    if (to < from) throw new Refusal(400, 'ErrorInvalidParameter', 'The end is before the start.');
    if (to - from > MOST_DAYS * DAY_MS) {
        const text = `The requested time duration specified for FindItem operation is too long: the limit is ${MOST_DAYS} days.`;
        throw new Refusal(400, 'ErrorCalendarViewRangeTooBig', text);
    }
    return [from, to];
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(text) {
    try {
        return JSON.parse(Buffer.from(text, 'base64url'));
    } catch {
        return {};
    }
}

// Where a page begins, and its number. Nothing is taken down: what changes between two pages
// shifts the second one.
function placeOf(query) {
    const token = query.get('$skiptoken');
    if (token === null) return { from: 0, page: 1 };
    const { from, page } = decode(token);
    if (from >= 0 && page >= 1) return { from, page };
    throw new Refusal(400, 'ErrorInvalidUrlQuery', 'The skip token is invalid.');
}

// pairs: [agenda, view]
export function sendList(call, pairs) {
    const { url, control, base } = call;
    const { from, page } = placeOf(url.searchParams);
    const asked = Number(url.searchParams.get('$top') ?? 10);
    if (!(asked >= 1)) throw new Refusal(400, 'ErrorInvalidUrlQuery', 'Invalid value.');
    const next = from + Math.min(asked, 1000, control.eventPageSize(page));
    const query = new URLSearchParams(url.searchParams);
    query.set('$skiptoken', encode({ from: next, page: page + 1 }));
    const body = {
        '@odata.context': `${base}/v1.0/$metadata#users('me')/calendarView`,
        value: pairs
            .slice(from, next)
            .map(([agenda, view]) => selectedOf(call, itemOf(call, agenda, view))),
        ...(next < pairs.length && {
            '@odata.nextLink': control.nextPageLink
                ? control.nextPageLink.value
                : `${base}${url.pathname}?${query}`,
        }),
    };
    send(call.response, 200, body, applied(call));
}

function viewCalendar(call) {
    const agenda = openAgenda(call, READING);
    if (!agenda) return;
    const [from, to] = windowOf(call.url.searchParams);
    const views = agenda.occurrences(from, to);
    sendList(
        call,
        views.map((view) => [agenda, view]),
    );
}

// All calendars' events of the mailbox, or an answered error.
export function openAgendas(call, scope) {
    const calendars = openMailbox(call, scope)?.filter(({ status }) => !status);
    return calendars?.map((calendar) => call.agendas.of(call.grant.person, calendar));
}

// The event of an id, in whichever calendar of the mailbox it is, or an answered error.
export function findEvent(call, scope) {
    const agendas = openAgendas(call, scope);
    if (!agendas) return undefined;
    const { inner, key } = parseId(decodeURIComponent(call.path.split('/').at(-1)));
    for (const agenda of agendas) {
        const found = inner && agenda.find(inner);
        const isHere =
            found && !found.view.isDead && [undefined, agenda.calendar.key].includes(key);
        if (isHere) return { agenda, ...found };
    }
    const text = 'The specified object was not found in the store.';
    throw new Refusal(404, 'ErrorItemNotFound', text);
}

function getEvent(call) {
    const found = findEvent(call, READING);
    if (found) sendItem(call, found.agenda, found.view);
}

// The key of a calendar, of its id in a path, and the page that a query asks for.
export function microsoftLook({ path, query, person }) {
    const [, id] = /^\/v1\.0\/me\/calendars\/([^/]+)\//.exec(path) ?? [];
    if (!person || !/\/(calendarView|events)\b/.test(path)) return {};
    const page = query.$skiptoken ? decode(query.$skiptoken).page : 1;
    if (!id) return { page };
    return { calendar: decodeURIComponent(id).replace(calendarId(person, ''), ''), page };
}

export const IN = '/v1\\.0/me(?:/calendars/[^/]+)?';

export const microsoftEvents = (base) => [
    ['GET', new RegExp(`^${IN}/calendarView$`), answered(base, viewCalendar)],
    ['GET', new RegExp(`^${IN}/events/[^/]+$`), answered(base, getEvent)],
];
