import { resolve } from 'node:path'
import { nameOf } from '../../policies/certificate-name.ts'
import { itemsAt, valueAt } from '../document-value.ts'
import { readCertificates } from './certificates-file.ts'
import { findWeakKey } from './certificates-strength.ts'
import type { Finding } from './checked-yaml.ts'
import type { RegisteredInternalClient } from './internal-clients.ts'
import { readPublicKey } from './public-key-file.ts'
import type { PublicKey } from './public-key-file.ts'

/** Where the files lie that internal clients name, and whether one may be missing. */
export interface InternalFiles {
  readonly folder: string
  /** True in the sandbox only, which makes the key of the demonstration's application: the gateway may be there first. */
  readonly mayBeMissing: boolean
}

/** What a registry file names of its internal clients, by the names that it gives, and what of it cannot be used. */
export interface ReadInternal { readonly keys: ReadonlyMap<string, PublicKey>, readonly thumbprints: ReadonlyMap<string, string>, readonly findings: readonly Finding[] }

type Path = readonly (string | number)[]
interface Named { readonly path: Path, readonly client: number, readonly name: unknown }

function namedIn (document: unknown, list: 'keys' | 'certificates', member: 'file' | 'thumbprint'): readonly Named[] {
  return itemsAt(document, 'internalClients').flatMap((client, at) => itemsAt(client, list).map((item, index) => ({ path: ['internalClients', at, list, index, member], client: at, name: valueAt(item, [member]) })))
}

/** The names of every file that internal clients have their keys and certificates in. */
export function internalFilesIn (document: unknown): readonly string[] {
  return (['keys', 'certificates'] as const).flatMap((list) => namedIn(document, list, 'file').flatMap(({ name }) => typeof name === 'string' ? [name] : []))
}

/** Reads the public keys and certificates of internal clients. Each belongs to one of them: who calls with it must not be either. Whatever has not the expected shape is passed over. */
export async function readInternal (document: unknown, { folder, mayBeMissing }: InternalFiles): Promise<ReadInternal> {
  const keys = new Map<string, PublicKey>()
  const thumbprints = new Map<string, string>()
  const findings: Finding[] = []
  const seen = new Map<string, number>()
  const note = ({ path, client }: Named, what: string, id: string): void => {
    const other = seen.get(id)
    seen.set(id, other ?? client)
    if (other !== undefined) findings.push({ path, message: other === client ? `is the same ${what} a second time` : `is the same ${what} as one of internalClients.${other}: who calls with it would be either` })
  }
  for (const named of namedIn(document, 'keys', 'file')) {
    if (typeof named.name !== 'string') continue
    const read = await readPublicKey(resolve(folder, named.name))
    if (typeof read === 'string') findings.push({ path: named.path, message: read })
    else if ('kid' in read) {
      keys.set(named.name, read)
      note(named, 'key', read.kid)
    } else if (!mayBeMissing) findings.push({ path: named.path, message: read.missing })
  }
  for (const named of namedIn(document, 'certificates', 'file')) {
    if (typeof named.name !== 'string') continue
    const thumbprint = await readThumbprint(resolve(folder, named.name))
    if ('fault' in thumbprint) findings.push({ path: named.path, message: thumbprint.fault })
    else {
      thumbprints.set(named.name, thumbprint.of)
      note(named, 'certificate', thumbprint.of)
    }
  }
  for (const named of namedIn(document, 'certificates', 'thumbprint')) if (typeof named.name === 'string') note(named, 'certificate', named.name)
  return { keys, thumbprints, findings }
}

async function readThumbprint (file: string): Promise<{ readonly of: string } | { readonly fault: string }> {
  const read = await readCertificates(file)
  if (typeof read === 'string') return { fault: read }
  const [leaf] = read
  if (!leaf) return { fault: `the file ${file} holds no certificate` }
  // Nobody vouches for it but this file: how its issuer signed it says nothing, its key does.
  const weak = findWeakKey(leaf)
  return weak === undefined ? { of: nameOf(leaf).thumbprint } : { fault: `the certificate in ${file} is not taken: ${weak}` }
}

/** Internal clients that could never call. */
export function findMute (document: unknown): Finding[] {
  return itemsAt(document, 'internalClients').flatMap((client, at) => itemsAt(client, 'keys').length + itemsAt(client, 'certificates').length > 0 ? [] : [{ path: ['internalClients', at], message: 'has neither keys nor certificates: nobody could call as it' }])
}

/** A client with what its files hold in place of their names. */
export function withInternal<Client extends RegisteredInternalClient> (client: Client, { keys, thumbprints }: Pick<ReadInternal, 'keys' | 'thumbprints'>): Client {
  return {
    ...client,
    keys: (client.keys ?? []).map(({ file }) => ({ file, ...keys.get(file) })),
    certificates: (client.certificates ?? []).map((one) => one.file === undefined ? one : { file: one.file, ...thumbprints.has(one.file) && { thumbprint: thumbprints.get(one.file) as string } })
  }
}
