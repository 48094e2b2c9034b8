// SPDX-License-Identifier: Apache-2.0
// One stand-in: an HTTP server on loopback that looks like Google or Microsoft, and the
// switches that make it misbehave.
import http from 'node:http';

import { consent } from './consent.mjs';
import { Control } from './control.mjs';
import { Agendas } from './events.mjs';
import { google } from './google.mjs';
import { Identity } from './identity.mjs';
import { Keys } from './keys.mjs';
import { microsoft } from './microsoft.mjs';
import { Push } from './push.mjs';
import { send } from './wire.mjs';

const SOURCES = { google, microsoft };
const LOOPBACK = '127.0.0.1';
// Milliseconds with fractions, so that what began later is told apart.
const now = () => performance.timeOrigin + performance.now();

export class Standin {
    // {redirectUris: [uri], port?, decoys?}
    static async start(name, options) {
        const standin = new Standin();
        await standin.#listen(options.port ?? 0);
        await standin.#open(name, options);
        return standin;
    }

    #listen(port) {
        this.server = http.createServer((request, response) => this.#serve(request, response));
        return new Promise((resolve, reject) => {
            this.server.on('error', reject).listen(port, LOOPBACK, resolve);
        });
    }

    async #open(name, { redirectUris, decoys }) {
        this.url = `http://${LOOPBACK}:${this.server.address().port}`;
        this.source = SOURCES[name](this.url);
        this.keys = await Keys.make(name, this.source.keyIssuers, { decoys });
        const { eventId, calendarsHaveZones } = this.source;
        this.agendas = new Agendas({ idOf: eventId, hasZone: calendarsHaveZones });
        this.push = new Push(this.source.push);
        this.agendas.onChange = (agenda, type, event) => this.push.tell({ agenda, type, event });
        this.control = new Control();
        this.identity = new Identity(this.source, {
            base: this.url,
            redirectUris,
            keys: this.keys,
            control: this.control,
        });
        this.control.identity = this.identity;
        this.control.agendas = this.agendas;
        this.control.push = this.push;
        this.provide = this.identity.provider.callback();
    }

    async #serve(request, response) {
        try {
            response.manner = this.control.manner;
            const url = new URL(request.url, this.url);
            if (url.pathname.startsWith('/__control/')) {
                await this.control.serve({ request, response, url });
            } else {
                await this.#answer(request, response, url);
            }
        } catch (error) {
            this.#apologise(response, error);
        }
    }

    // A page that a person left open too long, or went back to, is no fault of ours.
    #apologise(response, error) {
        if (error.expose && !response.headersSent) {
            const text = '<!doctype html><title>Expired</title><h1>This page has expired</h1>';
            return send(response, error.status, text);
        }
        console.error(error);
        if (!response.headersSent)
            send(response, 500, { error: 'standin', message: error.message });
    }

    async #answer(request, response, url) {
        const entry = this.#note(request, response, url);
        const { tenant, path } = this.source.locate(url.pathname);
        await this.#describe(entry, path, request);
        if (await this.control.faults.play(url.pathname, entry, request, response)) return;
        const call = {
            request,
            response,
            url,
            path,
            tenant,
            entry,
            identity: this.identity,
            control: this.control,
        };
        if (path === this.source.jwksPath) {
            const headers = { 'cache-control': 'public, max-age=21600' };
            return send(response, 200, this.keys.jwks(), headers);
        }
        if (path.startsWith('/interaction/')) return consent(call);
        const own = this.source.endpoints.find(
            ([method, pattern]) => method === request.method && pattern.test(path),
        );
        if (own) return own[2]({ ...call, ...(await this.#caller(request)) });
        return this.#delegate(call);
    }

    #note(request, response, url) {
        const query = Object.fromEntries(url.searchParams);
        const { method, headers } = request;
        const entry = this.control.note({
            method,
            path: url.pathname,
            query,
            headers: { ...headers },
            beganAt: now(),
        });
        response.on('finish', () => (entry.endedAt = now()));
        response.on('close', () => {
            entry.endedAt ??= now();
            this.#keepSecrets(entry);
            this.control.conclude(entry, response.statusCode);
        });
        request.entry = entry;
        return entry;
    }

    // Whose events are asked for, of which calendar, and which page of them.
    async #describe(entry, path, request) {
        const { person } = (await this.#caller(request)).grant ?? {};
        if (!person) return;
        entry.person = person.email;
        Object.assign(entry, this.source.look({ path, query: entry.query, person }));
    }

    // A log of the client must never show these, nor the tokens.
    #keepSecrets({ query, form }) {
        for (const value of [query.state, query.nonce, form?.code_verifier]) {
            if (value) this.identity.secrets.add(value);
        }
    }

    async #caller(request) {
        const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
        return {
            grant: await this.identity.grantOf(token),
            agendas: this.agendas,
            push: this.push,
            origin: this.url,
            calendarsFor: (person) => this.control.calendarsFor(person),
        };
    }

    // Hands the request to oidc-provider, which knows neither tenants nor Microsoft's
    // offline_access without a consent prompt.
    #delegate({ request, response, url, path, tenant }) {
        if (path.startsWith(this.source.routes.authorization)) this.identity.forgetSession(request);
        if (tenant && path === this.source.routes.authorization) {
            const prompts = new Set(
                (url.searchParams.get('prompt') ?? '').split(' ').filter(Boolean),
            );
            if (!prompts.has('none'))
                url.searchParams.set('prompt', [...prompts.add('consent')].join(' '));
            url.searchParams.set('standin_tenant', tenant);
        }
        request.tenant = tenant;
        request.url = path + url.search;
        return this.provide(request, response);
    }

    close() {
        this.server.closeAllConnections();
        return new Promise((resolve) => {
            this.server.close(resolve);
        });
    }
}
