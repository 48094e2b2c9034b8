#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Everything on loopback: the stand-ins, a Caldock with an embedded store in a temporary
// folder, a provider and a token, and the demonstration page. Ctrl-C ends all of it.
//   node run.mjs CALDOCK [--postgres] [--once]
// --postgres: two nodes on a PostgreSQL of their own. The application asks the second one, the
// browser comes back to the first, so every flow wanders.
// --once: both sources from request to busy time that changes, unattended
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Caldock, callbackUrl, freePort } from '../standin/caldock.mjs';
import { Standin } from '../standin/standin.mjs';
import { ACCOUNTS } from './api.mjs';
import { once, SOURCES } from './once.mjs';
import { Demo } from './server.mjs';

const PROVIDER = '1';
// Sources notify https addresses only. So Caldock has such a name here, and the stand-ins know where
// it leads, for themselves and for the browsers that they send back.
const PUBLIC_URL = 'https://caldock.example';
const POSTGRES = fileURLToPath(new URL('../script/postgres', import.meta.url));

const temporaryFolder = (what) => mkdtempSync(path.join(os.tmpdir(), `caldock-${what}-`));

// → its URL; gone when this process is. Ctrl-C, which a whole session gets, doesn't break it off.
async function startPostgres() {
    const folder = temporaryFolder('postgres');
    process.on('exit', () => execFileSync(POSTGRES, ['stop', folder]));
    const { stdout } = await promisify(execFile)(POSTGRES, ['start', folder], { detached: true });
    return stdout.trim();
}

async function startStandins(caldockUrl) {
    const standins = {};
    for (const name of Object.values(SOURCES)) {
        const redirectUris = [callbackUrl(PUBLIC_URL, name)];
        standins[name] = await Standin.start(name, { redirectUris });
        standins[name].control.resolve({ from: PUBLIC_URL, to: caldockUrl, forBrowsers: true });
    }
    return standins;
}

// → the nodes, the first of which is the one that the world knows.
async function startNodes(binary, folder, store) {
    const ports = [await freePort(8080), ...(store ? [await freePort(8082)] : [])];
    const standins = await startStandins(`http://127.0.0.1:${ports[0]}`);
    const nodes = [];
    for (const [i, port] of ports.entries()) {
        const own = path.join(folder, `caldock-${i + 1}`);
        const logFile = path.join(folder, `caldock-${i + 1}.log`);
        const settings = { webhooks: { private_networks: '127.0.0.0/8' } };
        const options = { binary, folder: own, port, standins, store, logFile, settings };
        const where = { publicUrl: PUBLIC_URL, beside: nodes[0] };
        nodes.push(await Caldock.create({ ...options, ...where }));
    }
    await Promise.all(nodes.map((node) => node.start()));
    return nodes;
}

// Messages go to the application, which is on loopback here.
async function addEndpoint(caldock, url) {
    const words = ['webhook', 'add', '--provider', PROVIDER, '--url', url, '--json'];
    return JSON.parse(await caldock.run(...words));
}

async function startAll(binary, folder, { isPostgres }) {
    const nodes = await startNodes(binary, folder, isPostgres ? await startPostgres() : undefined);
    const port = await freePort(8081);
    const { standins } = nodes[0];
    const pattern = `http://127.0.0.1:${port}/done`;
    const caldock = nodes.at(-1);
    await caldock.run(
        'provider',
        'add',
        PROVIDER,
        '--name',
        'Demonstration',
        '--redirect',
        pattern,
    );
    const token = await caldock.run(
        'token',
        'create',
        '--provider',
        PROVIDER,
        '--name',
        'demonstration',
    );
    const controls = Object.fromEntries(
        Object.entries(SOURCES).map(([code, name]) => [code, standins[name].control]),
    );
    const { secret } = await addEndpoint(caldock, `http://127.0.0.1:${port}/hooks`);
    const demo = new Demo({ caldockUrl: caldock.url, token, port, secret, controls });
    await demo.listen();
    return { nodes, caldock, standins, controls, demo, token };
}

const about = ({ url, logFile }) => `Caldock         ${url}   (log: ${logFile})`;

const introduction = ({ nodes, caldock, standins, demo, token }) => `
${nodes.map(about).join('\n')}
Store           ${caldock.store ?? 'embedded SQLite'}
Its name        ${PUBLIC_URL}   only the stand-ins know where that is: here
Google          ${standins.google.url}   a stand-in
Microsoft       ${standins.microsoft.url}   a stand-in

The page to click through, in a browser:

  ${demo.url}

The request itself, and what the commands of README.md need:

  TOKEN=${token}
  curl -X POST ${caldock.url}${ACCOUNTS}/oauth2/initiate \\
    -H "Authorization: Token $TOKEN" \\
    -H 'Content-Type: application/json' \\
    -d '{"calendar_source": "GOOG", "redirect_uri": "${demo.url}/done"}'

Ctrl-C ends all of it.
`;

const [binary, ...wishes] = process.argv.slice(2);
const folder = temporaryFolder('run');
const isPostgres = wishes.includes('--postgres');
const starting = startAll(path.resolve(binary), folder, { isPostgres });
let isEnding = false;

async function end(code) {
    isEnding = true;
    const { nodes } = await starting.catch(() => ({ nodes: [] }));
    await Promise.all(nodes.map((node) => node.stop()));
    process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(0));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function main() {
    const all = await starting;
    if (wishes.includes('--once')) await end(await once(all));
    console.log(introduction(all));
    const dead = await Promise.race(all.nodes.map((node) => node.ended.then(() => node)));
    throw new Error(`Caldock ended by itself. The end of its log:\n${dead.log.slice(-4000)}`);
}

main().catch((error) => {
    if (isEnding) return;
    console.error(error.message);
    end(1);
});
