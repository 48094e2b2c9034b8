// SPDX-License-Identifier: Apache-2.0
// Two nodes on one PostgreSQL ($CALDOCK_TEST_POSTGRES) that write into the same calendars: one write
// at a time for each account, whoever dies, stands still or stops; and each event is there once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { at as timeOf, SETTINGS } from './lib/blocking.mjs';
import {
    anOwner,
    hurry,
    iso,
    kindOf,
    onceAtATime,
    plain,
    PUSHED,
    quiet,
    Receiving,
} from './lib/pushing.mjs';
import { nodeId, Storm, writesOf } from './lib/storm.mjs';
import { gate, until } from './lib/until.mjs';
import { lookOf, seenOf } from './lib/wanted.mjs';
import { openWorld, SOURCES } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const KILLS = Number(process.env.CALDOCK_CRASHES ?? 100);
const LOOK_MS = 1500; // long enough for what shall not happen

const world = await openWorld(test, { nodes: 2 });
const hasEnded = ({ process: { exitCode, signalCode } }) =>
    exitCode !== null || signalCode !== null;

// What a test stopped or killed runs again.
test.afterEach(() => Promise.all(world.nodes.filter(hasEnded).map((node) => node.start())));

const both = (name, body) => {
    for (const code of CODES) test(`${code}: ${name}`, () => body(code));
};

const nodeOf = (id) => world.nodes.find((node) => node.log.includes(`node="${id}"`));
const other = (node) => world.nodes.find((one) => one !== node);

// As if the node had not reported for a while.
const isDead = (id) => world.alterStore(`update nodes set seen_at = 1 where id = '${id}'`);

// Until then nobody respects its leases, which it takes nevertheless: it doesn't know.
const reportsAgain = (id) =>
    until('it reports again', async () => {
        const sql = `select count(*) from nodes where id = '${id}' and seen_at > 1`;
        return (await world.queryStore(sql)) === '1';
    });

const writerOf = async ({ account }) => {
    const sql = `select substr(write_owner, 1, 12) from account_work where account = ${account}`;
    return world.queryStore(sql);
};

test(`${KILLS} kills, of one node or the other, in a storm: each event is there once`, async (t) => {
    const people = await Promise.all(
        CODES.flatMap((code) => [1, 2].map(() => Receiving.create(world, code, { as: anOwner() }))),
    );
    const all = [...people];
    for (const one of people.slice(0, 2)) all.push(await one.another());
    const storm = new Storm(all);
    let cut = 0;
    for (let i = 0; i < KILLS; i++) {
        storm.slowDown(25 * Math.random());
        const blowing = storm.blow();
        await sleep(600 * Math.random());
        const victim = world.nodes[i % 2];
        const id = nodeId(victim);
        await victim.stop('SIGKILL');
        await blowing;
        if ((await writesOf(world, id)) > 0) cut++;
        await isDead(id);
        storm.calm();
        await victim.start();
        await storm.learn({ at: other(victim) });
        if (i % 10 === 9) await storm.judge();
    }
    await storm.judge();
    t.diagnostic(`${cut} of ${KILLS} in the middle of a write; ${storm.writes} writes`);
    if (KILLS >= 50) assert.ok(cut > KILLS / 10 && storm.writes > KILLS, `${cut}`);
});

both(
    'a node killed in the middle of a write: another goes on, and nothing is doubled',
    async (code) => {
        const one = await Receiving.create(world, code);
        const held = gate();
        one.fault('create', { delay: held.opens });
        await one.put('e1');
        await until('it is asked', () => one.writes.length === 1);
        const id = await writerOf(one);
        const victim = nodeOf(id);
        await victim.stop('SIGKILL');
        held.open();
        await hurry(world);
        await sleep(LOOK_MS);
        assert.equal(one.writes.length, 1, 'nobody writes under a lease');
        await isDead(id);
        await hurry(world);
        const at = other(victim);
        await until('another goes on', async () => {
            const { body } = await world.ask(`${PUSHED}/e1`, { at, ...one.as });
            return body.copies[0].status === 'written';
        });
        assert.deepEqual(one.inside.map(seenOf), [lookOf(plain())]);
        onceAtATime(one.control);
    },
);

