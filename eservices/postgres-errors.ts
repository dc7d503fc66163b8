import { DatabaseError } from 'pg'
import { DatabaseUnavailable } from './database.ts'
import { placeOf } from './postgres-url.ts'
import type { PostgresServer } from './postgres-url.ts'

// Connection, access, roll-back because of others, resources, locks, an administrator's intervention, system: what passes, or what an operator mends. 25: a transaction left idle, or a standby.
const unavailableClasses: readonly string[] = ['08', '25', '28', '3D', '40', '53', '55', '57', '58']

/**
 * What a failed statement is to its caller. What the server says of a statement can hold values, which may be anybody's data: of a statement that it refused only the code and the constraint are told.
 */
export function toStoreError (error: unknown): unknown {
  if (error instanceof RangeError || error instanceof DatabaseUnavailable) return error
  if (!(error instanceof DatabaseError)) return new DatabaseUnavailable(`PostgreSQL does not answer: ${reasonOf(error)}`)
  if (unavailableClasses.includes(error.code?.slice(0, 2) ?? '')) return new DatabaseUnavailable(`PostgreSQL cannot be used: SQLSTATE ${error.code}`)
  return new Error(`PostgreSQL refused a statement: SQLSTATE ${error.code}${error.constraint === undefined ? '' : `, constraint ${error.constraint}`}`)
}

/** Why a store cannot be opened, in a sentence that says what to do. */
export function toStartError (error: unknown, server: PostgresServer): Error {
  const place = placeOf(server)
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof DatabaseError) return new Error(refused(code ?? '', place, server) ?? `${place} refused a statement: SQLSTATE ${code}`)
  if (message.startsWith('SASL')) return new Error(`${place}: the password is missing or wrong; set it in DATABASE_URL`)
  if (message.includes('does not support SSL')) return new Error(`${place}: the server speaks no TLS; turn it on there, or say sslmode=disable in DATABASE_URL where the network may be trusted`)
  if (isCertificateFault(code)) return new Error(`${place}: the certificate of the server is not good (${code}); name its authority with sslrootcert, and the server as its certificate does, in DATABASE_URL`)
  return new Error(`${place} does not answer (${reasonOf(error)}): start it, or mend host and port in DATABASE_URL`)
}

function refused (code: string, place: string, { database, user }: PostgresServer): string | undefined {
  if (code === '28000') return `${place}: the server refuses this user from here; let it in there (pg_hba.conf, ALTER ROLE … LOGIN), or where that wants TLS add sslmode=verify-full to DATABASE_URL`
  if (code.startsWith('28')) return `${place}: the server refuses this user; mend user and password in DATABASE_URL`
  if (code === '3D000') return `${place}: there is no such database; create it (createdb ${database}), or mend its name in DATABASE_URL`
  if (code === '42501' || code === '3F000') return `${place}: the user may not create what is stored there; run GRANT CREATE ON DATABASE "${database}" TO "${user}", or make the user the owner of the schemas`
  if (code === '53300') return `${place}: the server has no connection left for this user; raise max_connections there, or what limits the user or the database (each e-service takes 4 of every host)`
  if (code === '57P03') return `${place} starts or stops just now; try again shortly`
  if (unavailableClasses.includes(code.slice(0, 2))) return `${place} cannot be used now: SQLSTATE ${code}`
  return undefined
}

// Of a fault on the way there only Node's and the client's own words are told; the password is in none of them.
function reasonOf (error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}

function isCertificateFault (code = ''): boolean {
  return /CERT|SIGNATURE|ERR_TLS|CRL|ERR_SSL/.test(code)
}
