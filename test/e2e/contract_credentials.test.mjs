// SPDX-License-Identifier: Apache-2.0
// docs/api.md §2 and §9 "Credentials": schemes, tokens, JWTs, the three headers, ownership.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { goodClaims, makeJwt, seconds } from './lib/jwt.mjs';
import { ACCOUNTS, INITIATE, World, becomes, openWorld } from './lib/world.mjs';

const SECRET = 'a-shared-secret-of-32-bytes-or-more';
const HS256 = {
    issuer: 'https://issuer.example',
    audience: 'caldock',
    providers: '1, 2',
    secret: SECRET,
};
const world = await openWorld(test, { settings: { 'jwt shared': HS256 } });

await world.addProvider(2);
await world.addProvider(3);

const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });

const jwt = (claims, more) => makeJwt({ key: SECRET, claims: goodClaims(claims), ...more });

// Lists accounts with these headers → [status, code]
async function answerTo(headers, where = world) {
    const list = Array.isArray(headers) ? headers.flat() : headers;
    const { status, body } = await where.ask(ACCOUNTS, { token: null, headers: list });
    return [status, body.code];
}
const asJwt = (text) => ({ authorization: `JWT ${text}` });

const OK = [200, undefined];
const NOT_AUTHENTICATED = [401, 'not_authenticated'];
const FAILED = [401, 'authentication_failed'];

