import { createHash } from 'node:crypto'
import type { RegistryFile } from '../adapters/registry-file.ts'

/**
 * The id of a producer's keychain, which the registry file does not name: a name-based UUID (RFC 9562 5.5) in the namespace that the
 * producer's id is, so that it is the same at every start.
 */
export function keychainId (producerId: string): string {
  const namespace = Buffer.from(producerId.replaceAll('-', ''), 'hex')
  const hash = createHash('sha1').update(namespace).update('producer-keychain').digest()
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** The tenants that have an e-service and therefore a keychain, each once. */
export function producersOf ({ eservices }: Pick<RegistryFile, 'eservices'>): string[] {
  return [...new Set(eservices.map(({ producerId }) => producerId))]
}
