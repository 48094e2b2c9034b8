// SPDX-License-Identifier: Apache-2.0
// Shows that the stand-ins' notifications behave as documented.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';

import {
    addForAlice,
    calendarPath,
    clientOf,
    controls,
    NAMES,
    openStandins,
    SOURCES,
    standins,
} from './testing.mjs';
import { readBody } from './wire.mjs';

await openStandins(test);

const APP = 'https://app.example';

// A receiver of notifications, known as `APP` → {seen: [{path, headers, text}], answer: what it does}
async function receiver(t) {
    const seen = [];
    const own = { seen, answer: (request, response) => response.writeHead(202).end() };
    const server = http.createServer(async (request, response) => {
        const text = await readBody(request);
        const { searchParams, pathname: path } = new URL(request.url, APP);
        const token = searchParams.get('validationToken');
        seen.push({ path, headers: request.headers, text, token });
        own.answer(request, response, token);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const to = `http://127.0.0.1:${server.address().port}`;
    NAMES.forEach((name) => controls[name].resolve({ from: APP, to }));
    return own;
}

const echo = (request, response, token) =>
    token === null
        ? response.writeHead(202).end()
        : response.writeHead(200, { 'content-type': 'text/plain' }).end(token);

// Watches the team's calendar → the answer
function watch(name, client, more = {}) {
    if (name === 'google') {
        const own = { id: 'cdk-1', type: 'web_hook', address: `${APP}/notify/google`, token: 'T' };
        const json = { ...own, params: { ttl: '3600' }, ...more };
        return client(`${calendarPath(name, 'team')}/events/watch`, { method: 'POST', json });
    }
    const json = {
        changeType: 'created,updated,deleted',
        resource: `${decodeURIComponent(calendarPath(name, 'team'))}/events`,
        notificationUrl: `${APP}/notify/microsoft`,
        lifecycleNotificationUrl: `${APP}/notify/microsoft`,
        clientState: 'T',
        expirationDateTime: new Date(Date.now() + 3600000).toISOString(),
        ...more,
    };
    return client('/subscriptions', { method: 'POST', json });
}

for (const name of NAMES) {
    const account = SOURCES[name].person;
    const add = (more = {}) =>
        controls[name].addEvent({ account, calendar: 'team', start: '2026-03-02', ...more });
    const tokensOf = ({ headers, text }) =>
        name === 'google'
            ? [headers['x-goog-channel-token']]
            : JSON.parse(text).value.map(({ clientState }) => clientState);

    async function watched(t) {
        const own = await receiver(t);
        own.answer = echo;
        const client = await clientOf(name);
        const { status, body, text } = await watch(name, client);
        assert.equal(status, name === 'google' ? 200 : 201, text);
        await controls[name].settleNotifications();
        own.seen.length = 0;
        return { own, client, channel: body };
    }

    test(`${name}: a change in a watched calendar is told, one elsewhere isn't`, async (t) => {
        const { own } = await watched(t);
        add();
        add();
        controls[name].addEvent({ account, calendar: 'primary', start: '2026-03-02' });
        await controls[name].settleNotifications();
        assert.equal(own.seen.length, 1, 'what happens at once is told at once');
        assert.equal(tokensOf(own.seen[0])[0], 'T');
        assert.equal(controls[name].notifications.at(-1).status, 202);
    });

    test(`${name}: notifications are lost, doubled, late and forged`, async (t) => {
        const { own } = await watched(t);
        const { control } = standins[name];
        const change = async () => {
            add();
            await control.settleNotifications();
            return own.seen.splice(0).length;
        };
        const before = control.unused.length;
        control.loseNotifications(2);
        assert.equal(control.unused.length, before + 1);
        assert.deepEqual([await change(), await change(), await change()], [0, 0, 1]);
        assert.equal(control.unused.length, before);
        control.doubleNotifications();
        assert.equal(await change(), 2);
        control.doubleNotifications(1);
        control.delayNotifications(50);
        const late = change();
        await new Promise((resolve) => setTimeout(resolve, 20));
        assert.equal(own.seen.length, 0);
        assert.equal(await late, 1);
        own.answer = (request, response) => response.writeHead(404).end();
        const statuses = await control.forgeNotification({ account, calendar: 'team', count: 2 });
        assert.deepEqual(statuses, [404, 404]);
        assert.deepEqual(own.seen.flatMap(tokensOf), ['forged', 'forged']);
    });

    test(`${name}: a receiver that is away for a moment is asked again`, async (t) => {
        const { own } = await watched(t);
        let left = 2;
        own.answer = (request, response) => response.writeHead(left-- > 0 ? 503 : 202).end();
        add();
        await controls[name].settleNotifications();
        assert.equal(own.seen.length, 3);
        assert.equal(controls[name].notifications.at(-1).attempts, 3);
    });

    test(`${name}: channels end by time, by their owner, and by themselves`, async (t) => {
        const { own, client, channel } = await watched(t);
        const { control } = standins[name];
        const isTold = async () => {
            add();
            await control.settleNotifications();
            return own.seen.splice(0).some(({ text }) => !text.includes('lifecycle'));
        };
        const stranger = await clientOf(name, SOURCES[name].other);
        const end = (who) =>
            name === 'google'
                ? who('/channels/stop', { method: 'POST', json: channel })
                : who(`/subscriptions/${channel.id}`, { method: 'DELETE' });
        assert.equal((await end(stranger)).status, 404);
        assert.equal(await isTold(), true);
        assert.equal((await end(client)).status, 204);
        assert.equal((await end(client)).status, 404);
        assert.equal(await isTold(), false);
        control.channelLife(0.05);
        await watch(name, client, { id: 'cdk-2' });
        assert.equal(control.channels.length, 1);
        await new Promise((resolve) => setTimeout(resolve, 60));
        await control.settleNotifications();
        own.seen.length = 0;
        assert.equal(await isTold(), false);
        control.channelLife(null);
        await watch(name, client, { id: 'cdk-3' });
        control.dropSubscriptions({ account });
        await control.settleNotifications();
        own.seen.length = 0;
        assert.equal(await isTold(), false);
    });

    test(`${name}: nothing goes anywhere but to loopback`, async (t) => {
        await receiver(t);
        const client = await clientOf(name);
        const far = 'https://elsewhere.example/notify';
        const more = { address: far, notificationUrl: far, lifecycleNotificationUrl: far };
        const { status } = await watch(name, client, more);
        assert.equal(status, name === 'google' ? 200 : 400);
        await controls[name].settleNotifications();
        assert.equal(controls[name].notifications.at(-1).status, 0);
    });

    test(`${name}: calendars that can't be watched`, async (t) => {
        await receiver(t);
        const client = await clientOf(name);
        controls[name].changeCalendar({ account, calendar: 'team', canWatch: false });
        const { status, body } = await watch(name, client);
        const why = body.error.code === 400 ? body.error.errors[0].reason : body.error.code;
        assert.equal(status, 400);
        assert.match(why, /^(pushNotSupportedForRequestedResource|ExtensionError)$/);
    });
}

test('google: a channel as Google makes it, and its messages', async (t) => {
    const own = await receiver(t);
    const client = await clientOf('google');
    const { body } = await watch('google', client);
    assert.deepEqual([body.kind, body.id, body.token], ['api#channel', 'cdk-1', 'T']);
    assert.ok(Math.abs(Number(body.expiration) - Date.now() - 3600000) < 60000);
    addForAlice({ start: '2026-03-02' });
    await controls.google.settleNotifications();
    const [sync, exists] = own.seen.map(({ headers }) => headers);
    assert.equal(own.seen[1].text, '');
    assert.equal(sync['x-goog-resource-state'], 'sync');
    assert.equal(sync['x-goog-message-number'], '1');
    assert.equal(exists['x-goog-resource-state'], 'exists');
    assert.equal(exists['x-goog-resource-id'], body.resourceId);
    assert.equal(exists['x-goog-channel-id'], 'cdk-1');
    const refusal = async (more) => (await watch('google', client, more)).body.error;
    assert.equal((await refusal({})).errors[0].reason, 'channelIdNotUnique');
    const plain = await refusal({ id: 'cdk-2', address: 'http://app.example/' });
    assert.equal(plain.errors[0].reason, 'push.webhookUrlNotHttps');
    assert.equal((await refusal({ id: 'cdk-2', token: 'x'.repeat(257) })).code, 400);
    assert.equal((await refusal({ id: 'é' })).code, 400);
});

test('microsoft: a receiver has to say the token back, at both addresses', async (t) => {
    const own = await receiver(t);
    const client = await clientOf('microsoft');
    own.answer = echo;
    assert.equal((await watch('microsoft', client)).status, 201);
    assert.equal(own.seen.length, 2);
    const bad = [
        (token) => [200, 'text/html', token],
        (token) => [202, 'text/plain', token],
        (token) => [200, 'text/plain', `${token} `],
        (token) => [200, 'text/plain', encodeURIComponent(token)],
    ];
    for (const answer of bad) {
        own.answer = (request, response, token) => {
            const [status, type, text] = answer(token);
            response.writeHead(status, { 'content-type': type }).end(text);
        };
        const { status, body } = await watch('microsoft', client);
        assert.deepEqual([status, body.error.code], [400, 'ValidationError']);
    }
});

test('microsoft: subscriptions are renewed, dropped, and told about', async (t) => {
    const own = await receiver(t);
    own.answer = echo;
    const client = await clientOf('microsoft');
    const { control } = standins.microsoft;
    const { body } = await watch('microsoft', client);
    const renew = (minutes, id = body.id) => {
        const expirationDateTime = new Date(Date.now() + minutes * 60000).toISOString();
        const json = { expirationDateTime };
        return client(`/subscriptions/${id}`, { method: 'PATCH', json });
    };
    const renewed = await renew(4200);
    assert.equal(renewed.status, 200);
    assert.ok(renewed.body.expirationDateTime > body.expirationDateTime);
    assert.equal((await renew(4300)).status, 400);
    assert.equal((await renew(-1)).status, 400);
    assert.equal((await renew(60, 'nothing')).status, 404);
    const path = `/subscriptions/${body.id}/reauthorize`;
    assert.equal((await client(path, { method: 'POST' })).status, 204);
    own.seen.length = 0;
    control.sendLifecycle({ event: 'reauthorizationRequired' });
    control.dropSubscriptions();
    await control.settleNotifications();
    const items = own.seen.flatMap(({ text }) => JSON.parse(text).value);
    assert.deepEqual(items.map(({ lifecycleEvent }) => lifecycleEvent).sort(), [
        'reauthorizationRequired',
        'subscriptionRemoved',
    ]);
    assert.ok(items.every((item) => item.clientState === 'T' && item.subscriptionId === body.id));
    assert.equal((await renew(60)).status, 404);
});

test('microsoft: what may be subscribed to', async (t) => {
    const own = await receiver(t);
    own.answer = echo;
    const client = await clientOf('microsoft');
    const status = async (more) => (await watch('microsoft', client, more)).status;
    assert.equal(await status({ resource: '/me/events' }), 201);
    assert.equal(await status({ resource: '/me/messages' }), 400);
    assert.equal(await status({ resource: '/me/calendars/nothing/events' }), 404);
    assert.equal(await status({ notificationUrl: 'http://app.example/' }), 400);
    assert.equal(await status({ clientState: 'x'.repeat(129) }), 400);
    own.seen.length = 0;
    const account = 'carol@contoso.test';
    controls.microsoft.addEvent({ account, start: '2026-03-02' });
    await controls.microsoft.settleNotifications();
    const [item] = JSON.parse(own.seen[0].text).value;
    assert.deepEqual([item.changeType, item.clientState], ['created', 'T']);
    assert.match(item.resource, /^Users\/.*\/Events\/AAMk/);
});
