// SPDX-License-Identifier: Apache-2.0
// `caldock check` finds what is wrong between Caldock and its sources before a user does: each
// finding against a fault of the stand-ins.
import assert from 'node:assert/strict';
import test from 'node:test';

import { SOURCES, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
const { caldock } = world;
const AUTHORIZE = { google: '/o/oauth2/v2/auth', microsoft: '/oauth2/v2.0/authorize' };
const DISCOVERY = '/.well-known/openid-configuration';
const DAY_MS = 86400000;
const NAMES = Object.keys(AUTHORIZE);

test.afterEach(() => caldock.configure(caldock.settings));

const controlOf = (name) => world.standins[name].control;

// → {code: the exit status, rows: [{level, code, text, mend}]}
async function check(...options) {
    const { code, stdout } = await caldock.command('check', '--json', ...options);
    return { code, rows: JSON.parse(stdout) };
}

// The only finding with this code; `check` exits as its level says.
async function finding(wanted) {
    const { code, rows } = await check('--only', wanted);
    assert.equal(rows.length, 1, JSON.stringify(rows));
    assert.equal(rows[0].code, wanted);
    assert.equal(code, rows[0].level === 'wrong' ? 1 : 0);
    return rows[0];
}

// Each is {level, text, mend}, the latter two patterns.
function fits(row, { level, text, mend }) {
    assert.equal(row.level, level, JSON.stringify(row));
    if (text) assert.match(row.text, text);
    if (mend) assert.match(row.mend, mend);
    else assert.equal(row.mend, null);
}

test('all is well with the stand-ins, and nobody has to consent', async () => {
    const { code, rows } = await check('--only', 'source', '--only', 'clock', '--strict');
    assert.equal(code, 0, JSON.stringify(rows));
    const levels = rows.map((row) => `${row.level} ${row.code}`);
    assert.deepEqual(levels, [
        'ok clock',
        'ok clock',
        ...NAMES.flatMap((name) => Array(2).fill(`ok source.${name}.keys`)),
        'ok source.google.secret',
        'ok source.microsoft.secret',
        'ok source.google.redirect',
        'ok source.microsoft.redirect',
        'ok source.microsoft.tenant',
        'note source.microsoft.expiry',
    ]);
});

for (const [code, { name }] of Object.entries(SOURCES)) {
    test(`${name}: a secret that is refused`, async () => {
        const client_secret = 'not-the-one';
        await caldock.configure({ [name]: { client_secret } });
        const row = await finding(`source.${name}.secret`);
        fits(row, {
            level: 'wrong',
            text: /^client_secret is refused: invalid_client \(/,
            mend: new RegExp(`make a new secret.* as \\[${name}\\] client_secret$`),
        });
        assert.ok(!JSON.stringify(row).includes(client_secret));
        assert.equal(world.exchanges(code), 1);
    });

    test(`${name}: the next secret is tried, too`, async () => {
        await caldock.configure({ [name]: { client_secret_next: 'not-the-one' } });
        const { code: status, rows } = await check('--only', `source.${name}.secret`);
        assert.deepEqual(
            [status, ...rows.map(({ level, text }) => `${level} ${text.split(' ')[0]}`)],
            [1, 'ok client_secret', 'wrong client_secret_next'],
        );
        assert.match(rows[1].mend, new RegExp(`\\[${name}\\] client_secret_next$`));
    });

    test(`${name}: an answer that says nothing of the client is a note`, async () => {
        for (const answer of [
            { status: 400, body: { error: 'invalid_request' } },
            { status: 503, html: true },
            { reset: true },
        ]) {
            controlOf(name).fault({ path: SOURCES[code].token, ...answer });
            fits(await finding(`source.${name}.secret`), {
                level: 'note',
                text: /^(whether client_secret is accepted is not known|client not tried): /,
                mend: /./,
            });
        }
    });

    test(`${name}: a redirect URI that is not registered is printed, as it has to be`, async () => {
        await caldock.configure({ server: { public_url: 'https://new.example/base' } });
        fits(await finding(`source.${name}.redirect`), {
            level: 'wrong',
            text: /^the source shows a page \(\d+\) and doesn't come back/,
            mend: new RegExp(`: https://new\\.example/base/oauth2/callback/${name}$`),
        });
    });

    test(`${name}: a page instead of an error is wrong, another place a note`, async () => {
        const path = AUTHORIZE[name];
        const error = 'https://accounts.example/signin/oauth/error/v2?authError=x';
        for (const [level, answer] of [
            ['wrong', { html: true, status: 200 }],
            ['wrong', { redirect: error }],
            ['note', { redirect: 'https://login.example/elsewhere?state=x' }],
            ['note', { status: 503 }],
            ['note', { status: 429 }],
            ['note', { hang: true }],
        ]) {
            if (answer.hang) await caldock.configure({ oauth: { timeout: '1s' } });
            controlOf(name).fault({ path, ...answer });
            const row = await finding(`source.${name}.redirect`);
            assert.equal(row.level, level, JSON.stringify([answer, row]));
            assert.doesNotMatch(row.text, /state/);
        }
    });

    test(`${name}: other endpoints in the discovery document`, async () => {
        const { url } = world.standins[name];
        const document = {
            authorization_endpoint: `${url}/new/authorize`,
            token_endpoint: `https://elsewhere.example/common${SOURCES[code].token}`,
            jwks_uri: `${url}${name === 'microsoft' ? '/some-tenant' : ''}${SOURCES[code].jwks}`,
        };
        controlOf(name).fault({ path: DISCOVERY, body: document });
        const { rows } = await check('--only', `source.${name}.keys`);
        assert.match(rows[0].text, /^its keys could be read: .*; client not tried$/);
        assert.deepEqual(
            rows.slice(1).map(({ level, mend }) => `${level} ${/\] (\w+)/.exec(mend)[1]}`),
            ['warn authorize_url', 'warn token_url'],
        );
        controlOf(name).fault({ path: DISCOVERY, status: 500 });
        fits((await check('--only', `source.${name}.keys`)).rows[1], {
            level: 'note',
            text: /could not be read, so the endpoints were not compared: the source answers 500$/,
        });
    });

    test(`${name}: keys that can't be read`, async () => {
        controlOf(name).fault({ path: SOURCES[code].jwks, status: 500 });
        const { code: status, rows } = await check('--only', `source.${name}.keys`);
        assert.equal(status, 1);
        fits(rows[0], { level: 'wrong', text: /500/, mend: /the URL, the network and/ });
    });

    test(`${name}: the clock of this machine against the source's`, async () => {
        for (const [seconds, level, text] of [
            [3, 'ok', /agrees with/],
            [20, 'warn', /is \d+ seconds behind/],
            [-20, 'warn', /is \d+ seconds ahead of/],
            [120, 'wrong', /is \d+ seconds behind/],
            [-3600, 'wrong', /is \d+ seconds ahead of/],
        ]) {
            const date = new Date(Date.now() + seconds * 1000).toUTCString();
            controlOf(name).fault({ path: AUTHORIZE[name], status: 400, headers: { date } });
            const { rows } = await check('--only', 'clock');
            const row = rows.find((one) => one.text.includes(name));
            fits(row, { level, text, ...(level !== 'ok' && { mend: /NTP/ }) });
        }
    });

    test(`${name}: the day on which the secret ends`, async () => {
        for (const [days, level, text] of [
            [60, 'ok', /^client_secret expires on \d{4}-\d\d-\d\d$/],
            [20, 'warn', /^client_secret expires on /],
            [3, 'wrong', /^client_secret expires on /],
            [-3, 'wrong', /^client_secret has expired on /],
        ]) {
            const day = new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
            await caldock.configure({ [name]: { client_secret_expires: day } });
            const row = await finding(`source.${name}.expiry`);
            fits(row, { level, text, ...(level !== 'ok' && { mend: /client_secret_next/ }) });
            assert.ok(row.text.endsWith(day));
        }
    });

    test(`${name} is off without a client`, async () => {
        await caldock.configure({ [name]: { client_id: '', client_secret: '' } });
        const { rows } = await check('--only', `source.${name}`);
        assert.equal(rows.length, 1);
        fits(rows[0], { level: 'note', text: /^off$/, mend: /client_id and client_secret/ });
    });
}

test('sources uris lists what the sources have registered', async () => {
    const listed = async () => JSON.parse(await caldock.run('sources', 'uris', '--json'));
    const ofSource = (base) =>
        NAMES.map((source) => ({ source, redirect_uri: `${base}/oauth2/callback/${source}` }));
    assert.deepEqual(await listed(), ofSource(caldock.url));
    await caldock.configure({ server: { public_url: 'https://new.example/base/' } });
    assert.deepEqual(await listed(), ofSource('https://new.example/base'));
});

test('microsoft: a secret that has expired says so', async () => {
    const body = { error: 'invalid_client', error_description: 'AADSTS7000222: keys expired.' };
    controlOf('microsoft').fault({ path: SOURCES.MSFT.token, status: 401, body });
    fits(await finding('source.microsoft.secret'), {
        level: 'wrong',
        text: /^client_secret has expired: invalid_client \(AADSTS7000222\)$/,
        mend: /\[microsoft\] client_secret$/,
    });
});

test('microsoft: a tenant that is not there', async () => {
    const tenant = '00000000-0000-4000-8000-00000000dead';
    for (const [wanted, there] of [
        [tenant, false],
        ['contoso.example', false],
        ['organizations', true],
        ['11111111-2222-4333-8444-555555555555', true],
    ]) {
        await caldock.configure({ microsoft: { tenant: wanted } });
        fits(
            await finding('source.microsoft.tenant'),
            there
                ? { level: 'ok', text: new RegExp(`^the source has ${wanted}$`) }
                : {
                      level: 'wrong',
                      text: new RegExp(`^the source has no tenant ${wanted}$`),
                      mend: /as \[microsoft\] tenant$/,
                  },
        );
    }
    await caldock.configure(caldock.settings);
    for (const status of [400, 404]) {
        controlOf('microsoft').fault({ path: DISCOVERY, status });
        fits(await finding('source.microsoft.tenant'), {
            level: 'wrong',
            text: /^the source has no tenant common$/,
            mend: /as \[microsoft\] tenant$/,
        });
    }
    controlOf('microsoft').fault({ path: DISCOVERY, status: 500 });
    fits(await finding('source.microsoft.tenant'), { level: 'note', text: /answers 500$/ });
});

test('--offline asks no source, and says so', async () => {
    const { code, rows } = await check('--offline');
    assert.equal(code, 0, JSON.stringify(rows));
    const said = rows.filter(({ text }) => text.endsWith(' not tried: --offline'));
    assert.deepEqual(
        said.map((row) => `${row.level} ${row.code} ${row.text.split(' ')[0]}`),
        [
            'note clock clock',
            ...['keys', 'client secret', 'client redirect'].flatMap((words) => {
                const [what, row = what] = words.split(' ');
                return NAMES.map((name) => `note source.${name}.${row} ${what}`);
            }),
            'note source.microsoft.tenant tenant',
        ],
    );
    for (const name of NAMES) assert.deepEqual(controlOf(name).requests(), []);
});

test('--strict fails for a warning, too', async () => {
    const day = new Date(Date.now() + 20 * DAY_MS).toISOString().slice(0, 10);
    await caldock.configure({ google: { client_secret_expires: day } });
    const only = ['--only', 'source.google.expiry'];
    assert.equal((await check(...only)).code, 0);
    const strict = await caldock.command('check', '--strict', ...only);
    assert.deepEqual([strict.code, strict.stderr.trim()], [1, 'caldock: 1 to mend']);
});
