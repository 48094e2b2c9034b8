// SPDX-License-Identifier: Apache-2.0
// What was measured as one table: for people, as Markdown and as data.

export function median(numbers) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Of each round's own ratio, since the two of a round were measured one after the other.
export const ratio = (a, b, key = 'rate') =>
    median(a.rounds.map((round, i) => round[key] / b.rounds[i][key]));

const medianOf = (row, key) => median(row.rounds.map((round) => round[key]));
const KEYS = ['rate', 'cpu_us', 'p50_us', 'p99_us', 'p999_us', 'busy', 'resident_bytes'];

const COLUMNS = [
    ['', (row) => row.about],
    ['requests/s', (row) => Math.round(row.rate).toLocaleString('en')],
    ['× Caldock', (row) => row.of_caldock.toFixed(2)],
    ['CPU µs', (row) => row.cpu_us.toFixed(1)],
    ['× Caldock', (row) => row.cpu_of_caldock.toFixed(2)],
    ['p50 ms', (row) => (row.p50_us / 1000).toFixed(2)],
    ['p99 ms', (row) => (row.p99_us / 1000).toFixed(2)],
    ['p99.9 ms', (row) => (row.p999_us / 1000).toFixed(2)],
    ['memory MB', (row) => (row.resident_bytes / 1e6).toFixed(1)],
    ['busy', (row) => `${Math.round(row.busy * 100)} %`],
];

function table(columns, rows) {
    const cells = [
        columns.map(([title]) => title),
        ...rows.map((row) => columns.map(([, text]) => text(row))),
    ];
    const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
    const pad = (text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]));
    return cells.map((line) => line.map(pad));
}

const plain = (lines) => lines.map((line) => line.join('  ')).join('\n');

function markdown([head, ...lines]) {
    const rule = head.map(
        (cell, i) => (i === 0 ? '-' : '').padEnd(cell.length - (i ? 1 : 0), '-') + (i ? ':' : ''),
    );
    return [head, rule, ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

const MB = 1e6;
const asMb = (bytes) => `${(bytes / MB).toFixed(1)} MB`;
const asMs = (us) => `${(us / 1000).toFixed(1)} ms`;
const asNs = (ns) => `${ns.toFixed(1)} ns`;
const times = (value) => value.toFixed(2);

const atLeast = (goal, bound, value, text, byCpu) => ({
    goal,
    wanted: `≥ ${text(bound)}`,
    measured: text(value),
    by_cpu: byCpu === undefined ? '' : text(byCpu),
    is_reached: value >= bound,
});
const atMost = (goal, bound, value, text) => ({
    ...atLeast(goal, -bound, -value, (negative) => text(-negative)),
    wanted: `≤ ${text(bound)}`,
});

const memory = (goal, bound, { resident, own }) => ({
    ...atMost(goal, bound, resident, asMb),
    measured: `${asMb(resident)}, ${asMb(own)} its own`,
});

// Where who asks needs one of the two CPUs: what both did, of what one needs for one request.
const shared = ({ rate }, { cpu_us: server, asking_cpu_us: asking }) =>
    rate * ((server + asking) / 1e6);
const scaling = ({ threads, caldock }, cpus) =>
    cpus > 2
        ? ratio(threads, caldock)
        : median(threads.rounds.map((round, i) => shared(round, caldock.rounds[i])));

const of99 = ({ rounds }, load) => median(rounds.map((round) => round[load].p99_us));

// Measured, for who wants to know; nothing depends on it.
const told = (goal, measured, by_cpu) => ({ goal, wanted: '–', measured, by_cpu, is_reached: true });

function goals(rows, { rest, callbacks: c, syncs, deliveries }, { cpus }) {
    const of = Object.fromEntries(rows.map((row) => [row.name, row]));
    const notified = [of.genuine, of.forged, of.microsoft].filter(Boolean);
    const ratioOf = (goal, bound, a, b) =>
        atLeast(goal, bound, ratio(a, b), times, ratio(b, a, 'cpu_us'));
    return [
        ratioOf('of the HTTP layer alone', 0.6, of.caldock, of.fixed),
        ratioOf('times Go', 3, of.caldock, of.go),
        ratioOf('times Fastify', 6, of.caldock, of.fastify),
        ratioOf('times Django REST Framework', 45, of.caldock, of.django),
        ratioOf(`times itself: ${of.large.about}`, 0.9, of.large, of.caldock),
        atLeast('times itself: two threads', 1.7, scaling(of, cpus), times),
        memory('memory, fresh', 11 * MB, rest.fresh),
        memory('memory, 5,000 idle connections', 25 * MB, rest.idle),
        atMost('ready after', 100e3, rest.ready_ms * 1000, asMs),
        atLeast('callbacks, of the ideal rate', 0.9, c.rate / c.ideal, times),
        atMost('p99 of initiate beside them', of99(c, 'alone') + 1000, of99(c, 'beside'), asMs),
        ratioOf(`${of.three.about}, of initiate, all cold`, 0.5, of.three, of.cold),
        atMost(`${of.ten.about}, CPU`, 3000, medianOf(of.ten, 'cpu_us'), asMs),
        ...notified.map((row) => ratioOf(`${row.about}, of initiate`, 0.33, row, of.caldock)),
        atLeast('calendars read a second', 30, syncs.rate, (value) => value.toFixed(1)),
        told('messages delivered a second', deliveries.rate.toFixed(0), `${deliveries.cpu_us.toFixed(0)} µs`),
    ];
}

const GOAL_COLUMNS = [
    ['Caldock', (row) => row.goal],
    ['wanted', (row) => row.wanted],
    ['measured', (row) => row.measured],
    ['by CPU time', (row) => row.by_cpu],
    ['reached', (row) => (row.is_reached ? 'yes' : 'no')],
];

// {machine, versions, plan, rows, scale} → {data, text, markdown}
export function report({ rows, scale, ...about }) {
    const caldock = rows.find(({ name }) => name === 'caldock');
    const measured = rows.map((row) => ({
        name: row.name,
        about: row.about,
        ...Object.fromEntries(KEYS.map((key) => [key, medianOf(row, key)])),
        of_caldock: ratio(row, caldock),
        cpu_of_caldock: ratio(row, caldock, 'cpu_us'),
        rounds: row.rounds,
    }));
    const reached = goals(rows, scale, about.machine);
    const date = new Date().toISOString().slice(0, 10);
    const data = { date, ...about, rows: measured, scale, goals: reached };
    const { machine: m, versions, plan } = about;
    const reads = measured.flatMap((row) => row.rounds.map((round) => round.read_ns));
    const words = [
        `${date}, ${m.cpu}, ${m.cpus} CPUs, ${m.memory_gib} GiB, ${m.system}, Linux ${m.kernel}, ` +
            `load ${m.load_before.toFixed(1)} before; ${plan.rounds} rounds of ${plan.seconds} s; ` +
            `a read of memory took ${asNs(median(reads))}, ` +
            `at the least ${asNs(Math.min(...reads))}, at the most ${asNs(Math.max(...reads))}.`,
        `${Object.entries(versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(', ')}.`,
    ];
    const tables = [table(COLUMNS, measured), table(GOAL_COLUMNS, reached)];
    return {
        data,
        text: [words.join('\n'), ...tables.map(plain)].join('\n\n'),
        markdown: `${[...words, ...tables.map(markdown)].join('\n\n')}\n`,
    };
}
