// SPDX-License-Identifier: Apache-2.0
// What all of Graph's calendar API has in common: scopes, error bodies, `$select`, and the
// calendar that a path names.
import crypto from 'node:crypto';

import { calendarsOf } from './calendars.mjs';
import { Refusal, send } from './wire.mjs';

export const GRAPH = 'https://graph.microsoft.com/';

export function errorBody(status, code, message = code) {
    const innerError = {
        date: new Date().toISOString().slice(0, 19),
        'request-id': crypto.randomUUID(),
        'client-request-id': crypto.randomUUID(),
    };
    return { error: { code, message, innerError } };
}

export function apiError(response, status, code, message, headers) {
    send(response, status, errorBody(status, code, message), headers);
}

const MAILBOXES = {
    off: [
        'MailboxNotEnabledForRESTAPI',
        'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
    ],
    'on-premises': ['extensionError', 'Error: REST API is not yet supported for this mailbox.'],
};

export function allowed({ response, grant }, scope) {
    if (!grant) {
        apiError(response, 401, 'InvalidAuthenticationToken', 'CompactToken validation failed.');
        return false;
    }
    if (!grant.scopes.some((granted) => granted.replace(GRAPH, '').startsWith(scope))) {
        apiError(
            response,
            403,
            'ErrorAccessDenied',
            'Access is denied. Check credentials and try again.',
        );
        return false;
    }
    return true;
}

// The calendars of the person behind a request, or an answered error.
export function openMailbox(call, scope = 'Calendars.') {
    if (!allowed(call, scope)) return undefined;
    const state = call.calendarsFor(call.grant.person);
    if (MAILBOXES[state]) {
        apiError(call.response, 404, ...MAILBOXES[state]);
        return undefined;
    }
    return calendarsOf(state);
}

// Reasons to refuse one calendar, by status.
const REFUSALS = {
    403: ['ErrorAccessDenied', 'Access is denied. Check credentials and try again.'],
    404: ['ErrorItemNotFound', 'The specified object was not found in the store.'],
    410: ['syncStateNotFound', 'The calendar is gone.'],
};

export const calendarId = (person, key) => `AAMk-${person.oid}-${key}`;

// The calendar of an id, the default one without, or an answered error.
export function findCalendar(call, wanted, scope) {
    const calendars = openMailbox(call, scope);
    if (!calendars) return undefined;
    const { person } = call.grant;
    const found = calendars.find(({ key, isPrimary }) =>
        wanted === undefined ? isPrimary : calendarId(person, key) === wanted,
    );
    const status = found ? (found.status ?? 200) : 404;
    if (!REFUSALS[status]) return found;
    apiError(call.response, status, ...REFUSALS[status]);
    return undefined;
}

// Only what `$select` asks for, or everything without it.
export function selected({ url }, entry) {
    const names = url.searchParams.get('$select')?.split(',');
    if (!names) return entry;
    return Object.fromEntries(Object.entries(entry).filter(([name]) => names.includes(name)));
}

// Refusals become Graph's errors.
export const answered = (base, handler) => async (call) => {
    try {
        await handler({ ...call, base });
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        apiError(call.response, error.status, error.code, error.message, error.headers);
    }
};
