// SPDX-License-Identifier: Apache-2.0
// Both ends of an HTTP exchange: reading a request, answering one, and asking.
import http from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';

const PATIENCE_MS = 180000;

// The text of a request or an answer, decompressed.
export async function readBody(message) {
    const chunks = [];
    for await (const chunk of message) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const isGzip = message.headers['content-encoding'] === 'gzip';
    return (isGzip ? gunzipSync(bytes) : bytes).toString();
}

// Both sources compress for a client that asks for it; some proxies compress for all.
function wantsGzip({ manner = {}, req }) {
    const isAsked = /\bgzip\b/.test(req?.headers['accept-encoding'] ?? '');
    return manner.gzip === 'always' || (manner.gzip === 'asked' && isAsked);
}

// The bytes of JSON or text as they go out → {bytes, headers}. `response.manner`, where a
// stand-in has set it: {gzip: 'asked'|'always'|'never', mark: a byte order mark before JSON}.
export function encode(response, body) {
    const isText = typeof body === 'string';
    const mark = !isText && response.manner?.mark ? '\uFEFF' : '';
    const plain = Buffer.from(isText ? body : mark + JSON.stringify(body));
    const isGzip = plain.length > 0 && wantsGzip(response);
    const bytes = isGzip ? gzipSync(plain) : plain;
    return {
        bytes,
        headers: {
            'content-type': isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
            ...(isGzip && { 'content-encoding': 'gzip' }),
            'content-length': bytes.length,
        },
    };
}

// Text goes out as HTML, anything else as JSON.
export function send(response, status, body, headers = {}) {
    const encoded = encode(response, body);
    response.writeHead(status, { ...encoded.headers, ...headers });
    response.end(encoded.bytes);
}

// Thrown where a request is refused; each source has its own words for it.
export class Refusal extends Error {
    constructor(status, code, message = code, headers = {}) {
        super(message);
        Object.assign(this, { status, code, headers });
    }
}

// The body of a request, which a stand-in's log then has, too; undefined if it is no JSON.
export async function readJson(request) {
    const text = (await readBody(request)) || '{}';
    try {
        const json = JSON.parse(text);
        if (request.entry) request.entry.json = json;
        return json;
    } catch {
        return undefined;
    }
}

export const escapeHtml = (text) =>
    String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

// One request on a connection of its own, nothing followed, nothing added.
// headers: an object, or a flat list of names and values where order or repeats matter.
// → {status, headers, cookies, text}
export function ask(url, { method = 'GET', headers = {}, body, ...rest } = {}) {
    return new Promise((resolve, reject) => {
        const options = { method, headers, agent: false, timeout: PATIENCE_MS, ...rest };
        const request = http.request(url, options, async (response) => {
            const { statusCode: status, headers: received } = response;
            const cookies = received['set-cookie'] ?? [];
            try {
                resolve({ status, headers: received, cookies, text: await readBody(response) });
            } catch (error) {
                reject(error);
            }
        });
        request.on('timeout', () => request.destroy(new Error('no answer in time')));
        request.on('error', reject);
        request.end(body);
    });
}
