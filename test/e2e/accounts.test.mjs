// SPDX-License-Identifier: Apache-2.0
// docs/api.md §7 and §9 "Revocation": lists and their pages, one account, disconnecting, and
// taking grants back at the source.
import assert from 'node:assert/strict';
import test from 'node:test';

import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const PEOPLE = 5; // of this suite, beside those that the stand-in has

// People with the same first name at both sources, enough for several pages.
const { people } = world.standins.google.source;
for (let i = 1; i <= PEOPLE; i++) {
    people.push({ sub: `2000${i}`, email: `person${i}@example.com`, name: `Person ${i}` });
}

const remove = (id, options) => world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE', ...options });
const page = (query, options) => world.ask(ACCOUNTS, { query, ...options });

async function connectPeople(options) {
    const ids = [];
    for (let i = 1; i <= PEOPLE; i++) {
        ids.push(await world.connected('GOOG', { account: `person${i}@example.com`, ...options }));
    }
    return ids;
}

test('filters: by source, by status, by username, and in the links of pages', async () => {
    const ids = await connectPeople();
    const microsoft = await world.connected('MSFT');
    const [google] = ids;
    await world.alterStore(`update accounts set status = 2 where id = ${google}`);
    const found = async (query) => (await page(query)).body.results.map(({ id }) => id);
    assert.deepEqual(await found({ calendar_source: 'MSFT' }), [microsoft]);
    assert.deepEqual(await found({ calendar_source: 'GOOG' }), ids);
    assert.deepEqual(await found({ status: 'needs_reconnect' }), [google]);
    assert.deepEqual(await found({ status: 'connected', calendar_source: 'GOOG' }), ids.slice(1));
    assert.deepEqual(await found({ username: 'person2@example.com' }), [ids[1]]);
    assert.deepEqual(await found({ username: 'Person2@example.com' }), []);
    const { next, count } = (await page({ calendar_source: 'GOOG', page_size: 2 })).body;
    assert.equal(count, PEOPLE);
    assert.equal(new URL(next).searchParams.get('calendar_source'), 'GOOG');
    const { body } = await page({ calendar_source: 'goog', status: 'dead' });
    assert.deepEqual(body.field_errors, {
        calendar_source: ['"goog" is not a valid choice.'],
        status: ['"dead" is not a valid choice.'],
    });
});

test('an empty list has one page', async () => {
    assert.deepEqual((await page()).body, { count: 0, next: null, previous: null, results: [] });
    assert.equal((await page({ page: 2 })).status, 404);
});

test('pages: in order, with absolute links from the public URL, whatever the Host', async () => {
    const ids = await connectPeople();
    const link = (number, size) =>
        `${world.caldock.url}${ACCOUNTS}?page=${number}&page_size=${size}`;
    const seen = [];
    let target = `${ACCOUNTS}?page_size=2`;
    for (let number = 1; number <= 3; number++) {
        const { body } = await world.ask(target, { headers: { host: 'evil.example' } });
        assert.equal(body.count, PEOPLE);
        assert.equal(body.next, number < 3 ? link(number + 1, 2) : null);
        assert.equal(body.previous, number > 1 ? link(number - 1, 2) : null);
        seen.push(...body.results.map(({ id }) => id));
        if (body.next) target = body.next.slice(world.caldock.url.length);
    }
    assert.deepEqual(seen, ids);
    assert.deepEqual(
        ids,
        [...ids].sort((a, b) => a - b),
    );
    const past = await page({ page: 4, page_size: 2 });
    assert.equal(past.status, 404);
    assert.match(past.body.message, / The last page is 3\.$/);
    assert.equal((await page({ page_size: 100 })).body.results.length, PEOPLE);
    assert.equal((await page({ page: 1, page_size: PEOPLE })).body.next, null);
});

test('a link keeps the format that was asked for', async () => {
    await connectPeople();
    const { body } = await page({ format: 'json', page_size: 2 });
    assert.equal(new URL(body.next).searchParams.get('format'), 'json');
});

for (const [name, values] of Object.entries({
    page: ['0', '-1', 'x', '', '1.5', '99999999999999999999'],
    page_size: ['0', '-1', '101', 'x', '', '1e2', '01', `${'0'.repeat(972)}1`],
})) {
    for (const value of values) {
        test(`${name}=${value.slice(0, 20)} is a field error`, async () => {
            const { status, body } = await page({ [name]: value });
            assert.deepEqual([status, body.code], [400, 'parameter_invalid']);
            assert.deepEqual(Object.keys(body.field_errors), [name]);
        });
    }
}

test('both wrong: both named', async () => {
    const { body } = await page({ page: 'x', page_size: 'y' });
    assert.deepEqual(Object.keys(body.field_errors).sort(), ['page', 'page_size']);
});

test('disconnecting: 204, no body, and it is gone', async () => {
    for (const code of Object.keys(SOURCES)) {
        const id = await world.connected(code);
        const answer = await remove(id);
        assert.deepEqual([answer.status, answer.text], [204, '']);
        assert.equal((await world.ask(`${ACCOUNTS}/${id}`)).status, 404);
        assert.equal((await remove(id)).status, 404);
        assert.deepEqual(await world.accounts(), []);
    }
});

test('an id is never given twice', async () => {
    const first = await world.connected('GOOG');
    const revoked = world.control('GOOG').next('/revoke');
    await remove(first);
    await revoked; // it would end a grant of this person that came meanwhile
    assert.ok((await world.connected('GOOG')) > first);
});

