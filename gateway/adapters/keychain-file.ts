import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { findKeyFault, thumbprintOf } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import { readPrivateFile } from './private-file.ts'

/** A private key of a producer keychain; `kid` is what the platform calls it, the thumbprint of its public half (RFC 7638). */
export interface SigningKey { readonly kid: string, readonly key: KeyObject, readonly publicJwk: Jwk, readonly file: string }

/** Reads a key file, PKCS#8 in PEM, that only its owner can read. Gives the sentence that says what is wrong with it otherwise; never throws, never repeats what is in it. */
export async function readSigningKey (path: string): Promise<SigningKey | string> {
  const pem = await readPrivateFile(path).catch((error: NodeJS.ErrnoException) => ({ fault: `cannot be read (${error.code ?? 'unknown error'})` }))
  if ('fault' in pem) return pem.fault
  const key = parsePkcs8(pem.toString('utf8'))
  if (!key) return 'is no private key in PKCS#8 PEM (BEGIN PRIVATE KEY)'
  const publicJwk = createPublicKey(key).export({ format: 'jwk' }) as Jwk
  const fault = findKeyFault(publicJwk, 'RS256')
  // RSA only: the platform's producer keychains hold nothing else.
  return fault === undefined ? { kid: thumbprintOf(publicJwk), key, publicJwk, file: path } : `cannot sign with RS256: it is ${fault}`
}

function parsePkcs8 (pem: string): KeyObject | undefined {
  if (!pem.includes('-----BEGIN PRIVATE KEY-----')) return undefined
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}
