// SPDX-License-Identifier: Apache-2.0
// Instants (milliseconds since 1970), local times (2026-03-02T09:00:00), dates (2026-03-02), and
// Windows' names of time zones. The rules of the zones are node's own.

const QUARTER_MS = 900000; // offsets change at quarters of an hour only
export const DAY_MS = 86400000;

// A few rows of CLDR's table.
const WINDOWS = {
    UTC: 'UTC',
    'W. Europe Standard Time': 'Europe/Berlin',
    'Romance Standard Time': 'Europe/Paris',
    'GMT Standard Time': 'Europe/London',
    'FLE Standard Time': 'Europe/Kiev',
    'Eastern Standard Time': 'America/New_York',
    'Central Standard Time': 'America/Chicago',
    'Pacific Standard Time': 'America/Los_Angeles',
    'India Standard Time': 'Asia/Calcutta',
    'Nepal Standard Time': 'Asia/Katmandu',
    'Tokyo Standard Time': 'Asia/Tokyo',
    'AUS Eastern Standard Time': 'Australia/Sydney',
    'Lord Howe Standard Time': 'Australia/Lord_Howe',
    'New Zealand Standard Time': 'Pacific/Auckland',
    'tzone://Microsoft/Utc': 'UTC',
};

export const ianaOf = (name) => WINDOWS[name] ?? name;

// Outlook keeps a zone that it has no name for as a custom one.
export const windowsOf = (zone) =>
    Object.keys(WINDOWS).find((name) => WINDOWS[name] === zone) ?? 'tzone://Microsoft/Custom';

export function isZone(name) {
    try {
        return Boolean(new Intl.DateTimeFormat('en-US', { timeZone: name }));
    } catch {
        return false;
    }
}

const formats = new Map();
const offsets = new Map();

function formatOf(zone) {
    if (!formats.has(zone)) {
        const digits = ['year', 'month', 'day', 'hour', 'minute', 'second'];
        const parts = Object.fromEntries(digits.map((name) => [name, 'numeric']));
        const options = { timeZone: zone, hourCycle: 'h23', ...parts };
        formats.set(zone, new Intl.DateTimeFormat('en-US', options));
    }
    return formats.get(zone);
}

function computeOffset(ms, zone) {
    const parts = formatOf(zone).formatToParts(ms);
    const at = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - ms;
}

// How far the clocks of a zone are ahead of UTC.
export function offsetAt(ms, zone) {
    if (zone === 'UTC') return 0;
    const quarter = Math.floor(ms / QUARTER_MS) * QUARTER_MS;
    const key = `${zone} ${quarter}`;
    if (!offsets.has(key)) offsets.set(key, computeOffset(quarter, zone));
    return offsets.get(key);
}

export const localOf = (ms, zone) => new Date(ms + offsetAt(ms, zone)).toISOString().slice(0, 19);

// A time that comes twice is the first; one that never comes is read with the offset from before
// the gap (RFC 5545 3.3.5).
export function instantOf(local, zone) {
    const asUtc = Date.parse(`${local}Z`);
    const before = offsetAt(asUtc - DAY_MS, zone);
    const after = offsetAt(asUtc + DAY_MS, zone);
    const fitting = [before, after].find((offset) => offsetAt(asUtc - offset, zone) === offset);
    return asUtc - (fitting ?? before);
}

export const midnightOf = (date, zone) => instantOf(`${date}T00:00:00`, zone);

export const addDays = (date, days) =>
    new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

// 2026-03-02T10:00:00+01:00
export function withOffset(ms, zone) {
    const minutes = Math.round(offsetAt(ms, zone) / 60000);
    if (zone === 'UTC') return `${localOf(ms, zone)}Z`;
    const two = (n) => String(n).padStart(2, '0');
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    return `${localOf(ms, zone)}${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
}

// 20260302T090000Z
export const stampOf = (ms) => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
