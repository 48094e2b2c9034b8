// SPDX-License-Identifier: Apache-2.0
// A schema of one's own on the PostgreSQL whose URL is $CALDOCK_TEST_POSTGRES (script/postgres
// starts one), by PostgreSQL's own commands. Without the variable the suites run on SQLite.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const server = process.env.CALDOCK_TEST_POSTGRES;
const run = promisify(execFile);
const MOST_BYTES = 64 * 1024 * 1024;
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
        const args = ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, this.url];
        return (await run('psql', args)).stdout.trim();
    }

    drop() {
        return this.sql(`drop schema ${this.name} cascade`);
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
