import { createPublicKey, hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { allAlgorithms, isRecord, signatureAlgorithms } from './jws.ts'
import type { SignatureAlgorithm } from './jws.ts'
import { isRocaModulus } from './roca.ts'

export type Jwk = Readonly<Record<string, unknown>>

/** What makes a JWK a private or shared key (RFC 7518, 6). */
export const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const required = { EC: ['crv', 'kty', 'x', 'y'], RSA: ['e', 'kty', 'n'] } as const
const minModulusBits = 2048
/** Above this verifying costs more than a caller may make us spend. */
const maxModulusBits = 8192
const coordinateBytes = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const

/**
 * What keeps a JWK from being a public key for this algorithm (RFC 7517, 4.2 to 4.4; RFC 7518, 6), or undefined: RSA of at least 2048 bits
 * with a sane exponent and made with no known flaw, or a point of the algorithm's curve, nothing secret in it, meant for nothing else. Other public members are let be.
 */
export function findKeyFault (jwk: unknown, alg: unknown): string | undefined {
  if (!isRecord(jwk)) return 'no JSON object'
  if (typeof alg !== 'string' || !Object.hasOwn(signatureAlgorithms, alg)) return 'a key for an algorithm that is not taken'
  if (secretMembers.some((member) => Object.hasOwn(jwk, member))) return 'a key with secret members'
  const { kty, ...more } = signatureAlgorithms[alg as SignatureAlgorithm]
  return findPurposeFault(jwk, alg) ?? (jwk['kty'] !== kty ? 'a key of another type than the algorithm' : 'crv' in more ? findCurveFault(jwk, more.crv) : findModulusFault(jwk))
}

/** The same for any algorithm that goes with such a key, or the one that the key itself names. */
export function findAnyKeyFault (jwk: Jwk): string | undefined {
  const fitting = fittingAlgorithm(jwk)
  return fitting === undefined ? 'of a type that is not taken' : findKeyFault(jwk, jwk['alg'] ?? fitting)
}

/** The first algorithm that goes with a key, going by its type and curve alone; undefined when there is none. */
export function fittingAlgorithm (jwk: Jwk): SignatureAlgorithm | undefined {
  return allAlgorithms.find((name) => {
    const algorithm = signatureAlgorithms[name]
    return algorithm.kty === jwk['kty'] && (!('crv' in algorithm) || algorithm.crv === jwk['crv'])
  })
}

/** What a JWK says of itself that keeps it from verifying with this algorithm (RFC 7517, 4.2 to 4.4), or undefined; its numbers are not looked at. */
export function findPurposeFault (jwk: Jwk, alg: string): string | undefined {
  if ((jwk['use'] ?? 'sig') !== 'sig') return 'a key for another use'
  if ((jwk['alg'] ?? alg) !== alg) return 'a key for another algorithm'
  const operations = Object.hasOwn(jwk, 'key_ops') ? jwk['key_ops'] : ['verify']
  return Array.isArray(operations) && operations.includes('verify') ? undefined : 'a key for other operations'
}

function findCurveFault ({ crv, x, y }: Jwk, curve: keyof typeof coordinateBytes): string | undefined {
  if (crv !== curve) return 'a key on another curve'
  const length = coordinateBytes[curve]
  return bytesOf(x)?.length === length && bytesOf(y)?.length === length ? undefined : `coordinates that are not ${length} bytes in base64url`
}

function findModulusFault ({ n, e }: Jwk): string | undefined {
  const [modulus, exponent] = [bytesOf(n), bytesOf(e)]
  if (!modulus?.[0] || !exponent?.[0]) return 'a modulus or exponent that is not in shortest base64url'
  const bits = modulus.length * 8 - Math.clz32(modulus[0]) + 24
  if (bits < minModulusBits || bits > maxModulusBits) return `a modulus of ${bits} bits`
  const value = exponent.length <= 4 ? exponent.readUIntBE(0, exponent.length) : 0
  if (value < 3 || value % 2 === 0) return 'an exponent that is not safe'
  return isRocaModulus(modulus) ? 'a modulus that can be factored (CVE-2017-15361)' : undefined
}

/** The bytes of a member in base64url, in its one canonical spelling only: another one would be the same key with another thumbprint. */
export function bytesOf (value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'base64url')
  return bytes.toString('base64url') === value ? bytes : undefined
}

/** The members of a key that make it what it is, in the order in which they are hashed (RFC 7638, 3.2). */
function essential (jwk: Jwk): Jwk {
  return Object.fromEntries(required[jwk['kty'] as keyof typeof required].map((name) => [name, jwk[name]]))
}

/** The SHA-256 thumbprint (RFC 7638) of a key without a fault, in base64url: the `jkt` of a voucher, the kid of a key on PDND. */
export function thumbprintOf (jwk: Jwk): string {
  return hash('sha256', JSON.stringify(essential(jwk)), 'base64url')
}

/** A key without a fault, to verify with; undefined when its numbers are no key all the same (a point that is not on the curve). */
export function importKey (jwk: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: essential(jwk), format: 'jwk' })
  } catch {
    return undefined
  }
}
