// SPDX-License-Identifier: Apache-2.0
// What is in a person's primary calendar at the start, around today, so that there is something to
// see. The titles are told apart from all else that a log may hold.
import { addDays, localOf } from './zones.mjs';

export function seedsOf({ calendar }) {
    if (calendar.key !== 'primary') return [];
    const day = (days) => addDays(localOf(Date.now(), calendar.timeZone).slice(0, 10), days);
    return [
        {
            title: 'Figures of the quarter, with Fjord',
            place: 'Room Kestrel',
            description: 'Bring the yellow folder',
            start: `${day(1)}T09:00:00`,
            end: `${day(1)}T10:30:00`,
        },
        {
            title: 'Round of team Lynx',
            start: `${day(-14)}T10:00:00`,
            end: `${day(-14)}T10:45:00`,
            rule: 'FREQ=WEEKLY',
        },
        {
            title: 'Dentist (private)',
            place: 'Dr. Molar, 2nd floor',
            start: `${day(2)}T16:00:00`,
            end: `${day(2)}T17:00:00`,
            visibility: 'private',
        },
        {
            title: 'Tribunal of the budget',
            start: `${day(3)}T14:00:00`,
            end: `${day(3)}T15:00:00`,
            answer: 'declined',
        },
        {
            title: 'Swimming, perhaps',
            start: `${day(3)}T18:00:00`,
            end: `${day(3)}T19:00:00`,
            showAs: 'free',
        },
        { title: 'Fair in Lisbon', start: day(8), end: day(10) },
    ];
}
