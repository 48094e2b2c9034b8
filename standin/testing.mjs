// SPDX-License-Identifier: Apache-2.0
// For the stand-ins' own tests: both of them, started, and a client of one person's calendars.
import { Standin } from './standin.mjs';
import { Visitor } from './visitor.mjs';
import { ask } from './wire.mjs';

const REDIRECT = 'http://127.0.0.1:9/oauth2/callback';
export const SOURCES = {
    google: {
        authorize: '/o/oauth2/v2/auth',
        token: '/token',
        scope: 'openid https://www.googleapis.com/auth/calendar.calendarlist.readonly https://www.googleapis.com/auth/calendar.events',
        person: 'alice@example.com',
        other: 'bob@acme.test',
    },
    microsoft: {
        authorize: '/common/oauth2/v2.0/authorize',
        token: '/common/oauth2/v2.0/token',
        scope: 'openid offline_access Calendars.ReadWrite',
        person: 'carol@contoso.test',
        other: 'dave@outlook.com',
    },
};
export const NAMES = Object.keys(SOURCES);
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM';

export const standins = {};
export const controls = {};
// Starts both stand-ins for the suite that calls this, and resets them before each of its tests.
export async function openStandins(test) {
    for (const name of NAMES) {
        standins[name] = await Standin.start(name, { redirectUris: [REDIRECT] });
        controls[name] = standins[name].control;
    }
    test.beforeEach(() => NAMES.forEach((name) => controls[name].reset()));
    test.after(() => Promise.all(NAMES.map((name) => standins[name].close())));
}

// → an access token
async function connect(name, account = SOURCES[name].person) {
    const { url, source } = standins[name];
    const target = new URL(url + SOURCES[name].authorize);
    target.search = new URLSearchParams({
        client_id: source.client.client_id,
        redirect_uri: REDIRECT,
        response_type: 'code',
        scope: SOURCES[name].scope,
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
    });
    const page = await new Visitor().consent(target, { until: REDIRECT, account });
    const response = await fetch(url + SOURCES[name].token, {
        method: 'POST',
        body: new URLSearchParams({
            grant_type: 'authorization_code',
            code: page.url.searchParams.get('code'),
            redirect_uri: REDIRECT,
            code_verifier: VERIFIER,
            ...source.client,
        }),
    });
    return (await response.json()).access_token;
}

// A client of one person: (path, {query?, method?, json?, headers?}) → {status, headers, body}
export async function clientOf(name, account = SOURCES[name].person) {
    const token = await connect(name, account);
    const base = name === 'google' ? '/calendar/v3' : '/v1.0';
    return async (path, { query = {}, method, json, headers = {} } = {}) => {
        const url = new URL(path.startsWith('http') ? path : `${standins[name].url}${base}${path}`);
        for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
        const type = json === undefined ? {} : { 'content-type': 'application/json' };
        const answer = await ask(url, {
            method,
            headers: { authorization: `Bearer ${token}`, ...type, ...headers },
            body: json === undefined ? undefined : JSON.stringify(json),
        });
        return { ...answer, body: answer.text ? JSON.parse(answer.text) : undefined };
    };
}

export const calendarPath = (name, key, account = SOURCES[name].person) => {
    const person = standins[name].source.people.find(({ email }) => email === account);
    const own = key === 'primary' ? person.email : `${key}-${person.sub}@group.calendar.google.com`;
    const id = name === 'google' ? own : `AAMk-${person.oid}-${key}`;
    return `${name === 'google' ? '' : '/me'}/calendars/${encodeURIComponent(id)}`;
};

export const WINDOW = ['2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z'];
export const inWindow = (name, [from, to] = WINDOW) =>
    name === 'google'
        ? { singleEvents: 'true', timeMin: from, timeMax: to }
        : { startDateTime: from, endDateTime: to };
export const itemsOf = ({ body }) => body.items ?? body.value;
export const titlesOf = (answer) =>
    itemsOf(answer).map(({ summary, subject }) => summary ?? subject);
export const startsOf = (answer) =>
    itemsOf(answer).map(({ start }) =>
        start.date ? start.date : Date.parse(start.dateTime.replace(/\.0{7}$/, 'Z')),
    );

// A list, of all pages.
export function read(name, client, { key = 'team', window, query, headers } = {}) {
    const path = `${calendarPath(name, key)}/${name === 'google' ? 'events' : 'calendarView'}`;
    const size = name === 'google' ? { maxResults: 2500 } : { $top: 1000 };
    return client(path, { query: { ...size, ...inWindow(name, window), ...query }, headers });
}

export const ALICE = { account: 'alice@example.com', calendar: 'team' };
export const addForAlice = (values) => controls.google.addEvent({ ...ALICE, ...values }).id;
