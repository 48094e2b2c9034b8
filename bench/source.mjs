// SPDX-License-Identifier: Apache-2.0
// A calendar source that answers after a while, like Google's in the little that a callback
// needs; who comes with a code says in it who is meant and which nonce was asked for.
import crypto from 'node:crypto';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { readBody } from '../standin/wire.mjs';

const KID = 'bench';
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function sign(claims, privateKey) {
    const text = `${part({ alg: 'RS256', kid: KID, typ: 'JWT' })}.${part(claims)}`;
    return `${text}.${crypto.sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

export const codeFor = (subject, nonce) => `${subject}.${nonce}`;

export class Source {
    calls = 0; // that took their time
    #keys = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });

    constructor({ client, scopes, delayMs }) {
        Object.assign(this, { client, scopes, delayMs });
        this.server = http.createServer((request, response) => this.#serve(request, response));
    }

    async start() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    // What caldock.conf says about it.
    settings() {
        const { url, client } = this;
        return {
            ...client,
            issuer: url,
            authorize_url: `${url}/auth`,
            token_url: `${url}/token`,
            jwks_url: `${url}/certs`,
            revoke_url: `${url}/revoke`,
            calendar_api_url: `${url}/calendar/v3`,
        };
    }

    #token(form) {
        const [sub, nonce] = form.get('code').split('.');
        const iat = Math.floor(Date.now() / 1000);
        const { client_id: aud } = this.client;
        const claims = { iss: this.url, aud, azp: aud, sub, email: `${sub}@example.com`, nonce };
        return {
            access_token: `ya29.${crypto.randomBytes(120).toString('base64url')}`,
            refresh_token: `1//0g${crypto.randomBytes(75).toString('base64url')}`,
            expires_in: 3599,
            token_type: 'Bearer',
            scope: this.scopes,
            id_token: sign({ ...claims, iat, exp: iat + 3600 }, this.#keys.privateKey),
        };
    }

    async #serve(request, response) {
        const { pathname } = new URL(request.url, this.url);
        const body = await readBody(request);
        let answer = {};
        if (pathname === '/certs') {
            const jwk = this.#keys.publicKey.export({ format: 'jwk' });
            answer = { keys: [{ ...jwk, kid: KID, use: 'sig', alg: 'RS256' }] };
        } else {
            this.calls++;
            if (pathname === '/token') answer = this.#token(new URLSearchParams(body));
            if (pathname.startsWith('/calendar')) {
                const calendar = { id: 'me@example.com', summary: 'Me', primary: true };
                answer = { items: [{ ...calendar, accessRole: 'owner', timeZone: 'Europe/Oslo' }] };
            }
            await sleep(this.delayMs);
        }
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer));
    }
}
