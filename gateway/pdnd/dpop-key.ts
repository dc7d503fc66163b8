import { createPublicKey, generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { createKeyFile, KeyFileError, parsePrivateKey } from './key-file.ts'

/** The ES256 key pair to which a voucher is bound: never deposited on the platform, never the client's own. */
export interface DpopKey { readonly privateKey: KeyObject, readonly publicKey: KeyObject }

/** Makes a key pair for one voucher: it lives in memory only, for as long as the voucher. */
export async function makeDpopKey (): Promise<DpopKey> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

/**
 * Opens the key pair of a PKCS#8 PEM file, making it (P-256, 0600) when it is not there yet.
 * @throws {KeyFileError} when it is another kind of key, open to other users, or cannot be made
 */
export async function openDpopKey (path: string): Promise<DpopKey> {
  try {
    return await readDpopKey(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const { privateKey } = await makeDpopKey()
  await createKeyFile(path, privateKey).catch((error: NodeJS.ErrnoException) => {
    const advice = 'name one in a folder that is there and yours'
    throw new KeyFileError(`the key file ${path} cannot be made (${error.code ?? 'unknown error'}): ${advice}`)
  })
  return readDpopKey(path)
}

async function readDpopKey (path: string): Promise<DpopKey> {
  const privateKey = parsePrivateKey(await readFile(path, 'utf8'))
  if (privateKey?.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    const advice = 'name a file that is not there yet, and it will be made'
    throw new KeyFileError(`${path} is not a private key for ES256 (PKCS#8 PEM, curve P-256): ${advice}`)
  }
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
    throw new KeyFileError(`the key file ${path} is open to other users: run chmod 600 ${path}, or name another`)
  }
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
