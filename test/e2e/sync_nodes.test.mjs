// SPDX-License-Identifier: Apache-2.0
// Calendars read by several nodes on one PostgreSQL ($CALDOCK_TEST_POSTGRES): one read at a time for
// each account, whoever dies, stands still or stops; and nothing is lost or stuck.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { Blocking, at } from './lib/blocking.mjs';
import { gate, until } from './lib/until.mjs';
import { SOURCES, openWorld } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const PEOPLE = 3; // at each source, with two calendars each
const ROUNDS = Number(process.env.CALDOCK_KILLS ?? 6);
const DEAD_MS = 15000; // a node that doesn't report for so long is dead
const LEASE_MS = 120000;
const LOOK_MS = 1500; // long enough for what shall not happen
const NEVER = '9223372036854775807';

const world = await openWorld(test, { nodes: 3 });
const hasEnded = ({ process: { exitCode, signalCode } }) => exitCode !== null || signalCode !== null;

// What a test stopped or killed runs again.
test.afterEach(() => Promise.all(world.nodes.filter(hasEnded).map((node) => node.start())));

const both = (name, body) => {
    for (const code of CODES) test(`${code}: ${name}`, () => body(code));
};

const idOf = (node) => [...node.log.matchAll(/event="service.started".* node="([\w-]+)"/g)].at(-1)[1];
const nodeOf = (id) => world.nodes.find((node) => node.log.includes(`node="${id}"`));
const pick = (list) => list[Math.floor(Math.random() * list.length)];

// As if the node had not reported for a while.
const isDead = (id) => world.alterStore(`update nodes set seen_at = 1 where id = '${id}'`);
// As if the time had come to which a dead node had put off what it was reading.
const claimsEnd = () =>
    world.alterStore(`update calendar_sync set due_at = 1 where due_at < ${NEVER}`);

const live = (...but) => world.nodes.find((node) => !but.includes(node));

const ownerOf = async ({ account }) => {
    const owner = await world.queryStore(
        `select read_owner from account_work where account = ${account}`,
    );
    return owner.slice(0, 12);
};

// No two requests for events of one person at the same time.
function oneAtATime(code) {
    const entries = world
        .control(code)
        .requests()
        .filter(({ person, page }) => person && page >= 1)
        .sort((a, b) => a.beganAt - b.beganAt);
    const last = new Map();
    for (const entry of entries) {
        const before = last.get(entry.person);
        const what = ({ calendar, page, beganAt, endedAt }) =>
            `${calendar} ${page} ${beganAt} to ${endedAt}`;
        if (before && !(before.endedAt <= entry.beganAt)) {
            assert.fail(`${entry.person} at the same time: ${what(before)}, ${what(entry)}`);
        }
        last.set(entry.person, entry);
    }
    return entries.length;
}

async function crowd() {
    const all = [];
    for (const code of CODES) {
        for (let i = 0; i < PEOPLE; i++) {
            const first = await Blocking.create(world, code);
            all.push(first, await Blocking.create(world, code, { email: first.email, key: 'team' }));
        }
    }
    for (const one of all) {
        await one.isFresh();
        one.expected = [];
    }
    return all;
}

const change = (one) => {
    const n = one.expected.length;
    const [day, hour] = [n % 7, 2 * Math.floor(n / 7)]; // apart, in the week that is asked about
    one.add(day, hour);
    one.expected = [...one.expected, at(day, hour)].sort((a, b) => a - b);
};

// Waits until each says what is in it.
async function allAreTrue(all) {
    for (const one of all) {
        await until(`setting ${one.setting} has ${one.expected.length} events`, async () => {
            const { busy_periods: periods } = await one.busy();
            const starts = periods.map(({ start }) => Date.parse(start));
            return isDeepStrictEqual(starts, one.expected);
        });
    }
}

// The nodes that read now, one for each account that is read.
const owners = async () => {
    const text = await world.queryStore(
        "select substr(read_owner, 1, 12) from account_work where read_owner <> '' order by read_until desc",
    );
    return text ? text.split('\n') : [];
};

const slowDown = (delay) => {
    for (const code of CODES) {
        const path = SOURCES[code].calendars;
        world.control(code).fault({ path, delay, times: 100000, perhaps: true });
    }
};

