// SPDX-License-Identifier: Apache-2.0
// Whatever people do to their calendars, and whatever goes wrong at the sources: busy periods equal a
// naive reading of what was done (lib/naive.mjs), and a read that fails never frees time.
//
// A life is a person with a calendar, to which a round after the other something happens by chance
// (lib/whims.mjs, lib/mishaps.mjs); then the application asks with refresh=true. $CALDOCK_GENERATED
// says how many such sequences there are in all. A failure names its life, and the day that its days
// count from: with $CALDOCK_GENERATED_SEED=GOOG-123 and $CALDOCK_GENERATED_DAY=2026-11-30 it is lived
// alone, and from that day on: with the same dates, weekdays, months and changes of clocks. The clocks
// of the service and the stand-ins stay as they are, so what is asked for, and read, are still the
// days around today: what that life had in them by then is seen. Without the day the same happens in
// the same order from today on (whims.test.mjs).
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import test from 'node:test';

import { Ageing, DEFAULT_ZONE, Life, midnight } from './lib/life.mjs';
import { HEADS, headMishaps, mishapAt, mishapsOf } from './lib/mishaps.mjs';
import { dateOf, DAY_MS, HOUR_MS } from './lib/naive.mjs';
import { until } from './lib/until.mjs';
import { SOURCES, World } from './lib/world.mjs';

const CODES = Object.keys(SOURCES);
const SEQUENCES = Number(process.env.CALDOCK_GENERATED ?? 2000);
const ALONE = process.env.CALDOCK_GENERATED_SEED;
const DAY = process.env.CALDOCK_GENERATED_DAY ?? dateOf(midnight());
const ROUNDS = 20;
const AT_ONCE = 16; // requests
const TOLD = 3; // failures
const LIMIT = 1000000; // of seeds

const world = await World.open({
    settings: {
        sync: { default_time_zone: DEFAULT_ZONE, workers: 16 },
        oauth: { timeout: '5s' },
    },
});
test.after(() => world.close());
const ageing = new Ageing(world);
const today = midnight();
const first = Date.parse(DAY);
assert.equal(DAY, Number.isNaN(first) ? 'a day' : dateOf(first), 'CALDOCK_GENERATED_DAY');

