// SPDX-License-Identifier: Apache-2.0
// caldock store backup: of one moment while the service goes on, restored with the key file, and
// nothing that a cut leaves passes for one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFile, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
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

// Starts a backup of a store with many rows, and holds it where it has begun → {process, ended, part}
async function begun(caldock, file) {
    const names = async () =>
        (await readdir(caldock.folder)).filter((name) => /^cut\.db\.part-\w+-wal$/.test(name));
    const before = await names();
    const process = spawn(BINARY, ['store', 'backup', file, '--config', caldock.config]);
    let said = '';
    process.stderr.on('data', (data) => (said += data));
    const ended = new Promise((resolve) =>
        process.once('close', (code) => resolve({ code, said })),
    );
    let part;
    await until('it has begun', async () => {
        [part] = (await names()).filter((name) => !before.includes(name));
        return part;
    });
    process.kill('SIGSTOP');
    return { process, ended, part: part.replace(/-wal$/, '') };
}

const fill = (world) =>
    world.alterStore(
        "insert into tokens (hash, name, user_id, modes, created_at, expires_at)" +
            " with recursive s (i) as (select 1 union all select i + 1 from s where i < 100000)" +
            " select randomblob(32), 't', '', 3, 1, 0 from s",
    );

const cutFiles = async ({ folder }) =>
    (await readdir(folder)).filter((name) => name.startsWith('cut.db')).sort();

inWorld('a backup that is cut off has another name, and the next one removes it', onSqlite, async (world, at) => {
    const { caldock } = world;
    await fill(world);
    const { process, ended } = await begun(caldock, at('cut.db'));
    process.kill('SIGKILL');
    await ended;
    assert.ok(!(await cutFiles(caldock)).includes('cut.db'));
    await writeFile(at('cut.db.part'), 'of somebody else');
    await caldock.run('store', 'backup', at('cut.db'));
    assert.deepEqual(await cutFiles(caldock), ['cut.db', 'cut.db.part']);
});

inWorld('two backups with one name: the one that is cut off leaves the other alone', onSqlite, async (world, at) => {
    const { caldock } = world;
    await fill(world);
    const first = await begun(caldock, at('cut.db'));
    const second = await begun(caldock, at('cut.db'));
    second.process.kill('SIGKILL');
    await second.ended;
    first.process.kill('SIGCONT');
    const { code, said } = await first.ended;
    assert.equal(code, 0, said);
    await rename(at('cut.db'), at('caldock-night.db'));
    await caldock.run('store', 'copy', `sqlite:${at('caldock-night.db')}`, `sqlite:${at('proof.db')}`, '--snapshot');
    const third = await begun(caldock, at('cut.db'));
    const left = await cutFiles(caldock);
    third.process.kill('SIGCONT');
    assert.equal((await third.ended).code, 0);
    assert.ok(left.every((name) => name.startsWith(third.part)), left.join(' '));
});

inWorld('a file that comes to have the name of a backup stays', onSqlite, async (world, at) => {
    const { caldock } = world;
    await fill(world);
    const { process, ended } = await begun(caldock, at('cut.db'));
    await writeFile(at('cut.db'), 'of somebody else');
    process.kill('SIGCONT');
    const { code, said } = await ended;
    assert.deepEqual([code, /cut\.db is there already/.test(said)], [1, true]);
    assert.equal(await readFile(at('cut.db'), 'utf8'), 'of somebody else');
    assert.deepEqual(await cutFiles(caldock), ['cut.db']);
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