for (const count of [2, 3]) {
    test(`${count} nodes that are killed again and again: nothing is lost, nothing read twice at once`, async () => {
        const nodes = world.nodes.slice(0, count);
        const resting = world.nodes.slice(count);
        await Promise.all(resting.map((node) => node.stop()));
        const all = await crowd();
        for (const code of CODES) world.control(code).eventPages(2);
        let cut = 0; // accounts that were being read by who was killed
        for (let round = 0; round < ROUNDS; round++) {
            slowDown(50 + 50 * Math.random());
            all.forEach(change);
            const asked = all.map(({ pages }) => pages.length);
            await claimsEnd();
            await until('the source is asked', () =>
                all.some(({ pages }, i) => pages.length > asked[i]),
            );
            await sleep(100 * Math.random());
            const [owner] = await owners();
            const victim = nodeOf(owner) ?? pick(nodes);
            const id = idOf(victim);
            await victim.stop('SIGKILL');
            cut += (await owners()).filter((one) => one === id).length;
            await isDead(id);
            await claimsEnd();
            await victim.start();
            CODES.forEach((code) => world.control(code).calm());
            await allAreTrue(all);
        }
        assert.ok(ROUNDS < 6 || cut > 0);
        const least = 2 * PEOPLE * (ROUNDS + 1); // each calendar once at first and after each change
        for (const code of CODES) assert.ok(oneAtATime(code) >= least);
        await until('no lease is left', async () => {
            const sql = "select count(*) from account_work where read_owner <> ''";
            return (await world.queryStore(sql)) === '0';
        });
        for (const one of all) {
            const { failures, state, due_at: due } = await one.show();
            assert.deepEqual([failures, state], [0, 'live']);
            assert.ok(Date.parse(due) < Date.now() + 20 * 60000, due);
        }
    });
}

both('a node killed in the middle of a read: another reads, after a lease at most', async (code) => {
    const one = await Blocking.read(world, code);
    one.add(1);
    const held = gate();
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, page: 1, delay: held.opens });
    const reads = one.reads.length;
    await one.sync('now');
    await until('it is read', () => one.reads.length > reads);
    const id = await ownerOf(one);
    const [lease, due] = (
        await world.queryStore(
            `select read_until, due_at from account_work w join calendar_sync y on y.account = w.account where w.account = ${one.account}`,
        )
    ).split('|');
    for (const at of [lease, due]) assert.ok(at <= Date.now() + LEASE_MS, at);
    const victim = nodeOf(id);
    await victim.stop('SIGKILL');
    held.open();
    await sleep(LOOK_MS);
    assert.equal(one.reads.length, reads + 1, 'nobody reads under a lease');
    await isDead(id);
    await claimsEnd();
    const read = async () => (await one.days({ at: live(victim) })).length === 1;
    await until('another reads it', read);
    assert.notEqual(await ownerOf(one), id);
    oneAtATime(code);
});

both('a node that stands still, and goes on when another has read: writes nothing', async (code) => {
    const one = await Blocking.read(world, code);
    const held = gate();
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, page: 1, delay: held.opens });
    const reads = one.reads.length;
    await one.sync('now');
    await until('it is read', () => one.reads.length > reads);
    const victim = nodeOf(await ownerOf(one));
    victim.process.kill('SIGSTOP');
    try {
        held.open(); // its answer waits for it, and is from before
        await until('it is answered', () => one.reads.at(-1).endedAt);
        one.add(1);
        await sleep(DEAD_MS);
        await claimsEnd();
        const read = async () => (await one.days({ at: live(victim) })).length === 1;
        await until('another reads it', read);
    } finally {
        victim.process.kill('SIGCONT');
    }
    await sleep(LOOK_MS);
    assert.deepEqual(await one.days(), [1]);
    assert.equal((await one.show()).failures, 0);
    oneAtATime(code);
});

both('a node that stops in the middle of a read gives it to another', async (code) => {
    const one = await Blocking.read(world, code);
    one.control.eventPages(1);
    for (let day = 0; day < 5; day++) one.add(day);
    const path = SOURCES[code].calendars;
    one.control.fault({ path, account: one.email, delay: 500, times: 2 });
    const reads = one.reads.length;
    await one.sync('now');
    await until('it is read', () => one.reads.length > reads);
    const victim = nodeOf(await ownerOf(one));
    await victim.stop();
    await until('another reads it', async () => (await one.show()).events === 5);
    assert.equal((await one.show()).failures, 0);
    oneAtATime(code);
});

both('a held account is held on all nodes', async (code) => {
    const one = await Blocking.read(world, code);
    one.control.throttle({ account: one.email, status: 429, retryAfter: 60 });
    await one.sync('now');
    await until('it is held', async () => (await one.show()).held_until !== null);
    const asked = one.pages.length;
    await world.alterStore(
        `update calendar_sync set synced_at = synced_at - 10000, read_at = read_at - 10000 where settings = ${one.setting}`,
    );
    for (const node of world.nodes) await one.sync('now', { node });
    for (const at of world.nodes) {
        assert.equal((await one.busy({ refresh: 'true' }, { at })).is_fresh, false);
    }
    await sleep(LOOK_MS);
    assert.equal(one.pages.length, asked);
});

both('asked on all nodes at once for what is true now: read once, and all have it', async (code) => {
    const one = await Blocking.read(world, code);
    await sleep(5000); // a query is content with a younger read
    one.add(1);
    const reads = one.reads.length;
    const answers = await Promise.all(
        world.nodes.map((at) => one.busy({ refresh: 'true' }, { at })),
    );
    for (const { is_fresh: isFresh, busy_periods: periods } of answers) {
        assert.deepEqual([isFresh, periods.length], [true, 1]);
    }
    assert.equal(one.reads.length - reads, 1);
    oneAtATime(code);
});
