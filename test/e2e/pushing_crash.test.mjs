// SPDX-License-Identifier: Apache-2.0
// kill -9 in the middle of a write into a calendar, at each named place; at random moments:
// pushing_kills.test.mjs. Afterwards each calendar has each event once, as it was wanted last.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { NEVER, plain, quiet, readAll, Receiving } from './lib/pushing.mjs';
import { until } from './lib/until.mjs';
import { lookOf, seenOf } from './lib/wanted.mjs';
import { SOURCES, World } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const DAY_MS = 24 * 3600000;
const root = fileURLToPath(new URL('../..', import.meta.url));

// The places, from the code itself, so that none is forgotten.
const grep = ['-rhoE', 'crash_point\\("push\\.[a-z_]+"\\)', `${root}/src`, '--include=*.c'];
const POINTS = [...new Set(String(execFileSync('grep', grep)).match(/push\.[a-z_]+/g))].sort();

const world = await World.open({ binary: process.env.CALDOCK_CRASH_BIN });
test.after(() => world.close());

// Starts it again, when the dead node counts as dead: on PostgreSQL that takes a while, which is
// moved here; on SQLite the start itself knows it.
async function restart(...how) {
    if (world.schema) await world.alterStore('update nodes set seen_at = 1');
    await world.caldock.start(...how);
}

const holdAll = (until) => world.alterStore(`update account_work set hold_until = ${until}`);

const count = async (sql) => Number(await world.queryStore(`select count(*) from ${sql}`));
const dueNow = () => count(`pushed_copies where due_at <= ${Date.now()}`);

// What is wanted, and what is in the calendar then: an event that is `made` before, or isn't.
const ACTS = {
    create: { act: (one) => one.put('e1', plain(11)), wanted: [plain(11)] },
    update: { isMade: true, act: (one) => one.put('e1', plain(11)), wanted: [plain(11)] },
    remove: { isMade: true, act: (one) => one.remove('e1'), wanted: [] },
    skip: {
        isMade: true,
        act: (one) => one.change({ push_only_if_event_has_attendees: true }),
        wanted: [],
    },
    restore: {
        isMade: true,
        act: (one) => one.put('e1', plain(11), { restores: true }),
        wanted: [plain(11)],
    },
    'make a moved one good': {
        isMade: true,
        act(one) {
            one.personChanges({ start: Date.now() + DAY_MS });
            return one.put('e1', plain(9), { restores: true });
        },
        wanted: [plain(9)],
    },
    'make a deleted one again': {
        isMade: true,
        act(one) {
            one.personDeletes();
            return one.put('e1', plain(9), { restores: true });
        },
        wanted: [plain(9)],
    },
};

test('a write has places to crash at', () => {
    const wanted = ['after_write', 'before_intent', 'before_request', 'before_write'];
    assert.deepEqual(
        POINTS,
        wanted.map((name) => `push.${name}`),
    );
});

// A calendar for each act at each source, of which the copy is due.
async function wantAll() {
    const all = [];
    for (const code of CODES) {
        for (const [name, { isMade, act, wanted }] of Object.entries(ACTS)) {
            const one = await Receiving.create(world, code);
            if (isMade) await one.put('e1', plain(9));
            all.push({ one, act, wanted, name: `${name} at ${code}` });
        }
    }
    await quiet(world);
    await readAll(world);
    await holdAll(Date.now() + DAY_MS); // nobody writes before all is said
    for (const { one, act } of all) await act(one);
    await until('the copies know it', async () => {
        return (await count('staff_calendar_settings where push_due = 1')) === 0;
    });
    return all;
}

// Lives until it dies at that place, again and again, as long as there is something to do; what was
// begun once isn't due again → how often it died.
async function dieAt(point, most) {
    for (let deaths = 0; ; deaths++) {
        await restart({ CALDOCK_CRASH_AT: point }, { ends: { signal: 'SIGKILL' } });
        const { process } = world.caldock;
        const isOver = async () => deaths === most || (await dueNow()) === 0;
        await until('it dies', async () => process.signalCode !== null || (await isOver()));
        if (process.signalCode !== null) continue;
        await world.caldock.stop('SIGKILL');
        return deaths;
    }
}

async function dieOfAll(point) {
    const all = await wantAll();
    await world.caldock.stop();
    await holdAll(0);
    await world.alterStore(`update pushed_copies set due_at = 1 where due_at < ${NEVER}`);
    assert.equal(await dueNow(), all.length);
    const isBegun = point !== 'push.before_intent'; // else it would die for ever
    const deaths = await dieAt(point, isBegun ? Infinity : 3);
    assert.ok(deaths >= (isBegun ? all.length / 2 : 3), `${deaths} deaths`);
    await restart();
    await quiet(world, { hurries: true });
    await readAll(world);
    for (const { one, wanted, name } of all) {
        assert.deepEqual(one.inside.map(seenOf), wanted.map(lookOf), name);
        if (wanted.length > 0) assert.equal((await one.copy('e1')).status, 'written', name);
    }
}

for (const point of POINTS) {
    test(`kill -9 at ${point} of each write: each event is there once`, () => {
        // With one writer for each source, two writes at most are under way when it dies.
        return world.withSettings({ sync: { push_workers: 1 } }, () => dieOfAll(point));
    });
}
