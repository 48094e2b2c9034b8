// SPDX-License-Identifier: Apache-2.0
// A Caldock of one's own, wired to the stand-ins: a folder with configuration, key file and
// store, the commands, and the service, for the demonstration and the end-to-end tests.
import { execFile, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';

const START_MS = 300000; // for a command, or a start, on a machine that is slow
const PRINTED_BYTES = 64 * 1024 * 1024; // by a command; a line for each account of thousands
const STOP_MS = 180000; // for a service that was told to stop; its own limit is below half of that

// How a sanitizer's report begins, whichever way the process ends.
const FINDING = /ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|: runtime error: /;

// Runs a program to its end → {code, stdout, stderr}. Rejects where it dies of a signal, its
// time limit among them, or a sanitizer has found something.
export function runToEnd(binary, args, options) {
    return new Promise((resolve, reject) => {
        const bounds = { timeout: START_MS, maxBuffer: PRINTED_BYTES };
        execFile(binary, args, { ...bounds, ...options }, (error, stdout, stderr) => {
            const what = `${path.basename(binary)} ${args.join(' ')}`;
            if (error?.signal || FINDING.test(stderr)) {
                reject(new Error(`${what} died (${error?.signal ?? error?.code}): ${stderr}`));
            } else if (error && typeof error.code !== 'number') {
                reject(error); // it never started, or printed too much
            } else {
                resolve({ code: error ? error.code : 0, stdout, stderr });
            }
        });
    });
}

// One process of the service: how it is to end, and how it did.
class Run {
    #sent = new Set(); // the signals that were sent to it
    isStuck = false; // it had to be killed, since it didn't stop
    end; // {code, signal}, once it has ended
    output = '';

    // `ends`: {code} or {signal}, where the process is to end by itself.
    constructor(process, ends) {
        this.process = process;
        this.ends = ends;
        const lines = readline.createInterface({ input: process.stderr });
        lines.on('line', (line) => {
            this.output += `${line}\n`;
        });
        this.lines = lines;
        this.ended = Promise.all([once(process, 'exit'), once(lines, 'close')]).then(
            ([[code, signal]]) => {
                this.end = { code, signal };
                return this.end;
            },
        );
    }

    kill(signal) {
        if (this.process.kill(signal)) this.#sent.add(signal);
    }

    async stop(signal) {
        if (this.process.exitCode === null && this.process.signalCode === null) this.kill(signal);
        const timer = setTimeout(() => {
            this.isStuck = true;
            this.process.kill('SIGKILL');
        }, STOP_MS);
        await this.ended;
        clearTimeout(timer);
        return this.end;
    }

    // Did it end as it was told to?
    #isRight() {
        const { code, signal } = this.end;
        if (this.ends?.signal) return signal === this.ends.signal;
        if (this.ends) return signal === null && code === this.ends.code;
        if (signal === 'SIGKILL') return this.#sent.has('SIGKILL');
        const wasTold = ['SIGTERM', 'SIGINT', 'SIGKILL'].some((one) => this.#sent.has(one));
        return signal === null && code === 0 && wasTold;
    }

    // What is wrong with the way it ended; nothing for most.
    complaints() {
        if (!this.end) return ['caldock still runs'];
        const found = [];
        const { code, signal } = this.end;
        if (this.isStuck) found.push(`caldock did not stop within ${STOP_MS} ms`);
        else if (!this.#isRight()) found.push(`caldock ended with ${signal ?? `status ${code}`}`);
        if (FINDING.test(this.output)) found.push('a sanitizer has found something');
        return found.length > 0 ? [`${found.join('; ')}: ${this.output.slice(-8000)}`] : [];
    }
}

const isFree = (port) =>
    new Promise((resolve) => {
        const server = net.createServer().on('error', () => resolve(false));
        server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });

// Taken by the UDP port of the same number, until this process ends: nobody else who asks here
// is given a port while the service that it is for is down.
const reserve = (port) =>
    new Promise((resolve) => {
        const socket = dgram.createSocket('udp4').on('error', () => resolve(false));
        socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
            socket.unref();
            resolve(true);
        });
    });

// A port that was free a moment ago: `wish`, when it was, else one that no outgoing connection
// and no listener on port 0 is ever given.
export async function freePort(wish) {
    let port = wish ?? crypto.randomInt(20000, 32000);
    while (!(await reserve(port)) || !(await isFree(port))) port = crypto.randomInt(20000, 32000);
    return port;
}

// The redirect URIs to register with a stand-in.
export const callbackUrl = (caldockUrl, name) => `${caldockUrl}/oauth2/callback/${name}`;

const googleSettings = ({ url, source }) => ({
    ...source.client,
    issuer: url,
    authorize_url: `${url}/o/oauth2/v2/auth`,
    token_url: `${url}/token`,
    jwks_url: `${url}/oauth2/v3/certs`,
    revoke_url: `${url}/revoke`,
    calendar_api_url: `${url}/calendar/v3`,
});

