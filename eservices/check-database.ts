import { checkPostgres } from './postgres-database.ts'

// Says whether the PostgreSQL of DATABASE_URL can be used: what it is on standard output, or a sentence that says what to do on standard error and exit code 78. Nothing is changed there.
try {
  process.stdout.write(`${await checkPostgres(process.env['DATABASE_URL'] ?? '')}\n`)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 78
}
