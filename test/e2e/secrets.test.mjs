// SPDX-License-Identifier: Apache-2.0
// Searches the logs of all suites, written at debug level, for every token, code, state,
// verifier and secret that they used (SECURITY 60). Runs last.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { World } from './lib/world.mjs';

const folder = process.env.CALDOCK_E2E_LOGS;
const SHORTEST = 16; // what is shorter was made up by a test, and is no secret
const PREFIX = 12;

// Something to search, also when this suite runs alone.
const world = await World.open();
for (const code of ['GOOG', 'MSFT']) {
    await world.connected(code);
    await world.connect(code, { deny: true });
}
await world.close();

const variants = (secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];

// Which of the secrets stand in the text: by their first characters, then whole.
function find(text, secrets) {
    const byPrefix = new Map();
    for (const secret of secrets) {
        const prefix = secret.slice(0, PREFIX);
        byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), secret]);
    }
    const hits = new Set();
    for (let at = 0; at < text.length; at++) {
        for (const secret of byPrefix.get(text.slice(at, at + PREFIX)) ?? []) {
            if (text.startsWith(secret, at)) hits.add(secret);
        }
    }
    return [...hits];
}

const read = (name) => readFileSync(path.join(folder, name), 'utf8');

test('the search finds what is there', () => {
    const secret = 'a-secret-of-some-length';
    assert.deepEqual(find(`x${secret}y`, variants(secret)), [secret]);
    assert.deepEqual(find(`x${secret.slice(0, -1)}`, variants(secret)), []);
});

test('no log holds a secret', () => {
    const secrets = [...new Set(read('secrets.txt').split('\n'))].filter(
        ({ length }) => length >= SHORTEST,
    );
    const needles = [...new Set(secrets.flatMap(variants))];
    assert.ok(secrets.length >= 20, `${secrets.length} secrets`);
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
    assert.ok(names.length > 0);
    for (const name of names) {
        const text = read(name);
        assert.ok(text.length > 0, `${name} is empty`);
        const hits = find(text, needles);
        assert.deepEqual(
            hits.map((hit) => `${hit.slice(0, 6)}… of ${hit.length}`),
            [],
            name,
        );
    }
});