test('the message says what is wrong with the form of a credential, and nothing else', async () => {
    const messageFor = async (authorization) =>
        (await world.ask(ACCOUNTS, { token: null, headers: { authorization } })).body.message;
    assert.match(await messageFor(world.token), /no scheme: write Token before an API token\.$/);
    assert.match(await messageFor(jwt()), /no scheme: write JWT before a JSON Web Token\.$/);
    assert.match(await messageFor('Basic YTpi'), /Basic isn't taken: use Token, JWT or Bearer\.$/);
    assert.match(await messageFor(`JWT ${world.token}`), /its scheme is Token or Bearer\.$/);
    assert.equal(await messageFor('Token cdk_wrong'), 'The credential is not valid.');
    const unknown = `cdk_${'x'.repeat(43)}`;
    assert.equal(await messageFor(`Token ${unknown}`), 'The credential is not valid.');
});

test('a mode that there is not: the message names those that there are', async () => {
    const { body } = await world.ask(ACCOUNTS, { headers: { 'Teamup-Request-Mode': 'Admin' } });
    assert.deepEqual(body.field_errors, {
        'Teamup-Request-Mode': ['"Admin" is not a valid choice.'],
    });
    assert.match(body.message, /Teamup-Request-Mode: choose customer or provider\.$/);
});

test('schemes', async () => {
    const rows = [
        [`Token ${world.token}`, OK],
        [`token ${world.token}`, OK],
        [`BEARER ${world.token}`, OK],
        [`Bearer ${jwt()}`, OK],
        [`JWT ${jwt()}`, OK],
        [`jwt ${jwt()}`, OK],
        [`JWT ${world.token}`, FAILED],
        [`Token ${jwt()}`, FAILED],
        [`Basic ${Buffer.from('a:b').toString('base64')}`, FAILED],
        [world.token, FAILED],
        ['Token', FAILED],
        ['Token ', FAILED],
        [`Token ${world.token}x`, FAILED],
        [`Token ${world.token} x`, FAILED],
        ['Token cdk_wrong', FAILED],
        ['', NOT_AUTHENTICATED],
    ];
    for (const [authorization, expected] of rows) {
        assert.deepEqual(await answerTo({ authorization }), expected, authorization.slice(0, 12));
    }
    assert.deepEqual(await answerTo({}), NOT_AUTHENTICATED);
});

test('401 comes with WWW-Authenticate', async () => {
    for (const headers of [{}, { authorization: 'Token wrong' }]) {
        const { headers: received } = await world.ask(ACCOUNTS, { token: null, headers });
        assert.match(received['www-authenticate'], /^(Token|Bearer|JWT)\b/);
    }
});

test('API tokens look as promised', async () => {
    assert.match(world.token, /^cdk_[\w-]{43,}$/);
    assert.ok(!world.token.includes('.'));
});

test('an API token that is revoked or expired', async () => {
    const expiring = await world.addToken('--provider', '1', '--expires', '1s');
    const revoked = await world.addToken('--provider', '1', '--name', 'to revoke');
    assert.deepEqual(await answerTo({ authorization: `Token ${revoked}` }), OK);
    const list = JSON.parse(await world.caldock.run('token', 'list', '--json'));
    await world.caldock.run(
        'token',
        'revoke',
        String(list.find(({ name }) => name === 'to revoke').id),
    );
    await becomes(() => answerTo({ authorization: `Token ${revoked}` }), FAILED);
    await becomes(() => answerTo({ authorization: `Token ${expiring}` }), FAILED);
});

test('JWTs: what is checked', async () => {
    const now = seconds();
    const rows = [
        ['good', jwt(), OK],
        [
            'signed with another secret',
            jwt({}, { key: 'another-secret-of-32-bytes-or-more' }),
            FAILED,
        ],
        ['unsigned', jwt({}, { alg: 'none' }), FAILED],
        ['of an unknown issuer', jwt({ iss: 'https://other.example' }), FAILED],
        ['without issuer', jwt({ iss: undefined }), FAILED],
        ['for another audience', jwt({ aud: 'other' }), FAILED],
        ['without audience', jwt({ aud: undefined }), FAILED],
        ['for several audiences', jwt({ aud: ['other', 'caldock'] }), OK],
        ['expired within the leeway', jwt({ exp: now - 50 }), OK],
        ['expired beyond it', jwt({ exp: now - 62 }), FAILED],
        ['without expiry', jwt({ exp: undefined }), FAILED],
        ['expiry as the text of a number', jwt({ exp: String(now + 60) }), OK],
        ['expiry as another text', jwt({ exp: `${now + 60}s` }), FAILED],
        ['not yet valid within the leeway', jwt({ nbf: now + 50 }), OK],
        ['not yet valid', jwt({ nbf: now + 70 }), FAILED],
        ['without subject', jwt({ sub: undefined }), FAILED],
        ['with crit', jwt({}, { header: { crit: ['x'], x: 1 } }), FAILED],
        [
            'RS256 with a shared secret',
            makeJwt({ alg: 'RS256', key: rsa.privateKey, claims: goodClaims() }),
            FAILED,
        ],
        ['padded', `${jwt()}=`, FAILED],
        ['two parts', jwt().split('.').slice(0, 2).join('.'), FAILED],
        ['four parts', `${jwt()}.x`, FAILED],
        ['a claim twice', duplicated(), FAILED],
        ['beyond 8 KiB', jwt({ pad: 'x'.repeat(8200) }), FAILED],
    ];
    for (const [what, text, expected] of rows) {
        assert.deepEqual(await answerTo(asJwt(text)), expected, what);
    }
});

function duplicated() {
    const part = (text) => Buffer.from(text).toString('base64url');
    const claims = JSON.stringify(goodClaims());
    const input = `${part('{"alg":"HS256"}')}.${part(`{"sub":"x",${claims.slice(1)}`)}`;
    return `${input}.${crypto.createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}

test('JWTs: providers and modes', async () => {
    const rows = [
        ['without providers', { providers: undefined }, {}, [403, 'provider_invalid']],
        ['an empty list', { providers: [] }, {}, [403, 'provider_invalid']],
        ['one', { providers: [2] }, {}, OK],
        [
            'a provider that the issuer may not speak for',
            { providers: [3] },
            {},
            [403, 'provider_invalid'],
        ],
        ['several need the header', { providers: [1, 2] }, {}, [400, 'provider_required']],
        ['several with the header', { providers: [1, 2] }, { 'TeamUp-Provider-ID': '2' }, OK],
        [
            'another one in the header',
            { providers: [1] },
            { 'TeamUp-Provider-ID': '2' },
            [403, 'provider_invalid'],
        ],
        ['without modes: provider mode', {}, { 'Teamup-Request-Mode': 'provider' }, OK],
        [
            'without modes: not customer mode',
            {},
            { 'Teamup-Request-Mode': 'customer' },
            [403, 'mode_not_allowed'],
        ],
        [
            'both modes need the header',
            { modes: ['customer', 'provider'] },
            {},
            [400, 'mode_required'],
        ],
        [
            'both modes with the header',
            { modes: ['customer', 'provider'] },
            { 'Teamup-Request-Mode': 'customer' },
            OK,
        ],
        ['customer mode alone', { modes: ['customer'] }, {}, OK],
        ['its own user', {}, { 'Caldock-User': 'user-1' }, OK],
        ['another user', {}, { 'Caldock-User': 'user-2' }, [403, 'permission_denied']],
        ['a subject outside the alphabet', { sub: 'a user' }, {}, [403, 'permission_denied']],
        ['an empty subject', { sub: '' }, {}, FAILED],
        ['a subject of 129 characters', { sub: 'x'.repeat(129) }, {}, [403, 'permission_denied']],
        ['a subject of 128 characters', { sub: 'x'.repeat(128) }, {}, OK],
    ];
    for (const [what, claims, headers, expected] of rows) {
        assert.deepEqual(await answerTo({ ...asJwt(jwt(claims)), ...headers }), expected, what);
    }
});

test('keys of issuers: PEM, JWK, JWKS in files, a JWKS behind a URL', async () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    const jwk = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'e1', alg: 'ES256', use: 'sig' };
    const jwks = {
        keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r1', use: 'sig' }, jwk],
    };
    let asked = 0;
    const server = http.createServer((request, response) => {
        asked++;
        response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
    });
    await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
    const issuer = (name, more) => ({
        issuer: `https://${name}.example`,
        audience: 'caldock',
        providers: '1',
        ...more,
    });
    const own = await World.open({ serve: false });
    try {
        const file = async (name, content) => {
            await writeFile(path.join(own.caldock.folder, name), content);
            return { key_file: name };
        };
        await own.caldock.configure({
            'jwt pem': issuer('pem', await file('key.pem', pem)),
            'jwt jwk': issuer('jwk', await file('key.jwk', JSON.stringify(jwk))),
            'jwt jwks': issuer('jwks', await file('keys.json', JSON.stringify(jwks))),
            'jwt url': issuer('url', {
                jwks_url: `http://127.0.0.1:${server.address().port}/jwks`,
            }),
            'jwt strict': issuer('strict', {
                ...(await file('strict.json', JSON.stringify(jwks))),
                algorithms: 'ES256',
            }),
            'jwt any': issuer('any', {
                ...(await file('any.pem', pem)),
                audience: '*',
                providers: '*',
            }),
        });
        await own.caldock.start();
        const signed = (name, pair, alg, kid, claims) =>
            asJwt(
                makeJwt({
                    key: pair.privateKey,
                    alg,
                    header: { kid },
                    claims: goodClaims({ iss: `https://${name}.example`, ...claims }),
                }),
            );
        const rows = [
            ['pem', signed('pem', rsa, 'RS256'), OK],
            ['pem, other key type', signed('pem', ec, 'ES256'), FAILED],
            ['jwk', signed('jwk', ec, 'ES256', 'e1'), OK],
            ['jwks, RSA', signed('jwks', rsa, 'RS256', 'r1'), OK],
            ['jwks, EC', signed('jwks', ec, 'ES256', 'e1'), OK],
            ['jwks, unknown kid', signed('jwks', rsa, 'RS256', 'x'), FAILED],
            ['jwks, kid of the other key', signed('jwks', rsa, 'RS256', 'e1'), FAILED],
            ['url', signed('url', rsa, 'RS256', 'r1'), OK],
            ['url again', signed('url', ec, 'ES256', 'e1'), OK],
            ['only some algorithms', signed('strict', rsa, 'RS256', 'r1'), FAILED],
            ['only some algorithms, the right one', signed('strict', ec, 'ES256', 'e1'), OK],
            ['any audience', signed('any', rsa, 'RS256', undefined, { aud: 'whoever' }), OK],
        ];
        for (const [what, headers, expected] of rows) {
            assert.deepEqual(await answerTo(headers, own), expected, what);
        }
        assert.equal(asked, 1, 'the JWKS is cached');
        assert.deepEqual(await answerTo(signed('url', rsa, 'RS256', 'new'), own), FAILED);
        assert.deepEqual(await answerTo(signed('url', rsa, 'RS256', 'newer'), own), FAILED);
        assert.equal(asked, 2, 'an unknown kid is looked up once, not again within 30 s');
    } finally {
        await own.close();
        server.close();
    }
});

