import { whole } from '../report/numbers.ts'
import type { Slope } from './regression.ts'

/** What a soak came to. Sizes in MiB, times in ms; what could not be known is undefined. */
export interface Soaked {
  /** How long it was watched after the warm-up, in minutes, and how long that was. */
  readonly minutes: number
  readonly warmUpMinutes: number
  readonly interrupted: boolean
  readonly calls: number
  /** Calls by what they were, or were refused for. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly failed: number
  readonly wrong: readonly string[]
  readonly reloads: number
  /** Why the gateway is not there any more. */
  readonly died: string | undefined
  readonly rss: { readonly first: number, readonly last: number, readonly highest: number } | undefined
  /** In MiB per 10 minutes. */
  readonly rssSlope: Slope
  /** Heap and buffers that are in use at rest, once all garbage is collected: after the warm-up, and after the last call. */
  readonly used: { readonly begin: number | undefined, readonly end: number | undefined }
  /** Of the process: before the first call, and at rest after the last. */
  readonly descriptors: { readonly begin: number | undefined, readonly end: number | undefined }
  /** Of admitted calls, in the first and in the last quarter. */
  readonly p99: { readonly first: number, readonly last: number } | undefined
  /** How late the event loop was: the 99th percentile of a second, in the middle of all seconds and in the worst. */
  readonly delay: { readonly median: number, readonly worst: number } | undefined
}

/** How much the resident memory may grow, in MiB per 10 minutes. */
export const slopeLimit = 1

/** Of a shorter run, in minutes watched, resident memory says little: it follows the load, and is given back late. */
const longMinutes = 30
/** There what is in use has to have grown as well, by more than this share. */
const grownShare = 0.25

/** Everything for which a soak has failed, a sentence each. A slope counts only as far as it is more than its own uncertainty. */
export function faultsOf ({ minutes, failed, died, descriptors: { begin, end }, used, rssSlope: { slope, uncertainty } }: Soaked): readonly string[] {
  const faults: string[] = []
  if (died !== undefined) faults.push(died)
  if (failed > 0) faults.push(`${whole(failed)} answers were wrong or missing`)
  if (begin !== undefined && end !== undefined && end > begin) faults.push(`file descriptors grew from ${begin} to ${end}`)
  const isSeen = minutes >= longMinutes || (used.begin !== undefined && used.end !== undefined && used.end > used.begin * (1 + grownShare))
  if (isSeen && slope - uncertainty > slopeLimit) faults.push(`the resident memory grew by ${slope.toFixed(1)} MiB in 10 minutes, at least by ${(slope - uncertainty).toFixed(1)}; ${slopeLimit} is allowed`)
  return faults
}
