import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import type { Finding } from './adapters/checked-yaml.ts'
import { certificateFilesIn } from './adapters/registry-file-certificates.ts'
import { internalFilesIn } from './adapters/registry-file-internal.ts'
import { membersOf, textAt, valueAt } from './document-value.ts'

/** The files that a configuration names, and that the registry names which it names: SHA-256 of their bytes (hex) by absolute path, 'missing' where the registry's are not there; and those of its own that cannot be read. */
export interface NamedFiles { readonly digests: ReadonlyMap<string, string>, readonly faults: readonly Finding[] }

/** Reads every file that a configuration names, the registry, contracts, grants and certificates, relative to `folder`; whether they are good is not judged here. */
export async function readNamedFiles (document: unknown, folder: string): Promise<NamedFiles> {
  const digests = new Map<string, string>()
  const faults = await Promise.all(namesIn(document).map(async ({ path, name }): Promise<readonly Finding[]> => {
    if (typeof name !== 'string') return []
    const file = resolve(folder, name)
    try {
      digests.set(file, await digestOf(file))
      return []
    } catch (error) {
      return [{ path, message: `the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` }]
    }
  }))
  for (const file of await namedByRegistry(document, folder)) digests.set(file, await digestOf(file).catch(() => 'missing'))
  return { digests, faults: faults.flat() }
}

async function digestOf (file: string): Promise<string> {
  return createHash('sha256').update(await readFile(file)).digest('hex')
}

interface Named { readonly path: readonly (string | number)[], readonly name: unknown }

function namesIn (document: unknown): readonly Named[] {
  const one = (...path: string[]): Named => ({ path, name: valueAt(document, path) })
  const list = (...path: string[]): readonly Named[] => {
    const names = valueAt(document, path)
    return Array.isArray(names) ? names.map((name: unknown, index) => ({ path: [...path, index], name })) : []
  }
  const tls = (...at: string[]): readonly Named[] => [one(...at, 'certificate'), one(...at, 'key'), ...list(...at, 'clients', 'ca'), ...list(...at, 'clients', 'crl')]
  return [
    one(registryIn(document)), ...tls('listeners', 'public', 'tls'), ...tls('listeners', 'internal', 'tls'), ...list('x509', 'ca'), ...list('x509', 'crl'),
    ...membersOf(document, ['eservices']).flatMap((name) => [one('eservices', name, 'contract'), one('eservices', name, 'grants')])
  ]
}

function registryIn (document: unknown): 'registry' | 'localRegistry' {
  return valueAt(document, ['registry']) === 'platform' ? 'localRegistry' : 'registry'
}

/** The files that the registry of a configuration names in turn: what is wrong with them is told with their places there, when it is read. */
async function namedByRegistry (document: unknown, folder: string): Promise<readonly string[]> {
  const name = textAt(document, [registryIn(document)])
  if (name === undefined) return []
  const file = resolve(folder, name)
  const content = await readFile(file, 'utf8').then((text) => parse(text) as unknown).catch(() => undefined)
  const written = textAt(document, ['listeners', 'internal', 'publicKeys'])
  const publicKeys = written === undefined ? dirname(file) : resolve(folder, written)
  return [...certificateFilesIn(content).map((one) => resolve(dirname(file), one)), ...valueAt(document, ['listeners', 'internal']) === undefined ? [] : internalFilesIn(content).map((one) => resolve(publicKeys, one))]
}
