// SPDX-License-Identifier: Apache-2.0
// Clients that go on asking a service behind a proxy (proxy.mjs) while something is done to its nodes, and
// what becomes of their requests.
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from '../../../standin/wire.mjs';
import { until } from './until.mjs';
import { ACCOUNTS, INITIATE, REDIRECT } from './world.mjs';

const CLIENTS = 8;
const PAUSE_MS = 5; // of a client, from one request to the next

// What clients do, and the one right answer to it. None may be sent twice by a proxy.
export function requestsOf({ internet, applications }, token) {
    const headers = { authorization: `Token ${token}` };
    const json = { ...headers, 'content-type': 'application/json' };
    const body = JSON.stringify({ calendar_source: 'GOOG', redirect_uri: REDIRECT });
    return [
        [`${applications}${INITIATE}`, { method: 'POST', headers: json, body }, 200],
        [`${applications}${ACCOUNTS}`, { headers }, 200],
        [`${internet}/oauth2/callback/google?state=x`, {}, 400],
        [`${internet}/notify/google`, { method: 'POST' }, 404],
    ];
}

// Asks one thing after the other until the load is over; what isn't answered as it should goes to `lost`.
async function askOn(agent, requests, load) {
    for (let i = 0; !load.isOver; i++) {
        const [url, options, right] = requests[i % requests.length];
        const answer = await ask(new URL(url), { agent, ...options }).catch((error) => error);
        load.asked++;
        if (answer.status !== right) load.lost.push(`${url}: ${answer.status ?? answer.message}`);
        await sleep(PAUSE_MS);
    }
}

// Clients that keep their connections, until `work` is done → {asked, lost}
export async function underLoad({ ca }, requests, work) {
    const load = { asked: 0, lost: [], isOver: false };
    const agent = new https.Agent({ keepAlive: true, maxSockets: CLIENTS, ca });
    const clients = Array.from({ length: CLIENTS }, (_, i) =>
        askOn(agent, [...requests.slice(i % requests.length), ...requests], load),
    );
    try {
        await until('the load is there', () => load.asked > CLIENTS * requests.length);
        await work(load);
    } finally {
        load.isOver = true;
        await Promise.all(clients);
        agent.destroy();
    }
    return load;
}

// Whether the proxy's backend answers.
export async function isUp({ applications, ca }) {
    const options = { agent: new https.Agent({ ca }) };
    const answer = await ask(new URL('/readyz', applications), options).catch(() => null);
    return answer?.status === 200;
}
