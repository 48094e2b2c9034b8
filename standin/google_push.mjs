// SPDX-License-Identifier: Apache-2.0
// Google's notifications: channels that are made and stopped, never renewed, and messages without
// a body.
import crypto from 'node:crypto';

import { allowed, answered } from './google_api.mjs';
import { openAgenda, READING_SCOPES } from './google_events.mjs';
import { readJson, Refusal, send } from './wire.mjs';

const LIFE_S = 604800;
const STOPPING_SCOPES = ['calendar', 'calendar.events', 'calendar.events.readonly'];

const resourceOf = ({ person, calendar }) =>
    crypto.createHash('sha256').update(`${person.email} ${calendar.key}`).digest('base64url');

// state: 'sync' for the first one, then 'exists'
export function googleMessage(channel, state) {
    // Numbers grow, and some are left out.
    channel.number = state === 'sync' ? 1 : channel.number + 1 + (channel.number % 2);
    const headers = {
        accept: '*/*',
        'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
        'x-goog-channel-id': channel.id,
        'x-goog-channel-expiration': new Date(channel.expiresAt).toUTCString(),
        'x-goog-resource-state': state,
        'x-goog-message-number': String(channel.number),
        'x-goog-resource-id': channel.resourceId,
        'x-goog-resource-uri': channel.resourceUri,
        ...(channel.token !== undefined && { 'x-goog-channel-token': channel.token }),
    };
    return { kind: state, channel: channel.id, to: channel.address, headers };
}

// One message to each channel of a calendar where something changed.
export function googleMessages(channels, changes) {
    const isTold = ({ person, calendar }) =>
        changes.some(({ agenda }) => agenda.person === person && agenda.calendar.key === calendar);
    return channels.filter(isTold).map((channel) => googleMessage(channel, 'exists'));
}

const CHECKS = [
    [({ id }) => !id, 'required', 'Required'],
    [({ id }) => !/^[\w+/=-]{1,64}$/.test(id), 'channelIdInvalid', 'Invalid channel ID'],
    [({ type }) => !/^web_?hook$/.test(type), 'unknownChannelType', 'Unknown channel type'],
    [({ token = '' }) => token.length > 256, 'invalid', 'Channel token is too long'],
    [
        ({ address }) => !/^https:\/\/[^/]/.test(address),
        'push.webhookUrlNotHttps',
        'WebHook callback must be HTTPS',
    ],
];

function checkChannel(body, agenda, push) {
    const [, reason, text] = CHECKS.find(([isWrong]) => isWrong(body)) ?? [];
    if (reason) throw new Refusal(400, reason, text);
    if (push.channels.has(body.id)) {
        throw new Refusal(400, 'channelIdNotUnique', `Channel id ${body.id} not unique`);
    }
    if (agenda.calendar.canWatch === false) {
        const why = 'pushNotSupportedForRequestedResource';
        throw new Refusal(400, why, 'Push notifications are not supported by this resource.');
    }
}

// The client's wish and Google's limit: the stricter one wins.
function endOf({ expiration, params }, push) {
    const most = Date.now() + (push.lifeS ?? LIFE_S) * 1000;
    const ttl = params?.ttl ? Date.now() + Number(params.ttl) * 1000 : Infinity;
    return Math.min(most, ttl, Number(expiration ?? Infinity));
}

async function watch(call) {
    const agenda = openAgenda(call, READING_SCOPES);
    if (!agenda) return;
    const body = await readJson(call.request);
    if (!body) throw new Refusal(400, 'parseError', 'Parse Error');
    checkChannel(body, agenda, call.push);
    const channel = {
        id: body.id,
        person: agenda.person,
        calendar: agenda.calendar.key,
        address: body.address,
        token: body.token,
        resourceId: resourceOf(agenda),
        resourceUri: `${call.origin}${call.path.replace(/\/watch$/, '')}?alt=json`,
        expiresAt: endOf(body, call.push),
    };
    call.push.channels.set(channel.id, channel);
    call.push.send(googleMessage(channel, 'sync')); // perhaps there before the answer
    send(call.response, 200, {
        kind: 'api#channel',
        id: channel.id,
        resourceId: channel.resourceId,
        resourceUri: channel.resourceUri,
        token: channel.token,
        expiration: String(Math.floor(channel.expiresAt)),
    });
}

// Only whoever made a channel may stop it.
async function stop(call) {
    if (!allowed(call, STOPPING_SCOPES)) return;
    const { id, resourceId } = (await readJson(call.request)) ?? {};
    const channel = call.push.channels.get(id);
    const isTheirs = channel?.resourceId === resourceId && channel?.person === call.grant.person;
    if (!isTheirs) throw new Refusal(404, 'notFound', `Channel '${id}' not found for project`);
    call.push.channels.delete(id);
    send(call.response, 204, '');
}

export const googlePush = [
    ['POST', /^\/calendar\/v3\/calendars\/[^/]+\/events\/watch$/, answered(watch)],
    ['POST', /^\/calendar\/v3\/channels\/stop$/, answered(stop)],
];
