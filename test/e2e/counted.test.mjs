// SPDX-License-Identifier: Apache-2.0
// Each way in which a flow or a read can end, and each way in which a credential is found, moves its own
// counter by one, and no other of its family. There is a case for every one that the table has.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Blocking } from './lib/blocking.mjs';
import { assertAll, counts, moved, scrape } from './lib/metrics.mjs';
import { gate, until } from './lib/until.mjs';
import { ACCOUNTS, INITIATE, REDIRECT, SOURCES, World, openWorld } from './lib/world.mjs';

const metrics_listen = 'unix:metrics.sock';
const settings = { server: { metrics_listen, threads: '1' } };
const world = await openWorld(test, { settings });
const at = ({ caldock }) => path.join(caldock.folder, 'metrics.sock');

const { person, other, token, scope } = SOURCES.GOOG;
let providers = 1;
async function ownProvider() {
    const id = String(++providers);
    await world.addProvider(Number(id));
    return { id, token: await world.addToken('--provider', id, '--name', `of ${id}`) };
}
const begun = async (own, options) =>
    own.consent('GOOG', await own.initiate('GOOG', options), { account: person });
const faulty = (fault) => () => {
    world.control('GOOG').fault({ path: token, ...fault });
    return world.connect('GOOG');
};
const as = (user) => ({ headers: { 'Caldock-User': user } });

// The flows of a world of its own: {outcome: [its settings, what happens in it]}
const ELSEWHERE = {
    account_type_not_allowed: [
        { google: { accounts: 'work' } },
        (own) => own.connect('GOOG', { account: person }),
    ],
    state_expired: [
        { oauth: { flow_timeout: '1s' } },
        async (own) => {
            const url = await begun(own);
            await sleep(2100);
            await own.callback(url);
        },
    ],
};

const FLOWS = {
    success: () => world.connect('GOOG'),
    access_denied: () => world.connect('GOOG', { deny: true }),
    code_rejected: () => world.answer('GOOG', { code: 'made up' }),
    admin_consent_required: () => world.answer('GOOG', { error: 'admin_policy_enforced' }),
    missing_scopes: () => world.connect('GOOG', { account: other, leaveOut: [scope] }),
    no_calendar: () => world.connect('GOOG', { account: 'erin@example.com' }),
    source_misconfigured: faulty({ status: 401, body: { error: 'invalid_client' } }),
    source_rate_limited: faulty({ status: 429 }),
    source_unavailable: faulty({ status: 503 }),
    source_error: faulty({ html: true }),
    no_refresh_token: () => {
        world.control('GOOG').tokens({ drop: ['refresh_token'] });
        return world.connect('GOOG', { account: other });
    },
    identity_invalid: () => {
        world.control('GOOG').forge('nonce_other');
        return world.connect('GOOG', { account: other });
    },
};

// Those that begin before the counting does: {outcome: () → what is left to happen}
const PREPARED = {
    account_in_use: async () => {
        await world.connected('GOOG', { account: other, ...as('ann') });
        return () => world.connect('GOOG', { account: other, ...as('ben') });
    },
    wrong_account: async () => {
        const account = await world.connected('GOOG');
        const body = { calendar_source: 'GOOG', redirect_uri: REDIRECT, account };
        const { uri } = (await world.post(INITIATE, body)).body;
        const url = await world.consent('GOOG', uri, { account: other });
        return () => world.callback(url);
    },
    feature_not_enabled: async () => {
        const { id, token: own } = await ownProvider();
        const url = await begun(world, { token: own });
        await world.caldock.run('provider', 'set', id, '--feature', 'external_calendars=off');
        return () => world.callback(url);
    },
    authorization_withdrawn: async () => {
        const { id, token: own } = await ownProvider();
        const url = await begun(world, { token: own });
        const tokens = JSON.parse(await world.caldock.run('token', 'list', '--json'));
        const { id: number } = tokens.find(({ name }) => name === `of ${id}`);
        await world.caldock.run('token', 'revoke', String(number));
        return () => world.callback(url);
    },
    // Nobody is sent back: the page alone says it.
    state_invalid: async () => {
        const { id, token: own } = await ownProvider();
        const url = await begun(world, { token: own });
        await world.caldock.run('provider', 'remove', id);
        return () => world.callback(url);
    },
    // The node that had sent the code has died.
    server_error: async () => {
        const url = await begun(world);
        const held = gate();
        world.control('GOOG').fault({ path: token, delay: held.opens });
        const cut = world.callback(url).catch(() => {});
        await until('it asks', () => world.control('GOOG').faults.pending === 0);
        await world.caldock.stop('SIGKILL');
        held.open();
        await cut;
        await world.caldock.start();
        await world.alterStore('update nodes set seen_at = 1'); // the one that lives reports again
        return () =>
            until('it has ended', async () => (await world.callback(url)).result?.error);
    },
};

