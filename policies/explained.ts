import type { CallerFact } from './caller.ts'
import type { Channel } from './channel.ts'
import type { Line } from './check.ts'
import type { Denial } from './denials.ts'
import type { Interactions } from './interactions.ts'
import type { FoundKey } from './keys.ts'
import type { Nonces } from './nonce.ts'
import type { Call, Facts, Ports, Terms } from './policy.ts'
import type { Registry } from './registry.ts'

/** Where it is known who signs. */
export type Signers = Pick<Ports, 'clientKeys' | 'certificates' | 'internalClients'>

/** A call as it is explained: of one that was saved the connection is not there. */
export interface ExplainedCall extends Omit<Call, 'connection'> { readonly connection: Channel | undefined }

/** What an explanation is made against. `key` is 'not known here' when the platform's keys are not at hand (offline). `now` in epoch ms. */
export interface ExplainContext {
  readonly terms: Terms
  readonly registry: Registry
  readonly key: FoundKey | 'not known here'
  readonly now: number
  /** The nonces of this gateway, where they are at hand. */
  readonly nonces?: Nonces | undefined
  /** Where it is known who signs what goes with a voucher, where it is at hand. It is asked as in admission, and only an answer at once counts. */
  readonly signers?: Signers | undefined
  /** What is known of interactions, where it is at hand. */
  readonly interactions?: Pick<Interactions, 'find'> | undefined
  /** The call that the voucher came with, where there is one. */
  readonly call?: ExplainedCall | undefined
  /**
   * How admission ended, where that is what is explained: the refusal has a line even if no check of a table made it (something was used before), and
   * nobody is asked for keys on behalf of a call that did not get that far.
   */
  readonly refused?: { readonly denial: Denial, readonly proved: { readonly [Name in keyof Facts]?: Facts[Name] | undefined } } | undefined
}

/** What each policy but the first explains: who calls, by what its token says, verified or not; members of another form are undefined. */
export interface Explained { readonly caller: CallerFact, readonly call: ExplainedCall | undefined, readonly context: ExplainContext }

/** Every check of one policy, as lines in the order of admission; none where nothing is demanded. Nothing is used up by it. */
export type Explain = (explained: Explained) => readonly Line[]
