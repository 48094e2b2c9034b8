// SPDX-License-Identifier: Apache-2.0
// Searches the logs of all suites, written at debug level, for every token, code, state,
// verifier and secret that they used (SECURITY 60), and for what docs/log.md doesn't tell. Runs last.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { fieldsOf } from './lib/log_lines.mjs';
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
const names = () => readdirSync(folder).filter((name) => name.endsWith('.log'));

test('the search finds what is there', () => {
    const secret = 'a-secret-of-some-length';
    assert.deepEqual(find(`x${secret}y`, variants(secret)), [secret]);
    assert.deepEqual(find(`x${secret.slice(0, -1)}`, variants(secret)), []);
});

const page = readFileSync(new URL('../../docs/log.md', import.meta.url), 'utf8');
const ROW = /^\| `([a-z_.]+)` \| ([a-z, ]+) \| [^|]* \| (.*) \|$/gm;
const ALWAYS = ['time', 'level', 'event', 'node'];
const EVENTS = new Map(
    [...page.matchAll(ROW)].map(([, event, levels, told]) => {
        const fields = [...told.matchAll(/`([a-z_]+)`/g)].map(([, field]) => field);
        return [event, { levels: levels.split(', '), fields: [...ALWAYS, ...fields] }];
    }),
);

// The fields of a line, or undefined for what is no event: a command's last words, or a line that was
// cut when its process was killed.
const WHOLE = /^(\{"time":.*\}$|time="[^"]*" level="[a-z]+" event="[a-z_.]+")/;
function parse(line) {
    const text = line.replace(/^<[3-7]>/, '');
    return WHOLE.test(text) ? fieldsOf(text) : undefined;
}

// What of a line the page doesn't tell.
function untold({ event, level, ...fields }) {
    const row = EVENTS.get(event);
    if (!row) return [`event ${event}`];
    const unknown = Object.keys(fields).filter((name) => !row.fields.includes(name));
    return [
        ...(row.levels.includes(level) ? [] : [`level ${level} of ${event}`]),
        ...unknown.map((name) => `field ${name} of ${event}`),
    ];
}

test('the look for what is not told finds it', () => {
    const line = 'time="t" level="info" event="sync.active" setting="1" said="a \\"b\\" c=\\"d\\""';
    assert.deepEqual(untold(parse(line)), ['field said of sync.active']);
    assert.deepEqual(untold(parse(`<6>${line.replace('info', 'warn')}`)), [
        'level warn of sync.active',
        'field said of sync.active',
    ]);
    assert.deepEqual(untold(parse('{"time":"t","event":"never.seen"}')), ['event never.seen']);
    assert.equal(parse('caldock: stopped'), undefined);
});

test('docs/log.md tells each event, level and field', () => {
    const found = new Set();
    let lines = 0;
    for (const name of names()) {
        const events = read(name).split('\n').map(parse).filter(Boolean);
        lines += events.length;
        for (const event of events) untold(event).forEach((what) => found.add(`${name}: ${what}`));
    }
    assert.ok(lines > 0);
    assert.deepEqual([...found], []);
});

test('no log holds a secret', () => {
    const secrets = [...new Set(read('secrets.txt').split('\n'))].filter(
        ({ length }) => length >= SHORTEST,
    );
    const needles = [...new Set(secrets.flatMap(variants))];
    assert.ok(secrets.length >= 20, `${secrets.length} secrets`);
    assert.ok(names().length > 0);
    for (const name of names()) {
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
