// SPDX-License-Identifier: Apache-2.0
// The chance behind generated_busy: a seed does the same in the same order, whatever the day that its
// days count from. So a life that failed can be lived again on another day.
import assert from 'node:assert/strict';
import test from 'node:test';

import { DAY_MS } from './lib/naive.mjs';
import { Diary } from './lib/whims.mjs';

const LIVES = 6;
const ACTS = 60;
// A leap day, both changes of clocks, and other weekdays.
const FIRST = Date.parse('2028-02-29');
const DAYS = [0, 1, 5, 250].map((day) => FIRST + day * DAY_MS);

// A stand-in that takes everything.
function taking() {
    let serial = 0;
    const adds = () => ({ id: ++serial });
    const nothing = () => {};
    return new Proxy({}, { get: (_, name) => (name === 'addEvent' ? adds : nothing) });
}

// → the whims, in their order, and how the chance goes on then
function lived(code, seed, today) {
    const where = { account: 'a', calendar: 'primary', other: 'team', zone: 'Europe/Berlin' };
    const diary = new Diary({ code, seed, control: taking(), today, ...where });
    const whims = Array.from({ length: ACTS }, () => diary.act().split(' ')[0]);
    return [...whims, diary.chance.next()];
}

for (const code of ['GOOG', 'MSFT']) {
    test(`${code}: a seed does the same on every day`, () => {
        for (let i = 0; i < LIVES; i++) {
            const seed = `${code}-${i}`;
            const [first, ...others] = DAYS.map((day) => lived(code, seed, day));
            others.forEach((other, n) => assert.deepEqual(other, first, `${seed}, day ${n + 1}`));
        }
    });
}

test('a seed does exactly the same from the same day on', () => {
    const doings = () => {
        const said = [];
        const control = new Proxy(taking(), {
            get: (target, name) => (values) => {
                said.push([name, values]);
                return target[name](values);
            },
        });
        const where = { account: 'a', calendar: 'primary', other: 'team', zone: 'Europe/Berlin' };
        const diary = new Diary({ code: 'GOOG', seed: 'GOOG-1', control, today: FIRST, ...where });
        for (let i = 0; i < ACTS; i++) diary.act();
        return said;
    };
    assert.deepEqual(doings(), doings());
});
