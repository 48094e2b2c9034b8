// SPDX-License-Identifier: Apache-2.0
// Is the answer right? Then how many of it, how fast, at what cost.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { ask } from '../standin/wire.mjs';
import { cpuSecondsOfEnded } from './machine.mjs';
import { BODY, INITIATE, headersOf } from './servers.mjs';

const run = promisify(execFile);
const script = fileURLToPath(new URL('load.lua', import.meta.url));
const PARAMETERS = (
    'access_type client_id code_challenge code_challenge_method nonce prompt ' +
    'redirect_uri response_type scope state'
).split(' ');
const START_MS = 30000;
export const loads = new AbortController(); // of all that are under way

export const post = (server, headers, body = BODY) =>
    ask(server.url, { method: 'POST', headers, body });

// The answer to the first request that gets one: 503 is said until the store is open.
export async function firstAnswer(server, providers = 1) {
    for (const end = Date.now() + START_MS; ;) {
        try {
            const answer = await post(server, headersOf(0, providers));
            if (answer.status !== 503) return answer;
        } catch (error) {
            if (error.code !== 'ECONNREFUSED' || Date.now() > end) throw error;
        }
        await sleep(20);
    }
}

// Throws where a server doesn't do what is to be measured. `like`: an answer of Caldock's.
export async function verify(server, { like, providers = 1, isFixed = false }) {
    const { status, headers, text } = await firstAnswer(server, providers);
    assert.equal(status, 200, text);
    assert.match(headers['content-type'], /^application\/json\b/);
    assert.ok(
        Math.abs(text.length / like.text.length - 1) < 0.3,
        `${text.length} bytes, not ${like.text.length}`,
    );
    const { uri, timeout_seconds: timeout } = JSON.parse(text);
    const { origin, pathname, searchParams } = new URL(uri);
    assert.equal(origin + pathname, 'https://accounts.google.com/o/oauth2/v2/auth');
    assert.deepEqual([...searchParams.keys()].sort(), PARAMETERS);
    assert.match(searchParams.get('code_challenge'), /^[\w-]{43}$/);
    assert.equal(timeout, 600);
    if (isFixed) return;
    const again = JSON.parse((await post(server, headersOf(0, providers))).text).uri;
    for (const name of ['state', 'nonce', 'code_challenge']) {
        assert.notEqual(new URL(again).searchParams.get(name), searchParams.get(name), name);
    }
    await refuses(server, providers);
}

async function refuses(server, providers) {
    const good = headersOf(0, providers);
    const status = async (headers, body) =>
        (await post(server, { ...good, ...headers }, body)).status;
    // Without a body: who refuses before it is read may close before it is sent.
    assert.equal(await status({ authorization: `Token cdk_${'x'.repeat(43)}` }, ''), 401);
    assert.equal(await status({ 'teamup-provider-id': '999999999' }, ''), 403);
    assert.equal(await status({}, BODY.replace('GOOG', 'NONE')), 400);
    assert.equal(await status({}, BODY.replace('app.example', 'evil.example')), 400);
}

// wrk, on its own CPU. `tokens` > 1: each in turn, from `first` on; `delayMs`: a pause before
// each request of a connection; `request`: {method, target, headers, body, isRefused}, what is
// not `initiate`. → {rate, p50_us, …, cpu_us, busy: of the time, on the CPU}
export async function load(
    server,
    { cpus, seconds, connections = 64, tokens = 1, providers = 1, first = 0, delayMs = 0, request },
) {
    const initiate = { method: 'POST', headers: headersOf(0, providers), body: BODY };
    const { method, target = INITIATE, headers, body = '', isRefused } = request ?? initiate;
    const wrk = `-c ${cpus} wrk -t1 -c${connections} -d${seconds}s --timeout=10s`.split(' ');
    const about = [method, body, tokens, providers, first, delayMs, ...Object.entries(headers)];
    const before = [server.cpuSeconds(), cpuSecondsOfEnded()];
    const args = [...wrk, '-s', script, server.origin + target, '--', ...about.flat().map(String)];
    const { stdout } = await run('taskset', args, { signal: loads.signal });
    const [spent, asking] = [server.cpuSeconds() - before[0], cpuSecondsOfEnded() - before[1]];
    const told = JSON.parse(stdout.trim().split('\n').pop());
    const { requests, seconds: took, failed, refused, ...latency } = told;
    const wrong = failed + (isRefused ? requests - refused : refused);
    if (wrong > 0) throw new Error(`${wrong} of ${requests} requests failed at ${server.url}`);
    return {
        requests,
        rate: requests / took,
        cpu_us: (spent * 1e6) / requests,
        asking_cpu_us: (asking * 1e6) / requests,
        busy: spent / took,
        ...latency,
        resident_bytes: server.memory().resident,
    };
}
