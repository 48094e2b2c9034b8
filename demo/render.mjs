// SPDX-License-Identifier: Apache-2.0
// What the page shows, as HTML. Whatever is drawn stands in a table, too.
import { readFileSync } from 'node:fs';

import { escapeHtml } from '../standin/wire.mjs';
import { clockText, dayText, lengthText, partOn, secondText, spanText } from './days.mjs';
import { bookingsHtml, messagesHtml } from './render_bookings.mjs';

const PAGE = readFileSync(new URL('page.html', import.meta.url), 'utf8');
export const SOURCE_NAMES = { GOOG: 'Google', MSFT: 'Microsoft' };
const sourceOf = ({ calendar_source: code }) => SOURCE_NAMES[code];

// Why what is known of a calendar may be wrong, or why it can't be read.
const REASONS = {
    not_read_yet: 'is being read for the first time',
    out_of_range: 'was read for fewer days',
    late: 'should have been read by now',
    source_error: 'can’t be read at the moment',
    needs_reconnect: 'needs its account connected again',
    calendar_gone: 'is gone',
    no_access: 'may not be read any more',
    calendar_too_large: 'has too many events',
};
const reasonOf = (code) => REASONS[code] ?? 'can’t be read';

export const noticeHtml = ({ kind, text }) =>
    `<p class="notice ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}">${escapeHtml(text)}</p>`;

// --- accounts

const checkboxHtml = ({ base64_id: id, name, setting }) => {
    const { inactive_reason: reason } = setting ?? {};
    const remark = reason ? ` <small>${escapeHtml(reasonOf(reason))}</small>` : '';
    return `<label><input type="checkbox" name="calendar" value="${escapeHtml(id)}"${setting ? ' checked' : ''}>
<span>${escapeHtml(name)}${remark}</span></label>`;
};

const reconnectHtml = ({
    id,
    calendar_source: code,
    username,
}) => `<p>It needs to be connected again.</p>
<form class="again" method="post" action="/connect"><input type="hidden" name="account" value="${id}">
<button name="calendar_source" value="${code}" aria-label="Reconnect ${escapeHtml(username)}">Reconnect</button></form>`;

function calendarsHtml(account) {
    const { id, status, calendars } = account;
    if (status !== 'connected') return reconnectHtml(account);
    if (!calendars) return '<p>Its calendars cannot be read at the moment.</p>';
    if (calendars.length === 0) return '<p>It has no calendars.</p>';
    return `<form class="blocks" method="post" action="/block" data-quiet>
<input type="hidden" name="account" value="${id}">
<fieldset><legend>Calendars that block</legend>
${calendars.map(checkboxHtml).join('\n')}</fieldset>
<button class="save">Save</button></form>`;
}

const receivesHtml = ({ id, calendars, receives }) =>
    calendars?.length > 0
        ? `<form class="blocks" method="post" action="/receive" data-quiet data-whole>
<input type="hidden" name="account" value="${id}">
<label><input type="checkbox" name="receives"${receives ? ' checked' : ''}>
<span>Receives what is booked here</span></label>
<button class="save">Apply</button></form>`
        : '';

// What only the person can do, at the source.
const withdrawHtml = ({ id, status, username, calendar_source: code }, people) =>
    status === 'connected' && people?.some((one) => one.id === id)
        ? `<form method="post" action="/withdraw" data-quiet data-whole><input type="hidden" name="account" value="${id}">
<button class="small" aria-label="Withdraw the consent of ${escapeHtml(username)}">Withdraw the consent at ${SOURCE_NAMES[code]}</button></form>`
        : '';

const accountHtml = (account, people) => `<li>
<div class="who"><strong>${escapeHtml(account.username)}</strong>
<span>${sourceOf(account)}</span>
<form method="post" action="/disconnect"><input type="hidden" name="id" value="${account.id}">
<button class="small" aria-label="Disconnect ${escapeHtml(account.username)}">Disconnect</button></form></div>
${calendarsHtml(account)}
${receivesHtml(account)}
${withdrawHtml(account, people)}
</li>`;

function accountsHtml(accounts, people) {
    if (!accounts) return '<p class="none">The accounts can’t be shown at the moment.</p>';
    if (accounts.length === 0) return '<p class="none">No calendar is connected yet.</p>';
    return `<ul>${accounts.map((one) => accountHtml(one, people)).join('\n')}</ul>`;
}

const receivedHtml = (received) => {
    const rows = Object.entries(received).map(
        ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
    );
    return `<section aria-labelledby="received"><h2 id="received">What came back with the redirect</h2><dl>${rows.join('')}</dl></section>`;
};

