// SPDX-License-Identifier: Apache-2.0
// A World is the surroundings of a suite: both stand-ins, a Caldock wired to them (or several nodes
// on one PostgreSQL, behind the URL of the first), a provider and a token, and the moves of an
// application and of a person with a browser.
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { Caldock, callbackUrl, freePort } from '../../../standin/caldock.mjs';
import { Standin } from '../../../standin/standin.mjs';
import { Visitor } from '../../../standin/visitor.mjs';
import { ask } from '../../../standin/wire.mjs';
import { Schema } from './postgres.mjs';
import { sqlite } from './sqlite.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const BINARY = process.env.CALDOCK_BIN ?? path.join(root, 'build/caldock');
// For commands that prepare a test: a build without sanitizers starts ten times faster.
const TOOL = process.env.CALDOCK_TOOL_BIN ?? BINARY;

export const PROMISE_MS = 5000; // for a change by the command line to be in force everywhere

export const API = '/api/v2/external_calendars';
export const ACCOUNTS = `${API}/accounts`;
export const INITIATE = `${ACCOUNTS}/oauth2/initiate`;
export const REDIRECT = 'https://app.example/done?session=s1';
export const PATTERN = 'https://app.example/*';

export const SOURCES = {
    GOOG: {
        name: 'google',
        person: 'alice@example.com',
        other: 'bob@acme.test',
        scope: 'https://www.googleapis.com/auth/calendar.events',
        token: '/token',
        jwks: '/oauth2/v3/certs',
        calendars: '/calendar/v3',
    },
    MSFT: {
        name: 'microsoft',
        person: 'carol@contoso.test',
        other: 'dave@outlook.com',
        scope: 'Calendars.ReadWrite',
        token: '/oauth2/v2.0/token',
        jwks: '/discovery/v2.0/keys',
        calendars: '/v1.0/me/calendars',
    },
};

// A suite that is stopped stops what it started.
process.once('SIGTERM', () => process.exit(1));

// A suite that leaves a service running, or never asks how one ended, fails.
const services = new Set();
process.once('exit', () => {
    const left = [...services].filter((service) => service.isUnjudged);
    if (left.length === 0) return;
    console.error(`${left.length} services were not closed`);
    process.exitCode = 1;
});

const suite = path.basename(process.argv[1] ?? 'world', '.test.mjs');
const logs = process.env.CALDOCK_E2E_LOGS;
let serial = 0;

const unusedOf = ({ source, control }) =>
    control.unused.map((what) => `never happened at ${source.name}: ${JSON.stringify(what)}`);

export class World {
    secrets = new Set(); // what no log may hold; the stand-ins keep theirs
    standins = {};
    nodes = [];
    #isConnected = false; // something may be, since the last clear()

    // {settings?: Caldock's, publicUrl?: a name that the sources reach it by, leadsBrowsers?: and browsers
    //  that come from there, decoys?, binary?, nodes?,
    //  provider?: false to add none, serve?: false}
    static async open(options = {}) {
        const world = new World();
        try {
            await world.#build(options);
        } catch (error) {
            await world.close().catch(() => {}); // the first failure says more
            throw error;
        }
        return world;
    }

