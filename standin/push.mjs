// SPDX-License-Identifier: Apache-2.0
// Notifications of changes: who wants them, and how they get there, or don't. What they look like is
// in google_push.mjs and microsoft_push.mjs.
import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from './wire.mjs';

const LOG_LENGTH = 10000;
// Sources try again for hours; here everything is over within seconds.
const MOST_ATTEMPTS = 5;
const RETRY_MS = 200;

export class Push {
    channels = new Map(); // id → {id, person, calendar: its key, expiresAt, …}
    log = []; // [{kind, to, headers, body, isLost?, attempts, status: the last answer's, or 0}]
    #addresses = new Map(); // what the name of a receiver means: origin → origin
    #changes = []; // [{agenda, type, event}], still to be told
    #deliveries = new Set();

    // source: its `messages`, `patience` and `isRetried`
    constructor(source) {
        this.source = source;
        this.reset();
    }

    // Forgets all but the addresses, which are the test's wiring and no misbehaviour.
    reset() {
        this.channels.clear();
        this.log.length = 0;
        this.#changes.length = 0;
        this.#deliveries.clear();
        this.era = {}; // what was on its way before goes nowhere
        this.losses = { left: 0, happened: 0, wanted: 0 };
        this.copies = 1;
        this.delay = 0;
        this.lifeS = undefined;
    }

    // Receivers have names and certificates elsewhere; here an origin leads to one on loopback.
    resolve(from, to) {
        this.#addresses.set(new URL(from).origin, new URL(to).origin);
    }

    // Where an address leads, or undefined: nothing ever leaves loopback.
    #targetOf(address) {
        const url = new URL(address);
        const origin = this.#addresses.get(url.origin) ?? url.origin;
        const isHere = /^http:\/\/127\.0\.0\.1(:|$)/.test(origin);
        return isHere ? new URL(url.pathname + url.search, origin) : undefined;
    }

    get alive() {
        return [...this.channels.values()].filter(({ expiresAt }) => expiresAt > Date.now());
    }

    // Something changed. What changes at once is told together.
    tell(change) {
        this.#changes.push(change);
        if (this.#changes.length === 1) setImmediate(() => this.#tellAll());
    }

    #tellAll() {
        const changes = this.#changes.splice(0);
        for (const message of this.source.messages(this.alive, changes)) this.send(message);
    }

    // message: {kind, to, headers, body?}
    send(message) {
        if (this.losses.left > 0) {
            this.losses.left--;
            this.losses.happened++;
            return this.#note({ ...message, isLost: true });
        }
        for (let i = 0; i < this.copies; i++) this.#track(this.#deliver(message));
        return undefined;
    }

    #track(delivery) {
        this.#deliveries.add(delivery);
        delivery.finally(() => this.#deliveries.delete(delivery));
    }

    // All notifications so far have arrived, or were given up.
    async settled() {
        await new Promise(setImmediate);
        while (this.#deliveries.size > 0) await Promise.all(this.#deliveries);
    }

    #note(message) {
        const entry = { attempts: 0, status: 0, ...message };
        this.log.push(entry);
        if (this.log.length > LOG_LENGTH) this.log.shift();
        return entry;
    }

    async #deliver(message) {
        const { era } = this;
        if (this.delay) await sleep(this.delay, undefined, { ref: false });
        const entry = this.#note(message);
        for (let pause = RETRY_MS; era === this.era; pause *= 2) {
            entry.attempts++;
            entry.status = (await this.post(message)).status;
            const isLast = entry.attempts === MOST_ATTEMPTS || !this.#targetOf(message.to);
            if (isLast || !this.source.isRetried(entry.status)) return;
            await sleep(pause, undefined, { ref: false });
        }
    }

    // One request to a receiver → {status: 0 without an answer, headers, text}
    async post({ to, headers, body }, timeout = this.source.patience) {
        const target = this.#targetOf(to);
        if (!target) return { status: 0, headers: {}, text: '' };
        const own = { host: new URL(to).host, 'content-length': Buffer.byteLength(body ?? '') };
        try {
            const options = { method: 'POST', headers: { ...own, ...headers }, body, timeout };
            return await ask(target, options);
        } catch {
            return { status: 0, headers: {}, text: '' };
        }
    }

    // Losses that were asked for and never happened.
    get unused() {
        const { wanted, happened } = this.losses;
        return wanted > 0 && happened === 0 ? [{ loseNotifications: wanted }] : [];
    }
}
