import { randomUUID } from 'node:crypto'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hashOf, lineOf } from '../audit/audit-line.ts'
import { ids } from '../harness/platform.ts'
import type { CallRecord } from '../records/call-record.ts'
import { ownFolder } from '../state-folder.ts'
import type { Filing, Sent, Tracing, TracingPlatform } from './tracing-api.ts'
import type { TracedCalls } from './count-day.ts'

/** Records as the gateway keeps them, and platforms that behave as a test wants. Used by tests only. */

/** What of a record matters to tracing. */
export type FewFacts = Partial<Pick<CallRecord, 'time' | 'durationMs' | 'kind' | 'purposeId' | 'voucherId' | 'status' | 'eservice' | 'producerId'>>

export const traced: TracedCalls = { producers: [ids.producer], eservices: new Map([['archive', ids.producer]]) }

/** A record of a call with a voucher of the platform, at noon of a day unless told otherwise. */
export function recordOf (facts: FewFacts = {}): CallRecord {
  return { v: 1, time: '2026-03-02T11:00:00.000Z', durationMs: 5, kind: 'pdnd', purposeId: ids.purpose, voucherId: '20000000-0000-4000-8000-000000000001', status: 200, eservice: 'archive', producerId: ids.producer, ...facts } as CallRecord
}

/** Puts records into the audit file of a day of one process. */
export async function writeRecords (state: string, day: string, records: readonly CallRecord[], worker?: number): Promise<void> {
  const folder = join(ownFolder(state, worker), 'audit')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let hash = ''
  await appendFile(join(folder, `${day}.0001.audit`), records.map((record) => lineOf(JSON.stringify(record), hash = hashOf(hash, JSON.stringify(record)))).join(''))
}

/** A platform in memory that takes every file, and does with requests to send what `onSend` says: `done` tells whether it did what it was asked before that answer. */
export class PretendedPlatform implements TracingPlatform {
  readonly sent: string[] = []
  readonly tracings = new Map<string, Tracing>()
  found: { total: number, errors: readonly { purposeId: string, severity: string, errorCode: string, message: string, rowNumber: number }[] } = { total: 0, errors: [] }
  /** The verdict on the next files. */
  verdict: Tracing['state'] = 'COMPLETED'
  onSend: (filing: Filing) => { readonly done: boolean, readonly answer?: Sent } = () => ({ done: true })

  async find (day: string): Promise<Tracing | undefined> {
    return this.tracings.get(day)
  }

  async errors (): Promise<typeof this.found> {
    return this.found
  }

  async send (filing: Filing, target: string): Promise<Sent> {
    this.sent.push(filing)
    const { done, answer } = this.onSend(filing)
    const date = filing === 'submit' ? target : [...this.tracings.values()].find(({ tracingId }) => tracingId === target)?.date as string
    const tracingId = this.tracings.get(date)?.tracingId ?? randomUUID()
    if (done) this.tracings.set(date, { tracingId, date, state: this.verdict })
    return answer ?? { outcome: 'taken', tracingId }
  }
}
