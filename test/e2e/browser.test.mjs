// SPDX-License-Identifier: Apache-2.0
// A real browser clicks through the demonstration page: both sources, a refusal, a redirect
// that proves nothing, and a Caldock that is away.
import assert from 'node:assert/strict';
import test from 'node:test';

import { chromium } from 'playwright-core';

import { freePort } from '../../standin/caldock.mjs';
import { Demo } from '../../demo/server.mjs';
import { ACCOUNTS, World } from './lib/world.mjs';

const ARGS = [
    '--no-sandbox', // the tests may run as root
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];
const USER = { headers: { 'Caldock-User': 'demo-user' } };

const troubles = [];
let context, page;

const world = await World.open();
const port = await freePort();
await world.caldock.run('provider', 'set', '1', '--add-redirect', `http://127.0.0.1:${port}/done`);
const demo = new Demo({
    caldockUrl: world.caldock.url,
    token: await world.addToken('--provider', '1'),
    port,
});
await demo.listen();
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ARGS });
test.after(async () => {
    await browser.close();
    demo.close();
    await world.close();
});
test.beforeEach(async () => {
    for (const { id } of await world.accounts(USER)) {
        await world.ask(`${ACCOUNTS}/${id}`, { method: 'DELETE', ...USER });
    }
    context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(15000);
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.goto(demo.url);
});
test.afterEach(() => context.close());

async function consent(button, person, answer) {
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('radio', { name: new RegExp(person) }).check();
    await page.getByRole('button', { name: answer }).click();
    await page.getByRole('heading', { name: 'Connect your calendars' }).waitFor();
}

for (const [button, person, source] of [
    ['Connect Google', 'bob@acme.test', 'Google'],
    ['Connect Microsoft', 'dave@outlook.com', 'Microsoft'],
]) {
    test(`${source}: from the button to the account and its calendars, and away again`, async () => {
        await consent(button, person, 'Allow');
        const notice = await page.getByRole('status').textContent();
        assert.equal(notice, `${source} is connected as ${person}.`);
        const shown = await page.getByRole('listitem').textContent();
        assert.match(shown, new RegExp(`${person}.*Calendars: .*, Team <&> "friends", `, 's'));
        const received = await page.getByRole('region', { name: /What came back/ }).textContent();
        assert.match(received, /success1/);
        assert.equal(new URL(page.url()).search, '', 'nothing of the flow stays in the address');
        const [account] = await world.accounts(USER);
        assert.equal(account.username, person);

        await page.getByRole('button', { name: `Disconnect ${person}` }).click();
        assert.equal(await page.getByRole('status').textContent(), 'The account is disconnected.');
        assert.match(
            await page.getByRole('region', { name: 'Connected accounts' }).textContent(),
            /No calendar is connected yet/,
        );
        assert.deepEqual(await world.accounts(USER), []);
    });

    test(`${source}: a refusal is told in plain words`, async () => {
        await consent(button, person, 'Cancel');
        assert.match(await page.getByRole('alert').textContent(), /You said no/);
        assert.deepEqual(await world.accounts(USER), []);
    });
}

test('Google: a permission left out', async () => {
    await page.getByRole('button', { name: 'Connect Google' }).click();
    await page.getByRole('checkbox', { name: /calendar\.events/ }).uncheck();
    await page.getByRole('button', { name: 'Allow' }).click();
    assert.match(await page.getByRole('alert').textContent(), /permission was left out/);
});

test('both sources side by side, in one browser', async () => {
    await consent('Connect Google', 'alice@example.com', 'Allow');
    await consent('Connect Microsoft', 'carol@contoso.test', 'Allow');
    await consent('Connect Google', 'bob@acme.test', 'Allow');
    assert.equal(await page.getByRole('listitem').count(), 3);
});

test('a connection that its user has ended says so', async () => {
    await consent('Connect Google', 'alice@example.com', 'Allow');
    world.control('GOOG').withdraw({ account: 'alice@example.com' });
    await page.reload();
    assert.match(await page.getByRole('listitem').textContent(), /needs to be connected again/);
});

test('going back and forward in the history, and reloading, lead nowhere bad', async () => {
    await consent('Connect Google', 'alice@example.com', 'Allow');
    await page.goBack();
    await page.goForward();
    await page.reload();
    await page.getByRole('heading', { name: 'Connect your calendars' }).waitFor();
    assert.equal((await world.accounts(USER)).length, 1);
});

test('a redirect that anyone can type is not believed; what is confirmed stays', async () => {
    await consent('Connect Google', 'alice@example.com', 'Allow');
    const [{ id }] = await world.accounts(USER);
    for (const query of [
        `success=1&account=${id}`,
        `once=wrong&success=1&account=${id}`,
        'success=1&account=<script>',
    ]) {
        await page.goto(`${demo.url}/done?${query}`);
        assert.match(await page.getByRole('alert').textContent(), /not believed/);
    }
    assert.equal((await world.accounts(USER)).length, 1);
});

test('an account that nobody here asked for is disconnected', async () => {
    const id = await world.connected('MSFT', USER);
    await page.goto(`${demo.url}/done?once=wrong&success=1&account=${id}`);
    assert.match(await page.getByRole('alert').textContent(), /not believed/);
    assert.deepEqual(await world.accounts(USER), []);
});

test('Caldock’s own page, for a state that cannot be trusted', async () => {
    await page.goto(`${world.caldock.url}/oauth2/callback/google?code=x&state=x`);
    assert.ok((await page.getByRole('heading').first().textContent()).length > 5);
    assert.ok((await page.title()).length > 3);
});

test('fits a narrow screen, and every control has a name', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await consent('Connect Google', 'alice@example.com', 'Allow');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    for (const button of await page.getByRole('button').all()) {
        const name = (await button.getAttribute('aria-label')) ?? (await button.textContent());
        assert.ok(name.trim());
    }
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
});

test('with the keyboard alone', async () => {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('radio').first().waitFor();
    await page.getByRole('button', { name: 'Allow' }).focus();
    await page.keyboard.press('Enter');
    assert.match(await page.getByRole('status').textContent(), /is connected as/);
});

test('without Caldock there is still a page that says so', async () => {
    await world.caldock.stop();
    await page.reload();
    assert.match(await page.getByRole('alert').textContent(), /does not answer/);
    await world.caldock.start();
    await page.reload();
    assert.equal(await page.getByRole('alert').count(), 0);
});

test('no script of any page failed', () => assert.deepEqual(troubles, []));
