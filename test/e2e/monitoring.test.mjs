// SPDX-License-Identifier: Apache-2.0
// What an operator watches the service by: `caldock status`, the alert rules and the dashboard.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { askMetrics } from './lib/metrics.mjs';
import { until } from './lib/until.mjs';
import { BINARY, SOURCES, World, openWorld } from './lib/world.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inRoot = (program, ...args) => promisify(execFile)(program, args, { cwd: root });
const world = await openWorld(test, {
    settings: { server: { metrics_listen: 'unix:metrics.sock' } },
});
const status = async (...args) => JSON.parse(await world.caldock.run('status', '--json', ...args));
const rowOf = (rows, key, value) => rows.find((row) => row[key] === value);

test('status: the node that serves, by what it says itself', async () => {
    await world.accounts();
    const { nodes, version, schema } = await until('a ready node', async () => {
        const seen = await status();
        const [node] = seen.nodes;
        return node?.ready && node.requests_per_second > 0 && seen;
    });
    const [node] = nodes;
    assert.equal(node.version, version);
    assert.ok(Date.now() - Date.parse(node.since) < 600000, node.since);
    assert.ok(node.seen_s >= 0 && node.seen_s <= 15);
    assert.deepEqual(node.keys, [node.seals_with]);
    assert.match(node.p99, /^(<=|>) \d+ ms$/);
    assert.ok(schema > 12);
});

test('status: accounts, flows and sources', async () => {
    const connected = (seen) =>
        rowOf(seen.accounts.filter((row) => row.source === 'google'), 'status', 'connected');
    const before = await status();
    await world.connect('GOOG');
    const after = await status();
    assert.equal(connected(after).accounts, connected(before).accounts + 1);
    assert.equal(connected(after).came_in_24h, connected(before).came_in_24h + 1);
    const ended = rowOf(after.flows_in_1h, 'outcome', 'success').flows;
    assert.equal(ended, (rowOf(before.flows_in_1h, 'outcome', 'success')?.flows ?? 0) + 1);
    assert.equal(after.sources[0].configured, true);
    assert.equal(after.sources[0].notifications, 'off'); // no source reaches a loopback
    assert.deepEqual(
        after.waiting.map(({ work }) => work),
        ['revocations', 'refreshes', 'syncs', 'pushes', 'webhooks'],
    );
});

test('status: whether a source takes the client, as the nodes found it', async () => {
    const says = async (client) =>
        until(`client ${client}`, async () => (await status()).sources[0].client === client);
    await world.connect('GOOG');
    await says('accepted');
    const body = { error: 'invalid_client' };
    world.control('GOOG').fault({ path: SOURCES.GOOG.token, status: 401, body });
    assert.equal(await world.outcome('GOOG'), 'source_misconfigured');
    await says('refused');
    assert.equal((await status()).sources[1].client, null); // nobody has asked it
});

test('status: on the screen each list is a table', async () => {
    const screen = await world.caldock.run('status');
    assert.match(screen, /^version \d+\.\d+\.\d+ {3}store (sqlite|postgresql) {3}schema \d+ /);
    for (const name of ['nodes', 'accounts', 'flows_in_1h', 'sources', 'waiting']) {
        assert.match(screen, new RegExp(`\n\n${name}\n {2}\\w+`));
    }
    assert.ok(screen.split('\n').length < 40, 'one screen');
});

test('status --watch: again and again, until Ctrl-C', async () => {
    const child = spawn(BINARY, ['status', '--watch', '--config', world.caldock.config]);
    let printed = '';
    child.stdout.on('data', (text) => (printed += text));
    const ended = once(child, 'exit');
    try {
        await until('a second screen', () => printed.match(/^version /gm)?.length > 1);
    } finally {
        child.kill('SIGINT');
    }
    assert.deepEqual(await ended, [null, 'SIGINT']);
    assert.ok(!printed.includes('\x1b'), 'what is no terminal is not cleared');
});

test('status --watch: on a terminal it fits, and what it has to say is seen', async (t) => {
    const settings = { store: { url: 'sqlite:watched.db' } };
    const own = await World.open({ settings, provider: false });
    t.after(() => own.close());
    const { config, folder } = own.caldock;
    const command = `stty rows 24 cols 120; exec '${BINARY}' status --watch --config '${config}'`;
    const child = spawn('script', ['-qec', command, '/dev/null']);
    const ended = once(child, 'exit');
    let printed = '';
    child.stdout.on('data', (text) => (printed += text));
    const screens = () => printed.split('\x1b[H\x1b[2J').slice(1);
    try {
        await until('a second screen', () => screens().length > 1);
        await rename(path.join(folder, 'watched.db'), path.join(folder, 'moved.db'));
        await until('it says why', () => /^caldock: store: .*watched\.db/.test(screens().at(-1)));
    } finally {
        child.kill('SIGTERM');
        await ended;
    }
    const [first] = screens();
    assert.match(first, /^version .*\r\nnodes\r\n/);
    assert.ok(first.trimEnd().split('\r\n').length < 24, 'the cursor has a row, too');
});

test('the alert rules are right, and each passes its tests', async () => {
    const { stdout } = await inRoot('promtool', 'check', 'rules', 'examples/prometheus/rules.yml');
    assert.match(stdout, /SUCCESS: \d\d rules found/);
    await inRoot('promtool', 'test', 'rules', 'test/monitoring/rules.test.yml');
});

// What compare says of a scrape; empty: nothing
async function compare(text) {
    const scrape = path.join(world.folder, 'scrape.txt');
    await writeFile(scrape, text);
    return inRoot('test/monitoring/compare', scrape).then(
        () => '',
        (error) => error.stderr,
    );
}

test('alert rules and dashboard ask for nothing but what a node shows', async () => {
    const { text } = await askMetrics(path.join(world.caldock.folder, 'metrics.sock'));
    assert.equal(await compare(text), '');
    const renamed = await compare(text.replaceAll('caldock_store_up', 'caldock_store_is_up'));
    assert.match(renamed, /^CaldockStoreDown: no node shows caldock_store_up$/m);
    const relabelled = await compare(text.replaceAll('source="', 'calendar="'));
    assert.match(relabelled, /^CaldockClientRefused: nothing has the label source$/m);
    const reworded = await compare(text.replaceAll('"identity_invalid"', '"invalid"'));
    const never = 'caldock_flows_ended_total is never outcome="identity_invalid"';
    assert.equal(reworded, `CaldockAllIdentitiesInvalid: ${never}\n`);
});
