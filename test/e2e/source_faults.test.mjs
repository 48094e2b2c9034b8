// SPDX-License-Identifier: Apache-2.0
// A source that is slow, hangs, resets, lies or talks too much, at each of its endpoints.
import assert from 'node:assert/strict';
import test from 'node:test';

import { SOURCES, World, openWorld } from './lib/world.mjs';

const OAUTH = { connect_timeout: '1s', timeout: '1s', total_timeout: '3s' };
const world = await openWorld(test, { settings: { oauth: OAUTH } });

const FAULTS = [
    ['slow, but in time', { delay: 300 }, 'success'],
    ['too slow', { delay: 1600 }, 'source_unavailable'],
    ['hangs', { hang: true }, 'source_unavailable'],
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
    ['an empty object', { body: {} }, 'source_error'],
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

// A fresh process has no keys in memory.
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
}

for (const code of Object.keys(SOURCES)) {
    for (const endpoint of ['token', 'calendars']) {
        for (const [what, fault, outcome] of FAULTS) {
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

    test(`${code}: all endpoints slow together end within the time for all`, async () => {
        const own = await World.open({
            settings: { oauth: { ...OAUTH, timeout: '2s', total_timeout: '3s' } },
        });
        try {
            for (const endpoint of ['token', 'jwks', 'calendars']) {
                own.control(code).fault({ path: SOURCES[code][endpoint], delay: 1700 });
            }
            assert.equal(await own.outcome(code), 'source_unavailable');
        } finally {
            await own.close();
        }
    });

    test(`${code}: nobody listens there`, async () => {
        const own = await World.open({ settings: { oauth: OAUTH } });
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
        ['expires_in as text', { set: { expires_in: '3600' } }, 'source_error'],
        ['expires_in absurd', { set: { expires_in: 1e99 } }, 'source_error'],
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
    assert.ok(['no_calendar', 'source_error'].includes(await world.outcome('MSFT')));
});
