// SPDX-License-Identifier: Apache-2.0
// ID tokens as they should not be: one row per kind, each wrong in one way, and a few that
// are unusual but right. OpenID Connect Core 3.1.3.7, RFC 8725, RFC 7515.
//
// A row makes the ID token to send (undefined: none) from {header, claims, key, keys, secret, base}.
import crypto from 'node:crypto';

const base64url = (value) => Buffer.from(value).toString('base64url');
const part = (value) => base64url(JSON.stringify(value));
const now = () => Math.floor(Date.now() / 1000);

export function sign({ header, claims, key }) {
    const input = `${part(header)}.${part(claims)}`;
    const signature = crypto.sign('sha256', Buffer.from(input), key.privateKey);
    return `${input}.${base64url(signature)}`;
}

function hmac({ header, claims }, secret) {
    const input = `${part({ ...header, alg: 'HS256' })}.${part(claims)}`;
    return `${input}.${crypto.createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const OTHER_TENANT = '99999999-9999-4999-8999-999999999999';

const unsigned = (alg) => (token) => `${part({ ...token.header, alg })}.${part(token.claims)}.`;

const raw = (payload) => (token) => {
    const input = `${part(token.header)}.${base64url(payload(token.claims))}`;
    return `${input}.${base64url(crypto.sign('sha256', Buffer.from(input), token.key.privateKey))}`;
};

const header = (set) => (token) => sign({ ...token, header: { ...token.header, ...set } });

const claims = (change) => (token) => {
    const changed = { ...token.claims };
    change(changed);
    return sign({ ...token, claims: changed });
};

const without = (name) => claims((c) => delete c[name]);

const text = (change) => (token) => change(sign(token));

const signedBy = (pick) => (token) => {
    const key = pick(token.keys);
    return sign({ ...token, header: { ...token.header, kid: key.kid }, key });
};

// Signed by a stranger whose key the token brings along.
const embedded = (name, value) => (token) => {
    const key = token.keys.foreign();
    return sign({ ...token, header: { ...token.header, [name]: value(key, token) }, key });
};
const foreignJwks = (token) => `${token.base}/__control/foreign-jwks`;

function flipBit(jwt) {
    const [head, body, signature] = jwt.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    bytes[0] ^= 1;
    return `${head}.${body}.${base64url(bytes)}`;
}

// A signature of 256 bytes leaves four bits of its last character unused.
function setSpareBit(jwt) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return jwt.slice(0, -1) + alphabet[alphabet.indexOf(jwt.at(-1)) + 1];
}

const standardBase64 = (jwt) =>
    jwt
        .split('.')
        .map((p) => Buffer.from(p, 'base64url').toString('base64'))
        .join('.');

const before = (json, member) => `{${member},${json.slice(1)}`;
const NOT_UTF8 = Buffer.from([0xff]);

const ALGORITHM = {
    alg_none: unsigned('none'),
    alg_none_capitals: unsigned('nOnE'),
    alg_none_but_signed: header({ alg: 'none' }),
    alg_missing: header({ alg: undefined }),
    alg_number: header({ alg: 256 }),
    alg_rs384: header({ alg: 'RS384' }),
    alg_hs256_client_secret: (t) => hmac(t, t.secret),
    alg_hs256_public_key: (t) => hmac(t, t.key.publicKey.export({ type: 'spki', format: 'pem' })),
};

const KEY = {
    key_of_a_stranger: (t) => sign({ ...t, key: t.keys.foreign() }),
    key_unknown: header({ kid: 'no-such-key' }),
    key_embedded_jwk: embedded('jwk', (key) => key.publicKey.export({ format: 'jwk' })),
    key_embedded_jku: embedded('jku', (key, t) => foreignJwks(t)),
    key_embedded_x5u: embedded('x5u', (key, t) => foreignJwks(t)),
    key_embedded_x5c: embedded('x5c', () => ['MIIB']),
    crit: header({ crit: ['urn:x'], 'urn:x': true }),
    crit_empty: header({ crit: [] }),
};

// These need a stand-in that publishes decoys.
const DECOY = {
    key_for_encryption: signedBy((keys) => keys.decoys.encryption),
    key_too_small: signedBy((keys) => keys.decoys.small),
    key_of_another_type: (t) => header({ kid: t.keys.decoys.curve.kid })(t),
};

const FORM = {
    signature_flipped: text(flipBit),
    signature_empty: text((jwt) => jwt.replace(/[^.]*$/, '')),
    signature_cut: text((jwt) => jwt.slice(0, -40)),
    parts_two: text((jwt) => jwt.split('.').slice(0, 2).join('.')),
    parts_four: text((jwt) => `${jwt}.a`),
    parts_five: text((jwt) => `${jwt}.a.b`),
    base64_padded: text((jwt) => `${jwt}==`),
    base64_not_canonical: text(setSpareBit),
    base64_standard: (t) =>
        standardBase64(sign({ ...t, claims: { ...t.claims, pad: '???>>>~~~' } })),
    white_space: text((jwt) => ` ${jwt}\n`),
    payload_no_json: raw(() => 'nope'),
    payload_array: raw(() => '[]'),
    payload_no_utf8: raw((c) =>
        Buffer.concat([
            Buffer.from('{"x":"'),
            NOT_UTF8,
            Buffer.from(before(JSON.stringify(c), '"').slice(1)),
        ]),
    ),
    payload_duplicate: raw((c) => before(JSON.stringify(c), '"sub":"0"')),
    payload_too_deep: raw((c) =>
        before(JSON.stringify(c), `"x":${'['.repeat(5000)}${']'.repeat(5000)}`),
    ),
    empty: () => '',
    no_text: () => 42,
    missing: () => undefined,
};

const WHO = {
    iss_other: claims((c) => (c.iss = 'https://evil.example')),
    iss_with_slash: claims((c) => (c.iss += '/')),
    iss_capitals: claims((c) => (c.iss = c.iss.toUpperCase())),
    iss_missing: without('iss'),
    aud_other: claims((c) => (c.aud = 'someone-else')),
    aud_number: claims((c) => (c.aud = 7)),
    aud_empty_list: claims((c) => (c.aud = [])),
    aud_missing: without('aud'),
    aud_two_without_azp: claims((c) => {
        c.aud = [c.aud, 'other'];
        delete c.azp;
    }),
    aud_two_azp_other: claims((c) => {
        c.aud = [c.aud, 'other'];
        c.azp = 'other';
    }),
    azp_other: claims((c) => (c.azp = 'sibling')),
    sub_missing: without('sub'),
    sub_empty: claims((c) => (c.sub = '')),
    sub_number: claims((c) => (c.sub = 12345)),
};

const WHEN = {
    exp_past: claims((c) => {
        c.iat = now() - 10800;
        c.exp = now() - 7200;
    }),
    exp_past_beyond_skew: claims((c) => (c.exp = now() - 125)),
    exp_other_text: claims((c) => (c.exp = `${c.exp}s`)),
    exp_absurd: claims((c) => (c.exp = 1e30)),
    exp_missing: without('exp'),
    iat_future: claims((c) => {
        c.iat = now() + 7200;
        c.exp = now() + 10800;
    }),
    iat_yesterday: claims((c) => (c.iat = now() - 86400)),
    iat_missing: without('iat'),
    nbf_future: claims((c) => (c.nbf = now() + 7200)),
};

const FLOW = {
    nonce_other: claims((c) => (c.nonce = 'of-another-flow')),
    nonce_list: claims((c) => (c.nonce = [c.nonce])),
    nonce_missing: without('nonce'),
    at_hash_other: claims((c) => (c.at_hash = base64url(crypto.randomBytes(16)))),
};

const MICROSOFT = {
    key_of_another_issuer: signedBy((keys) => keys.ofAnotherIssuer()),
    iss_of_another_tenant: claims((c) => (c.iss = c.iss.replace(c.tid, OTHER_TENANT))),
    tid_no_guid: claims((c) => {
        c.iss = c.iss.replace(c.tid, 'contoso.test');
        c.tid = 'contoso.test';
    }),
    tid_missing: without('tid'),
    oid_missing: without('oid'),
    oid_no_guid: claims((c) => (c.oid = 'carol')),
};

const GOOGLE = {
    sub_too_long: claims((c) => (c.sub = '1'.repeat(256))),
};

// Unusual, and right.
const ACCEPTED = {
    jku_unused: (t) => header({ jku: foreignJwks(t) })(t),
    exp_past_within_skew: claims((c) => (c.exp = now() - 20)),
    exp_text: claims((c) => (c.exp = String(c.exp))),
    aud_list_of_one: claims((c) => (c.aud = [c.aud])),
    at_hash_missing: without('at_hash'),
    long: claims((c) => (c.pad = 'x'.repeat(20000))),
};

const REFUSED = {
    ...ALGORITHM,
    ...KEY,
    ...DECOY,
    ...FORM,
    ...WHO,
    ...WHEN,
    ...FLOW,
};
const ONLY = { google: GOOGLE, microsoft: MICROSOFT };

// The kinds that a client of `source` must refuse, and those that it must accept.
export const refusedKinds = (source) => [...Object.keys(REFUSED), ...Object.keys(ONLY[source])];
export const acceptedKinds = () => Object.keys(ACCEPTED);

// The token to send: `kind` names a row, or is {claims?, header?} to lay over a good token.
export function forge(kind, token) {
    if (typeof kind === 'object') {
        const laidOver = {
            header: { ...token.header, ...kind.header },
            claims: { ...token.claims, ...kind.claims },
        };
        return sign({ ...token, ...laidOver });
    }
    const make = { ...REFUSED, ...GOOGLE, ...MICROSOFT, ...ACCEPTED }[kind];
    if (!make) throw new Error(`no such forgery: ${kind}`);
    return make(token);
}
