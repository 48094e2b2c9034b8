// SPDX-License-Identifier: Apache-2.0
// The items of the checklist in SECURITY.md that a whole process can show, by their numbers.
// Items that are missing are shown by unit tests (3: the random source, 5: RFC 7636's vector, 41-46:
// edges of a second), or by the suites that are named below.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { Caldock } from '../../standin/caldock.mjs';
import { ACCOUNTS, BINARY, INITIATE, SOURCES, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const both = (name, body) => {
    for (const code of Object.keys(SOURCES)) test(`${name} (${code})`, () => body(code));
};
const parametersOf = (uri) => new URL(uri).searchParams;

test('1: without a credential nothing is started', async () => {
    const answer = await world.post(
        INITIATE,
        { calendar_source: 'GOOG', redirect_uri: 'https://app.example/x' },
        { token: null },
    );
    assert.equal(answer.status, 401);
    assert.ok(!answer.text.includes('http'));
});

both(
    '3: state, nonce and verifier differ between flows and have at least 128 bits',
    async (code) => {
        const seen = {
            state: new Set(),
            nonce: new Set(),
            code_challenge: new Set(),
            verifier: new Set(),
        };
        for (let i = 0; i < 20; i++) {
            const uri = await world.initiate(code);
            for (const name of ['state', 'nonce', 'code_challenge'])
                seen[name].add(parametersOf(uri).get(name));
            if (i < 3) await world.callback(await world.consent(code, uri));
        }
        const forms = world
            .control(code)
            .requests(SOURCES[code].token)
            .map(({ form }) => form);
        forms.forEach((form) => seen.verifier.add(form.code_verifier));
        assert.deepEqual(
            Object.values(seen).map(({ size }) => size),
            [20, 20, 20, 3],
        );
        assert.ok([...seen.nonce].every((nonce) => Buffer.from(nonce, 'base64url').length >= 16));
    },
);

both(
    '4, 5, 6, 30: the challenge belongs to the verifier, which is never sent before',
    async (code) => {
        const uri = await world.initiate(code);
        await world.callback(await world.consent(code, uri));
        const { form, headers, method, query } = world
            .control(code)
            .requests(SOURCES[code].token)[0];
        assert.equal(method, 'POST');
        assert.deepEqual(query, {});
        assert.match(form.code_verifier, /^[\w.~-]{43,128}$/);
        const challenge = crypto
            .createHash('sha256')
            .update(form.code_verifier)
            .digest('base64url');
        assert.equal(parametersOf(uri).get('code_challenge'), challenge);
        assert.equal(parametersOf(uri).get('code_challenge_method'), 'S256');
        assert.ok(!uri.includes(form.code_verifier));
        assert.equal(form.redirect_uri, parametersOf(uri).get('redirect_uri'));
        assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
        const methods = ['authorization' in headers, 'client_secret' in form].filter(Boolean);
        assert.equal(methods.length, 1, 'credentials by one method only');
        assert.equal(headers.origin, undefined);
    },
);

test('7: a redirect URI outside the patterns is refused at the start (more in contract_initiate)', async () => {
    for (const uri of [
        'https://app.example.evil/',
        'https://app.example@evil/',
        '//evil',
        'javascript:alert(1)',
    ]) {
        const { status } = await world.post(INITIATE, {
            calendar_source: 'GOOG',
            redirect_uri: uri,
        });
        assert.equal(status, 400, uri);
    }
});

both('8: a private-use scheme gets success, account and error, and nothing else', async (code) => {
    await world.caldock.run(
        'provider',
        'set',
        '1',
        '--add-redirect',
        `com.example.${code.toLowerCase()}:/done`,
    );
    const token = await world.addToken('--provider', '1');
    const redirectUri = `com.example.${code.toLowerCase()}:/done`;
    const { headers } = await world.connect(code, { redirectUri, token });
    assert.match(headers.location, /^com\.example\.\w+:\/done\?success=1&account=\d+$/);
});

both('10: what the caller gives adds no parameter to the authorization URL', async (code) => {
    const plain = [...parametersOf(await world.initiate(code)).keys()];
    const redirectUri =
        'https://app.example/x?a=b&scope=everything&client_id=evil&%26prompt%3Dnone';
    const uri = await world.initiate(code, { redirectUri });
    assert.deepEqual([...parametersOf(uri).keys()], plain);
    assert.ok(!uri.includes('everything') && !uri.includes('evil'));
});

both('11, 27: 303 with no-store and no-referrer, to a URL without code and state', async (code) => {
    const { status, headers, to } = await world.connect(code);
    assert.equal(status, 303);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.ok(!to.searchParams.has('code') && !to.searchParams.has('state'));
});

test('12: the page can’t be framed and loads nothing', async () => {
    const { headers, text } = await world.ask('/oauth2/callback/google', { token: null });
    assert.match(headers['content-security-policy'], /frame-ancestors 'none'/);
    assert.match(headers['content-security-policy'], /default-src 'none'/);
    assert.doesNotMatch(text, /<(script|img|link|iframe)\b/);
});

// 13: contract_callback. 14, 15: flow. 16: flow (state_expired).

both('19: a token revoked between start and callback keeps nothing', async (code) => {
    const token = await world.addToken('--provider', '1', '--name', `item 19 ${code}`);
    const url = await world.consent(code, await world.initiate(code, { token }));
    const list = JSON.parse(await world.caldock.run('token', 'list', '--json'));
    await world.caldock.run(
        'token',
        'revoke',
        String(list.find(({ name }) => name === `item 19 ${code}`).id),
    );
    assert.equal((await world.callback(url)).result.error, 'authorization_withdrawn');
    assert.deepEqual(await world.accounts(), []);
});

// 20: flow. 21, 22, 23: contract_callback.

both('24: HEAD and POST do not use up a flow; a parameter of 5 KiB is no code', async (code) => {
    const url = await world.consent(code, await world.initiate(code));
    for (const method of ['HEAD', 'POST'])
        assert.equal((await world.callback(url, { method })).status, 405);
    assert.equal((await world.callback(url)).result.success, '1');
    const { result } = await world.answer(code, { code: 'x'.repeat(5000) });
    assert.ok(['source_error', 'code_rejected'].includes(result.error));
    assert.equal(world.exchanges(code), 1);
});

both('25, 26: error_description and error_uri are neither shown nor followed', async (code) => {
    const { headers, text } = await world.answer(code, {
        error: 'access_denied',
        error_description: 'UNMASKED',
        error_uri: 'https://evil.example/',
    });
    assert.ok(!(headers.location + text).match(/UNMASKED|evil/));
    const page = await world.ask(
        `/oauth2/callback/${SOURCES[code].name}?error=access_denied&error_description=UNMASKED`,
        { token: null },
    );
    assert.equal(page.status, 400);
    assert.ok(!page.text.includes('UNMASKED') && !world.caldock.log.includes('UNMASKED'));
});

both(
    '29, 66, 67: the token request goes where the configuration says, whatever the callback says',
    async (code) => {
        const url = await world.consent(code, await world.initiate(code));
        url.searchParams.set('token_endpoint', 'http://127.0.0.1:9/token');
        url.searchParams.set('issuer', 'http://127.0.0.1:9');
        assert.equal((await world.callback(url)).result.success, '1');
    },
);

both(
    '31: a code stolen from another flow is refused by the verifier, else by the nonce',
    async (code) => {
        const victim = await world.consent(code, await world.initiate(code), {
            account: SOURCES[code].other,
        });
        const attacker = await world.consent(code, await world.initiate(code));
        attacker.searchParams.set('code', victim.searchParams.get('code'));
        assert.equal((await world.callback(attacker)).result.error, 'code_rejected');
        world.control(code).forge({ claims: { nonce: 'the-victims' } });
        assert.equal(await world.outcome(code), 'identity_invalid');
        assert.deepEqual(await world.accounts(), []);
    },
);

both('32: when the token endpoint breaks, the code is not sent again', async (code) => {
    for (const fault of [{ reset: true }, { cut: true }]) {
        const url = await world.consent(code, await world.initiate(code));
        world.control(code).fault({ path: SOURCES[code].token, ...fault });
        const before = world.exchanges(code);
        const first = await world.callback(url);
        assert.equal(first.result.error, 'source_unavailable');
        assert.equal((await world.callback(url)).to.href, first.to.href);
        assert.equal(world.exchanges(code), before + 1);
    }
});

both(
    '33: invalid_grant at the exchange changes nothing of an existing connection',
    async (code) => {
        const id = await world.connected(code);
        const before = (await world.ask(`${ACCOUNTS}/${id}`)).text;
        assert.equal(
            (await world.answer(code, { code: 'invented' })).result.error,
            'code_rejected',
        );
        assert.equal((await world.ask(`${ACCOUNTS}/${id}`)).text, before);
    },
);

// 34, 35, 36: source_faults. 37, 38: flow. 40-49: identity.

both('52: the same address is not the same person; another address is', async (code) => {
    const { person, other } = SOURCES[code];
    const id = await world.connected(code);
    world.control(code).forge({ claims: { email: person, preferred_username: person } });
    assert.notEqual(await world.connected(code, { account: other }), id);
});

both('54: an account of someone else: refused, and it is not said whose', async (code) => {
    await world.connected(code, { headers: { 'Caldock-User': 'somebody-else' } });
    const { headers, result } = await world.connect(code, { headers: { 'Caldock-User': 'me' } });
    assert.equal(result.error, 'account_in_use');
    assert.ok(!headers.location.includes('somebody'));
});

both('56: an account of another provider: 404, like one that does not exist', async (code) => {
    const id = await world.connected(code);
    const provider = code === 'GOOG' ? '61' : '62';
    await world.addProvider(provider);
    const token = await world.addToken('--provider', provider);
    const other = await world.ask(`${ACCOUNTS}/${id}`, { token });
    const none = await world.ask(`${ACCOUNTS}/987654`, { token });
    assert.deepEqual([other.status, other.text], [404, none.text]);
});

test('58: the database holds no token that opens anything', async () => {
    const own = await World.open();
    try {
        for (const code of Object.keys(SOURCES)) await own.connected(code);
        await own.caldock.stop();
        const bytes = await own.storeBytes();
        assert.ok(bytes.includes('alice@example.com'), 'the right store was searched');
        const secrets = Object.values(own.standins).flatMap(({ identity }) => [
            ...identity.secrets,
        ]);
        assert.ok(secrets.length > 10);
        for (const secret of [...secrets, own.token]) {
            assert.ok(!bytes.includes(secret), `${secret.slice(0, 8)}… is in the database`);
        }
    } finally {
        await own.close();
    }
});

test('59: a start without the key that the data needs stops with a clear message', async () => {
    const own = await World.open();
    try {
        await own.connected('GOOG');
        await own.caldock.stop();
        const folder = path.join(own.folder, 'other');
        const store = own.schema?.url ?? `sqlite:${path.join(own.caldock.folder, 'caldock.db')}`;
        const stranger = await Caldock.create({ ...own.caldock, binary: BINARY, folder, store });
        await assert.rejects(stranger.start({}, { ends: { code: 1 } }), /key/i);
        assert.deepEqual(stranger.complaints(), []);
        await own.caldock.start();
        assert.equal((await own.accounts()).length, 1, 'and touched nothing');
    } finally {
        await own.close();
    }
});

test('58: key file and store can be read by their owner alone', async () => {
    for (const name of ['caldock.keys', ...(world.schema ? [] : ['caldock.db'])]) {
        const { mode } = await stat(path.join(world.caldock.folder, name));
        assert.equal(mode & 0o077, 0, name);
    }
});

// 60: secrets, which searches the logs of all suites.

both('61: the access token goes in the Authorization header alone', async (code) => {
    await world.connected(code);
    for (const entry of world.control(code).requests(SOURCES[code].calendars)) {
        assert.match(entry.headers.authorization, /^Bearer /);
        assert.ok(!JSON.stringify(entry.query).includes('token'));
    }
});

// 64: accounts.

test('68: a source that is not on loopback needs TLS', async () => {
    const own = await World.open({ serve: false });
    try {
        for (const section of ['google', 'microsoft']) {
            await own.caldock.configure({
                [section]: { token_url: 'http://tokens.example/token' },
            });
            const { code, stdout } = await own.caldock.command('check');
            assert.equal(code, 1);
            assert.match(stdout, /https/);
        }
    } finally {
        await own.close();
    }
});

test('73: forged Host and X-Forwarded-* change no URL', async () => {
    const headers = {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '1.2.3.4',
        forwarded: 'host=evil.example;proto=https',
    };
    for (const code of Object.keys(SOURCES)) {
        const uri = await world.initiate(code, { headers });
        const expected = `${world.caldock.url}/oauth2/callback/${SOURCES[code].name}`;
        assert.equal(parametersOf(uri).get('redirect_uri'), expected);
    }
    await world.connected('GOOG');
    await world.connected('MSFT');
    const { body } = await world.ask(`${ACCOUNTS}?page_size=1`, { headers });
    assert.ok(body.next.startsWith(world.caldock.url));
});
