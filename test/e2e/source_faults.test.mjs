// SPDX-License-Identifier: Apache-2.0
// A source that is slow, hangs, resets, lies or talks too much, at each of its endpoints.
import assert from 'node:assert/strict';
import test from 'node:test';

import { until } from './lib/until.mjs';
import { SOURCES, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);

const FAULTS = [
    ['slow, but in time', { delay: 300 }, 'success'],
    ['resets', { reset: true }, 'source_unavailable'],
    ['is cut', { cut: true }, 'source_unavailable'],
    ['500', { status: 500 }, 'source_unavailable'],
    ['502 with HTML', { html: true, status: 502 }, 'source_unavailable'],
    [
        '503 with Retry-After',
        { status: 503, headers: { 'retry-after': '3600' } },
        'source_unavailable',
    ],
    ['429', { status: 429, headers: { 'retry-after': '1' } }, 'source_rate_limited'],
    ['HTML', { html: true }, 'source_error'],
    ['a megabyte', { megabyte: true }, 'source_error'],
    ['404', { status: 404 }, 'source_error'],
    ['204', { status: 204 }, 'source_error'],
    ['a list', { body: [] }, 'source_error'],
    // An empty list may be left out.
    ['an empty object', { body: {} }, 'source_error', { calendars: 'no_calendar' }],
    [
        'text that is no JSON',
        { status: 200, body: '{"a":', headers: { 'content-type': 'application/json' } },
        'source_error',
    ],
    [
        'a member twice',
        { status: 200, body: '{"a":1,"a":2}', headers: { 'content-type': 'application/json' } },
        'source_error',
    ],
    [
        'too deep',
        {
            status: 200,
            body: `{"a":${'['.repeat(20)}${']'.repeat(20)}}`,
            headers: { 'content-type': 'application/json' },
        },
        'source_error',
    ],
];

const HASTY = { oauth: { connect_timeout: '1s', timeout: '1s' } };
const LATE = [
    ['too slow', { delay: 1600 }],
    ['hangs', { hang: true }],
];

// A fresh process has no keys in memory, and none that it failed to fetch a moment ago.
async function forgetKeys() {
    await world.caldock.stop();
    await world.caldock.start();
}

// A GET may be sent again on a fresh connection when a kept one breaks: it breaks there too.
async function assertOutcome(code, endpoint, fault, outcome) {
    const times = endpoint !== 'token' && fault.reset ? 2 : 1;
    world.control(code).fault({ path: SOURCES[code][endpoint], times, ...fault });
    assert.equal(await world.outcome(code), outcome);
    assert.equal(world.exchanges(code), 1, 'the code was sent once');
    assert.ok(world.control(code).faults.pending < times, 'the fault happened');
    world.control(code).faults.clear();
    if (endpoint === 'jwks') await forgetKeys();
}

// Tries until the endpoint is the one that is late: on a slow machine another one may be.
async function assertLate(code, endpoint, fault) {
    const control = world.control(code);
    let tries = 0;
    control.fault({ path: SOURCES[code][endpoint], ...fault });
    await until('the fault has happened', async () => {
        tries++;
        assert.equal(await world.outcome(code), 'source_unavailable');
        return control.faults.pending === 0;
    });
    assert.equal(world.exchanges(code), tries, 'each code was sent once');
    assert.deepEqual(await world.accounts(), []);
}

