// SPDX-License-Identifier: Apache-2.0
// Waiting for what comes by itself. Every such wait has an end of its own: what never comes fails
// one test, by its name, and not the whole suite when its time is over.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const STUCK_MS = 300000; // far more than a slow machine takes
const SHORTEST_MS = 10; // between two looks
const LONGEST_MS = 250;

// What is held until the test says that it may go on: {opens: a promise, open()}
export function gate() {
    let open;
    const opens = new Promise((resolve) => {
        open = resolve;
    });
    return { opens, open };
}

// Looks again and again, less often as time goes by → the first thing found that isn't false.
export async function until(what, look) {
    const began = Date.now();
    for (;;) {
        const found = await look();
        if (found) return found;
        const waited = Date.now() - began;
        assert.ok(waited < STUCK_MS, `never: ${what}`);
        await sleep(Math.min(SHORTEST_MS + waited / 10, LONGEST_MS));
    }
}
