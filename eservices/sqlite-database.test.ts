import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { openSqlite } from './sqlite-database.ts'

const migrations = ['CREATE TABLE entry (id TEXT PRIMARY KEY) STRICT']
const folder = await mkdtemp(join(tmpdir(), 'varco-database-'))
t.teardown(async () => rm(folder, { recursive: true }))

t.test('migrations run once, in order, and what was stored survives', async (t) => {
  const file = join(folder, 'migrated.sqlite')
  const first = await openSqlite(file, migrations)
  await first.query('INSERT INTO entry VALUES (?)', ['a'])
  await first.close()
  const second = await openSqlite(file, [...migrations, "ALTER TABLE entry ADD COLUMN state TEXT NOT NULL DEFAULT 'new'"])
  t.strictSame((await second.query('SELECT * FROM entry')).map((row) => ({ ...row })), [{ id: 'a', state: 'new' }])
  await second.close()
})

t.test('a store of a newer version is refused with what to do', async (t) => {
  const file = join(folder, 'newer.sqlite')
  await (await openSqlite(file, [...migrations, 'CREATE TABLE other (id TEXT)'])).close()
  await t.rejects(openSqlite(file, migrations), { message: /written by a newer version .*schema 2, known 1.*upgrade/ })
})

t.test('a transaction takes effect whole or not at all, and the next one still runs', async (t) => {
  const database = await openSqlite(':memory:', migrations)
  t.teardown(async () => database.close())
  await t.rejects(database.transaction(async (queries) => {
    await queries.query('INSERT INTO entry VALUES (?)', ['lost'])
    throw new Error('no')
  }), { message: 'no' })
  t.strictSame(await database.query('SELECT * FROM entry'), [])
  await database.transaction(async (queries) => queries.query('INSERT INTO entry VALUES (?)', ['kept']))
  t.equal((await database.query('SELECT * FROM entry')).length, 1)
})

t.test('what others ask meanwhile waits for an open transaction', async (t) => {
  const database = await openSqlite(':memory:', migrations)
  t.teardown(async () => database.close())
  const work = database.transaction(async (queries) => {
    await queries.query('INSERT INTO entry VALUES (?)', ['a'])
    await turn()
    throw new Error('rolled back')
  }).catch(() => undefined)
  await turn()
  const [seen, second] = await Promise.all([database.query('SELECT * FROM entry'), database.transaction(async (queries) => queries.query('SELECT 1 AS one')), work])
  t.strictSame(seen, [], 'nobody saw the row that was rolled back')
  t.equal(second.length, 1)
})

const noModes = process.platform === 'win32' && 'has no file modes'

t.test('a store is for its user alone, and so is the folder that is made for it', { skip: noModes }, async (t) => {
  const state = join(folder, 'made', 'state')
  const umask = process.umask(0)
  t.teardown(() => { process.umask(umask) })
  const database = await openSqlite(join(state, 'private.sqlite'), migrations)
  t.teardown(async () => database.close())
  t.equal((await stat(state)).mode & 0o777, 0o700)
  const files = await readdir(state)
  t.ok(files.length > 1, 'the store and its log')
  for (const file of files) t.equal((await stat(join(state, file))).mode & 0o777, 0o600, file)
})

t.test('a folder that is open to other users is refused with what to do, and nothing is put into it', { skip: noModes }, async (t) => {
  const open = join(folder, 'open')
  await mkdir(open)
  for (const mode of [0o755, 0o710, 0o701]) {
    await chmod(open, mode)
    await t.rejects(openSqlite(join(open, 'store.sqlite'), migrations), { message: `the state folder is open to other users: run chmod 700 ${open}, or name another` })
  }
  t.strictSame(await readdir(open), [])
})