for (const code of Object.keys(SOURCES)) {
    for (const endpoint of ['token', 'jwks', 'calendars']) {
        for (const [what, fault] of LATE) {
            test(`${code}: ${endpoint} ${what}: source_unavailable`, () =>
                world.withSettings(HASTY, () => assertLate(code, endpoint, fault)));
        }
    }

    for (const endpoint of ['token', 'calendars']) {
        for (const [what, fault, usual, elsewise] of FAULTS) {
            const outcome = elsewise?.[endpoint] ?? usual;
            test(`${code}: ${endpoint} ${what}: ${outcome}`, async () => {
                await assertOutcome(code, endpoint, fault, outcome);
                if (outcome !== 'success') assert.deepEqual(await world.accounts(), []);
            });
        }
        test(`${code}: after all that, it goes on`, async () => {
            assert.equal(await world.outcome(code), 'success');
        });
    }

    test(`${code}: a redirect is not followed`, async () => {
        const redirect = `${world.standin(code).url}/elsewhere`;
        for (const endpoint of ['token', 'jwks', 'calendars']) {
            if (endpoint === 'jwks') await forgetKeys();
            await assertOutcome(code, endpoint, { redirect }, 'source_error');
            assert.equal(world.control(code).requests('/elsewhere').length, 0);
            await world.clear();
        }
    });

    for (const [what, fault, outcome] of FAULTS) {
        test(`${code}: jwks ${what}: ${outcome}`, async () => {
            await forgetKeys();
            await assertOutcome(code, 'jwks', fault, outcome);
        });
    }

    test(`${code}: on a kept connection that breaks, the code is not sent again`, async () => {
        const own = await World.open({ settings: { server: { workers: 1 } } });
        try {
            assert.equal(await own.outcome(code), 'success');
            for (const fault of [{ reset: true }, { cut: true }]) {
                const before = own.exchanges(code);
                own.control(code).fault({ path: SOURCES[code].token, ...fault });
                assert.equal(await own.outcome(code), 'source_unavailable');
                assert.equal(own.exchanges(code), before + 1);
                assert.equal(await own.outcome(code), 'success');
            }
        } finally {
            await own.close();
        }
    });

    // Each of them is in time; a second of the nine is kept for writing how the flow ended.
    test(`${code}: all endpoints slow together end within the time for all`, async () => {
        const own = await World.open({ settings: { oauth: { total_timeout: '9s' } } });
        try {
            for (const endpoint of ['token', 'jwks', 'calendars']) {
                own.control(code).fault({ path: SOURCES[code][endpoint], delay: 3000 });
            }
            assert.equal(await own.outcome(code), 'source_unavailable');
        } finally {
            await own.close();
        }
    });

    test(`${code}: nobody listens there`, async () => {
        const own = await World.open();
        try {
            const url = await own.consent(code, await own.initiate(code));
            await own.standin(code).close();
            assert.equal((await own.callback(url)).result.error, 'source_unavailable');
        } finally {
            await own.close();
        }
    });

    const ODD_ANSWERS = [
        ['token_type mac', { set: { token_type: 'mac' } }, 'source_error'],
        ['token_type in lower case', { set: { token_type: 'bearer' } }, 'success'],
        ['no token_type', { drop: ['token_type'] }, 'source_error'],
        ['no access_token', { drop: ['access_token'] }, 'source_error'],
        ['an empty access_token', { set: { access_token: '' } }, 'source_error'],
        ['an access_token that is no string', { set: { access_token: 7 } }, 'source_error'],
        [
            'an access_token with a line break',
            { set: { access_token: 'a\r\nX: y' } },
            'source_error',
        ],
        [
            'an access_token far too long',
            { set: { access_token: 'x'.repeat(20000) } },
            'source_error',
        ],
        ['an empty refresh_token', { set: { refresh_token: '' } }, 'source_error'],
        ['a refresh_token that is no string', { set: { refresh_token: {} } }, 'source_error'],
        ['a refresh_token that is null', { set: { refresh_token: null } }, 'no_refresh_token'],
        ['a scope that is no string', { set: { scope: [] } }, 'source_error'],
        ['expires_in negative', { set: { expires_in: -1 } }, 'source_error'],
        ['expires_in as text', { set: { expires_in: '3600' } }, 'success'],
        ['expires_in absurd', { set: { expires_in: 1e99 } }, 'success'],
        ['other members', { set: { foo: { bar: [1, 2, 3] } } }, 'success'],
    ];
    for (const [what, patch, outcome] of ODD_ANSWERS) {
        test(`${code}: a token answer with ${what}: ${outcome}`, async () => {
            world.control(code).tokens(patch);
            assert.equal(await world.outcome(code, { account: SOURCES[code].other }), outcome);
        });
    }
}

test('GOOG: no answer about calendars says more than the first page must', async () => {
    world.control('GOOG').mailbox({ account: SOURCES.GOOG.person, calendars: 400 });
    assert.equal(await world.outcome('GOOG'), 'success');
    assert.equal(world.control('GOOG').requests('calendarList').length, 1, 'one look');
});

test('MSFT: a link to the next page that leads elsewhere is not followed', async () => {
    const body = { value: [], '@odata.nextLink': 'http://127.0.0.1:9/v1.0/me/calendars?$skip=1' };
    world.control('MSFT').fault({ path: SOURCES.MSFT.calendars, body });
    assert.equal(await world.outcome('MSFT'), 'source_error');
});

// A page that would cut the list short in silence is an error, whatever else it holds.
for (const [code, what, body, outcome] of [
    ['GOOG', 'a number', { items: [{ id: 'a' }], nextPageToken: 7 }, 'source_error'],
    ['GOOG', 'an object', { items: [{ id: 'a' }], nextPageToken: {} }, 'source_error'],
    ['GOOG', 'null', { items: [{ id: 'a' }], nextPageToken: null }, 'success'],
    ['MSFT', 'a boolean', { value: [{ id: 'a' }], '@odata.nextLink': true }, 'source_error'],
    [
        'MSFT',
        'elsewhere',
        { value: [{ id: 'a' }], '@odata.nextLink': 'http://127.0.0.1:9/' },
        'source_error',
    ],
    ['MSFT', 'null', { value: [{ id: 'a' }], '@odata.nextLink': null }, 'success'],
]) {
    test(`${code}: a next page that is ${what}: ${outcome}`, async () => {
        await assertOutcome(code, 'calendars', { body }, outcome);
    });
}

test('MSFT: a mailbox in another data centre is no calendar', async () => {
    const body = { error: { code: 'UnknownError', message: '', innerError: {} } };
    await assertOutcome('MSFT', 'calendars', { status: 401, body }, 'no_calendar');
});
