import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Finding } from './adapters/checked-yaml.ts'
import { membersOf, valueAt } from './document-value.ts'

/** The files that a configuration names: SHA-256 of their bytes (hex) by absolute path, and those that cannot be read. */
export interface NamedFiles { readonly digests: ReadonlyMap<string, string>, readonly faults: readonly Finding[] }

/** Reads every file that a configuration names, the registry, contracts, grants and certificates, relative to `folder`; whether they are good is not judged here. */
export async function readNamedFiles (document: unknown, folder: string): Promise<NamedFiles> {
  const digests = new Map<string, string>()
  const faults = await Promise.all(namesIn(document).map(async ({ path, name }): Promise<readonly Finding[]> => {
    if (typeof name !== 'string') return []
    const file = resolve(folder, name)
    try {
      digests.set(file, createHash('sha256').update(await readFile(file)).digest('hex'))
      return []
    } catch (error) {
      return [{ path, message: `the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` }]
    }
  }))
  return { digests, faults: faults.flat() }
}

interface Named { readonly path: readonly (string | number)[], readonly name: unknown }

function namesIn (document: unknown): readonly Named[] {
  const tls = ['listeners', 'public', 'tls']
  const one = (...path: string[]): Named => ({ path, name: valueAt(document, path) })
  const list = (...path: string[]): readonly Named[] => {
    const names = valueAt(document, path)
    return Array.isArray(names) ? names.map((name: unknown, index) => ({ path: [...path, index], name })) : []
  }
  return [
    ...valueAt(document, ['registry']) === 'platform' ? [one('localRegistry')] : [one('registry')], one(...tls, 'certificate'), one(...tls, 'key'), ...list(...tls, 'clients', 'ca'), ...list(...tls, 'clients', 'crl'), ...list('x509', 'ca'), ...list('x509', 'crl'),
    ...membersOf(document, ['eservices']).flatMap((name) => [one('eservices', name, 'contract'), one('eservices', name, 'grants')])
  ]
}
