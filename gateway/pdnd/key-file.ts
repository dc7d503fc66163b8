import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { exportJWK } from 'jose/key/export'
import type { JWK } from 'jose'
import { createWholeFile } from '../adapters/whole-file.ts'

/** An RSA key pair and its id, the RFC 7638 thumbprint. */
export interface KeyPair {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly publicJwk: JWK
}

/** A key file, or the folder that it is in, cannot be used; the message says what to do. */
export class KeyFileError extends Error {}

/**
 * Reads an RSA key pair from a PKCS#8 PEM file.
 * @throws {KeyFileError} when it is not an RSA private key of 2048 bits or more; a missing file throws `ENOENT`
 */
export async function readKeyPair (path: string): Promise<KeyPair> {
  const pem = await readFile(path, 'utf8')
  const privateKey = parsePrivateKey(pem)
  if (privateKey?.asymmetricKeyType !== 'rsa' || (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new KeyFileError(`${path} is not an RSA private key of 2048 bits or more: delete it and start again`)
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

/** Makes a key file (PKCS#8 PEM, 0600) that appears whole or not at all, and leaves one that is already there. */
export async function createKeyFile (path: string, privateKey: KeyObject): Promise<void> {
  await createWholeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
