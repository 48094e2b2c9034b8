// SPDX-License-Identifier: Apache-2.0
// docs/api.md §8 and §9 "Reading calendars": lists and single calendars of both sources, in one
// shape, and what a source's errors become.
import assert from 'node:assert/strict';
import test from 'node:test';

import { until } from './lib/until.mjs';
import { ACCOUNTS, SOURCES, World, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
// Where a source hangs: nothing has to be in time then.
const HASTY = { oauth: { timeout: '1s' } };
const CODES = Object.keys(SOURCES);

const list = (id, query, options) => world.ask(`${ACCOUNTS}/${id}/calendars`, { query, ...options });
const get = (id, base64, options) =>
    world.ask(`${ACCOUNTS}/${id}/calendars/${encodeURIComponent(base64)}`, options);
const encode = (id) => Buffer.from(id).toString('base64url');

// Gives the source's person these calendars, and connects them → the account's id.
async function connectedWith(code, calendars) {
    const id = await world.connected(code);
    world.control(code).mailbox({ account: SOURCES[code].person, calendars });
    return id;
}

const FIELDS = ['id', 'base64_id', 'name', 'is_primary', 'can_edit', 'time_zone', 'color'];

test('GOOG: the calendars of the person, as the contract has them', async () => {
    const { status, body } = await list(await world.connected('GOOG'));
    assert.equal(status, 200);
    assert.deepEqual([body.count, body.next, body.previous], [3, null, null]);
    const [primary, team, holidays] = body.results;
    assert.deepEqual(primary, {
        id: 'alice@example.com',
        base64_id: encode('alice@example.com'),
        name: 'alice@example.com',
        is_primary: true,
        can_edit: true,
        time_zone: 'Europe/Berlin',
        color: '#9fe1e7',
    });
    assert.equal(team.name, 'Team <&> "friends"');
    assert.deepEqual([team.is_primary, team.can_edit, team.color], [false, true, '#f83a22']);
    assert.deepEqual(
        [holidays.name, holidays.can_edit, holidays.time_zone],
        ['Święta i Feiertage 🎉', false, 'UTC'],
    );
});

test('MSFT: the calendars of the person; a zone is not said', async () => {
    const { status, body } = await list(await world.connected('MSFT'));
    assert.equal(status, 200);
    assert.equal(body.count, 3);
    body.results.forEach((calendar) => assert.deepEqual(Object.keys(calendar), FIELDS));
    const [primary, team, holidays] = body.results;
    assert.deepEqual(
        [primary.name, primary.is_primary, primary.can_edit, primary.time_zone, primary.color],
        ['Calendar', true, true, null, null],
    );
    assert.deepEqual([team.is_primary, team.color], [false, '#f83a22']);
    assert.equal(holidays.can_edit, false);
});

test('MSFT: with MailboxSettings.Read the zone is IANA’s, whatever Windows calls it', async () => {
    const scopes = 'openid profile email offline_access User.Read Calendars.Read MailboxSettings.Read';
    const own = await World.open({ settings: { microsoft: { scopes } } });
    try {
        const id = await own.connected('MSFT');
        const zones = {
            'W. Europe Standard Time': 'Europe/Berlin',
            'Pacific Standard Time': 'America/Los_Angeles',
            'Europe/Lisbon': 'Europe/Lisbon',
            'Customized Time Zone': null,
        };
        for (const [name, zone] of Object.entries(zones)) {
            own.control('MSFT').zone(name);
            const { body } = await own.ask(`${ACCOUNTS}/${id}/calendars`);
            for (const calendar of body.results) assert.equal(calendar.time_zone, zone);
            const one = await own.ask(`${ACCOUNTS}/${id}/calendars/${body.results[1].base64_id}`);
            assert.equal(one.body.time_zone, zone);
        }
    } finally {
        await own.close();
    }
});

test('MSFT: colours by name', async () => {
    const calendars = [{ colorName: 'lightBlue' }, { colorName: 'auto' }, { colorName: 'newColor' }];
    const { body } = await list(await connectedWith('MSFT', calendars));
    assert.match(body.results[0].color, /^#[0-9a-f]{6}$/);
    assert.deepEqual(
        body.results.slice(1).map(({ color }) => color),
        [null, null],
    );
});

test('names carry any Unicode, in JSON and in XML', async () => {
    const names = [
        'עברית ‎و العربية',
        'e\u0301 \u{1F469}\u200D\u{1F680} \u{10FFFF}',
        'tab\tline\nreturn\r "\\/',
        '</name><evil>&amp;]]>',
        ' \u00A0 ',
        '',
        'x'.repeat(1024),
    ];
    for (const code of CODES) {
        const id = await connectedWith(
            code,
            names.map((name) => ({ name })),
        );
        const { body } = await list(id);
        assert.deepEqual(
            body.results.map(({ name }) => name),
            names,
        );
        const { text, headers } = await list(id, { format: 'xml' });
        assert.match(headers['content-type'], /^application\/xml/);
        assert.match(text, /&lt;\/name&gt;&lt;evil&gt;&amp;amp;]]&gt;/);
        assert.equal(text.match(/<list-item>/g).length, names.length);
    }
});

