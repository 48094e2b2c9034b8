// SPDX-License-Identifier: Apache-2.0
// What a test may make a stand-in do: as methods, and as POST /__control/<method> with the
// argument as JSON, for whoever runs it in another process.
import { EventEmitter, once } from 'node:events';

import { Faults } from './faults.mjs';
import { readBody, send } from './wire.mjs';

const LOG_LENGTH = 10000;

function overlay(target, { set = {}, drop = [] }) {
    return Object.fromEntries(
        Object.entries({ ...target, ...set }).filter(([name]) => !drop.includes(name)),
    );
}

export class Control {
    faults = new Faults();
    log = [];
    #answered = new EventEmitter().setMaxListeners(0);

    constructor() {
        this.reset();
    }

    // Forgets all but the keys, which clients may have cached.
    reset() {
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
        this.identity?.reset();
    }

    // {path, times?, delay?, hang|reset|cut|megabyte|html|redirect|status|body, headers?}
    fault(fault) {
        this.faults.add(fault);
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

    // How many calendars a page has at most.
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

    // {drop?}: new signing keys; the old ones leave the JWKS with `drop`.
    rotate(options) {
        return this.identity.keys.rotate(options);
    }

    // {account}: the person withdraws consent on the source's own pages.
    withdraw({ account }) {
        const person = this.identity.source.people.find(({ email }) => email === account);
        this.identity.withdraw(person);
    }

    // Access tokens die before their time; refresh tokens live on.
    expire() {
        this.identity.memory.expire('AccessToken');
    }

    note(entry) {
        this.log.push(entry);
        if (this.log.length > LOG_LENGTH) this.log.shift();
        return entry;
    }

    // Called when a noted request has been answered, or its connection is gone.
    conclude(entry, status) {
        entry.status = status;
        this.#answered.emit('entry', entry);
    }

    // The next request whose path contains `path`, once it has been answered; with `count`,
    // the last of so many.
    async next(path, count = 1) {
        let last;
        for (let left = count; left > 0;) {
            [last] = await once(this.#answered, 'entry');
            if (last.path.includes(path)) left--;
        }
        return last;
    }

    // How often a refresh was asked for.
    get refreshes() {
        return this.log.filter(({ form }) => form?.grant_type === 'refresh_token').length;
    }

    // Requests whose path contains `path`, oldest first: {method, path, query, form,
    // headers, isHeld: a delayed answer is made, status: once it was sent}.
    requests(path = '') {
        return this.log.filter((entry) => entry.path.includes(path));
    }

    async serve({ request, response, url }) {
        const name = url.pathname.split('/').at(-1);
        const actions = [
            'reset',
            'fault',
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
        ];
        if (request.method === 'GET' && name === 'log') return send(response, 200, this.log);
        if (request.method === 'GET' && name === 'secrets') {
            return send(response, 200, [...this.identity.secrets]);
        }
        if (request.method === 'GET' && name === 'foreign-jwks') {
            return send(response, 200, { keys: [this.identity.keys.foreign().jwk] });
        }
        if (request.method !== 'POST' || !actions.includes(name)) {
            return send(response, 404, { error: `one of ${actions.join(', ')}, log, secrets` });
        }
        await this[name](JSON.parse((await readBody(request)) || 'null') ?? undefined);
        return send(response, 200, {});
    }
}
