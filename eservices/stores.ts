import type { OpenDatabase } from './database.ts'
import { sqliteIn } from './sqlite-database.ts'

/** Where a host keeps what the e-services store: the PostgreSQL of `DATABASE_URL` or, where none is set, SQLite files in its state folder. Throws a sentence when the URL cannot be read. */
export async function openStores (env: Readonly<Record<string, string | undefined>>, stateDir: string): Promise<OpenDatabase> {
  const url = env['DATABASE_URL']
  if (!url) return sqliteIn(stateDir)
  // Its client is loaded where it is used only.
  const { postgresAt } = await import('./postgres-database.ts')
  return postgresAt(url)
}
