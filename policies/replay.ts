import { createHash } from 'node:crypto'

/** `first`: the key was never seen in its time; `seen`: it was; `unavailable`: it cannot be decided, which is never a pass. */
export type ReplayVerdict = 'first' | 'seen' | 'unavailable'

/**
 * For how much longer than asked keys are remembered, in ms: a call is judged by when it began, and its body may take 10 s; clocks of gateways may differ.
 * Whoever sends a used proof in the last moment of its life, and the body slowly, finds it still remembered.
 */
export const rememberedLongerMs = 15_000

/** Remembers what may be used once (the `jti` of a proof, RFC 9449, 11.1, or of a signature). Times in epoch ms. */
export interface ReplayFilter {
  /**
   * Notes the key until `untilMs`, and `rememberedLongerMs` beyond, and tells whether it was noted before. Of several that come at once exactly one is the first. `issuedMs` is when what it
   * stands for says that it was made: a filter that has lost its memory since then cannot tell.
   */
  note (key: string, untilMs: number, nowMs: number, issuedMs: number): ReplayVerdict | Promise<ReplayVerdict>
}

/** The key under which something is noted that is good for one use: of which `kind`, by whom it was made, and its `jti`. Only a digest is kept: what a filter holds is not to be of use to anybody. */
export function replayKey (kind: 'DPoP' | 'Agid-JWT-Signature' | 'x509' | 'internal', maker: string, jti: string): string {
  return createHash('sha256').update(`${kind} ${maker} ${jti}`).digest('base64url')
}