// Its last words were that the copy is to be later; what it heard of that, nobody knows.
both('a node killed in the middle of a move: switched off, the copy goes', async (code) => {
    const one = await Receiving.create(world, code);
    await one.written('e1');
    const held = gate();
    one.fault('update', { delay: held.opens });
    await one.put('e1', { ...plain(), start: iso(timeOf(20)), end: iso(timeOf(20, 1)) });
    await until('it is moved', () => one.writes.at(-1).isHeld);
    const id = await writerOf(one);
    const victim = nodeOf(id);
    await victim.stop('SIGKILL');
    held.open();
    await one.ages('e1', 10);
    const answer = await world.ask(`${SETTINGS}/${one.setting}`, {
        method: 'PATCH',
        json: { is_destination_for_teamup_events: false },
        at: other(victim),
        ...one.as,
    });
    assert.equal(answer.status, 200, answer.text);
    await isDead(id);
    await quiet(world, { hurries: true });
    assert.deepEqual(one.inside, []);
});

both('a node that stands still: another has written, and it changes nothing', async (code) => {
    const one = await Receiving.create(world, code);
    const held = gate();
    one.fault('create', { delay: held.opens });
    await one.put('e1');
    await until('it is asked', () => one.writes.length === 1);
    const id = await writerOf(one);
    const victim = nodeOf(id);
    const at = other(victim);
    victim.process.kill('SIGSTOP');
    try {
        held.open(); // its answer waits for it
        await until('it is answered', () => one.writes[0].endedAt);
        await isDead(id);
        const json = plain(12);
        const answer = await world.ask(`${PUSHED}/e1`, {
            method: 'PUT',
            json,
            at,
            ...one.as,
        });
        assert.equal(answer.status, 200, answer.text);
        await until('another writes', async () => {
            await hurry(world);
            return one.writes.some((entry) => kindOf(entry) === 'update');
        });
    } finally {
        victim.process.kill('SIGCONT');
        await reportsAgain(id);
    }
    await quiet(world, { hurries: true });
    await one.stands('e1', { status: 'written' });
    assert.deepEqual(one.inside.map(seenOf), [lookOf(plain(12))]);
});

both('a node that stops gives what it had to another', async (code) => {
    const one = await Receiving.create(world, code);
    one.control.fault({ path: '/events', method: 'POST', delay: 100, times: 1000, perhaps: true });
    const hours = Array.from({ length: 10 }, (_, hour) => hour);
    for (const hour of hours) await one.put(`e${hour}`, plain(hour));
    await until('somebody writes', () => one.writes.length > 1);
    const victim = nodeOf(await writerOf(one)) ?? world.nodes[0];
    await victim.stop();
    one.control.calm();
    await until('all are there', async () => {
        await hurry(world);
        return one.inside.length === hours.length;
    });
    await quiet(world, { hurries: true });
    const starts = one.inside.map(({ start }) => iso(start)).sort();
    assert.deepEqual(starts, hours.map((hour) => plain(hour).start).sort());
    onceAtATime(one.control, one.email);
});

both('told to one node, written by any: the last wish wins', async (code) => {
    const one = await Receiving.create(world, code);
    for (let hour = 0; hour < 20; hour++) {
        const at = world.nodes[hour % 2];
        const answer = await world.ask(`${PUSHED}/e1`, {
            method: 'PUT',
            json: plain(hour),
            at,
            ...one.as,
        });
        assert.ok([200, 201].includes(answer.status), answer.text);
    }
    await quiet(world);
    assert.deepEqual(one.inside.map(seenOf), [lookOf(plain(19))]);
    onceAtATime(one.control, one.email);
});
