// SPDX-License-Identifier: Apache-2.0
// The receivers of docs/webhooks.md §3, as they stand there, against what Caldock sends, and what somebody
// else would. An interpreter that this machine lacks is left out, and said.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { Webhook } from 'standardwebhooks';

import { Receiver } from './lib/receiver.mjs';
import { openWorld } from './lib/world.mjs';

const MOST_LINES = 30;
const DAY_MS = 24 * 3600000;
const world = await openWorld(test, {
    settings: { webhooks: { private_networks: '127.0.0.0/8' } },
});
const folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-receivers-'));
test.after(() => rm(folder, { recursive: true, force: true }));

// What stands around a receiver here: a case on each line, an outcome on each line.
const LANGUAGES = {
    python: {
        command: 'python3',
        file: 'receiver.py',
        main: `
import sys

seen = set()
for line in sys.stdin:
    case = json.loads(line)
    try:
        message = receive(case["secret"], case["headers"], base64.b64decode(case["body"]), seen)
        print("double" if message is None else message["id"])
    except ValueError:
        print("refused")`,
    },
    javascript: {
        command: 'node',
        file: 'receiver.mjs',
        main: `
import { createInterface } from 'node:readline';

const known = new Set();
for await (const line of createInterface({ input: process.stdin })) {
    const { secret, headers, body } = JSON.parse(line);
    try {
        console.log(receive(secret, headers, Buffer.from(body, 'base64'), known)?.id ?? 'double');
    } catch (error) {
        console.log(error.constructor === Error ? 'refused' : error);
    }
}`,
    },
    php: {
        command: 'php',
        file: 'receiver.php',
        main: `
error_reporting(E_ALL);
set_error_handler(function ($level, $text) { throw new ErrorException($text); });
$seen = [];
while (($line = fgets(STDIN)) !== false) {
    $case = json_decode($line, true);
    try {
        $message = receive($case['secret'], $case['headers'], base64_decode($case['body']), $seen);
        echo $message === null ? 'double' : $message['id'], "\\n";
    } catch (Exception $error) {
        echo get_class($error) === 'Exception' ? 'refused' : $error->getMessage(), "\\n";
    }
}`,
    },
    ruby: {
        command: 'ruby',
        file: 'receiver.rb',
        main: `
seen = {}
$stdin.each_line do |line|
  given = JSON.parse(line)
  begin
    message = receive(given['secret'], given['headers'], given['body'].unpack1('m'), seen)
    puts message ? message['id'] : 'double'
  rescue RuntimeError
    puts 'refused'
  end
end`,
    },
};

const page = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');

