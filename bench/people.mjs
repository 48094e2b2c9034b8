// SPDX-License-Identifier: Apache-2.0
// People who connect an account: to the source they go with the state that they were given, and
// come back from it with a code that says who they are.
import { ask } from '../standin/wire.mjs';
import { post } from './load.mjs';
import { headersOf } from './servers.mjs';
import { codeFor } from './source.mjs';

// → the URL of the callback; `user`: whose account it becomes, else the business's own
export async function beginFlow(server, subject, user) {
    const { uri } = JSON.parse((await post(server, headersOf(0, 1, user))).text);
    const { searchParams } = new URL(uri);
    const query = new URLSearchParams({
        state: searchParams.get('state'),
        code: codeFor(subject, searchParams.get('nonce')),
    });
    return `${server.origin}/oauth2/callback/google?${query}`;
}

// → the number of the account
export async function endFlow(url) {
    const { status, headers } = await ask(url);
    const query = URL.canParse(headers.location) && new URL(headers.location).searchParams;
    if (!query || query.get('success') !== '1')
        throw new Error(`a callback ended with ${status} ${headers.location}`);
    return Number(query.get('account'));
}
