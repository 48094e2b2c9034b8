// SPDX-License-Identifier: Apache-2.0
// openapi.json is valid, tidy, and true: every path that it names answers as it says; and a client that is
// made of it works, and would not compile if it forgot an error.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import openapiTypes, { astToString } from 'openapi-typescript';
import ts from 'typescript';

import { Receiver } from './lib/receiver.mjs';
import { ACCOUNTS, REDIRECT, SOURCES, openWorld } from './lib/world.mjs';

const world = await openWorld(test, {
    settings: { webhooks: { private_networks: '127.0.0.0/8' } },
});
const document = (await world.ask('/api/v2/openapi.json', { token: null })).body;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
        METHODS.filter((method) => item[method]).map((method) => ({
            path,
            method,
            ...item[method],
        })),
    );

// Every object in the document, with the way to it.
function* walk(node, way = '#') {
    if (node === null || typeof node !== 'object') return;
    yield [way, node];
    for (const [name, child] of Object.entries(node)) yield* walk(child, `${way}/${name}`);
}

test('it is valid OpenAPI', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert.ok(valid, JSON.stringify(errors, null, 2));
    assert.match(document.openapi, /^3\.1\./);
});

// What `redocly lint openapi.json` says, which without a configuration has all recommended rules.
async function lint(openapi) {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: JSON.stringify(openapi), config });
    return problems.map(({ ruleId, location: [{ pointer }] }) => `${ruleId} ${pointer}`);
}

test('a linter has nothing to say, but of a callback that has a redirect alone', async () => {
    assert.deepEqual(await lint(document), []);
    const worse = structuredClone(document);
    delete worse.paths['/oauth2/callback/google'].get.responses.default;
    const responses = '#/paths/~1oauth2~1callback~1google/get/responses';
    assert.deepEqual(await lint(worse), [`operation-2xx-response ${responses}`]);
});

test('it needs no credential and no negotiation', async () => {
    const { status, headers } = await world.ask('/api/v2/openapi.json', {
        token: null,
        headers: { accept: 'application/xml' },
    });
    assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
});

test('every operation has an id of its own, a summary and answers', () => {
    const ids = operations().map(({ operationId }) => operationId);
    assert.ok(ids.length >= 7);
    assert.equal(new Set(ids).size, ids.length);
    for (const { path, method, operationId, summary, responses } of operations()) {
        assert.match(operationId, /^[a-z][a-z_0-9]*$/, `${method} ${path}`);
        assert.ok(summary, `${method} ${path}`);
        for (const { description } of Object.values(responses)) {
            assert.ok(!description?.startsWith('Done'), `${method} ${path}`);
        }
        assert.ok(
            Object.keys(responses).some((status) => /^[23]/.test(status)),
            `${method} ${path}`,
        );
    }
});

test('every variable of a path is a parameter, and every parameter is used', () => {
    for (const { path, method, parameters = [] } of operations()) {
        const shared = document.paths[path].parameters ?? [];
        const resolve = (parameter) => (parameter.$ref ? at(parameter.$ref) : parameter);
        const named = [...shared, ...parameters]
            .map(resolve)
            .filter((parameter) => parameter.in === 'path')
            .map(({ name }) => name);
        const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        assert.deepEqual(named.sort(), variables.sort(), `${method} ${path}`);
    }
});

const at = (ref) =>
    ref
        .slice(2)
        .split('/')
        .reduce((node, name) => node?.[name], document);

test('every reference leads somewhere, every schema is referred to', () => {
    const references = new Set();
    for (const [way, node] of walk(document)) {
        if (typeof node.$ref !== 'string') continue;
        references.add(node.$ref);
        assert.ok(at(node.$ref), `${way}: ${node.$ref}`);
    }
    for (const name of Object.keys(document.components.schemas)) {
        assert.ok(references.has(`#/components/schemas/${name}`), name);
    }
});

test('every security requirement has its scheme', () => {
    const schemes = Object.keys(document.components.securitySchemes);
    for (const { security = document.security ?? [] } of operations()) {
        for (const requirement of security) {
            for (const name of Object.keys(requirement)) assert.ok(schemes.includes(name), name);
        }
    }
});