    async #build({ nodes = 1, provider = true, serve = true, decoys, ...options }) {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        this.folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-'));
        for (const name of ['google', 'microsoft']) {
            const redirectUris = [callbackUrl(options.publicUrl ?? url, name)];
            const standin = await Standin.start(name, { redirectUris, decoys });
            const way = { from: options.publicUrl, to: url, forBrowsers: options.leadsBrowsers };
            if (options.publicUrl) standin.control.resolve(way);
            this.standins[name] = standin;
        }
        this.schema = await Schema.create();
        await this.#addNode({ ...options, port });
        while (this.nodes.length < nodes) await this.#addNode({ ...options, beside: this.caldock });
        if (serve) await Promise.all(this.nodes.map((node) => node.start()));
        else if (provider) await this.caldock.makeStore();
        if (provider) await this.addProvider(1);
        if (provider) this.token = await this.addToken('--provider', '1');
    }

    async #addNode({ binary = BINARY, port, ...options }) {
        const node = await Caldock.create({
            binary,
            tool: TOOL,
            port: port ?? (await freePort()),
            store: this.schema?.url,
            folder: path.join(this.folder, `caldock-${this.nodes.length + 1}`),
            standins: this.standins,
            logFile: logs && path.join(logs, `${suite}-${++serial}.log`),
            ...options,
        });
        this.nodes.push(node);
        services.add(node);
    }

    // Does `work` while the service has these settings, and gives it its own again.
    async withSettings(settings, work) {
        const restart = async (with_) => {
            await this.caldock.stop();
            await this.caldock.configure(with_);
            await this.caldock.start();
        };
        await restart(settings);
        try {
            await work();
        } finally {
            await restart(this.caldock.settings);
        }
    }

    // The only node, or the first.
    get caldock() {
        return this.nodes[0];
    }

    // Ends everything, and fails where something went wrong unseen: a process that did not end
    // as its test said, a sanitizer's finding, a fault of a stand-in that never happened.
    async close() {
        await Promise.all(this.nodes.map((node) => node.stop()));
        const complaints = this.nodes.flatMap((node) => node.complaints());
        for (const standin of Object.values(this.standins)) {
            standin.identity.secrets.forEach((secret) => this.secrets.add(secret));
            this.secrets.add(standin.source.client.client_secret);
            complaints.push(...unusedOf(standin));
            await standin.close();
        }
        if (logs)
            await appendFile(path.join(logs, 'secrets.txt'), [...this.secrets, ''].join('\n'));
        await this.schema?.drop();
        await rm(this.folder, { recursive: true, force: true });
        assert.equal(complaints.join('\n'), '');
    }

    // Changes the store behind the service's back.
    alterStore(sql) {
        return this.queryStore(sql);
    }

    // → the rows of this query, as lines, with | between columns
    queryStore(sql) {
        if (this.schema) return this.schema.sql(sql);
        return sqlite(path.join(this.caldock.folder, 'caldock.db'), sql);
    }

    // All that the store holds.
    async storeBytes() {
        if (this.schema) return this.schema.bytes();
        const files = ['caldock.db', 'caldock.db-wal'].map((name) =>
            readFile(path.join(this.caldock.folder, name)).catch(() => Buffer.alloc(0)),
        );
        return Buffer.concat(await Promise.all(files));
    }

    // Brings everything back to its state before the first test: removes all accounts, and makes the
    // stand-ins forget. Waits for the revocations that follow, so that none comes into the next test.
    async clear() {
        if (this.#isConnected) await this.#disconnectAll();
        this.#isConnected = false;
        Object.values(this.standins).forEach((standin) => standin.control.reset());
    }

    async #disconnectAll() {
        const accounts = JSON.parse(await this.caldock.run('account', 'list', '--json'));
        const google = accounts.filter((account) => account.calendar_source === 'GOOG');
        const due = new Set(google.map((account) => account.account_id)).size;
        const revoked = this.control('GOOG').next('/revoke', due);
        for (const { id } of accounts) {
            const { status } = await this.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' });
            if (status !== 204) await this.caldock.run('account', 'remove', String(id));
        }
        await revoked;
    }

    standin(code) {
        return this.standins[SOURCES[code].name];
    }

    control(code) {
        return this.standin(code).control;
    }

    // Another person at that source, whom no test has met → their e-mail address
    newPerson(code) {
        const { people } = this.standin(code).source;
        const number = String(people.length).padStart(12, '0');
        const email = `person${number}@example.com`;
        const oid = `00000000-0000-4000-9000-${number}`;
        people.push({ sub: `9000${number}`, oid, tid: people[0].tid, email, name: 'P Person' });
        return email;
    }

    addProvider(id, ...more) {
        const name = `Provider ${id}`;
        return this.caldock.run(
            'provider',
            'add',
            String(id),
            '--name',
            name,
            '--redirect',
            PATTERN,
            ...more,
        );
    }

    async addToken(...options) {
        const token = await this.caldock.run('token', 'create', ...options);
        this.secrets.add(token);
        return token;
    }

    // One request to Caldock. `token`: an API token, null for no credential. `json`: a body.
    // `query`: parameters. `headers` as a flat list is sent as it is, with nothing added.
    // `at`: the node that is asked.
    // → {status, headers, text, body: the JSON, if it is some}
    async ask(target, { at = this.caldock, ...options } = {}) {
        const { token = this.token, json, query, headers = {}, ...rest } = options;
        const sent = Array.isArray(headers)
            ? headers
            : {
                  ...(token !== null && { authorization: `Token ${token}` }),
                  ...(json !== undefined && { 'content-type': 'application/json' }),
                  ...headers,
              };
        const [, credential] = String(sent.authorization ?? '').split(' ');
        if (credential) this.secrets.add(credential);
        const url = new URL(at.url + target);
        for (const [name, value] of Object.entries(query ?? {}))
            url.searchParams.append(name, value);
        const body = json === undefined ? rest.body : JSON.stringify(json);
        const answer = await ask(url, { ...rest, headers: sent, body });
        const isJson = answer.headers['content-type']?.startsWith('application/json');
        return { ...answer, body: isJson && answer.text ? JSON.parse(answer.text) : undefined };
    }

    post(target, json, options) {
        return this.ask(target, { method: 'POST', json, ...options });
    }

    // Starts a flow → the authorization URL.
    async initiate(code, { redirectUri = REDIRECT, ...options } = {}) {
        const body = { calendar_source: code, redirect_uri: redirectUri };
        const answer = await this.post(INITIATE, body, options);
        assert.equal(answer.status, 200, answer.text);
        this.secrets.add(new URL(answer.body.uri).searchParams.get('state'));
        return answer.body.uri;
    }

    // The person consents, or whatever `answer` says → the callback's URL, not yet asked for.
    async consent(code, uri, answer = {}) {
        const { url: own, publicUrl, leadsBrowsers } = this.caldock;
        const until = callbackUrl(leadsBrowsers ? own : publicUrl, SOURCES[code].name);
        const { url, status, text } = await new Visitor().consent(uri, { until, ...answer });
        assert.ok(url.href.startsWith(until), `the source stopped with ${status}: ${text}`);
        return url;
    }

    // The browser comes back, to whichever node the proxy in front chooses → {status, headers,
    // text, to: where it is sent, result: its query}
    async callback(url, { at = this.caldock, ...options } = {}) {
        for (const name of ['code', 'state']) {
            url.searchParams.getAll(name).forEach((value) => value && this.secrets.add(value));
        }
        const answer = await ask(new URL(url.pathname + url.search, at.url), options);
        const to = answer.headers.location && new URL(answer.headers.location);
        const result = to && Object.fromEntries(to.searchParams);
        this.#isConnected ||= result?.success === '1';
        return { ...answer, to, result };
    }

    // The callback of a flow just started, with parameters of one's own choosing.
    async answer(code, parameters, options) {
        const state = new URL(await this.initiate(code, options)).searchParams.get('state');
        const url = new URL(callbackUrl(this.caldock.url, SOURCES[code].name));
        for (const [name, value] of Object.entries({ state, ...parameters })) {
            for (const one of [value].flat()) url.searchParams.append(name, one);
        }
        return this.callback(url);
    }

    // The whole flow → as callback(); {account, leaveOut, deny} as a visitor takes them.
    async connect(code, { account = SOURCES[code].person, leaveOut, deny, ...options } = {}) {
        const uri = await this.initiate(code, options);
        return this.callback(await this.consent(code, uri, { account, leaveOut, deny }));
    }

    // The whole flow, which must succeed → the account's id.
    async connected(code, options) {
        const { result, text } = await this.connect(code, options);
        assert.equal(result?.success, '1', JSON.stringify(result) + text);
        return Number(result.account);
    }

    // How the flow ends → its error code, or 'success'.
    async outcome(code, options) {
        const { result, status } = await this.connect(code, options);
        return result ? (result.error ?? 'success') : `status ${status}`;
    }

    async accounts(options) {
        return (await this.ask(ACCOUNTS, options)).body.results;
    }

    // How many codes were sent to the source's token endpoint.
    exchanges(code) {
        const forms = this.control(code)
            .requests(SOURCES[code].token)
            .map(({ form }) => form);
        return forms.filter((form) => form?.grant_type === 'authorization_code').length;
    }
}

// Asks until the answer is `expected`; fails when it was asked after the promised time and isn't.
export async function becomes(ask, expected) {
    const since = Date.now();
    for (;;) {
        const asked = Date.now();
        const answer = await ask();
        if (isDeepStrictEqual(answer, expected)) return;
        if (asked - since > PROMISE_MS) assert.deepEqual(answer, expected);
        await sleep(50);
    }
}

// A world for the suite that calls this, cleared before each of its tests.
export async function openWorld(test, options) {
    const world = await World.open(options);
    test.beforeEach(() => world.clear());
    test.after(() => world.close());
    return world;
}
