// SPDX-License-Identifier: Apache-2.0
// kill -9 in the middle of a callback, at each named place and at random moments. Afterwards either
// the account is there, with a grant that opens, or the flow can be started again. The places of a
// refresh are in refresh.test.mjs.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true; CALDOCK_CRASHES: how many random ones.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World } from './lib/world.mjs';

const BINARY = process.env.CALDOCK_CRASH_BIN;
const CRASHES = Number(process.env.CALDOCK_CRASHES ?? 100);
const CODES = Object.keys(SOURCES);
const root = fileURLToPath(new URL('../..', import.meta.url));

// The places, from the code itself, so that none is forgotten.
const grep = ['-rhoE', 'crash_point\\("callback\\.[a-z_]+"\\)', `${root}/src`, '--include=*.c'];
const POINTS = [...new Set(String(execFileSync('grep', grep)).match(/[a-z_]+\.[a-z_]+/g))].sort();

// With the time that a slow machine takes: what a dead process held is free at the next start.
const world = await World.open({ binary: BINARY });
test.after(() => world.close());

// Everyone whose flow was cut off, by source: nobody twice, since a dead process holds on to
// a person's grant for a while.
const victims = { GOOG: [], MSFT: [] };

function newVictim(code) {
    const { people } = world.standin(code).source;
    const number = victims[code].length + 1;
    const hex = String(number).padStart(12, '0');
    const email = `victim${number}@example.com`;
    const oid = `00000000-0000-4000-9000-${hex}`;
    people.push({ sub: `9000${hex}`, oid, tid: people[0].tid, email, name: `Victim ${number}` });
    victims[code].push(email);
    return email;
}

// Starts it again, when the dead node counts as dead: on PostgreSQL that takes a while, which is
// moved here; on SQLite the start itself knows it.
async function restart() {
    if (world.schema) await world.alterStore('update nodes set seen_at = 1');
    await world.caldock.start();
}

// The callback again, until nobody else holds the flow.
function callbackAgain(url) {
    return until('the flow is free', async () => {
        const answer = await world.callback(url);
        return answer.status !== 503 && answer;
    });
}

// A flow of someone whose grant a dead process may hold a little longer.
function outcomeAgain(code, account) {
    return until('the grant is free', async () => {
        const outcome = await world.outcome(code, { account });
        return outcome !== 'server_error' && outcome;
    });
}

async function startFlow(code) {
    return world.consent(code, await world.initiate(code), { account: newVictim(code) });
}

// The source takes its time, so that there is something to cut.
function slowDown(code) {
    for (const endpoint of ['token', 'calendars']) {
        world.control(code).fault({ path: SOURCES[code][endpoint], delay: 25, perhaps: true });
    }
}

// How long a callback takes here, when nothing cuts it.
async function callbackTakes(code) {
    const url = await startFlow(code);
    slowDown(code);
    const began = performance.now();
    assert.equal((await world.callback(url)).result.success, '1');
    return performance.now() - began;
}

async function allAccounts() {
    const accounts = [];
    let target = ACCOUNTS;
    while (target) {
        const { body } = await world.ask(target);
        accounts.push(...body.results);
        target = body.next?.slice(world.caldock.url.length);
    }
    return accounts;
}

