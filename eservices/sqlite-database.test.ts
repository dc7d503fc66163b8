import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { testDatabase } from './database-suite.ts'
import { DatabaseUnavailable } from './database.ts'
import { openSqlite, sqliteIn } from './sqlite-database.ts'

const migrations = ['CREATE TABLE entry (id TEXT PRIMARY KEY) STRICT']
const folder = await mkdtemp(join(tmpdir(), 'varco-database-'))
t.teardown(async () => rm(folder, { recursive: true }))

t.test('SQLite does what every store does', async (t) => testDatabase(t, async () => sqliteIn(await mkdtemp(join(folder, 'suite-')))))

t.test('a store that is full is not there: nothing of what did not fit is kept, and it is good when there is room', async (t) => {
  const database = await openSqlite(join(folder, 'full.sqlite'), migrations)
  t.teardown(async () => database.close())
  const insert = async (id: string) => database.transaction(async (queries) => queries.query('INSERT INTO entry VALUES (?)', [id]))
  await insert('small')
  await database.query('PRAGMA max_page_count = 3')
  await t.rejects(insert('large'.repeat(10_000)), new DatabaseUnavailable('SQLite cannot be used: database or disk is full'))
  await database.query('PRAGMA max_page_count = 1000')
  await insert('large'.repeat(10_000))
  t.equal((await database.query('SELECT id FROM entry')).length, 2)
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
