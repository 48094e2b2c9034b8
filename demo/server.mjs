// SPDX-License-Identifier: Apache-2.0
// What an application does with Caldock, in one file: start a flow, check what comes back,
// list and disconnect accounts, show their calendars. The page is page.html; nothing else is needed.
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';

import { ask, escapeHtml, readBody, send } from '../standin/wire.mjs';

const ACCOUNTS = '/api/v2/external_calendars/accounts';
const PAGE = readFileSync(new URL('page.html', import.meta.url), 'utf8');
const SOURCE_NAMES = { GOOG: 'Google', MSFT: 'Microsoft' };
// A real application's users sign in; this one has a single user.
const USER = 'demo-user';

// Each way in which a flow ends badly, for people.
const REASONS = {
    access_denied: 'You said no, so nothing was connected. You can try again whenever you like.',
    missing_scopes:
        'A permission was left out that is needed to read your calendars. Please try again and allow all of them.',
    no_refresh_token:
        'The connection would have ended within the hour, so it was not kept. Please try again.',
    admin_consent_required:
        'Your organisation has to approve this application first. Please ask your administrator.',
    account_type_not_allowed:
        'This kind of account cannot be used here. Please choose another one.',
    no_calendar: 'This account has no calendar that can be reached. Please choose another one.',
    account_in_use: 'This calendar account is already connected by someone else.',
    feature_not_enabled: 'Calendar connections are switched off at the moment.',
    authorization_withdrawn:
        'This application may not connect calendars any more. Please tell its operator.',
    state_expired: 'That took too long. Please try again.',
    code_rejected: 'The calendar service did not accept the sign-in. Please try again.',
    identity_invalid:
        'It could not be verified whose account this is, so nothing was connected. Please try again.',
    source_misconfigured:
        'This application is not set up correctly at the calendar service. Please tell its operator.',
    source_rate_limited: 'The calendar service is busy. Please try again in a few minutes.',
    source_unavailable:
        'The calendar service cannot be reached. Please try again in a few minutes.',
    source_error: 'The calendar service gave an answer that makes no sense. Please try again.',
    server_error: 'Something went wrong on our side. Please try again.',
};
const reasonFor = (code) => REASONS[code] ?? 'The calendar was not connected. Please try again.';

const good = (text) => ({ kind: 'good', text });
const bad = (text) => ({ kind: 'bad', text });

export class Demo {
    #sessions = new Map(); // of a browser: {once, notice, received}
    #confirmed = new Set(); // accounts that this application believes in

    constructor({ caldockUrl, token, port }) {
        Object.assign(this, { caldockUrl, token, port });
        this.url = `http://127.0.0.1:${port}`;
        this.server = http.createServer((request, response) => this.#serve(request, response));
    }

    listen() {
        return new Promise((resolve, reject) => {
            this.server.on('error', reject).listen(this.port, '127.0.0.1', resolve);
        });
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }

    // Asks Caldock → {status, body}
    async #api(method, path, body) {
        const headers = {
            authorization: `Token ${this.token}`,
            'caldock-user': USER,
            ...(body && { 'content-type': 'application/json' }),
        };
        const answer = await ask(this.caldockUrl + path, {
            method,
            headers,
            body: body && JSON.stringify(body),
        });
        return { status: answer.status, body: answer.text && JSON.parse(answer.text) };
    }

