import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Database, OpenDatabase, Queries, SqlValue } from './database.ts'

const migrations = ['CREATE TABLE entry (id TEXT PRIMARY KEY) STRICT']

/** What every store of an e-service must do. `open` gives what opens stores where there are none yet, which are still there when they are opened again. */
export async function testDatabase (t: Test, open: (t: Test) => Promise<OpenDatabase>): Promise<void> {
  const openOne = async (t: Test, schema: readonly string[] = migrations): Promise<Database> => {
    const database = await (await open(t))('things', schema)
    t.teardown(async () => database.close())
    return database
  }

  await t.test('migrations run once, in order, and what was stored survives', async (t) => {
    const stores = await open(t)
    const first = await stores('things', migrations)
    await first.query('INSERT INTO entry VALUES (?)', ['a'])
    await first.close()
    const second = await stores('things', [...migrations, "ALTER TABLE entry ADD COLUMN state TEXT NOT NULL DEFAULT 'new'; CREATE INDEX entry_by_state ON entry (state) WHERE state <> 'old'"])
    t.strictSame(plain(await second.query('SELECT * FROM entry')), [{ id: 'a', state: 'new' }])
    await second.close()
  })

  await t.test('a migration that fails leaves nothing behind', async (t) => {
    const stores = await open(t)
    await t.rejects(stores('things', [...migrations, 'CREATE TABLE other (id TEXT); INSERT INTO nowhere VALUES (1)']))
    const database = await stores('things', [...migrations, 'CREATE TABLE other (id TEXT) STRICT'])
    t.strictSame(await database.query('SELECT * FROM other'), [])
    await database.close()
  })

  await t.test('a store of a newer version is refused with what to do', async (t) => {
    const stores = await open(t)
    await (await stores('things', [...migrations, 'CREATE TABLE other (id TEXT)'])).close()
    await t.rejects(stores('things', migrations), { message: /written by a newer version .*schema 2, known 1.*upgrade/ })
  })

  await t.test('each e-service has a store of its own', async (t) => {
    const stores = await open(t)
    const [one, other] = await Promise.all(['things', 'other-things'].map(async (name) => stores(name, migrations))) as [Database, Database]
    await one.query('INSERT INTO entry VALUES (?)', ['a'])
    t.strictSame(await other.query('SELECT * FROM entry'), [])
    await Promise.all([one.close(), other.close()])
  })

  await t.test('a transaction takes effect whole or not at all, and the next one still runs', async (t) => {
    const database = await openOne(t)
    await t.rejects(database.transaction(async (queries) => {
      await queries.query('INSERT INTO entry VALUES (?)', ['lost'])
      throw new Error('no')
    }), { message: 'no' })
    t.strictSame(await database.query('SELECT * FROM entry'), [])
    t.equal(await database.transaction(async (queries) => (await queries.query('INSERT INTO entry VALUES (?) RETURNING id', ['kept'])).length), 1)
    t.equal((await database.query('SELECT * FROM entry')).length, 1)
  })

  await t.test('a statement that failed fails its transaction, whatever becomes of its error', async (t) => {
    const database = await openOne(t)
    await t.rejects(database.transaction(async (queries) => {
      await queries.query('INSERT INTO entry VALUES (?)', ['a'])
      await queries.query('INSERT INTO entry VALUES (?)', ['a']).catch(() => undefined)
    }))
    t.strictSame(await database.query('SELECT * FROM entry'), [])
    await t.rejects(database.query('INSERT INTO nowhere VALUES (1)'))
    t.strictSame(await database.query('SELECT * FROM entry'), [], 'and a failed statement leaves the store good')
  })

  await t.test('statements that nobody waited for belong to their transaction, and none comes after its end', async (t) => {
    const database = await openOne(t)
    const insert = async (queries: Queries, id: string) => queries.query('INSERT INTO entry VALUES (?)', [id])
    await t.rejects(database.transaction(async (queries) => {
      await insert(queries, 'a')
      void insert(queries, 'a').catch(() => undefined)
    }), 'what failed unseen is not told to be done')
    const late = Promise.withResolvers<unknown>()
    await t.rejects(database.transaction(async (queries) => Promise.all([
      queries.query('INSERT INTO nowhere VALUES (1)'),
      insert(queries, 'b'),
      (async () => {
        await wait(20)
        late.resolve(await insert(queries, 'c').catch((error: unknown) => error))
      })()
    ])))
    t.match(await late.promise, { message: /after the end of its transaction/ })
    t.strictSame(await database.query('SELECT * FROM entry'), [])
    await database.transaction(async (queries) => { void insert(queries, 'd') })
    t.strictSame(plain(await database.query('SELECT * FROM entry')), [{ id: 'd' }])
  })

  await t.test('what others ask meanwhile sees nothing of an open transaction', async (t) => {
    const database = await openOne(t)
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

  await t.test('transactions take turns: what one reads nobody changes until it ends', async (t) => {
    const database = await openOne(t, ['CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT', "INSERT INTO counter VALUES ('a', 0)"])
    await Promise.all(Array.from({ length: 20 }, async () => database.transaction(async (queries) => {
      const [row] = await queries.query<{ n: number }>('SELECT n FROM counter WHERE name = ?', ['a'])
      await turn()
      await queries.query('UPDATE counter SET n = ? WHERE name = ?', [(row?.n ?? 0) + 1, 'a'])
    })))
    t.strictSame(plain(await database.query('SELECT n FROM counter')), [{ n: 20 }])
  })

  await t.test('rows are the same everywhere', async (t) => {
    const database = await openOne(t, [`CREATE TABLE kinds (position INTEGER PRIMARY KEY, t TEXT, n INTEGER, r REAL, UNIQUE (t)) STRICT; -- "why?"
      CREATE TABLE keyed (t TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (t, n)) STRICT, WITHOUT ROWID`])
    const insert = async (t: SqlValue, n: SqlValue, r: SqlValue) => database.query('INSERT INTO kinds (t, n, r) VALUES (?, ?, ?)', [t, n, r])
    await insert('what?', Number.MAX_SAFE_INTEGER, 0.1)
    await insert("it's \u0001 \\ “così” 🚪", -3n, 5)
    await insert(null, null, null)
    t.strictSame(plain(await database.query("SELECT *, 'a?' AS a, t IS NULL AS absent, length(t) AS long FROM kinds ORDER BY position")), [
      { position: 1, t: 'what?', n: Number.MAX_SAFE_INTEGER, r: 0.1, a: 'a?', absent: 0, long: 5 },
      { position: 2, t: "it's \u0001 \\ “così” 🚪", n: -3, r: 5, a: 'a?', absent: 0, long: 17 },
      { position: 3, t: null, n: null, r: null, a: 'a?', absent: 1, long: null }
    ])
    t.strictSame(plain(await database.query(`SELECT count(*) AS rows, sum(n) AS whole, avg(n) AS mean, sum(r) AS reals, max(t) AS last, coalesce(min(n), 0) AS least FROM kinds
      WHERE position > ? AND (t, n) >= (?, ?)`, [1, '', 0])), [{ rows: 1, whole: -3, mean: -3, reals: 5, last: "it's \u0001 \\ “così” 🚪", least: -3 }])
    t.strictSame(plain(await database.query('SELECT CAST(? AS INTEGER) AS n, CAST(? AS TEXT) AS t, CAST(? AS REAL) AS r, n / 2 AS half FROM kinds WHERE n < ?', [7, 'x', 2.5, 0])), [{ n: 7, t: 'x', r: 2.5, half: -1 }])
    await insert('none', 1, NaN)
    t.strictSame(plain(await database.query('SELECT r FROM kinds WHERE t = ?', ['none'])), [{ r: null }])
    await database.query('DELETE FROM kinds WHERE t = ?', ['none'])
    await t.rejects(insert('what?', 1, 1), 'unique')
    await t.rejects(insert('x', 0.5, 1), 'no INTEGER')
    await t.rejects(database.query('SELECT n + 1 AS n FROM kinds'), RangeError, 'no number that JavaScript cannot hold')
    t.strictSame(plain(await database.query('SELECT n FROM kinds ORDER BY n DESC NULLS LAST')).map(({ n }) => n), [Number.MAX_SAFE_INTEGER, -3, null])
  })

  await t.test('text sorts and compares by its bytes', async (t) => {
    const database = await openOne(t)
    for (const id of ['è', 'b', 'A', 'a', 'Z', '_', '1', 'a-b', 'ab']) await database.query('INSERT INTO entry VALUES (?)', [id])
    t.strictSame(plain(await database.query('SELECT id FROM entry ORDER BY id')).map(({ id }) => id), ['1', 'A', 'Z', '_', 'a', 'a-b', 'ab', 'b', 'è'])
    t.equal((await database.query('SELECT id FROM entry WHERE id > ? AND substr(id, 1, 1) <> ?', ['Z', 'a'])).length, 3)
  })

  await t.test('a row that is there already is added to, or left', async (t) => {
    const database = await openOne(t, ['CREATE TABLE tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0)) STRICT, WITHOUT ROWID'])
    const add = async (n: number) => database.query<{ n: number }>('INSERT INTO tally VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = tally.n + excluded.n RETURNING n', ['a', n])
    await add(2)
    t.strictSame(plain(await add(3)), [{ n: 5 }])
    t.strictSame(await database.query('INSERT INTO tally VALUES (?, ?) ON CONFLICT DO NOTHING', ['a', 9]), [])
    await t.rejects(add(-6))
    t.strictSame(plain(await database.query('DELETE FROM tally RETURNING n')), [{ n: 5 }])
  })
}

/** Rows without what their makers gave them for a prototype. */
function plain (rows: readonly Record<string, SqlValue>[]): readonly Record<string, SqlValue>[] {
  return rows.map((row) => ({ ...row }))
}
