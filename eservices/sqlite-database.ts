import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { atomically } from './atomic.ts'
import { DatabaseUnavailable, NewerVersion } from './database.ts'
import type { Database, OpenDatabase, Queries, SqlValue } from './database.ts'

/** The stores of the e-services as SQLite files in a folder, or in memory (':memory:'). */
export function sqliteIn (stateDir: string): OpenDatabase {
  return async (name, migrations) => openSqlite(stateDir === ':memory:' ? stateDir : join(stateDir, `${name}.sqlite`), migrations)
}

/**
 * Opens (and creates, 0600 in a 0700 folder) a SQLite file, or ':memory:', and applies the migrations that it has not seen yet, in order.
 * Throws a sentence when its folder is open to other users.
 */
export async function openSqlite (file: string, migrations: readonly string[]): Promise<Database> {
  if (file !== ':memory:') prepareFile(file)
  const sqlite = new DatabaseSync(file)
  sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000')
  try {
    migrate(sqlite, migrations, file)
  } catch (error) {
    sqlite.close()
    throw error
  }
  return new SqliteDatabase(sqlite)
}

function prepareFile (file: string): void {
  const folder = dirname(file)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) {
    throw new Error(`the state folder is open to other users: run chmod 700 ${folder}, or name another`)
  }
  // SQLite gives its log the mode of the store, which it would itself make readable to all.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
}

function migrate (sqlite: DatabaseSync, migrations: readonly string[], file: string): void {
  // Of processes that open it at once one does it; closing the store takes back what was not committed.
  sqlite.exec('BEGIN IMMEDIATE')
  const { user_version: done } = sqlite.prepare('PRAGMA user_version').get() as { user_version: number }
  if (done > migrations.length) throw new NewerVersion(file, done, migrations.length)
  for (const sql of migrations.slice(done)) sqlite.exec(sql)
  sqlite.exec(`PRAGMA user_version = ${migrations.length}; COMMIT`)
}

class SqliteDatabase implements Database {
  readonly #sqlite: DatabaseSync
  readonly #statements = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  #turn: Promise<unknown> = Promise.resolve()
  #inTransaction = false
  constructor (sqlite: DatabaseSync) {
    this.#sqlite = sqlite
  }

  async query<Row> (sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    // One connection: a statement from outside must not slip into an open transaction.
    while (this.#inTransaction) await this.#turn
    return this.#run(sql, parameters) as Row[]
  }

  async transaction<T> (work: (queries: Queries) => Promise<T>): Promise<T> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#turn = promise
    await before
    try {
      this.#exec('BEGIN IMMEDIATE')
      this.#inTransaction = true
      return await atomically({
        run: async (sql, parameters) => this.#run(sql, parameters),
        commit: async () => { this.#exec('COMMIT') },
        // A disk that is full has taken it back already.
        rollback: async () => { if (this.#sqlite.isTransaction) this.#exec('ROLLBACK') }
      }, work)
    } finally {
      this.#inTransaction = false
      resolve(undefined)
    }
  }

  async close (): Promise<void> {
    await this.#turn
    this.#sqlite.close()
  }

  #exec (sql: string): void {
    try {
      this.#sqlite.exec(sql)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  #run (sql: string, parameters: readonly SqlValue[]): unknown[] {
    try {
      let statement = this.#statements.get(sql)
      if (!statement) this.#statements.set(sql, statement = this.#sqlite.prepare(sql))
      return statement.all(...parameters)
    } catch (error) {
      throw toStoreError(error)
    }
  }
}

// Busy, locked, out of memory, read-only, I/O error, corrupt, full, cannot be opened, locking protocol, no database: what passes, or what an operator mends. https://www.sqlite.org/rescode.html
const unavailableCodes: readonly number[] = [5, 6, 7, 8, 10, 11, 13, 14, 15, 26]

function toStoreError (error: unknown): unknown {
  const { errcode, errstr } = error as { errcode?: number, errstr?: string }
  // The lowest byte of a code says what kind it is of.
  return errcode !== undefined && unavailableCodes.includes(errcode & 0xff) ? new DatabaseUnavailable(`SQLite cannot be used: ${errstr}`) : error
}
