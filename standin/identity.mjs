// SPDX-License-Identifier: Apache-2.0
// The OAuth and OpenID Connect core, shared by both stand-ins: oidc-provider, a certified
// server, set up as a source wants it, its answers given the source's shape on the way out.
import crypto from 'node:crypto';

import Provider, { interactionPolicy } from 'oidc-provider';

import { holdBack } from './faults.mjs';
import { forge } from './forge.mjs';
import { Memory } from './memory.mjs';
import { encode, escapeHtml } from './wire.mjs';

const DAY_S = 86400;
// Signs ID tokens inside; #signIdToken signs them again, with the keys that the source publishes.
const INNER_KEY = crypto
    .generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'jwk' });

// oidc-provider has no select_account of its own: it is answered by the consent page.
function promptPolicy() {
    const { Check, Prompt, base } = interactionPolicy;
    const policy = base();
    const check = new Check(
        'pick',
        'an account is picked every time',
        'login_required',
        ({ oidc }) =>
            oidc.result?.select_account ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
    );
    policy.add(new Prompt({ name: 'select_account', requestable: true }, check), 0);
    return policy;
}

function errorPage(source) {
    return (ctx, out) => {
        const { title, text } = source.pageError(out);
        ctx.type = 'html';
        ctx.body =
            `<!doctype html><html lang="en"><title>${escapeHtml(title)}</title>` +
            `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text ?? '')}</p>`;
    };
}

export class Identity {
    #offline = new Set(); // grants with a refresh token
    #known = new Set(); // who consented before, to which client
    #tenants = new Map(); // at which tenant a code was asked for
    #replaced = new Map(); // a refresh token, and the one that it was given for
    #revoking = []; // [person's sub, client id] of revocations that take effect later

    constructor(source, { base, redirectUris, keys, control }) {
        Object.assign(this, { source, keys, control, base });
        this.memory = new Memory({ keepUsed: ['RefreshToken'] });
        this.secrets = new Set(); // all that ever passed: tests search logs for them
        this.provider = new Provider(base, this.#configuration(redirectUris));
        this.#lengthenTokens();
        this.provider.use((ctx, next) => this.#shapeAnswer(ctx, next));
        this.provider.on('grant.error', (ctx, error) => {
            ctx.state.detail = `${error.error_detail ?? ''} ${error.error_description ?? ''}`;
            ctx.body = source.tokenError(ctx.body, ctx.state.detail);
        });
        this.provider.on('server_error', (ctx, error) => console.error(error));
    }

    #configuration(redirectUris) {
        const { source } = this;
        return {
            adapter: this.memory.adapter(),
            clients: [
                {
                    ...source.client,
                    redirect_uris: redirectUris,
                    grant_types: ['authorization_code', 'refresh_token'],
                    response_types: ['code'],
                    token_endpoint_auth_method: 'client_secret_post',
                    id_token_signed_response_alg: 'ES256',
                },
            ],
            jwks: { keys: [INNER_KEY] },
            routes: source.routes,
            scopes: source.scopes,
            extraParams: source.extraParams,
            claims: source.claims,
            conformIdTokenClaims: false,
            pkce: { required: () => true, methods: ['S256'] },
            clientAuthMethods: ['client_secret_post', 'client_secret_basic'],
            features: {
                devInteractions: { enabled: false },
                rpInitiatedLogout: { enabled: false },
            },
            interactions: { policy: promptPolicy(), url: (ctx, { uid }) => `/interaction/${uid}` },
            cookies: {
                keys: ['loopback only'],
                names: {
                    session: `${source.name}_session`,
                    interaction: `${source.name}_interaction`,
                    resume: `${source.name}_resume`,
                },
            },
            findAccount: (ctx, sub) => this.#account(sub),
            issueRefreshToken: (ctx, client, code) => this.#offline.has(code.grantId),
            rotateRefreshToken: () => this.control.isStrict || source.rotatesRefreshTokens,
            expiresWithSession: () => false,
            ttl: {
                AccessToken: 3599,
                AuthorizationCode: 600,
                IdToken: 3600,
                RefreshToken: 90 * DAY_S,
                Grant: 90 * DAY_S,
                Interaction: 3600,
                Session: 3600,
            },
            renderError: errorPage(source),
        };
    }

    #account(sub) {
        const person = this.source.people.find((someone) => someone.sub === sub);
        const claims = () => ({
            sub,
            ...this.source.claimsOf(person, this.source.client.client_id),
        });
        return person && { accountId: sub, claims };
    }

