import { STATUS_CODES } from 'node:http'
import { isUuid } from '../../policies/claim.ts'
import type { CallRecord } from '../records/call-record.ts'

/** What of a record tells whether and as what its call is traced. */
export type TracedCall = Pick<CallRecord, 'kind' | 'purposeId' | 'voucherId' | 'status' | 'eservice' | 'producerId'>

/** How many calls one voucher made for one purpose that were answered with one status. */
export interface TraceRow { readonly purposeId: string, readonly status: number, readonly voucherId: string, readonly count: number }

/** What one machine tells another of a day. */
export interface CountedElsewhere { readonly rows: Iterable<TraceRow>, readonly unreadable: number }

/** How often calls were made, by purpose, status and voucher. */
export class TraceCounts {
  readonly #counts = new Map<string, number>()
  /** How many calls were counted. */
  calls = 0
  /** How many have ids that no file may hold, which are those of no voucher of the platform. */
  unfit = 0
  /** How many lines were no records. */
  unreadable = 0

  /** Counts a call with a proven voucher of the platform; every other one is passed over. */
  add ({ kind, purposeId, voucherId, status }: TracedCall): void {
    if (kind !== 'pdnd' || purposeId === undefined || voucherId === undefined) return
    if (isUuid(purposeId) && isUuid(voucherId)) this.#put(`${purposeId} ${standardStatus(status)} ${voucherId}`, 1)
    else this.unfit++
  }

  /** Counts what was counted elsewhere. */
  merge ({ rows, unreadable }: CountedElsewhere): void {
    for (const { purposeId, status, voucherId, count } of rows) this.#put(`${purposeId} ${status} ${voucherId}`, count)
    this.unreadable += unreadable
  }

  /** How many rows there are. */
  get size (): number {
    return this.#counts.size
  }

  /** All of it, in one order whatever the order of the calls was: the same counts make the same file. */
  * rows (): IterableIterator<TraceRow> {
    for (const key of [...this.#counts.keys()].toSorted()) {
      const [purposeId, status, voucherId] = key.split(' ') as [string, string, string]
      yield { purposeId, status: Number(status), voucherId, count: this.#counts.get(key) as number }
    }
  }

  #put (key: string, count: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
    this.calls += count
  }
}

/**
 * The status as which a call is traced. The platform knows those that Node.js knows; another one (499, of a caller that went away) stands for the first of its class, and what is of none for 500,
 * as whoever does not know a status takes it (RFC 9110, 15).
 */
export function standardStatus (status: number): number {
  if (STATUS_CODES[status] !== undefined) return status
  return status >= 200 && status < 600 ? Math.floor(status / 100) * 100 : 500
}
