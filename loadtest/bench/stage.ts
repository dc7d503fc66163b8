/** One stage of a call, by itself. */
export interface Stage {
  readonly name: string
  /** Does it once; what it gives, at once or as a promise, tells whether it did what it should. */
  readonly run: () => unknown
  /** True when that is the outcome of a call that is admitted. */
  readonly isRight: (outcome: unknown) => boolean
  /** True for what an admitted call without a body goes through, each thing once: shares of the whole are told of these. */
  readonly ofCall: boolean
}
