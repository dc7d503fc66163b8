import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Finding } from './adapters/checked-yaml.ts'
import { membersOf, valueAt } from './document-value.ts'

/** The files that a configuration names: SHA-256 of their bytes (hex) by absolute path, and those that cannot be read. */
export interface NamedFiles { readonly digests: ReadonlyMap<string, string>, readonly faults: readonly Finding[] }

/** Reads the registry and the contracts that a configuration names, relative to `folder`; whether they are good is not judged here. */
export async function readNamedFiles (document: unknown, folder: string): Promise<NamedFiles> {
  const paths = [['registry'], ...membersOf(document, ['eservices']).map((name) => ['eservices', name, 'contract'])]
  const digests = new Map<string, string>()
  const faults: Finding[] = []
  await Promise.all(paths.map(async (path) => {
    const name = valueAt(document, path)
    if (typeof name !== 'string') return
    const file = resolve(folder, name)
    try {
      digests.set(file, createHash('sha256').update(await readFile(file)).digest('hex'))
    } catch (error) {
      faults.push({ path, message: `the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` })
    }
  }))
  return { digests, faults }
}
