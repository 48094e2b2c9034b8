// SPDX-License-Identifier: Apache-2.0
// An application's receiver of webhooks: it takes everything, and notes when.
import http from 'node:http';

const PATIENCE_MS = 60000;
const LOOK_MS = 20;

export class Receiver {
    times = [];

    constructor() {
        this.server = http.createServer((request, response) => {
            request.resume();
            request.once('end', () => {
                this.times.push(performance.now());
                response.writeHead(204).end();
            });
        });
    }

    async start() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    async has(count) {
        for (const end = Date.now() + PATIENCE_MS; this.times.length < count; ) {
            if (Date.now() > end) throw new Error(`${this.times.length} of ${count} messages came`);
            await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        }
    }

    stop() {
        this.server.closeAllConnections();
        this.server.close();
    }
}
