// SPDX-License-Identifier: Apache-2.0
// The promise of docs/upgrading.md to nodes of the release before ($CALDOCK_BEFORE_BIN; dev/check-upgrade
// builds it): two of them serve on PostgreSQL behind HAProxy, as examples/ has it, while this Caldock runs
// every command that reads, and migrates. No request is lost, and no node leaves the service.
import assert from 'node:assert/strict';
import https from 'node:https';
import test from 'node:test';

import { runToEnd } from '../../standin/caldock.mjs';
import { Blocking } from './lib/blocking.mjs';
import { isUp, requestsOf, underLoad } from './lib/load.mjs';
import { Proxy } from './lib/proxy.mjs';
import { READS, showsOf } from './lib/reads.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, BINARY, SOURCES, World } from './lib/world.mjs';

const BEFORE = process.env.CALDOCK_BEFORE_BIN;
const LEAST = 20000; // requests during all of it
// Of either release, and none that two nodes would both want.
const SETTINGS = { server: { metrics_listen: 'unix:metrics.sock' } };
const OLDER = 'store: schema \\d+, this caldock knows \\d+: caldock store migrate';
const REFUSED = new RegExp(`^caldock: ${OLDER}\n$`);
const FOUND = new RegExp(`^wrong\tstore\t${OLDER}\t`, 'm'); // by check, and nothing else
const UNREADY = /event="?(service\.unready|node_refused|store\.away)/;

const command = ({ caldock }, ...args) =>
    runToEnd(BINARY, [...args, '--config', caldock.config], { cwd: caldock.folder });

async function migrate(world, ...options) {
    const { code, stdout, stderr } = await command(world, 'store', 'migrate', '--json', ...options);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
}

// One of each thing that can be shown → their ids
async function furnish(world) {
    const { account, setting } = await Blocking.read(world, 'GOOG');
    const place = ['--provider', '1', '--url', 'https://app.example/hooks'];
    const added = await world.caldock.run('webhook', 'add', ...place, '--force', '--json');
    const { id, secret } = JSON.parse(added);
    world.secrets.add(secret);
    return { account, setting, webhook: id };
}

// Every list and show that this Caldock has is tried.
async function assertAll(world, commands) {
    const { stdout } = await command(world, 'help');
    const names = stdout.match(/^ {2}[a-z]+ (list|show)\b/gm).map((name) => name.trim());
    const tried = commands.map((words) => words.slice(0, 2).join(' '));
    assert.deepEqual(
        names.filter((name) => !tried.includes(name)),
        [],
    );
}

const isRefused = ({ code, stdout, stderr }) =>
    code === 1 &&
    (REFUSED.test(stderr) || (FOUND.test(stdout) && /^caldock: 1 to mend$/m.test(stderr)));

// Runs each → those that can't read this schema, and say so
async function readAll(world, commands) {
    const refused = [];
    for (const words of commands) {
        const end = await command(world, ...words);
        if (isRefused(end)) refused.push(words.join(' '));
        else assert.equal(end.code, 0, `${words.join(' ')}: ${end.stderr}${end.stdout}`);
    }
    return refused;
}

// People connect an account at one node, come back to whichever the proxy chooses, and disconnect, one after
// the other, until the load is over.
async function connectOn(world, proxy, load) {
    const agent = new https.Agent({ keepAlive: true, ca: proxy.ca });
    const api = { at: { url: proxy.applications }, agent };
    const codes = Object.keys(SOURCES);
    for (load.flows = 0; !load.isOver; load.flows++) {
        const code = codes[load.flows % codes.length];
        const uri = await world.initiate(code, api);
        const back = await world.consent(code, uri, { account: SOURCES[code].person });
        const at = { url: proxy.internet };
        const { status, result } = await world.callback(back, { at, agent });
        assert.equal(result?.success, '1', `a callback: ${status} ${JSON.stringify(result)}`);
        const gone = await world.ask(`${ACCOUNTS}/${result.account}`, { ...api, method: 'DELETE' });
        assert.equal(gone.status, 204, `a DELETE: ${gone.status}`);
    }
    agent.destroy();
}

test('nodes of the release before go on while this one reads and migrates', async (t) => {
    const world = await World.open({ nodes: 2, binary: BEFORE, tool: BEFORE, settings: SETTINGS });
    t.after(() => world.close());
    const commands = [['health'], ...READS, ...showsOf(await furnish(world))];
    await assertAll(world, commands);
    const addresses = world.nodes.map(({ port }) => `127.0.0.1:${port}`);
    const proxy = await Proxy.start({ kind: 'haproxy', folder: world.folder, addresses });
    t.after(() => proxy.stop());
    await until('HAProxy answers', () => isUp(proxy));
    const logged = world.nodes.map(({ log }) => log.length);
    // What HAProxy asks, too, of each node by itself.
    const probes = world.nodes.map(({ url }) => [`${url}/readyz`, { agent: false }, 200]);

    let refused;
    let rows;
    let connecting;
    const requests = [...requestsOf(proxy, world.token), ...probes];
    const all = underLoad(proxy, requests, async (now) => {
        const isThere = async (n) => {
            await until(`${n} requests`, () => now.asked >= n || now.lost.length > 0);
            assert.deepEqual(now.lost, []);
        };
        connecting = connectOn(world, proxy, now).catch((error) => now.lost.push(error.message));
        refused = await readAll(world, commands);
        assert.ok((await migrate(world, '--dry-run')).length > 0, 'there is something to migrate');
        await isThere(LEAST / 2);
        rows = await migrate(world);
        assert.deepEqual(await readAll(world, commands), []);
        await isThere(LEAST);
    });
    const load = await all.finally(() => connecting);

    const steps = rows.map(({ number, how }) => `${number} (${how})`).join(', ');
    t.diagnostic(`steps ${steps}`);
    t.diagnostic(`the older schema is refused by ${refused.join(', ') || 'no command that reads'}`);
    t.diagnostic(`${load.asked} requests, ${load.flows} flows, ${load.lost.length} lost`);
    assert.deepEqual(load.lost, []);
    assert.ok(load.flows > 0, 'accounts were connected');
    assert.deepEqual(await migrate(world), []);
    world.nodes.forEach((node, i) => assert.doesNotMatch(node.log.slice(logged[i]), UNREADY));
});
