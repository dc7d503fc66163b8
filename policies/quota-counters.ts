import type { Day } from './day.ts'

/** Whose calls a quota bounds: those of one purpose, of one consumer on the e-service, or of all consumers of its version. */
export const quotaKinds = ['purpose', 'consumer', 'total'] as const
export type QuotaKind = (typeof quotaKinds)[number]

/** One counter of an e-service and how far it may go, in calls a day. The key is that of one counter whatever day it is. */
export interface Quota { readonly kind: QuotaKind, readonly key: string, readonly limit: number }

/** What one call takes from: its quotas, all of one e-service, on the day on which it came. */
export interface QuotaClaim { readonly eserviceId: string, readonly day: Day, readonly quotas: readonly Quota[] }

/** For each quota of a claim, in their order, the calls that were left before it; less than nothing where more were counted than there are. */
export type CallsLeft = readonly number[]

/** Counts calls by the day. A claim is one: it takes a call from all of its quotas or from none, whatever comes at the same moment. */
export interface QuotaCounters {
  /** Takes a call where every quota has one left. With `beyond` it is counted all the same. */
  take (claim: QuotaClaim, beyond: boolean): CallsLeft | Promise<CallsLeft>
  /** The same without taking anything. */
  peek (claim: QuotaClaim): CallsLeft | Promise<CallsLeft>
  /** Says that the claim will probably be taken in a moment: what that needs may be fetched by then. */
  foresee (claim: QuotaClaim): void
  /** Gives back a call that was taken and is not made after all. Never throws; when it fails the call stays counted. */
  giveBack (claim: QuotaClaim): void
}
