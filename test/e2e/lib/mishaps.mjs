// SPDX-License-Identifier: Apache-2.0
// What goes wrong while events are read, or written: faults of the stand-ins, for one request of one
// person. None of them says anything about the calendar, so each is a reason to know nothing new.

const PLACES = { GOOG: '/events', MSFT: '/calendarView' };
// Where Google is asked whether a series is still there.
export const HEADS = '/events/';

const WAIT = { 'retry-after': '60' };
const anEvent = { id: 'x', start: {}, end: {} };

const BOTH = {
    'an error': { status: 500 },
    'a bad gateway': { status: 502, html: true },
    away: { status: 503 },
    'too slow': { status: 504 },
    'too many': { status: 429, headers: WAIT },
    'too many, with no time': { status: 429 },
    'a token refused': { status: 401 },
    'not found': { status: 404 },
    'a bad request': { status: 400 },
    'a teapot': { status: 418 },
    'a reset': { reset: true },
    'half an answer': { half: true },
    'half a JSON': { malformed: true },
    'cut short': { cut: true },
    'a page for people': { html: true },
    'a redirect': { redirect: 'http://127.0.0.1:9/' },
    'an empty object': { body: {} },
    'a list': { body: [] },
    'an error with status 200': { body: { error: { code: 'x', message: 'x' } } },
    'a megabyte of something else': { megabyte: true },
};

const OWN = {
    GOOG: {
        'a rate limit': { status: 403, reason: 'rateLimitExceeded' },
        'a rate limit of the user': { status: 403, reason: 'userRateLimitExceeded' },
        'a quota': { status: 403, reason: 'quotaExceeded' },
        'no such API': { status: 403, reason: 'accessNotConfigured' },
        gone: { status: 410, reason: 'fullSyncRequired' },
        'no more pages, and no cursor': { body: { items: [] } },
        'items that are no list': { body: { items: 5, nextSyncToken: 'x' } },
        'an event without times': { body: { items: [anEvent], nextSyncToken: 'x' } },
        'an event without an id': { body: { items: [{ start: 1 }], nextSyncToken: 'x' } },
        'a cursor that is no text': { body: { items: [], nextSyncToken: 5 } },
    },
    MSFT: {
        'away, with a time': { status: 503, headers: WAIT },
        throttled: { status: 403, reason: 'ApplicationThrottled' },
        gone: { status: 410, reason: 'SyncStateNotFound' },
        'items that are no list': { body: { value: 5 } },
        'an event without times': { body: { value: [anEvent] } },
        'an event without an id': { body: { value: [{ start: 1 }] } },
        'a next page that is no text': { body: { value: [], '@odata.nextLink': 5 } },
        'a next page elsewhere': {
            body: { value: [], '@odata.nextLink': 'http://127.0.0.1:9/v1.0/me' },
        },
    },
};

// {name: fault}
export const mishapsOf = (code) => ({ ...BOTH, ...OWN[code] });

// Asked for its head, a series that isn't found is gone: that says something.
export const headMishaps = () => {
    const { 'not found': _found, gone: _gone, ...rest } = mishapsOf('GOOG');
    return rest;
};

// The fault, for a page of one person's reads.
export const mishapAt = (code, fault, { account, page, path = PLACES[code], ...more }) => ({
    ...fault,
    path,
    account,
    page,
    ...more,
});

// --- writes

const [CREATE, UPDATE, REMOVE] = ['POST', 'PATCH', 'DELETE'];
const PUTS = [CREATE, UPDATE];
const WRITES = [...PUTS, REMOVE];
const ALL = [...WRITES, 'GET'];

// A success that is none would be believed of a removal, and what isn't found of an update; nobody
// could do better.
const AT_WRITES = {
    'done, and a reset': { after: true, reset: true, methods: WRITES },
    'done, and cut short': { after: true, cut: true, methods: WRITES },
    'done, and an error': { after: true, status: 500, methods: WRITES },
    'done, and too slow': { after: true, status: 504, methods: WRITES },
    'half an answer': { half: true, methods: ALL },
    'half a JSON': { malformed: true, methods: ALL },
    'an error': { status: 500, methods: ALL },
    'a bad gateway': { status: 502, html: true, methods: ALL },
    away: { status: 503, methods: ALL },
    'too slow': { status: 504, methods: ALL },
    'a reset': { reset: true, methods: ALL },
    'cut short': { cut: true, methods: PUTS },
    'a page for people': { html: true, methods: [...PUTS, 'GET'] },
    'a redirect': { redirect: 'http://127.0.0.1:9/', methods: ALL },
    'an empty object': { body: {}, methods: [CREATE] },
    'too many': { status: 429, headers: WAIT, methods: ALL },
    'too many, with no time': { status: 429, methods: ALL },
    'a token refused': { status: 401, methods: ALL },
    'not found': { status: 404, methods: [CREATE] },
    'a bad request': { status: 400, methods: PUTS },
    'too large': { status: 413, methods: PUTS },
    'nothing to be done with': { status: 422, methods: PUTS },
    'a teapot': { status: 418, methods: PUTS },
};

const AT_OWN_WRITES = {
    GOOG: {
        'a rate limit': { status: 403, reason: 'rateLimitExceeded', methods: ALL },
        'a rate limit of the user': { status: 403, reason: 'userRateLimitExceeded', methods: ALL },
        'a quota': { status: 403, reason: 'quotaExceeded', methods: WRITES },
        'a limit of use': { status: 403, reason: 'calendarUsageLimitsExceeded', methods: WRITES },
        forbidden: { status: 403, reason: 'forbidden', methods: PUTS },
    },
    MSFT: {
        'away, with a time': { status: 503, headers: WAIT, methods: ALL },
        forbidden: { status: 403, reason: 'ErrorAccessDenied', methods: PUTS },
    },
};

// {name: fault, with the `methods` that it may happen to}
export const mishapsOfWrites = (code) => ({ ...AT_WRITES, ...AT_OWN_WRITES[code] });
