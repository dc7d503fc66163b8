import type { KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import type { KeyStore } from './key-store.ts'
import { keychainId } from './producer-keychain.ts'

/** Whose key it is: a consumer's or an API client, or a producer's keychain. */
export interface KeyHolder { readonly kind: 'client' | 'keychain', readonly id: string }

/** A public key as the platform holds it; `kid` is its RFC 7638 thumbprint. */
export interface DepositedKey {
  readonly kid: string
  readonly holder: KeyHolder
  readonly publicKey: KeyObject
  readonly jwk: JWK
}

/** The public keys that the platform holds at this moment; a kid is there once, whoever holds it. */
export interface DepositedKeys {
  find (kid: string): DepositedKey | undefined
  heldBy (holder: KeyHolder): readonly DepositedKey[]
  /** Takes a key in whose kid is not there yet. */
  add (key: DepositedKey): void
  remove (kid: string): void
}

/** The deposit at the start: the public half of every pair of the key store. */
export function createDepositedKeys ({ clients, keychains }: Pick<KeyStore, 'clients' | 'keychains'>): DepositedKeys {
  const pairs = [
    ...[...clients].map(([id, pair]) => ({ holder: { kind: 'client', id } as const, pair })),
    ...[...keychains].map(([producerId, pair]) => ({ holder: { kind: 'keychain', id: keychainId(producerId) } as const, pair }))
  ]
  const keys = new Map<string, DepositedKey>()
  for (const { holder, pair: { kid, publicKey, publicJwk: jwk } } of pairs) keys.set(kid, { kid, holder, publicKey, jwk })
  return {
    find: (kid) => keys.get(kid),
    heldBy: ({ kind, id }) => [...keys.values()].filter(({ holder }) => holder.kind === kind && holder.id === id),
    add: (key) => { keys.set(key.kid, key) },
    remove: (kid) => { keys.delete(kid) }
  }
}
