// SPDX-License-Identifier: Apache-2.0
// A real browser clicks through the demonstration page: both sources, calendars that block, a refusal,
// a redirect that proves nothing, and a Caldock that is away; and it is shown Caldock's own page. With
// CALDOCK_PICTURE=FILE it also takes the picture of the README.
import assert from 'node:assert/strict';
import test from 'node:test';

import axe from 'axe-core';
import { chromium } from 'playwright-core';

import { freePort } from '../../standin/caldock.mjs';
import { Demo } from '../../demo/server.mjs';
import { until } from './lib/until.mjs';
import { ACCOUNTS, API, SOURCES, World } from './lib/world.mjs';

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
const HANGS_MS = 120000; // for what comes when the sources, Caldock and the page have got to it

const APPLICATION = 'Blumen & <b>Söhne</b>';

const troubles = [];
let context, page;

const world = await World.open({
    publicUrl: 'https://caldock.example',
    leadsBrowsers: true,
    settings: { server: { name: APPLICATION }, webhooks: { private_networks: '127.0.0.0/8' } },
});
const port = await freePort();
await world.caldock.run('provider', 'set', '1', '--add-redirect', `http://127.0.0.1:${port}/done`);
const hooks = `http://127.0.0.1:${port}/hooks`;
const { secret } = JSON.parse(
    await world.caldock.run('webhook', 'add', '--provider', '1', '--url', hooks, '--json'),
);
world.secrets.add(secret);
const demo = new Demo({
    secret,
    caldockUrl: world.caldock.url,
    token: await world.addToken('--provider', '1'),
    port,
    controls: Object.fromEntries(Object.keys(SOURCES).map((code) => [code, world.control(code)])),
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
    page.setDefaultTimeout(HANGS_MS);
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.goto(demo.url);
});
test.afterEach(() => context.close());

// The document, and what is in it, fit the width.
async function fits() {
    const overflow = await page.evaluate(() => {
        const isWide = (element) => element.getBoundingClientRect().right > innerWidth + 0.5;
        const wide = [...document.querySelectorAll('main *')].filter(isWide);
        return [
            document.documentElement.scrollWidth - innerWidth,
            ...wide.map((one) => one.outerHTML),
        ];
    });
    assert.deepEqual(overflow, [0]);
}

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
        assert.match(await page.getByRole('listitem').textContent(), new RegExp(person));
        await page.getByRole('checkbox', { name: 'Team <&> "friends"' }).waitFor();
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

test('an address that anyone can type disconnects nothing', async () => {
    const id = await world.connected('MSFT', USER);
    await page.goto(`${demo.url}/done?once=wrong&success=1&account=${id}`);
    assert.match(await page.getByRole('alert').textContent(), /not believed/);
    assert.equal((await world.accounts(USER)).length, 1);
});

