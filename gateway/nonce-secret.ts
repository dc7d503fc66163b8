import { hkdfSync } from 'node:crypto'
import type { Config } from './config.ts'

/** Names what the secret is for (RFC 5869, 3.2): no other use of the same secrets gives it. */
const info = 'varco DPoP nonces 1'
const secretBytes = 32

/**
 * The secret of DPoP nonces, the same in every gateway of a configuration and over restarts, so that a nonce of one is taken by all: derived (HKDF with SHA-256, RFC 5869)
 * from the secrets that it shares with its upstreams, whatever their order. Whoever knows it can make nonces, and nothing else.
 */
export function nonceSecretOf (eservices: readonly Pick<Config['eservices'][number], 'upstream'>[]): Uint8Array {
  const secrets = [...new Set(eservices.map(({ upstream }) => upstream.secret))].toSorted()
  return new Uint8Array(hkdfSync('sha256', JSON.stringify(secrets), '', info, secretBytes))
}
