import { Client } from 'pg'
import { isPostgresMissing, TestPostgres } from './postgres-process.ts'

export { TestPostgres } from './postgres-process.ts'

interface Teardown { teardown (work: () => Promise<void>): void }

/** What a test says that needs a real PostgreSQL: it is left out, with a reason, where there is none. */
export const withPostgres = isPostgresMissing() ? { skip: 'PostgreSQL is not installed here: nothing that needs a real one was tested' } : {}

let shared: Promise<TestPostgres> | undefined
let databases = 0

/** The URL of a new, empty database, gone with the test. All tests of a process share one server, which ends with the process. */
export async function freshDatabase (t: Teardown): Promise<string> {
  const server = await (shared ??= new TestPostgres().create().then(async (made) => made.start()))
  const name = `test_${++databases}`
  await tell(server, `CREATE DATABASE ${name}`)
  t.teardown(async () => tell(server, `DROP DATABASE ${name} WITH (FORCE)`))
  return server.url(name)
}

/** Starts a PostgreSQL that may be killed or frozen, and ends with the test. */
export async function startPostgres (t: Teardown, settings: readonly string[] = []): Promise<TestPostgres> {
  const server = new TestPostgres(settings)
  t.teardown(async () => server.remove())
  await server.create()
  return server.start()
}

/** Runs SQL as the superuser. */
export async function tell (server: TestPostgres, sql: string, database?: string): Promise<void> {
  const client = new Client({ connectionString: server.url(database) })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
