// SPDX-License-Identifier: Apache-2.0
// Ways in which a source misbehaves on the wire. A fault waits for the next request whose
// path contains its `path`, happens `times` times, and is gone.
import { readBody, send } from './wire.mjs';

const MEGABYTE = 1024 * 1024;
const PAGE = '<!doctype html><title>Sorry</title><h1>We are sorry</h1>';

function cutShort(response) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100000 });
    response.write('{"access_token":"');
    setTimeout(() => response.destroy(), 50);
}

// The answer is made at once, and comes late: perhaps too late for anyone to be there.
function holdBack(response, delay, entry) {
    const end = response.end.bind(response);
    response.end = (...rest) => {
        entry.isHeld = true;
        setTimeout(() => end(...rest), delay).unref();
        return response;
    };
}

// How each kind of fault answers; the first that the fault names wins.
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

export class Faults {
    #waiting = [];

    // {path, times?, delay?, hang|reset|cut|megabyte|html|redirect|status|body, headers?}
    add(fault) {
        this.#waiting.push({ times: 1, ...fault });
    }

    clear() {
        this.#waiting = [];
    }

    // How many times something will still go wrong.
    get pending() {
        return this.#waiting.reduce((sum, { times }) => sum + times, 0);
    }

    #take(path) {
        const fault = this.#waiting.find((waiting) => path.includes(waiting.path));
        if (fault && --fault.times <= 0) {
            this.#waiting.splice(this.#waiting.indexOf(fault), 1);
        }
        return fault;
    }

    // True when a fault answered (or never will): nobody else may. A mere delay is false.
    async play(path, entry, request, response) {
        const fault = this.#take(path);
        const kind = fault && Object.keys(ANSWERS).find((name) => name in fault);
        if (kind && request.method === 'POST') {
            entry.form = Object.fromEntries(new URLSearchParams(await readBody(request)));
        }
        if (fault?.delay) holdBack(response, fault.delay, entry);
        if (kind) ANSWERS[kind](fault, request, response);
        return kind !== undefined;
    }
}