test('TeamUp-Provider-ID', async () => {
    const several = await world.addToken('--provider', '1', '--provider', '2');
    const ask = (value, token = several) =>
        answerTo({
            authorization: `Token ${token}`,
            ...(value !== undefined && { 'TeamUp-Provider-ID': value }),
        });
    const rows = [
        ['2', OK],
        [undefined, [400, 'provider_required']],
        ['', [400, 'provider_required']],
        ['3', [403, 'provider_invalid']],
        ['4711', [403, 'provider_invalid']],
        ['0', [400, 'parameter_invalid']],
        ['-1', [400, 'parameter_invalid']],
        ['1.0', [400, 'parameter_invalid']],
        ['one', [400, 'parameter_invalid']],
        ['99999999999999999999', [400, 'parameter_invalid']],
    ];
    for (const [value, expected] of rows) assert.deepEqual(await ask(value), expected, value);
    assert.deepEqual(await ask(undefined, world.token), OK, 'with one provider it may be left out');
    assert.deepEqual(await ask('2', world.token), [403, 'provider_invalid']);
});

test('Teamup-Request-Mode', async () => {
    const options = ['--provider', '1', '--mode', 'customer', '--mode', 'provider'];
    const both = await world.addToken(...options);
    const customer = await world.addToken('--provider', '1', '--mode', 'customer');
    const ask = (token, mode) =>
        answerTo({
            authorization: `Token ${token}`,
            'Caldock-User': 'ann',
            ...(mode !== undefined && { 'Teamup-Request-Mode': mode }),
        });
    const rows = [
        [both, 'customer', OK],
        [both, 'provider', OK],
        [both, undefined, [400, 'mode_required']],
        [both, '', [400, 'mode_required']],
        [both, 'staff', [400, 'parameter_invalid']],
        [both, 'Customer', [400, 'parameter_invalid']],
        [customer, undefined, OK],
        [customer, 'provider', [403, 'mode_not_allowed']],
        [world.token, undefined, OK],
        [world.token, 'customer', [403, 'mode_not_allowed']],
    ];
    for (const [token, mode, expected] of rows)
        assert.deepEqual(await ask(token, mode), expected, mode);
});