// Disconnecting shows Google each refresh token: 200 says that the grant opened, and that the
// token in it is the one that Google knows.
async function disconnectAll(accounts) {
    const google = accounts.filter(({ calendar_source: code }) => code === 'GOOG');
    const revocations = () => world.control('GOOG').requests('/revoke');
    const before = revocations().length;
    const opened = () => revocations().slice(before).filter(({ status }) => status === 200);
    for (const { id } of accounts) {
        assert.equal((await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' })).status, 204);
    }
    await until('all are revoked', () => opened().length >= google.length);
}

test('the callback has places to crash at', () => {
    for (const what of ['claim', 'exchange', 'verif', 'write', 'answer']) {
        assert.ok(
            POINTS.some((point) => point.includes(what)),
            what,
        );
    }
});

for (const point of POINTS) {
    for (const code of CODES) {
        test(`${code}: dies at ${point}`, async () => {
            await world.caldock.stop();
            await world.caldock.start({ CALDOCK_CRASH_AT: point }, { ends: { signal: 'SIGKILL' } });
            const url = await startFlow(code);
            const before = {
                exchanges: world.exchanges(code),
                accounts: (await allAccounts()).length,
            };
            await assert.rejects(world.callback(url));
            assert.equal((await world.caldock.ended).signal, 'SIGKILL');
            await restart();
            const again = await callbackAgain(url);
            assert.equal(again.status, 303);
            assert.ok(world.exchanges(code) - before.exchanges <= 1, 'the code is sent once');
            const written = (await allAccounts()).length - before.accounts;
            assert.equal(written, again.result?.success === '1' ? 1 : 0, 'the redirect is true');
        });
    }
}

// From the stored tokens on, nothing is lost: a reload ends the flow as it would have ended, and
// where nobody reloads, the service does.
for (const code of CODES) {
    for (const point of ['after_keep', 'after_verify', 'before_write']) {
        test(`${code}: a node that dies at ${point} loses nothing`, async () => {
            await world.caldock.stop();
            const crash = { CALDOCK_CRASH_AT: `callback.${point}` };
            await world.caldock.start(crash, { ends: { signal: 'SIGKILL' } });
            const url = await startFlow(code);
            const before = world.exchanges(code);
            await assert.rejects(world.callback(url));
            await world.caldock.ended;
            await restart();
            assert.equal((await callbackAgain(url)).result.success, '1');
            assert.equal(world.exchanges(code) - before, 1);
        });
    }

    test(`${code}: what a dead node left is finished without a browser`, async () => {
        await world.caldock.stop();
        const crash = { CALDOCK_CRASH_AT: 'callback.after_keep' };
        await world.caldock.start(crash, { ends: { signal: 'SIGKILL' } });
        const known = (await allAccounts()).length;
        await assert.rejects(world.callback(await startFlow(code)));
        await world.caldock.ended;
        await restart();
        await until('it is finished', async () => (await allAccounts()).length > known);
    });
}

test('nobody waits long for a dead node that works on the same person', async () => {
    await world.caldock.stop();
    const crash = { CALDOCK_CRASH_AT: 'callback.before_write' };
    await world.caldock.start(crash, { ends: { signal: 'SIGKILL' } });
    const url = await startFlow('GOOG');
    const [account] = victims.GOOG.slice(-1);
    await assert.rejects(world.callback(url));
    await world.caldock.ended;
    await restart();
    assert.equal(await outcomeAgain('GOOG', account), 'success');
});

test('a flow whose node died ends as server_error, and its code is not sent again', async () => {
    await world.caldock.stop();
    const crash = { CALDOCK_CRASH_AT: 'callback.after_claim' };
    await world.caldock.start(crash, { ends: { signal: 'SIGKILL' } });
    const url = await startFlow('MSFT');
    const before = world.exchanges('MSFT');
    await assert.rejects(world.callback(url));
    await world.caldock.ended;
    const from = world.caldock.log.length;
    await restart();
    assert.equal((await callbackAgain(url)).result.error, 'server_error');
    assert.equal((await world.callback(url)).result.error, 'server_error');
    assert.equal(world.exchanges('MSFT'), before);
    const log = world.caldock.log.slice(from);
    const [, flow] = /event="flow.ended" (flow="\w+").*reason="who worked on it/.exec(log);
    const own = log.split('\n').filter((line) => line.includes(flow)); // others may end, too
    const ends = own.filter((line) => line.includes('event="flow.ended"'));
    assert.equal(ends.length, 1, 'it has ended once');
    assert.match(ends[0], /level="error"/);
    assert.ok(!own.some((line) => line.includes('account.connected')), log);
});

test(`kill -9 at ${CRASHES} random moments`, async () => {
    await world.caldock.stop();
    await world.caldock.start();
    const seen = { written: 0, open: 0 };
    let takes = 0;
    let known = (await allAccounts()).length;
    let most = known; // one for each flow: what a kill leaves may be finished rounds later
    for (let i = 0; i < CRASHES; i++) {
        const code = CODES[i % CODES.length];
        if (i % 10 === 0) {
            takes = await callbackTakes(code);
            most++;
            known = (await allAccounts()).length;
        }
        const url = await startFlow(code);
        most++;
        slowDown(code);
        const ending = world.callback(url).catch(() => undefined);
        await sleep(Math.random() * 1.5 * takes);
        await world.caldock.stop('SIGKILL');
        await ending;
        world.control(code).faults.clear();
        await restart();
        const accounts = await allAccounts();
        assert.ok(accounts.every(({ status }) => status === 'connected'));
        assert.ok(accounts.length <= most, `${accounts.length} accounts of ${most} flows`);
        seen[accounts.length > known ? 'written' : 'open']++;
        known = accounts.length;
    }
    if (CRASHES >= 50) assert.ok(seen.written > 0 && seen.open > 0, JSON.stringify(seen));
});

test('every account that survived has a grant that opens', async () => {
    const accounts = await allAccounts();
    assert.ok(accounts.length > 0);
    await disconnectAll(accounts);
});

test('every flow that was cut off can simply be started again', async () => {
    for (const code of CODES) {
        for (const account of victims[code]) {
            assert.equal(await outcomeAgain(code, account), 'success', account);
        }
    }
    const accounts = await allAccounts();
    assert.equal(accounts.length, victims.GOOG.length + victims.MSFT.length);
    await disconnectAll(accounts);
});
