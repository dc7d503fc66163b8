import type { Logger } from 'pino'
import type { Line } from '../../policies/check.ts'
import { denialType } from '../../policies/denials.ts'
import type { Denial } from '../../policies/denials.ts'
import type { Exchange } from '../exchange.ts'
import { logText } from '../log.ts'
import { durabilityOf, endOf } from './call-record.ts'
import type { Durability, RecordSink } from './call-record.ts'
import { toRecord } from './to-record.ts'
import type { Traces } from '../traces/traces.ts'
import type { Trail } from './trail.ts'

/** What sends the last bytes of an answer once its record is kept. */
export type Concluding = Pick<Recorder, 'conclude' | 'findFault'>

/** Concludes answers without a record: where there is nothing to prove, as in measurements of something else. */
export const unrecorded: Concluding = { conclude: (_exchange, _status, end) => { end() }, findFault: () => undefined }

/** What records are made for and kept in, whatever configuration is live: `node` names the process; what could not be kept is counted in `lost`. */
export interface Recording {
  readonly trail: Trail
  readonly sinks: readonly RecordSink[]
  readonly node: string
  /** The pseudonym of whoever used a call at its consumer, as its proven tracking evidence says. */
  readonly userOf?: (exchange: Exchange) => string | undefined
  /** Takes in every call that is answered, with its record, where spans are made of them. */
  readonly traced?: Traces['end']
  lost: number
}

/** What recording needs. `explain` gives the checks of a refused voucher; `now` is epoch ms. */
export interface RecorderParts {
  readonly recording: Recording
  readonly logger: Logger
  readonly now: () => number
  readonly explain: (exchange: Exchange) => readonly Line[]
}

/** Status of the record of a call whose caller went away before the answer was complete. */
const clientClosed = 499

const notKept: Denial = { denial: 'record-store-unavailable', check: 'record', reason: 'the record of the call cannot be kept', retryAfter: 5 }

/** Makes one record of every call (RAC_GEN_LOG_01), kept before the last byte of its answer goes out: nothing that a caller was told is missing from the records. */
export class Recorder {
  readonly #parts: RecorderParts

  constructor (parts: RecorderParts) {
    this.#parts = parts
  }

  /** A denial where the record of a call is part of the proof and none could be kept: such a call is not made. */
  findFault (exchange: Exchange): Denial | undefined {
    return this.#parts.recording.trail.works || durabilityOf(exchange.route?.demands) === 'written' ? undefined : notKept
  }

  /**
   * Records a call that is answered with a status; `end` then sends the last bytes of the answer, or all of it. Where the record is part of the proof and is not kept, `fail` is told instead,
   * and the call is not answered so; one that is refused is all the same.
   */
  conclude (exchange: Exchange, status: number, end: () => void, fail: (denial: Denial) => void): void {
    // Whose caller is gone has its record when its connection is.
    if (exchange.response.destroyed) return
    const durability = exchange.denial ? 'written' : durabilityOf(exchange.route?.demands)
    exchange.isConcluded = true
    this.#keep(exchange, status, durability, (isKept) => {
      if (isKept || durability === 'written') end()
      else {
        exchange.isConcluded = false
        if (exchange.response.destroyed) this.close(exchange)
        else fail(notKept)
      }
    })
  }

  /** Records a call whose connection is gone, unless that was done; of pages, which others send, this is the only record. */
  close (exchange: Exchange): void {
    if (exchange.isConcluded) return
    exchange.isConcluded = true
    const { response, denial } = exchange
    this.#keep(exchange, response.writableFinished ? response.statusCode : denial ? denialType(denial.denial).status : clientClosed, 'written', () => undefined)
  }

  #keep (exchange: Exchange, status: number, durability: Durability, told: (isKept: boolean) => void): void {
    const { now, recording, logger } = this.#parts
    const record = toRecord(exchange, status, now(), recording.node, recording.userOf?.(exchange))
    const text = JSON.stringify(record)
    const line = exchange.denial ? this.#withReason(text, exchange, exchange.denial) : text
    recording.trail.add(text, endOf(record), durability, (isKept) => {
      // Where the record is part of the proof nothing is answered without it: what is answered instead has a record of its own.
      if (isKept || durability === 'written') {
        if (!isKept) recording.lost++
        logText(logger, line)
        for (const sink of recording.sinks) sink(record)
        recording.traced?.(exchange, record)
      }
      told(isKept)
    })
  }

  /** Why a call was refused is for the log alone. */
  #withReason (text: string, exchange: Exchange, { check, reason }: Denial): string {
    return `${text.slice(0, -1)},${JSON.stringify({ check, reason, explanation: this.#parts.explain(exchange) }).slice(1)}`
  }
}