    #session(request, response) {
        const [, id] = /(?:^|;\s*)demo=([\w-]+)/.exec(request.headers.cookie ?? '') ?? [];
        const known = this.#sessions.get(id);
        if (known) return known;
        const fresh = crypto.randomBytes(16).toString('base64url');
        const session = {};
        this.#sessions.set(fresh, session);
        response.setHeader('set-cookie', `demo=${fresh}; Path=/; HttpOnly; SameSite=Lax`);
        return session;
    }

    // Step 1: a one-time value of this session goes into the query of redirect_uri.
    async #connect(session, form) {
        session.once = crypto.randomBytes(16).toString('base64url');
        const { status, body } = await this.#api('POST', `${ACCOUNTS}/oauth2/initiate`, {
            calendar_source: form.get('calendar_source'),
            redirect_uri: `${this.url}/done?once=${session.once}`,
        });
        if (status === 200) return body.uri;
        session.notice = bad(`Caldock did not start the connection: ${body.message}`);
        return '/';
    }

    // Steps 2 and 3: the redirect itself proves nothing. The value must be this session's, and
    // the account must be there for this user. If not, an account that nobody here asked for goes.
    async #done(session, query) {
        const expected = session.once;
        session.once = undefined;
        session.received = Object.fromEntries(query);
        if (!expected || query.get('once') !== expected) {
            const id = query.get('account');
            if (/^\d+$/.test(id) && !this.#confirmed.has(id))
                await this.#api('DELETE', `${ACCOUNTS}/${id}`);
            session.notice = bad(
                'That answer does not belong to a connection that was started here, so it was not believed.',
            );
        } else if (query.get('success') !== '1') {
            session.notice = bad(reasonFor(query.get('error')));
        } else {
            session.notice = await this.#confirm(query.get('account'));
        }
        return '/';
    }

    async #confirm(id) {
        const { status, body } = await this.#api('GET', `${ACCOUNTS}/${encodeURIComponent(id)}`);
        if (status !== 200)
            return bad('The answer names an account that is not yours, so it was not believed.');
        this.#confirmed.add(id);
        return good(`${SOURCE_NAMES[body.calendar_source]} is connected as ${body.username}.`);
    }

    async #disconnect(session, form) {
        const { status } = await this.#api(
            'DELETE',
            `${ACCOUNTS}/${encodeURIComponent(form.get('id'))}`,
        );
        this.#confirmed.delete(form.get('id'));
        session.notice =
            status === 204 || status === 404
                ? good('The account is disconnected.')
                : bad('The account could not be disconnected. Please try again.');
        return '/';
    }

    async #page(session) {
        const { body } = await this.#api('GET', ACCOUNTS);
        const accounts = await Promise.all((body.results ?? []).map((one) => this.#withCalendars(one)));
        const { notice, received } = session;
        session.notice = undefined;
        return render({ notice, received, accounts });
    }

    // What it finds out is what the account says from then on.
    async #withCalendars(account) {
        const { status, body } = await this.#api('GET', `${ACCOUNTS}/${account.id}/calendars`);
        if (status === 200) return { ...account, calendars: body.results.map(({ name }) => name) };
        return status === 409 ? { ...account, status: 'needs_reconnect' } : account;
    }

    async #serve(request, response) {
        const url = new URL(request.url, this.url);
        const session = this.#session(request, response);
        try {
            await this.#route(request, response, url, session);
        } catch (error) {
            const notice = bad(
                `Caldock does not answer (${error.code ?? error.message}). Is it running?`,
            );
            send(response, 502, render({ notice, accounts: [] }));
        }
    }

    async #route(request, response, url, session) {
        const route = `${request.method} ${url.pathname}`;
        if (route === 'GET /') return send(response, 200, await this.#page(session));
        if (route === 'GET /done')
            return this.#redirect(response, await this.#done(session, url.searchParams));
        const act = { 'POST /connect': this.#connect, 'POST /disconnect': this.#disconnect }[route];
        const { origin = this.url } = request.headers;
        if (!act || origin !== this.url) {
            const notice = bad('There is no such page. This is the start page instead.');
            return send(response, 404, render({ notice, accounts: [] }));
        }
        const form = new URLSearchParams(await readBody(request));
        return this.#redirect(response, await act.call(this, session, form));
    }

    #redirect(response, location) {
        response.writeHead(303, {
            location,
            'cache-control': 'no-store',
            'referrer-policy': 'no-referrer',
        });
        response.end();
    }
}

const noticeHtml = ({ kind, text }) =>
    `<p class="notice ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}">${escapeHtml(text)}</p>`;

function calendarsText({ status, calendars }) {
    if (status !== 'connected') return 'It needs to be connected again.';
    if (!calendars) return 'Its calendars cannot be read at the moment.';
    return `Calendars: ${calendars.join(', ') || 'none'}`;
}

const accountHtml = (account) => `<li>
<div><strong>${escapeHtml(account.username)}</strong>
<span>${SOURCE_NAMES[account.calendar_source]}</span>
<span>${escapeHtml(calendarsText(account))}</span></div>
<form method="post" action="/disconnect"><input type="hidden" name="id" value="${account.id}">
<button aria-label="Disconnect ${escapeHtml(account.username)}">Disconnect</button></form>
</li>`;

const receivedHtml = (received) => {
    const rows = Object.entries(received).map(
        ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
    );
    return `<section aria-labelledby="received"><h2 id="received">What came back with the redirect</h2><dl>${rows.join('')}</dl></section>`;
};

function render({ notice, received, accounts }) {
    const parts = {
        notice: notice ? noticeHtml(notice) : '',
        accounts:
            accounts.length > 0
                ? `<ul>${accounts.map(accountHtml).join('\n')}</ul>`
                : '<p class="none">No calendar is connected yet.</p>',
        received: received ? receivedHtml(received) : '',
    };
    return PAGE.replace(/<!--(\w+)-->/g, (whole, name) => parts[name] ?? whole);
}
