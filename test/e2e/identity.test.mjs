// SPDX-License-Identifier: Apache-2.0
// Every kind of forged ID token is refused, and what is merely unusual is accepted.
import assert from 'node:assert/strict';
import test from 'node:test';

import { acceptedKinds, refusedKinds } from '../../standin/forge.mjs';
import { ACCOUNTS, SOURCES, World, openWorld } from './lib/world.mjs';

// These make the answer itself one that nobody can use.
const UNUSABLE = ['white_space', 'empty', 'no_text'];

const world = await openWorld(test, { decoys: true });

for (const [code, { name, person }] of Object.entries(SOURCES)) {
    for (const kind of refusedKinds(name)) {
        test(`${code}: refused: ${kind}`, async () => {
            world.control(code).forge(kind);
            const expected = UNUSABLE.includes(kind) ? 'source_error' : 'identity_invalid';
            assert.equal(await world.outcome(code), expected);
            assert.equal(world.exchanges(code), 1);
            assert.equal(world.control(code).requests(SOURCES[code].calendars).length, 0);
            assert.deepEqual(await world.accounts(), []);
        });
    }

    for (const kind of acceptedKinds()) {
        test(`${code}: accepted: ${kind}`, async () => {
            world.control(code).forge(kind);
            assert.equal(await world.outcome(code), 'success');
        });
    }

    test(`${code}: an account without an address still has a name to read`, async () => {
        const claims = { email: undefined, preferred_username: undefined };
        world.control(code).forge({ claims });
        const { body } = await world.ask(`${ACCOUNTS}/${await world.connected(code)}`);
        assert.equal(typeof body.username, 'string');
    });

    test(`${code}: two people with one address are two accounts`, async () => {
        const first = await world.connected(code);
        const claims =
            code === 'GOOG' ? { sub: '999' } : { oid: '00000000-0000-4000-8000-00000000dead' };
        world.control(code).forge({ claims: { ...claims, email: person } });
        assert.notEqual(await world.connected(code), first);
    });

    test(`${code}: keys that rotate are looked up once, then not more often than every 30 s`, async () => {
        const own = await World.open();
        try {
            const control = own.control(code);
            const lookups = () => control.requests(SOURCES[code].jwks).length;
            assert.equal(await own.outcome(code), 'success');
            assert.equal(lookups(), 1);
            assert.equal(await own.outcome(code), 'success');
            assert.equal(lookups(), 1, 'cached');
            await control.rotate({ drop: true });
            assert.equal(await own.outcome(code), 'success');
            assert.equal(lookups(), 2, 'an unknown kid is looked up at once');
            await control.rotate({ drop: true });
            assert.equal(await own.outcome(code), 'identity_invalid');
            assert.equal(lookups(), 2, 'but not again within 30 s');
        } finally {
            await own.close();
        }
    });
}
