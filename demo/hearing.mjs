// SPDX-License-Identifier: Apache-2.0
// What Caldock has told the application, and who wants to hear of it at once: open pages.
import { send } from '../standin/wire.mjs';
import { receive } from './receiver.mjs';

const KEEP = 50;
const MOST_BYTES = 64 * 1024;

// The bytes as they came: what was parsed and written anew has another signature.
async function bytesOf(request) {
    const chunks = [];
    let n = 0;
    for await (const chunk of request) {
        n += chunk.length;
        if (n > MOST_BYTES) throw new Error('too large');
        chunks.push(chunk);
    }
    return Buffer.concat(chunks);
}

export class Hearing {
    messages = []; // the newest last
    #seen = new Set(); // for ever: this process lives for a while
    #pages = new Set(); // the answers that go on to open pages

    // secret: of the endpoint; without one nothing is believed
    constructor({ secret }) {
        this.secret = secret;
    }

    async take(request, response) {
        try {
            const body = await bytesOf(request);
            const message = receive(this.secret, request.headers, body, this.#seen);
            if (message) this.#keep(message);
        } catch {
            return send(response, 400, 'not believed');
        }
        response.writeHead(204).end();
    }

    #keep(message) {
        this.messages.push(message);
        this.messages.splice(0, this.messages.length - KEEP);
        for (const page of this.#pages) page.write(`data: ${message.type}\n\n`);
    }

    // A page that wants to hear of each message (EventSource).
    join(response) {
        response.writeHead(200, {
            'content-type': 'text/event-stream',
            'cache-control': 'no-store',
        });
        response.write('retry: 2000\n\n');
        this.#pages.add(response);
        response.on('close', () => this.#pages.delete(response));
    }
}
