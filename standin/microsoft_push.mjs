// SPDX-License-Identifier: Apache-2.0
// Graph's notifications: subscriptions that the receiver confirms, and that can be renewed; items
// about changes and about the subscriptions themselves.
import crypto from 'node:crypto';

import { allowed, answered, calendarId, openMailbox } from './microsoft_api.mjs';
import { idOf } from './microsoft_events.mjs';
import { readJson, Refusal, send } from './wire.mjs';

const MINUTE_MS = 60000;
const LIFE_MINUTES = 4230;
const HANDSHAKE_MS = 10000;
const ITEMS_MOST = 100; // in one request
const APPLICATION = '00000000-aaaa-4bbb-8ccc-000000000001';

const bad = (text, code = 'ValidationError') => new Refusal(400, code, text);
const later = (ms) => new Date(ms).toISOString();

// --- messages

const itemOf = (subscription, more) => ({
    subscriptionId: subscription.id,
    subscriptionExpirationDateTime: later(subscription.expiresAt),
    clientState: subscription.clientState,
    tenantId: subscription.person.tid,
    ...more,
});

function changeOf(subscription, { agenda, type, event }) {
    const id = idOf(subscription.call, agenda, event.id);
    const resource = `Users/${subscription.person.oid}/Events/${id}`;
    return itemOf(subscription, {
        changeType: type,
        resource,
        resourceData: {
            '@odata.type': '#Microsoft.Graph.Event',
            '@odata.id': resource,
            '@odata.etag': `W/"${event.changed}"`,
            id,
        },
    });
}

// Items for one address go together, whosever they are.
function bundled(kind, pairs) {
    const bundles = new Map();
    for (const [to, item] of pairs) bundles.set(to, [...(bundles.get(to) ?? []), item]);
    return [...bundles].flatMap(([to, items]) => {
        const count = Math.ceil(items.length / ITEMS_MOST);
        return Array.from({ length: count }, (_, i) => ({
            kind,
            to,
            headers: { 'content-type': 'application/json; charset=utf-8' },
            body: JSON.stringify({ value: items.slice(i * ITEMS_MOST, (i + 1) * ITEMS_MOST) }),
        }));
    });
}

// An item for each subscription to a calendar where something changed, and each event.
export function microsoftMessages(subscriptions, changes) {
    const last = new Map(changes.map((change) => [change.event, change]));
    const isTold = (subscription, { agenda, type }) =>
        agenda.person === subscription.person &&
        agenda.calendar.key === subscription.calendar &&
        subscription.changeType.split(',').includes(type);
    const pairs = subscriptions.flatMap((subscription) =>
        [...last.values()]
            .filter((change) => isTold(subscription, change))
            .map((change) => [subscription.notificationUrl, changeOf(subscription, change)]),
    );
    return bundled('change', pairs);
}

// 'subscriptionRemoved', 'reauthorizationRequired', 'missed': to those that have an address for it
export function lifecycleMessages(subscriptions, lifecycleEvent) {
    const told = subscriptions.filter(({ lifecycleNotificationUrl }) => lifecycleNotificationUrl);
    const pairs = told.map((subscription) => [
        subscription.lifecycleNotificationUrl,
        itemOf(subscription, { lifecycleEvent, resource: subscription.resource }),
    ]);
    return bundled('lifecycle', pairs);
}

// --- subscriptions

// The receiver has to say the token back, as plain text and nothing else.
async function shakeHands(push, address) {
    const token = `Validation: Testing client application reachability for subscription Request-Id: ${crypto.randomUUID()} +100%`;
    const url = new URL(address);
    url.searchParams.set('validationToken', token);
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    const answer = await push.post({ to: url.href, headers, body: '' }, HANDSHAKE_MS);
    push.log.push({ kind: 'validation', to: address, attempts: 1, status: answer.status });
    const isPlain = /^text\/plain\b/.test(answer.headers['content-type'] ?? '');
    return answer.status === 200 && isPlain && answer.text === token;
}

async function checkReceivers(push, { notificationUrl, lifecycleNotificationUrl }) {
    const addresses = [notificationUrl, lifecycleNotificationUrl].filter(Boolean);
    const agreed = await Promise.all(addresses.map((address) => shakeHands(push, address)));
    if (agreed.every(Boolean)) return;
    throw bad(
        'Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.',
    );
}

const NEEDED = ['changeType', 'notificationUrl', 'resource', 'expirationDateTime'];

