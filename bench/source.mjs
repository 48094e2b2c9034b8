// SPDX-License-Identifier: Apache-2.0
// A calendar source that answers after a while, like Google's in the little that a callback and
// the reads of calendars need. Who comes with a code says in it who is meant and which nonce was
// asked for, and the id of a calendar says how many events it has.
import crypto from 'node:crypto';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { readBody } from '../standin/wire.mjs';

const KID = 'bench';
const HALF_HOUR = 1800e3;
const WEEK = 7 * 86400e3;
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function sign(claims, privateKey) {
    const text = `${part({ alg: 'RS256', kid: KID, typ: 'JWT' })}.${part(claims)}`;
    return `${text}.${crypto.sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

export const codeFor = (subject, nonce) => `${subject}.${nonce}`;
export const calendarOf = (name, events) => `${name}-${events}@group.calendar.google.com`;

// So many, of half an hour each, spread over what is asked for.
function eventsOf(calendar, query) {
    const count = Number(/-(\d+)@/.exec(calendar)[1]);
    const [from, to] = ['timeMin', 'timeMax'].map((name) => Date.parse(query.get(name)));
    const at = (ms) => ({ dateTime: new Date(ms).toISOString(), timeZone: 'Europe/Oslo' });
    return Array.from({ length: count }, (_, i) => {
        const start = from + ((i + 0.5) * (to - from)) / count;
        const times = { start: at(start), end: at(start + HALF_HOUR) };
        return { id: `event${i}`, status: 'confirmed', ...times };
    });
}

export class Source {
    calls = 0; // that took their time
    reads = []; // when events were asked for, in milliseconds
    isMute = false; // what is written into calendars gets no answer
    tokens = new Map(); // of the notifications about a calendar, by its id
    #keys = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });

    constructor({ client, scopes, delayMs }) {
        Object.assign(this, { client, scopes, delayMs });
        this.server = http.createServer((request, response) => this.#serve(request, response));
    }

    async start() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    // What caldock.conf says about it.
    settings() {
        const { url, client } = this;
        return {
            ...client,
            issuer: url,
            authorize_url: `${url}/auth`,
            token_url: `${url}/token`,
            jwks_url: `${url}/certs`,
            revoke_url: `${url}/revoke`,
            calendar_api_url: `${url}/calendar/v3`,
        };
    }

    #token(form) {
        const [sub, nonce] = form.get('code').split('.');
        const iat = Math.floor(Date.now() / 1000);
        const { client_id: aud } = this.client;
        const claims = { iss: this.url, aud, azp: aud, sub, email: `${sub}@example.com`, nonce };
        return {
            access_token: `ya29.${crypto.randomBytes(120).toString('base64url')}`,
            refresh_token: `1//0g${crypto.randomBytes(75).toString('base64url')}`,
            expires_in: 3599,
            token_type: 'Bearer',
            scope: this.scopes,
            id_token: sign({ ...claims, iat, exp: iat + 3600 }, this.#keys.privateKey),
        };
    }

    // What is below /calendar/v3.
    #calendars(path, query, body) {
        const found = /^\/(?:users\/me\/calendarList|calendars)\/([^/]+)(.*)/.exec(path);
        const [, id = '', what] = found ?? [];
        const calendar = decodeURIComponent(id);
        if (what === '/events/watch') {
            const { id: channel, token } = JSON.parse(body);
            this.tokens.set(calendar, token);
            return { id: channel, resourceId: calendar, expiration: String(Date.now() + WEEK) };
        }
        if (what === '/events') {
            this.reads.push(performance.now());
            const items = query.has('syncToken') ? [] : eventsOf(calendar, query);
            return { timeZone: 'Europe/Oslo', nextSyncToken: 'next', items };
        }
        const one = { id: calendar || 'me@example.com', summary: 'Me', primary: !calendar };
        const shown = { ...one, accessRole: 'owner', timeZone: 'Europe/Oslo' };
        return calendar ? shown : { items: [shown] };
    }

    async #serve(request, response) {
        const { pathname, searchParams } = new URL(request.url, this.url);
        const body = await readBody(request);
        if (this.isMute && /\/events(\/[^/]*)?$/.test(pathname) && request.method !== 'GET') return;
        let answer = {};
        if (pathname === '/certs') {
            const jwk = this.#keys.publicKey.export({ format: 'jwk' });
            answer = { keys: [{ ...jwk, kid: KID, use: 'sig', alg: 'RS256' }] };
        } else {
            this.calls++;
            if (pathname === '/token') answer = this.#token(new URLSearchParams(body));
            const [, path] = /^\/calendar\/v3(.*)/.exec(pathname) ?? [];
            if (path) answer = this.#calendars(path, searchParams, body);
            await sleep(this.delayMs);
        }
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer));
    }
}
