// SPDX-License-Identifier: Apache-2.0
// The smallest suite there is, for the tests of the harness: it opens a world and closes it.
// HARNESS_SUITE makes it do one thing wrong.
import test from 'node:test';

import { World } from '../lib/world.mjs';

const wrong = process.env.HARNESS_SUITE;

test('opens and closes', async () => {
    const world = await World.open({ provider: false });
    const { faults } = world.control('GOOG');
    if (wrong === 'fault') faults.add({ path: '/nowhere', hang: true });
    if (wrong === 'fault-cleared') faults.add({ path: '/nowhere', hang: true });
    if (wrong === 'fault-cleared') world.control('GOOG').reset();
    if (wrong === 'fault-perhaps') faults.add({ path: '/nowhere', hang: true, perhaps: true });
    if (wrong === 'forgery') world.control('MSFT').forge('expired');
    if (wrong === 'command') await world.caldock.command('check').catch(() => {});
    if (wrong === 'wait') await world.caldock.ended;
    if (wrong === 'kill') await world.caldock.stop('SIGKILL');
    if (wrong === 'promise') await world.caldock.stop();
    if (wrong === 'promise') await world.caldock.start({}, { ends: { signal: 'SIGKILL' } });
    if (wrong !== 'open') await world.close();
});
