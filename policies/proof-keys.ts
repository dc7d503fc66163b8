import type { KeyObject } from 'node:crypto'
import { importKey } from './jwk.ts'
import type { Jwk } from './jwk.ts'

/** The signature algorithms of a DPoP proof (PDND). */
export const proofAlgorithms = ['ES256', 'RS256'] as const
export type ProofAlgorithm = (typeof proofAlgorithms)[number]

const maxRemembered = 1000

/** Keys of proofs that were good, by thumbprint, so that each is imported once; the oldest is forgotten first. */
export class ProofKeys {
  readonly #keys = new Map<string, KeyObject>()

  /** The key to verify with; undefined when its numbers are no key (a point that is not on the curve). */
  import (jwk: Jwk, thumbprint: string): KeyObject | undefined {
    return this.#keys.get(thumbprint) ?? importKey(jwk)
  }

  remember (thumbprint: string, key: KeyObject): void {
    if (this.#keys.has(thumbprint)) return
    if (this.#keys.size >= maxRemembered) this.#keys.delete(this.#keys.keys().next().value as string)
    this.#keys.set(thumbprint, key)
  }
}
