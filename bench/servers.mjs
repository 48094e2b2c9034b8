// SPDX-License-Identifier: Apache-2.0
// The yardsticks and Caldock itself: how each is started. The peers get what they have to know
// as JSON in BENCH, and keep it in memory.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Caldock, freePort } from '../standin/caldock.mjs';
import { Server, firstLine } from './machine.mjs';

export const INITIATE = '/api/v2/external_calendars/accounts/oauth2/initiate';
const REDIRECT = 'https://app.example/calendar/connected/here?once=8c1fd03';
export const BODY = JSON.stringify({ calendar_source: 'GOOG', redirect_uri: REDIRECT });
export const CLIENT = {
    client_id: '123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com',
    client_secret: 'GOCSPX-not-a-secret-of-anybody',
};
export const SCOPES =
    'openid email https://www.googleapis.com/auth/calendar.calendarlist.readonly ' +
    'https://www.googleapis.com/auth/calendar.events';
const PUBLIC_URL = 'https://calendars.example';
const here = fileURLToPath(new URL('.', import.meta.url));

export const tokenOf = (number) => `cdk_${String(number).padStart(43, '0')}`;
export const headersOf = (number, providers, user) => ({
    authorization: `Token ${tokenOf(number)}`,
    'teamup-provider-id': String((number % providers) + 1),
    ...(user && { 'caldock-user': user }),
    'content-type': 'application/json',
    accept: 'application/json',
});

// The Node that the peer runs on: one of its own where the system's is too old.
export function peerNode() {
    const own = path.join(here, 'node_modules/.bin/node');
    return existsSync(own) ? own : process.execPath;
}

export class Bench {
    // {build, folder, cpus: [of servers], node: of peers}
    constructor(options) {
        Object.assign(this, options);
    }

    // A Caldock with a seeded store, not started.
    async caldock(name, { tokens = 1, providers = 1, settings = {} } = {}) {
        const folder = path.join(this.folder, name);
        const caldock = await Caldock.create({
            binary: path.join(this.build, 'caldock'),
            folder,
            port: await freePort(),
            standins: {},
            settings: {
                log: { level: 'info' }, // the default
                google: CLIENT,
                ...settings,
                server: {
                    public_url: PUBLIC_URL,
                    metrics_listen: `127.0.0.1:${await freePort()}`,
                    ...settings.server,
                },
            },
        });
        await caldock.makeStore();
        const store = path.join(folder, 'caldock.db');
        firstLine('python3', path.join(here, 'seed.py'), store, String(tokens), String(providers));
        return caldock;
    }

    startCaldock(caldock, cpus = this.cpus) {
        return this.#start(path.basename(caldock.folder), caldock.port, caldock.binary, {
            args: ['serve', '--config', caldock.config],
            cpus,
        });
    }

    #start(name, port, command, { args = [], env = {}, cwd = this.folder, cpus = this.cpus }) {
        const log = path.join(this.folder, `${name}.log`);
        const server = new Server(command, args, { cpus, cwd, env, log });
        server.url = `http://127.0.0.1:${port}${INITIATE}`;
        server.origin = `http://127.0.0.1:${port}`;
        return server;
    }

    // What bench/memory.c says of the servers' CPU just now.
    readNs() {
        const memory = path.join(this.build, 'bench/memory');
        return Number(firstLine('taskset', '-c', this.cpus.join(), memory));
    }

    // The two that know nothing: {headers, text} is an answer of Caldock's.
    async startFixed({ headers, text }) {
        const port = await freePort();
        const file = path.join(this.folder, 'answer');
        const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
        writeFileSync(file, `${fields.join('')}\n${text}`);
        return this.#start('fixed', port, path.join(this.build, 'bench/fixed'), {
            args: [`127.0.0.1:${port}`, file],
        });
    }

    async startNginx({ headers, text }) {
        const port = await freePort();
        const { 'content-type': type, ...others } = headers;
        const added = Object.entries(others).map(
            ([name, value]) => `add_header ${name} "${value}";`,
        );
        const folder = path.join(this.folder, 'nginx');
        mkdirSync(folder);
        writeFileSync(
            path.join(folder, 'nginx.conf'),
            `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr;
            events { worker_connections 10000; }
            http {
                access_log off; keepalive_requests 1000000000; server_tokens off;
                client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
                fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
                server {
                    listen 127.0.0.1:${port} reuseport;
                    default_type ${type};
                    ${added.join('\n')}
                    location = ${INITIATE} { return 200 '${text}'; }
                }
            }`,
        );
        return this.#start('nginx', port, 'nginx', {
            args: ['-p', folder, '-c', path.join(folder, 'nginx.conf')],
        });
    }

    async #peer(name, command, { env, ...options }) {
        const port = await freePort();
        const settings = {
            ...CLIENT,
            port,
            token_hash: crypto.createHash('sha256').update(tokenOf(0)).digest('hex'),
            provider: 1,
            pattern: 'https://app.example/calendar/',
            authorize_url: 'https://accounts.google.com/o/oauth2/v2/auth',
            issuer: 'https://accounts.google.com',
            callback: `${PUBLIC_URL}/oauth2/callback/google`,
            scopes: SCOPES,
            timeout_seconds: 600,
            key: crypto.randomBytes(32).toString('hex'),
        };
        return this.#start(name, port, command, {
            env: { ...env, BENCH: JSON.stringify(settings) },
            ...options,
        });
    }

    startFastify() {
        const args = [
            // On one CPU, threads that compile and collect beside it are in its way.
            '--single-threaded',
            // Idle while others have their turn, it would give its nursery back, and need it again.
            '--min-semi-space-size=16',
            '--no-memory-reducer',
            path.join(here, 'fastify.mjs'),
        ];
        return this.#peer('fastify', this.node, { args, env: { NODE_ENV: 'production' } });
    }

    startGo() {
        const binary = path.join(this.build, 'bench/go');
        const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode' };
        execFileSync('go', ['build', '-o', binary, path.join(here, 'server.go')], { env });
        return this.#peer('go', binary, { env: { GOGC: '400' } });
    }

    startDjango() {
        const args = ['--config', 'python:drf', 'drf:application'];
        const env = { PYTHONDONTWRITEBYTECODE: '1' };
        return this.#peer('django', 'gunicorn', { args, env, cwd: here });
    }
}

function says(...command) {
    try {
        return firstLine(...command);
    } catch {
        return 'unknown';
    }
}
const debian = (name) => says('dpkg-query', '-W', '-f', '${Version}', name);
const npm = (name) => {
    const file = path.join(here, 'node_modules', name, 'package.json');
    return JSON.parse(readFileSync(file, 'utf8')).version;
};

export const versions = ({ build, node }) => ({
    caldock: says(path.join(build, 'caldock'), '--version').split(' ')[1],
    revision: says('git', '-C', here, 'describe', '--always', '--dirty'),
    compiler: says('cc', '--version'),
    nginx: debian('nginx-light'),
    go: says('go', 'version').split(' ')[2],
    'x/oauth2': debian('golang-golang-x-oauth2-dev'),
    node: says(node, '--version'),
    fastify: npm('fastify'),
    'openid-client': npm('openid-client'),
    python: says('python3', '--version').split(' ')[1],
    django: debian('python3-django'),
    djangorestframework: debian('python3-djangorestframework'),
    gunicorn: debian('gunicorn'),
    wrk: debian('wrk'),
});
