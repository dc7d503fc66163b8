import type { KeyObject } from 'node:crypto'
import type { InternalClients } from '../../policies/internal-clients.ts'
import type { InternalClient } from '../../policies/registry.ts'

/** A public key of an internal client as the registry file has it, by the name of its file; without `key` where it was not read. */
export interface RegisteredKey { readonly file: string, readonly kid?: string, readonly key?: KeyObject }

/** Its certificates, by thumbprint or by file; of a file that was read the thumbprint (SHA-256, base64url) is there too. */
export interface RegisteredLeaf { readonly file?: string, readonly thumbprint?: string }

/** An internal client of a registry file, with what it proves with who it is. */
export interface RegisteredInternalClient extends InternalClient { readonly keys?: readonly RegisteredKey[], readonly certificates?: readonly RegisteredLeaf[] }

/** Looks internal clients up by what they call with. That nothing belongs to two of them is the registry file's affair. */
export function internalClientsOf (clients: readonly RegisteredInternalClient[]): InternalClients {
  const byKey = new Map(clients.flatMap((client) => (client.keys ?? []).flatMap(({ kid, key }) => kid === undefined || key === undefined ? [] : [[kid, { key, client }] as const])))
  const byCertificate = new Map(clients.flatMap((client) => (client.certificates ?? []).flatMap(({ thumbprint }) => thumbprint === undefined ? [] : [[thumbprint, client] as const])))
  return { byKey: (kid) => byKey.get(kid), byCertificate: (thumbprint) => byCertificate.get(thumbprint) }
}
