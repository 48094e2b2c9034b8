// SPDX-License-Identifier: Apache-2.0
// The keys that ID tokens are signed with, and the JWKS that publishes them. A source may
// sign with several keys at once: Microsoft's carry the issuer that each speaks for.
import crypto from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(crypto.generateKeyPair);

function published({ publicKey, privateKey }, extra) {
    const jwk = publicKey.export({ format: 'jwk' });
    const kid = crypto.createHash('sha1').update(JSON.stringify(jwk)).digest('hex');
    return { publicKey, privateKey, kid, jwk: { ...jwk, kid, use: 'sig', ...extra } };
}

const named = (issuer) => issuer && { issuer };

const signingKey = (pair, issuer) => published(pair, { alg: 'RS256', ...named(issuer) });
const rsaPair = () => generate('rsa', { modulusLength: 2048 });

// The first keys of the stand-ins of a process, by source and number, since no two sources may
// share a key: making them takes longer than all else of a start.
const firstPairs = new Map();

function firstPair(source, number) {
    const name = `${source} ${number}`;
    if (!firstPairs.has(name)) firstPairs.set(name, rsaPair());
    return firstPairs.get(name);
}

// Keys that no client may accept for RS256, though they stand in the JWKS.
const makeDecoys = async (issuer) => ({
    encryption: published(await generate('rsa', { modulusLength: 2048 }), {
        use: 'enc',
        ...named(issuer),
    }),
    small: published(await generate('rsa', { modulusLength: 1024 }), {
        alg: 'RS256',
        ...named(issuer),
    }),
    curve: published(await generate('ec', { namedCurve: 'P-256' }), named(issuer)),
});

export class Keys {
    #current = new Map();
    #retired = [];
    #foreign;
    decoys = {};

    // `source`: its name; `issuers`: one per key in use; [undefined] where keys name none.
    static async make(source, issuers, { decoys = false } = {}) {
        const keys = new Keys();
        for (const [i, issuer] of issuers.entries()) {
            keys.#current.set(issuer, signingKey(await firstPair(source, i), issuer));
        }
        if (decoys) keys.decoys = await makeDecoys(issuers[0]);
        return keys;
    }

    current(issuer) {
        return this.#current.get(issuer);
    }

    // The second of two keys that speak for different issuers.
    ofAnotherIssuer() {
        return [...this.#current.values()][1];
    }

    // A key of nobody's, for forgeries.
    foreign() {
        this.#foreign ??= published(crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }));
        return this.#foreign;
    }

    // New keys; the old ones stay published unless `drop`.
    async rotate({ drop = false } = {}) {
        const old = [...this.#current.values()];
        for (const issuer of this.#current.keys()) {
            this.#current.set(issuer, signingKey(await rsaPair(), issuer));
        }
        this.#retired = drop ? [] : [...this.#retired, ...old];
    }

    jwks() {
        const all = [...this.#current.values(), ...this.#retired, ...Object.values(this.decoys)];
        return { keys: all.map((key) => key.jwk) };
    }
}
