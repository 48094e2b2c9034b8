// SPDX-License-Identifier: Apache-2.0
// The request that the project was created from, in every form that its page shows.
import assert from 'node:assert/strict';
import test from 'node:test';

import { goodClaims, makeJwt } from './lib/jwt.mjs';
import { REDIRECT, openWorld } from './lib/world.mjs';

const SECRET = 'a-shared-secret-of-32-bytes-or-more';
const world = await openWorld(test, {
    settings: {
        'jwt demo': {
            issuer: 'https://issuer.example',
            audience: 'caldock',
            providers: '1',
            secret: SECRET,
        },
    },
});

const PATHS = [
    '/api/v2/external_calendars/accounts/oauth2/initiate',
    '/api/v2//external_calendars/accounts/oauth2/initiate',
];
const FIELDS = { calendar_source: 'GOOG', redirect_uri: REDIRECT };
const BOUNDARY = 'an-uncommon-boundary';
const BODIES = {
    'application/json': JSON.stringify(FIELDS),
    'application/x-www-form-urlencoded': new URLSearchParams(FIELDS).toString(),
    [`multipart/form-data; boundary=${BOUNDARY}`]: Object.entries(FIELDS)
        .map(
            ([name, value]) =>
                `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
        )
        .concat(`--${BOUNDARY}--\r\n`)
        .join(''),
};
const CREDENTIALS = {
    Token: () => `Token ${world.token}`,
    'token with Bearer': () => `Bearer ${world.token}`,
    JWT: () => `JWT ${makeJwt({ key: SECRET, claims: goodClaims() })}`,
    'JWT with Bearer': () => `Bearer ${makeJwt({ key: SECRET, claims: goodClaims() })}`,
    'token, scheme in capitals': () => `TOKEN ${world.token}`,
};

const escaped = (text) => text.replace(/&/g, '&amp;');

// The answer's uri, whatever the format; exactly the two fields of the seed and nothing else.
const READ = {
    json: (answer) => {
        assert.equal(answer.headers['content-type'], 'application/json');
        const { uri } = JSON.parse(answer.text);
        assert.equal(answer.text, JSON.stringify({ uri, timeout_seconds: 600 }));
        return uri;
    },
    xml: (answer) => {
        assert.equal(answer.headers['content-type'], 'application/xml; charset=utf-8');
        const uri = /<uri>([^<]*)<\/uri>/.exec(answer.text)[1].replace(/&amp;/g, '&');
        const root = `<root><uri>${escaped(uri)}</uri><timeout_seconds>600</timeout_seconds></root>`;
        assert.match(answer.text, /^<\?xml version="1\.0" encoding="utf-8"\?>\n?<root>/i);
        assert.equal(answer.text.replace(/^<\?xml[^>]*\?>/, '').trim(), root);
        return uri;
    },
};

// How each format is asked for.
const WISHES = {
    json: [{}, { query: { format: 'json' } }, { headers: { accept: 'application/json' } }],
    xml: [{ query: { format: 'xml' } }, { headers: { accept: 'application/xml' } }],
};

for (const path of PATHS) {
    for (const [type, body] of Object.entries(BODIES)) {
        for (const [credential, make] of Object.entries(CREDENTIALS)) {
            test(`${path} ${type.split(';')[0]} ${credential}`, async () => {
                for (const [format, wishes] of Object.entries(WISHES)) {
                    for (const wish of wishes) {
                        const headers = {
                            'content-type': type,
                            authorization: make(),
                            ...wish.headers,
                        };
                        const answer = await world.ask(path, {
                            method: 'POST',
                            token: null,
                            body,
                            query: wish.query,
                            headers,
                        });
                        assert.equal(answer.status, 200, answer.text);
                        const uri = new URL(READ[format](answer));
                        assert.equal(uri.origin, world.standins.google.url);
                    }
                }
            });
        }
    }
}

test('with the headers that the seed names', async () => {
    const headers = { 'TeamUp-Provider-ID': '1', 'Teamup-Request-Mode': 'provider' };
    const uri = await world.initiate('MSFT', { headers });
    assert.equal(new URL(uri).origin, world.standins.microsoft.url);
});

test('the uri has exactly the parameters of the contract', async () => {
    const expected = {
        GOOG: {
            access_type: 'offline',
            prompt: 'select_account consent',
            scope: 'openid email https://www.googleapis.com/auth/calendar.calendarlist.readonly https://www.googleapis.com/auth/calendar.events',
        },
        MSFT: {
            prompt: 'select_account',
            response_mode: 'query',
            scope: 'openid profile email offline_access User.Read Calendars.ReadWrite',
        },
    };
    for (const [code, own] of Object.entries(expected)) {
        const uri = new URL(await world.initiate(code));
        const { name, client } = world.standin(code).source;
        const {
            state,
            nonce,
            code_challenge: challenge,
            ...rest
        } = Object.fromEntries(uri.searchParams);
        assert.deepEqual(rest, {
            response_type: 'code',
            client_id: client.client_id,
            redirect_uri: `${world.caldock.url}/oauth2/callback/${name}`,
            code_challenge_method: 'S256',
            ...own,
        });
        assert.match(challenge, /^[\w-]{43}$/);
        assert.match(nonce, /^[\w-]{22,}$/);
        assert.match(state, /^[\w-]{64,}$/);
        assert.equal([...uri.searchParams.keys()].length, 9 + (code === 'GOOG' ? 1 : 1));
    }
});

test('the seed’s own example, character for character, is what the page’s Python sends', async () => {
    const payload =
        '{\n  "calendar_source": "GOOG",\n  "redirect_uri": "https://app.example/cb"\n}';
    const headers = {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        Authorization: `Bearer ${world.token}`,
    };
    const answer = await world.ask(PATHS[0], {
        method: 'POST',
        token: null,
        headers,
        body: payload,
    });
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.body), ['uri', 'timeout_seconds']);
});
