// SPDX-License-Identifier: Apache-2.0
// A suite that fails as many times as the file $HARNESS_BUSY says, for the tests of the harness.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';

const file = process.env.HARNESS_BUSY;

test('too busy', () => {
    const times = Number(readFileSync(file, 'utf8'));
    writeFileSync(file, String(times - 1));
    assert.ok(times <= 0);
});
