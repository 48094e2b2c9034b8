// SPDX-License-Identifier: Apache-2.0
// What all of Google's calendar API has in common: scopes, error bodies, `fields`, and the
// calendar that a path names.
import { calendarsOf } from './calendars.mjs';
import { Refusal, send } from './wire.mjs';

export const SCOPE = 'https://www.googleapis.com/auth/';

export function errorBody(status, reason, message = reason) {
    const domain = /limit|quota/i.test(reason) ? 'usageLimits' : 'global';
    return { error: { errors: [{ domain, reason, message }], code: status, message } };
}

export function apiError(response, status, reason, message, headers) {
    send(response, status, errorBody(status, reason, message), headers);
}

const challenge = (error) => ({
    'www-authenticate': `Bearer realm="https://accounts.google.com/"${error ? `, error="${error}"` : ''}`,
});

// The person behind a request for the calendar API, with one of these scopes, or an answered error.
export function allowed({ response, grant, calendarsFor }, scopes) {
    if (!grant) {
        apiError(response, 401, 'authError', 'Invalid Credentials', challenge('invalid_token'));
        return false;
    }
    if (!scopes.some((name) => grant.scopes.includes(SCOPE + name))) {
        apiError(
            response,
            403,
            'insufficientPermissions',
            'Request had insufficient authentication scopes.',
            challenge('insufficient_scope'),
        );
        return false;
    }
    if (calendarsFor(grant.person) === 'off') {
        apiError(
            response,
            403,
            'notACalendarUser',
            'The user must be signed up for Google Calendar.',
        );
        return false;
    }
    return true;
}

// Reasons to refuse one calendar, by status.
const REFUSALS = {
    403: ['forbidden', 'Forbidden'],
    404: ['notFound', 'Not Found'],
    410: ['deleted', 'Resource has been deleted'],
};

export const calendarId = (person, key) =>
    key === 'primary' ? person.email : `${key}-${person.sub}@group.calendar.google.com`;

export const roleOf = ({ role, isPrimary, canEdit }) =>
    role ?? (isPrimary ? 'owner' : canEdit ? 'writer' : 'reader');

// The calendar of an id or of `primary`, or an answered error.
export function findCalendar({ response, grant, calendarsFor }, wanted) {
    const { person } = grant;
    const found = calendarsOf(calendarsFor(person)).find(
        (calendar) =>
            calendarId(person, calendar.key) === wanted ||
            (calendar.isPrimary && wanted === 'primary'),
    );
    const status = found ? (found.status ?? 200) : 404;
    if (!REFUSALS[status]) return found;
    apiError(response, status, ...REFUSALS[status]);
    return undefined;
}

// "a,b(c,d)" → {a: true, b: {c: true, d: true}}
function maskOf(fields) {
    const root = {};
    const open = [root];
    let last;
    for (const [token] of fields.matchAll(/[^,()]+|[()]/g)) {
        if (token === '(') open.push((open.at(-1)[last] = {}));
        else if (token === ')') open.pop();
        else open.at(-1)[(last = token)] = true;
    }
    return root;
}

function masked(body, mask) {
    if (mask === true || body === null) return body;
    if (Array.isArray(body)) return body.map((one) => masked(one, mask));
    const wanted = Object.entries(body).filter(([name]) => name in mask);
    return Object.fromEntries(wanted.map(([name, value]) => [name, masked(value, mask[name])]));
}

// Only what `fields` asks for, or everything without it. An empty list is then left out.
export function sendPart({ response, url }, body) {
    const fields = url.searchParams.get('fields');
    const part = fields ? masked(body, maskOf(fields)) : body;
    if (fields && part.items?.length === 0) delete part.items;
    send(response, 200, part);
}

// How many a page has at most: what the client asks for, and what the stand-in is told to give.
export function sizeOfPage({ url, control }, { page, usual, most }) {
    const size = Number(url.searchParams.get('maxResults') ?? usual);
    if (!(size >= 1)) throw new Refusal(400, 'invalid', 'Invalid Value');
    return Math.min(size, most, control.eventPageSize(page));
}

// Refusals become Google's errors.
export const answered = (handler) => async (call) => {
    try {
        await handler(call);
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        apiError(call.response, error.status, error.code, error.message, error.headers);
    }
};
