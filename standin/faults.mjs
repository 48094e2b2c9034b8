// SPDX-License-Identifier: Apache-2.0
// Ways in which a source misbehaves on the wire. A fault waits for the next request whose
// path contains its `path`, happens `times` times, and is gone. One that never happens makes a
// test that shows nothing, so those are kept count of, but for those that say `perhaps`.
import { gunzipSync } from 'node:zlib';

import { readBody, send } from './wire.mjs';

const MEGABYTE = 1024 * 1024;
const PAGE = '<!doctype html><title>Sorry</title><h1>We are sorry</h1>';

function cutShort(response) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100000 });
    response.write('{"access_token":"');
    setTimeout(() => response.destroy(), 50);
}

// The answer is made at once, and comes late: perhaps too late for anyone to be there.
// `delay`: milliseconds, or the promise that ends it.
export function holdBack(response, delay, entry) {
    const end = response.end.bind(response);
    response.end = (...rest) => {
        entry.isHeld = true;
        if (delay instanceof Promise) delay.then(() => end(...rest));
        else setTimeout(() => end(...rest), delay).unref();
        return response;
    };
}

// The answer of each kind of fault; the first kind that the fault names wins.
const ANSWERS = {
    hang: () => {}, // the client gives up, or the stand-in is closed
    reset: (fault, request) => request.socket.resetAndDestroy(),
    cut: (fault, request, response) => cutShort(response),
    megabyte: (fault, request, response) =>
        send(response, 200, { access_token: 'x'.repeat(MEGABYTE), token_type: 'Bearer' }),
    html: (fault, request, response) => send(response, fault.status ?? 200, PAGE, fault.headers),
    redirect: (fault, request, response) =>
        send(response, 302, '', { location: fault.redirect, ...fault.headers }),
    status: (fault, request, response) =>
        send(response, fault.status, fault.body ?? {}, fault.headers),
    body: (fault, request, response) => send(response, 200, fault.body, fault.headers),
};

// The request is acted on, and `spoil` gets the answer, which the client never sees as it was:
// {status, headers, bytes}.
function actFirst(response, spoil) {
    const { writeHead, end } = response;
    let head;
    response.writeHead = (status, headers) => {
        head = { status, headers };
        return response;
    };
    response.end = (bytes) => {
        Object.assign(response, { writeHead, end });
        const { status = response.statusCode, headers = response.getHeaders() } = head ?? {};
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        spoil({ status, headers, bytes: Buffer.from(bytes ?? '') });
        return response;
    };
}

// What may become of a good answer.
const SPOILED = {
    // The connection ends in the middle of it.
    half: (response, { status, headers, bytes }) => {
        response.writeHead(status, { ...headers, 'content-length': bytes.length });
        response.write(bytes.subarray(0, bytes.length / 2));
        setTimeout(() => response.destroy(), 50);
    },
    // It is whole on the wire, and no JSON.
    malformed: (response, { status, headers, bytes }) => {
        const isGzip = headers['content-encoding'] === 'gzip';
        const text = (isGzip ? gunzipSync(bytes) : bytes).toString();
        const type = { 'content-type': headers['content-type'] ?? 'application/json' };
        send(response, status, text.slice(0, text.length / 2), type);
    },
};

// What else a fault may ask of the request that it waits for.
const CONDITIONS = {
    method: ({ method }, wanted) => method === wanted,
    account: ({ person }, wanted) => person === wanted,
    calendar: ({ calendar }, wanted) => calendar === wanted,
    page: ({ page }, wanted) => page === wanted,
};

const isMeant = (fault, path, entry) =>
    path.includes(fault.path) &&
    Object.entries(CONDITIONS).every(
        ([name, holds]) => fault[name] === undefined || holds(entry, fault[name]),
    );

export class Faults {
    #waiting = [];
    #unused = []; // taken back before they ever happened

    // {path, method?, account?, calendar?: its key, page?, times?, perhaps?: it need not happen,
    //  delay?: as holdBack has it, hang|reset|cut|megabyte|html|redirect|status|body, headers?,
    //  after?: the request is acted on first; or half|malformed, of the good answer}
    add(fault) {
        this.#waiting.push({ times: 1, happened: 0, ...fault });
    }

    clear() {
        this.#unused = this.unused;
        this.#waiting = [];
    }

    // Every fault so far that has not happened even once.
    get unused() {
        const waiting = this.#waiting.filter(({ happened, perhaps }) => !happened && !perhaps);
        return [...this.#unused, ...waiting];
    }

    // The number of requests that will still go wrong.
    get pending() {
        return this.#waiting.reduce((sum, { times }) => sum + times, 0);
    }

    #take(path, entry) {
        const fault = this.#waiting.find((waiting) => isMeant(waiting, path, entry));
        if (!fault) return undefined;
        fault.happened++;
        if (--fault.times <= 0) this.#waiting.splice(this.#waiting.indexOf(fault), 1);
        return fault;
    }

    // True when a fault answered (or never will): nobody else may. A mere delay is false, and so is
    // what happens to an answer once there is one.
    async play(path, entry, request, response) {
        const fault = this.#take(path, entry);
        if (!fault) return false;
        if (fault.delay) holdBack(response, fault.delay, entry);
        const spoiled = Object.keys(SPOILED).find((name) => name in fault);
        if (spoiled) actFirst(response, (answer) => SPOILED[spoiled](response, answer));
        const kind = Object.keys(ANSWERS).find((name) => name in fault);
        if (spoiled || !kind) return false;
        if (fault.after) {
            actFirst(response, () => ANSWERS[kind](fault, request, response));
            return false;
        }
        if (request.method === 'POST') {
            entry.form = Object.fromEntries(new URLSearchParams(await readBody(request)));
        }
        ANSWERS[kind](fault, request, response);
        return true;
    }
}
