import type { Durability } from './call-record.ts'

/** Where records are kept that nothing may be missing from: append-only, in the order in which they were added. */
export interface Trail {
  /** False from a failure on until something could be kept again. */
  readonly works: boolean
  /**
   * Adds a record, `text` being its JSON in one line, of a call that was answered at `endedAt` (epoch ms). `told` is called once and never before this returns: with true when it is kept as
   * `durability` says, with false when it could not be, or not in time.
   */
  add (text: string, endedAt: number, durability: Durability, told: (isKept: boolean) => void): void
}
