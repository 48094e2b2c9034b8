// SPDX-License-Identifier: Apache-2.0
// Both ends of an HTTP exchange: reading a request, answering one, and asking.
import http from 'node:http';

const PATIENCE_MS = 30000;

export async function readBody(request) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
}

// Text goes out as HTML, anything else as JSON.
export function send(response, status, body, headers = {}) {
    const isText = typeof body === 'string';
    const bytes = Buffer.from(isText ? body : JSON.stringify(body));
    response.writeHead(status, {
        'content-type': isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
        'content-length': bytes.length,
        ...headers,
    });
    response.end(bytes);
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
