// SPDX-License-Identifier: Apache-2.0
// How Google's clients write events: insert with an id of their own, patch, delete.
import { answered, roleOf, sendPart } from './google_api.mjs';
import { EVENTS, findEvent, itemOf, openAgenda } from './google_events.mjs';
import { readJson, Refusal, send } from './wire.mjs';
import { instantOf, isZone } from './zones.mjs';

const WRITING_SCOPES = ['calendar', 'calendar.events'];
const REMINDER_MOST_MINUTES = 40320;
const invalid = (text) => new Refusal(400, 'invalid', text);

function openToWrite(call) {
    const agenda = openAgenda(call, WRITING_SCOPES);
    if (!agenda || ['writer', 'owner'].includes(roleOf(agenda.calendar))) return agenda;
    const text = 'You need to have writer access to this calendar.';
    throw new Refusal(403, 'requiredAccessLevel', text);
}

async function bodyOf({ request }) {
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
        throw new Refusal(400, 'badContent', 'Valid media types: [application/json]');
    }
    const body = await readJson(request);
    if (body === null || typeof body !== 'object')
        throw new Refusal(400, 'parseError', 'Parse Error');
    return body;
}

// --- from Google's members to the stand-in's

function checkTime(time, name) {
    if (!time || Object.keys(time).length === 0) {
        throw new Refusal(400, 'required', `Missing ${name} time.`);
    }
    // A patch that turns a time into a date has to take the time away.
    if (Boolean(time.date) === Boolean(time.dateTime)) throw invalid(`Invalid ${name} time.`);
    if (time.timeZone && !isZone(time.timeZone)) {
        throw invalid(`Invalid time zone definition for ${name} time.`);
    }
}

// A time without an offset is one of the zone beside it.
function atOf({ date, dateTime, timeZone }, name) {
    if (date) {
        if (!/^\d{4}-\d\d-\d\d$/.test(date)) throw invalid(`Invalid ${name} time.`);
        return date;
    }
    const hasOffset = /T.*(Z|[+-]\d\d:\d\d)$/.test(dateTime);
    if (!hasOffset && !timeZone) throw invalid(`Missing time zone definition for ${name} time.`);
    const ms = hasOffset ? Date.parse(dateTime) : instantOf(dateTime, timeZone);
    if (!Number.isFinite(ms)) throw invalid(`Invalid value for: ${name}.dateTime`);
    return Math.floor(ms / 1000) * 1000;
}

function timesOf({ start, end }, agenda) {
    checkTime(start, 'start');
    checkTime(end, 'end');
    const [from, to] = [atOf(start, 'start'), atOf(end, 'end')];
    if (typeof from !== typeof to)
        throw invalid('Start and end times must either both be date or both be dateTime.');
    if (to < from) throw new Refusal(400, 'timeRangeEmpty', 'The specified time range is empty.');
    return { start: from, end: to, zone: start.timeZone ?? agenda.zone };
}

function checkReminders({ overrides = [] }) {
    const isGood = ({ method, minutes }) =>
        ['popup', 'email'].includes(method) && minutes >= 0 && minutes <= REMINDER_MOST_MINUTES;
    if (!overrides.every(isGood)) throw invalid('Invalid reminder override.');
}

function checkProperties({ private: own = {}, shared = {} }) {
    const pairs = [...Object.entries(own), ...Object.entries(shared)];
    const isGood = ([key, value]) => key.length <= 44 && String(value).length <= 1024;
    if (pairs.length > 300 || !pairs.every(isGood)) throw invalid('Invalid extended property.');
}

const showAsOf = ({ transparency, status }) =>
    transparency === 'transparent' ? 'free' : status === 'tentative' ? 'tentative' : 'busy';

const CHOICES = {
    transparency: ['opaque', 'transparent'],
    visibility: ['default', 'public', 'private', 'confidential'],
    status: ['confirmed', 'tentative', 'cancelled'],
};

