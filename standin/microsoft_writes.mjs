// SPDX-License-Identifier: Apache-2.0
// How Graph's clients write events: create with a transaction id and a mark, find by the mark,
// update, delete.
import { answered } from './microsoft_api.mjs';
import { findEvent, IN, openAgenda, openAgendas, sendItem, sendList } from './microsoft_events.mjs';
import { readJson, Refusal, send } from './wire.mjs';
import { DAY_MS, ianaOf, instantOf, isZone } from './zones.mjs';

const READING = 'Calendars.';
const WRITING = 'Calendars.ReadWrite';

const invalid = (text) => new Refusal(400, 'ErrorPropertyValidationFailure', text);

function checkRights({ calendar }) {
    if (calendar.canEdit) return;
    const text = 'Access is denied. Check credentials and try again.';
    throw new Refusal(403, 'ErrorAccessDenied', text);
}

async function bodyOf({ request }) {
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
        throw new Refusal(415, 'UnsupportedMediaType', 'The media type is not supported.');
    }
    const body = await readJson(request);
    if (body !== null && typeof body === 'object') return body;
    throw new Refusal(400, 'BadRequest', 'Unable to read JSON request payload.');
}

// --- from Graph's members to the stand-in's

const CHOICES = {
    showAs: ['free', 'tentative', 'busy', 'oof', 'workingElsewhere', 'unknown'],
    sensitivity: ['normal', 'personal', 'private', 'confidential'],
};

function checkChoices(body) {
    for (const [name, choices] of Object.entries(CHOICES)) {
        if (name in body && !choices.includes(body[name])) {
            throw new Refusal(400, 'RequestBodyRead', `Cannot convert the literal of ${name}.`);
        }
    }
}

// Local times with the zone beside them, in Windows' words or IANA's.
function atOf(time, name) {
    const { dateTime, timeZone } = time ?? {};
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(dateTime ?? '') || !timeZone) {
        throw new Refusal(400, 'ErrorInvalidRequest', `${name} needs dateTime and timeZone.`);
    }
    if (!isZone(ianaOf(timeZone))) {
        const text = `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${timeZone}'.`;
        throw new Refusal(400, 'TimeZoneNotSupportedException', text);
    }
    const local = dateTime.length === 16 ? `${dateTime}:00` : dateTime.slice(0, 19);
    const ms = instantOf(local, ianaOf(timeZone));
    if (!Number.isFinite(ms)) throw invalid(`${name} is no time.`);
    return { local, ms, zone: ianaOf(timeZone) };
}

// Whole days begin and end at midnight of one and the same zone.
function datesOf(start, end) {
    const isMidnight = ({ local }) => local.endsWith('T00:00:00');
    if (!isMidnight(start) || !isMidnight(end) || start.zone !== end.zone) {
        throw invalid('The Event.Start property for an all-day event needs to be set to midnight.');
    }
    if (end.ms - start.ms < DAY_MS / 2) throw invalid('An all-day event has to last a day.');
    const [from, to] = [start, end].map(({ local }) => local.slice(0, 10));
    return { start: from, end: to, zone: start.zone };
}

function timesOf(body) {
    const [start, end] = [atOf(body.start, 'start'), atOf(body.end, 'end')];
    if (end.ms < start.ms) throw invalid('The end is before the start.');
    if (body.isAllDay) return datesOf(start, end);
    return { start: start.ms, end: end.ms, zone: start.zone };
}

const VISIBILITIES = { normal: 'default', personal: 'private' };

