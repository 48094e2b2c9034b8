// SPDX-License-Identifier: Apache-2.0
// The slow source, and the people who come back from it, all at once: a process of its own that
// gives way to everybody else, since on two CPUs it shares one with who measures latency.
//   {client, scopes, delayMs, inFlight} → settings of the source; then [url, …] → {seconds, calls}
import { once } from 'node:events';

import { endFlow } from './people.mjs';
import { Source } from './source.mjs';

// Always as many at once, until all have come. → seconds
async function endFlows(urls, inFlight) {
    const left = [...urls];
    const one = async () => {
        while (left.length > 0) await endFlow(left.pop());
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: inFlight }, one));
    return (performance.now() - began) / 1000;
}

const [about] = await once(process, 'message');
const source = await new Source(about).start();
process.send(source.settings());
process.on('message', async (urls) => {
    source.calls = 0;
    const seconds = await endFlows(urls, about.inFlight);
    process.send({ seconds, calls: source.calls });
});
process.once('disconnect', () => process.exit());
