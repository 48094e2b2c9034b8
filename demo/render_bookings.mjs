// SPDX-License-Identifier: Apache-2.0
// What is booked, what became of it in calendars, and what Caldock has told, as HTML.
import { escapeHtml } from '../standin/wire.mjs';
import { clockText, dayText, secondText } from './days.mjs';

const NAMES = { GOOG: 'Google', MSFT: 'Microsoft' };

const STATUSES = {
    pending: 'is being written',
    written: 'written',
    skipped: 'not written',
    failed: 'could not be written',
    deleted_by_person: 'deleted by its owner',
    removing: 'is being removed',
};
const REASONS = {
    needs_reconnect: 'the account has to be connected again',
    read_only: 'the calendar is read-only',
    calendar_gone: 'the calendar is gone',
    no_access: 'the calendar may not be read any more',
    throttled: 'the source wants a pause',
    source_error: 'tried again soon',
    no_attendees: 'it has no attendees',
    past: 'it is over',
    refused: 'the source rejects it',
    gave_up: 'tried for a week',
};

// Tue 3 Mar, 10:00; of whole days the date alone
function whenText(time, zone) {
    const ms = Date.parse(time);
    return time.length > 10 ? `${dayText(ms, zone)}, ${clockText(ms, zone)}` : dayText(ms, 'UTC');
}

const buttonHtml = (action, text, label, values) => {
    const fields = Object.entries(values).map(
        ([name, value]) =>
            `<input type="hidden" name="${name}" value="${escapeHtml(String(value))}">`,
    );
    return `<form method="post" action="${action}" data-quiet data-whole>${fields.join('')}
<button class="small" aria-label="${escapeHtml(label)}">${text}</button></form>`;
};

function statusText({ status, reason, is_changed: isChanged, changed_start: to }, zone) {
    if (isChanged) return `moved by its owner to ${whenText(to, zone)}`;
    const why = reason ? `: ${REASONS[reason] ?? reason}` : '';
    return `${STATUSES[status] ?? status}${why}`;
}

// A copy, and what its person sees and may do there.
function placeHtml({ copy, account, seen }, { title }, zone) {
    const where = account ? `${NAMES[account.calendar_source]}, ${account.username}` : 'a calendar';
    const at = seen && whenText(new Date(seen.start).toISOString(), zone);
    const sees = seen ? `<small>seen there: ${at}</small>` : '';
    const values = { account: account?.id, title };
    const acts = seen && [
        buttonHtml('/move', 'Move it there', `${account.username} moves ${title}`, values),
        buttonHtml('/delete', 'Delete it there', `${account.username} deletes ${title}`, values),
    ];
    const isUnderWay = ['pending', 'removing'].includes(copy.status) && !copy.reason;
    return `<div class="place"${isUnderWay ? ' data-under-way' : ''}><span>${escapeHtml(where)}: <strong>${statusText(copy, zone)}</strong></span>
${sees}${acts ? `<div class="acts">${acts.join('')}</div>` : ''}</div>`;
}

function bookingHtml(booking, zone) {
    const { event_id: id, title, start, places } = booking;
    const isTouched = places.some(
        ({ copy }) => copy.is_changed || copy.status === 'deleted_by_person',
    );
    const none = places.length === 0 ? '<p class="quiet">No calendar receives it yet.</p>' : '';
    const acts = [
        isTouched ? buttonHtml('/restore', 'Put it back', `Put ${title} back`, { id }) : '',
        buttonHtml('/cancel', 'Cancel it', `Cancel ${title}`, { id }),
    ];
    return `<tr><th scope="row">${escapeHtml(title)} <span class="times">${whenText(start, zone)}</span></th>
<td>${none}${places.map((place) => placeHtml(place, booking, zone)).join('')}<div class="acts">${acts.join('')}</div></td></tr>`;
}

const BOOK = `<form method="post" action="/book" data-quiet data-whole><button>Book an hour</button></form>`;

export function bookingsHtml({ accounts, bookings, zone }) {
    if (!bookings || (accounts.length === 0 && bookings.length === 0)) return '';
    const rows = bookings.map((booking) => bookingHtml(booking, zone)).join('\n');
    const table = `<table class="bookings"><thead><tr><th scope="col">Booking</th><th scope="col">In calendars</th></tr></thead>
<tbody>${rows}</tbody></table>`;
    return `<section aria-labelledby="booked"><h2 id="booked">Booked here</h2>
<p class="quiet">The application’s own events, which Caldock writes into the calendars that receive them.</p>
<div class="add">${BOOK}</div>${bookings.length > 0 ? table : ''}</section>`;
}

// --- messages

function messageText({ type, data }, { accounts, bookings, zone }) {
    const account = accounts.find(({ id }) => id === data.calendar_source_account);
    const who = account?.username ?? `account ${data.calendar_source_account}`;
    const title = bookings.find(({ event_id: id }) => id === data.event_id)?.title;
    const what = `“${title ?? data.event_id}”`;
    const texts = {
        'account.connected': () => `${who} is connected${data.is_reconnect ? ' again' : ''}`,
        'account.needs_reconnect': () => `${who} has to be connected again`,
        'account.disconnected': () => `${who} is disconnected`,
        'busy.changed': () =>
            `${who} is busy at other times, from ${whenText(data.happens_after, zone)} on`,
        'pushed_event.changed': () => `${who} moved ${what} to ${whenText(data.start, zone)}`,
        'pushed_event.deleted': () => `${who} deleted ${what}`,
        'pushed_event.failed': () => `${what} could not be written`,
    };
    return texts[type]?.() ?? '';
}

export function messagesHtml({ accounts, bookings, messages, zone }) {
    if (!messages?.length) return '';
    const rows = [...messages].reverse().map((message) => {
        const at = secondText(Date.parse(message.timestamp), zone);
        const text = messageText(message, { accounts, bookings, zone });
        return `<tr><th scope="row"><code>${escapeHtml(message.type)}</code> <span class="times">${at}</span></th><td>${escapeHtml(text)}</td></tr>`;
    });
    return `<section aria-labelledby="told"><h2 id="told">What Caldock has told</h2>
<p class="quiet">Signed messages (webhooks), verified as they arrive.</p>
<table class="told"><thead><tr><th scope="col">Message</th><th scope="col">Says</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></section>`;
}
