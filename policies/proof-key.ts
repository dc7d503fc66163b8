import { createHash, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** The signature algorithms of a DPoP proof (PDND). */
export const proofAlgorithms = ['ES256', 'RS256'] as const

const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const required = { EC: ['crv', 'kty', 'x', 'y'], RSA: ['e', 'kty', 'n'] } as const
const minModulusBits = 2048
/** Above this verifying costs more than a caller may make us spend. */
const maxModulusBits = 8192

type Jwk = Readonly<Record<string, unknown>>

/** What keeps the `jwk` of a proof from being a public key for this algorithm (RFC 7517, 4.2 to 4.4; RFC 7518, 6), or undefined. Other public members are let be. */
export function findKeyFault (jwk: unknown, alg: unknown): string | undefined {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'no JSON object'
  const key = jwk as Jwk
  if (secretMembers.some((member) => Object.hasOwn(key, member))) return 'a key with secret members'
  if ((key['use'] ?? 'sig') !== 'sig' || (key['alg'] ?? alg) !== alg) return 'a key for another use'
  if (Object.hasOwn(key, 'key_ops') && !(Array.isArray(key['key_ops']) && key['key_ops'].includes('verify'))) return 'a key for other operations'
  if (key['kty'] === 'EC' && alg === 'ES256') return findCurveFault(key)
  if (key['kty'] === 'RSA' && alg === 'RS256') return findModulusFault(key)
  return 'a key of another type than the algorithm'
}

function findCurveFault ({ crv, x, y }: Jwk): string | undefined {
  if (crv !== 'P-256') return 'a key on another curve'
  return bytesOf(x)?.length === 32 && bytesOf(y)?.length === 32 ? undefined : 'coordinates that are not 32 bytes in base64url'
}

function findModulusFault ({ n, e }: Jwk): string | undefined {
  const [modulus, exponent] = [bytesOf(n), bytesOf(e)]
  if (!modulus?.[0] || !exponent?.[0]) return 'a modulus or exponent that is not in shortest base64url'
  const bits = modulus.length * 8 - Math.clz32(modulus[0]) + 24
  if (bits < minModulusBits || bits > maxModulusBits) return `a modulus of ${bits} bits`
  const value = exponent.length <= 4 ? exponent.readUIntBE(0, exponent.length) : 0
  return value >= 3 && value % 2 === 1 ? undefined : 'an exponent that is not safe'
}

// Only the one canonical spelling: another one would be the same key with another thumbprint.
function bytesOf (value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'base64url')
  return bytes.toString('base64url') === value ? bytes : undefined
}

/** The members of a key that make it what it is, in the order in which they are hashed (RFC 7638, 3.2). */
function essential (jwk: Jwk): Readonly<Record<string, unknown>> {
  return Object.fromEntries(required[jwk['kty'] as keyof typeof required].map((name) => [name, jwk[name]]))
}

/** The SHA-256 thumbprint (RFC 7638) of a key without a fault, in base64url: the `jkt` of a voucher. */
export function thumbprintOf (jwk: Jwk): string {
  return createHash('sha256').update(JSON.stringify(essential(jwk))).digest('base64url')
}

const maxRemembered = 1000

/** Keys of proofs that were good, by thumbprint, so that each is imported once; the oldest is forgotten first. */
export class ProofKeys {
  readonly #keys = new Map<string, KeyObject>()

  /** The key to verify with; undefined when its numbers are no key (a point that is not on the curve). */
  import (jwk: Jwk, thumbprint: string): KeyObject | undefined {
    const known = this.#keys.get(thumbprint)
    if (known) return known
    try {
      return createPublicKey({ key: essential(jwk), format: 'jwk' })
    } catch {
      return undefined
    }
  }

  remember (thumbprint: string, key: KeyObject): void {
    if (this.#keys.has(thumbprint)) return
    if (this.#keys.size >= maxRemembered) this.#keys.delete(this.#keys.keys().next().value as string)
    this.#keys.set(thumbprint, key)
  }
}
