// SPDX-License-Identifier: Apache-2.0
// Keeping grants (docs/api.md §8, §9; SECURITY 39, 50, 53, 62, 63): one refresh for many
// callers, what marks an account and what doesn't, connecting it again, and kill -9 at each
// named place of a refresh.
// CALDOCK_CRASH_BIN: a build with -Dcrash_points=true.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World, openWorld } from './lib/world.mjs';

const CRASH_BINARY = process.env.CALDOCK_CRASH_BIN;
const MANY = 200;
const CODES = Object.keys(SOURCES);
const root = fileURLToPath(new URL('../..', import.meta.url));

const world = await openWorld(test);
const crowd = await openWorld(test); // for many at once
// Where a source hangs: nothing has to be in time then.
const HASTY = { oauth: { timeout: '1s' } };

const read = (where, id) => where.ask(`${ACCOUNTS}/${id}/calendars`);
const calendars = (id) => read(world, id);
const account = async (id) => (await world.ask(`${ACCOUNTS}/${id}`)).body;

// Makes the source refuse every access token that it gave so far.
function expire(code) {
    world.control(code).expire();
}

// How many requests for a refresh were answered.
function refreshed(code) {
    const requests = world.control(code).requests(SOURCES[code].token);
    return requests.filter(({ form, status }) => form?.grant_type === 'refresh_token' && status)
        .length;
}

async function isConnected(id) {
    const { status, status_reason: reason } = await account(id);
    assert.deepEqual([status, reason], ['connected', null]);
}

async function needsReconnect(id, reason) {
    const { status, body } = await calendars(id);
    assert.deepEqual([status, body.code, body.type], [409, 'conflict', 'conflict']);
    const { status: state, status_reason: why } = await account(id);
    assert.deepEqual([state, why], ['needs_reconnect', reason]);
}