const busyTable = () => page.getByRole('table').first();
const becomes = (pattern) => page.getByText(pattern).first().waitFor();
const settings = async () => (await world.ask(`${API}/staff_calendar_settings`, USER)).body.results;

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
for (const [name, code, main, viewport, isWatched] of [
    ['Google', 'GOOG', 'alice@example.com', DESKTOP, true],
    ['Google', 'GOOG', 'alice@example.com', PHONE, false],
    ['Microsoft', 'MSFT', 'Calendar', DESKTOP, false],
    ['Microsoft', 'MSFT', 'Calendar', PHONE, true],
]) {
    const way = isWatched ? 'its notification' : 'a new read';
    test(`${name}, ${viewport.width} pixels: a calendar blocks, and an event that is added changes that by ${way}`, async () => {
        const account = SOURCES[code].person;
        world.control(code).emptyCalendar({ account });
        world.control(code).changeCalendar({ account, canWatch: isWatched });
        const start = Date.now() + 3600000;
        const title = 'Bells & <whistles>';
        world.control(code).addEvent({ account, title, start, end: start + 5400000 });
        await page.setViewportSize(viewport);
        await consent(`Connect ${name}`, account, 'Allow');
        await page.getByText('No calendar blocks yet').waitFor();
        await fits();

        await page.getByRole('checkbox', { name: main }).check();
        await becomes('1 h 30 min busy');
        await page.getByRole('cell', { name: title }).waitFor();
        await page.getByText('complete', { exact: true }).waitFor();
        await page.getByText('fresh', { exact: true }).waitFor();
        await page.getByText(/^as of \d\d:\d\d:\d\d$/).waitFor();
        assert.equal((await settings()).length, 1);

        await becomes(`Caldock ${isWatched ? 'is' : 'isn’t'} notified of changes by ${name}`);
        const before = await busyTable().textContent();
        await page.evaluate(() => {
            window.isSame = true;
        });
        await page.getByRole('button', { name: `Add an event in ${name}` }).click();
        const notice = page.getByRole('status').filter({ hasText: 'added “' });
        const [, added] = /“(.*)”/.exec(await notice.textContent());
        await page.getByRole('cell', { name: added }).waitFor();
        await becomes('2 h 30 min busy');
        assert.notEqual(await busyTable().textContent(), before);
        assert.equal(await page.evaluate(() => window.isSame), true, 'without a reload');
        await fits();

        await page.getByRole('checkbox', { name: main }).uncheck();
        await becomes('No calendar blocks yet');
        assert.deepEqual(await settings(), []);
    });
}

test('a booking is written, moved by its person, and told without a reload', async () => {
    const account = SOURCES.GOOG.person;
    world.control('GOOG').emptyCalendar({ account });
    world.control('GOOG').changeCalendar({ account, canWatch: true });
    await page.setViewportSize(PHONE);
    await consent('Connect Google', account, 'Allow');
    await page.getByRole('checkbox', { name: 'Receives what is booked here' }).check();
    await page.getByText('Saved.').waitFor();
    await page.evaluate(() => {
        window.isSame = true;
    });
    await page.getByRole('button', { name: 'Book an hour' }).click();
    await page.getByText('written', { exact: true }).waitFor();
    await page.getByText(/^seen there: /).waitFor();
    await fits();
    await until('the source notifies', async () => (await settings())[0].notifications === 'push');
    await page.getByRole('button', { name: `${account} moves` }).click();
    await becomes(/moved by its owner to/);
    await page.getByRole('rowheader', { name: 'pushed_event.changed' }).waitFor();
    await fits();
    await page.getByRole('button', { name: /^Put .* back$/ }).click();
    await page.getByText('written', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Cancel / }).click();
    await page.getByRole('rowheader', { name: 'Yoga' }).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => window.isSame), true);
});

