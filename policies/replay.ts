/** `first`: the key was never seen in its time; `seen`: it was; `unavailable`: it cannot be decided, which is never a pass. */
export type ReplayVerdict = 'first' | 'seen' | 'unavailable'

/** Remembers what may be used once (the `jti` of a proof, RFC 9449, 11.1, or of a signature). Times in epoch ms. */
export interface ReplayFilter {
  /** Notes the key until `untilMs` and tells whether it was noted before. Of several that come at once exactly one is the first. */
  note (key: string, untilMs: number, nowMs: number): ReplayVerdict | Promise<ReplayVerdict>
}