for (const code of CODES) {
    test(`${code}: ${MANY} at once with an expired token: one refresh, ${MANY} answers`, async () => {
        const id = await crowd.connected(code);
        const { body: before } = await read(crowd, id);
        crowd.control(code).expire();
        const answers = await Promise.all(Array.from({ length: MANY }, () => read(crowd, id)));
        for (const { status, body } of answers) {
            assert.equal(status, 200);
            assert.deepEqual(body, before);
        }
        assert.equal(crowd.control(code).refreshes, 1);
    });

    test(`${code}: ${MANY} at once, and a source that takes its time`, async () => {
        const id = await crowd.connected(code);
        crowd.control(code).expire();
        crowd.control(code).fault({ path: SOURCES[code].token, delay: 1000 });
        const answers = await Promise.all(Array.from({ length: MANY }, () => read(crowd, id)));
        assert.ok(answers.every(({ status }) => status === 200));
        assert.equal(crowd.control(code).refreshes, 1);
    });

    test(`${code}: a token that is near its end is made new before it`, async () => {
        world.control(code).tokens({ set: { expires_in: 1 } });
        const id = await world.connected(code);
        assert.equal((await calendars(id)).status, 200);
        assert.equal((await calendars(id)).status, 200);
        assert.equal(world.control(code).refreshes, 1);
    });

    test(`${code}: refresh tokens that end each other`, async () => {
        world.control(code).strict();
        const id = await world.connected(code);
        for (let i = 1; i <= 4; i++) {
            expire(code);
            assert.equal((await calendars(id)).status, 200);
            assert.equal(world.control(code).refreshes, i);
        }
        await isConnected(id);
    });

    test(`${code}: withdrawn consent: 409, said at once, and not asked about again`, async () => {
        const id = await world.connected(code);
        world.control(code).withdraw({ account: SOURCES[code].person });
        await needsReconnect(id, 'grant_revoked');
        await needsReconnect(id, 'grant_revoked');
        assert.equal(world.control(code).refreshes, 1);
        const shown = JSON.parse(await world.caldock.run('account', 'show', String(id), '--json'));
        assert.deepEqual([shown.status, shown.status_reason], ['needs_reconnect', 'grant_revoked']);
        assert.ok(Math.abs(Date.now() - Date.parse(shown.status_since)) < 60000);
        const text = await world.caldock.run('account', 'show', String(id));
        assert.match(text, /grant_revoked/);
        assert.match(text, /status_since/);
    });

    test(`${code}: connected again it keeps its id and works; another account is another`, async () => {
        const id = await world.connected(code);
        const { connected_at: first } = await account(id);
        world.control(code).withdraw({ account: SOURCES[code].person });
        await needsReconnect(id, 'grant_revoked');
        const other = await world.connected(code, { account: SOURCES[code].other });
        assert.notEqual(other, id);
        await needsReconnect(id, 'grant_revoked');
        assert.equal(await world.connected(code), id);
        await isConnected(id);
        assert.ok((await account(id)).connected_at > first);
        for (const one of [id, other]) assert.equal((await calendars(one)).status, 200);
        assert.equal((await world.accounts()).length, 2);
    });

    test(`${code}: what is no final refusal marks nothing, and it goes on afterwards`, async () => {
        const id = await world.connected(code);
        const ERROR = [502, 'calendar_source_error'];
        const rows = [
            [{ status: 429 }, ERROR],
            [{ status: 500 }, ERROR],
            [{ status: 503, body: { error: 'invalid_grant' } }, ERROR],
            [{ status: 400, body: { error: 'temporarily_unavailable' } }, ERROR],
            [{ status: 401, body: { error: 'invalid_client' } }, ERROR],
            [{ status: 400, body: { error: 'unauthorized_client' } }, ERROR],
            [{ html: true }, ERROR],
            [{ megabyte: true }, ERROR],
            [{ reset: true }, ERROR],
            [{ cut: true }, ERROR],
        ];
        const fails = async (fault, answer) => {
            expire(code);
            world.control(code).fault({ path: SOURCES[code].token, ...fault });
            const { status, body, headers } = await calendars(id);
            const what = JSON.stringify(fault);
            assert.deepEqual([status, body.code], answer, what);
            assert.match(headers['retry-after'], /^[12]$/, what);
            await isConnected(id);
        };
        const goesOn = async () => assert.equal((await calendars(id)).status, 200);
        for (const [fault, answer] of rows) {
            await fails(fault, answer);
            await goesOn(); // waits out the back-off
        }
        const late = [504, 'calendar_source_timeout'];
        await world.withSettings(HASTY, () => fails({ hang: true }, late));
        await goesOn();
    });

    test(`${code}: Retry-After of a refresh is honoured`, async () => {
        const id = await world.connected(code);
        expire(code);
        const headers = { 'retry-after': '300' };
        world.control(code).fault({ path: SOURCES[code].token, status: 429, headers });
        for (let i = 0; i < 2; i++) {
            const answer = await calendars(id);
            assert.equal(answer.status, 502);
            const wait = Number(answer.headers['retry-after']);
            assert.ok(wait > 290 && wait <= 300, String(wait));
        }
        assert.equal(world.control(code).refreshes, 1);
        await isConnected(id);
        assert.equal(await world.connected(code), id); // a new grant doesn't wait
        assert.equal((await calendars(id)).status, 200);
    });

    test(`${code}: an ID token of another person with a refresh ends the connection`, async () => {
        const id = await world.connected(code);
        expire(code);
        const claims =
            code === 'GOOG' ? { sub: '7' } : { oid: '00000000-0000-4000-8000-000000000777' };
        world.control(code).forge({ claims });
        await needsReconnect(id, 'identity_invalid');
        assert.equal(await world.connected(code), id);
        assert.equal((await calendars(id)).status, 200);
    });

    test(`${code}: a permission that is gone with a refresh ends the connection`, async () => {
        const id = await world.connected(code);
        expire(code);
        world.control(code).tokens({ set: { scope: 'openid' } });
        await needsReconnect(id, 'missing_scopes');
        assert.equal(await world.connected(code), id);
        assert.equal((await calendars(id)).status, 200);
    });

    test(`${code}: an answer that names no scope takes nothing away`, async () => {
        const id = await world.connected(code);
        expire(code);
        world.control(code).tokens({ drop: ['scope'] });
        assert.equal((await calendars(id)).status, 200);
        await isConnected(id);
    });

    test(`${code}: a source that never takes its own tokens: 502, and nothing is marked`, async () => {
        const id = await world.connected(code);
        const fault = { path: SOURCES[code].calendars, status: 401, times: 2 };
        world.control(code).fault(fault);
        const { status, body } = await calendars(id);
        assert.deepEqual([status, body.code], [502, 'calendar_source_error']);
        assert.equal(world.control(code).refreshes, 1);
        await isConnected(id);
    });
}

