import t from 'tap'
import { freshDatabase, withPostgres } from '../test/postgres.ts'
import { testDatabase } from './database-suite.ts'
import { postgresAt } from './postgres-database.ts'

t.test('PostgreSQL does what every store does', withPostgres, async (t) => testDatabase(t, async (t) => postgresAt(await freshDatabase(t))))
