// SPDX-License-Identifier: Apache-2.0
// JWTs as an application's own issuer would make them.
import crypto from 'node:crypto';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const seconds = () => Math.floor(Date.now() / 1000);

const SIGN = {
    none: () => '',
    HS256: (input, key) => crypto.createHmac('sha256', key).update(input).digest('base64url'),
    RS256: (input, key) => crypto.sign('sha256', Buffer.from(input), key).toString('base64url'),
    ES256: (input, key) =>
        crypto
            .sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
            .toString('base64url'),
};

// {key, alg?, header?, claims?}
export function makeJwt({ key, alg = 'HS256', header = {}, claims = {} }) {
    const input = `${part({ alg, typ: 'JWT', ...header })}.${part(claims)}`;
    return `${input}.${SIGN[alg](input, key)}`;
}

// The claims that a good JWT of the suites' issuer has.
export const goodClaims = (more) => ({
    iss: 'https://issuer.example',
    aud: 'caldock',
    sub: 'user-1',
    providers: [1],
    exp: seconds() + 300,
    ...more,
});
