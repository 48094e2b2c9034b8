// SPDX-License-Identifier: Apache-2.0
// An application that uses Caldock: it starts flows, checks what comes back, lists and disconnects
// accounts. Which calendars block is in blocking.mjs, what is booked in bookings.mjs, what Caldock tells
// in hearing.mjs, what people see in render.mjs, render_bookings.mjs and page.html.
import crypto from 'node:crypto';
import http from 'node:http';

import { isZone } from '../standin/zones.mjs';
import { readBody, send } from '../standin/wire.mjs';
import { ACCOUNTS, Api, Refused } from './api.mjs';
import { Blocking } from './blocking.mjs';
import { Bookings, isReceiving } from './bookings.mjs';
import { clockText, daysFrom, dayText } from './days.mjs';
import { Hearing } from './hearing.mjs';
import { People } from './people.mjs';
import { noticeHtml, pageHtml, SOURCE_NAMES, weekHtml } from './render.mjs';

// A real application's users sign in; this one has a single user.
const USER = 'demo-user';

// The time that a browser may take from the end of a flow to this application.
const WAY_BACK_MS = 60 * 1000;

// Every way in which a flow can fail, in words for people.
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

const NO_ACCOUNT = 'There is no such account here.';
const isIn = (form) => (account) => String(account.id) === form.get('account');

const good = (text) => ({ kind: 'good', text });
const bad = (text) => ({ kind: 'bad', text });

export class Demo {
    // By the browser's cookie: {flows, notice, received, zone}. `flows` has what the session started
    // and did not see the end of, by the one-time value: {before: ids of accounts, endMs}.
    #sessions = new Map();
    #confirmed = new Set(); // ids of accounts that came back to the session that asked for them

    // `secret`: of the endpoint that this is for Caldock, at /hooks. `controls`: the switches of the
    // stand-ins, by source, where their people are to be seen. `now`: the clock, in milliseconds.
    constructor({ caldockUrl, token, port, secret, controls = {}, now = Date.now }) {
        Object.assign(this, { port, now });
        this.api = new Api({ url: caldockUrl, token, user: USER });
        this.people = new People(controls);
        this.blocking = new Blocking({ api: this.api, people: this.people, now });
        this.bookings = new Bookings({ api: this.api, people: this.people, now });
        this.hearing = secret && new Hearing({ secret });
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

    #session(request, response) {
        const [, id] = /(?:^|;\s*)demo=([\w-]+)/.exec(request.headers.cookie ?? '') ?? [];
        const known = this.#sessions.get(id);
        if (known) return known;
        const fresh = crypto.randomBytes(16).toString('base64url');
        const { timeZone: zone } = new Intl.DateTimeFormat().resolvedOptions();
        const session = { flows: new Map(), zone };
        this.#sessions.set(fresh, session);
        response.setHeader('set-cookie', `demo=${fresh}; Path=/; HttpOnly; SameSite=Lax`);
        return session;
    }

