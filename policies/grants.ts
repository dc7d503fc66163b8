import type { Narrowing } from '../openapi/json/narrow-json.ts'
import type { WithheldParameters } from './withheld-parameters.ts'

/** What a grant leaves of the answers of one operation, worked out at boot. */
export interface View {
  readonly narrowing: Narrowing
  /** The media types (lower case) that are left of those of the successful answers: only JSON can be narrowed. */
  readonly produces: readonly string[]
  readonly parameters: WithheldParameters
}

/** A reviewed decision of the producer: what one purpose, one consumer, or everybody else may do and see on an e-service, on what basis and until when. */
export interface Grant {
  readonly id: string
  readonly version: number
  readonly operations: ReadonlySet<string> | 'all'
  /** By operationId; the answers of other operations are given as they are. */
  readonly views: ReadonlyMap<string, View>
  /** The last day on which it is good (ISO 8601, Europe/Rome), and the instant at which it no longer is, in epoch ms. */
  readonly expires: string
  readonly expiresAt: number
  /** The law or agreement that it rests on, as the producer wrote it. */
  readonly legalBasis: string
}

/** The grants of an e-service, each in its newest version. */
export interface Grants {
  readonly byPurpose: ReadonlyMap<string, Grant>
  readonly byConsumer: ReadonlyMap<string, Grant>
  readonly any: Grant | undefined
}

/** The one grant that counts for a call: the most specific, also when it is no longer good. What was reviewed for a purpose is not replaced by what holds for others. */
export function grantFor ({ byPurpose, byConsumer, any }: Grants, purposeId: string, consumerId: string): Grant | undefined {
  return byPurpose.get(purposeId) ?? byConsumer.get(consumerId) ?? any
}

/** A review takes weeks: whoever owns a grant hears of its end this long before. */
const warnedMs = 30 * 86_400_000

/** A sentence for each grant that is no longer good at `now` (epoch ms), or will not be within 30 days: those that nobody renews are noticed before somebody is refused. */
export function endingGrants ({ byPurpose, byConsumer, any }: Grants, now: number): readonly string[] {
  return [...byPurpose.values(), ...byConsumer.values(), ...any ? [any] : []].filter(({ expiresAt }) => expiresAt - now <= warnedMs).map(({ id, version, expires, expiresAt }) =>
    `grant "${id}", version ${version}, ${expiresAt <= now ? `was good until ${expires}: whoever it is for is refused` : `is good until ${expires}: have it reviewed before then`}`)
}