test('Caldock-User', async () => {
    const bound = await world.addToken('--provider', '1', '--user', 'ann');
    const customer = await world.addToken('--provider', '1', '--mode', 'customer');
    const ask = (token, user) =>
        answerTo({
            authorization: `Token ${token}`,
            ...(user !== undefined && { 'Caldock-User': user }),
        });
    const rows = [
        [world.token, 'Az09._:@|/+=-', OK],
        [world.token, 'x'.repeat(128), OK],
        [world.token, 'x'.repeat(129), [400, 'parameter_invalid']],
        [world.token, 'a b', [400, 'parameter_invalid']],
        [world.token, 'ä', [400, 'parameter_invalid']],
        [world.token, '', OK],
        [bound, undefined, OK],
        [bound, 'ann', OK],
        [bound, 'ben', [403, 'permission_denied']],
        [customer, undefined, [400, 'parameter_invalid']],
        [customer, 'ann', OK],
    ];
    for (const [token, user, expected] of rows)
        assert.deepEqual(await ask(token, user), expected, user);
});

test('the header to blame is named as the contract writes it', async () => {
    const customer = await world.addToken('--provider', '1', '--mode', 'customer');
    const rows = [
        ['TeamUp-Provider-ID', { 'teamup-provider-id': 'x' }, world.token],
        ['Teamup-Request-Mode', { 'teamup-request-mode': 'x' }, world.token],
        ['Caldock-User', { 'caldock-user': 'a b' }, world.token],
        ['Caldock-User', {}, customer],
    ];
    for (const [name, headers, token] of rows) {
        const { body } = await world.ask(ACCOUNTS, { token, headers });
        assert.deepEqual(Object.keys(body.field_errors), [name]);
        assert.equal(typeof body.field_errors[name][0], 'string');
    }
});

test('a header that must be single and comes twice', async () => {
    const authorization = ['Authorization', `Token ${world.token}`];
    const host = ['Host', `127.0.0.1:${world.caldock.port}`];
    const rows = [
        [
            ['TeamUp-Provider-ID', '1'],
            [400, 'parameter_invalid'],
        ],
        [
            ['Teamup-Request-Mode', 'provider'],
            [400, 'parameter_invalid'],
        ],
        [
            ['Caldock-User', 'ann'],
            [400, 'parameter_invalid'],
        ],
        [authorization, FAILED],
    ];
    for (const [header, expected] of rows) {
        const credentials = header === authorization ? [] : [authorization];
        assert.deepEqual(
            await answerTo([host, ...credentials, header, header]),
            expected,
            header[0],
        );
    }
});

