// SPDX-License-Identifier: Apache-2.0
// caldock store backup: of one moment while the service goes on, restored with the key file, and
// nothing that a cut leaves passes for one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { until } from './lib/until.mjs';
import { ACCOUNTS, BINARY, World } from './lib/world.mjs';

const onSqlite = { skip: process.env.CALDOCK_TEST_POSTGRES ? 'PostgreSQL has its own' : false };

const inWorld = (name, options, body) =>
    test(name, options, async (t) => {
        const world = await World.open();
        t.after(() => world.close());
        await body(world, (name) => path.join(world.caldock.folder, name));
    });

inWorld('a drill: back up while it serves, lose everything, restore', onSqlite, async (world, at) => {
    const { caldock } = world;
    const before = await world.connected('GOOG');
    assert.match(await caldock.run('store', 'backup', 'night.db'), /^7\taccounts\t1$/m);
    assert.equal((await stat(at('night.db'))).mode & 0o777, 0o600);
    assert.ok(!(await readdir(caldock.folder)).some((name) => name.includes('.part')));
    const again = await caldock.command('store', 'backup', 'night.db');
    assert.deepEqual([again.code, /night\.db is there already/.test(again.stderr)], [1, true]);
    const after = await world.connected('MSFT');
    await caldock.stop();
    for (const name of ['caldock.db', 'caldock.db-wal', 'caldock.db-shm'])
        await rm(at(name), { force: true });
    await copyFile(at('night.db'), at('caldock.db'));
    await caldock.start();
    const status = async (id) => (await world.ask(`${ACCOUNTS}/${id}/calendars`)).status;
    assert.equal(await status(before), 200); // its grant opens, and is used
    assert.equal(await status(after), 404); // what came later is lost
});

inWorld('a file that is deleted or replaced while it is open', onSqlite, async (world, at) => {
    const { caldock } = world;
    const readyz = async () => (await world.ask('/readyz', { token: null })).body.store;
    await caldock.run('store', 'backup', 'night.db');
    const account = await world.connected('GOOG');
    await rename(at('caldock.db'), at('aside.db'));
    await until('it is noticed', async () => (await readyz()) === 'file_gone');
    const gone = await world.ask(`${ACCOUNTS}/${account}`, { method: 'DELETE' });
    assert.equal(gone.status, 503);
    await rename(at('aside.db'), at('caldock.db'));
    await until('it is back', async () => (await readyz()) === 'ok');
    assert.equal((await world.ask(`${ACCOUNTS}/${account}`)).status, 200);
    await rename(at('night.db'), at('caldock.db'));
    await until('it is noticed', async () => (await readyz()) === 'file_replaced');
    await until('the log says so', () => /service.unready" reason="[^"]*another/.test(caldock.log));
    assert.equal((await world.ask(`${ACCOUNTS}/${account}`)).status, 503);
    await caldock.stop();
    await caldock.start();
    assert.deepEqual(await world.accounts(), []); // that of the night, without what came later
});

inWorld('a backup that is cut off has another name', onSqlite, async (world, at) => {
    const { caldock } = world;
    await world.alterStore(
        "insert into tokens (hash, name, user_id, modes, created_at, expires_at)" +
            " with recursive s (i) as (select 1 union all select i + 1 from s where i < 100000)" +
            " select randomblob(32), 't', '', 3, 1, 0 from s",
    );
    const backup = spawn(BINARY, ['store', 'backup', at('cut.db'), '--config', caldock.config]);
    const ended = new Promise((resolve) => backup.once('exit', resolve));
    const names = () => readdir(caldock.folder);
    await until('it has begun', async () => (await names()).includes('cut.db.part-wal'));
    backup.kill('SIGKILL');
    await ended;
    assert.ok(!(await names()).includes('cut.db'));
    await caldock.run('store', 'backup', at('cut.db'));
    const left = (await names()).filter((name) => name.startsWith('cut.db'));
    assert.deepEqual(left, ['cut.db']);
});

inWorld('what can not be backed up is said', onSqlite, async (world, at) => {
    const { caldock } = world;
    const away = await caldock.command('store', 'backup', at('nowhere/b.db'));
    assert.deepEqual([away.code, /folder must be there/.test(away.stderr)], [1, true]);
});

test('PostgreSQL: it says what to use, and no secret', async (t) => {
    const world = await World.open({ serve: false, provider: false });
    t.after(() => world.close());
    await world.caldock.configure({ store: { url: 'postgresql://u:hushhush@127.0.0.1:1/d' } });
    const { code, stderr } = await world.caldock.command('store', 'backup', 'b.dump');
    assert.equal(code, 1);
    assert.match(stderr, /pg_dump --format=custom --file=b\.dump/);
    assert.ok(!stderr.includes('hushhush'));
});
