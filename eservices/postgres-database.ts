import { createHash } from 'node:crypto'
import { Client, escapeIdentifier, Pool, types } from 'pg'
import type { ClientBase, PoolClient } from 'pg'
import { atomically } from './atomic.ts'
import { DatabaseUnavailable, NewerVersion } from './database.ts'
import type { Database, OpenDatabase, Queries, SqlValue } from './database.ts'
import { toStartError, toStoreError } from './postgres-errors.ts'
import { toPostgres } from './postgres-sql.ts'
import { placeOf, readPostgresUrl } from './postgres-url.ts'
import type { PostgresServer } from './postgres-url.ts'

// Times in ms: for a connection (to be had or to be free), for a statement, and after which the server ends a transaction of a host that says nothing more.
const [connectionMs, statementMs, silentMs] = [2000, 2000, 5000]
const [startConnectionMs, migrationMs] = [5000, 60_000]
const connections = 4

/**
 * The stores of the e-services in one PostgreSQL database, each in a schema of its name; throws a sentence when the URL cannot be read. Transactions of an e-service take turns under an advisory lock:
 * nothing has to be repeated, and what is read in one can be relied upon as with SQLite. A statement waits 4 s at most, and the next one tries again. With a pooler between, it must be one of sessions.
 */
export function postgresAt (url: string): OpenDatabase {
  const server = readPostgresUrl(url)
  return async (name, migrations) => {
    await migrate(server, name, migrations)
    return new PostgresDatabase(server, name)
  }
}

/** Asks the PostgreSQL of a URL what it is, and changes nothing. Throws a sentence that says what to do when it cannot be used. */
export async function checkPostgres (url: string): Promise<string> {
  const server = readPostgresUrl(url)
  const client = new Client({ ...server, connectionTimeoutMillis: 1000, query_timeout: 1000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows: [{ version }] } = await client.query("SELECT current_setting('server_version') AS version")
    return `${placeOf(server)}, version ${version}`
  } catch (error) {
    throw toStartError(error, server)
  } finally {
    await client.end().catch(() => undefined)
  }
}

class PostgresDatabase implements Database {
  readonly #lock: bigint
  readonly #statements: Pool
  // One connection: what waits for its turn in this process takes no connection from others, and waits no longer than for one.
  readonly #transactions: Pool

  constructor (server: PostgresServer, name: string) {
    this.#lock = lockOf(name)
    this.#statements = openPool(server, name, connections - 1)
    this.#transactions = openPool(server, name, 1)
  }

  async query<Row> (sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return withConnection(this.#statements, async (client) => run<Row>(client, sql, parameters))
  }

  async transaction<T> (work: (queries: Queries) => Promise<T>): Promise<T> {
    return withConnection(this.#transactions, async (client) => {
      // Whatever the default is: each statement sees what was committed before the lock was had.
      await ask(client, `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${this.#lock})`)
      return atomically({
        run: async (sql, parameters) => run(client, sql, parameters),
        commit: async () => ask(client, 'COMMIT'),
        // A connection that is lost takes the transaction with it.
        rollback: async (error) => error instanceof DatabaseUnavailable || ask(client, 'ROLLBACK')
      }, work)
    })
  }

  async close (): Promise<void> {
    await Promise.all([this.#transactions.end(), this.#statements.end()])
  }
}

async function withConnection<T> (pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => { throw toStoreError(error) })
  let lost = true
  try {
    const result = await work(client)
    lost = false
    return result
  } catch (error) {
    lost = error instanceof DatabaseUnavailable
    throw error
  } finally {
    client.release(lost)
  }
}

async function run<Row> (client: ClientBase, sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
  return ask(client, toPostgres(sql), parameters) as Promise<Row[]>
}

async function ask (client: ClientBase, sql: string, parameters: readonly SqlValue[] = []): Promise<unknown[]> {
  try {
    // A number that is none is NULL, as in SQLite.
    return (await client.query(sql, parameters.map((value) => Number.isNaN(value) ? null : value))).rows
  } catch (error) {
    throw toStoreError(error)
  }
}

function openPool (server: PostgresServer, name: string, max: number): Pool {
  const pool = new Pool({
    ...optionsOf(server, name), max, connectionTimeoutMillis: connectionMs,
    // A host that could not start ends.
    allowExitOnIdle: true,
    // The server's own end of a statement comes first: then the connection is still good.
    statement_timeout: statementMs - 100, lock_timeout: statementMs - 100, query_timeout: statementMs
  })
  // A connection that breaks is told to whoever waits for it; an idle one is replaced.
  pool.on('error', () => undefined).on('connect', (client) => { client.on('error', () => undefined) })
  return pool
}

function optionsOf (server: PostgresServer, name: string) {
  return { ...server, options: `-c search_path=${escapeIdentifier(name)} -c client_min_messages=warning`, application_name: `varco ${name}`, keepAlive: true, idle_in_transaction_session_timeout: silentMs, types: { getTypeParser } }
}

/** Applies what is missing, in one transaction under the lock of the e-service: of hosts that start at once one does it. */
async function migrate (server: PostgresServer, name: string, migrations: readonly string[]): Promise<void> {
  const client = new Client({ ...optionsOf(server, name), connectionTimeoutMillis: startConnectionMs, query_timeout: migrationMs })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lockOf(name)})`)
    const done = await readVersion(client, name)
    if (done > migrations.length) throw new NewerVersion(`schema "${name}" of ${placeOf(server)}`, done, migrations.length)
    for (const sql of migrations.slice(done)) await client.query(toPostgres(sql))
    await client.query('UPDATE schema_version SET version = $1', [migrations.length])
    await client.query('COMMIT')
  } catch (error) {
    throw error instanceof NewerVersion ? error : toStartError(error, server)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function readVersion (client: Client, name: string): Promise<number> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [name])
  if (rowCount === 0) await client.query(`CREATE SCHEMA ${escapeIdentifier(name)}`)
  const { rows: [table] } = await client.query("SELECT to_regclass('schema_version') AS name")
  if (table.name === null) await client.query('CREATE TABLE schema_version (version BIGINT NOT NULL); INSERT INTO schema_version VALUES (0)')
  return (await client.query('SELECT version FROM schema_version')).rows[0].version
}

// The locks of a database are numbers that all of its users share.
function lockOf (name: string): bigint {
  return createHash('sha256').update(`varco ${name}`).digest().readBigInt64BE()
}

// Rows are as SQLite gives them: numbers, and 0 or 1 for what is false or true.
const { BOOL, INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC } = types.builtins
const parsers = new Map<number, (text: string) => SqlValue>([
  [BOOL, (text) => text === 't' ? 1 : 0], ...[INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC].map((type) => [type, toNumber] as const)
])

function getTypeParser (type: number): (text: string) => SqlValue {
  return parsers.get(type) ?? String
}

function toNumber (text: string): number {
  const number = Number(text)
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(number)) throw new RangeError('an INTEGER is beyond 2^53')
  return number
}
