// SPDX-License-Identifier: Apache-2.0
// The clients of docs/clients.md, as they stand there, against Caldock behind a proxy that spoils some
// answers. An interpreter that this machine lacks is left out, and said.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { freePort } from '../../standin/caldock.mjs';
import { REDIRECT, SOURCES, openWorld } from './lib/world.mjs';

const MOST_LINES = 30;

// What stands around a client here. It is told what to do, and prints an outcome: a URI, the names of
// accounts, or the code of an error and the fields that it names.
const LANGUAGES = {
    curl: {
        block: 'sh',
        command: 'sh',
        needs: ['curl', 'jq'],
        file: 'client.sh',
        main: `
if out=$(case $1 in
    start) start GOOG "$2" ;;
    accounts) accounts | jq -r .username ;;
    missing) call GET "$API/accounts/999999" ;;
    wrong) call POST "$API/accounts/oauth2/initiate" '{"calendar_source": "GOOG"}' ;;
esac 2>"$0.err"); then printf '%s\\n' "$out"; fi
jq -rc '[.code] + (.field_errors | keys) | join(" ")' 2>/dev/null <"$0.err" || sed 's/^<.*/unavailable/' "$0.err"`,
    },
    'Python, http.client': {
        block: 'python',
        has: 'http.client',
        command: 'python3',
        file: 'plain.py',
        main: `
import sys

def wanted(what, uri):
    if what == "start":
        return [start("GOOG", uri)]
    if what == "accounts":
        return [account["username"] for account in accounts()]
    if what == "missing":
        return call("GET", API + "/accounts/999999")
    return call("POST", API + "/accounts/oauth2/initiate", {"calendar_source": "GOOG"})

try:
    print("\\n".join(wanted(*sys.argv[1:])))
except Refused as refused:
    print(" ".join([refused.args[0]["code"], *refused.args[0].get("field_errors", {})]))`,
    },
    PHP: {
        block: 'php',
        command: 'php',
        file: 'client.php',
        main: `
error_reporting(E_ALL);
set_error_handler(function ($level, $text) {
    if (error_reporting() & $level && !str_contains($text, 'HTTP/1.1 ')) throw new ErrorException($text);
});
try {
    [, $what, $uri] = $argv;
    if ($what === 'start') echo start('GOOG', $uri);
    elseif ($what === 'accounts') foreach (accounts() as $one) echo $one['username'], "\\n";
    elseif ($what === 'missing') call('GET', API . '/accounts/999999');
    else call('POST', API . '/accounts/oauth2/initiate', ['calendar_source' => 'GOOG']);
} catch (Refused $refused) {
    echo implode(' ', [$refused->error['code'], ...array_keys($refused->error['field_errors'] ?? [])]);
}`,
    },
    JavaScript: {
        block: 'javascript',
        command: 'node',
        file: 'client.mjs',
        main: `
const [, , what, uri] = process.argv;
try {
    if (what === 'start') console.log(await start('GOOG', uri));
    else if (what === 'accounts') for await (const { username } of accounts()) console.log(username);
    else if (what === 'missing') await call('GET', API + '/accounts/999999');
    else await call('POST', API + '/accounts/oauth2/initiate', { calendar_source: 'GOOG' });
} catch (error) {
    if (!error.code) throw error;
    console.log([error.code, ...Object.keys(error.field_errors ?? {})].join(' '));
}`,
    },
    Ruby: {
        block: 'ruby',
        command: 'ruby',
        file: 'client.rb',
        main: `
begin
  what, uri = ARGV
  case what
  when 'start' then puts start('GOOG', uri)
  when 'accounts' then accounts.each { |one| puts one['username'] }
  when 'missing' then call('GET', "#{API}/accounts/999999")
  else call('POST', "#{API}/accounts/oauth2/initiate", { calendar_source: 'GOOG' })
  end
rescue Refused => e
  puts [e.error['code'], *(e.error['field_errors'] || {}).keys].join(' ')
end`,
    },
};
LANGUAGES['Python, requests'] = {
    ...LANGUAGES['Python, http.client'],
    has: 'import os, time, requests',
    probe: ['-c', 'import requests'],
    file: 'with_requests.py',
};

const page = await readFile(new URL('../../docs/clients.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, text]) => ({
    language,
    text,
}));
const blockOf = ({ block, has = '' }) =>
    blocks.find(({ language, text }) => language === block && text.includes(has))?.text;

