import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import type { JWK } from 'jose'

/** An RSA key pair and its id, the RFC 7638 thumbprint. */
export interface KeyPair {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly publicJwk: JWK
}

/** Whose key pairs a state folder holds beside the platform's own, by id; of producers the keychain's. */
export interface KeyOwners { readonly clients: readonly string[], readonly producers: readonly string[] }

/** The sandbox's keys: the platform's signing key, one pair for each client and one for each producer's keychain. */
export interface KeyStore {
  readonly platform: KeyPair
  readonly clients: ReadonlyMap<string, KeyPair>
  readonly keychains: ReadonlyMap<string, KeyPair>
}

/** The state folder, or a key in it, cannot be used; the message says what to do. */
export class KeyStoreError extends Error {}

/**
 * Opens the key pairs of a state folder, making those that are not there yet (PKCS#8 PEM, 0600 in a 0700 folder).
 * Any number of processes may open the same new folder at once: they all end with the same keys.
 * @throws {KeyStoreError} when the folder is open to other users or a key file is not one
 */
export async function openKeyStore (stateDir: string, { clients, producers }: KeyOwners): Promise<KeyStore> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const { mode } = await stat(stateDir)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new KeyStoreError(`the state folder is open to other users: run chmod 700 ${stateDir}, or name another`)
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

/**
 * Reads an RSA key pair from a PKCS#8 PEM file.
 * @throws {KeyStoreError} when it is not an RSA private key of 2048 bits or more; a missing file throws `ENOENT`
 */
export async function readKeyPair (path: string): Promise<KeyPair> {
  const pem = await readFile(path, 'utf8')
  const privateKey = parsePrivateKey(pem)
  if (privateKey?.asymmetricKeyType !== 'rsa' || (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new KeyStoreError(`${path} is not an RSA private key of 2048 bits or more: delete it and start again`)
  }
  const publicKey = createPublicKey(privateKey)
  const publicJwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(publicJwk)
  return { kid, privateKey, publicKey, publicJwk: { ...publicJwk, kid, use: 'sig', alg: 'RS256' } }
}

/** The private key of a PEM text; undefined when there is none. */
export function parsePrivateKey (pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

async function openKeyPair (path: string): Promise<KeyPair> {
  return readKeyPair(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
    await createKeyFile(path, privateKey)
    return readKeyPair(path)
  })
}

/**
 * Makes a key file (PKCS#8 PEM, 0600) that appears whole or not at all, and leaves one that is already there: a link,
 * unlike a rename, never replaces another's.
 */
export async function createKeyFile (path: string, privateKey: KeyObject): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await file.sync()
    await link(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await file.close()
    await unlink(temporary)
  }
}
