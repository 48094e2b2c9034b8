#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Everything on loopback: the stand-ins, a Caldock with an embedded store in a temporary
// folder, a provider and a token, and the demonstration page. Ctrl-C ends all of it.
//   node run.mjs CALDOCK [--postgres] [--once]
// --postgres: two nodes on a PostgreSQL of their own. The application asks the second one, the
// browser comes back to the first, so every flow wanders.
// --once: both sources from request to listed calendars, unattended
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Caldock, callbackUrl, freePort } from '../standin/caldock.mjs';
import { Standin } from '../standin/standin.mjs';
import { Visitor } from '../standin/visitor.mjs';
import { ask } from '../standin/wire.mjs';
import { Demo } from './server.mjs';

const ACCOUNTS = '/api/v2/external_calendars/accounts';
const SOURCES = { GOOG: 'google', MSFT: 'microsoft' };
const PROVIDER = '1';
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
        const redirectUris = [callbackUrl(caldockUrl, name)];
        standins[name] = await Standin.start(name, { redirectUris });
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
        const [beside] = nodes;
        nodes.push(
            await Caldock.create({ binary, folder: own, port, standins, store, logFile, beside }),
        );
    }
    await Promise.all(nodes.map((node) => node.start()));
    return nodes;
}

async function startAll(binary, folder, { isPostgres }) {
    const nodes = await startNodes(binary, folder, isPostgres && (await startPostgres()));
    const port = await freePort(8081);
    const { standins } = nodes[0];
    const pattern = `http://127.0.0.1:${port}/done`;
    const caldock = nodes.at(-1);
    await caldock.run('provider', 'add', PROVIDER, '--name', 'Demonstration', '--redirect', pattern);
    const token = await caldock.run(
        'token',
        'create',
        '--provider',
        PROVIDER,
        '--name',
        'demonstration',
    );
    const demo = new Demo({ caldockUrl: caldock.url, token, port });
    await demo.listen();
    return { nodes, caldock, standins, demo, token };
}

const about = ({ url, logFile }) => `Caldock         ${url}   (log: ${logFile})`;

const introduction = ({ nodes, caldock, standins, demo, token }) => `
${nodes.map(about).join('\n')}
Store           ${caldock.store ?? 'embedded SQLite'}
Google          ${standins.google.url}   a stand-in
Microsoft       ${standins.microsoft.url}   a stand-in

The page to click through, in a browser:

  ${demo.url}

The request itself:

  curl -X POST ${caldock.url}${ACCOUNTS}/oauth2/initiate \\
    -H 'Authorization: Token ${token}' \\
    -H 'Content-Type: application/json' \\
    -d '{"calendar_source": "GOOG", "redirect_uri": "${demo.url}/done"}'

Ctrl-C ends all of it.
`;

const step = (name, text) => console.log(`  ${name.padEnd(9)} ${text}`);

// One flow as an application and its user go through it; throws where it does not go on.
async function connect(code, { caldock, demo, token }) {
    const authorization = `Token ${token}`;
    const redirectUri = `${demo.url}/done?once=${code}`;
    const initiate = `${caldock.url}${ACCOUNTS}/oauth2/initiate`;
    const request = await ask(initiate, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ calendar_source: code, redirect_uri: redirectUri }),
    });
    step('request', `POST ${initiate}: ${request.status}`);
    if (request.status !== 200) throw new Error(request.text);
    const { uri, timeout_seconds: timeout } = JSON.parse(request.text);
    step('', `uri ${uri.split('?')[0]}?…, timeout_seconds ${timeout}`);

    const until = callbackUrl(caldock.publicUrl, SOURCES[code]);
    const consent = await new Visitor().consent(uri, { until });
    const given = [...consent.url.searchParams.keys()].join(', ');
    step('consent', `given, the browser comes back with ${given}`);

    const callback = await ask(consent.url);
    step('callback', `GET ${until}: ${callback.status}`);
    step('redirect', callback.headers.location);
    const result = new URL(callback.headers.location).searchParams;
    if (result.get('success') !== '1')
        throw new Error(`the flow ended with ${result.get('error')}`);

    const target = `${caldock.url}${ACCOUNTS}/${result.get('account')}`;
    const account = await ask(target, { headers: { authorization } });
    step('account', `GET ${target}: ${account.status} ${account.text}`);
    if (account.status !== 200) throw new Error('the account cannot be read');

    const list = await ask(`${target}/calendars`, { headers: { authorization } });
    step('calendars', `GET ${target}/calendars: ${list.status}`);
    if (list.status !== 200) throw new Error('the calendars cannot be read');
    const { count, results } = JSON.parse(list.text);
    if (!(count > 0)) throw new Error('there are no calendars');
    for (const { name, is_primary: isPrimary, can_edit: canEdit } of results) {
        const traits = [isPrimary && 'primary', canEdit ? 'can be edited' : 'read-only'];
        step('', `${name} (${traits.filter(Boolean).join(', ')})`);
    }
}

async function once(all) {
    let failed = 0;
    for (const code of Object.keys(SOURCES)) {
        console.log(code);
        try {
            await connect(code, all);
        } catch (error) {
            failed++;
            console.log(`  FAILED    ${error.message}`);
        }
    }
    return failed === 0 ? 0 : 1;
}

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
