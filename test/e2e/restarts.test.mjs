// SPDX-License-Identifier: Apache-2.0
// Rolling restarts of two nodes on one PostgreSQL ($CALDOCK_TEST_POSTGRES) behind the proxies of
// examples/, under load: no request is lost. $CALDOCK_E2E_RESTARTS says how often each node restarts.
import assert from 'node:assert/strict';
import https from 'node:https';
import path from 'node:path';
import test from 'node:test';

import { ask } from '../../standin/wire.mjs';
import { isUp, requestsOf, underLoad } from './lib/load.mjs';
import { Proxy } from './lib/proxy.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, World } from './lib/world.mjs';

const RESTARTS = Number(process.env.CALDOCK_E2E_RESTARTS ?? 1);

// How long a node goes on, as the examples say, and what it listens on where that is no port.
const SITUATIONS = [
    { kind: 'haproxy', shutdown_delay: '7s' },
    { kind: 'nginx', shutdown_delay: '1s' },
    { kind: 'nginx', shutdown_delay: '1s', listen: 'unix:s.sock' },
];

const addressOf = (node, listen) =>
    listen ? `unix:${path.join(node.folder, 's.sock')}` : `127.0.0.1:${node.port}`;

// Done when the proxy goes to the node again, which may take it a while to notice.
async function restart(node) {
    assert.deepEqual(await node.stop(), { code: 0, signal: null });
    const before = node.log.length;
    await node.start();
    await until('it serves again', () => node.log.includes('callback_google', before));
}

async function restartsBehind(t, { kind, ...server }) {
    const world = await World.open({ nodes: 2, settings: { server } });
    t.after(() => world.close());
    const addresses = world.nodes.map((node) => addressOf(node, server.listen));
    const proxy = await Proxy.start({ kind, folder: world.folder, addresses });
    t.after(() => proxy.stop());
    await until(`${kind} answers`, () => isUp(proxy));
    const { status } = await ask(new URL(ACCOUNTS, proxy.internet), {
        agent: new https.Agent({ ca: proxy.ca }),
    });
    assert.equal(status, 404, 'the API faces the internet');

    let rounds = 0;
    const load = await underLoad(proxy, requestsOf(proxy, world.token), async ({ lost }) => {
        for (; rounds < RESTARTS && lost.length === 0; rounds++) {
            for (const node of world.nodes) {
                await restart(node);
            }
        }
    });
    const told = [`${kind}, ${server.listen ?? 'ports'}: ${rounds} rounds`, `${load.asked} requests`];
    t.diagnostic([...told, `${load.lost.length} lost`].join(', '));
    assert.deepEqual(load.lost, []);
}

// Side by side, since they wait more than they work.
test('each of two nodes restarts, and no request is lost', { concurrency: true }, (t) =>
    Promise.all(
        SITUATIONS.map((one) =>
            t.test(`${one.kind}, ${one.listen ?? 'ports'}`, (sub) => restartsBehind(sub, one)),
        ),
    ));
