import type { AsyncScope } from './demands.ts'

/** One asynchronous exchange as this gateway saw it: who began it here, and how far it has come. */
export interface Interaction {
  readonly id: string
  /** The client that started it; the producer's keychain where only the callback passes through here. */
  readonly clientId: string
  readonly consumerId: string
  readonly eserviceId: string
  readonly descriptorId: string
  /** The scope of the last call that was admitted. */
  readonly state: AsyncScope
  /** When the first one was admitted, and until when it must be remembered so that a voucher cannot begin it again, in epoch ms. */
  readonly startedAt: number
  readonly forgetAt: number
}

/** The interaction, undefined when it is not known here, or `unavailable` when that cannot be told now, which is never a pass. */
export type FoundInteraction = Interaction | undefined | 'unavailable'

/** `changed`: something else was known by then, and nothing was done. `unavailable`: it could not be kept, and counts as not done. */
export type Replacement = 'done' | 'changed' | 'unavailable'

/** The interactions under way. Times in epoch ms. */
export interface Interactions {
  /** `issuedAt` is when the voucher of the call was issued, in epoch ms: what came before may have been forgotten, which is then `unavailable`. */
  find (id: string, now: number, issuedAt: number): FoundInteraction | Promise<FoundInteraction>
  /**
   * Puts `next` in the place of `known`, which `find` gave. Of several that come at once with the same `known` exactly one is done. What is
   * done outlives the process.
   */
  replace (known: Interaction | undefined, next: Interaction, now: number): Replacement | Promise<Replacement>
  /** Takes a replacement back, unless something else came after it. */
  restore (known: Interaction | undefined, next: Interaction): void
}
