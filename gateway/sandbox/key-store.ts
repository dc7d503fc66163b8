import { generateKeyPair } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createKeyFile, KeyFileError, readKeyPair } from '../pdnd/key-file.ts'
import type { KeyPair } from '../pdnd/key-file.ts'

/** Whose key pairs a state folder holds beside the platform's own, by id; of producers the keychain's. */
export interface KeyOwners { readonly clients: readonly string[], readonly producers: readonly string[] }

/** The sandbox's keys: the platform's signing key, one pair for each client and one for each producer's keychain. */
export interface KeyStore {
  readonly platform: KeyPair
  readonly clients: ReadonlyMap<string, KeyPair>
  readonly keychains: ReadonlyMap<string, KeyPair>
}

/**
 * Opens the key pairs of a state folder, making those that are not there yet (PKCS#8 PEM, 0600 in a 0700 folder).
 * Any number of processes may open the same new folder at once: they all end with the same keys.
 * @throws {KeyFileError} when the folder is open to other users or a key file is not one
 */
export async function openKeyStore (stateDir: string, { clients, producers }: KeyOwners): Promise<KeyStore> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const { mode } = await stat(stateDir)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new KeyFileError(`the state folder is open to other users: run chmod 700 ${stateDir}, or name another`)
  }
  const openAll = async (ids: readonly string[], pathOf: typeof clientKeyPath): Promise<Map<string, KeyPair>> =>
    new Map(await Promise.all(ids.map(async (id) => [id, await openKeyPair(pathOf(stateDir, id))] as const)))
  const [platform, ofClients, ofKeychains] = await Promise.all([
    openKeyPair(join(stateDir, 'platform.pem')), openAll(clients, clientKeyPath), openAll(producers, keychainKeyPath)
  ])
  return { platform, clients: ofClients, keychains: ofKeychains }
}

/** Where the key pair of a client is kept. */
export function clientKeyPath (stateDir: string, clientId: string): string {
  return join(stateDir, `client-${clientId}.pem`)
}

/** Where the key pair of a producer's keychain is kept: with it the producer signs its responses (INTEGRITY_REST_02). */
export function keychainKeyPath (stateDir: string, producerId: string): string {
  return join(stateDir, `keychain-${producerId}.pem`)
}

async function openKeyPair (path: string): Promise<KeyPair> {
  return readKeyPair(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
    await createKeyFile(path, privateKey)
    return readKeyPair(path)
  })
}
