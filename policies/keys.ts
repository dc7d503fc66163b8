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
