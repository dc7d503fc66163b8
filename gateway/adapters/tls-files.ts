import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { SecureContextOptions, Server, TlsOptions } from 'node:tls'
import { constants } from 'node:crypto'
import { readPrivateFile } from './private-file.ts'

/** Where the listener's certificate (chain, leaf first), its key, and what client certificates are judged by are found: PEM files. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
  readonly clients?: { readonly ca: readonly string[], readonly crl?: readonly string[] } | undefined
}

/** The same with absolute paths, where they are relative to `folder`. */
export function resolveTls ({ certificate, key, clients }: TlsFiles, folder: string): TlsFiles {
  const at = (path: string): string => resolve(folder, path)
  return { certificate: at(certificate), key: at(key), clients: clients && { ca: clients.ca.map(at), ...clients.crl && { crl: clients.crl.map(at) } } }
}

/** Tells operations that a change could not be used; never with the content of a file. */
export type Warn = (message: string) => void

/**
 * What a TLS listener is opened with (ID_AUTH_CHANNEL_01 and _02): TLS 1.2 or later, no renegotiation. A client certificate is asked for
 * where there is something to judge it by, an authority in the files or, with `pinned`, a register of single ones; whether it must be a good one is for others to say.
 * Throws naming the file that cannot be used.
 */
export async function readTls (files: TlsFiles, clients?: 'pinned'): Promise<TlsOptions> {
  return { ...await readContext(files), requestCert: clients === 'pinned' || files.clients !== undefined, rejectUnauthorized: false, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION }
}

async function readContext ({ certificate, key, clients }: TlsFiles): Promise<SecureContextOptions> {
  const [cert, privateKey, ca, crl] = await Promise.all([read(certificate), readKey(key), Promise.all((clients?.ca ?? []).map(read)), Promise.all((clients?.crl ?? []).map(read))])
  const context: SecureContextOptions = { cert, key: privateKey, ...ca.length > 0 && { ca }, ...crl.length > 0 && { crl } }
  try {
    createSecureContext(context)
  } catch (error) {
    throw new Error(`TLS cannot be opened with ${[certificate, key, ...clients?.ca ?? [], ...clients?.crl ?? []].join(', ')}: ${(error as NodeJS.ErrnoException).code ?? 'they do not fit together'}`, { cause: error })
  }
  return context
}

async function read (path: string): Promise<Buffer> {
  return readFile(path).catch(unreadable(path))
}

async function readKey (path: string): Promise<Buffer> {
  const key = await readPrivateFile(path).catch(unreadable(path))
  if ('fault' in key) throw new Error(`the file ${path} ${key.fault}`)
  return key
}

function unreadable (path: string): (error: NodeJS.ErrnoException) => never {
  return ({ code = 'unknown error' }) => { throw new Error(`the file ${path} cannot be read (${code})`) }
}

/**
 * Puts changed files to use, for connections that are opened from then on: a certificate is renewed without a restart. Files that do not
 * work change nothing. Reads them again whenever it is called; to be called from time to time.
 */
export function prepareRenewal (server: Server, files: () => TlsFiles, warn: Warn): () => Promise<void> {
  let known: string | undefined
  return async () => {
    try {
      const context = await readContext(files())
      const content = JSON.stringify(context, (_name, value: unknown) => Buffer.isBuffer(value) ? value.toString('base64') : value)
      if (known !== undefined && known !== content) server.setSecureContext({ ...context, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION })
      known = content
    } catch (error) {
      warn(`the listener keeps its certificate: ${(error as Error).message}`)
    }
  }
}
