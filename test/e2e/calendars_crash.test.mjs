// SPDX-License-Identifier: Apache-2.0
// kill -9 while a calendar is read, while a channel is made, and while a notification is stored, at
// each named place. Afterwards the calendar is read, and the source notifies of it.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { Blocking } from './lib/blocking.mjs';
import { until } from './lib/until.mjs';
import { SOURCES, World } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const NEVER = '9223372036854775807';
const root = fileURLToPath(new URL('../..', import.meta.url));

// The places, from the code itself, so that none is forgotten.
const grep = [
    '-rhoE',
    'crash_point\\("(sync|channels|notices)\\.[a-z_]+"\\)',
    `${root}/src`,
    '--include=*.c',
];
const POINTS = [...new Set(String(execFileSync('grep', grep)).match(/[a-z]+\.[a-z_]+/g))].sort();
const pointsOf = (what) => POINTS.filter((point) => point.startsWith(`${what}.`));

const world = await World.open({
    binary: process.env.CALDOCK_CRASH_BIN,
    publicUrl: 'https://caldock.example',
});
test.after(() => world.close());

test('reads, channels and notifications have places to crash at', () => {
    assert.deepEqual(POINTS, [
        'channels.after_write',
        'channels.before_write',
        'notices.before_write',
        'sync.after_write',
        'sync.before_read',
        'sync.before_write',
    ]);
});

// A calendar that was read, of which its source notifies.
async function watched(code) {
    const one = await Blocking.read(world, code);
    await until('its channel', () => channelsOf(one).length === 1);
    return one;
}

const channelsOf = ({ control, email }) =>
    control.channels.filter(({ account }) => account === email);

const crashing = (point) =>
    world.caldock.start({ CALDOCK_CRASH_AT: point }, { ends: { signal: 'SIGKILL' } });

const dies = () => until('it dies', () => world.caldock.process.signalCode !== null);

// Until it is dead; then another lives, for which it counts as dead: on PostgreSQL that takes a
// while, which is moved here; on SQLite the start itself knows it. Its claim on what it was at, by a
// due time to come, ends by time alone: that is moved, too.
async function livesAgain({ claims } = {}) {
    await dies();
    if (world.schema) await world.alterStore('update nodes set seen_at = 1');
    if (claims)
        await world.alterStore(`update calendar_sync set ${claims} = 1 where ${claims} < ${NEVER}`);
    await world.caldock.start();
}

// Only this is to be done at the next start.
async function isAllThatIsDue(one, column) {
    await world.caldock.stop();
    await world.alterStore(`update calendar_sync set due_at = ${NEVER}, channel_due_at = ${NEVER}`);
    await world.alterStore(
        `update calendar_sync set ${column} = 1 where settings = ${one.setting}`,
    );
}

for (const code of CODES) {
    for (const point of pointsOf('sync')) {
        test(`${code}: a read dies at ${point}, and is done again`, async () => {
            const one = await Blocking.read(world, code);
            one.add(1);
            await isAllThatIsDue(one, 'due_at');
            await crashing(point);
            await livesAgain();
            await one.sync('now');
            await until('it is read', async () => (await one.days()).length === 1);
            assert.deepEqual(await one.days(), [1]);
        });
    }

    // One that nobody knows of any more tells of changes until it ends: that does no harm.
    for (const point of pointsOf('channels')) {
        test(`${code}: the making of a channel dies at ${point}, and the source notifies`, async () => {
            const one = await watched(code);
            await isAllThatIsDue(one, 'channel_until = 0, channel_made_at = 0, channel_due_at');
            await crashing(point);
            await livesAgain({ claims: 'channel_due_at' });
            await until('its channel', async () => (await one.show()).notifications === 'push');
            one.add(1);
            await until('it is read', async () => (await one.days()).length === 1);
        });
    }

    for (const point of pointsOf('notices')) {
        test(`${code}: a node dies at ${point}, and the source tells again`, async () => {
            const one = await watched(code);
            await world.caldock.stop();
            await crashing(point);
            one.add(1);
            await dies();
            const { status } = one.control.notifications.at(-1);
            assert.ok(!(status >= 200 && status < 300), 'it was not said to be noted');
            await livesAgain();
            one.add(2);
            await until('it is read', async () => (await one.days()).length === 2);
        });
    }
}
