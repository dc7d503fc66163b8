import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

/** Where a PostgreSQL is and how it is spoken to, as its client takes it. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  readonly ssl: false | ConnectionOptions
}

const parameterNames: readonly string[] = ['host', 'sslmode', 'sslrootcert']
const modes = ['disable', 'require', 'verify-ca', 'verify-full'] as const
type Mode = (typeof modes)[number]
const form = 'write it like postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full&sslrootcert=FILE'

/**
 * Reads a connection URL as libpq writes it: `sslmode` is `disable`, `require` (encrypted; whose server it is nobody checks, unless `sslrootcert` names the authority), `verify-ca` or `verify-full`,
 * `sslrootcert` a PEM file (without one the authorities that Node knows), `host` in the query the folder of a Unix socket. Without `sslmode` a server on this machine is spoken to in the clear, and any
 * other as with `verify-full`. Throws a sentence, which never repeats the URL: a password may be in it.
 */
export function readPostgresUrl (text: string): PostgresServer {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['postgres:', 'postgresql:'].includes(url.protocol)) throw fault(`is not the URL of a PostgreSQL: ${form}`)
  const stranger = [...url.searchParams.keys()].find((name) => !parameterNames.includes(name))
  // Behind a "?" in a password all the rest of it looks like a parameter.
  if (stranger !== undefined) throw fault(`has a parameter${/^[a-z_]+$/.test(stranger) ? ` "${stranger}"` : ''} that is not known; there are ${parameterNames.join(', ')}; in user and password write ? as %3F`)
  const host = url.searchParams.get('host') ?? url.hostname.replaceAll(/^\[|\]$/g, '')
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded) as [string, string, string]
  if (host === '' || user === '' || database === '' || database.includes('/')) throw fault(`names no host, user or database: ${form}`)
  return { host, port: Number(url.port || 5432), user, password: password === '' ? undefined : password, database, ssl: readTls(host, url.searchParams) }
}

/** A server as it may be told: without its password. */
export function placeOf ({ host, port, user, database }: PostgresServer): string {
  return `database "${database}" on ${host.includes(':') ? `[${host}]` : host}:${port} (user ${user})`
}

function readTls (host: string, parameters: URLSearchParams): PostgresServer['ssl'] {
  const mode = (parameters.get('sslmode') ?? (isHere(host) ? 'disable' : 'verify-full')) as Mode
  if (!modes.includes(mode)) throw fault(`has the sslmode "${mode}"; there are ${modes.join(', ')}`)
  const file = parameters.get('sslrootcert')
  if (mode === 'disable') return false
  const ca = file === null ? {} : { ca: readAuthority(file) }
  if (mode === 'verify-full') return ca
  return mode === 'require' && file === null ? { rejectUnauthorized: false } : { ...ca, checkServerIdentity: () => undefined }
}

function readAuthority (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw fault(`names ${file} as sslrootcert, which cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function isHere (host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function decoded (part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw fault('has a "%" that stands for nothing: write it as %25')
  }
}

function fault (what: string): Error {
  return new Error(`DATABASE_URL ${what}`)
}
