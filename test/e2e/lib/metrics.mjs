// SPDX-License-Identifier: Apache-2.0
// What /metrics says, and what has changed between two looks.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

import { until } from './until.mjs';

const SAMPLE = /^([a-z_]+)(\{(?:[a-z_]+="[^"\\\n]*"(?:,(?!\})|(?=\})))+\})? (-?\d+(?:\.\d+)?)$/;

// One request to a metrics listener: a URL, or the path of a unix socket → {status, headers, text}
export function askMetrics(at, { path = '/metrics', method = 'GET' } = {}) {
    const { hostname, port } = at.startsWith('http') ? new URL(at) : {};
    const where = port ? { hostname, port } : { socketPath: at };
    return new Promise((resolve, reject) => {
        const request = http.request({ ...where, path, method, agent: false }, (response) => {
            const parts = [];
            response.on('data', (part) => parts.push(part));
            response.on('end', () => {
                const { statusCode: status, headers } = response;
                resolve({ status, headers, text: Buffer.concat(parts).toString() });
            });
        });
        request.on('error', reject).end();
    });
}

// → Map: series, as it is written → number; every line is one of the format's
export function parseMetrics(text) {
    const all = new Map();
    for (const line of text.trimEnd().split('\n')) {
        if (/^# (HELP|TYPE) [a-z_]+ /.test(line)) continue;
        const [, name, labels = '', value] = line.match(SAMPLE) ?? [];
        assert.ok(name, `no sample: ${line}`);
        assert.ok(!all.has(name + labels), `twice: ${line}`);
        all.set(name + labels, Number(value));
    }
    return all;
}

export async function scrape(at) {
    const { status, text } = await askMetrics(at);
    assert.equal(status, 200);
    return parseMetrics(text);
}

// What `happens` moves of a family, sooner or later: this series by one, and nothing else.
export async function counts(at, family, labels, happens) {
    const words = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    const series = `${family}{${words.join(',')}}`;
    const before = await scrape(at);
    await happens();
    const moves = await until(`${series} moves`, async () => {
        const changes = moved(before, await scrape(at), family);
        return Object.keys(changes).length > 0 && changes;
    });
    assert.deepEqual(moves, { [series]: 1 });
}

const COUNTED = fileURLToPath(new URL('../../counted.py', import.meta.url));

// Fails where these are not all the outcomes of the family that its table has.
export function assertAll(family, outcomes) {
    const { status, stdout, stderr } = spawnSync(COUNTED, [family], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.deepEqual([...outcomes].sort(), stdout.trim().split('\n').sort());
}

// → {series: by how much it has changed}, of these families
export function moved(before, after, ...families) {
    const changes = {};
    for (const [series, value] of after) {
        const by = value - (before.get(series) ?? 0);
        const isOf = families.some((name) => series === name || series.startsWith(`${name}{`));
        if (by !== 0 && isOf) changes[series] = by;
    }
    return changes;
}
