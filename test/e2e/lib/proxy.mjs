// SPDX-License-Identifier: Apache-2.0
// The proxies of examples/, in front of nodes of a test: the files as they are, but for ports, places
// and the user.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from '../../../standin/caldock.mjs';

const example = (name) => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// A key and its certificate for 127.0.0.1: `folder`/caldock.key, and both in `folder`/caldock.pem.
async function makeCertificate(folder) {
    const key = path.join(folder, 'caldock.key');
    const certificate = path.join(folder, 'caldock.crt');
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2';
    const more = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', certificate];
    await promisify(execFile)('openssl', [...words.split(' '), ...more, ...files]);
    const text = (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8'));
    await writeFile(path.join(folder, 'caldock.pem'), text);
    return text;
}

// Each pair stands in the text, and is replaced everywhere.
function substitute(text, pairs) {
    return pairs.reduce((now, [from, to]) => {
        assert.ok(now.includes(from), `the example has no ${from}`);
        return now.replaceAll(from, to);
    }, text);
}

const PROXIES = {
    haproxy: {
        file: 'haproxy.cfg',
        places: (folder, ports) => [
            ['/etc/haproxy', folder],
            ['bind :443', `bind 127.0.0.1:${ports.internet}`],
        ],
        command: (file) => ['haproxy', '-db', '-f', file],
    },
    nginx: {
        file: 'nginx.conf',
        places: (folder, ports) => [
            ['/etc/nginx', folder],
            ['/var/log/nginx', folder],
            ['/run/nginx.pid', `${folder}/nginx.pid`],
            ['listen 443', `listen 127.0.0.1:${ports.internet}`],
            ['user www-data;', 'user root;'], // the folder of a test is its user's alone
            [
                'http {',
                ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
                    .map((what) => `${what}_temp_path ${folder}/${what};`)
                    .reduce((all, line) => `${all} ${line}`, 'http {'),
            ],
        ],
        command: (file) => ['nginx', '-p', path.dirname(file), '-g', 'daemon off;', '-c', file],
    },
};

export class Proxy {
    // {kind: of PROXIES, folder, addresses: of two nodes, as the proxy names them}
    static async start({ kind, folder, addresses: [one, two] }) {
        const { file, places, command } = PROXIES[kind];
        const ports = { internet: await freePort(), applications: await freePort() };
        const proxy = new Proxy();
        proxy.ca = await makeCertificate(folder);
        proxy.internet = `https://127.0.0.1:${ports.internet}`;
        proxy.applications = `https://127.0.0.1:${ports.applications}`;
        const text = substitute(await readFile(example(file), 'utf8'), [
            [' 127.0.0.1:8081 ', ` ${one} `],
            [' 127.0.0.1:8082 ', ` ${two} `],
            ['10.0.0.1:8443', `127.0.0.1:${ports.applications}`],
            ...places(folder, ports),
        ]);
        const own = path.join(folder, file);
        await writeFile(own, text);
        const [program, ...words] = command(own);
        const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
        proxy.child = spawn(program, words, { env, stdio: 'ignore' });
        running.add(proxy.child);
        proxy.ended = once(proxy.child, 'exit');
        return proxy;
    }

    async stop() {
        this.child.kill('SIGTERM');
        await this.ended;
        running.delete(this.child);
    }
}