test('the seed’s request stands as the seed has it', () => {
    const { requestBody, responses } =
        document.paths['/api/v2/external_calendars/accounts/oauth2/initiate'].post;
    assert.deepEqual(Object.keys(requestBody.content).sort(), [
        'application/json',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
    ]);
    assert.deepEqual(Object.keys(responses[200].content).sort(), [
        'application/json',
        'application/xml',
    ]);
    const schemaOf = (content) => (content.schema.$ref ? at(content.schema.$ref) : content.schema);
    const body = schemaOf(requestBody.content['application/json']);
    assert.deepEqual([...body.required].sort(), ['calendar_source', 'redirect_uri']);
    assert.deepEqual(body.properties.calendar_source.enum, ['GOOG', 'MSFT']);
    const answer = schemaOf(responses[200].content['application/json']);
    assert.deepEqual(Object.keys(answer.properties), ['uri', 'timeout_seconds']);
});

// What an operation is tried with.
const SWITCHES = { is_destination_for_teamup_events: true, is_source_for_busy_periods: true };
const bodyOf = (operationId, account) =>
    ({
        initiate: { calendar_source: 'GOOG', redirect_uri: 'https://app.example/x' },
        staff_calendar_settings_create: {
            calendar_source_account: account,
            calendar_source_calendar_id: 'primary',
            ...SWITCHES,
        },
        staff_calendar_settings_replace: SWITCHES,
        staff_calendar_settings_change: {},
        pushed_events_put: {
            title: 'T',
            start: '2026-01-31T09:00:00Z',
            end: '2026-01-31T10:00:00Z',
        },
    })[operationId];

test('every path that it names answers, with a status that it names', async () => {
    const id = await world.connected('GOOG');
    for (const { path, method, operationId, responses } of operations()) {
        const base64 = Buffer.from(SOURCES.GOOG.person).toString('base64url');
        const target = path
            .replace('{id}', id)
            .replace('{base64_calendar_id}', base64)
            .replace('{event_id}', 'booking-7');
        const json = bodyOf(operationId, id);
        const { status } = await world.ask(target, { method: method.toUpperCase(), json });
        const named = Object.keys(responses);
        assert.ok(
            named.includes(String(status)) || named.includes('default'),
            `${operationId}: ${status} of ${named}`,
        );
        assert.notEqual(status, 405, operationId);
    }
});

test('calendars have the members that the description gives them', async () => {
    const id = await world.connected('GOOG');
    const { body } = await world.ask(`${ACCOUNTS}/${id}/calendars`);
    const { properties } = document.components.schemas.Calendar;
    assert.ok(body.results.length > 0);
    for (const one of body.results) assert.deepEqual(Object.keys(one), Object.keys(properties));
});

test('a setting has the members that the description gives it, within its account, too', async () => {
    const id = await world.connected('GOOG');
    const { body } = await world.post(
        '/api/v2/external_calendars/staff_calendar_settings',
        bodyOf('staff_calendar_settings_create', id),
    );
    const { properties } = document.components.schemas.StaffCalendarSettings;
    assert.deepEqual(Object.keys(body), Object.keys(properties));
    assert.deepEqual(
        Object.keys(body.calendar_source_account),
        Object.keys(properties.calendar_source_account.properties),
    );
    assert.ok(properties.notifications.enum.includes(body.notifications));
});

test('an event has the members that the description gives it', async () => {
    const id = await world.connected('GOOG');
    const api = '/api/v2/external_calendars';
    await world.post(
        `${api}/staff_calendar_settings`,
        bodyOf('staff_calendar_settings_create', id),
    );
    const { body } = await world.ask(`${api}/events`);
    const { properties, required } = document.components.schemas.ExternalEvent;
    assert.ok(body.results.length > 0);
    for (const one of body.results) {
        assert.deepEqual(Object.keys(one), Object.keys(properties));
        assert.deepEqual(Object.keys(one), required);
        assert.ok(properties.status.enum.includes(one.status));
        assert.ok(properties.visibility.enum.includes(one.visibility));
    }
});

