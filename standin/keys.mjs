// SPDX-License-Identifier: Apache-2.0
// The keys that ID tokens are signed with, and the JWKS that publishes them. A source may
// sign with several keys at once: Microsoft's carry the issuer that each speaks for.
import crypto from 'node:crypto';

const rsa = (bits) => crypto.generateKeyPairSync('rsa', { modulusLength: bits });

function published(pair, extra) {
    const jwk = pair.publicKey.export({ format: 'jwk' });
    const kid = crypto.createHash('sha1').update(JSON.stringify(jwk)).digest('hex');
    return { ...pair, kid, jwk: { ...jwk, kid, use: 'sig', ...extra } };
}

const signingKey = (issuer) => published(rsa(2048), { alg: 'RS256', ...(issuer && { issuer }) });

// Keys that no client may accept for RS256, though they stand in the JWKS.
const makeDecoys = (issuer) => ({
    encryption: published(rsa(2048), { use: 'enc', ...(issuer && { issuer }) }),
    small: published(rsa(1024), { alg: 'RS256', ...(issuer && { issuer }) }),
    curve: published(crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }), {
        ...(issuer && { issuer }),
    }),
});

export class Keys {
    #sets = new Map();
    #retired = [];
    #foreign;

    // `issuers`: one per key in use; [undefined] where keys name none.
    constructor(issuers, { decoys = false } = {}) {
        for (const issuer of issuers) this.#sets.set(issuer, signingKey(issuer));
        this.decoys = decoys ? makeDecoys(issuers[0]) : {};
    }

    current(issuer) {
        return this.#sets.get(issuer);
    }

    // The second of two keys that speak for different issuers.
    ofAnotherIssuer() {
        return [...this.#sets.values()][1];
    }

    // A key of nobody's, for forgeries.
    foreign() {
        this.#foreign ??= signingKey();
        return this.#foreign;
    }

    // New keys; the old ones stay published unless `drop`.
    rotate({ drop = false } = {}) {
        for (const [issuer, key] of this.#sets) {
            if (!drop) this.#retired.push(key);
            this.#sets.set(issuer, signingKey(issuer));
        }
        if (drop) this.#retired = [];
    }

    jwks() {
        const all = [...this.#sets.values(), ...this.#retired, ...Object.values(this.decoys)];
        return { keys: all.map((key) => key.jwk) };
    }
}
