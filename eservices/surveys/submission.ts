import type { EServiceRequest, Operation, Ports, Reply } from '../eservice.ts'
import { once } from '../idempotency.ts'
import type { Questionnaire } from './questionnaires.ts'
import { tally } from './sheets.ts'
import type { Batch } from './sheets.ts'
import { closeMonths, countIn } from './tallies.ts'

const keptDays = 7

/** What an administration is told about a batch that was counted. */
interface Receipt { readonly acceptedSheets: number, readonly acceptedAnswers: number }

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
    // The day is all that is kept of when a batch came. A UUID is the same in either case.
    const key = String(parameters['Idempotency-Key']).toLowerCase()
    const request = { consumerId: administration, key, body, at: dayNumber(day), keptFrom: dayNumber(shift(day, { days: -keptDays })) }
    const receipt = await database.transaction(async (queries) => once(queries, request, async () => {
      const counts = tally(batch, questionnaires, months)
      await closeMonths(queries, months.first, random)
      const { serviceKind, version, period } = batch
      await countIn(queries, { serviceKind, version, administration, period }, counts, random)
      return toReceipt(batch)
    }))
    return { status: 202, body: receipt }
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

// 2026-03-10 as 20260310.
function dayNumber (day: string): number {
  return Number(day.replaceAll('-', ''))
}

function shift (day: string, by: { days?: number, months?: number }): string {
  return Temporal.PlainDate.from(day).add(by).toString()
}