test('GOOG: the person’s own name for a calendar comes first', async () => {
    const calendars = [{ name: 'theirs', override: 'mine' }, { name: 'theirs', override: '' }];
    const { body } = await list(await connectedWith('GOOG', calendars));
    assert.deepEqual(
        body.results.map(({ name }) => name),
        ['mine', 'theirs'],
    );
});

for (const code of CODES) {
    test(`${code}: all pages of the source are followed, up to a hundred`, async () => {
        const id = await connectedWith(code, 100);
        world.control(code).pages(1);
        const { body } = await list(id);
        assert.equal(body.count, 100);
        assert.equal(new Set(body.results.map((calendar) => calendar.id)).size, 100);
        world.control(code).mailbox({ account: SOURCES[code].person, calendars: 101 });
        const answer = await list(id);
        assert.deepEqual([answer.status, answer.body.code], [502, 'calendar_source_error']);
    });

    test(`${code}: pages for the caller`, async () => {
        const id = await connectedWith(code, 5);
        const link = (page) =>
            `${world.caldock.url}${ACCOUNTS}/${id}/calendars?page=${page}&page_size=2`;
        const seen = [];
        for (let page = 1; page <= 3; page++) {
            const { body } = await list(id, { page, page_size: 2 });
            assert.equal(body.count, 5);
            assert.equal(body.next, page < 3 ? link(page + 1) : null);
            assert.equal(body.previous, page > 1 ? link(page - 1) : null);
            seen.push(...body.results.map((calendar) => calendar.id));
        }
        assert.equal(new Set(seen).size, 5);
        assert.equal((await list(id, { page: 4, page_size: 2 })).status, 404);
        const { status, body } = await list(id, { page_size: 101 });
        assert.deepEqual([status, Object.keys(body.field_errors)], [400, ['page_size']]);
    });

    test(`${code}: no calendar is an empty page`, async () => {
        const { body } = await list(await connectedWith(code, 0));
        assert.deepEqual(body, { count: 0, next: null, previous: null, results: [] });
    });

    test(`${code}: one calendar, by every base64 of its id`, async () => {
        const id = await connectedWith(code, [{ key: 'a' }, { key: 'ab?>' }, { key: 'abc~ÿ' }]);
        const { body } = await list(id);
        for (const calendar of body.results) {
            const standard = Buffer.from(calendar.id).toString('base64');
            const forms = [calendar.base64_id, standard, standard.replace(/=+$/, '')];
            forms.push(standard.replaceAll('+', '-').replaceAll('/', '_'));
            for (const form of forms) {
                const { status, body: one } = await get(id, form);
                assert.deepEqual([status, one], [200, calendar], form);
            }
        }
    });

    test(`${code}: what is no calendar’s id is 404`, async () => {
        const id = await connectedWith(code, 1);
        const ids = ['nobody@example.com', '.', '..', '../..', 'x/../y', '\0', 'x'.repeat(600)];
        for (const one of ids) {
            const { status, body } = await get(id, encode(one));
            assert.deepEqual([status, body.code], [404, 'not_found'], one);
        }
        for (const text of ['Y', 'YR', 'Y Q', 'YQ=', '====', '%', 'ÿ']) {
            assert.equal((await get(id, text)).status, 404, text);
        }
    });

    test(`${code}: what the source refuses of one calendar`, async () => {
        const wanted = { 403: [403, 'permission_denied'], 404: [404, 'not_found'] };
        wanted[410] = wanted[404];
        const calendars = Object.keys(wanted).map((status) => ({ status: Number(status) }));
        const id = await connectedWith(code, calendars);
        const { body } = await list(id);
        for (const [i, answer] of Object.values(wanted).entries()) {
            const one = await get(id, body.results[i].base64_id);
            assert.deepEqual([one.status, one.body.code], answer);
        }
        assert.equal((await world.accounts())[0].status, 'connected');
    });

    test(`${code}: the source’s failures`, async () => {
        const id = await world.connected(code);
        const ERROR = [502, 'calendar_source_error'];
        const path = SOURCES[code].calendars;
        const rows = [
            [{ status: 429, headers: { 'retry-after': '17' } }, ERROR, '17'],
            [{ status: 429 }, ERROR, '60'],
            [{ status: 500 }, ERROR],
            [{ status: 503, headers: { 'retry-after': '5' } }, ERROR, '5'],
            [{ status: 400 }, ERROR],
            [{ html: true }, ERROR],
            [{ megabyte: true }, ERROR],
            [{ body: { items: {}, value: {} } }, ERROR],
            [{ body: [] }, ERROR],
            [{ redirect: 'https://evil.example/' }, ERROR],
            [{ reset: true }, ERROR],
            [{ cut: true }, ERROR],
        ];
        const fails = async ([fault, answer, wait]) => {
            for (const ask of [() => list(id), () => get(id, encode('x'))]) {
                world.control(code).fault({ path, ...fault });
                const { status, body, headers } = await ask();
                const what = JSON.stringify(fault);
                assert.deepEqual([status, body.code], answer, what);
                assert.equal(headers['retry-after'], wait, what);
            }
        };
        for (const row of rows) await fails(row);
        const late = [{ hang: true }, [504, 'calendar_source_timeout']];
        await world.withSettings(HASTY, () => fails(late));
        for (const status of [404, 410]) {
            world.control(code).fault({ path, status });
            const answer = await list(id);
            assert.deepEqual([answer.status, answer.body.code], ERROR, 'the account is there');
        }
        assert.equal((await list(id)).status, 200);
        assert.equal((await world.accounts())[0].status, 'connected');
    });

    test(`${code}: nobody else’s account, none that is not there, none without the feature`, async () => {
        const id = await world.connected(code, { headers: { 'Caldock-User': 'amy' } });
        const as = (user) => ({ headers: { 'Caldock-User': user } });
        assert.equal((await list(id, {}, as('amy'))).status, 200);
        assert.equal((await list(id, {}, as('bob'))).status, 404);
        assert.equal((await get(id, 'YQ', as('bob'))).status, 404);
        assert.equal((await list(id + 1)).status, 404);
        assert.equal((await list('x')).status, 404);
        assert.equal((await list(id, {}, { token: null })).status, 401);
    });

    test(`${code}: HEAD works, other methods do not`, async () => {
        const id = await world.connected(code);
        const head = await list(id, {}, { method: 'HEAD' });
        assert.deepEqual([head.status, head.text], [200, '']);
        const post = await list(id, {}, { method: 'POST' });
        assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD, OPTIONS']);
    });
}