    // Real tokens are long and have telling beginnings.
    #lengthenTokens() {
        const { secrets } = this;
        for (const [model, [prefix, length]] of Object.entries(this.source.tokens)) {
            const { prototype } = this.provider[model];
            const choosesFormat = prototype.generateTokenId;
            prototype.generateTokenId = function generateTokenId() {
                choosesFormat.call(this);
                const random = crypto.randomBytes(length).toString('base64url');
                const token = prefix + random.slice(0, length - prefix.length);
                secrets.add(token);
                return token;
            };
        }
    }

    // A person who signed in before is asked again: no single sign-on between two flows.
    forgetSession(request) {
        const cookies = (request.headers.cookie ?? '').split(/;\s*/);
        const kept = cookies.filter((cookie) => !cookie.startsWith(`${this.source.name}_session`));
        request.headers.cookie = kept.join('; ');
    }

    async #shapeAnswer(ctx, next) {
        await next();
        if (ctx.path === this.source.routes.token) {
            ctx.req.entry.form = ctx.oidc?.body;
            if (ctx.body?.access_token) await this.#shapeTokens(ctx);
            this.#send(ctx);
        } else if (ctx.status === 303) {
            this.#shapeCallback(ctx);
        }
    }

    #send(ctx) {
        if (!ctx.body?.constructor || ctx.body.constructor !== Object) return;
        const { bytes, headers } = encode(ctx.res, ctx.body);
        ctx.body = bytes;
        ctx.set(headers);
    }

    async #shapeTokens(ctx) {
        const { params, entities } = ctx.oidc;
        if (params.code && this.#tenants.get(params.code) !== ctx.req.tenant) {
            await this.revokeConsent(ctx.body.access_token);
            ctx.status = 400;
            ctx.body = this.source.tokenError({ error: 'invalid_grant' }, 'other tenant');
            return;
        }
        const person = this.source.people.find(({ sub }) => sub === entities.Account.accountId);
        const delay = this.control.slowness.get(person.email);
        if (delay) holdBack(ctx.res, delay, ctx.req.entry);
        const why = params.refresh_token && this.control.takeRefusal(person.email);
        if (why) {
            ctx.status = 400;
            ctx.body = this.source.refusals[why]();
            return;
        }
        const body = { ...ctx.body };
        const hasNewRefreshToken = body.refresh_token !== params.refresh_token;
        if (params.refresh_token) this.#replace(params.refresh_token, body.refresh_token);
        if (body.id_token) body.id_token = this.#signIdToken(body.id_token, person);
        if (typeof body.id_token === 'string') this.secrets.add(body.id_token);
        const { grantLifeS } = this.control;
        if (params.code && body.refresh_token) this.#limitRefreshTokens(body.refresh_token, person);
        ctx.body = this.control.patchTokens(
            this.source.shapeTokens(body, { hasNewRefreshToken, grantLifeS }),
        );
    }

    // A grant may end by time; and a person has only so many living refresh tokens for one
    // client: one more silently ends the oldest.
    #limitRefreshTokens(token, person) {
        const { grantLifeS } = this.control;
        if (grantLifeS !== undefined) this.memory.endAfter('RefreshToken', token, grantLifeS);
        const { mostRefreshTokens = Infinity, client } = this.source;
        this.memory.keepNewest('RefreshToken', person.sub, client.client_id, mostRefreshTokens);
    }

    // Strictly: the first use of a new refresh token is the end of the one before it.
    #replace(used, given) {
        const before = this.#replaced.get(used);
        if (this.control.isStrict && before) {
            this.memory.forget(({ kind, jti }) => kind === 'RefreshToken' && jti === before);
        }
        if (given !== used) this.#replaced.set(given, used);
    }

    #signIdToken(original, person) {
        const key = this.keys.current(this.source.keyIssuerOf(person));
        const claims = JSON.parse(Buffer.from(original.split('.')[1], 'base64url'));
        claims.iss = this.source.issuerOf(person);
        if (this.source.name === 'microsoft') delete claims.at_hash;
        const header = { alg: 'RS256', kid: key.kid, typ: 'JWT' };
        const { client_secret: secret } = this.source.client;
        const token = { header, claims, key, secret, keys: this.keys, base: this.base };
        return forge(this.control.takeForgery() ?? {}, token);
    }

    #shapeCallback(ctx) {
        const { params, session } = ctx.oidc ?? {};
        const location = ctx.response.get('location');
        if (!params?.redirect_uri || !location.startsWith(params.redirect_uri)) return;
        const url = new URL(location);
        const out = url.searchParams;
        if (this.source.name === 'microsoft') out.delete('iss');
        if (out.has('code')) {
            this.#tenants.set(out.get('code'), params.standin_tenant);
            const person = this.source.people.find(({ sub }) => sub === session.accountId);
            const scope = ctx.oidc.entities.Grant?.getOIDCScopeFiltered(
                new Set(params.scope.split(' ')),
            );
            this.source.onSuccess(out, { person, scope: scope ?? params.scope });
        } else if (out.get('error') === 'access_denied') {
            this.source.onRefusal(out);
        }
        this.control.patchCallback(out);
        ctx.redirect(this.control.wayOf(url));
        ctx.status = 303;
    }

    // The question on the consent page: {uid, params, people}.
    async question(request, response) {
        const { uid, params } = await this.provider.interactionDetails(request, response);
        const people = this.source.people.filter((person) =>
            this.source.mayChoose(person, params.standin_tenant),
        );
        return { uid, params, people };
    }

    refuse(request, response) {
        const result = { error: 'access_denied', error_description: 'The user said no.' };
        return this.provider.interactionFinished(request, response, result, {
            mergeWithLastSubmission: false,
        });
    }

    // The person agrees to `granted`, a list of some of the scopes that were asked for.
    async agree(request, response, { params, person, granted }) {
        const wanted = params.scope.split(' ');
        const grant = new this.provider.Grant({
            accountId: person.sub,
            clientId: params.client_id,
        });
        const refused = wanted.filter((scope) => !granted.includes(scope));
        grant.addOIDCScope(granted.join(' '));
        if (refused.length > 0) grant.rejectOIDCScope(refused.join(' '));
        const grantId = await grant.save();
        const pair = `${person.sub} ${params.client_id}`;
        const isFirst = !this.#known.has(pair);
        this.#known.add(pair);
        if (this.source.givesRefreshToken({ params, granted, isFirst })) this.#offline.add(grantId);
        const result = {
            select_account: {},
            login: { accountId: person.sub },
            consent: { grantId },
        };
        return this.provider.interactionFinished(request, response, result, {
            mergeWithLastSubmission: false,
        });
    }

    // The person and the scopes of a bearer token; undefined when it is not valid.
    async grantOf(accessToken) {
        const token = accessToken && (await this.provider.AccessToken.find(accessToken));
        if (!token?.isValid) return undefined;
        const person = this.source.people.find(({ sub }) => sub === token.accountId);
        return { person, scopes: (token.scope ?? '').split(' ') };
    }

    async revokeConsent(text = '') {
        const { AccessToken, RefreshToken } = this.provider;
        const token = (await RefreshToken.find(text)) ?? (await AccessToken.find(text));
        if (!token?.isValid) return false;
        const { accountId, clientId } = token;
        if (this.control.isLate) this.#revoking.push([accountId, clientId]);
        else this.#forgetConsent(accountId, clientId);
        return true;
    }

    #forgetConsent(accountId, clientId) {
        this.memory.forgetConsent(accountId, clientId);
        this.#known.delete(`${accountId} ${clientId}`);
    }

    // The revocations that came while the control was `late` take effect.
    settleRevocations() {
        for (const consent of this.#revoking.splice(0)) this.#forgetConsent(...consent);
    }

    // The person withdraws the consent on the source's own pages.
    withdraw(person) {
        this.#forgetConsent(person.sub, this.source.client.client_id);
    }

    reset() {
        this.memory.clear();
        this.#offline.clear();
        this.#known.clear();
        this.#replaced.clear();
        this.#revoking.length = 0;
    }
}