const microsoftSettings = ({ url, source }) => ({
    ...source.client,
    issuer: `${url}/{tenantid}/v2.0`,
    authorize_url: `${url}/common/oauth2/v2.0/authorize`,
    token_url: `${url}/common/oauth2/v2.0/token`,
    jwks_url: `${url}/common/discovery/v2.0/keys`,
    graph_api_url: `${url}/v1.0`,
});

const toIni = (sections) =>
    Object.entries(sections)
        .map(([name, keys]) => {
            const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}`);
            return [`[${name}]`, ...lines, ''].join('\n');
        })
        .join('\n');

// Nothing that was started outlives who started it.
const started = new Set();
process.once('exit', () => started.forEach((child) => child.kill('SIGKILL')));

export class Caldock {
    #runs = []; // its processes, in the order of their starts
    #judged = 0; // how many of them complaints() has looked at
    #deaths = []; // of commands

    // {binary, tool?: for commands that may not fail, folder, port, standins: {google?, microsoft?},
    //  settings?: {section: {key: value}},
    //  store?: its URL, logFile?: where the service's stderr is appended,
    //  publicUrl?: that of a proxy in front,
    //  beside?: the Caldock that this is another node of: it has that one's public URL and keys}
    static async create(options) {
        const caldock = new Caldock();
        Object.assign(caldock, options);
        caldock.url = `http://127.0.0.1:${options.port}`;
        caldock.config = path.join(options.folder, 'caldock.conf');
        caldock.publicUrl = options.publicUrl ?? options.beside?.publicUrl ?? caldock.url;
        caldock.keys = path.join(options.folder, 'caldock.keys');
        await mkdir(options.folder, { recursive: true });
        await caldock.run('init');
        if (options.beside) await copyFile(options.beside.keys, caldock.keys);
        await caldock.configure(options.settings);
        return caldock;
    }

    // All that the service has written to stderr.
    get log() {
        return this.#runs.map(({ output }) => output).join('');
    }

    // Writes the configuration anew; what `settings` doesn't name is as the stand-ins need it.
    async configure(settings = {}) {
        const { google, microsoft } = this.standins;
        const sections = {
            server: {
                listen: `127.0.0.1:${this.port}`,
                metrics_listen: 'off', // its default is one port for all
                public_url: this.publicUrl,
            },
            log: { level: 'debug' },
            ...(this.store && { store: { url: this.store } }),
            ...(google && { google: googleSettings(google) }),
            ...(microsoft && { microsoft: microsoftSettings(microsoft) }),
        };
        for (const [name, keys] of Object.entries(settings)) {
            sections[name] = { ...sections[name], ...keys };
        }
        await writeFile(this.config, toIni(sections));
    }

    // Runs a command to its end → {code, stdout, stderr}; rejects as runToEnd does.
    command(...args) {
        return this.#execute(this.binary, args);
    }

    async #execute(binary, args) {
        try {
            return await runToEnd(binary, [...args, '--config', this.config], { cwd: this.folder });
        } catch (error) {
            this.#deaths.push(error.message);
            throw error;
        }
    }

    // As command, but a failure is an exception, and it is the tool's; → what it printed.
    async run(...args) {
        const { code, stdout, stderr } = await this.#execute(this.tool ?? this.binary, args);
        if (code !== 0) throw new Error(`caldock ${args.join(' ')} (${code}): ${stderr}`);
        return stdout.trim();
    }

    // Starts the service; done when it says that it accepts connections. `ends`: {code} or {signal}, where
    // this process is to end so by itself; else it has to run until it is told to stop, and to
    // end with status 0.
    async start(env = {}, { ends } = {}) {
        this.process = spawn(this.binary, ['serve', '--config', this.config], {
            cwd: this.folder,
            env: { ...process.env, ...env },
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        started.add(this.process);
        const run = new Run(this.process, ends);
        this.#runs.push(run);
        this.ended = run.ended;
        if (this.logFile) this.process.stderr.pipe(createWriteStream(this.logFile, { flags: 'a' }));
        await this.#accepts(run);
        return this;
    }

    // Only the service makes a store.
    async makeStore() {
        await this.start();
        await this.stop();
    }

    #accepts(run) {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`not started: ${this.log}`)), START_MS);
            run.lines.on('line', (line) => {
                if (/\bservice\.started\b|\bready\b/.test(line)) resolve(); // ready: of a release before
            });
            run.ended.then(() => reject(new Error(`caldock ended: ${this.log}`)));
            run.ended.then(() => clearTimeout(timer));
        });
    }

    // A signal that the test sends, which is therefore no surprise.
    kill(signal) {
        this.#runs.at(-1).kill(signal);
    }

    // Tells the process that runs, if one does, to stop → {code, signal}
    async stop(signal = 'SIGTERM') {
        return this.#runs.at(-1)?.stop(signal);
    }

    // What is wrong with the ways in which its processes and commands ended: [text]
    complaints() {
        this.#judged = this.#runs.length;
        return [...this.#deaths, ...this.#runs.flatMap((run) => run.complaints())];
    }

    // Whether nobody has asked for the complaints about all of its processes.
    get isUnjudged() {
        return this.#judged < this.#runs.length;
    }
}