    // All accounts of the user.
    #accounts() {
        return this.api.all(ACCOUNTS);
    }

    // Step 1: a one-time value of this session goes into the query of redirect_uri.
    // An account that is to be connected again is named, and nobody else's consent counts for it.
    async #connect(session, form) {
        await this.#disconnectUnconfirmed(session);
        const once = crypto.randomBytes(16).toString('base64url');
        const before = new Set((await this.#accounts()).map(({ id }) => id));
        const { status, body } = await this.api.ask('POST', `${ACCOUNTS}/oauth2/initiate`, {
            calendar_source: form.get('calendar_source'),
            redirect_uri: `${this.url}/done?once=${once}`,
            ...(form.has('account') && { account: Number(form.get('account')) }),
        });
        if (status === 200) {
            session.flows.set(once, { before, endMs: this.now() + body.timeout_seconds * 1000 });
            return body.uri;
        }
        session.notice = bad(`Caldock did not start the connection: ${body.message}`);
        return '/';
    }

    // Step 2: the redirect itself proves nothing, and anyone can have typed its address. The value
    // must be this session's, and the account must be there for this user. Nothing is disconnected
    // here, whatever comes.
    async #done(session, query) {
        session.received = Object.fromEntries(query);
        if (!session.flows.delete(query.get('once'))) {
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
        const { status, body } = await this.api.ask('GET', `${ACCOUNTS}/${encodeURIComponent(id)}`);
        if (status !== 200)
            return bad('The answer names an account that is not yours, so it was not believed.');
        this.#confirmed.add(body.id);
        return good(`${SOURCE_NAMES[body.calendar_source]} is connected as ${body.username}.`);
    }

    // Step 3: a flow of this session that never came back here may have come back to a browser whose
    // user was talked into it. When its time is over, what it connected is disconnected: accounts
    // that were not there when it began, came before its end, and were confirmed by no session.
    async #disconnectUnconfirmed(session) {
        const isOver = ([, { endMs }]) => endMs + WAY_BACK_MS < this.now();
        const over = [...session.flows].filter(isOver);
        if (over.length === 0) return;
        for (const { id, connected_at: time } of await this.#accounts()) {
            const isOf = ([, { before, endMs }]) => !before.has(id) && Date.parse(time) <= endMs;
            if (!this.#confirmed.has(id) && over.some(isOf))
                await this.api.ask('DELETE', `${ACCOUNTS}/${id}`);
        }
        over.forEach(([once]) => session.flows.delete(once));
    }

    async #disconnect(session, form) {
        const { status } = await this.api.ask(
            'DELETE',
            `${ACCOUNTS}/${encodeURIComponent(form.get('id'))}`,
        );
        this.#confirmed.delete(Number(form.get('id')));
        session.notice =
            status === 204 || status === 404
                ? good('The account is disconnected.')
                : bad('The account could not be disconnected. Please try again.');
        return '/';
    }

    // The calendars that are ticked block, and no others of the account.
    async #block(session, form) {
        const account = (await this.#accounts()).find(isIn(form));
        const refused = account
            ? await this.blocking.choose(account.id, form.getAll('calendar'))
            : NO_ACCOUNT;
        session.notice = refused ? bad(`Not saved. ${refused}`) : good('Saved.');
        return '/';
    }

    async #addEvent(session, form) {
        const accounts = await this.#accounts();
        const account = accounts.find(isIn(form));
        if (!account || !this.people.knows(account)) {
            session.notice = bad(NO_ACCOUNT);
            return '/';
        }
        const { zone } = session;
        const event = await this.blocking.addEvent(account, { accounts, zone });
        const when = `${dayText(event.start, zone)} at ${clockText(event.start, zone)}`;
        const where = SOURCE_NAMES[account.calendar_source];
        session.notice = good(`${account.username} added “${event.title}” in ${where}, ${when}.`);
        return '/';
    }

    // The main calendar of the account receives what is booked, or no more.
    async #receive(session, form) {
        const account = (await this.#accounts()).find(isIn(form));
        const refused = account
            ? await this.bookings.choose(account.id, form.has('receives'))
            : NO_ACCOUNT;
        session.notice = refused ? bad(`Not saved. ${refused}`) : good('Saved.');
        return '/';
    }

    async #book(session) {
        const { zone } = session;
        const accounts = await this.#accounts();
        const { title, start, trouble } = await this.bookings.book({ accounts, zone });
        const when = `${dayText(start, zone)} at ${clockText(start, zone)}`;
        session.notice = trouble
            ? bad(`Not booked. ${trouble}`)
            : good(`Booked “${title}”, ${when}.`);
        return '/';
    }

    async #cancel(session, form) {
        const { status } = await this.bookings.cancel(form.get('id'));
        session.notice =
            status === 204 ? good('The booking is cancelled.') : bad('There is no such booking.');
        return '/';
    }

    async #restore(session, form) {
        const { status } = await this.bookings.restore(form.get('id'));
        session.notice =
            status === 200
                ? good('It is put back as it was booked.')
                : bad('There is no such booking.');
        return '/';
    }

    // A person does something to a booking that they see in their own calendar → [account, event]
    async #seen(form) {
        const account = (await this.#accounts()).find(isIn(form));
        if (!account || !this.people.knows(account)) return [];
        const days = daysFrom(this.now(), 'UTC');
        return [account, this.people.find(account, form.get('title'), days)];
    }

    async #move(session, form) {
        const { zone } = session;
        const [account, event] = await this.#seen(form);
        if (!event) {
            session.notice = bad('Nobody sees that in a calendar.');
            return '/';
        }
        const now = this.now();
        const days = daysFrom(now, zone);
        const taken = this.people.events(account, days);
        const start = this.people.move(account, event, { days, zone, taken, now });
        const when = `${dayText(start, zone)} at ${clockText(start, zone)}`;
        session.notice = good(`${account.username} moved “${event.title}” to ${when}.`);
        return '/';
    }

    async #delete(session, form) {
        const [account, event] = await this.#seen(form);
        if (event) this.people.delete(account, event);
        session.notice = event
            ? good(`${account.username} deleted “${event.title}”.`)
            : bad('Nobody sees that in a calendar.');
        return '/';
    }

    // Caldock notices when it next needs the account: here that is at once.
    async #withdraw(session, form) {
        const account = (await this.#accounts()).find(isIn(form));
        if (!account || !this.people.knows(account)) {
            session.notice = bad(NO_ACCOUNT);
            return '/';
        }
        this.people.withdraw(account);
        await this.api.ask('GET', `${ACCOUNTS}/${account.id}/calendars`);
        const where = SOURCE_NAMES[account.calendar_source];
        session.notice = good(`${account.username} withdrew the consent at ${where}.`);
        return '/';
    }

    // `isWhole`: somebody reads it now, so that what it has to say is said.
    async #page(session, { isWhole = true } = {}) {
        const [found, settings] = await Promise.all([this.#accounts(), this.blocking.settings()]);
        const accounts = await Promise.all(
            found.map((account) => this.#withCalendars(account, settings)),
        );
        const week = await this.blocking.week(session.zone);
        const { notice, received, zone } = session;
        const bookings = await this.bookings.all({ accounts: found, settings, zone });
        if (isWhole) session.notice = undefined;
        const people = found.filter((account) => this.people.knows(account));
        const messages = this.hearing?.messages ?? [];
        return pageHtml({ notice, received, accounts, people, week, bookings, messages, zone });
    }

    // Reading calendars shows whether the account still works.
    async #withCalendars(account, settings) {
        const { status, body } = await this.api.ask('GET', `${ACCOUNTS}/${account.id}/calendars`);
        if (status === 409) return { ...account, status: 'needs_reconnect' };
        if (status !== 200) return account;
        const calendars = this.blocking.calendars(account, body.results, settings);
        const receives = settings.some(
            (one) => one.calendar_source_account.id === account.id && isReceiving(one),
        );
        return { ...account, calendars, receives };
    }

    // What changes by itself, for the page's script, which knows the zone of who looks at it.
    async #week(session, query) {
        const zone = query.get('zone') ?? session.zone;
        if (!isZone(zone)) return { status: 400, text: 'no such time zone' };
        session.zone = zone;
        const week = await this.blocking.week(zone);
        return { status: 200, text: weekHtml(week) };
    }

    async #serve(request, response) {
        const url = new URL(request.url, this.url);
        const route = `${request.method} ${url.pathname}`;
        if (this.hearing && route === 'POST /hooks') return this.hearing.take(request, response);
        if (this.hearing && route === 'GET /told') return this.hearing.join(response);
        const session = this.#session(request, response);
        try {
            await this.#route(request, response, url, session);
        } catch (error) {
            const text =
                error instanceof Refused
                    ? `Caldock refuses: ${error.message}`
                    : `Caldock does not answer (${error.code ?? error.message}). Is it running?`;
            send(response, 502, pageHtml({ notice: bad(text) }));
        }
    }

    async #route(request, response, url, session) {
        const route = `${request.method} ${url.pathname}`;
        if (route === 'GET /') return send(response, 200, await this.#page(session));
        if (route === 'GET /now')
            return send(response, 200, await this.#page(session, { isWhole: false }));
        if (route === 'GET /done')
            return this.#redirect(response, await this.#done(session, url.searchParams));
        if (route === 'GET /week') {
            const { status, text } = await this.#week(session, url.searchParams);
            return send(response, status, text);
        }
        const act = {
            'POST /connect': this.#connect,
            'POST /disconnect': this.#disconnect,
            'POST /block': this.#block,
            'POST /event': this.#addEvent,
            'POST /receive': this.#receive,
            'POST /book': this.#book,
            'POST /cancel': this.#cancel,
            'POST /restore': this.#restore,
            'POST /move': this.#move,
            'POST /delete': this.#delete,
            'POST /withdraw': this.#withdraw,
        }[route];
        const { origin = this.url } = request.headers;
        if (!act || origin !== this.url) {
            const notice = bad('There is no such page. This is the start page instead.');
            return send(response, 404, pageHtml({ notice }));
        }
        const form = new URLSearchParams(await readBody(request));
        const location = await act.call(this, session, form);
        return form.has('quiet')
            ? this.#answerQuietly(response, session)
            : this.#redirect(response, location);
    }

    // For the page's script: what to say. Where something went wrong it loads the page anew, and that
    // says it.
    #answerQuietly(response, session) {
        const { notice } = session;
        if (notice.kind === 'bad') return send(response, 422, noticeHtml(notice));
        session.notice = undefined;
        return send(response, 200, noticeHtml(notice));
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
