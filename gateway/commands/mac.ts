import { createHmac, timingSafeEqual } from 'node:crypto'
import { bytesOf, findPurposeFault } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import type { CompactJws } from '../../policies/jws.ts'

/**
 * Authentication codes with a shared secret (RFC 7518, 3.2). Nothing that a caller sends is ever verified with them: who can check such a
 * code can also make it, and a public key taken for the secret would let anybody. They are here for `varco vectors` alone.
 */
export const macAlgorithms = { HS256: { hash: 'sha256', bytes: 32 }, HS384: { hash: 'sha384', bytes: 48 }, HS512: { hash: 'sha512', bytes: 64 } } as const
export type MacAlgorithm = keyof typeof macAlgorithms

/** What keeps an authentication code from being genuine, or undefined. The secret is at least as long as the hash, and meant for this. */
export function findMacFault ({ signed, signature }: CompactJws, alg: MacAlgorithm, jwk: Jwk): string | undefined {
  const { hash, bytes } = macAlgorithms[alg]
  const secret = jwk['kty'] === 'oct' ? bytesOf(jwk['k']) : undefined
  if (!secret) return 'its key cannot be used: it is no shared secret'
  const fault = findPurposeFault(jwk, alg)
  if (fault !== undefined) return `its key cannot be used: ${fault}`
  if (secret.length < bytes) return `its key cannot be used: a secret of ${secret.length} bytes, ${bytes} are the least`
  const expected = createHmac(hash, secret).update(signed).digest()
  return expected.length === signature.length && timingSafeEqual(expected, signature) ? undefined : 'the signature does not match'
}