function checkBody(body) {
    const missing = body ? NEEDED.find((name) => typeof body[name] !== 'string') : 'body';
    if (missing) throw bad(`${missing} is missing or of a wrong type.`, 'InvalidRequest');
    if (!body.changeType.split(',').every((one) => /^(created|updated|deleted)$/.test(one))) {
        throw bad('The changeType is invalid.', 'InvalidRequest');
    }
    for (const name of ['notificationUrl', 'lifecycleNotificationUrl']) {
        if (!/^https:\/\/[^/]/.test(body[name] ?? 'https://x')) throw bad(`${name} must be HTTPS.`);
    }
    if ((body.clientState ?? '').length > 128) throw bad('The clientState is too long.');
}

// Longer than the limit is refused; a test's own limit shortens what is answered.
function endOf({ expirationDateTime }, push) {
    const end = Date.parse(expirationDateTime);
    const most = Date.now() + LIFE_MINUTES * MINUTE_MS;
    if (!(end > Date.now())) throw bad('Subscription expiration must be in the future.');
    if (end > most + MINUTE_MS) {
        throw bad(
            `Subscription expiration can only be ${LIFE_MINUTES} minutes in the future for requested resource.`,
        );
    }
    return Math.min(end, Date.now() + (push.lifeS ?? Infinity) * 1000);
}

// The key of the calendar that a resource names. /me/events is the default calendar alone.
function calendarOf(call, calendars, resource) {
    const [, id] = /^\/?me(?:\/calendars\/([^/]+))?\/events$/i.exec(resource) ?? [null, null];
    const isMeant = ({ key, isPrimary }) =>
        id === undefined ? isPrimary : calendarId(call.grant.person, key) === id;
    const found = calendars.find(isMeant);
    if (id === null || found?.canWatch === false) {
        throw bad('The requested resource is not supported for subscriptions.', 'ExtensionError');
    }
    if (found && !found.status) return found.key;
    const text = 'Operation: Create; Exception: [Status Code: NotFound; Reason: Not Found]';
    throw new Refusal(404, 'ExtensionError', text);
}

const shown = ({ id, expiresAt, ...subscription }) => ({
    id,
    resource: subscription.resource,
    applicationId: APPLICATION,
    changeType: subscription.changeType,
    clientState: subscription.clientState,
    notificationUrl: subscription.notificationUrl,
    lifecycleNotificationUrl: subscription.lifecycleNotificationUrl ?? null,
    expirationDateTime: later(expiresAt),
    creatorId: subscription.person.oid,
    latestSupportedTlsVersion: 'v1_2',
});

const context = ({ base }) => ({
    '@odata.context': `${base}/v1.0/$metadata#subscriptions/$entity`,
});

async function subscribe(call) {
    const calendars = openMailbox(call);
    if (!calendars) return;
    const body = await readJson(call.request);
    checkBody(body);
    const calendar = calendarOf(call, calendars, body.resource);
    const expiresAt = endOf(body, call.push);
    await checkReceivers(call.push, body);
    const id = crypto.randomUUID();
    // Its items name events as the one who subscribed wants them: `call` has that preference.
    const subscription = { ...body, id, calendar, expiresAt, person: call.grant.person, call };
    call.push.channels.set(id, subscription);
    send(call.response, 201, { ...context(call), ...shown(subscription) });
}

function findSubscription(call) {
    const id = call.path.split('/')[3];
    const found = call.push.alive.find((one) => one.id === id && one.person === call.grant.person);
    if (!found) throw new Refusal(404, 'ResourceNotFound', 'The object was not found.');
    return found;
}

async function renew(call) {
    if (!allowed(call, 'Calendars.')) return;
    const subscription = findSubscription(call);
    const body = await readJson(call.request);
    if (!body?.expirationDateTime) throw bad('expirationDateTime is missing.', 'InvalidRequest');
    subscription.expiresAt = endOf(body, call.push);
    send(call.response, 200, { ...context(call), ...shown(subscription) });
}

function unsubscribe(call) {
    if (!allowed(call, 'Calendars.')) return;
    call.push.channels.delete(findSubscription(call).id);
    send(call.response, 204, '');
}

function reauthorize(call) {
    if (!allowed(call, 'Calendars.')) return;
    findSubscription(call);
    send(call.response, 204, '');
}

export const microsoftPush = (base) => [
    ['POST', /^\/v1\.0\/subscriptions$/, answered(base, subscribe)],
    ['PATCH', /^\/v1\.0\/subscriptions\/[^/]+$/, answered(base, renew)],
    ['DELETE', /^\/v1\.0\/subscriptions\/[^/]+$/, answered(base, unsubscribe)],
    ['POST', /^\/v1\.0\/subscriptions\/[^/]+\/reauthorize$/, answered(base, reauthorize)],
];
