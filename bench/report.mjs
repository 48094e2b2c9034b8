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
    ['of Caldock', (row) => row.of_caldock.toFixed(2)],
    ['CPU µs/request', (row) => row.cpu_us.toFixed(1)],
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

export function report({ machine, plan, rows }) {
    const caldock = rows.find(({ name }) => name === 'caldock');
    const data = rows.map((row) => ({
        name: row.name,
        about: row.about,
        ...Object.fromEntries(KEYS.map((key) => [key, medianOf(row, key)])),
        of_caldock: ratio(row, caldock),
        rounds: row.rounds,
    }));
    const lines = table(COLUMNS, data);
    return {
        data: { machine, plan, rows: data },
        text: plain(lines),
        markdown: `${markdown(lines)}\n`,
    };
}
