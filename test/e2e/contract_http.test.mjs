// SPDX-License-Identifier: Apache-2.0
// docs/api.md §3: what can't be read as HTTP, limits of size and time, pipelining, listeners.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';

import { freePort } from '../../standin/caldock.mjs';
import { ask } from '../../standin/wire.mjs';
import { parseAnswers, talk } from './lib/raw.mjs';
import { gate, until } from './lib/until.mjs';
import { ACCOUNTS, INITIATE, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const HOST = 'Host: x\r\n';
const head = (...lines) => `${lines.join('\r\n')}\r\n\r\n`;
const say = (pieces, options) => talk(world.caldock.port, pieces, options);
const BODY = '{"calendar_source":"GOOG","redirect_uri":"https://app.example/x"}';

// The one answer to `bytes`, after which the connection is closed.
async function lastAnswer(bytes, options) {
    const { text, isClosed } = await say(bytes, options);
    assert.ok(isClosed, 'the connection is closed');
    return parseAnswers(text).at(-1);
}

const POST = (...lines) => head(`POST ${INITIATE} HTTP/1.1`, 'Host: x', ...lines);
const GET = (...lines) => head('GET /healthz HTTP/1.1', 'Host: x', ...lines);

const UNREADABLE = [
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
    ['an empty method', head(' /healthz HTTP/1.1', 'Host: x'), 400, 'malformed_request'],
    ['a target with a space', head('GET /health z HTTP/1.1', 'Host: x'), 400, 'malformed_request'],
    ['no Host in HTTP/1.1', head('GET /healthz HTTP/1.1'), 400, 'malformed_request'],
    ['two Hosts', GET('Host: y'), 400, 'malformed_request'],
    ['a space before the colon', GET('X : y'), 400, 'malformed_request'],
    ['an empty field name', GET(': y'), 400, 'malformed_request'],
    ['a folded line', GET('X: y', ' z'), 400, 'malformed_request'],
    ['a bare LF', 'GET /healthz HTTP/1.1\nHost: x\n\n', 400, 'malformed_request'],
    ['a NUL in a value', GET('X: a\0b'), 400, 'malformed_request'],
    ['a control character in a name', GET('X\u0001: b'), 400, 'malformed_request'],
    [
        'two Content-Lengths',
        POST('Content-Length: 2', 'Content-Length: 2') + '{}',
        400,
        'malformed_request',
    ],
    [
        'two different ones in one field',
        POST('Content-Length: 2, 3') + '{}',
        400,
        'malformed_request',
    ],
    ['a Content-Length with a sign', POST('Content-Length: +2') + '{}', 400, 'malformed_request'],
    [
        'a Content-Length that is no number',
        POST('Content-Length: two') + '{}',
        400,
        'malformed_request',
    ],
    [
        'a Content-Length beyond any number',
        POST('Content-Length: 99999999999999999999'),
        400,
        'malformed_request',
    ],
    [
        'Content-Length with Transfer-Encoding',
        POST('Content-Length: 2', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
        400,
        'malformed_request',
    ],
    [
        'Transfer-Encoding with Content-Length',
        POST('Transfer-Encoding: chunked', 'Content-Length: 2') + '0\r\n\r\n',
        400,
        'malformed_request',
    ],
    [
        'another transfer coding',
        POST('Transfer-Encoding: gzip, chunked') + '0\r\n\r\n',
        501,
        'not_implemented',
    ],
    [
        'chunked twice',
        POST('Transfer-Encoding: chunked, chunked') + '0\r\n\r\n',
        501,
        'not_implemented',
    ],
    [
        'a coding that only looks like it',
        POST('Transfer-Encoding: xchunked') + '0\r\n\r\n',
        501,
        'not_implemented',
    ],
    [
        'a chunk size that is none',
        POST('Transfer-Encoding: chunked') + 'zz\r\n{}\r\n0\r\n\r\n',
        400,
        'malformed_request',
    ],
    [
        'a chunk without its CRLF',
        POST('Transfer-Encoding: chunked') + '2\r\n{}0\r\n\r\n',
        400,
        'malformed_request',
    ],
    ['HTTP/2.0', head('GET /healthz HTTP/2.0', 'Host: x'), 505, 'http_version_not_supported'],
    ['HTTP/1.2', head('GET /healthz HTTP/1.2', 'Host: x'), 505, 'http_version_not_supported'],
    ['a head of more than 16 KiB', GET(`X: ${'x'.repeat(16400)}`), 431, 'head_too_large'],
    [
        'a target of more than 16 KiB',
        head(`GET /${'x'.repeat(16400)} HTTP/1.1`, 'Host: x'),
        431,
        'head_too_large',
    ],
    [
        '101 fields',
        GET(...Array.from({ length: 100 }, (_, i) => `X-${i}: y`)),
        431,
        'head_too_large',
    ],
    ['a body that says it is too large', POST('Content-Length: 65537'), 413, 'payload_too_large'],
];

const CALLBACK = '/oauth2/callback/google';
const LONG = 'x'.repeat(16400);

for (const [what, first, field] of [
    ['with too many cookies', `GET ${CALLBACK}?state=s&code=c HTTP/1.1`, `Cookie: a=${LONG}`],
    ['with too long a query', `GET ${CALLBACK}?code=${LONG}&state=s HTTP/1.1`, 'X: y'],
]) {
    test(`a callback ${what}: 431, and the page that says what to do`, async () => {
        const answer = await lastAnswer(head(first, 'Host: x', field));
        assert.equal(answer.status, 431);
        assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
        assert.match(answer.text, /Clear this site's cookies in your browser, and reload/);
        assert.ok(answer.text.includes(answer.headers['x-request-id']));
        assert.equal(answer.headers['referrer-policy'], 'no-referrer');
        assert.equal(answer.headers.connection, 'close');
    });
}

test('only a browser at a callback gets the page for a large head', async () => {
    for (const first of [
        `POST ${CALLBACK}?state=s HTTP/1.1`,
        `GET /oauth2/callback/nobody?state=${LONG} HTTP/1.1`,
        `GET /healthz?state=${LONG} HTTP/1.1`,
        `GET ${CALLBACK}${LONG} HTTP/1.1`,
    ]) {
        const answer = await lastAnswer(head(first, 'Host: x', `Cookie: a=${LONG}`));
        assert.deepEqual([answer.status, JSON.parse(answer.text).code], [431, 'head_too_large']);
    }
});

for (const [what, bytes, status, code] of UNREADABLE) {
    test(`${what}: ${status} ${code}, in JSON, and the connection is closed`, async () => {
        const authorized = bytes.replace(
            /\r\nHost: x/,
            `\r\nHost: x\r\nAuthorization: Token ${world.token}\r\nContent-Type: application/json`,
        );
        const answer = await lastAnswer(status === 413 ? authorized : bytes);
        assert.equal(answer.status, status);
        assert.equal(JSON.parse(answer.text).code, code);
        assert.equal(answer.headers['content-type'], 'application/json');
        assert.equal(answer.headers.connection.toLowerCase(), 'close');
        assert.equal(answer.headers['cache-control'], 'no-store');
    });
}

test('limits at their edge: 100 fields, a head of 16 KiB', async () => {
    const fields = Array.from({ length: 98 }, (_, i) => `X-${i}: y`);
    const close = 'Connection: close';
    assert.equal((await lastAnswer(GET(...fields, close))).status, 200);
    const bare = GET('X: ', close).length;
    assert.equal((await lastAnswer(GET(`X: ${'x'.repeat(16384 - bare)}`, close))).status, 200);
});

test('a chunked body is answered when it grows past the limit', async () => {
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
    const bytes = POST(
        `Authorization: Token ${world.token}`,
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
    );
    const answer = await lastAnswer([bytes, chunk.repeat(17)]);
    assert.equal(answer.status, 413);
});

test('a body in chunks, with extensions and trailers, however it is cut', async () => {
    const chunks = `5;name=value\r\n${BODY.slice(0, 5)}\r\n${(BODY.length - 5).toString(16)}\r\n${BODY.slice(5)}\r\n0\r\nTrailer: x\r\n\r\n`;
    const bytes =
        POST(
            `Authorization: Token ${world.token}`,
            'Content-Type: application/json',
            'Transfer-Encoding: chunked',
            'Connection: close',
        ) + chunks;
    for (const size of [1, 7, 100, bytes.length]) {
        const pieces = bytes.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g'));
        assert.equal(
            (await lastAnswer(pieces, { pause: size === 1 ? 0 : 1 })).status,
            200,
            `in pieces of ${size}`,
        );
    }
});

test('Expect: 100-continue', async () => {
    const bytes = POST(
        `Authorization: Token ${world.token}`,
        'Content-Type: application/json',
        `Content-Length: ${BODY.length}`,
        'Expect: 100-continue',
        'Connection: close',
    );
    const waiting = await say(bytes, { enough: (text) => text.includes('100 Continue\r\n\r\n') });
    assert.match(waiting.text, /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    const whole = await say([bytes, BODY]);
    assert.match(whole.text, /HTTP\/1\.1 200 OK/);
});

test('pipelined requests are answered in order', async () => {
    const slow = head(
        `GET ${ACCOUNTS} HTTP/1.1`,
        'Host: x',
        `Authorization: Token ${world.token}`,
        'X-Request-Id: first',
    );
    const fast = head('GET /healthz HTTP/1.1', 'Host: x', 'X-Request-Id: second');
    const last = head(
        'GET /nothing HTTP/1.1',
        'Host: x',
        'X-Request-Id: third',
        'Connection: close',
    );
    const { text } = await say(slow + fast + last);
    const answers = parseAnswers(text);
    assert.deepEqual(
        answers.map(({ headers }) => headers['x-request-id']),
        ['first', 'second', 'third'],
    );
    assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 404],
    );
});

test('what follows an unreadable request is not read', async () => {
    const smuggled = POST('Content-Length: 6', 'Transfer-Encoding: chunked') + `0\r\n\r\n${GET()}`;
    const { text } = await say(smuggled);
    assert.equal(parseAnswers(text).length, 1);
});

test('HTTP/1.0 and Connection', async () => {
    const { text, isClosed } = await say('GET /healthz HTTP/1.0\r\n\r\n');
    assert.ok(isClosed && / 200 /.test(text));
    const kept = await say('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', {
        enough: (t) => t.includes('\r\n\r\n'),
    });
    assert.ok(!kept.isClosed, 'HTTP/1.1 keeps the connection');
});

test('a target in absolute form, and none that the answer depends on', async () => {
    const absolute = head(
        'GET http://evil.example/healthz HTTP/1.1',
        'Host: evil.example',
        'Connection: close',
    );
    const answer = await lastAnswer(absolute);
    assert.ok([200, 400].includes(answer.status));
    assert.ok(!answer.text.includes('evil'));
});

test('TLS and the PROXY protocol on a port of plain HTTP are named', async () => {
    const sent = [
        [Buffer.from('160301020001000100', 'hex'), /This looks like TLS/],
        [head('PROXY TCP4 192.0.2.1 192.0.2.2 1234 80') + GET(), /This looks like the PROXY protocol/],
        [
            Buffer.concat([
                Buffer.from('0d0a0d0a000d0a515549540a21110000', 'hex'),
                Buffer.from(GET()),
            ]),
            /This looks like the PROXY protocol/,
        ],
    ];
    for (const [bytes, words] of sent) {
        const from = world.caldock.log.length;
        const { status, text } = await lastAnswer(bytes);
        assert.equal(status, 400);
        assert.match(JSON.parse(text).message, words);
        await until(`the log has ${words}`, () => words.test(world.caldock.log.slice(from)));
    }
});

test('time: slow heads, slow bodies, idle connections', async () => {
    const own = await World.open({
        settings: { server: { request_timeout: '1s', idle_timeout: '2s', listen: '127.0.0.1:0' } },
        serve: false,
    });
    try {
        await own.caldock.configure({ server: { request_timeout: '1s', idle_timeout: '2s' } });
        await own.caldock.start();
        const { port } = own.caldock;
        const slow = [
            GET().slice(0, 10),
            POST(
                `Authorization: Token ${own.token}`,
                'Content-Type: application/json',
                'Content-Length: 50',
            ) + '{',
        ];
        for (const bytes of slow) {
            const { text } = await talk(port, bytes);
            const [answer] = parseAnswers(text);
            assert.equal(answer.status, 408);
            assert.equal(JSON.parse(answer.text).code, 'request_timeout');
        }
        const drip = GET('X: y').split('');
        const { text } = await talk(port, drip, { pause: 200 });
        assert.equal(parseAnswers(text)[0].status, 408, 'byte by byte');
        const idle = await talk(port, GET());
        assert.ok(idle.isClosed, 'an idle connection is closed');
        assert.equal(parseAnswers(idle.text).length, 1, 'without another answer');
        const silent = await talk(port, []);
        assert.deepEqual(silent, { text: '', isClosed: true }, 'one that never said anything too');
    } finally {
        await own.close();
    }
});

test('listens on IPv4, IPv6 and a unix socket; what is gone is closed in order', async () => {
    const own = await World.open({ serve: false });
    const [four, six] = [await freePort(), await freePort()];
    const socket = path.join(own.folder, 'caldock.sock');
    try {
        await own.caldock.configure({
            server: { listen: `127.0.0.1:${four}, [::1]:${six}, unix:${socket}?mode=0604` },
        });
        await own.caldock.start();
        const places = [
            [`http://127.0.0.1:${four}/healthz`, {}],
            [`http://[::1]:${six}/healthz`, {}],
            ['http://unix/healthz', { socketPath: socket }],
        ];
        for (const [url, options] of places) {
            assert.equal((await ask(url, options)).status, 200, url);
        }
        assert.equal((await stat(socket)).mode & 0o777, 0o604);
        assert.deepEqual(await own.caldock.stop(), { code: 0, signal: null });
        await assert.rejects(ask(places[0][0]), { code: 'ECONNREFUSED' });
    } finally {
        await own.close();
    }
});

test('SIGTERM: what is under way is finished, then exit 0', async () => {
    const own = await World.open();
    try {
        const url = await own.consent('GOOG', await own.initiate('GOOG'));
        own.control('GOOG').fault({ path: '/token', delay: 1000 });
        const seen = own.control('GOOG').next('/token');
        const ending = own.callback(url);
        await until('it asks', () => own.control('GOOG').isHeld('/token'));
        own.caldock.kill('SIGTERM');
        await seen;
        const answer = await ending;
        assert.equal(answer.result.success, '1');
        assert.deepEqual(await own.caldock.ended, { code: 0, signal: null });
    } finally {
        await own.close();
    }
});

test('SIGTERM: a source that hangs is given up within shutdown_timeout', async () => {
    const own = await World.open({
        settings: {
            server: { shutdown_timeout: '2s' },
            oauth: { timeout: '600s', total_timeout: '600s' },
        },
    });
    try {
        const url = await own.consent('GOOG', await own.initiate('GOOG'));
        own.control('GOOG').fault({ path: '/token', hang: true });
        const ending = own.callback(url);
        await until('it hangs', () => own.control('GOOG').faults.pending === 0);
        own.caldock.kill('SIGTERM');
        assert.equal((await ending).result.error, 'source_unavailable');
        assert.deepEqual(await own.caldock.ended, { code: 0, signal: null });
    } finally {
        await own.close();
    }
});

const MOST = 20;

test('too many idle connections: the one that was idle for longest makes room', async () => {
    const own = await World.open({ settings: { server: { max_connections: MOST, threads: 1 } } });
    try {
        const open = [];
        for (let i = 0; i < MOST; i++) {
            const socket = net.connect(own.caldock.port, '127.0.0.1');
            socket.write(GET());
            await once(socket, 'data'); // it is counted when it is answered
            open.push(socket);
        }
        const isClosed = once(open[0], 'end');
        const { text } = await talk(own.caldock.port, GET('Connection: close'));
        assert.equal(parseAnswers(text)[0].status, 200);
        await isClosed;
        assert.ok(open.slice(1).every(({ readableEnded }) => !readableEnded));
        open.forEach((socket) => socket.destroy());
    } finally {
        await own.close();
    }
});

test('too many busy connections: 503 at once', async () => {
    const own = await World.open({ settings: { server: { max_connections: MOST, threads: 1 } } });
    try {
        const id = await own.connected('GOOG');
        const calls = MOST + 5;
        const { opens, open } = gate();
        own.control('GOOG').fault({ path: '/calendar/v3', times: calls, delay: opens });
        let refused = 0;
        const asked = Array.from({ length: calls }, async () => {
            const closed = { status: 503 }; // before it could be asked
            const { status } = await own.ask(`${ACCOUNTS}/${id}/calendars`).catch(() => closed);
            if (status === 503) refused++;
            return status;
        });
        await until('the others are refused', () => refused >= calls - MOST);
        open();
        const statuses = await Promise.all(asked);
        const served = statuses.filter((status) => status === 200).length;
        assert.ok(served > 0 && served <= MOST, `${served} were served`);
        assert.ok(statuses.every((status) => [200, 503].includes(status)));
    } finally {
        await own.close();
    }
});

test('a full queue: 503 unavailable with Retry-After, at once, and the fast lane goes on', async () => {
    const own = await World.open({ settings: { server: { workers: 1, queue: 1 } } });
    try {
        const urls = [];
        for (let i = 0; i < 2; i++) {
            urls.push(await own.consent('MSFT', await own.initiate('MSFT')));
        }
        const { opens, open } = gate();
        own.control('MSFT').fault({ path: '/token', delay: opens, times: 2 });
        const ending = urls.map((url) => own.callback(url));
        const asked = async (wanted) => {
            const answer = await own.ask(ACCOUNTS);
            return (answer.status === 503) === wanted && answer;
        };
        const { headers, body } = await until('the queue is full', () => asked(true));
        assert.deepEqual([body.code, body.type], ['unavailable', 'api_error']);
        assert.match(headers['retry-after'], /^[1-9]\d*$/);
        const said = () => own.caldock.log.match(/level="warn" event="limits.queue" lane="\w+"/g);
        await until('the log says so', said);
        assert.equal(new Set(said()).size, said().length, 'once of each lane');
        await own.initiate('GOOG');
        assert.equal((await own.ask('/healthz')).status, 200);
        open();
        await Promise.all(ending);
        // Chores of the background share the queue, which is of one here.
        const last = await until('the queue has room', () => asked(false));
        assert.equal(last.status, 200);
    } finally {
        await own.close();
    }
});

test('X-Forwarded-For names the client for the log, from a trusted proxy only', async () => {
    for (const [trusted, client] of [
        ['127.0.0.0/8', '192.0.2.7'],
        ['10.0.0.0/8', '127.0.0.1'],
    ]) {
        const own = await World.open({ settings: { server: { trusted_proxies: trusted } } });
        try {
            const headers = { 'x-forwarded-for': '192.0.2.7', 'x-request-id': 'through-a-proxy' };
            await own.ask('/healthz', { headers });
            await own.caldock.stop();
            const line = own.caldock.log
                .split('\n')
                .find((text) => text.includes('through-a-proxy'));
            assert.ok(line.includes(`client="${client}"`), line);
        } finally {
            await own.close();
        }
    }
});

test('CORS: exact origins, preflight and errors included, never with credentials', async () => {
    const own = await World.open({ settings: { server: { cors_origins: 'https://app.example' } } });
    try {
        const preflight = await own.ask(INITIATE, {
            method: 'OPTIONS',
            token: null,
            headers: {
                origin: 'https://app.example',
                'access-control-request-method': 'POST',
                'access-control-request-headers': 'authorization',
            },
        });
        assert.equal(preflight.status, 204);
        assert.equal(preflight.headers['access-control-allow-origin'], 'https://app.example');
        assert.match(preflight.headers['access-control-allow-methods'], /POST/);
        assert.match(
            preflight.headers['access-control-allow-headers'].toLowerCase(),
            /authorization/,
        );
        const error = await own.ask(ACCOUNTS, {
            token: null,
            headers: { origin: 'https://app.example' },
        });
        assert.equal(error.status, 401);
        assert.equal(error.headers['access-control-allow-origin'], 'https://app.example');
        assert.equal(error.headers['access-control-allow-credentials'], undefined);
        assert.match(error.headers.vary, /origin/i);
        const other = await own.ask(ACCOUNTS, { headers: { origin: 'https://evil.example' } });
        assert.equal(other.headers['access-control-allow-origin'], undefined);
        assert.match(other.headers.vary, /origin/i);
    } finally {
        await own.close();
    }
});
