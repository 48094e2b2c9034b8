// SPDX-License-Identifier: Apache-2.0
// A Caldock of one's own, wired to the stand-ins: a folder with configuration, key file and
// store, the commands, and the service, for the demonstration and the end-to-end tests.
import { execFile, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';

const START_MS = 60000;

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

export class Caldock {
    log = ''; // all that the service wrote to stderr

    // {binary, tool?: for commands that may not fail, folder, port, standins: {google?, microsoft?},
    //  settings?: {section: {key: value}},
    //  store?: its URL, logFile?: where the service's stderr is appended,
    //  beside?: the Caldock that this is another node of: it has that one's public URL and keys}
    static async create(options) {
        const caldock = new Caldock();
        Object.assign(caldock, options);
        process.once('exit', () => caldock.process?.kill('SIGKILL'));
        caldock.url = `http://127.0.0.1:${options.port}`;
        caldock.config = path.join(options.folder, 'caldock.conf');
        caldock.publicUrl = options.beside?.publicUrl ?? caldock.url;
        caldock.keys = path.join(options.folder, 'caldock.keys');
        await mkdir(options.folder, { recursive: true });
        await caldock.run('init');
        if (options.beside) await copyFile(options.beside.keys, caldock.keys);
        await caldock.configure(options.settings);
        return caldock;
    }

    // Writes the configuration anew; what `settings` doesn't name is as the stand-ins need it.
    async configure(settings = {}) {
        const { google, microsoft } = this.standins;
        const sections = {
            server: { listen: `127.0.0.1:${this.port}`, public_url: this.publicUrl },
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

    // Runs a command to its end → {code, stdout, stderr}
    command(...args) {
        return this.#execute(this.binary, args);
    }

    #execute(binary, args) {
        return new Promise((resolve) => {
            const options = { cwd: this.folder, timeout: START_MS };
            const withConfig = [...args, '--config', this.config];
            execFile(binary, withConfig, options, (error, stdout, stderr) => {
                resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr });
            });
        });
    }

    // As command, but a failure is an exception, and it is the tool's; → what it printed.
    async run(...args) {
        const { code, stdout, stderr } = await this.#execute(this.tool ?? this.binary, args);
        if (code !== 0) throw new Error(`caldock ${args.join(' ')} (${code}): ${stderr}`);
        return stdout.trim();
    }

    // Starts the service; done when it says that it is ready.
    async start(env = {}) {
        this.process = spawn(this.binary, ['serve', '--config', this.config], {
            cwd: this.folder,
            env: { ...process.env, ...env },
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        this.ended = new Promise((resolve) => {
            this.process.on('exit', (code, signal) => resolve({ code, signal }));
        });
        if (this.logFile) this.process.stderr.pipe(createWriteStream(this.logFile, { flags: 'a' }));
        await this.#ready();
        return this;
    }

    #ready() {
        const lines = readline.createInterface({ input: this.process.stderr });
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`not ready: ${this.log}`)), START_MS);
            lines.on('line', (line) => {
                this.log += `${line}\n`;
                if (/\bready\b/.test(line)) resolve();
            });
            this.ended.then(() => reject(new Error(`caldock ended: ${this.log}`)));
            this.ended.then(() => clearTimeout(timer));
        });
    }

    // → {code, signal}
    async stop(signal = 'SIGTERM') {
        if (this.process?.exitCode === null && this.process.signalCode === null) {
            this.process.kill(signal);
        }
        return this.ended;
    }
}