// One page of a source, byte by byte.
const page = (code, text) => ({
    path: SOURCES[code].calendars,
    body: text,
    headers: { 'content-type': 'application/json' },
});

test('one text that is none costs no other calendar', async () => {
    const lists = {
        GOOG: (name) => `{"items":[{"id":"a","summary":"A"},{"id":"b","summary":"${name}"}]}`,
        MSFT: (name) => `{"value":[{"id":"a","name":"A"},{"id":"b","name":"${name}"}]}`,
    };
    for (const code of CODES) {
        const id = await world.connected(code);
        for (const [name, shown] of [
            ['a\\u0000b', 'a\uFFFDb'],
            ['Team \\ud83d', 'Team \uFFFD'],
            ['x","unused":"\\udc00', 'x'],
            ['x","unused":1e999,"more":"', 'x'],
        ]) {
            world.control(code).fault(page(code, lists[code](name)));
            const { status, body } = await list(id);
            assert.equal(status, 200, name);
            assert.deepEqual(
                body.results.map((calendar) => calendar.name),
                ['A', shown],
            );
        }
        world.control(code).fault(page(code, `\uFEFF${lists[code]('B')}`));
        assert.equal((await list(id)).body.count, 2, 'with a byte order mark');
    }
});

test('an entry that cannot be used is left out, and the log says so', async () => {
    const lists = { GOOG: 'items', MSFT: 'value' };
    for (const code of CODES) {
        const id = await world.connected(code);
        const text = `{"${lists[code]}":[{"id":"a"},{"id":7},{},null,{"id":"b"}]}`;
        world.control(code).fault(page(code, text));
        const { body } = await list(id);
        assert.deepEqual(
            body.results.map((calendar) => calendar.id),
            ['a', 'b'],
        );
        const line = new RegExp(`calendars.left_out.* source="?${code}.* count="?3`);
        await until(`the log has ${line}`, () => line.test(world.caldock.log));
        world.control(code).fault(page(code, '{}'));
        assert.deepEqual((await list(id)).body.results, []);
    }
});

