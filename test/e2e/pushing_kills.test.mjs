// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments while calendars are written into. Afterwards each calendar has each event
// once, as it was wanted last. CALDOCK_CRASHES: how many.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { anOwner, quiet, Receiving } from './lib/pushing.mjs';
import { nodeId, Storm, writesOf } from './lib/storm.mjs';
import { SOURCES, World } from './lib/world.mjs';

const CRASHES = Number(process.env.CALDOCK_CRASHES ?? 100);
const CODES = Object.keys(SOURCES);

const world = await World.open();
test.after(() => world.close());

// Starts it again, when the dead node counts as dead: on PostgreSQL that takes a while, which is
// moved here; on SQLite the start itself knows it.
async function restart() {
    if (world.schema) await world.alterStore('update nodes set seen_at = 1');
    await world.caldock.start();
}

test(`kill -9 at ${CRASHES} random moments of a storm: each event is there once`, async (t) => {
    const people = await Promise.all(
        CODES.flatMap((code) => [1, 2].map(() => Receiving.create(world, code, { as: anOwner() }))),
    );
    const all = [...people];
    for (const one of people.slice(0, 2)) all.push(await one.another());
    const storm = new Storm(all);
    let [cut, takes] = [0, 400];
    for (let i = 0; i < CRASHES; i++) {
        storm.slowDown(25 * Math.random());
        const began = performance.now();
        const blowing = storm.blow();
        if (i % 10 === 0) {
            await blowing;
            await quiet(world, { hurries: true });
            takes = performance.now() - began;
        }
        await sleep(Math.random() * 1.2 * takes);
        const id = nodeId(world.caldock);
        await world.caldock.stop('SIGKILL');
        await blowing;
        if ((await writesOf(world, id)) > 0) cut++;
        storm.calm();
        await restart();
        await storm.learn();
        if (i % 10 === 9) await storm.judge();
    }
    await storm.judge();
    t.diagnostic(`${cut} of ${CRASHES} in the middle of a write; ${storm.writes} writes`);
    if (CRASHES >= 50) assert.ok(cut > CRASHES / 10 && storm.writes > CRASHES, `${cut}`);
});
