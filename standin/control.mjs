// SPDX-License-Identifier: Apache-2.0
// The switches of a stand-in: as methods, and as POST /__control/<method> with the
// argument as JSON, for whoever runs it in another process.
import { EventEmitter } from 'node:events';

import { EVENT_ACTIONS, EVENT_REPORTS, EventControl } from './event_control.mjs';
import { Faults } from './faults.mjs';
import { readBody, send } from './wire.mjs';

const LOG_LENGTH = 10000;
const PATIENCE_MS = 300000; // for a request that has to come

function overlay(target, { set = {}, drop = [] }) {
    return Object.fromEntries(
        Object.entries({ ...target, ...set }).filter(([name]) => !drop.includes(name)),
    );
}

export class Control extends EventControl {
    faults = new Faults();
    log = [];
    #unused = []; // what the next ID token or token answer would have been, had there been one
    #answered = new EventEmitter().setMaxListeners(0);

    constructor() {
        super();
        this.reset();
    }

    // Forgets all but the keys, which clients may have cached, and what has been unused so far.
    reset() {
        this.#unused.push(...this.#waiting, ...this.unusedEvents);
        this.faults.clear();
        this.log.length = 0;
        this.automatic = undefined;
        this.callbackPatch = undefined;
        this.tokenPatch = undefined;
        this.forgery = undefined;
        this.mailboxes = new Map();
        this.pageSize = Infinity;
        this.timeZone = 'W. Europe Standard Time';
        this.isStrict = false;
        this.isLate = false;
        this.slowness = new Map();
        this.refusals = [];
        this.grantLifeS = undefined;
        this.nextPageLink = undefined;
        this.manner = { gzip: 'asked', mark: false };
        this.resetEvents();
        this.identity?.reset();
    }

