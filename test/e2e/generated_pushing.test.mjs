// SPDX-License-Identifier: Apache-2.0
// Whatever an application, people and sources do, in whichever order: in the end each calendar holds
// what was wanted last, once, but for what the person has deleted; and nothing of it is ever busy.
//
// A life is a user with one to three calendars (lib/pushed_life.mjs), to which something happens by
// chance, round after round, while the service works. At the end of a round all faults are over, all
// that waits is due, and lib/wanted.mjs says what has to be there. $CALDOCK_GENERATED says how many
// such sequences there are in all. A failure names its life: with $CALDOCK_GENERATED_SEED=GOOG-123
// it is lived alone.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import test from 'node:test';

import { midnight } from './lib/life.mjs';
import { PushedLife } from './lib/pushed_life.mjs';
import { hurry, kindOf, onceAtATime, quiet, readAll } from './lib/pushing.mjs';
import { SOURCES, World } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const SEQUENCES = Number(process.env.CALDOCK_GENERATED ?? 1000);
const ALONE = process.env.CALDOCK_GENERATED_SEED;
const ROUNDS = 20;
const STEPS = 3; // of a round: time passes after each
const AT_ONCE = 16; // requests
const TOLD = 3; // failures
const LIMIT = 1000000; // of seeds

const world = await World.open({
    settings: { sync: { workers: 8, push_workers: 8 }, oauth: { timeout: '5s' } },
});
test.after(() => world.close());
const today = midnight();

const failures = [];

async function all(list, work) {
    const left = [...list];
    const worker = async () => {
        while (left.length > 0) await work(left.shift());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

// Does something with each of these lives, and ends those where it fails.
const each = (lives, work) =>
    all(lives, async (life) => {
        try {
            await work(life);
        } catch (error) {
            life.isOver = true;
            failures.push(`${life.seed}: ${life.log.join('\n')}\n${error.message}`);
        }
    });

const count = Math.ceil(SEQUENCES / ROUNDS / CODES.length);
const base = randomInt(LIMIT);
const seeds = ALONE
    ? [ALONE]
    : Array.from({ length: count }, (_, i) => CODES.map((code) => `${code}-${base + i}`)).flat();

// Whole sources behave so in some of the rounds.
function behave(round) {
    for (const code of CODES) {
        const control = world.control(code);
        control.patchDead([200, 404, 410][round % 3]);
        control.repeatTransaction(round % 4 === 3 ? 'existing' : 'conflict');
        control.gzip(round % 5 === 4 ? 'never' : 'asked');
        if (round % 6 === 5) control.expire();
    }
}

// What was refused is wanted again, until nothing is.
async function settle(lives) {
    await quiet(world, { hurries: true });
    const refused = [];
    await each(lives, async (life) => (await life.retry()) && refused.push(life));
    if (refused.length > 0) await settle(lives);
}

async function rest(lives) {
    for (const code of CODES) world.control(code).calm();
    await each(lives, (life) => life.repair());
    await settle(lives);
    await readAll(world);
}

const asked = { create: 0, update: 0, remove: 0, look: 0, find: 0 };

// The stand-ins' logs are finite, so they are looked at after each round.
function countWrites() {
    for (const code of CODES) {
        const control = world.control(code);
        onceAtATime(control);
        for (const kind of control.requests().map(kindOf)) if (kind) asked[kind]++;
        control.log.length = 0;
    }
}

test(`calendars hold what was wanted last: ${seeds[0]} to ${seeds.at(-1)}`, async (t) => {
    const lives = [];
    await all(seeds, async (seed) => lives.push(await PushedLife.begin(seed, { world, today })));
    const alive = () => lives.filter(({ isOver }) => !isOver);
    for (let round = 0; round < ROUNDS; round++) {
        behave(round);
        for (let step = 0; step < STEPS; step++) {
            await each(alive(), (life) => {
                life.say(`--- round ${round}.${step}`);
                return life.act(4);
            });
            await hurry(world);
        }
        await rest(alive());
        await each(alive(), (life) => life.judge());
        countWrites();
        if (failures.length > 0) break;
    }
    const told = failures.slice(0, TOLD).join('\n\n');
    assert.equal(failures.length, 0, `${failures.length} failures, such as\n${told}`);
    t.diagnostic(`${lives.length * ROUNDS} sequences, ${JSON.stringify(asked)}`);
    const least = ALONE ? 0 : lives.length * ROUNDS * 0.2;
    for (const kind of ['create', 'update', 'remove']) assert.ok(asked[kind] > least, kind);
});

test('no title, place or description is in the store or in the log', async () => {
    const texts = CODES.flatMap((code) => world.control(code).texts);
    assert.ok(texts.some((text) => text.includes('voucher')));
    const bytes = await world.storeBytes();
    const { log } = world.caldock;
    for (const text of texts.filter((text) => text.length > 5)) {
        assert.ok(!bytes.includes(text) && !log.includes(text), text);
    }
});
