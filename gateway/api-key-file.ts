import { resolve } from 'node:path'
import type { Finding } from './adapters/checked-yaml.ts'
import { readSigningKey } from './adapters/keychain-file.ts'
import { textAt } from './document-value.ts'

/**
 * What keeps the key file of `pdnd.api`, relative to `folder`, from being used. In the sandbox environment nothing is looked at: the
 * sandbox makes the key, and the gateway may be there first.
 */
export async function findApiKeyFaults (document: unknown, folder: string): Promise<Finding[]> {
  const path = ['pdnd', 'api', 'privateKey']
  const name = textAt(document, path)
  if (name === undefined || textAt(document, ['pdnd', 'environment']) === 'sandbox') return []
  const file = resolve(folder, name)
  const key = await readSigningKey(file)
  return typeof key === 'string' ? [{ path, message: `the file ${file} ${key}` }] : []
}