test('header names are case-insensitive', async () => {
    const several = await world.addToken('--provider', '1', '--provider', '2');
    assert.deepEqual(
        await answerTo({ AUTHORIZATION: `Token ${several}`, 'TEAMUP-PROVIDER-ID': '2' }),
        OK,
    );
});

test('ownership: what one may not see does not exist', async () => {
    const customerToken = await world.addToken('--provider', '1', '--mode', 'customer');
    const otherProvider = await world.addToken('--provider', '2');
    const as = (user, token = world.token) => ({
        token,
        headers: user ? { 'Caldock-User': user } : {},
    });
    const ids = {
        none: await world.connected('GOOG', as()),
        ann: await world.connected('MSFT', as('ann')),
        ben: await world.connected('GOOG', { ...as('ben'), account: 'bob@acme.test' }),
        customer: await world.connected('MSFT', {
            ...as('ann', customerToken),
            account: 'dave@outlook.com',
        }),
    };
    const { none, ann, ben, customer } = ids;
    const viewers = [
        ['the business sees all of provider mode', as(), [none, ann, ben]],
        ['a user sees their own', as('ann'), [ann]],
        ['another user', as('ben'), [ben]],
        ['a user without any', as('cyn'), []],
        ['customer mode is apart', as('ann', customerToken), [customer]],
        ['customer mode, another user', as('ben', customerToken), []],
        ['another provider', as(undefined, otherProvider), []],
    ];
    for (const [what, viewer, visible] of viewers) {
        const seen = (await world.accounts(viewer)).map(({ id }) => id);
        assert.deepEqual(
            seen,
            [...visible].sort((a, b) => a - b),
            what,
        );
        for (const id of Object.values(ids)) {
            const { status } = await world.ask(`${ACCOUNTS}/${id}`, viewer);
            assert.equal(status, visible.includes(id) ? 200 : 404, `${what}: ${id}`);
        }
    }
    const unknown = await world.ask(`${ACCOUNTS}/424242`, as('ben'));
    const hidden = await world.ask(`${ACCOUNTS}/${ann}`, as('ben'));
    assert.deepEqual({ ...hidden.body }, { ...unknown.body }, 'the same answer for both');
    assert.equal(
        (await world.ask(`${ACCOUNTS}/${ann}`, { ...as('ben'), method: 'DELETE' })).status,
        404,
    );
    assert.equal(
        (await world.ask(`${ACCOUNTS}/${ann}`, as('ann'))).status,
        200,
        'and nothing was deleted',
    );
    await world.ask(`${ACCOUNTS}/${customer}`, { ...as('ann', customerToken), method: 'DELETE' });
});

test('is_feature_on', async () => {
    await world.addProvider(20);
    const token = await world.addToken('--provider', '20');
    await world.caldock.run('provider', 'set', '20', '--feature', 'external_calendars=off');
    for (const [method, target] of [
        ['GET', ACCOUNTS],
        ['GET', `${ACCOUNTS}/1`],
        ['DELETE', `${ACCOUNTS}/1`],
        ['POST', INITIATE],
    ]) {
        const { status, body } = await world.ask(target, { method, token });
        assert.deepEqual([status, body.code], [403, 'feature_not_enabled'], `${method} ${target}`);
    }
    await world.caldock.run('provider', 'set', '20', '--feature', 'external_calendars=on');
    await becomes(async () => (await world.ask(ACCOUNTS, { token })).status, 200);
});

test('the rate limit: 429 with Retry-After, right after the credential', async () => {
    const own = await World.open({ settings: { limits: { rate: 1, burst: 3 } } });
    try {
        const answers = [];
        for (let i = 0; i < 5; i++) {
            answers.push(await own.ask(ACCOUNTS, { headers: { 'TeamUp-Provider-ID': 'x' } }));
        }
        assert.deepEqual(
            answers.slice(0, 3).map(({ body }) => body.code),
            Array(3).fill('parameter_invalid'),
        );
        const { status, headers, body } = answers.at(-1);
        assert.deepEqual([status, body.code, body.type], [429, 'throttled', 'rate_limit_error']);
        assert.match(headers['retry-after'], /^[1-9]\d*$/);
        const other = await own.addToken('--provider', '1');
        assert.equal(
            (await own.ask(ACCOUNTS, { token: other })).status,
            200,
            'each credential has its own',
        );
    } finally {
        await own.close();
    }
});
