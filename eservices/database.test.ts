import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { openDatabase } from './database.ts'

const migrations = ['CREATE TABLE entry (id TEXT PRIMARY KEY) STRICT']
const folder = await mkdtemp(join(tmpdir(), 'varco-database-'))
t.teardown(async () => rm(folder, { recursive: true }))

t.test('migrations run once, in order, and what was stored survives', async (t) => {
  const file = join(folder, 'migrated.sqlite')
  const first = await openDatabase(file, migrations)
  await first.query('INSERT INTO entry VALUES (?)', ['a'])
  await first.close()
  const second = await openDatabase(file, [...migrations, "ALTER TABLE entry ADD COLUMN state TEXT NOT NULL DEFAULT 'new'"])
  t.strictSame((await second.query('SELECT * FROM entry')).map((row) => ({ ...row })), [{ id: 'a', state: 'new' }])
  await second.close()
})

t.test('a store of a newer version is refused with what to do', async (t) => {
  const file = join(folder, 'newer.sqlite')
  await (await openDatabase(file, [...migrations, 'CREATE TABLE other (id TEXT)'])).close()
  await t.rejects(openDatabase(file, migrations), { message: /written by a newer version .*schema 2, known 1.*upgrade/ })
})

t.test('a transaction takes effect whole or not at all, and the next one still runs', async (t) => {
  const database = await openDatabase(':memory:', migrations)
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
  const database = await openDatabase(':memory:', migrations)
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
