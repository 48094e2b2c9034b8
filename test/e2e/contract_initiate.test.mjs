// SPDX-License-Identifier: Apache-2.0
// docs/api.md §5 and §9 "Redirect patterns": which redirect URIs are allowed, and what becomes
// of them.
import assert from 'node:assert/strict';
import test from 'node:test';

import { INITIATE, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const PATTERNS = [
    'https://app.example/exact',
    'https://tree.example/cb/*',
    'https://port.example:8443/x',
    'https://Case.example/Path',
    'https://root.example/',
    'http://localhost/cb',
    'http://127.0.0.1/cb',
    'http://[::1]/cb',
    'http://127.0.0.1:5000/tree/*',
    'com.example.app:/done',
];
await world.addProvider(5);
const add = PATTERNS.flatMap((pattern) => ['--add-redirect', pattern]);
await world.caldock.run(
    'provider',
    'set',
    '5',
    ...add,
    '--remove-redirect',
    'https://app.example/*',
);
const token = await world.addToken('--provider', '5');

const long = (length) =>
    `https://tree.example/cb/${'x'.repeat(length - 'https://tree.example/cb/'.length)}`;

const ALLOWED = [
    'https://app.example/exact',
    'https://app.example/exact?own=query&and=more',
    'https://app.example/exact?',
    'HTTPS://APP.EXAMPLE/exact',
    'https://app.example:443/exact',
    'https://app.example/a/../exact',
    'https://app.example/./exact',
    'https://tree.example/cb/',
    'https://tree.example/cb/a/b/c',
    'https://tree.example/cb/a/../b',
    'https://port.example:8443/x',
    'https://case.example/Path',
    'https://root.example/',
    'https://root.example',
    'http://localhost/cb',
    'http://LOCALHOST:3000/cb',
    'http://localhost:65535/cb',
    'http://127.0.0.1:1/cb',
    'http://[::1]:8080/cb',
    'http://127.0.0.1:6000/tree/x',
    'com.example.app:/done',
    'com.example.app:/done?own=1',
    long(512),
    'https://app.example/exact?successful=1&error_code=2&my_account=3',
];

const REFUSED = [
    // not registered
    'https://app.example/other',
    'https://app.example/exact/',
    'https://app.example/Exact',
    'https://app.example/exact/more',
    'https://app.example:444/exact',
    'https://other.example/exact',
    'https://sub.app.example/exact',
    'https://app.example.evil/exact',
    'https://tree.example/cb',
    'https://tree.example/cbx',
    'https://tree.example/cb/../other',
    'https://tree.example/cb/../../cb',
    'https://port.example/x',
    'https://case.example/path',
    'http://localhost/other',
    'http://127.0.0.2/cb',
    'http://localhost.evil/cb',
    'com.example.app:/other',
    'com.example.app:/done/more',
    'com.example.other:/done',
    // not acceptable at all
    'http://app.example/exact',
    'https://app.example/exact#fragment',
    'https://app.example/exact#',
    'https://user@app.example/exact',
    'https://user:password@app.example/exact',
    'https://app.example@evil.example/exact',
    'https://app.example\\@evil.example/exact',
    'https:\\\\app.example\\exact',
    '\\\\app.example/exact',
    '//app.example/exact',
    '/exact',
    'exact',
    'https:app.example/exact',
    'https:/app.example/exact',
    'https:///exact',
    'https://',
    'https://app.example./exact',
    'https://app.example:/exact',
    'https://app.example:99999/exact',
    'https://app.example:0x1bb/exact',
    'https://аpp.example/exact',
    'https://app.example/exäct',
    'https://app.example/ex act',
    'https://app.example/exact\r\nX: y',
    'https://app.example/exact\u007f',
    'https://tree.example/cb/%2f..%2fother',
    'https://tree.example/cb/%2F',
    'https://tree.example/cb/%5c',
    'https://tree.example/cb/%2e%2e/other',
    'https://tree.example/cb/%2E',
    'https://tree.example/cb/%00',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'myapp:/done',
    'com.example.app://done',
    'com.example.app:done',
    'ftp://app.example/exact',
    long(513),
    // reserved parameters
    'https://app.example/exact?success=1',
    'https://app.example/exact?error=x',
    'https://app.example/exact?a=b&account=7',
    'https://app.example/exact?success',
    'https://app.example/exact?%73uccess=1',
    'https://app.example/exact?acc%6funt=1',
    'com.example.app:/done?error=1',
];

const start = (redirectUri) =>
    world.post(INITIATE, { calendar_source: 'GOOG', redirect_uri: redirectUri }, { token });

for (const uri of ALLOWED) {
    test(`allowed: ${uri.slice(0, 80)}`, async () => {
        const { status, text } = await start(uri);
        assert.equal(status, 200, text);
    });
}

for (const uri of REFUSED) {
    test(`refused: ${JSON.stringify(uri).slice(0, 80)}`, async () => {
        const { status, body } = await start(uri);
        assert.equal(status, 400);
        assert.equal(body.code, 'parameter_invalid');
        assert.deepEqual(Object.keys(body.field_errors), ['redirect_uri']);
        assert.ok(body.field_errors.redirect_uri[0].length > 10, 'says what to change');
    });
}

test('a URI that matches no pattern: the message names the patterns', async () => {
    const { body } = await start('https://app.example/other');
    for (const pattern of PATTERNS) {
        assert.ok(body.message.includes(pattern.replace('C', 'c')), pattern);
    }
});

const RESOLVED = [
    [
        'https://app.example/a/b/../../exact?x=1',
        'https://app.example/exact?x=1&success=0&error=access_denied',
    ],
    ['https://app.example/exact', 'https://app.example/exact?success=0&error=access_denied'],
    ['https://app.example/exact?', 'https://app.example/exact?success=0&error=access_denied'],
    [
        'https://app.example/exact?a=%2F&b=+&a=',
        'https://app.example/exact?a=%2F&b=+&a=&success=0&error=access_denied',
    ],
    ['com.example.app:/done', 'com.example.app:/done?success=0&error=access_denied'],
    ['com.example.app:/done?own=1', 'com.example.app:/done?own=1&success=0&error=access_denied'],
    ['http://[::1]:8080/cb', 'http://[::1]:8080/cb?success=0&error=access_denied'],
];

for (const [given, kept] of RESOLVED) {
    test(`redirected to: ${given}`, async () => {
        const { headers } = await world.answer(
            'GOOG',
            { error: 'access_denied' },
            { redirectUri: given, token },
        );
        assert.equal(headers.location, kept);
    });
}

test('timeout_seconds is the configured time', async () => {
    assert.equal((await start('https://app.example/exact')).body.timeout_seconds, 600);
});

test('two starts share nothing', async () => {
    const read = (uri) => new URL(uri).searchParams;
    const [one, two] = [await world.initiate('GOOG'), await world.initiate('GOOG')].map(read);
    for (const name of ['state', 'nonce', 'code_challenge']) {
        assert.notEqual(one.get(name), two.get(name), name);
    }
});

test('patterns that the command line refuses', async () => {
    const bad = [
        'https://app.example/x?query',
        'https://app.example/*/x',
        'http://app.example/x',
        'https://app.example/x#f',
        'com.example.app:/*',
        'https://*.example/x',
        'app.example',
        'https://app.example./x',
        '',
    ];
    for (const pattern of bad) {
        const { code, stderr } = await world.caldock.command(
            'provider',
            'set',
            '5',
            '--add-redirect',
            pattern,
        );
        assert.notEqual(code, 0, pattern);
        assert.ok(stderr.length > 10, pattern);
    }
});
