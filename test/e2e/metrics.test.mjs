// SPDX-License-Identifier: Apache-2.0
// What /metrics says: that each thing that happens moves its own counter and no other, that the
// text is what Prometheus wants, and that nothing else can be had there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../standin/caldock.mjs';
import { askMetrics, moved, parseMetrics, scrape } from './lib/metrics.mjs';
import { gate, until } from './lib/until.mjs';
import { ACCOUNTS, API, INITIATE, SOURCES, World, openWorld } from './lib/world.mjs';

const port = await freePort();
const at = `http://127.0.0.1:${port}`;
const world = await openWorld(test, {
    settings: { server: { metrics_listen: `127.0.0.1:${port} unix:metrics.sock` } },
});
const unix = path.join(world.caldock.folder, 'metrics.sock');
const SERIES_MOST = 900; // whatever happens; test/series.py reckons that it can't be more
const series = fileURLToPath(new URL('../series.py', import.meta.url));

const REQUESTS = 'caldock_http_requests_total';
const ERRORS = 'caldock_errors_total';

// What the end of a test has left to be revoked isn't counted in the next one: nothing waits, and each
// request to the source has come to its end.
test.beforeEach(() =>
    until('all is revoked', async () => {
        if ((await world.queryStore('select count(*) from revocations')) !== '0') return false;
        const all = [...(await scrape(at))];
        const sumOf = (begin) =>
            all.reduce((sum, [series, n]) => sum + (series.startsWith(begin) ? n : 0), 0);
        const asked = sumOf('caldock_source_requests_total{source="google",operation="revoke"');
        return asked === sumOf('caldock_revocations_total');
    }),
);

// What `happens` moves of these families.
async function moves(families, happens) {
    const before = await scrape(at);
    await happens();
    return moved(before, await scrape(at), ...families);
}

// Waits until Google has been told of one revocation.
async function revokedSince(before) {
    const name = 'caldock_revocations_total';
    const moves = await until('the revocation is done', async () => {
        const changes = moved(before, await scrape(at), name);
        return Object.keys(changes).length > 0 && changes;
    });
    assert.deepEqual(moves, { [`${name}{source="google",result="done"}`]: 1 });
}

test('only GET and HEAD of /metrics, and only there', async () => {
    for (const where of [at, unix]) {
        const good = await askMetrics(where);
        assert.equal(good.status, 200);
        assert.equal(good.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
        assert.equal(good.headers['cache-control'], 'no-store');
        const head = await askMetrics(where, { method: 'HEAD' });
        assert.deepEqual([head.status, head.text], [200, '']);
        const post = await askMetrics(where, { method: 'POST' });
        assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
        for (const other of ['/', '/metrics/', '/healthz', ACCOUNTS]) {
            assert.equal((await askMetrics(where, { path: other })).status, 404, other);
        }
    }
    assert.equal((await world.ask('/metrics')).status, 404);
});

test('promtool has nothing to say, and the build is named', async () => {
    await world.connect('GOOG');
    const { text } = await askMetrics(at);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
    });
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
    const store = process.env.CALDOCK_TEST_POSTGRES ? 'postgresql' : 'sqlite';
    const build = `^caldock_build_info\\{version="[^"]+",revision="[^"]+",store="${store}"\\} 1$`;
    assert.match(text, new RegExp(build, 'm'));
});

test('a request moves its route, method and status, and its code', async () => {
    const families = [REQUESTS, ERRORS];
    assert.deepEqual(await moves(families, () => world.initiate('GOOG')), {
        [`${REQUESTS}{route="initiate",method="POST",status="200"}`]: 1,
    });
    assert.deepEqual(await moves(families, () => world.post(INITIATE, {})), {
        [`${REQUESTS}{route="initiate",method="POST",status="400"}`]: 1,
        [`${ERRORS}{code="parameter_invalid"}`]: 1,
    });
    assert.deepEqual(await moves(families, () => world.ask('/nowhere', { method: 'BREW' })), {
        [`${REQUESTS}{route="none",method="other",status="404"}`]: 1,
        [`${ERRORS}{code="not_found"}`]: 1,
    });
    for (const method of ['GET', 'HEAD']) {
        const refused = () => world.ask(`${ACCOUNTS}/1`, { method, token: null });
        assert.deepEqual(await moves(families, refused), {
            [`${REQUESTS}{route="accounts",method="GET",status="401"}`]: 1,
            [`${ERRORS}{code="not_authenticated"}`]: 1,
        });
    }
    assert.deepEqual(await moves(families, () => world.ask('/oauth2/callback/google')), {
        [`${REQUESTS}{route="callback",method="GET",status="400"}`]: 1,
    });
});

