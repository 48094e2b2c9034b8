// SPDX-License-Identifier: Apache-2.0
// The page where a person picks an account and agrees, in part or whole, or refuses.
import { escapeHtml, readBody, send } from './wire.mjs';

const STYLE = `
:root { color-scheme: light dark; --line: #8a8f98; --accent: #1a56b0; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: .5rem 1rem; }
label, p { display: flex; gap: .6rem; align-items: baseline; margin: .4rem 0; }
button { font: inherit; padding: .5rem 1.25rem; border-radius: .5rem; border: 1px solid var(--line); }
button[value=allow] { background: var(--accent); border-color: var(--accent); color: #fff; }
`;

const input = (type, name, value, isChecked) =>
    `<input type="${type}" name="${name}" value="${escapeHtml(value)}"${isChecked ? ' checked' : ''}>`;

const choice = ({ name, email }, index) =>
    `<label>${input('radio', 'account', email, index === 0)} ${escapeHtml(`${name} (${email})`)}</label>`;

const permission = (isGranular) => (scope) => {
    const name = `<code>${escapeHtml(scope.replace(/^https:.*\//, ''))}</code>`;
    return isGranular && scope.includes('/')
        ? `<label>${input('checkbox', 'scope', scope, true)} ${name}</label>`
        : `<p>${input('hidden', 'scope', scope)}${name}</p>`;
};

function page(source, { uid, params, people }) {
    const title = `Sign in with ${source.title}`;
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}, a stand-in</title><style>${STYLE}</style></head>
<body><main><h1>${title}, a stand-in</h1>
<form method="post" action="/interaction/${uid}">
<fieldset><legend>Choose an account</legend>${people.map(choice).join('\n')}</fieldset>
<fieldset><legend>The application asks for</legend>
${params.scope.split(' ').map(permission(source.isGranular)).join('\n')}</fieldset>
<button name="action" value="allow">Allow</button>
<button name="action" value="deny">Cancel</button>
</form></main></body></html>`;
}

// The answer that `control.auto` asked for, as if a form had been sent.
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
