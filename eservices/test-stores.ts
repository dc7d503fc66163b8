import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshDatabase, withPostgres } from '../test/postgres.ts'
import type { OpenDatabase } from './database.ts'
import { sqliteIn } from './sqlite-database.ts'

interface Teardown { teardown (work: () => Promise<void>): void }

/** Every kind of store that an e-service may have. `open` gives what opens empty ones, which are there for as long as the test. Used by tests only. */
export const testStores: readonly { readonly name: string, readonly only: { readonly skip?: string }, readonly open: (t: Teardown) => Promise<OpenDatabase> }[] = [
  { name: 'SQLite', only: {}, async open (t) {
    const folder = await mkdtemp(join(tmpdir(), 'varco-store-'))
    t.teardown(async () => rm(folder, { recursive: true }))
    return sqliteIn(folder)
  } },
  { name: 'PostgreSQL', only: withPostgres, async open (t) {
    const { postgresAt } = await import('./postgres-database.ts')
    return postgresAt(await freshDatabase(t))
  } }
]
