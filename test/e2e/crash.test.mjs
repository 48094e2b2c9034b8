// SPDX-License-Identifier: Apache-2.0
// kill -9 in the middle of a callback, at each named place and at random moments. Afterwards
// either the account is there with a grant that opens, or the flow can be started again.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true; CALDOCK_CRASHES: how many random ones.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ACCOUNTS, SOURCES, World } from './lib/world.mjs';

const BINARY = process.env.CALDOCK_CRASH_BIN;
const CRASHES = Number(process.env.CALDOCK_CRASHES ?? 100);
const CALLBACK_MS = 120; // with the stand-in's delay, about as long as a callback takes
const root = fileURLToPath(new URL('../..', import.meta.url));

// The places, from the code itself, so that none is forgotten.
const found = execFileSync('grep', [
    '-rhoE',
    'crash_point\\("[a-z_.]+"\\)',
    `${root}/src`,
    '--include=*.c',
]);
const POINTS = [...new Set(String(found).match(/[a-z_]+\.[a-z_]+/g))];

let world;
test.before(async () => {
    const settings = { oauth: { timeout: '2s', total_timeout: '2s' } };
    world = await World.open({ binary: BINARY, settings });
});
test.after(() => world.close());

// Every account that is there has a grant that opens: its refresh token is what Google is
// shown when the account is disconnected, and Google still knows it.
async function disconnectAll() {
    const accounts = await world.accounts();
    for (const { id, calendar_source: code } of accounts) {
        const revoked = code === 'GOOG' ? world.control(code).next('/revoke') : { status: 200 };
        assert.equal((await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' })).status, 204);
        const entry = await Promise.race([
            revoked,
            sleep(5000, { status: 'no revocation' }, { ref: false }),
        ]);
        assert.equal(entry.status, 200, 'the grant opens');
    }
    return accounts;
}

// After the crash: at most one account, whole; and a new flow succeeds with exactly one.
async function assertWhole(code) {
    const before = await world.accounts();
    assert.ok(before.length <= 1);
    assert.ok(before.every(({ status }) => status === 'connected'));
    await disconnectAll();
    const id = await world.connected(code);
    assert.deepEqual(
        (await disconnectAll()).map((account) => account.id),
        [id],
    );
}

test('the callback has places to crash at', () => {
    const wanted = ['claim', 'exchange', 'verif', 'write', 'answer'];
    for (const what of wanted)
        assert.ok(
            POINTS.some((point) => point.includes(what)),
            what,
        );
});

for (const point of POINTS) {
    for (const code of Object.keys(SOURCES)) {
        test(`${code}: dies at ${point}`, async () => {
            await world.caldock.stop();
            await world.caldock.start({ CALDOCK_CRASH_AT: point });
            const url = await world.consent(code, await world.initiate(code));
            const exchangesBefore = world.exchanges(code);
            await assert.rejects(world.callback(url));
            assert.equal((await world.caldock.ended).signal, 'SIGKILL');
            await world.caldock.start();
            const again = await world.callback(url);
            assert.ok([303, 503].includes(again.status), `status ${again.status}`);
            assert.ok(world.exchanges(code) - exchangesBefore <= 1, 'the code is sent once');
            const accounts = await world.accounts();
            assert.equal(
                accounts.length === 1,
                again.result?.success === '1',
                'the redirect tells the truth',
            );
            await assertWhole(code);
        });
    }
}

test('a flow whose node died ends as server_error, and its code is not sent again', async () => {
    await world.caldock.stop();
    await world.caldock.start({ CALDOCK_CRASH_AT: 'callback.after_claim' });
    const url = await world.consent('MSFT', await world.initiate('MSFT'));
    await assert.rejects(world.callback(url));
    await world.caldock.start();
    let answer;
    do {
        answer = await world.callback(url);
    } while (answer.status === 503);
    assert.equal(answer.result.error, 'server_error');
    assert.equal(world.exchanges('MSFT'), 0);
});

test(`kill -9 at ${CRASHES} random moments`, async () => {
    await world.caldock.stop();
    await world.caldock.start();
    const seen = { written: 0, open: 0 };
    for (let i = 0; i < CRASHES; i++) {
        const code = i % 2 ? 'GOOG' : 'MSFT';
        world.control(code).reset();
        const url = await world.consent(code, await world.initiate(code));
        for (const endpoint of ['token', 'calendars']) {
            world.control(code).fault({ path: SOURCES[code][endpoint], delay: 25 });
        }
        const ending = world.callback(url).catch(() => undefined);
        await sleep(Math.random() * CALLBACK_MS);
        await world.caldock.stop('SIGKILL');
        await ending;
        world.control(code).faults.clear();
        await world.caldock.start();
        seen[(await world.accounts()).length === 1 ? 'written' : 'open']++;
        await assertWhole(code);
    }
    assert.equal(seen.written + seen.open, CRASHES);
    if (CRASHES >= 50) assert.ok(seen.written > 0 && seen.open > 0, JSON.stringify(seen));
});
