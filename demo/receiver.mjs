// SPDX-License-Identifier: Apache-2.0
// What docs/webhooks.md §3 says, as it stands there.
import crypto from 'node:crypto';

// headers: names in lower case; body: a Buffer, as it came; seen: a Set of ids
export function receive(secret, headers, body, seen) {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) throw new Error('too old');
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const hmac = crypto.createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(`v1,${hmac.digest('base64')}`);
    const fits = (headers['webhook-signature'] ?? '').split(' ').some((one) => {
        const given = Buffer.from(one);
        return given.length === expected.length && crypto.timingSafeEqual(given, expected);
    });
    if (!fits) throw new Error('no signature fits');
    if (seen.has(id)) return undefined;
    seen.add(id);
    return JSON.parse(body);
}