test('a list is whole or it is an error', async () => {
    const pages = [
        ['GOOG', '{"items":[{"id":"a"}],"nextPageToken":7}'],
        ['GOOG', '{"items":{},"nextPageToken":"p"}'],
        ['GOOG', '{"items":[{"id":"a"}],"error":{"code":500}}'],
        ['MSFT', '{"value":[{"id":"a"}],"@odata.nextLink":{}}'],
    ];
    for (const [code, text] of pages) {
        const id = await world.connected(code);
        world.control(code).fault(page(code, text));
        const { status, body } = await list(id);
        assert.deepEqual([status, body.code], [502, 'calendar_source_error'], text);
    }
});

test('GOOG: descriptions, which nobody asks for, fill no page', async () => {
    const description = 'd'.repeat(8000);
    const calendars = Array.from({ length: 250 }, () => ({ description }));
    const id = await connectedWith('GOOG', calendars);
    const { status, body } = await list(id, 'page_size=100');
    assert.deepEqual([status, body.count], [200, 250]);
    assert.equal((await get(id, body.results[0].base64_id)).status, 200);
});

test('100 pages are followed, and no more', async () => {
    for (const code of CODES) {
        world.control(code).pages(1);
        assert.equal((await list(await connectedWith(code, 100))).body.count, 100);
        assert.equal((await list(await connectedWith(code, 101))).status, 502);
    }
});

// SECURITY 61
test('MSFT: a next page at another origin is refused, and gets no token', async () => {
    const id = await world.connected('MSFT');
    const { url } = world.standins.google;
    const path = SOURCES.MSFT.calendars;
    const body = { value: [], '@odata.nextLink': `${url}/v1.0/me/calendars` };
    world.control('MSFT').fault({ path, body });
    const before = world.control('GOOG').log.length;
    const { status, body: answer } = await list(id);
    assert.deepEqual([status, answer.code], [502, 'calendar_source_error']);
    assert.equal(world.control('GOOG').log.length, before);
});

test('the access token goes in the header alone', async () => {
    for (const code of CODES) {
        const id = await world.connected(code);
        await list(id);
        for (const { headers, query } of world.control(code).requests(SOURCES[code].calendars)) {
            assert.match(headers.authorization, /^Bearer \S+$/);
            assert.ok(!JSON.stringify(query).includes(headers.authorization.slice(7)));
        }
    }
});
