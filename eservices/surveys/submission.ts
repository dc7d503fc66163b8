import type { EServiceRequest, Operation, Ports, Reply } from '../eservice.ts'
import type { Questionnaire } from './questionnaires.ts'
import { findReceipt, keepReceipt } from './receipts.ts'
import type { Receipt } from './receipts.ts'
import { tally } from './sheets.ts'
import type { Batch } from './sheets.ts'
import { closeMonths, countIn } from './tallies.ts'

const receiptDays = 7

/**
 * The operation that counts a batch of answers for the administration of the verified call. One transaction: an answer
 * is counted together with its receipt or not at all, and nobody reads the results halfway.
 */
export function submitAnswers (ports: Ports, questionnaires: readonly Questionnaire[]): Operation {
  const { database, now, randomUUID } = ports
  const random = (): number => fraction(randomUUID())
  return async ({ parameters, body, caller }: EServiceRequest): Promise<Reply> => {
    const day = italianDay(now())
    const months = { first: shift(day, { months: -1 }).slice(0, 7), last: day.slice(0, 7) }
    const batch = body as Batch
    const administration = caller.consumerId
    const submission = { administration, key: String(parameters['Idempotency-Key']), body, day }
    return database.transaction(async (queries) => {
      const known = await findReceipt(queries, submission)
      if (known) return { status: 202, body: known }
      const counts = tally(batch, questionnaires, months)
      const receipt = toReceipt(batch)
      await closeMonths(queries, months.first, random)
      const { serviceKind, version, period } = batch
      await countIn(queries, { serviceKind, version, administration, period }, counts, random)
      await keepReceipt(queries, submission, receipt, shift(day, { days: -receiptDays }))
      return { status: 202, body: receipt }
    })
  }
}

function toReceipt ({ sheets }: Batch): Receipt {
  const acceptedAnswers = sheets.reduce((sum, { answers }) => sum + answers.length, 0)
  return { acceptedSheets: sheets.length, acceptedAnswers }
}

// The first 48 bits of a random UUID are all random (RFC 9562, 5.4).
function fraction (uuid: string): number {
  return Number.parseInt(uuid.replace('-', '').slice(0, 12), 16) / 2 ** 48
}

function italianDay (now: Date): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(now.getTime())
  return instant.toZonedDateTimeISO('Europe/Rome').toPlainDate().toString()
}

function shift (day: string, by: { days?: number, months?: number }): string {
  return Temporal.PlainDate.from(day).add(by).toString()
}