function addHtml(people) {
    const isOnly = (account) =>
        people.filter((one) => sourceOf(one) === sourceOf(account)).length === 1;
    return people.map((account) => {
        const whose = isOnly(account) ? '' : ` <small>${escapeHtml(account.username)}</small>`;
        return `<form method="post" action="/event" data-quiet><input type="hidden" name="account" value="${account.id}">
<button>Add an event in ${sourceOf(account)}${whose}</button></form>`;
    });
}

// --- the week

const INTRODUCTION = `<ol class="steps">
<li><strong>Connect</strong><span>Google or Microsoft. Any of the people there will do.</span></li>
<li><strong>Choose</strong><span>which of their calendars block.</span></li>
<li><strong>Watch</strong><span>their busy time here, and how it follows when they add an event.</span></li>
</ol>`;

const percent = (ms, day) => `${((100 * (ms - day.start)) / (day.end - day.start)).toFixed(2)}%`;

function barHtml(day, span, kind) {
    const part = partOn(day, span);
    if (!part) return '';
    const width = percent(day.start + part.end - part.start, day);
    return `<i class="${kind}" style="left:${percent(part.start, day)};width:${width}"></i>`;
}

const lane = (kind, bars) => `<div class="lane ${kind}">${bars.join('')}</div>`;

// What is booked here makes nobody busy in its own calendar.
const counts = ({ is_busy: isBusy, pushed_event_id: own }) => isBusy && !own;
const stateOf = (event) => (counts(event) ? 'busy' : 'free');
const namesOf = (settings) =>
    [...new Set(settings.map((one) => sourceOf(one.calendar_source_account)))].sort();

// The events of a source.
function eventsOf(source, { events, settings }) {
    const own = settings.filter((one) => sourceOf(one.calendar_source_account) === source);
    return events.filter((event) => own.some(({ id }) => id === event.staff_calendar_settings));
}

function dayHtml(day, week, sources) {
    const { busy, now } = week;
    const lanes = sources.map((source) => {
        const bars = eventsOf(source, week).map((event) =>
            barHtml(day, event, `event ${stateOf(event)}`),
        );
        return lane('events', bars);
    });
    const { periods } = busy;
    lanes.push(
        lane(
            'result',
            periods.map((period) => barHtml(day, period, 'busy')),
        ),
    );
    const isToday = now >= day.start && now < day.end;
    const minute = Math.floor(now / 60000) * 60000; // what is the same isn't drawn anew
    const line = isToday ? `<i class="now" style="left:${percent(minute, day)}"></i>` : '';
    return `<div class="day"><span>${day.label}</span><div class="track">${lanes.join('')}${line}</div></div>`;
}

function drawingHtml(week, sources) {
    const hours = [0, 6, 12, 18, 24].map((hour) => `<span>${hour}</span>`);
    const places = sources.join(', below it ');
    const keys = [
        `<span><i class="event busy"></i>event in ${places}</span>`,
        '<span><i class="event free"></i>free or declined</span>',
        '<span><i class="busy"></i>busy, says Caldock</span>',
    ];
    return `<div class="drawing" role="img" aria-label="The events and the busy time of seven days, drawn. The tables below say the same.">
<div class="hours"><div>${hours.join('')}</div></div>
${week.days.map((day) => dayHtml(day, week, sources)).join('\n')}
<div class="keys">${keys.join('')}</div>
</div>`;
}

const tableHtml = (title, heads, rows) => `<div><h3>${title}</h3><table>
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;

function busyTableHtml({ days, busy, zone }) {
    const rows = days.map((day) => {
        const parts = busy.periods.filter((period) => partOn(day, period));
        const texts = parts.map((period) => `<span>${spanText(day, period, zone)}</span>`);
        return `<tr><th scope="row">${day.label}</th><td class="times">${texts.join(' ') || '–'}</td></tr>`;
    });
    return tableHtml('Busy, says Caldock', ['Day', 'From and to'], rows);
}

function whenText({ start, end, is_all_day: isAllDay }, { days, zone }) {
    const day = days.find((one) => partOn(one, { start, end }));
    return [
        day?.label ?? dayText(start, zone),
        isAllDay ? 'all day' : `${clockText(start, zone)}–${clockText(end, zone)}`,
    ];
}

function eventsTableHtml(source, week) {
    const rows = eventsOf(source, week).map((event) => {
        const [day, time] = whenText(event, week);
        const place = event.calendar_is_primary ? '' : event.calendar_name;
        const state = event.pushed_event_id ? 'booked here' : 'free or declined';
        const remarks = [place, counts(event) ? '' : state].filter(Boolean);
        const texts = remarks.map((text) => `<small>${escapeHtml(text)}</small>`);
        return `<tr><th scope="row">${day} <span class="times">${time}</span></th><td>${escapeHtml(event.title)} ${texts.join(' ')}</td></tr>`;
    });
    return tableHtml(`In ${source}`, ['When', 'Event'], rows);
}

// How true the busy time is, in the words of the answer.
function truthHtml({ busy, zone, now }) {
    const chip = (isGood, yes, no) =>
        `<span class="chip ${isGood ? 'good' : 'bad'}">${isGood ? yes : no}</span>`;
    const at = busy.as_of && Date.parse(busy.as_of);
    const day = at && dayText(at, zone) !== dayText(now, zone) ? `${dayText(at, zone)}, ` : '';
    const asOf = at ? `as of ${day}${secondText(at, zone)}` : 'not read yet';
    return `<p class="truth">${chip(busy.is_complete, 'complete', 'not complete')}
