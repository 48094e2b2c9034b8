#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Both stand-ins in one process: node main.mjs CALDOCK_URL [GOOGLE_PORT MICROSOFT_PORT]
// Prints one line of JSON when ready: {"google": {…}, "microsoft": {…}} with what a client
// needs to know. Ends at SIGINT or SIGTERM.
import { Standin } from './standin.mjs';

const [caldockUrl, googlePort = '0', microsoftPort = '0'] = process.argv.slice(2);
if (!caldockUrl) {
    console.error('usage: main.mjs CALDOCK_URL [GOOGLE_PORT MICROSOFT_PORT]');
    process.exit(2);
}

const ports = { google: Number(googlePort), microsoft: Number(microsoftPort) };
const ready = {};
for (const [name, port] of Object.entries(ports)) {
    const redirectUris = [`${caldockUrl}/oauth2/callback/${name}`];
    const standin = await Standin.start(name, { port, redirectUris });
    ready[name] = { url: standin.url, ...standin.source.client };
}
console.log(JSON.stringify(ready));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));
