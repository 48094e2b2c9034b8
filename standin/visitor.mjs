// SPDX-License-Identifier: Apache-2.0
// A person with a browser, without the browser: follows redirects, keeps cookies and fills
// in the consent page. For tests and for the unattended demonstration.
import { ask } from './wire.mjs';

const MOST_HOPS = 20;

const unescapeHtml = (text) =>
    text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)).replace(/&amp;/g, '&');

const attribute = (tag, name) => {
    const [, value] = new RegExp(`\\b${name}="([^"]*)"`).exec(tag) ?? [];
    return value && unescapeHtml(value);
};

// The fields of the consent form that a person who changes nothing sends.
function fieldsOf(html) {
    const inputs = html.match(/<input\b[^>]*>/g) ?? [];
    const sent = inputs.filter(
        (tag) => attribute(tag, 'type') === 'hidden' || /\bchecked\b/.test(tag),
    );
    return sent.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')]);
}

export class Visitor {
    #cookies = new Map();

    #remember(url, cookies) {
        for (const cookie of cookies) {
            const [pair] = cookie.split(';');
            const [, path = '/'] = /;\s*path=([^;]*)/i.exec(cookie) ?? [];
            this.#cookies.set(`${url.host} ${path} ${pair.split('=')[0]}`, {
                host: url.host,
                path,
                pair,
            });
        }
    }

    #cookiesFor(url) {
        const fitting = [...this.#cookies.values()].filter(
            ({ host, path }) => host === url.host && url.pathname.startsWith(path),
        );
        return fitting.map(({ pair }) => pair).join('; ');
    }

    async #ask(url, { form, ...init }) {
        const headers = { accept: 'text/html', cookie: this.#cookiesFor(url) };
        if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
        const answer = await ask(url, { headers, body: form?.toString(), ...init });
        this.#remember(url, answer.cookies);
        return answer;
    }

    // Follows redirects to a page, or to a URL that begins with `until`, which is not fetched.
    // → {url, status?, text?}
    async open(address, { until, ...init } = {}) {
        let url = new URL(address);
        let request = init;
        for (let hop = 0; hop < MOST_HOPS; hop++) {
            if (until && url.href.startsWith(until)) return { url };
            const { status, headers, text } = await this.#ask(url, request);
            const { location } = headers;
            if (!location) return { url, status, text };
            url = new URL(location, url);
            request = {};
        }
        throw new Error(`no end of redirects at ${url.origin}${url.pathname}`);
    }

    // Goes from the authorization URL over the consent page to `until`, or to an error page.
    // {account?, leaveOut?: [scope], deny?}
    async consent(address, { until, account, leaveOut = [], deny = false } = {}) {
        const page = await this.open(address, { until });
        const [, action] = /<form method="post" action="([^"]*)"/.exec(page.text ?? '') ?? [];
        if (!action) return page;
        const fields = fieldsOf(page.text).filter(([, value]) => !leaveOut.includes(value));
        const form = new URLSearchParams(fields);
        if (account) form.set('account', account);
        form.set('action', deny ? 'deny' : 'allow');
        return this.open(new URL(action, page.url), { method: 'POST', form, until });
    }
}
