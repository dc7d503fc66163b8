import type { Expected } from './expected.ts'
import type { Headers } from './fire.ts'
import type { Compared, Round } from './measure.ts'
import type { Proof } from './proofs.ts'
import type { Target, TargetKind } from './target.ts'

/** How much load: seconds of one round or, where they are given, its calls; rounds that count, connections kept busy. */
export interface Load { readonly seconds: number, readonly calls?: number | undefined, readonly rounds: number, readonly connections: number }

/** A round that is fired otherwise than by autocannon: at what, with which headers, and how much. */
export interface OwnRound { readonly target: Target, readonly url: string, readonly headers: Headers, readonly expected: Expected, readonly load: Load, readonly signal: AbortSignal }

/** One kind of call, repeated on every connection as soon as the answer is there. */
export interface Scenario extends Compared {
  readonly target: TargetKind
  /** GET by default. */
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Headers
  readonly body?: string
  readonly proof: Proof
  readonly expected: Expected
  /** What the first call of all gets, where it must be made alone: a limit has to be used up before it refuses, an answer to be there before it is kept. */
  readonly first?: Expected
  /** Fires a round, where that is another kind of load. Throws at a wrong answer. */
  readonly fire?: (round: OwnRound) => Promise<Round>
}
