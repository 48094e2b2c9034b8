// SPDX-License-Identifier: Apache-2.0
// A client whose types are made of openapi.json alone, into api.d.ts. Every switch names all words of its
// set: without one of them it doesn't compile.
import type { components, operations } from './api.js';

type Schemas = components['schemas'];
type Query<Name extends keyof operations> = operations[Name]['parameters']['query'];
type Id = operations['accounts_get']['parameters']['path']['id'];

export class Refusal extends Error {
    constructor(readonly body: Schemas['Error']) {
        super(body.message);
    }
}

export class Client {
    constructor(
        readonly base: string,
        readonly token: string,
    ) {}

    initiate(body: Schemas['InitiateRequest']): Promise<Schemas['InitiateResponse']> {
        return this.#ask('/accounts/oauth2/initiate', {
            method: 'POST',
            body: JSON.stringify(body),
        });
    }

    accounts(query: Query<'accounts_list'> = {}): Promise<Schemas['AccountList']> {
        const given = Object.entries(query).map(([name, value]) => [name, String(value)]);
        return this.#ask(`/accounts?${new URLSearchParams(given)}`);
    }

    account(id: Id): Promise<Schemas['Account']> {
        return this.#ask(`/accounts/${id}`);
    }

    // An account's id is what its path takes.
    again(account: Schemas['Account']): Promise<Schemas['Account']> {
        return this.account(account.id);
    }

    async #ask<Answer>(path: string, options: RequestInit = {}): Promise<Answer> {
        const answer = await fetch(`${this.base}/api/v2/external_calendars${path}`, {
            ...options,
            headers: {
                Authorization: `Token ${this.token}`,
                'Content-Type': 'application/json',
            },
        });
        const body: unknown = await answer.json();
        if (!answer.ok) throw new Refusal(body as Schemas['Error']);
        return body as Answer;
    }
}

function unknown(word: never): never {
    throw new Error(`unknown: ${word}`);
}

// What a program does after an error.
export function nextAfter(
    code: Schemas['Error']['code'],
): 'mend' | 'ask' | 'forget' | 'reconnect' | 'retry' {
    switch (code) {
        case 'parameter_invalid':
        case 'parse_error':
        case 'provider_required':
        case 'mode_required':
        case 'malformed_request':
        case 'method_not_allowed':
        case 'not_acceptable':
        case 'payload_too_large':
        case 'unsupported_media_type':
        case 'head_too_large':
        case 'not_implemented':
        case 'http_version_not_supported':
            return 'mend';
        case 'not_authenticated':
        case 'authentication_failed':
        case 'provider_invalid':
        case 'mode_not_allowed':
        case 'permission_denied':
        case 'feature_not_enabled':
        case 'internal_error':
            return 'ask';
        case 'not_found':
            return 'forget';
        case 'conflict':
            return 'reconnect';
        case 'request_timeout':
        case 'throttled':
        case 'calendar_source_error':
        case 'unavailable':
        case 'calendar_source_timeout':
            return 'retry';
        default:
            return unknown(code);
    }
}

// What helps a person whose flow ended without an account.
export function helpAfter(
    error: Schemas['FlowError'],
): 'ask again' | 'start again' | 'another account' | 'an administrator' | 'wait' | 'the operator' {
    switch (error) {
        case 'access_denied':
            return 'ask again';
        case 'missing_scopes':
        case 'no_refresh_token':
        case 'authorization_withdrawn':
        case 'state_expired':
        case 'code_rejected':
        case 'identity_invalid':
        case 'server_error':
            return 'start again';
        case 'account_type_not_allowed':
        case 'no_calendar':
        case 'account_in_use':
        case 'wrong_account':
            return 'another account';
        case 'admin_consent_required':
            return 'an administrator';
        case 'source_rate_limited':
        case 'source_unavailable':
        case 'source_error':
            return 'wait';
        case 'feature_not_enabled':
        case 'source_misconfigured':
            return 'the operator';
        default:
            return unknown(error);
    }
}

// Whether somebody else than the person may be to blame.
export function isOurs(reason: NonNullable<Schemas['Account']['status_reason']>): boolean {
    switch (reason) {
        case 'grant_revoked':
        case 'missing_scopes':
        case 'identity_invalid':
            return false;
        case 'grant_unreadable':
            return true;
        default:
            return unknown(reason);
    }
}