async function each(list, work) {
    const left = [...list];
    const worker = async () => {
        while (left.length > 0) await work(left.shift());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const failures = [];
let serial = 0;

// Asks for each life that goes on, and ends those for which the answer is wrong.
async function checkAll(lives, round) {
    await each(lives, async (life) => {
        try {
            await life.check();
        } catch (error) {
            life.isOver = true;
            const which = `${life.seed}, days from ${dateOf(life.diary.today)}`;
            failures.push(`${which}: ${life.log.join('\n')}\n${error.message}`);
        }
    });
    await ageing.pass(round);
}

function judgeAll() {
    const told = failures.slice(0, TOLD).join('\n\n');
    assert.equal(failures.length, 0, `${failures.length} failures, such as\n${told}`);
}

// People, the sources taking turns. `day`: the midnight that their days count from.
async function beginAll(seeds, day = today) {
    const lives = [];
    const begin = (seed) => Life.begin(seed, { world, ageing, today: day });
    await each(seeds, async (seed) => lives.push(await begin(seed)));
    await ageing.pass();
    return lives.sort((a, b) => a.seed.slice(5) - b.seed.slice(5));
}

// --- by chance

// Whole sources behave so in some of the rounds. After some of it no read, or none of several pages,
// succeeds.
const PAGES = [[500], [3, 0, 50], [11, 100], [1, 0, 0, 200], [70]];
const MANNERS = {
    2: (control) => control.stayInWindow(),
    3: (control) => control.gzip('never'),
    5: (control) => control.expire(),
    7: (control) => control.loseCursor(),
    12: (control) => control.nextPage({ value: 'nonsense' }),
    16: (control) => control.stayInWindow(),
    17: (control) => control.nextPage({ value: 5 }),
};

function behave(round) {
    for (const code of CODES) {
        const control = world.control(code);
        control.stayInWindow(false);
        control.gzip('asked');
        control.loseCursor(false);
        control.nextPage();
        MANNERS[round]?.(control);
        control.eventPages(PAGES[round % PAGES.length]);
    }
    const { losesCursor, nextPageLink } = world.control('GOOG');
    return losesCursor || nextPageLink !== undefined;
}

const base = randomInt(LIMIT);
const count = Math.ceil(SEQUENCES / ROUNDS / CODES.length);
const seeds = ALONE
    ? [ALONE]
    : Array.from({ length: count }, (_, i) => CODES.map((code) => `${code}-${base + i}`)).flat();

async function live(lives, round) {
    await each(lives, (life) => life.chance.is(0.05) && life.changeSetting());
    const mayFail = behave(round);
    for (const life of lives) {
        life.log.push(`--- round ${round}`);
        life.mayFail = mayFail;
        life.act();
        if (life.chance.is(0.2)) life.spoil();
        life.meddles = life.chance.is(0.1) && !mayFail && life.pending === 0;
        life.look();
    }
    await checkAll(lives, round);
}

const which = `${seeds[0]} to ${seeds.at(-1)}, days from ${DAY}`;
test(`busy periods equal a naive reading: ${which}`, async (t) => {
    const lives = await beginAll(seeds, first);
    const alive = () => lives.filter(({ isOver }) => !isOver);
    let fresh = 0;
    for (let round = 0; round < ROUNDS; round++) {
        await live(alive(), round);
        fresh += alive().filter(({ isFresh }) => isFresh).length;
    }
    for (const code of CODES) world.control(code).calm();
    behave(0);
    for (const life of alive()) {
        Object.assign(life, { pending: 0, mayFail: false, meddles: false });
        life.look();
    }
    await checkAll(alive());
    judgeAll();
    const all = lives.length * ROUNDS;
    t.diagnostic(`${fresh} of ${all} answers were fresh`);
    assert.ok(ALONE || (fresh > 0.5 * all && fresh < 0.95 * all));
});

// --- each mishap, at each page

const zone = 'Europe/Berlin';

// A calendar of which a read has three pages → what changes all of it, so that an increment has
// three pages, too.
function fill({ diary }, reported) {
    const on = (day) => today + day * DAY_MS + 9 * HOUR_MS;
    const times = (day) => ({ isAllDay: false, start: on(day), end: on(day) + HOUR_MS, zone });
    const ids = [1, 2, 3, 4, 5].map((day) => diary.add({ times: times(day), looks: {} }));
    const rule = { freq: 'WEEKLY', interval: 1, count: 5 };
    const series = diary.add({ times: times(6), rule, looks: {} });
    return () => {
        const [first, ...others] = ids.map((id) => diary.events.get(id));
        others.forEach((event, i) => diary.change(event, { times: times(20 + i) }));
        diary.delete(first);
        diary.delete(diary.events.get(series), reported);
        diary.add({ times: times(30), looks: {} });
    };
}

const MODES = { GOOG: ['full', 'increment'], MSFT: ['full'] };
const HANG = { 'no answer at all': { hang: true } };

function casesOf(code) {
    const pages = MODES[code].flatMap((mode) => [1, 2, 3].map((page) => ({ mode, page })));
    const all = Object.entries({ ...HANG, ...mishapsOf(code) });
    const cases = all.flatMap(([name, fault]) => pages.map((at) => ({ name, fault, ...at })));
    if (code !== 'GOOG') return cases;
    const heads = Object.entries({ ...HANG, ...headMishaps() });
    const mode = 'a look at a series';
    return [...cases, ...heads.map(([name, fault]) => ({ name, fault, mode, path: HEADS }))];
}

const forgetCursors = (lives) =>
    lives.length > 0 &&
    world.alterStore(
        `update calendar_sync set cursor = null, key_id = 0
         where settings in (${lives.map(({ setting }) => setting)})`,
    );

// One mishap for each life: before, while and after it happens.
async function tryAll(code, lives) {
    const control = world.control(code);
    for (const life of lives) {
        life.clear();
        life.log.push(JSON.stringify(life.mishap));
        life.change = fill(life, life.mishap.path ? 1 : 'head');
        life.look();
    }
    await checkAll(lives);
    await forgetCursors(lives.filter(({ mishap }) => mishap.mode === 'full'));
    for (const life of lives) {
        const { fault, page, path: where } = life.mishap;
        const at = { account: life.email, page, ...(where && { path: where }), times: Infinity };
        life.change();
        life.look();
        life.mayFail = true;
        control.fault(mishapAt(code, fault, at));
    }
    await checkAll(lives);
    for (const life of lives) {
        if (life.isFresh) failures.push(`fresh after ${life.log}`);
        life.mayFail = false;
    }
    control.calm();
    await checkAll(lives);
}

for (const code of CODES) {
    test(`${code}: a read that fails never frees time, whatever fails and at which page`, async () => {
        failures.length = 0;
        behave(0);
        world.control(code).eventPages([2, 2, 500]);
        const lives = await beginAll(Array.from({ length: 48 }, (_, i) => `${code}-${LIMIT + i}`));
        const cases = casesOf(code);
        while (cases.length > 0) {
            const some = cases.splice(0, lives.length);
            some.forEach((mishap, i) => Object.assign(lives[i], { mishap }));
            await tryAll(code, lives.slice(0, some.length));
            judgeAll();
        }
    });
}

// --- what ends the reading of a calendar, until somebody does something

const ENDS = {
    'no access': {
        begin: ({ code, email: account, control }) =>
            control.fault(mishapAt(code, FORBIDDEN[code], { account, page: 2, times: Infinity })),
        reason: 'no_access',
        end: (life) => life.changeSetting(),
        isLater: true, // the outcome shows within seconds
    },
    'no calendar': {
        begin: ({ diary, control }) => control.changeCalendar({ ...diary.where, status: 404 }),
        reason: 'calendar_gone',
        async end(life) {
            life.control.changeCalendar({ ...life.diary.where, status: 200 });
            await life.changeSetting();
        },
        isLater: true,
    },
    'no scope': {
        begin: ({ email: account, control }) =>
            control.fault(mishapAt('GOOG', NO_SCOPE, { account, page: 3, times: Infinity })),
        reason: 'needs_reconnect',
        end: (life) => life.connect(),
        codes: ['GOOG'],
    },
    'no consent': {
        begin({ email: account, control }) {
            control.withdraw({ account });
            control.expire();
        },
        reason: 'needs_reconnect',
        end: (life) => life.connect(),
    },
};
const FORBIDDEN = {
    GOOG: { status: 403, reason: 'forbidden' },
    MSFT: { status: 403, reason: 'ErrorAccessDenied' },
};
const NO_SCOPE = { status: 403, reason: 'insufficientPermissions' };

for (const [name, { begin, reason, end, isLater, codes = CODES }] of Object.entries(ENDS)) {
    test(`${name}: a calendar that can't be read keeps its times until it can`, async () => {
        failures.length = 0;
        behave(0);
        const lives = await beginAll(codes.map((code) => `${code}-${2 * LIMIT + serial++}`));
        for (const life of lives) life.control.eventPages([2, 2, 500]);
        const changes = lives.map((life) => fill(life, 'head'));
        lives.forEach((life) => life.look());
        await checkAll(lives);
        changes.forEach((change) => change());
        for (const life of lives) {
            life.look();
            life.mayFail = true;
            begin(life);
        }
        await checkAll(lives);
        const after = lives.map((life) => [life.code, life.isFresh, life.reason]);
        assert.deepEqual(
            after,
            codes.map((code) => [code, false, reason]),
        );
        for (const life of lives) {
            life.control.calm();
            life.mayFail = Boolean(isLater);
            await end(life);
            await until('a read', async () => {
                await life.check();
                return life.isFresh;
            });
        }
        judgeAll();
    });
}

// --- what leaves no trace

test('no title, place or description is in the store or in the log', async () => {
    const texts = CODES.flatMap((code) => world.control(code).texts);
    const words = [...new Set(texts.map((text) => text.slice(0, 12)))];
    assert.ok(texts.length > words.length && words.length < 100, 'the texts begin alike');
    const bytes = await world.storeBytes();
    const { log } = world.caldock;
    assert.ok(bytes.length > 0 && log.includes('sync.failed'));
    for (const word of words) assert.ok(!bytes.includes(word) && !log.includes(word), word);
});
