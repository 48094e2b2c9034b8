#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Everything on loopback: the stand-ins, a Caldock with an embedded store in a temporary
// folder, a provider and a token, and the demonstration page. Ctrl-C ends all of it.
//   node run.mjs CALDOCK           until Ctrl-C
//   node run.mjs CALDOCK --once    both sources from request to listed calendars, unattended
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Caldock, callbackUrl, freePort } from '../standin/caldock.mjs';
import { Standin } from '../standin/standin.mjs';
import { Visitor } from '../standin/visitor.mjs';
import { ask } from '../standin/wire.mjs';
import { Demo } from './server.mjs';

const ACCOUNTS = '/api/v2/external_calendars/accounts';
const SOURCES = { GOOG: 'google', MSFT: 'microsoft' };
const PROVIDER = '1';

async function startAll(binary, folder) {
    const [port, demoPort] = [await freePort(8080), await freePort(8081)];
    const caldockUrl = `http://127.0.0.1:${port}`;
    const standins = {};
    for (const name of Object.values(SOURCES)) {
        standins[name] = await Standin.start(name, {
            redirectUris: [callbackUrl(caldockUrl, name)],
        });
    }
    const logFile = path.join(folder, 'caldock.log');
    const caldock = await Caldock.create({ binary, folder, port, standins, logFile });
    const pattern = `http://127.0.0.1:${demoPort}/done`;
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
    await caldock.start();
    const demo = new Demo({ caldockUrl, token, port: demoPort });
    await demo.listen();
    return { caldock, standins, demo, token };
}

const introduction = ({ caldock, standins, demo, token }) => `
Caldock         ${caldock.url}   (log: ${caldock.logFile})
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
    const request = await ask(`${caldock.url}${ACCOUNTS}/oauth2/initiate`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ calendar_source: code, redirect_uri: redirectUri }),
    });
    step('request', `POST ${ACCOUNTS}/oauth2/initiate: ${request.status}`);
    const { uri, timeout_seconds: timeout } = JSON.parse(request.text);
    step('', `uri ${uri.split('?')[0]}?…, timeout_seconds ${timeout}`);

    const until = callbackUrl(caldock.url, SOURCES[code]);
    const consent = await new Visitor().consent(uri, { until });
    const given = [...consent.url.searchParams.keys()].join(', ');
    step('consent', `given, the browser comes back with ${given}`);

    const callback = await ask(consent.url);
    step('callback', `GET ${consent.url.pathname}: ${callback.status}`);
    step('redirect', callback.headers.location);
    const result = new URL(callback.headers.location).searchParams;
    if (result.get('success') !== '1')
        throw new Error(`the flow ended with ${result.get('error')}`);

    const target = `${ACCOUNTS}/${result.get('account')}`;
    const account = await ask(caldock.url + target, { headers: { authorization } });
    step('account', `GET ${target}: ${account.status} ${account.text}`);
    if (account.status !== 200) throw new Error('the account cannot be read');

    const list = await ask(`${caldock.url}${target}/calendars`, { headers: { authorization } });
    step('calendars', `GET ${target}/calendars: ${list.status}`);
    if (list.status !== 200) throw new Error('the calendars cannot be read');
    const { count, results } = JSON.parse(list.text);
    if (!(count > 0)) throw new Error('there are no calendars');
    for (const { name, is_primary: isPrimary, can_edit: canEdit } of results) {
        const about = [isPrimary && 'primary', canEdit ? 'can be edited' : 'read-only'];
        step('', `${name} (${about.filter(Boolean).join(', ')})`);
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

const [binary, wish] = process.argv.slice(2);
const folder = mkdtempSync(path.join(os.tmpdir(), 'caldock-run-'));
let all;
let isEnding = false;

async function end(code) {
    isEnding = true;
    await all?.caldock.stop();
    process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(0));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

all = await startAll(path.resolve(binary), folder);
if (wish === '--once') {
    await end(await once(all));
}
console.log(introduction(all));
await all.caldock.ended;
if (!isEnding) {
    console.error(`Caldock ended by itself. The end of its log:\n${all.caldock.log.slice(-4000)}`);
    await end(1);
}
