import { resolve } from 'node:path'
import type { Finding } from './adapters/checked-yaml.ts'
import { readSigningKey } from './adapters/keychain-file.ts'
import { readPrivateFile } from './adapters/private-file.ts'
import { textAt } from './document-value.ts'

/** What keeps the files of private keys that a configuration names, relative to `folder`, from being used. */
export async function findKeyFaults (document: unknown, folder: string): Promise<readonly Finding[]> {
  return (await Promise.all([findApiKeyFaults(document, folder), findTlsKeyFaults(document, folder, 'public'), findTlsKeyFaults(document, folder, 'internal')])).flat()
}

/** In the sandbox environment nothing is looked at: the sandbox makes the key, and the gateway may be there first. */
async function findApiKeyFaults (document: unknown, folder: string): Promise<readonly Finding[]> {
  const path = ['pdnd', 'api', 'privateKey']
  const name = textAt(document, path)
  if (name === undefined || textAt(document, ['pdnd', 'environment']) === 'sandbox') return []
  const file = resolve(folder, name)
  const key = await readSigningKey(file)
  return typeof key === 'string' ? [{ path, message: `the file ${file} ${key}` }] : []
}

/** That it can be read is looked at with all files that are named. */
async function findTlsKeyFaults (document: unknown, folder: string, listener: string): Promise<readonly Finding[]> {
  const path = ['listeners', listener, 'tls', 'key']
  const name = textAt(document, path)
  if (name === undefined) return []
  const file = resolve(folder, name)
  const key = await readPrivateFile(file).catch(() => undefined)
  return key && 'fault' in key ? [{ path, message: `the file ${file} ${key.fault}` }] : []
}