test('a pushed event and its copies have the members that the description gives them', async () => {
    const id = await world.connected('GOOG');
    const api = '/api/v2/external_calendars';
    await world.post(
        `${api}/staff_calendar_settings`,
        bodyOf('staff_calendar_settings_create', id),
    );
    const json = bodyOf('pushed_events_put');
    const { body } = await world.ask(`${api}/pushed_events/e`, { method: 'PUT', json });
    const { properties, required } = document.components.schemas.PushedEvent;
    const copy = properties.copies.items;
    assert.deepEqual(Object.keys(body), Object.keys(properties));
    assert.deepEqual(Object.keys(body), required);
    assert.equal(body.copies.length, 1);
    for (const one of body.copies) {
        assert.deepEqual(Object.keys(one), Object.keys(copy.properties));
        assert.deepEqual(Object.keys(one), copy.required);
        assert.ok(copy.properties.status.enum.includes(one.status));
        assert.ok(copy.properties.reason.enum.includes(one.reason));
    }
    const { responses } = document.paths[`${api}/pushed_events/{event_id}`].put;
    for (const status of [200, 201, 400, 409]) assert.ok(status in responses, status);
    await world.ask(`${api}/pushed_events/e`, { method: 'DELETE' });
});

test('an account has the members that the description gives it', async () => {
    const id = await world.connected('GOOG');
    const { body } = await world.ask(`${ACCOUNTS}/${id}`);
    const { properties, required } = document.components.schemas.Account;
    assert.deepEqual(Object.keys(body), Object.keys(properties));
    for (const name of required) assert.ok(name in body, name);
});

test('an id has one type, in paths, queries and bodies', () => {
    const account = { type: 'integer', format: 'int64' };
    const { Account, InitiateRequest, BusyPeriods } = document.components.schemas;
    const typeOf = ({ type, format }) => ({ type, format });
    assert.deepEqual(typeOf(Account.properties.id), account);
    assert.deepEqual(InitiateRequest.properties.account.type, ['integer', 'null']);
    const { calendar_source_account } = BusyPeriods.properties.calendars.items.properties;
    assert.deepEqual(typeOf(calendar_source_account), account);
    const ids = operations()
        .flatMap(({ parameters }) => parameters)
        .filter(({ name }) => ['id', 'calendar_source_account'].includes(name));
    assert.ok(ids.length >= 10);
    for (const { schema } of ids) assert.deepEqual(typeOf(schema), account);
});

test('pages say how large they are by themselves', async () => {
    for (const { operationId, parameters, responses } of operations()) {
        const schema = responses[200]?.content?.['application/json']?.schema?.$ref;
        const size = parameters.find(({ name }) => name === 'page_size');
        assert.equal(Boolean(size), Boolean(schema?.endsWith('List')), operationId);
        if (size) assert.deepEqual([size.schema.default, size.schema.maximum], [100, 100]);
    }
});

test('a message has the members that the description gives it, and a type that it lists', async (t) => {
    const receiver = await Receiver.start();
    t.after(() => receiver.close());
    const command = async (...words) =>
        JSON.parse(await world.caldock.run('webhook', ...words, '--json'));
    const { id, secret } = await command('add', '--provider', '1', '--url', receiver.url);
    t.after(() => world.caldock.run('webhook', 'remove', String(id)));
    world.secrets.add(secret);
    receiver.secrets.push(secret);
    const account = await world.connected('GOOG');
    await world.ask(`${ACCOUNTS}/${account}`, { method: 'DELETE' });
    await receiver.has(2);
    await command('test', String(id));
    await receiver.has(3);
    const { properties, required } = document.components.schemas.WebhookMessage;
    const types = receiver.requests.map(({ body }) => {
        const { data, ...message } = JSON.parse(body);
        assert.deepEqual([...Object.keys(message), 'data'], required);
        assert.ok(properties.type.enum.includes(message.type), message.type);
        for (const [name, value] of Object.entries(data)) {
            assert.ok(properties.data.properties[name], name);
            assert.ok(properties.data.properties[name].enum?.includes(value) ?? true, name);
        }
        return message.type;
    });
    assert.deepEqual(types.sort(), ['account.connected', 'account.disconnected', 'webhook.ping']);
    const { parameters } = document.webhooks.message.post;
    for (const { name } of parameters) assert.ok(receiver.requests[0].headers[name], name);
});