const ENDED = 'caldock_flows_ended_total';
const FLOWS = [
    'caldock_flows_started_total',
    ENDED,
    'caldock_flow_duration_seconds_count',
    'caldock_callback_replays_total',
    'caldock_callback_pages_total',
    'caldock_account_status_changes_total',
    'caldock_revocations_total',
];
const flow = (source, outcome, more = {}) => ({
    [`caldock_flows_started_total{source="${source}"}`]: 1,
    [`${ENDED}{source="${source}",outcome="${outcome}"}`]: 1,
    [`caldock_flow_duration_seconds_count{source="${source}"}`]: 1,
    ...more,
});
const changed = (source, to, reason) => ({
    [`caldock_account_status_changes_total{source="${source}",to="${to}",reason="${reason}"}`]: 1,
});

test('all outcomes are there from the start, for both sources', async () => {
    const own = await World.open({ settings: { server: { metrics_listen: 'unix:m.sock' } } });
    try {
        const all = await scrape(path.join(own.caldock.folder, 'm.sock'));
        const ended = [...all].filter(([series]) => series.startsWith(ENDED));
        assert.equal(ended.length, 2 * 20);
        assert.ok(ended.every(([, n]) => n === 0));
    } finally {
        await own.close();
    }
});

for (const [code, { name }] of Object.entries(SOURCES)) {
    test(`${code}: a flow that succeeds, a replay, another connection, a disconnect`, async () => {
        let url;
        let id;
        assert.deepEqual(
            await moves(FLOWS, async () => {
                const uri = await world.initiate(code);
                url = await world.consent(code, uri, { account: SOURCES[code].person });
                const { result } = await world.callback(url);
                id = Number(result.account);
            }),
            flow(name, 'success', changed(name, 'connected', 'flow')),
        );
        assert.deepEqual(await moves(FLOWS, () => world.callback(url)), {
            [`caldock_callback_replays_total{source="${name}"}`]: 1,
        });
        assert.deepEqual(
            await moves(FLOWS, () => world.connected(code)),
            flow(name, 'success', changed(name, 'reconnected', 'flow')),
        );
        const before = await scrape(at);
        const changes = ['caldock_account_status_changes_total'];
        assert.deepEqual(
            await moves(changes, () => world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' })),
            changed(name, 'disconnected', 'application'),
        );
        if (code === 'GOOG') await revokedSince(before); // or it moves in the next test
    });

    test(`${code}: what ends without the source, and at it`, async () => {
        assert.deepEqual(
            await moves(FLOWS, () => world.connect(code, { deny: true })),
            flow(name, 'access_denied'),
        );
        assert.deepEqual(
            await moves(FLOWS, () => world.answer(code, { code: 'made up' })),
            flow(name, 'code_rejected'),
        );
    });
}

test('requests to a source are counted by what they ask for and what comes of them', async () => {
    const requests = 'caldock_source_requests_total';
    const refused = 'caldock_source_client_refused';
    const of = (operation, result) =>
        `${requests}{source="google",operation="${operation}",result="${result}"}`;
    const good = await moves([requests], () => world.connected('GOOG'));
    assert.equal(good[of('exchange', 'ok')], 1);
    assert.equal(good[of('calendars', 'ok')], 1);
    assert.equal((await scrape(at)).get(`${refused}{source="google"}`), 0);
    const bad = await moves([requests], () => world.answer('GOOG', { code: 'made up' }));
    assert.deepEqual(bad, { [of('exchange', 'refused')]: 1 });
    const { token } = SOURCES.GOOG;
    const body = { error: 'invalid_client' };
    world.control('GOOG').fault({ path: token, status: 401, body });
    await world.connect('GOOG');
    assert.equal((await scrape(at)).get(`${refused}{source="google"}`), 1);
    await world.connected('GOOG');
    const all = await scrape(at);
    assert.equal(all.get(`${refused}{source="google"}`), 0);
    assert.ok(all.get('caldock_jwks_age_seconds{source="google"}') >= 0);
    const count = 'caldock_source_request_duration_seconds_count';
    assert.ok(all.get(`${count}{source="google",operation="exchange"}`) >= 4);
});

test('a state that cannot be trusted is a page, and ends no flow', async () => {
    assert.deepEqual(
        await moves(FLOWS, () => world.ask('/oauth2/callback/google', { query: { state: 'x' } })),
        { 'caldock_callback_pages_total{reason="state_invalid"}': 1 },
    );
});

test('a revocation is counted when the source has answered', async () => {
    const id = await world.connected('GOOG');
    const before = await scrape(at);
    await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE' });
    await revokedSince(before);
});

test('callers that are refused, by what they came with', async () => {
    const families = ['caldock_auth_refused_total', 'caldock_throttled_total'];
    const refused = (kind, code) => ({
        [`caldock_auth_refused_total{kind="${kind}",code="${code}"}`]: 1,
    });
    assert.deepEqual(
        await moves(families, () => world.ask(ACCOUNTS, { token: null })),
        refused('none', 'not_authenticated'),
    );
    assert.deepEqual(
        await moves(families, () => world.ask(ACCOUNTS, { token: 'no token of ours' })),
        refused('none', 'authentication_failed'),
    );
    const foreign = { 'teamup-provider-id': '77' };
    assert.deepEqual(
        await moves(families, () =>
            world.ask(ACCOUNTS, {
                headers: { authorization: `Token ${world.token}`, ...foreign },
            }),
        ),
        refused('token', 'provider_invalid'),
    );
});

test('a credential is cold once', async () => {
    const token = await world.addToken('--provider', '1', '--name', 'cold');
    const cache = 'caldock_auth_cache_total';
    const first = await moves([cache], () => world.ask(ACCOUNTS, { token }));
    assert.deepEqual(first, { [`${cache}{result="miss"}`]: 1 });
});

test('a reload that is refused is 0 until one is in order', async () => {
    const name = 'caldock_config_last_reload_successful';
    const since = 'caldock_config_last_reload_success_timestamp_seconds';
    const { settings } = world.caldock;
    const becomes = (value) =>
        until(`${name} is ${value}`, async () => {
            const all = await scrape(at);
            return all.get(name) === value && all;
        });
    const before = await becomes(1);
    await world.caldock.configure({ ...settings, limits: { rate: 'fast' } });
    world.caldock.kill('SIGHUP');
    const refused = await becomes(0);
    assert.equal(refused.get(since), before.get(since));
    await world.caldock.configure(settings);
    world.caldock.kill('SIGHUP');
    const good = await becomes(1);
    assert.ok(good.get(since) > before.get(since));
});

test('transactions, workers, connections and keys', async () => {
    const transactions = 'caldock_store_transactions_total';
    const before = await scrape(at);
    await world.ask(ACCOUNTS);
    const after = await scrape(at);
    const committed = `${transactions}{result="committed"}`;
    assert.ok(moved(before, after, transactions)[committed] >= 1);
    for (const name of ['caldock_store_up', 'caldock_node_may_serve']) {
        assert.equal(after.get(name), 1, name);
    }
    assert.equal(after.get('caldock_keys{state="sealing"}'), 1);
    assert.ok(after.get('caldock_workers{state="idle"}') > 0);
    assert.ok(after.get('caldock_store_pool_connections{state="idle"}') >= 1);
    for (const what of ['flow', 'person', 'grant', 'calendar', 'notice']) {
        assert.equal(after.get(`caldock_parked_requests{what="${what}"}`), 0);
    }
    const lanes = [...after.keys()].filter((key) => key.startsWith('caldock_queue_depth{'));
    assert.equal(lanes.length, 13);
});

test('a call that waits for another is parked', async () => {
    const name = 'caldock_parked_requests{what="flow"}';
    const held = gate();
    const uri = await world.initiate('GOOG');
    const url = await world.consent('GOOG', uri, { account: SOURCES.GOOG.person });
    world.control('GOOG').fault({ path: SOURCES.GOOG.token, delay: held.opens });
    const both = [world.callback(url), world.callback(url)];
    await until('the second is parked', async () => (await scrape(at)).get(name) === 1);
    held.open();
    await Promise.all(both);
    assert.equal((await scrape(at)).get(name), 0);
});

test('notifications that nobody of ours sent, and busy times', async () => {
    const notifications = 'caldock_notifications_total';
    const forged = { 'x-goog-channel-token': 'made up', 'x-goog-resource-state': 'exists' };
    assert.deepEqual(
        await moves([notifications], () =>
            world.ask('/notify/google', { method: 'POST', token: null, headers: forged }),
        ),
        { [`${notifications}{source="google",outcome="forged"}`]: 1 },
    );
    const busy = 'caldock_busy_queries_total';
    const day = (n) => `${new Date(Date.now() + n * 86400000).toISOString().slice(0, 10)}T00:00:00Z`;
    const query = { happens_after: day(1), happens_before: day(2) };
    const path_ = `${API}/busy_periods`;
    const moves_ = await moves([busy], async () => {
        const { status, text } = await world.ask(path_, {
            query,
            headers: { authorization: `Token ${world.token}`, 'caldock-user': 'u1' },
        });
        assert.equal(status, 200, text);
    });
    assert.deepEqual(moves_, { [`${busy}{complete="yes",fresh="yes"}`]: 1 });
});

test('what the store knows is there after a start', async () => {
    await world.connected('GOOG');
    await world.caldock.stop();
    await world.caldock.start();
    const series = 'caldock_accounts{source="google",status="connected"}';
    // It is counted in many steps: a scrape may come between two of them.
    const all = await until('the accounts and the nodes are counted', async () => {
        const now = await scrape(at);
        return now.get(series) === 1 && now.get('caldock_nodes') >= 1 && now;
    });
    assert.equal(all.get('caldock_accounts{source="microsoft",status="connected"}'), 0);
    const schema = (what) => `caldock_store_schema_version{what="${what}"}`;
    const known = all.get(schema('known'));
    assert.ok(known > 0);
    await until('the schema is looked at', async () => {
        return (await scrape(at)).get(schema('store')) === known;
    });
});

test('a histogram is cumulative, and counts as many as its counter', async () => {
    for (let i = 0; i < 5; i++) await world.ask(ACCOUNTS);
    const all = await scrape(at);
    const name = 'caldock_http_request_duration_seconds';
    const buckets = [...all].filter(([series]) =>
        series.startsWith(`${name}_bucket{route="accounts",`),
    );
    const counts = buckets.map(([, count]) => count);
    assert.deepEqual(
        counts,
        [...counts].sort((a, b) => a - b),
    );
    assert.match(buckets.at(-1)[0], /le="\+Inf"/);
    const count = all.get(`${name}_count{route="accounts"}`);
    assert.ok(count >= 5 && count === counts.at(-1));
    assert.ok(all.get(`${name}_sum{route="accounts"}`) > 0);
});

test('what is answered from memory, or is for no route, has no time', async () => {
    const time = 'caldock_http_request_duration_seconds_count';
    const paths = ['/healthz', '/readyz', '/api/v2/openapi.json', '/nowhere'];
    for (const path of paths) {
        const moved = await moves([REQUESTS, time], () => world.ask(path, { token: null }));
        assert.deepEqual(Object.values(moved), [1], path);
        assert.ok(Object.keys(moved)[0].startsWith(REQUESTS), path);
    }
});

test('under load no scrape goes back, and in the end nothing is missing', async () => {
    const CALLS = 400;
    const total = (all) =>
        [...all].reduce((n, [key, value]) => n + (key.startsWith(`${REQUESTS}{`) ? value : 0), 0);
    const first = total(await scrape(at));
    let isOver = false;
    const calls = Promise.all(
        Array.from({ length: 8 }, async () => {
            for (let i = 0; i < CALLS / 8; i++) await world.ask('/healthz');
        }),
    ).then(() => {
        isOver = true;
    });
    let last = first;
    while (!isOver) {
        const now = total(await scrape(at));
        assert.ok(now >= last && now <= first + CALLS);
        last = now;
    }
    await calls;
    assert.equal(total(await scrape(at)), first + CALLS);
});

test('connections are counted by what they do', async () => {
    const name = 'caldock_http_connections';
    const sum = [...(await scrape(at))]
        .filter(([series]) => series.startsWith(`${name}{`))
        .reduce((n, [, value]) => n + value, 0);
    assert.ok(sum >= 1); // this one, at least
    assert.equal((await scrape(at)).get(`${name}{state="working"}`) >= 0, true);
});

test('off closes the listener alone', async () => {
    const own = await World.open();
    try {
        assert.match(own.caldock.log, /metrics="?off/);
        await own.initiate('GOOG');
    } finally {
        await own.close();
    }
});

// At the end, when all of this suite has happened.
test('there are not too many series, and no label holds what is somebody’s', async () => {
    const all = parseMetrics((await askMetrics(unix)).text);
    assert.ok(all.size <= SERIES_MOST, `${all.size} series`);
    // Each is one of those that test/series.txt allows, from which the limit follows.
    const [openapi, scraped] = ['openapi.json', 'scraped'].map((name) => path.join(world.folder, name));
    await writeFile(openapi, (await world.ask('/api/v2/openapi.json')).text);
    await writeFile(scraped, (await askMetrics(unix)).text);
    const { status, stderr } = spawnSync(series, [openapi, scraped], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
    const said = [...all.keys()].join('\n');
    for (const foreign of [world.token, '@', '://', 'example']) {
        assert.ok(!said.includes(foreign), foreign);
    }
});
