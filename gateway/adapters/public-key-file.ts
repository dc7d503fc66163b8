import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { findAnyKeyFault, importKey, secretMembers, thumbprintOf } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import { isRecord } from '../../policies/jws.ts'

/** A public key that somebody else signs with; `kid` is its SHA-256 thumbprint (RFC 7638). */
export interface PublicKey { readonly kid: string, readonly key: KeyObject }

/**
 * Reads a public key: SubjectPublicKeyInfo in PEM (BEGIN PUBLIC KEY), or one JWK. RSA from 2048 bits, P-256, P-384 or P-521. Gives the sentence that says
 * what is wrong with it otherwise, or `missing`; never throws, never repeats what is in it.
 */
export async function readPublicKey (path: string): Promise<PublicKey | string | { readonly missing: string }> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => ({ code: error.code ?? 'unknown error' }))
  if (typeof text !== 'string') {
    const message = `the file ${path} cannot be read (${text.code})`
    return text.code === 'ENOENT' ? { missing: message } : message
  }
  const jwk = jwkOf(text)
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || (jwk && secretMembers.some((member) => Object.hasOwn(jwk, member)))) return `the file ${path} holds a private key, which is its application's alone: name the file of the public one`
  const fault = jwk ? findAnyKeyFault(jwk) : 'none in PEM (BEGIN PUBLIC KEY), nor a JWK'
  const key = jwk && fault === undefined ? importKey(jwk) : undefined
  return key ? { kid: thumbprintOf(jwk as Jwk), key } : `the file ${path} holds no public key that is taken here: it is ${fault ?? 'numbers that are no key'}`
}

function jwkOf (text: string): Jwk | undefined {
  try {
    if (text.includes('-----BEGIN PUBLIC KEY-----')) return createPublicKey(text).export({ format: 'jwk' }) as Jwk
    const parsed: unknown = JSON.parse(text)
    return isRecord(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}