// A whole event in Google's members → the stand-in's values
function valuesOf(body, agenda) {
    for (const [name, choices] of Object.entries(CHOICES)) {
        const isGood = body[name] === undefined || choices.includes(body[name]);
        if (!isGood) throw invalid(`Invalid value for: ${name}`);
    }
    const { reminders = { useDefault: true }, extendedProperties, recurrence } = body;
    checkReminders(reminders);
    checkProperties(extendedProperties ?? {});
    return {
        ...timesOf(body, agenda),
        title: body.summary,
        description: body.description,
        place: body.location,
        showAs: showAsOf(body),
        visibility: body.visibility,
        kind: body.eventType,
        more: { reminders, extendedProperties },
        ...(recurrence && { rule: recurrence[0].replace(/^RRULE:/, '') }),
    };
}

// --- insert, patch, delete

// An id is taken for ever, also by an event that was deleted.
function checkId({ id }, agenda) {
    if (id === undefined) return;
    if (!/^[a-v0-9]{5,1024}$/.test(id)) throw invalid('Invalid resource id value.');
    if (agenda.events.has(id)) {
        throw new Refusal(409, 'duplicate', 'The requested identifier already exists.');
    }
}

async function insert(call) {
    const agenda = openToWrite(call);
    if (!agenda) return;
    const body = await bodyOf(call);
    checkId(body, agenda);
    const { id } = body;
    const event = agenda.add({ ...valuesOf(body, agenda), ...(id !== undefined && { id }) });
    sendPart(call, itemOf(agenda, event));
}

// Members that are null go, objects are merged, all else is replaced.
function merged(old, patch) {
    if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
    const result = { ...(typeof old === 'object' ? old : {}) };
    for (const [name, value] of Object.entries(patch)) {
        if (value === null) delete result[name];
        else result[name] = merged(result[name], value);
    }
    return result;
}

function checkMatch({ request }, { changed }) {
    const wanted = request.headers['if-match'];
    if (wanted === undefined || wanted === '*' || wanted === `"${changed}"`) return;
    throw new Refusal(412, 'conditionNotMet', 'Precondition Failed');
}

// A deleted event takes a patch, is answered, and stays deleted, unless the patch says otherwise;
// that is reported, not documented, so a test may have an error instead.
function checkDead({ control }, view, body) {
    if (!view.isDead || body.status === 'confirmed') return;
    const reasons = {
        404: ['notFound', 'Not Found'],
        410: ['deleted', 'Resource has been deleted'],
    };
    const reason = reasons[control.deadPatch];
    if (reason) throw new Refusal(control.deadPatch, ...reason);
}

async function patch(call) {
    const agenda = openToWrite(call);
    if (!agenda) return;
    const body = await bodyOf(call);
    const { event, original, view } = findEvent(call, agenda);
    checkMatch(call, view);
    checkDead(call, view, body);
    if (body.status === 'cancelled' && !view.isDead) agenda.remove(event, original);
    else agenda.change(event, changesOf(agenda, view, body), original);
    sendPart(call, itemOf(agenda, agenda.find(view.id).view));
}

// The values that a patch changes, and no others, so that an instance stays part of its series.
function changesOf(agenda, view, body) {
    const old = itemOf(agenda, view);
    const status = body.status ?? (view.isDead ? 'confirmed' : old.status);
    const values = valuesOf({ ...merged(old, body), status }, agenda);
    const before = valuesOf({ ...old, status: view.isDead ? 'confirmed' : old.status }, agenda);
    const isOther = (name) => JSON.stringify(values[name]) !== JSON.stringify(before[name]);
    const times = ['start', 'end', 'zone'];
    const isTimed = times.some(isOther); // the end stays, wherever the start goes
    const changed = Object.entries(values).filter(
        ([name]) => isOther(name) || (isTimed && times.includes(name)),
    );
    const isBack = view.isDead && body.status === 'confirmed';
    return { ...Object.fromEntries(changed), ...(isBack && { isDead: false }) };
}

function remove(call) {
    const agenda = openToWrite(call);
    if (!agenda) return;
    const { event, original, view } = findEvent(call, agenda);
    if (view.isDead) throw new Refusal(410, 'deleted', 'Resource has been deleted');
    checkMatch(call, view);
    agenda.remove(event, original);
    send(call.response, 204, '');
}

export const googleWrites = [
    ['POST', new RegExp(`^${EVENTS}$`), answered(insert)],
    ['PATCH', new RegExp(`^${EVENTS}/[^/]+$`), answered(patch)],
    ['DELETE', new RegExp(`^${EVENTS}/[^/]+$`), answered(remove)],
];