// The first block of code in a language that has a receiver.
function blockOf(language) {
    const blocks = [...page.matchAll(/^\`\`\`(\w+)\n([^]*?)^\`\`\`$/gm)];
    const found = blocks.find(([, of, text]) => of === language && /\breceive\b/.test(text));
    assert.ok(found, `docs/webhooks.md has no receiver in ${language}`);
    return found[2];
}

// What a receiver makes of the cases, one after the other → [the message's id, 'double' or 'refused']
async function outcomes(language, cases) {
    const { command, file, main } = LANGUAGES[language];
    const target = path.join(folder, file);
    await writeFile(target, `${blockOf(language)}${main}\n`);
    const lines = cases.map(({ secret, headers, body }) => {
        const sent = Buffer.from(body).toString('base64');
        return `${JSON.stringify({ secret, headers, body: sent })}\n`;
    });
    const { status, stdout, stderr } = spawnSync(command, [target], { input: lines.join('') });
    assert.equal(status, 0, `${stderr}`);
    return `${stdout}`.trimEnd().split('\n');
}

// A message that was delivered while two secrets sign → {secrets: the new one and the old one, headers, body}
async function delivered(t) {
    const receiver = await Receiver.start();
    t.after(() => receiver.close());
    const command = async (...words) =>
        JSON.parse(await world.caldock.run('webhook', ...words, '--json'));
    const { id, secret: old } = await command('add', '--provider', '1', '--url', receiver.url);
    const { secret } = await command('rotate', String(id));
    [old, secret].forEach((one) => world.secrets.add(one));
    receiver.secrets.push(secret, old);
    await world.connected('GOOG');
    const [request] = (await receiver.has(1)) && receiver.requests;
    assert.deepEqual(receiver.verify(request), [0, 1], 'both sign');
    return { secrets: [secret, old], headers: request.headers, body: request.body };
}

// As one who has the secret signs a body at a time of the clock.
function signed(secret, id, body, ms) {
    const at = new Date(ms);
    return {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(ms / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
}

// [what it is, the case, what is to become of it], in this order
function casesOf({ secrets: [secret, old], headers, body }) {
    const id = headers['webhook-id'];
    const other = JSON.stringify(
        { id: 'msg_2', type: 'of.tomorrow', data: { user: 'Zoë 測試' } },
        null,
        1,
    );
    const [first, second] = headers['webhook-signature'].split(' ');
    const now = Date.now();
    const as = (more, text = body, key = secret) => ({
        secret: key,
        headers: { ...headers, ...more },
        body: text,
    });
    const own = (ms, key = secret) => as(signed(key, 'msg_2', other, ms), other);
    const changed = `${first.slice(0, -2)}${first.at(-2) === 'A' ? 'E' : 'A'}=`;
    const without = (name) => {
        const { [name]: gone, ...left } = headers;
        return { secret, headers: left, body };
    };
    return [
        [
            'another body',
            as({}, body.replace('customer', 'provider').replace('GOOG', 'MSFT')),
            'refused',
        ],
        ['a body with a space more', as({}, `${body} `), 'refused'],
        ['another id', as({ 'webhook-id': 'msg_1' }), 'refused'],
        [
            'another time',
            as({ 'webhook-timestamp': String(headers['webhook-timestamp'] - 1) }),
            'refused',
        ],
        ['another signature', as({ 'webhook-signature': changed }), 'refused'],
        ['another version', as({ 'webhook-signature': first.replace('v1,', 'v2,') }), 'refused'],
        ['the value alone', as({ 'webhook-signature': first.slice(3) }), 'refused'],
        ['no signature', as({ 'webhook-signature': '' }), 'refused'],
        ['a cut signature', as({ 'webhook-signature': first.slice(0, 20) }), 'refused'],
        ['a strange signature', as({ 'webhook-signature': 'v1,é v1 , v1,' }), 'refused'],
        ['a strange time', as({ 'webhook-timestamp': 'now' }), 'refused'],
        [
            'somebody else’s secret',
            own(now, `whsec_${Buffer.alloc(32, 1).toString('base64')}`),
            'refused',
        ],
        ['too old', own(now - 310000), 'refused'],
        ['a day old', own(now - DAY_MS), 'refused'],
        ['of the future', own(now + 310000), 'refused'],
        ...['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
            `no ${name}`,
            without(name),
            'refused',
        ]),
        ['the delivery, as it came', as({}), id],
        ['the same again', as({}), 'double'],
        ['the same at a later attempt', as({ ...signed(secret, id, body, now - 60000) }), 'double'],
        ['the same, for who has the old secret', as({}, body, old), 'double'],
        ['nearly too old', own(now - 280000), 'msg_2'],
        [
            'the second signature alone is ours',
            as({ 'webhook-signature': `v1a,x ${second}` }, body, old),
            'double',
        ],
    ];
}

test('each receiver of the page believes what Caldock sends, once, and nothing else', async (t) => {
    const cases = casesOf(await delivered(t));
    for (const [language, { command }] of Object.entries(LANGUAGES)) {
        await t.test(language, async (t) => {
            assert.ok(blockOf(language).trimEnd().split('\n').length <= MOST_LINES, 'it is short');
            if (spawnSync(command, ['--version']).error) {
                process.stderr.write(
                    `skipped: the receiver in ${language}, since there is no ${command}\n`,
                );
                return t.skip(`no ${command}`);
            }
            const found = await outcomes(
                language,
                cases.map(([, one]) => one),
            );
            const told = cases.map(([what], i) => [what, found[i]]);
            assert.deepEqual(
                told,
                cases.map(([what, , wanted]) => [what, wanted]),
            );
        });
    }
});