test('a needy account can be disconnected', async () => {
    for (const code of CODES) {
        const id = await world.connected(code);
        world.control(code).withdraw({ account: SOURCES[code].person });
        await needsReconnect(id, 'grant_revoked');
        assert.equal((await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' })).status, 204);
        assert.equal((await calendars(id)).status, 404);
    }
});

test('a grant that does not open any more: 409, grant_unreadable', async () => {
    const [one, other] = [await world.connected('GOOG'), await world.connected('MSFT')];
    await world.alterStore(
        `update grants set sealed = (select sealed from grants where account = ${other})` +
            ` where account = ${one}`,
    );
    await needsReconnect(one, 'grant_unreadable');
    await isConnected(other);
    assert.equal(world.control('GOOG').refreshes, 0);
    assert.equal(await world.connected('GOOG'), one);
    assert.equal((await calendars(one)).status, 200);
});

for (const code of CODES) {
    test(`${code}: refusing ten accounts within a minute is an alarm, nine are none`, async () => {
        const own = await World.open();
        try {
            for (let n = 1; n <= 10; n++) {
                const account = own.newPerson(code);
                const id = await own.connected(code, { account });
                own.control(code).withdraw({ account });
                own.control(code).expire();
                assert.doesNotMatch(own.caldock.log, /refused_together/);
                assert.equal((await read(own, id)).status, 409);
            }
            const alarm = new RegExp(`accounts.refused_together" source="${code}" count="10"`);
            await until('there is an alarm', () => alarm.test(own.caldock.log));
        } finally {
            await own.close();
        }
    });
}

// Both together, since a node looks for them four times a minute.
test('in the background: grants are kept from dying of disuse, and one refused heals', async () => {
    const ids = {};
    for (const code of CODES) {
        const refused = await world.connected(code);
        expire(code);
        const refusal = { status: 400, body: { error: 'invalid_grant' } };
        world.control(code).fault({ path: SOURCES[code].token, ...refusal });
        await needsReconnect(refused, 'grant_revoked');
        assert.equal(world.control(code).refreshes, 1);
        const unused = await world.connected(code, { account: SOURCES[code].other });
        ids[code] = { refused, unused };
    }
    await world.alterStore('update grants set due_at = 1'); // an hour has passed, or months
    for (const code of CODES) {
        const { refused, unused } = ids[code];
        const status = async () => (await account(refused)).status;
        await until(`${code} is connected`, async () => (await status()) === 'connected');
        await until(`${code} has refreshed both`, () => refreshed(code) === 3);
        for (const id of [refused, unused]) {
            await isConnected(id);
            assert.equal((await calendars(id)).status, 200);
        }
        assert.equal(world.control(code).refreshes, 3);
    }
});

// The places, from the code itself, so that none is forgotten.
const grep = ['-rhoE', 'crash_point\\("refresh\\.[a-z_]+"\\)', `${root}/src`, '--include=*.c'];
const POINTS = [...String(execFileSync('grep', grep)).matchAll(/refresh\.[a-z_]+/g)].flat();

// A process that dies at these places holds no lease.
const HOLDS_NOTHING = ['refresh.before_lease', 'refresh.after_store'];

// A person for each place, and a source that rotates its refresh tokens.
const skip = !CRASH_BINARY && 'needs CALDOCK_CRASH_BIN';
test('kill -9 at every place of a refresh: the account works afterwards', { skip }, async (t) => {
    const settings = { oauth: { total_timeout: '10s' } }; // waits as long for who is dead
    const own = await World.open({ binary: CRASH_BINARY, settings });
    t.after(() => own.close());
    assert.ok(POINTS.length >= 6, String(POINTS));
    const victims = [];
    for (const code of CODES) {
        const { people } = own.standin(code).source;
        own.control(code).strict();
        for (const point of POINTS) {
            const number = String(victims.length + 1).padStart(12, '0');
            const email = `victim${number}@example.com`;
            const oid = `00000000-0000-4000-9000-${number}`;
            people.push({ sub: `9000${number}`, oid, tid: people[0].tid, email, name: 'V Victim' });
            victims.push({ code, point, id: await own.connected(code, { account: email }) });
        }
    }
    const readOf = ({ id }) => read(own, id);
    for (const victim of victims) {
        await own.caldock.stop();
        await own.caldock.start(
            { CALDOCK_CRASH_AT: victim.point },
            { ends: { signal: 'SIGKILL' } },
        );
        own.control(victim.code).expire();
        await assert.rejects(readOf(victim), victim.point);
        assert.equal((await own.caldock.ended).signal, 'SIGKILL', victim.point);
    }
    await own.caldock.start();
    for (const [i, { status, headers }] of (await Promise.all(victims.map(readOf))).entries()) {
        const { point } = victims[i];
        // The others hold their lease until it is known that their process is dead.
        assert.ok(status === 200 || (status === 503 && !HOLDS_NOTHING.includes(point)), point);
        if (status === 503) assert.match(headers['retry-after'], /^([1-9]|[1-5]\d|60)$/, point);
    }
    await own.alterStore('update grants set leased_until = 1'); // a minute has passed
    for (const victim of victims) {
        const what = `${victim.code} ${victim.point}`;
        const { status, text } = await readOf(victim);
        assert.equal(status, 200, `${what}: ${text}`);
        const { body } = await own.ask(`${ACCOUNTS}/${victim.id}`);
        assert.deepEqual([body.status, body.status_reason], ['connected', null], what);
    }
    for (const code of CODES) own.control(code).expire();
    for (const victim of victims) assert.equal((await readOf(victim)).status, 200, 'and again');
});
