// SPDX-License-Identifier: Apache-2.0
// Each way in which an attempt to bring a copy into a calendar can end moves its own counter by one,
// and no other of its family.
import path from 'node:path';
import test from 'node:test';

import { assertAll, counts } from './lib/metrics.mjs';
import { hurry, plain, Receiving } from './lib/pushing.mjs';
import { gate, until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, openWorld } from './lib/world.mjs';

const world = await openWorld(test, { settings: { server: { metrics_listen: 'unix:metrics.sock' } } });
const at = path.join(world.caldock.folder, 'metrics.sock');
const PUSHES = 'caldock_pushes_total';

// A copy of which nobody knows whether it is there.
async function unclear(one, fault) {
    one.fault('create', { reset: true, ...fault });
    await one.put('e1');
    await one.stands('e1', { reason: 'source_error' });
}

// {outcome: [source, what is to be done, how it is prepared → what happens; what ends it]}
const CASES = {
    wrote: ['GOOG', 'create', (one) => [() => one.put('e1')]],
    refused: [
        'GOOG',
        'create',
        (one) => {
            one.fault('create', { status: 400 });
            return [() => one.put('e1')];
        },
    ],
    failed: [
        'GOOG',
        'create',
        (one) => {
            one.fault('create', { status: 500 });
            return [() => one.put('e1')];
        },
    ],
    held: [
        'GOOG',
        'create',
        (one) => {
            one.control.throttle({ account: one.email, retryAfter: 600, method: 'POST' });
            return [() => one.put('e1')];
        },
    ],
    blocked: [
        'GOOG',
        'create',
        (one) => {
            one.control.changeCalendar({ ...one.where, isGone: true });
            return [() => one.put('e1')];
        },
    ],
    removed: [
        'GOOG',
        'remove',
        async (one) => {
            await one.written('e1');
            return [() => one.remove('e1')];
        },
    ],
    gone: [
        'GOOG',
        'update',
        async (one) => {
            await one.written('e1');
            one.personDeletes();
            return [() => one.put('e1', plain(12))];
        },
    ],
    looked: [
        'GOOG',
        'look',
        async (one) => {
            await one.written('e1');
            one.personChanges({ start: Date.now() + 864e5, end: Date.now() + 9e7 });
            return [() => one.read()];
        },
    ],
    // Microsoft finds by a search, which may be behind.
    missed: [
        'MSFT',
        'remove',
        async (one) => {
            await unclear(one);
            return [() => one.remove('e1').then(() => hurry(world))];
        },
    ],
    // Its key was used up by one that the person has deleted; the next is made under another.
    taken: [
        'GOOG',
        'create',
        async (one) => {
            await unclear(one, { after: true });
            one.personDeletes();
            const held = gate();
            one.fault('create', { delay: 1 });
            one.fault('create', { delay: held.opens });
            return [() => hurry(world), () => held.open()];
        },
    ],
    skipped: [
        'GOOG',
        'skip',
        async (one) => {
            one.control.throttle({ account: one.email, retryAfter: 600, method: 'POST' });
            await one.put('e1');
            await one.stands('e1', { reason: 'throttled' });
            await one.ages('e1', 30);
            return [() => hurry(world)];
        },
    ],
    // Another renews the token, for longer than a write waits.
    cut: [
        'GOOG',
        'create',
        async (one) => {
            const held = gate();
            one.control.expire();
            one.control.fault({ path: SOURCES.GOOG.token, delay: held.opens });
            const call = world.ask(`${ACCOUNTS}/${one.account}/calendars`, one.as);
            await until('it renews the token', () => one.control.faults.pending === 0);
            const ends = () => {
                held.open();
                return call;
            };
            return [() => one.put('e1'), ends];
        },
    ],
};

for (const [outcome, [code, op, prepare]] of Object.entries(CASES))
    test(`a write of a copy ends as ${outcome}`, async () => {
        const one = await Receiving.create(world, code);
        await one.quiet();
        const [happens, ends] = await prepare(one);
        await counts(at, PUSHES, { source: SOURCES[code].name, op, outcome }, happens);
        await ends?.();
        await one.disconnect();
    });

test('no outcome is left out', () => assertAll(PUSHES, Object.keys(CASES)));