test('a consent that was withdrawn is told at once, and a button mends it', async () => {
    const account = SOURCES.GOOG.person;
    await consent('Connect Google', account, 'Allow');
    await page.evaluate(() => {
        window.isSame = true;
    });
    await page.getByRole('button', { name: `Withdraw the consent of ${account}` }).click();
    await page
        .getByRole('cell', { name: `${account} has to be connected again` })
        .first()
        .waitFor();
    assert.equal(await page.evaluate(() => window.isSame), true, 'without a reload');
    await fits();
    await page.getByRole('button', { name: `Reconnect ${account}` }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page
        .getByRole('cell', { name: `${account} is connected again` })
        .first()
        .waitFor();
    assert.equal(await page.getByRole('button', { name: 'Reconnect' }).count(), 0);
});

test('without scripts, forms do the same', async () => {
    const account = SOURCES.GOOG.person;
    world.control('GOOG').emptyCalendar({ account });
    const plain = await browser.newContext({ javaScriptEnabled: false });
    page = await plain.newPage();
    await page.goto(demo.url);
    await consent('Connect Google', account, 'Allow');
    await page.getByRole('checkbox', { name: account }).check();
    await page.getByRole('button', { name: 'Save' }).click();
    assert.equal(await page.getByRole('status').textContent(), 'Saved.');
    assert.ok(await page.getByRole('checkbox', { name: account }).isChecked());
    await page.getByRole('button', { name: 'Add an event in Google' }).click();
    assert.match(await page.getByRole('status').textContent(), /added “.*” in Google/);
    await plain.close();
});

test('what Caldock refuses is said, and the boxes show what is', async () => {
    await consent('Connect Google', 'alice@example.com', 'Allow');
    const calendar = { account: 'alice@example.com', calendar: 'team' };
    world.control('GOOG').changeCalendar({ ...calendar, role: 'freeBusyReader' });
    // The box is redrawn by the page that says why: check() would wait for it to stay checked.
    await page.getByRole('checkbox', { name: /Team/ }).click();
    assert.match(await page.getByRole('alert').textContent(), /Not saved.*can't be read/);
    assert.equal(await page.getByRole('checkbox', { name: /Team/ }).isChecked(), false);
    world.control('GOOG').mailbox({ account: 'alice@example.com', calendars: 3 });
});

test('while Caldock is away the page keeps what it knows, and says so', async () => {
    await consent('Connect Google', 'alice@example.com', 'Allow');
    await page.getByRole('checkbox', { name: 'alice@example.com' }).check();
    await becomes(/as of/);
    await world.caldock.stop();
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor();
    await page.getByText(/as of/).waitFor();
    await world.caldock.start();
    await page.getByRole('alert').waitFor({ state: 'hidden' });
});

// Caldock's own page, for a state that can't be trusted.
const UNTRUSTED = `${world.caldock.url}/oauth2/callback/google?code=x&state=x`;
const HEADINGS = {
    'en-GB': 'This link cannot be used',
    'de-AT': 'Dieser Link kann nicht verwendet werden',
    'fr-CA': 'Ce lien ne peut pas être utilisé',
    'es-MX': 'Este enlace no se puede usar',
    'it-CH': 'Questo link non può essere utilizzato',
    'pt-BR': 'Este link não pode ser usado',
    'nl-BE': 'Deze link kan niet worden gebruikt',
    'ja-JP': 'This link cannot be used',
};
const BACKGROUNDS = { light: 'rgb(255, 255, 255)', dark: 'rgb(28, 28, 30)' };

// What axe finds of WCAG 2.2 AA, and of what is good practice, in the page that is open.
async function accessibilityFaults() {
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate(() =>
        globalThis.axe.run({
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        }),
    );
    assert.ok(
        passes.some(({ id }) => id === 'color-contrast'),
        'it has looked at colours',
    );
    return violations.map(({ id, help }) => `${id}: ${help}`);
}

for (const [colorScheme, background] of Object.entries(BACKGROUNDS)) {
    test(`Caldock’s own page speaks the browser’s language, for everybody, ${colorScheme}`, async () => {
        for (const [locale, heading] of Object.entries(HEADINGS)) {
            // axe is a script, which the page's own policy wouldn't let in.
            const own = await browser.newContext({ colorScheme, locale, bypassCSP: true });
            page = await own.newPage();
            await page.setViewportSize({ width: 320, height: 640 });
            await page.goto(UNTRUSTED);
            assert.equal(await page.getByRole('heading').textContent(), heading, locale);
            assert.match(await page.title(), new RegExp(` – ${APPLICATION}$`));
            const looks = await page.evaluate(() => {
                const { backgroundColor } = getComputedStyle(document.documentElement);
                return [document.documentElement.lang, backgroundColor];
            });
            const language = heading === HEADINGS['en-GB'] ? 'en' : locale.slice(0, 2);
            assert.deepEqual(looks, [language, background], locale);
            assert.deepEqual(await accessibilityFaults(), [], locale);
            await fits();
            await own.close();
        }
    });
}

test('Caldock’s own page keeps to its policy, loads nothing, and has a number that one can say', async () => {
    const [refused, requested] = [[], []];
    page.on('console', (message) => refused.push(message.text()));
    page.on('request', (request) => requested.push(request.url()));
    const answer = await page.goto(UNTRUSTED);
    assert.deepEqual(requested, [UNTRUSTED]);
    assert.deepEqual(
        refused.filter((text) => text.includes('Content Security Policy')),
        [],
    );
    const number = await page.getByText(/^\d{4}(-\d{4}){3}$/).textContent();
    assert.equal(number, answer.headers()['x-request-id']);
    assert.match(world.caldock.log, new RegExp(number));
});

test('Caldock’s own page for a browser with too many cookies', async () => {
    const own = await browser.newContext({ locale: 'nl-NL', bypassCSP: true });
    const url = world.caldock.url;
    await own.addCookies([...'abcde'].map((name) => ({ name, value: 'x'.repeat(4000), url })));
    page = await own.newPage();
    assert.equal((await page.goto(UNTRUSTED)).status(), 431);
    assert.deepEqual(await accessibilityFaults(), []);
    await own.close();
});

test('fits a narrow screen, and every control has a name', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await consent('Connect Google', 'alice@example.com', 'Allow');
    await fits();
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

// A week that shows what there is to see: [day, from, to, title, …]
const WEEK = {
    GOOG: [
        [0, '10:00', '10:45', 'Stand-up'],
        [1, '09:00', '10:30', 'Figures of the quarter'],
        [1, '14:00', '15:00', 'Massage, Mrs. Lindqvist'],
        [2, '16:00', '17:00', 'Dentist'],
        [3, '18:00', '19:30', 'Choir', { answer: 'declined' }],
        [4, '09:30', '12:00', 'Course for beginners'],
    ],
    MSFT: [
        [1, '10:00', '12:00', 'Rounds'],
        [2, '08:00', '09:00', 'Delivery'],
        [3, '13:00', '14:00', 'Lunch', { showAs: 'free' }],
        [4, '11:00', '13:30', 'Visit to the workshop'],
    ],
};
const NAMES = { GOOG: 'Google', MSFT: 'Microsoft' };
const named = (key, name, more) => ({
    key,
    name,
    canEdit: true,
    timeZone: 'Europe/Berlin',
    ...more,
});
const LIST = [named('primary', 'Calendar', { isPrimary: true }), named('team', 'Team')];

const picture = process.env.CALDOCK_PICTURE;
test('the picture of the README', { skip: !picture && 'nobody asks for it' }, async () => {
    for (const [code, events] of Object.entries(WEEK)) {
        const account = SOURCES[code].person;
        world.control(code).mailbox({ account, calendars: LIST });
        world.control(code).emptyCalendar({ account });
        for (const [day, from, to, title, more] of events) {
            const date = new Date(Date.now() + day * 86400000).toLocaleDateString('sv-SE', {
                timeZone: 'Europe/Berlin',
            });
            const [start, end] = [from, to].map((time) => `${date}T${time}:00`);
            world.control(code).addEvent({ account, title, start, end, ...more });
        }
        await consent(`Connect ${NAMES[code]}`, account, 'Allow');
    }
    const options = { timezoneId: 'Europe/Berlin', viewport: { width: 1240, height: 800 } };
    const fresh = await browser.newContext(options);
    page = await fresh.newPage();
    await page.goto(demo.url);
    for (const name of ['alice@example.com', 'Calendar']) {
        await page.getByRole('checkbox', { name }).check();
    }
    await becomes('10 h 45 min busy');
    await page.getByText('fresh', { exact: true }).waitFor();
    await page.reload();
    await page.getByText('10 h 45 min busy').waitFor();
    await page.addStyleTag({ content: '.tables, .quiet { display: none }' }); // the drawing is enough
    await page.screenshot({ path: picture, fullPage: true });
    await fresh.close();
});

test('no script of any page failed', () => assert.deepEqual(troubles, []));
