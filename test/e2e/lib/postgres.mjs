// SPDX-License-Identifier: Apache-2.0
// A schema for one world, on the PostgreSQL whose URL is $CALDOCK_TEST_POSTGRES (script/postgres
// starts one), by PostgreSQL's own commands. Without the variable the suites run on SQLite.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Teller } from './teller.mjs';

const server = process.env.CALDOCK_TEST_POSTGRES;
const script = fileURLToPath(new URL('../../../script/postgres', import.meta.url));
const run = promisify(execFile);
const MOST_BYTES = 64 * 1024 * 1024;
// How psql tells that a question was answered, and whether it went wrong.
const END = 'answered, wrong: ';
let serial = 0;

export class Schema {
    name = `e2e_${process.pid}_${++serial}`;
    url = `${server}&options=-csearch_path%3D${this.name}`;

    // → null where the suites run on SQLite.
    static async create() {
        if (!server) return null;
        const schema = new Schema();
        await schema.sql(`create schema ${schema.name}`);
        return schema;
    }

    // → what it selects
    async sql(text) {
        this.teller ??= this.#open();
        const lines = await this.teller.ask(`${text};\n\\echo ${END}:ERROR\n`);
        if (lines.pop() !== `${END}false`) throw new Error(`${lines.join('\n')}: ${text}`);
        return lines.join('\n').trim();
    }

    // Notices would stand among the rows, as errors do.
    #open() {
        const url = `${this.url}%20-cclient_min_messages%3Dwarning`;
        const psql = ['-c', 'exec psql -qAtX "$1" 2>&1', 'sh', url];
        return new Teller('sh', psql, (line) => line.startsWith(END));
    }

    async drop() {
        await this.sql(`drop schema ${this.name} cascade`);
        this.teller.end();
    }

    // All that it holds: text as it is, bytes as bytes.
    async bytes() {
        const options = { encoding: 'latin1', maxBuffer: MOST_BYTES };
        const args = ['--data-only', '-n', this.name, server];
        const { stdout } = await run('pg_dump', args, options);
        const text = stdout.replace(/\\\\x([0-9a-f]+)/g, (_, hex) =>
            Buffer.from(hex, 'hex').toString('latin1'),
        );
        return Buffer.from(text, 'latin1');
    }
}

// A server of a suite's own, which may crash, or stand still.
export class Cluster {
    static async create() {
        const cluster = new Cluster();
        cluster.folder = await mkdtemp(path.join(os.tmpdir(), 'caldock-pg-'));
        await cluster.start();
        return cluster;
    }

    async start() {
        this.url = (await run(script, ['start', this.folder])).stdout.trim();
    }

    crash() {
        return run(script, ['crash', this.folder]);
    }

    remove() {
        return run(script, ['stop', this.folder]);
    }

    // The server and its processes, one for each connection.
    async #pids() {
        const [pid] = (await readFile(path.join(this.folder, 'data/postmaster.pid'), 'utf8')).split(
            '\n',
        );
        const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
        return [pid, ...children.trim().split(' ')].filter(Boolean).map(Number);
    }

    async #signal(name) {
        for (const pid of await this.#pids()) process.kill(pid, name);
    }

    // Connections stay open, and nobody answers, as when its machine is paused.
    freeze() {
        return this.#signal('SIGSTOP');
    }

    thaw() {
        return this.#signal('SIGCONT');
    }
}
