import type { DecodedAssertion } from './client-assertion.ts'
import type { Refusal } from './error-codes.ts'

/** What became of a token request, without the signatures of assertion and proof and without the voucher itself. */
export interface TokenRequestRecord {
  readonly correlationId: string
  /** RFC 3339, UTC. */
  readonly at: string
  readonly outcome: 'issued' | 'refused' | 'limited' | 'malformed'
  readonly status: number
  readonly reason?: Refusal
  /** Why a form is malformed. */
  readonly details?: readonly string[]
  readonly assertion?: DecodedAssertion
  /** What the DPoP proof said; its header, with the key, is not kept. */
  readonly proofClaims?: DecodedAssertion['payload']
  readonly voucher?: Readonly<Record<string, unknown>>
}

/** The last token requests, newest first; older ones than `capacity` are forgotten. */
export interface TokenRequestLog {
  add (record: TokenRequestRecord): void
  list (): readonly TokenRequestRecord[]
  find (correlationId: string): TokenRequestRecord | undefined
}

/** A log in memory that never holds more than `capacity` records. */
export function createTokenRequestLog (capacity: number): TokenRequestLog {
  let records: readonly TokenRequestRecord[] = []
  return {
    add: (record) => { records = [record, ...records.slice(0, capacity - 1)] },
    list: () => records,
    find: (correlationId) => records.find((record) => record.correlationId === correlationId)
  }
}
