// SPDX-License-Identifier: Apache-2.0
// An application's webhook receiver, on loopback: it keeps every request, and verifies each with an
// independent library of standard-webhooks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';

import { Webhook } from 'standardwebhooks';

import { until } from './until.mjs';

export class Receiver {
    requests = []; // [{method, path, headers, body, at, status: as answered}]
    secrets = []; // any of these may have signed
    #open = new Set();
    mostAtOnce = 0; // requests that waited for an answer together

    // answer: ({headers, body, n}) → status, or {status, headers?, body?, hangs?: until end()}
    static async start(answer = () => 204) {
        const receiver = new Receiver();
        receiver.answer = answer;
        receiver.server = http.createServer((request, response) =>
            receiver.#take(request, response),
        );
        receiver.server.listen(0, '127.0.0.1');
        await once(receiver.server, 'listening');
        receiver.url = `http://127.0.0.1:${receiver.server.address().port}/hooks`;
        return receiver;
    }

    async #take(request, response) {
        const chunks = [];
        this.#open.add(response);
        response.on('close', () => this.#open.delete(response));
        this.mostAtOnce = Math.max(this.mostAtOnce, this.#open.size);
        request.on('error', () => {});
        for await (const chunk of request) chunks.push(chunk);
        const body = Buffer.concat(chunks).toString();
        const { method, url: path, headers } = request;
        const taken = { method, path, headers, body, at: Date.now(), n: this.requests.length };
        this.requests.push(taken);
        const answer = await this.answer(taken);
        const { status = 200, headers: more = {}, body: text = '' } =
            typeof answer === 'number' ? { status: answer } : answer;
        taken.status = status;
        response.writeHead(status, more).end(text);
    }

    // A receiver that is an endpoint of the first provider, for some types, until the end of the test;
    // all(): what there ever was for it, sent or not.
    static async ofWorld(t, { caldock, secrets }, events) {
        const receiver = await Receiver.start();
        const chosen = events.flatMap((event) => ['--event', event]);
        const place = ['--provider', '1', '--url', receiver.url];
        const added = await caldock.run('webhook', 'add', ...place, ...chosen, '--json');
        const { id, secret } = JSON.parse(added);
        secrets.add(secret);
        receiver.secrets.push(secret);
        receiver.id = String(id);
        receiver.all = async () =>
            JSON.parse(await caldock.run('webhook', 'deliveries', receiver.id, '--json'));
        t.after(async () => {
            await receiver.close();
            await caldock.command('webhook', 'remove', receiver.id);
        });
        return receiver;
    }

    // The secrets that verify a request: [place in `secrets`]. Fails where none does.
    verify({ headers, body }) {
        const good = this.secrets.flatMap((secret, i) => {
            try {
                new Webhook(secret).verify(body, headers);
                return [i];
            } catch {
                return [];
            }
        });
        assert.ok(good.length > 0, `nothing verifies ${headers['webhook-signature']}`);
        return good;
    }

    // All that came, each verified: [{id, type, timestamp, provider, data}]
    get messages() {
        return this.requests.map((request) => {
            this.verify(request);
            const message = JSON.parse(request.body);
            assert.equal(request.headers['webhook-id'], message.id);
            return message;
        });
    }

    of(type) {
        return this.messages.filter((message) => message.type === type);
    }

    // Waits until so many have come → the messages
    async has(n, type) {
        await until(`${n} messages`, () => (type ? this.of(type) : this.requests).length >= n);
        return type ? this.of(type) : this.messages;
    }

    forget() {
        this.requests.length = 0;
        this.mostAtOnce = 0;
    }

    close() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }
}
