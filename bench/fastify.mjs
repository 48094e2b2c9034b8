// SPDX-License-Identifier: Apache-2.0
// The peer on Node: Fastify 5, schemas compiled for what is read and written, openid-client 6
// for what is OAuth's. State is sealed with AES-256-GCM; nothing is logged, nothing is stored.
import { createCipheriv, createHash, randomBytes } from 'node:crypto';

import Fastify from 'fastify';
import * as oauth from 'openid-client';

const settings = JSON.parse(process.env.BENCH);
const key = Buffer.from(settings.key, 'hex');
const tokens = new Map([[settings.token_hash, { id: 1, providers: [settings.provider] }]]);
const providers = new Map([
    [settings.provider, { features: { external_calendars: true }, patterns: [settings.pattern] }],
]);
const sources = {
    GOOG: new oauth.Configuration(
        { issuer: settings.issuer, authorization_endpoint: settings.authorize_url },
        settings.client_id,
        settings.client_secret,
    ),
};

class Refusal extends Error {
    constructor(statusCode, code, field) {
        super(code);
        Object.assign(this, { statusCode, code, field });
    }
}

function identify(headers) {
    const [scheme, token] = (headers.authorization ?? '').split(' ');
    if (scheme.toLowerCase() !== 'token' || !token) throw new Refusal(401, 'not_authenticated');
    const known = tokens.get(createHash('sha256').update(token).digest('hex'));
    if (!known) throw new Refusal(401, 'authentication_failed');
    const id = Number(headers['teamup-provider-id'] ?? known.providers[0]);
    if (!known.providers.includes(id)) throw new Refusal(403, 'provider_invalid');
    const provider = providers.get(id);
    if (!provider.features.external_calendars) throw new Refusal(403, 'feature_not_enabled');
    return { token: known.id, provider: id, patterns: provider.patterns };
}

function checkRedirect(text, patterns) {
    const url = URL.canParse(text) && new URL(text);
    const isGood =
        url &&
        url.protocol === 'https:' &&
        !url.hash &&
        !url.username &&
        !['success', 'error', 'account'].some((name) => url.searchParams.has(name)) &&
        patterns.some((pattern) => url.href.startsWith(pattern));
    if (!isGood) throw new Refusal(400, 'parameter_invalid', 'redirect_uri');
    return url.href;
}

function seal(flow) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const sealed = [
        nonce,
        cipher.update(JSON.stringify(flow)),
        cipher.final(),
        cipher.getAuthTag(),
    ];
    return Buffer.concat(sealed).toString('base64url');
}

const text = { type: 'string' };
const schema = {
    body: {
        type: 'object',
        required: ['calendar_source', 'redirect_uri'],
        properties: {
            calendar_source: { type: 'string', enum: Object.keys(sources) },
            redirect_uri: { type: 'string', minLength: 1, maxLength: 512 },
        },
    },
    response: {
        200: { type: 'object', properties: { uri: text, timeout_seconds: { type: 'integer' } } },
    },
};

async function initiate(request, reply) {
    const { who } = request;
    const { calendar_source: source, redirect_uri: wish } = request.body;
    const redirect = checkRedirect(wish, who.patterns);
    const verifier = oauth.randomPKCECodeVerifier();
    const nonce = oauth.randomNonce();
    const expires = Math.floor(Date.now() / 1000) + settings.timeout_seconds;
    const state = seal([who.token, who.provider, source, redirect, verifier, nonce, expires]);
    const uri = oauth.buildAuthorizationUrl(sources[source], {
        redirect_uri: settings.callback,
        scope: settings.scopes,
        state,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        access_type: 'offline',
        prompt: 'select_account consent',
    });
    reply.headers({
        'x-request-id': request.id,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        vary: 'Accept, Authorization',
    });
    return { uri: uri.href, timeout_seconds: settings.timeout_seconds };
}

const app = Fastify({ bodyLimit: 65536, genReqId: () => randomBytes(12).toString('base64url') });
app.decorateRequest('who', null);
app.setErrorHandler((error, request, reply) => {
    reply.code(error.statusCode ?? 500).send({
        code: error.code,
        field_errors: error.field ? { [error.field]: [error.message] } : {},
        message: error.message,
        type: 'invalid_request_error',
    });
});
app.route({
    method: 'POST',
    url: '/api/v2/external_calendars/accounts/oauth2/initiate',
    schema,
    onRequest: (request, reply, next) => {
        request.who = identify(request.headers);
        next();
    },
    handler: initiate,
});
await app.listen({ host: '127.0.0.1', port: settings.port });
