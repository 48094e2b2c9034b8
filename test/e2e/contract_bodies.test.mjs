// SPDX-License-Identifier: Apache-2.0
// docs/api.md §3, §4 and §9 "Bodies", "Negotiation": what goes in, what comes out, how it errs.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ACCOUNTS, INITIATE, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const URI = 'https://app.example/x';
const FIELDS = { calendar_source: 'GOOG', redirect_uri: URI };
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const MULTIPART_TYPE = 'multipart/form-data; boundary=B';
const REQUIRED = {
    calendar_source: ['This field is required.'],
    redirect_uri: ['This field is required.'],
};

const send = (type, body, more = {}) =>
    world.ask(INITIATE, {
        method: 'POST',
        body,
        ...more,
        headers: { ...(type && { 'content-type': type }), ...more.headers },
    });

const part = (name, value, more = '') =>
    `--B\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
const GOOD_PARTS = part('calendar_source', 'GOOG') + part('redirect_uri', URI);
const nested = (depth) =>
    `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)},${JSON.stringify(FIELDS).slice(1)}`;
const padded = (size) => {
    const text = JSON.stringify({ ...FIELDS, pad: '' });
    return JSON.stringify({ ...FIELDS, pad: 'x'.repeat(size - text.length) });
};

const ROWS = [
    // what, type, body, status, code
    ['JSON', JSON_TYPE, JSON.stringify(FIELDS), 200],
    ['JSON, type in capitals', 'Application/JSON', JSON.stringify(FIELDS), 200],
    ['JSON with a charset', 'application/json; charset=utf-8', JSON.stringify(FIELDS), 200],
    [
        'JSON with a quoted charset',
        'application/json; charset="UTF-8"',
        JSON.stringify(FIELDS),
        200,
    ],
    ['JSON as utf8', 'application/json; charset=utf8', JSON.stringify(FIELDS), 200],
    ['ASCII by another label', 'application/json; charset=latin1', JSON.stringify(FIELDS), 200],
    [
        'more than ASCII by such a label',
        'application/json; charset=latin1',
        JSON.stringify({ ...FIELDS, more: 'é' }),
        415,
    ],
    ['another charset', 'application/json; charset=utf-16', JSON.stringify(FIELDS), 415],
    ['another charset of a form', `${FORM_TYPE}; charset=utf-16`, 'calendar_source=GOOG', 415],
    [
        'unknown fields are ignored',
        JSON_TYPE,
        JSON.stringify({ ...FIELDS, more: [1, { a: null }] }),
        200,
    ],
    [
        'values are trimmed',
        JSON_TYPE,
        JSON.stringify({ calendar_source: ' GOOG\n', redirect_uri: `\t${URI} ` }),
        200,
    ],
    ['JSON with white space around', JSON_TYPE, ` \n${JSON.stringify(FIELDS)}\t`, 200],
    ['depth 32', JSON_TYPE, nested(32), 200],
    ['depth 33', JSON_TYPE, nested(33), 400, 'parse_error'],
    ['depth without end', JSON_TYPE, '['.repeat(60000), 400, 'parse_error'],
    ['64 KiB', JSON_TYPE, padded(65536), 200],
    ['64 KiB and one byte', JSON_TYPE, padded(65537), 413, 'payload_too_large'],
    ['an empty JSON body', JSON_TYPE, '', 400, 'parse_error'],
    ['a list', JSON_TYPE, '[]', 400, 'parse_error'],
    ['a string', JSON_TYPE, '"x"', 400, 'parse_error'],
    ['null', JSON_TYPE, 'null', 400, 'parse_error'],
    ['cut', JSON_TYPE, JSON.stringify(FIELDS).slice(0, -1), 400, 'parse_error'],
    ['trailing data', JSON_TYPE, `${JSON.stringify(FIELDS)}x`, 400, 'parse_error'],
    ['two objects', JSON_TYPE, `${JSON.stringify(FIELDS)}{}`, 400, 'parse_error'],
    [
        'a duplicate key',
        JSON_TYPE,
        `{"calendar_source":"MSFT",${JSON.stringify(FIELDS).slice(1)}`,
        400,
        'parse_error',
    ],
    [
        'a duplicate key deep inside',
        JSON_TYPE,
        `{"x":{"a":1,"a":2},${JSON.stringify(FIELDS).slice(1)}`,
        400,
        'parse_error',
    ],
    [
        'a duplicate key, escaped',
        JSON_TYPE,
        `{"calend\\u0061r_source":"MSFT",${JSON.stringify(FIELDS).slice(1)}`,
        400,
        'parse_error',
    ],
    [
        'invalid UTF-8',
        JSON_TYPE,
        Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        400,
        'parse_error',
    ],
    ['a lone surrogate', JSON_TYPE, '{"x":"\\ud800"}', 400, 'parse_error'],
    ['a byte order mark', JSON_TYPE, `\ufeff${JSON.stringify(FIELDS)}`, 400, 'parse_error'],
    ['a comment', JSON_TYPE, `/**/${JSON.stringify(FIELDS)}`, 400, 'parse_error'],
    ['NaN', JSON_TYPE, '{"x":NaN}', 400, 'parse_error'],

    ['a form', FORM_TYPE, new URLSearchParams(FIELDS).toString(), 200],
    [
        'a form with plus and escapes',
        FORM_TYPE,
        'calendar_source=+GOOG%20&redirect_uri=https%3A%2F%2Fapp.example%2Fx',
        200,
    ],
    [
        'a form with an empty pair',
        FORM_TYPE,
        `&calendar_source=GOOG&&redirect_uri=${encodeURIComponent(URI)}&`,
        200,
    ],
    ['a cut escape', FORM_TYPE, 'calendar_source=GOOG&redirect_uri=%4', 400, 'parse_error'],
    ['an escape that is none', FORM_TYPE, 'calendar_source=%zz', 400, 'parse_error'],
    [
        'a repeated field',
        FORM_TYPE,
        'calendar_source=GOOG&calendar_source=GOOG',
        400,
        'parse_error',
    ],
    ['a NUL in a form', FORM_TYPE, 'calendar_source=GO%00OG', 400, 'parse_error'],
    ['invalid UTF-8 in a form', FORM_TYPE, 'calendar_source=%ff', 400, 'parse_error'],

    ['multipart', MULTIPART_TYPE, `${GOOD_PARTS}--B--\r\n`, 200],
    [
        'multipart with a preamble and an epilogue',
        MULTIPART_TYPE,
        `hello\r\n${GOOD_PARTS}--B--\r\nbye`,
        200,
    ],
    [
        'multipart with a quoted boundary',
        'multipart/form-data; boundary="B"',
        `${GOOD_PARTS}--B--`,
        200,
    ],
    [
        'multipart without a boundary',
        'multipart/form-data',
        `${GOOD_PARTS}--B--`,
        400,
        'parse_error',
    ],
    ['no closing delimiter', MULTIPART_TYPE, GOOD_PARTS, 400, 'parse_error'],
    [
        'a part without a name',
        MULTIPART_TYPE,
        `${GOOD_PARTS}--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--`,
        400,
        'parse_error',
    ],
    [
        'a repeated part',
        MULTIPART_TYPE,
        `${GOOD_PARTS}${part('redirect_uri', URI)}--B--`,
        400,
        'parse_error',
    ],
    [
        'a NUL in a part',
        MULTIPART_TYPE,
        `${part('calendar_source', 'GO\0OG')}--B--`,
        400,
        'parse_error',
    ],

    ['plain text', 'text/plain', 'calendar_source=GOOG', 415, 'unsupported_media_type'],
    ['XML', 'application/xml', '<root/>', 415, 'unsupported_media_type'],
    ['no type but a body', undefined, JSON.stringify(FIELDS), 415, 'unsupported_media_type'],
    ['a type that is none', 'json', JSON.stringify(FIELDS), 415, 'unsupported_media_type'],
];

for (const [what, type, body, status, code] of ROWS) {
    test(`${what}: ${status} ${code ?? ''}`, async () => {
        const answer = await send(type, body);
        assert.equal(answer.status, status, answer.text);
        if (code) assert.equal(answer.body.code, code);
    });
}

test('a body that is encoded', async () => {
    for (const encoding of ['gzip', 'identity', 'br']) {
        const answer = await send(JSON_TYPE, JSON.stringify(FIELDS), {
            headers: { 'content-encoding': encoding },
        });
        assert.equal(answer.status, 415, encoding);
    }
});

const field = (values) => ({ ...FIELDS, ...values });
const VALIDATION = [
    ['nothing', {}, REQUIRED],
    [
        'null',
        field({ calendar_source: null }),
        { calendar_source: ['This field may not be null.'] },
    ],
    ['a number', field({ calendar_source: 1 }), { calendar_source: ['Not a valid string.'] }],
    ['a boolean', field({ calendar_source: true }), { calendar_source: ['Not a valid string.'] }],
    ['a list', field({ redirect_uri: [URI] }), { redirect_uri: ['Not a valid string.'] }],
    ['an object', field({ redirect_uri: {} }), { redirect_uri: ['Not a valid string.'] }],
    [
        'an unknown source',
        field({ calendar_source: 'APPL' }),
        { calendar_source: ['"APPL" is not a valid choice.'] },
    ],
    [
        'another case',
        field({ calendar_source: 'goog' }),
        { calendar_source: ['"goog" is not a valid choice.'] },
    ],
    [
        'an empty source',
        field({ calendar_source: '' }),
        { calendar_source: ['"" is not a valid choice.'] },
    ],
    [
        'a blank source',
        field({ calendar_source: ' ' }),
        { calendar_source: ['"" is not a valid choice.'] },
    ],
    [
        'an empty redirect_uri',
        field({ redirect_uri: '' }),
        { redirect_uri: ['This field may not be blank.'] },
    ],
    [
        'a blank redirect_uri',
        field({ redirect_uri: '  ' }),
        { redirect_uri: ['This field may not be blank.'] },
    ],
    [
        'null for both',
        { calendar_source: null, redirect_uri: null },
        {
            calendar_source: ['This field may not be null.'],
            redirect_uri: ['This field may not be null.'],
        },
    ],
];

for (const [what, json, errors] of VALIDATION) {
    test(`field errors: ${what}`, async () => {
        const { status, body } = await world.post(INITIATE, json);
        assert.equal(status, 400);
        assert.equal(body.code, 'parameter_invalid');
        assert.equal(body.type, 'invalid_request_error');
        assert.deepEqual(body.field_errors, errors);
    });
}

test('field errors of forms: an empty form, no body, a file', async () => {
    assert.deepEqual((await send(FORM_TYPE, '')).body.field_errors, REQUIRED);
    assert.deepEqual((await send(undefined, undefined)).body.field_errors, REQUIRED);
    const file = part('redirect_uri', URI, '; filename="a.txt"');
    const { body } = await send(MULTIPART_TYPE, `${part('calendar_source', 'GOOG')}${file}--B--`);
    assert.deepEqual(body.field_errors, { redirect_uri: ['Not a valid string.'] });
});

const HINTS = [
    // what, type, body, how the message goes on
    [
        'JSON sent as a form',
        FORM_TYPE,
        JSON.stringify(FIELDS),
        /read as a form and looks like JSON: send it with Content-Type: application\/json\.$/,
    ],
    [
        'JSON sent as text',
        'text/plain',
        JSON.stringify(FIELDS),
        /looks like JSON: send it with Content-Type: application\/json\.$/,
    ],
    [
        'single quotes',
        JSON_TYPE,
        "{\n  'calendar_source': 'GOOG'\n}",
        /line 2, column 3: write strings in double quotes\.$/,
    ],
    [
        'a trailing comma',
        JSON_TYPE,
        '{"calendar_source":"GOOG",}',
        /line 1, column 27: remove the comma before the bracket\.$/,
    ],
    [
        'a boundary without its quotes',
        'multipart/form-data; boundary=----=_Part_7_1.2',
        `${GOOD_PARTS}--B--`,
        /boundary="----=_Part_7_1\.2"\.$/,
    ],
    [
        'a near miss',
        JSON_TYPE,
        JSON.stringify({ calendar_source: 'GOOG', redirectUri: URI }),
        /Unknown field `redirectUri`: did you mean `redirect_uri`\?$/,
    ],
    [
        'no such choice',
        JSON_TYPE,
        JSON.stringify({ ...FIELDS, calendar_source: 'google' }),
        /calendar_source: choose GOOG or MSFT\.$/,
    ],
];

for (const [what, type, body, hint] of HINTS) {
    test(`a hint in the message: ${what}`, async () => {
        const { status, body: answer } = await send(type, body);
        assert.ok(status === 400 || status === 415);
        assert.match(answer.message, hint);
    });
}

const NEGOTIATION = [
    // accept, format, status, type
    [undefined, undefined, 200, 'json'],
    ['*/*', undefined, 200, 'json'],
    ['application/*', undefined, 200, 'json'],
    ['application/json', undefined, 200, 'json'],
    ['application/xml', undefined, 200, 'xml'],
    ['APPLICATION/XML', undefined, 200, 'xml'],
    ['application/xml;q=0.9, application/json;q=0.8', undefined, 200, 'xml'],
    ['application/xml;q=0.8, application/json;q=0.9', undefined, 200, 'json'],
    ['application/xml, */*;q=0.1', undefined, 200, 'xml'],
    ['application/json;q=0, */*', undefined, 200, 'xml'],
    ['application/xml, application/json', undefined, 200, 'json'],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', undefined, 200, 'xml'],
    ['text/html', undefined, 406, 'json'],
    ['text/xml', undefined, 406, 'json'],
    ['application/json;q=0, application/xml;q=0', undefined, 406, 'json'],
    ['', undefined, 200, 'json'],
    // as clients really send it
    ['text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', undefined, 200, 'json'],
    ['*', undefined, 200, 'json'],
    ['*/*; q=.2', undefined, 200, 'json'],
    ['application/json;q=1.0000', undefined, 200, 'json'],
    ['application/json;q=high', undefined, 200, 'json'],
    ['application/json;odata.metadata=minimal', undefined, 200, 'json'],
    ['application/xml;charset=utf8', undefined, 200, 'xml'],
    ['json', undefined, 200, 'json'],
    ['image/png', undefined, 406, 'json'],
    ['text/html', 'json', 200, 'json'],
    ['application/json', 'xml', 200, 'xml'],
    [undefined, 'xml', 200, 'xml'],
    [undefined, 'XML', 406, 'json'],
    [undefined, 'Json', 406, 'json'],
    [undefined, '', 406, 'json'],
    [undefined, 'yaml', 406, 'json'],
];
const TYPES = { json: 'application/json', xml: 'application/xml; charset=utf-8' };

for (const [accept, format, status, type] of NEGOTIATION) {
    test(`Accept ${accept}, format ${format}: ${status} in ${type}`, async () => {
        const headers = accept === undefined ? {} : { accept };
        const query = format === undefined ? {} : { format };
        const answer = await world.ask(ACCOUNTS, { headers, query });
        assert.equal(answer.status, status);
        assert.equal(answer.headers['content-type'], TYPES[type]);
        if (status === 406) assert.equal(answer.body.code, 'not_acceptable');
    });
}

test('format twice is 400', async () => {
    const { status, body } = await world.ask(`${ACCOUNTS}?format=json&format=json`);
    assert.deepEqual([status, body.code], [400, 'parameter_invalid']);
    assert.deepEqual(Object.keys(body.field_errors), ['format']);
});

test('errors come in the negotiated format', async () => {
    const { status, text } = await world.post(INITIATE, field({ calendar_source: 'A<&>"B' }), {
        query: { format: 'xml' },
    });
    assert.equal(status, 400);
    assert.match(
        text,
        /<root><code>parameter_invalid<\/code><field_errors><calendar_source><list-item>&quot;A&lt;&amp;&gt;&quot;B&quot; is not a valid choice\.<\/list-item><\/calendar_source><\/field_errors><message>[^<]+<\/message><type>invalid_request_error<\/type><\/root>/,
    );
});

test('XML: null is an empty element, a list its items', async () => {
    await world.connected('GOOG');
    const { text } = await world.ask(ACCOUNTS, { query: { format: 'xml' } });
    assert.match(text, /^<\?xml version="1\.0" encoding="utf-8"\?>/i);
    assert.match(
        text,
        /<root><count>1<\/count><next\/><previous\/><results><list-item><id>\d+<\/id>/,
    );
    assert.match(text, /<status_reason\/>/);
});

test('XML: what XML cannot carry becomes U+FFFD', async () => {
    const { text } = await world.post(INITIATE, field({ calendar_source: 'A\u0001B' }), {
        query: { format: 'xml' },
    });
    assert.match(text, /&quot;A\ufffdB&quot; is not a valid choice/);
});

test('the envelope has its four members, in order', async () => {
    const { text, body } = await world.ask(`${ACCOUNTS}/1`);
    assert.deepEqual(Object.keys(body), ['code', 'field_errors', 'message', 'type']);
    assert.deepEqual(body.field_errors, {});
    assert.ok(body.message.length > 0);
    assert.equal(text, JSON.stringify(body));
});

const ANSWERS = [
    ['200', () => world.ask(ACCOUNTS)],
    ['404', () => world.ask('/nothing')],
    ['401', () => world.ask(ACCOUNTS, { token: null })],
    ['204', () => world.ask(ACCOUNTS, { method: 'OPTIONS' })],
    ['a callback’s page', () => world.ask('/oauth2/callback/google')],
    ['a callback’s redirect', () => world.answer('GOOG', { error: 'access_denied' })],
    ['health', () => world.ask('/healthz')],
];

for (const [what, ask] of ANSWERS) {
    test(`headers of every answer: ${what}`, async () => {
        const { headers } = await ask();
        assert.match(headers['x-request-id'], /^[\w.-]{1,64}$/);
        assert.equal(headers['cache-control'], 'no-store');
        assert.equal(headers['x-content-type-options'], 'nosniff');
    });
}

test('API answers vary by Accept and Authorization', async () => {
    for (const answer of [await world.ask(ACCOUNTS), await world.ask(ACCOUNTS, { token: null })]) {
        const vary = answer.headers.vary.toLowerCase().split(/,\s*/);
        assert.ok(vary.includes('accept') && vary.includes('authorization'));
    }
});

test('X-Request-Id: the caller’s own when it is a fit one, else a new one', async () => {
    const given = async (...values) => {
        const headers = [
            'Host',
            `127.0.0.1:${world.caldock.port}`,
            ...values.flatMap((value) => ['X-Request-Id', value]),
        ];
        return (await world.ask('/healthz', { token: null, headers })).headers['x-request-id'];
    };
    assert.equal(await given('Az09._-'), 'Az09._-');
    assert.equal(await given('x'.repeat(64)), 'x'.repeat(64));
    for (const unfit of ['x'.repeat(65), 'a b', 'a/b', '']) {
        assert.notEqual(await given(unfit), unfit);
    }
    assert.notEqual(await given('one', 'one'), 'one', 'twice');
    assert.notEqual(await given(), await given());
});