    // Switches for a single answer that still wait for it: [{forge|tokens|refuse: …}].
    get #waiting() {
        const set = { forge: this.forgery, tokens: this.tokenPatch };
        const waiting = Object.entries(set).filter(([, value]) => value !== undefined);
        const refusals = (this.refusals ?? []).filter(({ happened }) => happened === 0);
        return [
            ...waiting.map(([name, value]) => ({ [name]: value })),
            ...refusals.map((refusal) => ({ refuse: refusal })),
        ];
    }

    // Switches that never had an answer to change, since the start: faults, forgeries, patches of
    // token answers, refusals.
    get unused() {
        return [...this.faults.unused, ...this.#unused, ...this.#waiting, ...this.unusedEvents];
    }

    // {path, times?, perhaps?, delay?, hang|reset|cut|megabyte|html|redirect|status|body, headers?,
    // and what else faults.mjs names}. {path, status, reason, message?} is an error of the source.
    fault(fault) {
        const { status, reason, message } = fault;
        const body = reason && this.identity.source.errorBody(status, reason, message);
        this.faults.add(body ? { ...fault, body } : fault);
    }

    // {account?, status?, reason?, retryAfter?: seconds or a date, times?, path?, perhaps?}: the
    // calendar API has had too many requests, of one person or of all.
    throttle({ retryAfter, ...fault } = {}) {
        const { apiPath: path, throttled } = this.identity.source;
        const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
        this.fault({ path, ...throttled, ...fault, headers });
    }

    // The faults that still wait are taken back.
    calm() {
        this.faults.clear();
    }

    // The next ID token: the name of a row of FORGERIES, or {claims?, header?} to lay over.
    forge(kind) {
        this.forgery = kind;
    }

    takeForgery() {
        const kind = this.forgery;
        this.forgery = undefined;
        return kind;
    }

    // Consent without a page: {account?, leaveOut?: [scope], deny?}, or null for the page.
    auto(answer) {
        this.automatic = answer ?? undefined;
    }

    // {set?: {name: value}, drop?: [name]}: laid over all callbacks from now on.
    callback(patch) {
        this.callbackPatch = patch ?? undefined;
    }

    patchCallback(parameters) {
        for (const name of this.callbackPatch?.drop ?? []) parameters.delete(name);
        for (const [name, value] of Object.entries(this.callbackPatch?.set ?? {})) {
            parameters.set(name, value);
        }
    }

    // {set?, drop?}: laid over the next answer of the token endpoint.
    tokens(patch) {
        this.tokenPatch = patch ?? undefined;
    }

    patchTokens(body) {
        const patch = this.tokenPatch;
        this.tokenPatch = undefined;
        return patch ? overlay(body, patch) : body;
    }

    // {account, calendars}: a number of them, a list (calendars.mjs), or 'off', from now on.
    mailbox({ account, calendars }) {
        this.mailboxes.set(account, calendars);
    }

    calendarsFor(person) {
        return this.mailboxes.get(person.email) ?? person.calendars;
    }

    // A page has at most so many calendars.
    pages(size) {
        this.pageSize = size;
    }

    // The mailboxes' time zone, by its Windows name or IANA's.
    zone(name) {
        this.timeZone = name;
    }

    // Every refresh gives a new refresh token, whose first use ends the one before it.
    strict(isOn = true) {
        this.isStrict = isOn;
    }

    // The token endpoint refuses refreshes of one person: {account, why, times?}, where `why` is
    // a row of the source's `refusals`. Some of these pass by themselves, as an overload does.
    refuse({ account, why, times = 1 }) {
        this.refusals.push({ account, why, times, happened: 0 });
    }

    takeRefusal(account) {
        const refusal = this.refusals.find((one) => one.account === account);
        if (!refusal) return undefined;
        refusal.happened++;
        refusal.times--;
        if (refusal.times <= 0) this.refusals.splice(this.refusals.indexOf(refusal), 1);
        return refusal.why;
    }

    // {account, delay}: the token endpoint is slow for one person and in time for all others, as
    // where accounts live in different data centres. 0: in time again.
    slow({ account, delay }) {
        this.slowness.set(account, delay);
    }

    // Google says of a revocation that it takes some time: from now on it is answered at once
    // and takes effect at `settle`, on what the person has allowed meanwhile, too.
    late(isOn = true) {
        this.isLate = isOn;
    }

    settle() {
        this.identity.settleRevocations();
    }

    // Google's time-based access: so many seconds after consent a refresh token dies, and the
    // token answer says so in `refresh_token_expires_in`. null: no end.
    grantLife(seconds) {
        this.grantLifeS = seconds ?? undefined;
    }

    // 'asked': answers are compressed for a client that says Accept-Encoding: gzip, as both
    // sources do; 'always': for every client, as some proxies do; 'never'.
    gzip(when) {
        this.manner.gzip = when;
    }

    // A byte order mark before all JSON, as some gateways put it.
    mark(isOn = true) {
        this.manner.mark = isOn;
    }

    // {value}: stands where a page leads to the next one, whatever it is: a link to another
    // server, a number, null. Without an argument: the right link or token again.
    nextPage(link) {
        this.nextPageLink = link;
    }

    // {drop?}: new signing keys; the old ones leave the JWKS with `drop`.
    rotate(options) {
        return this.identity.keys.rotate(options);
    }

    // {account}: the person withdraws consent on the source's own pages.
    withdraw({ account }) {
        const person = this.identity.source.people.find(({ email }) => email === account);
        this.identity.withdraw(person);
    }

    // Access tokens die before their time, and refresh tokens live on; or, with
    // 'RefreshToken', the reverse.
    expire(what = 'AccessToken') {
        this.identity.memory.expire(what);
    }

    note(entry) {
        this.log.push(entry);
        if (this.log.length > LOG_LENGTH) this.log.shift();
        return entry;
    }

    // The stand-in calls this when a noted request has been answered, or its connection is gone.
    conclude(entry, status) {
        entry.status = status;
        this.#answered.emit('entry', entry);
    }

    // The next request whose path contains `path`, once it has been answered; with `count`,
    // the last of so many. Fails where it never comes, for who awaits it.
    next(path, count = 1) {
        let left = count;
        let timer;
        let look;
        const found = new Promise((resolve, reject) => {
            const stuck = () => reject(new Error(`never: ${count} requests for ${path}`));
            timer = setTimeout(stuck, PATIENCE_MS).unref();
            look = (entry) => {
                if (entry?.path.includes(path)) left--;
                if (left === 0) resolve(entry);
            };
        });
        this.#answered.on('entry', look);
        look();
        const forget = () => {
            clearTimeout(timer);
            this.#answered.off('entry', look);
        };
        found.then(forget, forget);
        return found;
    }

    // The number of requests for a refresh.
    get refreshes() {
        return this.log.filter(({ form }) => form?.grant_type === 'refresh_token').length;
    }

    // Requests whose path contains `path`, oldest first: {method, path, query, form, json, headers,
    // beganAt, endedAt: once it is over, person, calendar: its key, page, where one is asked for
    // events, isHeld: a delayed answer is made, status: once it was sent}.
    requests(path = '') {
        return this.log.filter((entry) => entry.path.includes(path));
    }

    // Whether the answer to such a request is made, and late.
    isHeld(path) {
        return this.requests(path).some((entry) => entry.isHeld);
    }

    async serve({ request, response, url }) {
        const name = url.pathname.split('/').at(-1);
        const actions = [
            'reset',
            'fault',
            'throttle',
            'calm',
            'forge',
            'auto',
            'callback',
            'tokens',
            'mailbox',
            'pages',
            'zone',
            'strict',
            'rotate',
            'withdraw',
            'expire',
            'refuse',
            'slow',
            'late',
            'settle',
            'grantLife',
            'gzip',
            'mark',
            'nextPage',
            ...EVENT_ACTIONS,
        ];
        if (request.method === 'GET' && name === 'log') return send(response, 200, this.log);
        if (request.method === 'GET' && name === 'unused') return send(response, 200, this.unused);
        if (request.method === 'GET' && EVENT_REPORTS.includes(name)) {
            return send(response, 200, this[name]);
        }
        if (request.method === 'GET' && name === 'secrets') {
            return send(response, 200, [...this.identity.secrets]);
        }
        if (request.method === 'GET' && name === 'foreign-jwks') {
            return send(response, 200, { keys: [this.identity.keys.foreign().jwk] });
        }
        if (request.method !== 'POST' || !actions.includes(name)) {
            return send(response, 404, {
                error: `one of ${actions.join(', ')}, log, unused, secrets, ${EVENT_REPORTS.join(', ')}`,
            });
        }
        const argument = JSON.parse((await readBody(request)) || 'null') ?? undefined;
        const result = await this[name](argument);
        return send(response, 200, (EVENT_ACTIONS.includes(name) && result) || {});
    }
}
