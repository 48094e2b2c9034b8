// SPDX-License-Identifier: Apache-2.0
// The calendars that a person has, and cutting a list into pages. The sources' files give
// them their own shapes.

const FIXED = [
    {
        key: 'primary',
        name: 'Calendar',
        isPrimary: true,
        canEdit: true,
        timeZone: 'Europe/Berlin',
        color: '#9fe1e7',
    },
    {
        key: 'team',
        name: 'Team <&> "friends"',
        isPrimary: false,
        canEdit: true,
        timeZone: 'America/New_York',
        color: '#f83a22',
    },
    {
        key: 'holidays',
        name: 'Święta i Feiertage 🎉',
        isPrimary: false,
        canEdit: false,
        timeZone: 'UTC',
        color: '#16a765',
    },
];

const numbered = (n) => ({
    key: `c${n}`,
    name: `Calendar ${n}`,
    isPrimary: false,
    canEdit: true,
    timeZone: 'UTC',
    color: '#16a765',
});

// `state`: how many, or a list of {key?, name?, override?, isPrimary?, canEdit?, timeZone?,
// color?, colorName?, description?: Google's, up to 8 KB, status?}, where `status` is what
// asking for that one is answered with.
export function calendarsOf(state = FIXED.length) {
    if (Array.isArray(state)) return state.map((own, i) => ({ ...numbered(i + 1), ...own }));
    return Array.from({ length: state }, (_, i) => FIXED[i] ?? numbered(i + 1));
}

// The page that starts at `from`; `next` is where the one after it starts, if there is one.
export function pageOf(items, from, size) {
    const next = from + size;
    return { items: items.slice(from, next), next: next < items.length ? next : undefined };
}