const ENDED = 'caldock_flows_ended_total';
const ended = (own, outcome, happens) =>
    counts(at(own), ENDED, { source: 'google', outcome }, happens);

for (const [outcome, happens] of Object.entries(FLOWS))
    test(`a flow ends as ${outcome}`, () => ended(world, outcome, happens));

for (const [outcome, prepare] of Object.entries(PREPARED))
    test(`a flow that has begun ends as ${outcome}`, async () => {
        await ended(world, outcome, await prepare());
    });

for (const [outcome, [more, happens]] of Object.entries(ELSEWHERE))
    test(`a flow elsewhere ends as ${outcome}`, async () => {
        const own = await World.open({ settings: { ...more, server: { metrics_listen } } });
        try {
            await ended(own, outcome, () => happens(own));
        } finally {
            await own.close();
        }
    });

const CACHE = 'caldock_auth_cache_total';
const RESULTS = ['miss', 'hit', 'renewed'];

// One thread, which remembers a credential for 4 seconds, and renews it from the second one on.
test('a credential is found in each way', async () => {
    const own = await world.addToken('--provider', '1', '--name', 'cold');
    const call = () => world.ask(ACCOUNTS, { token: own });
    await counts(at(world), CACHE, { result: 'miss' }, call);
    const left = new Set(['hit', 'renewed']);
    await until('it was a hit, and renewed', async () => {
        const before = await scrape(at(world));
        await call();
        const moves = moved(before, await scrape(at(world)), CACHE);
        const [[series, by]] = Object.entries(moves);
        assert.deepEqual([Object.keys(moves).length, by], [1, 1], JSON.stringify(moves));
        left.delete(series.match(/result="(\w+)"/)[1]);
        return left.size === 0;
    });
});

// What becomes of a read, once this was done to its calendar.
const READS = {
    done: () => {},
    failed: (one) => {
        const path_ = SOURCES.GOOG.calendars;
        one.control.fault({ path: path_, account: one.email, page: 1, status: 500 });
    },
    held: (one) => one.control.throttle({ account: one.email, status: 429, retryAfter: 60 }),
    inactive: (one) => one.control.changeCalendar({ ...one.where, status: 403 }),
    paused: (one) => {
        one.control.withdraw({ account: one.email });
        one.control.expire();
    },
    // Another renews the token, for longer than a read waits.
    cut: async (one) => {
        const held = gate();
        one.control.expire();
        one.control.fault({ path: token, delay: held.opens });
        const call = world.ask(`${ACCOUNTS}/${one.account}/calendars`);
        await until('it renews the token', () => one.control.faults.pending === 0);
        return () => {
            held.open();
            return call;
        };
    },
};
const SYNCS = 'caldock_syncs_total';

for (const [outcome, prepare] of Object.entries(READS))
    test(`a read of a calendar ends as ${outcome}`, async () => {
        const one = await Blocking.read(world, 'GOOG');
        const ends = await prepare(one);
        const labels = { source: 'google', kind: 'increment', outcome };
        await counts(at(world), SYNCS, labels, () => one.sync('now'));
        await ends?.();
    });

test('no outcome is left out', () => {
    const flows = Object.keys({ ...FLOWS, ...PREPARED, ...ELSEWHERE });
    assertAll(ENDED, flows);
    assertAll(CACHE, RESULTS);
    assertAll(SYNCS, Object.keys(READS));
});
