import type { KeyObject } from 'node:crypto'

/**
 * A certificate that is trusted, and the client of the local registry that it belongs to, if any: `thumbprint` is its SHA-256 in base64url.
 * `untrusted` says why it is not, for the log.
 */
export type FoundCertificate = { readonly key: KeyObject, readonly clientId: string | undefined, readonly thumbprint: string } | { readonly untrusted: string } | 'unavailable'

/**
 * Who signs with an X.509 certificate (ID_AUTH_REST_01 and _02, INTEGRITY_REST_01 outside the platform). `now` in epoch ms: validity is judged
 * on every call, whatever is remembered of a chain.
 */
export interface Certificates {
  /** The certificate that a JOSE header names by `x5c`, `x5t#S256` or `x5u` (RFC 7515, 4.1.5 to 4.1.8). */
  find (header: Readonly<Record<string, unknown>>, now: number): FoundCertificate | Promise<FoundCertificate>
}