// A proxy in front of Caldock: it keeps the requests, answers the first ones by `spoiled`, and makes
// pages small.
const spoiled = [];
const requests = [];
const port = await freePort();
const proxy = http.createServer((request, answer) => {
    const { method, headers } = request;
    const target = request.url.replace('page_size=100', 'page_size=1');
    requests.push(`${method} ${request.url}`);
    const [status, more, body] = spoiled.shift() ?? [];
    if (status) return request.resume().on('end', () => answer.writeHead(status, more).end(body));
    const onward = http.request(`${world.caldock.url}${target}`, { method, headers }, (found) => {
        answer.writeHead(found.statusCode, found.headers);
        found.pipe(answer);
    });
    request.pipe(onward);
});
const world = await openWorld(test, { publicUrl: `http://127.0.0.1:${port}` });
proxy.listen(port, '127.0.0.1');
await once(proxy, 'listening');
test.after(() => proxy.close());
const folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-clients-'));
test.after(() => rm(folder, { recursive: true, force: true }));

const error = (status, code, more = { 'Retry-After': '0' }) => {
    const body = { code, field_errors: {}, message: 'It is spoiled.', type: 'api_error' };
    return [status, { 'Content-Type': 'application/json', ...more }, JSON.stringify(body)];
};

// What a client does, with the answers that it gets first → {lines: its outcome, asked: how often}
async function outcome({ command, file }, what, ...answers) {
    spoiled.splice(0, Infinity, ...answers);
    requests.length = 0;
    const env = {
        ...process.env,
        CALDOCK_URL: world.caldock.publicUrl,
        CALDOCK_TOKEN: world.token,
    };
    const { stdout, stderr } = await new Promise((resolve, reject) =>
        execFile(command, [path.join(folder, file), what, REDIRECT], { env }, (failed, out, err) =>
            failed ? reject(failed) : resolve({ stdout: out, stderr: err }),
        ),
    );
    assert.equal(stderr, '');
    assert.deepEqual(spoiled, [], 'it has seen all that was to be seen');
    return { lines: stdout.trim().split('\n'), asked: requests.length };
}

const MISSING = [
    ['404 is not tried again', 'missing', [], 'not_found', 1],
    ['a defect is not tried again', 'missing', [error(500, 'internal_error')], 'internal_error', 1],
    ['fields are named', 'wrong', [], 'parameter_invalid redirect_uri', 1],
    [
        'what passes is tried again, until it is answered',
        'missing',
        [
            error(503, 'unavailable'),
            error(429, 'throttled'),
            error(502, 'calendar_source_error'),
            error(504, 'calendar_source_timeout'),
        ],
        'not_found',
        5,
    ],
    [
        'a proxy’s own error is tried again',
        'missing',
        [[502, { 'Retry-After': '0' }, '<html>']],
        'not_found',
        2,
    ],
    ['without Retry-After, too', 'missing', [error(408, 'request_timeout', {})], 'not_found', 2],
    [
        'it gives up after five',
        'missing',
        Array(5).fill(error(503, 'unavailable')),
        'unavailable',
        5,
    ],
];

test('every client is short, and every language has one', () => {
    for (const { language, text } of blocks) {
        assert.ok(text.trimEnd().split('\n').length <= MOST_LINES, language);
    }
    const languages = new Set(blocks.map(({ language }) => language));
    for (const shown of ['rust', 'swift']) assert.ok(languages.has(shown), shown);
});

for (const [name, client] of Object.entries(LANGUAGES)) {
    const { command, file, main, needs = [], probe = ['--version'] } = client;
    const lacks = (word, words) => spawnSync(word, words).status !== 0;
    const lacking = [command].find((word) => word !== 'sh' && lacks(word, probe));
    const without = lacking ?? needs.find((word) => lacks(word, ['--version']));
    test(`the client in ${name}`, { skip: without && `no ${without}` }, async (t) => {
        await writeFile(path.join(folder, file), `${blockOf(client)}${main}\n`);
        await t.test('starts a connection', async () => {
            const { lines } = await outcome(client, 'start');
            assert.match(lines[0], /^http.*[?&]client_id=/);
            assert.equal(lines.length, 1);
        });
        await t.test('lists the accounts, page by page', async () => {
            await world.connected('GOOG');
            await world.connected('MSFT');
            const { lines, asked } = await outcome(client, 'accounts');
            assert.deepEqual(
                lines,
                Object.values(SOURCES).map(({ person }) => person),
            );
            assert.equal(asked, 2);
        });
        for (const [what, wanted, answers, said, times] of MISSING) {
            await t.test(what, async () => {
                const { lines, asked } = await outcome(client, wanted, ...answers);
                assert.deepEqual([...lines, asked], [said, times]);
            });
        }
    });
    if (without)
        process.stderr.write(`skipped: the client in ${name}, since there is no ${without}\n`);
}