${chip(busy.is_fresh, 'fresh', 'not fresh')} <span>${asOf}</span></p>`;
}

const total = ({ periods }) => periods.reduce((sum, { start, end }) => sum + end - start, 0);

function remarksOf({ busy, settings }) {
    const late = busy.calendars.filter(({ reason }) => reason);
    return late.map(({ staff_calendar_settings: id, reason }) => {
        const name = settings.find((setting) => setting.id === id)?.name ?? 'A calendar';
        return `<p class="remark">${escapeHtml(name)} ${reasonOf(reason)}.</p>`;
    });
}

const headHtml = (week) => `<p class="total">${lengthText(total(week.busy))} busy</p>
${truthHtml(week)}${remarksOf(week).join('')}`;

// How Caldock hears of changes.
function hearingTexts({ settings }) {
    const by = (way) =>
        namesOf(settings.filter(({ notifications }) => notifications === way)).join(' and ');
    const [push, polling] = [by('push'), by('polling')];
    return [
        push && `Caldock is notified of changes by ${push}.`,
        polling &&
            `Caldock isn’t notified of changes by ${polling} here. This page asks for a new read when it knows of one.`,
    ];
}

const NOTHING = `<div class="head" data-said=""><p class="total">No calendar blocks yet</p>
<p class="quiet">Tick the calendars that do. Their events then stand here, with the busy time that they make.</p></div>`;

// All that changes by itself. `data-said` is said aloud where it changes.
export function weekHtml(week) {
    if (!week.busy) return NOTHING;
    const sources = namesOf(week.settings);
    const remarks = [...hearingTexts(week), `Times are those of ${escapeHtml(week.zone)}.`];
    const trouble = week.trouble
        ? `<p class="remark">The events can’t be shown at the moment. ${escapeHtml(week.trouble)}</p>`
        : '';
    return `<div class="head" data-said="${lengthText(total(week.busy))} busy in seven days">${headHtml(week)}</div>
${drawingHtml(week, sources)}${trouble}
<div class="tables">${busyTableHtml(week)}${sources.map((source) => eventsTableHtml(source, week)).join('')}</div>
<p class="quiet">${remarks.filter(Boolean).join(' ')}</p>`;
}

function weekSectionHtml({ accounts, people, week }) {
    if (!week) return '';
    const isEmpty = accounts.length === 0;
    const body = isEmpty ? INTRODUCTION : `<div id="week">${weekHtml(week)}</div>`;
    const adds = people.length > 0 ? `<div class="add">${addHtml(people).join('')}</div>` : '';
    return `<section class="week${isEmpty ? '' : ' filled'}" aria-labelledby="busy"><h2 id="busy">${isEmpty ? 'How it goes' : 'The next seven days'}</h2>
${adds}${body}</section>`;
}

// {notice?, received?, accounts?, people?, week?, bookings?, messages?, zone?}: what is absent can't be
// shown at the moment.
export function pageHtml({ notice, received, accounts, people, week, ...told }) {
    const parts = {
        notice: notice ? noticeHtml(notice) : '',
        accounts: accountsHtml(accounts, people),
        bookings: accounts ? bookingsHtml({ accounts, ...told }) : '',
        messages: accounts ? messagesHtml({ accounts, ...told }) : '',
        received: received ? receivedHtml(received) : '',
        week: weekSectionHtml({ accounts, people, week }),
    };
    return PAGE.replace(/<!--(\w+)-->/g, (whole, name) => parts[name] ?? whole);
}