test('disconnecting revokes at Google, with the refresh token, and Microsoft is not asked', async () => {
    const id = await world.connected('GOOG');
    const revoked = world.control('GOOG').next('/revoke');
    await remove(id);
    const { status, form, headers } = await revoked;
    assert.equal(status, 200);
    assert.match(form.token, /^1\/\/0g/);
    assert.equal(headers.authorization, undefined);
    const before = world.control('MSFT').log.length;
    const other = await world.connected('MSFT');
    const during = world.control('MSFT').log.length;
    await remove(other);
    assert.equal(world.control('MSFT').log.length, during);
    assert.ok(during > before);
});

test('no revocation while another account has the same Google sub, of any provider', async () => {
    await world.addProvider(2);
    const token = await world.addToken('--provider', '2');
    const here = await world.connected('GOOG');
    const there = await world.connected('GOOG', { token });
    await remove(here);
    const marker = await world.connected('GOOG', { account: SOURCES.GOOG.other });
    let revoked = world.control('GOOG').next('/revoke');
    await remove(marker);
    await revoked;
    assert.equal(world.control('GOOG').requests('/revoke').length, 1, 'only the marker’s');
    revoked = world.control('GOOG').next('/revoke');
    await remove(there, { token });
    assert.equal((await revoked).status, 200, 'the last one revokes');
});

test('a newer grant of the same person cancels the revocation', async () => {
    const id = await world.connected('GOOG');
    world.control('GOOG').fault({ path: '/revoke', status: 503, times: 1 });
    const failed = world.control('GOOG').next('/revoke');
    await remove(id);
    assert.equal((await failed).status, 503);
    await world.connected('GOOG');
    const marker = await world.connected('GOOG', { account: SOURCES.GOOG.other });
    world.control('GOOG').fault({ path: '/revoke', status: 503, times: 1 });
    await remove(marker);
    // The marker's second try comes 5 seconds after its first, and so would have the other's.
    const tries = () => world.control('GOOG').requests('/revoke');
    await until('one is revoked', () => tries().some(({ status }) => status === 200));
    assert.equal(tries().length, 3, 'one for the first, two for the marker');
    assert.deepEqual((await world.accounts()).length, 1);
});

test('a source that is away: gone for the caller all the same, and tried again', async () => {
    // Together, since a second try comes only seconds after the first.
    const faults = [{ reset: true }, { status: 500 }, { status: 429 }];
    const ids = [];
    for (const fault of faults) {
        ids.push(await world.connected('GOOG', { account: world.newPerson('GOOG') }));
        world.control('GOOG').fault({ path: '/revoke', ...fault });
    }
    const tries = () => world.control('GOOG').requests('/revoke');
    for (const id of ids) {
        assert.equal((await remove(id)).status, 204);
        assert.equal((await world.ask(`${ACCOUNTS}/${id}`)).status, 404);
    }
    await until('all are revoked', () => {
        const revoked = tries().filter(({ status }) => status === 200);
        return new Set(revoked.map(({ form }) => form.token)).size === ids.length;
    });
    assert.equal(tries().length, ids.length + faults.length);
});

test('a grant that is dead already counts as revoked', async () => {
    const id = await world.connected('GOOG');
    world.control('GOOG').withdraw({ account: SOURCES.GOOG.person });
    const tried = world.control('GOOG').next('/revoke');
    await remove(id);
    assert.equal((await tried).status, 400);
    const marker = await world.connected('GOOG', { account: SOURCES.GOOG.other });
    const next = world.control('GOOG').next('/revoke');
    await remove(marker);
    await next;
    assert.equal(world.control('GOOG').requests('/revoke').length, 2, 'not tried again');
});

test('a revocation survives a restart, also a kill', async () => {
    const own = await World.open();
    try {
        const id = await own.connected('GOOG');
        own.control('GOOG').fault({ path: '/revoke', status: 503 });
        const first = own.control('GOOG').next('/revoke');
        await own.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' });
        await first;
        await own.caldock.stop('SIGKILL');
        const second = own.control('GOOG').next('/revoke');
        await own.caldock.start();
        assert.equal((await second).status, 200);
    } finally {
        await own.close();
    }
});

test('revoke = off: nothing is revoked', async () => {
    const own = await World.open({ settings: { google: { revoke: 'off' } } });
    try {
        const id = await own.connected('GOOG');
        await own.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' });
        await own.connected('GOOG');
        await own.caldock.stop();
        assert.equal(own.control('GOOG').requests('/revoke').length, 0);
    } finally {
        await own.close();
    }
});

test('account remove and provider remove disconnect as the API does', async () => {
    await world.addProvider(3);
    const token = await world.addToken('--provider', '3');
    const one = await world.connected('GOOG', { token });
    let revoked = world.control('GOOG').next('/revoke');
    await world.caldock.run('account', 'remove', String(one));
    assert.equal((await world.ask(`${ACCOUNTS}/${one}`, { token })).status, 404);
    assert.equal((await revoked).status, 200);
    await world.connected('GOOG', { token });
    const { code, stderr } = await world.caldock.command('provider', 'remove', '3');
    assert.equal(code, 1);
    assert.match(stderr, /--yes/);
    revoked = world.control('GOOG').next('/revoke');
    await world.caldock.run('provider', 'remove', '3', '--yes');
    assert.equal((await revoked).status, 200);
    assert.deepEqual(JSON.parse(await world.caldock.run('account', 'list', '--json')), []);
});
