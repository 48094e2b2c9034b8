// SPDX-License-Identifier: Apache-2.0
// openapi.json is valid, tidy, and true: every path that it names answers as it says.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import { ACCOUNTS, SOURCES, openWorld } from './lib/world.mjs';

const world = await openWorld(test);
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
    assert.match(document.openapi, /^3\./);
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

test('every path that it names answers, with a status that it names', async () => {
    const id = await world.connected('GOOG');
    for (const { path, method, operationId, responses } of operations()) {
        const base64 = Buffer.from(SOURCES.GOOG.person).toString('base64url');
        const target = path.replace('{id}', id).replace('{base64_calendar_id}', base64);
        const json =
            method === 'post'
                ? { calendar_source: 'GOOG', redirect_uri: 'https://app.example/x' }
                : undefined;
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

test('an account has the members that the description gives it', async () => {
    const id = await world.connected('GOOG');
    const { body } = await world.ask(`${ACCOUNTS}/${id}`);
    const { properties, required } = document.components.schemas.Account;
    assert.deepEqual(Object.keys(body), Object.keys(properties));
    for (const name of required) assert.ok(name in body, name);
});
