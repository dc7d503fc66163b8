import type { KeyObject } from 'node:crypto'

/** A public key of the platform. `epoch` changes whenever any key was added or removed, so that verdicts can be bound to it. */
export type FoundKey = { readonly key: KeyObject } | 'unknown' | 'unavailable'

/** The platform's signing keys. `unknown`: the source was asked and has no such key; `unavailable`: it cannot be asked now. */
export interface Keys {
  readonly epoch: number
  /** The key if it is at hand now; asks nobody. */
  known (kid: string): KeyObject | undefined
  find (kid: string): FoundKey | Promise<FoundKey>
}

/** A public key that a consumer deposited on the platform for one of its clients (`GET /keys/{kid}`). */
export type FoundClientKey = { readonly key: KeyObject, readonly clientId: string } | 'unknown' | 'unavailable'

/** The keys with which callers sign what goes with a call: evidence and messages. Meaning of the answers as for `Keys`. */
export interface ClientKeys {
  find (kid: string): FoundClientKey | Promise<FoundClientKey>
}
