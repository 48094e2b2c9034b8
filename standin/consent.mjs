// SPDX-License-Identifier: Apache-2.0
// The page where a person picks an account and agrees, in part or whole, or refuses.
import { escapeHtml, readBody, send } from './wire.mjs';

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1b1b1f}
fieldset{border:1px solid #c4c6d0;border-radius:.5rem;margin:1rem 0}label{display:block;padding:.25rem 0}
code{overflow-wrap:anywhere}button{font:inherit;padding:.5rem 1.25rem;border-radius:.5rem;border:1px solid #44474f;background:#fff}
button[value=allow]{background:#1a56b0;border-color:#1a56b0;color:#fff}`;

const choice = (person, index) =>
    `<label><input type="radio" name="account" value="${escapeHtml(person.email)}"` +
    `${index === 0 ? ' checked' : ''}> ${escapeHtml(person.name)} (${escapeHtml(person.email)})</label>`;

const permission = (isGranular) => (scope) =>
    isGranular && scope.includes('/')
        ? `<label><input type="checkbox" name="scope" value="${escapeHtml(scope)}" checked> <code>${escapeHtml(scope)}</code></label>`
        : `<input type="hidden" name="scope" value="${escapeHtml(scope)}"><p><code>${escapeHtml(scope)}</code></p>`;

function page(source, { uid, params, people }) {
    const title = `Sign in with ${source.name === 'google' ? 'Google' : 'Microsoft'} (stand-in)`;
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
<form method="post" action="/interaction/${uid}">
<fieldset><legend>Choose an account</legend>${people.map(choice).join('\n')}</fieldset>
<fieldset><legend>${escapeHtml(params.client_id)} wants access to</legend>
${params.scope.split(' ').map(permission(source.isGranular)).join('\n')}</fieldset>
<button name="action" value="allow">Allow</button>
<button name="action" value="deny">Cancel</button>
</form></main></body></html>`;
}

// What control said to answer without a page, as if a form had been sent.
function automatic(answer, { params, people }) {
    return {
        action: answer.deny ? 'deny' : 'allow',
        account: answer.account ?? people[0].email,
        scopes: params.scope.split(' ').filter((scope) => !answer.leaveOut?.includes(scope)),
    };
}

async function submitted(request) {
    const form = new URLSearchParams(await readBody(request));
    return {
        action: form.get('action'),
        account: form.get('account'),
        scopes: form.getAll('scope'),
    };
}

export async function consent({ request, response, identity, control }) {
    const question = await identity.question(request, response);
    if (request.method !== 'POST' && !control.automatic) {
        return send(response, 200, page(identity.source, question));
    }
    const answer =
        request.method === 'POST'
            ? await submitted(request)
            : automatic(control.automatic, question);
    const person = question.people.find(({ email }) => email === answer.account);
    if (answer.action !== 'allow' || !person) return identity.refuse(request, response);
    const wanted = question.params.scope.split(' ');
    const granted = wanted.filter((scope) => answer.scopes.includes(scope));
    return identity.agree(request, response, { params: question.params, person, granted });
}