test('the documents show each answer whole', async () => {
    const pages = ['api', 'calendar', 'pushing'].map((name) =>
        readFile(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'),
    );
    const shown = (await Promise.all(pages))
        .flatMap((text) => [...text.matchAll(/^```json\n([^]*?)^```$/gm)])
        .map(([, block]) => JSON.parse(block))
        .flatMap((one) => [one, ...(one.results ?? [])])
        .map((one) => Object.keys(one).join());
    const { schemas } = document.components;
    const answers = operations()
        .filter(({ security }) => security.length > 0)
        .flatMap(({ responses }) => Object.values(responses))
        .map((response) => (response.$ref ? at(response.$ref) : response))
        .map(({ content }) => content?.['application/json'].schema.$ref.split('/').at(-1));
    for (const name of new Set(answers.filter(Boolean))) {
        assert.ok(shown.includes(Object.keys(schemas[name].properties).join()), name);
    }
});

// The client in TypeScript.

const folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-client-'));
test.after(() => rm(folder, { recursive: true, force: true }));
const source = await readFile(new URL('lib/client.ts', import.meta.url), 'utf8');
const types = astToString(await openapiTypes(document));
const libraries = new Map(); // TypeScript's own, parsed once

// Compiles a client beside the types of the document → what the compiler says
async function compile(text) {
    await writeFile(path.join(folder, 'package.json'), '{"type": "module"}');
    await writeFile(path.join(folder, 'api.d.ts'), types);
    const file = path.join(folder, 'client.ts');
    await writeFile(file, text);
    const options = {
        strict: true,
        noUncheckedIndexedAccess: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        types: [],
    };
    const host = ts.createCompilerHost(options);
    const { getSourceFile } = host;
    host.getSourceFile = (name, ...more) => {
        if (name.startsWith(folder)) return getSourceFile(name, ...more);
        if (!libraries.has(name)) libraries.set(name, getSourceFile(name, ...more));
        return libraries.get(name);
    };
    const program = ts.createProgram([file], options, host);
    program.emit();
    return ts
        .getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('a client of the generated types compiles, and does what they say', async () => {
    assert.deepEqual(await compile(source), []);
    const module = await import(pathToFileURL(path.join(folder, 'client.js')));
    const { Client, Refusal, nextAfter, helpAfter } = module;
    const client = new Client(world.caldock.url, world.token);
    const id = await world.connected('GOOG');
    const { uri } = await client.initiate({
        calendar_source: 'GOOG',
        redirect_uri: REDIRECT,
        account: id,
    });
    assert.match(uri, /login_hint=/);
    const { results } = await client.accounts({ status: 'connected', page_size: 1 });
    assert.deepEqual(
        results.map(({ status }) => status),
        ['connected'],
    );
    assert.equal((await client.account(id)).id, id);
    await assert.rejects(
        () => client.account(id + 1000),
        (error) => error instanceof Refusal && nextAfter(error.body.code) === 'forget',
    );
    await assert.rejects(
        () => client.initiate({ calendar_source: 'GOOG', redirect_uri: 'x' }),
        ({ body }) => nextAfter(body.code) === 'mend' && 'redirect_uri' in body.field_errors,
    );
    const nobody = new Client(world.caldock.url, 'cdk_none');
    await assert.rejects(
        () => nobody.accounts(),
        (error) => nextAfter(error.body.code) === 'ask',
    );
    assert.equal(helpAfter('access_denied'), 'ask again');
});

test('a client that forgets one word of a closed set does not compile', async () => {
    for (const word of ['throttled', 'wrong_account', 'grant_unreadable']) {
        const shorter = source.replace(new RegExp(`^ +case '${word}':\\n`, 'm'), '');
        assert.notEqual(shorter, source, word);
        const [said, ...more] = await compile(shorter);
        assert.match(said, /not assignable to parameter of type 'never'/, word);
        assert.deepEqual(more, [], word);
    }
});
