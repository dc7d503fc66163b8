import type { KeyObject } from 'node:crypto'
import { importKey } from './jwk.ts'
import type { Jwk } from './jwk.ts'
import { Lately } from './lately.ts'

/** The signature algorithms of a DPoP proof (PDND). */
export const proofAlgorithms = ['ES256', 'RS256'] as const
export type ProofAlgorithm = (typeof proofAlgorithms)[number]

const maxRemembered = 1000

/** Keys of proofs that were good, by thumbprint, so that each is imported once. */
export class ProofKeys {
  readonly #keys = new Lately<KeyObject>(maxRemembered)

  /** The key to verify with; undefined when its numbers are no key (a point that is not on the curve). */
  import (jwk: Jwk, thumbprint: string): KeyObject | undefined {
    return this.#keys.get(thumbprint) ?? importKey(jwk)
  }

  remember (thumbprint: string, key: KeyObject): void {
    this.#keys.set(thumbprint, key)
  }
}