// The members that are there, but for times → values
function valuesOf(body) {
    checkChoices(body);
    const values = {
        title: body.subject,
        description: body.body?.content,
        place: body.location?.displayName,
        showAs: body.showAs,
        visibility: VISIBILITIES[body.sensitivity] ?? body.sensitivity,
        reminder: body.isReminderOn === false ? null : body.reminderMinutesBeforeStart,
    };
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

// --- create

function checkTransaction(call, transactionId) {
    const { agendas, control, grant } = call;
    const theirs = agendas.all.filter(({ person }) => person === grant.person);
    for (const agenda of transactionId === undefined ? [] : theirs) {
        const events = [...agenda.events.values()];
        const found = events.find((event) => event.transactionId === transactionId);
        if (!found || control.transactions === 'forget') continue;
        if (control.transactions === 'existing' && !found.isDead) return { agenda, found };
        const text = "Your request can't be completed. The TransactionId was used already.";
        throw new Refusal(409, 'ErrorDuplicateTransactionId', text);
    }
    return undefined;
}

async function create(call) {
    const agenda = openAgenda(call, WRITING);
    if (!agenda) return;
    checkRights(agenda);
    const body = await bodyOf(call);
    const { transactionId, singleValueExtendedProperties: properties = [] } = body;
    const values = { ...valuesOf(body), ...timesOf(body) };
    const before = checkTransaction(call, transactionId);
    if (before) return sendItem(call, before.agenda, before.found, 201);
    sendItem(call, agenda, agenda.add({ ...values, transactionId, properties }), 201);
}

// --- update, delete

function checkMatch({ request }, { changed }) {
    const wanted = request.headers['if-match'];
    if (wanted === undefined || wanted === '*' || wanted === `W/"${changed}"`) return;
    throw new Refusal(412, 'ErrorIrresolvableConflict', 'The change key is not the current one.');
}

// As the event would be written by somebody who wants nothing changed.
function writtenTimes({ isAllDay, start, end, zone }) {
    const timeOf = (at) =>
        isAllDay
            ? { dateTime: `${at}T00:00:00`, timeZone: zone }
            : { dateTime: new Date(at).toISOString().slice(0, 19), timeZone: 'UTC' };
    return { isAllDay, start: timeOf(start), end: timeOf(end) };
}

async function update(call) {
    const found = findEvent(call, WRITING);
    if (!found) return;
    const { agenda, event, original, view } = found;
    checkRights(agenda);
    checkMatch(call, view);
    const body = await bodyOf(call);
    const isTimed = ['start', 'end', 'isAllDay'].some((name) => name in body);
    const times = isTimed ? timesOf({ ...writtenTimes(view), ...body }) : {};
    agenda.change(event, { ...valuesOf(body), ...times }, original);
    sendItem(call, agenda, agenda.find(view.id).view);
}

function remove(call) {
    const found = findEvent(call, WRITING);
    if (!found) return;
    checkRights(found.agenda);
    checkMatch(call, found.view);
    found.agenda.remove(found.event, found.original);
    send(call.response, 204, '');
}

// --- find

const FILTER =
    /^singleValueExtendedProperties\/Any\(ep: *ep\/id eq '((?:[^']|'')*)' and ep\/value eq '((?:[^']|'')*)'\)$/i;
const unquoted = (text) => text.replaceAll("''", "'");
// The type and the number of a property's name may be written in any case, the name itself not.
const plain = (id) => id.replace(/^(\w+ \{[^}]*\})/, (head) => head.toLowerCase());

function filterOf(query) {
    const text = query.get('$filter');
    if (text === null) return () => true;
    const [, id, value] = FILTER.exec(text) ?? [];
    if (id === undefined) {
        throw new Refusal(400, 'ErrorInvalidUrlQueryFilter', 'The query filter is invalid.');
    }
    const isMeant = (property) =>
        plain(property.id) === plain(unquoted(id)) &&
        property.value.toLowerCase() === unquoted(value).toLowerCase();
    return ({ properties = [] }) => properties.some(isMeant);
}

// Heads of series and single events: of a calendar, or with a filter of the whole mailbox.
function list(call) {
    const query = call.url.searchParams;
    const isWhole = !/\/calendars\//.test(call.path) && query.has('$filter');
    const agendas = isWhole ? openAgendas(call, READING) : [openAgenda(call, READING)];
    if (!agendas?.[0]) return;
    const isMeant = filterOf(query);
    const found = agendas.flatMap((agenda) =>
        [...agenda.events.values()]
            .filter((event) => !event.isDead && isMeant(event))
            .map((event) => [agenda, event]),
    );
    sendList(call, found);
}

export const microsoftWrites = (base) => [
    ['GET', new RegExp(`^${IN}/events$`), answered(base, list)],
    ['POST', new RegExp(`^${IN}/events$`), answered(base, create)],
    ['PATCH', new RegExp(`^${IN}/events/[^/]+$`), answered(base, update)],
    ['DELETE', new RegExp(`^${IN}/events/[^/]+$`), answered(base, remove)],
];
