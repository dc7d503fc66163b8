import type { KeyObject } from 'node:crypto'
import type { InternalClient } from './registry.ts'

/** The administration's own applications, as they are registered here: by the keys that they sign with and the certificates that they connect with. Each belongs to one of them. */
export interface InternalClients {
  /** The key with this id, its SHA-256 thumbprint (RFC 7638), and whose it is. */
  byKey (kid: string): { readonly key: KeyObject, readonly client: InternalClient } | undefined
  /** Whose certificate has this thumbprint (SHA-256, base64url). */
  byCertificate (thumbprint: string): InternalClient | undefined
}
