import { constants, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { parseJson } from '../openapi/json/json.ts'

/** A JWS in compact form taken apart (RFC 7515, 7.1), nothing verified yet. Its payload may be anything. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Buffer
  readonly signed: string
  readonly signature: Buffer
}

/** A JWT (RFC 7519) taken apart: a JWS whose payload is a JSON object. */
export interface Jws extends Omit<CompactJws, 'payload'> {
  readonly claims: Readonly<Record<string, unknown>>
}

const maxBytes = 8192

/**
 * Takes a JWS apart. Strict, because a lenient reader gives one token several spellings: three canonical base64url segments, the header a
 * JSON object without duplicate members. Gives the sentence that says what is wrong otherwise; never throws, never repeats the token.
 */
export function readCompactJws (token: string): CompactJws | string {
  if (token.length > maxBytes) return `it is longer than ${maxBytes} bytes`
  const segments = token.split('.')
  if (segments.length !== 3) return `it has ${segments.length} segments instead of 3`
  const [head, payload, signature] = segments.map(decodeSegment)
  if (!head || !payload || !signature) return 'a segment is not canonical base64url'
  if (signature.length === 0) return 'it is not signed'
  const header = parseJson(head)
  if ('fault' in header) return `its header cannot be read: ${header.fault}`
  if (!isRecord(header.value)) return 'its header must be a JSON object'
  return { header: header.value, payload, signed: token.slice(0, token.lastIndexOf('.')), signature }
}

/** Takes a JWT apart, as strictly: its claims are a JSON object without duplicate members too. */
export function readJws (token: string): Jws | string {
  const read = readCompactJws(token)
  if (typeof read === 'string') return read
  const { payload, ...jws } = read
  const claims = parseJson(payload)
  if ('fault' in claims) return `its claims cannot be read: ${claims.fault}`
  return isRecord(claims.value) ? { ...jws, claims: claims.value } : 'its claims must be a JSON object'
}

/** Header members that would lead to another key, to another reading, or to something inside: none is understood here, so none is ignored (RFC 7515, 4.1; RFC 8725, 3.10). */
export const steeringMembers = ['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5u', 'x5c'] as const

/** True for a JSON object. */
export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// Re-encoding is the one sure test that no other spelling of the same bytes was sent (hardening against signature malleability).
function decodeSegment (segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : undefined
}

interface Algorithm { readonly hash: string, readonly kty: 'RSA' | 'EC', readonly padding?: number, readonly crv?: 'P-256' | 'P-384' | 'P-521', readonly curve?: string }

const { RSA_PKCS1_PADDING: pkcs1, RSA_PKCS1_PSS_PADDING: pss } = constants

/** The signature algorithms that Varco knows (RFC 7518, 3.1), each with the one kind of key that it goes with: never `none`, never a shared secret. */
export const signatureAlgorithms = {
  RS256: { hash: 'sha256', kty: 'RSA', padding: pkcs1 },
  RS384: { hash: 'sha384', kty: 'RSA', padding: pkcs1 },
  RS512: { hash: 'sha512', kty: 'RSA', padding: pkcs1 },
  PS256: { hash: 'sha256', kty: 'RSA', padding: pss },
  PS384: { hash: 'sha384', kty: 'RSA', padding: pss },
  PS512: { hash: 'sha512', kty: 'RSA', padding: pss },
  ES256: { hash: 'sha256', kty: 'EC', crv: 'P-256', curve: 'prime256v1' },
  ES384: { hash: 'sha384', kty: 'EC', crv: 'P-384', curve: 'secp384r1' },
  ES512: { hash: 'sha512', kty: 'EC', crv: 'P-521', curve: 'secp521r1' }
} as const satisfies Readonly<Record<string, Algorithm>>

export type SignatureAlgorithm = keyof typeof signatureAlgorithms

/** The algorithms that go with an RSA key, and with any key. */
export const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const
export const allAlgorithms = Object.keys(signatureAlgorithms) as readonly SignatureAlgorithm[]

/** True when the signature is genuine. The algorithm is the one that the verifier allows, and the key must be of its kind; never throws. */
export function verifyJws ({ signed, signature }: Pick<CompactJws, 'signed' | 'signature'>, alg: SignatureAlgorithm, key: KeyObject): boolean {
  const { hash, kty, padding, curve }: Algorithm = signatureAlgorithms[alg]
  if (key.asymmetricKeyType !== kty.toLowerCase() || (curve !== undefined && key.asymmetricKeyDetails?.namedCurve !== curve)) return false
  try {
    if (padding === undefined) return verify(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature)
    // RFC 7518, 3.5: the salt is as long as the hash.
    return verify(hash, Buffer.from(signed), padding === pkcs1 ? { key, padding } : { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature)
  } catch {
    return false
  }
}

/** An algorithm that a header names, for a log: only such as have a name here. Anything can be written there, and it is looked at before anybody is known. */
export function shownAlgorithm (alg: unknown): string {
  return alg === undefined ? 'nothing' : allAlgorithms.some((one) => one === alg) ? JSON.stringify(alg) : 'another algorithm'
}
