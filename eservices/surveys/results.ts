import type { EServiceRequest, Reply, Rows } from '../eservice.ts'
import type { Database, SqlValue } from '../database.ts'
import { invalidCursor, pageOf } from '../page.ts'
import type { Questionnaire } from './questionnaires.ts'
import { questionResult } from './statistics.ts'
import type { QuestionResult } from './statistics.ts'

export type Breakdown = 'total' | 'administration' | 'month' | 'year' | 'administration-month' | 'administration-year'

/** The results of one questionnaire for one administration and period; a member that is absent means all of them. */
export interface Result {
  readonly serviceKind: string
  readonly version: string
  readonly administration?: string
  readonly period?: string
  readonly questions: readonly QuestionResult[]
}

type Parameters = EServiceRequest['parameters']

/** What a call asks for. `period` is a month or a year; without a filter all administrations or periods count. */
interface Asked {
  readonly breakdown?: Breakdown
  readonly limit?: number
  readonly cursor?: string
  readonly question?: string
  readonly administration?: string
  readonly period?: string
}

/** One administration and period; '' stands for all. */
interface Place { readonly administration: string, readonly period: string }

/** A query in the making: what it groups by, which rows it reads, and the values of its placeholders. */
interface Selection extends Place { readonly where: string, readonly values: readonly SqlValue[] }

/**
 * Reads a page of results. Only published counts are read, through indexes that hold them and nothing else. A place
 * appears with its first published answers, never before: that somebody answered at all is not told either. Unknown
 * cursors are a 400.
 */
export async function readResults (
  database: Database, questionnaire: Questionnaire, parameters: Parameters
): Promise<Reply> {
  const asked = parameters as Asked
  const { limit = 100, cursor } = asked
  const selection = select(questionnaire, asked)
  const places = await readPlaces(database, selection, readCursor(cursor), limit + 1)
  const next = places[limit]
  const page = places.slice(0, limit)
  const counts = await readCounts(database, selection, page)
  const items = page.map((place) => toResult(questionnaire, asked, place, counts.get(placeKey(place)) ?? []))
  return {
    ...pageOf(items, next && Buffer.from(placeKey(next)).toString('base64url')),
    cache: 'current',
    rows: { columns, values: items.flatMap(toRows) }
  }
}

function select ({ serviceKind, version }: Questionnaire, asked: Asked): Selection {
  const { breakdown = 'total', question, administration, period } = asked
  const filters: readonly (readonly [string, ...SqlValue[]] | false)[] = [
    ['service_kind = ? AND version = ? AND published > 0', serviceKind, version],
    administration !== undefined && ['administration = ?', administration],
    period?.length === 4 && ['period >= ? AND period < ?', period, String(Number(period) + 1)],
    period?.length === 7 && ['period = ?', period],
    question !== undefined && ['question = ?', question],
    // What a closed month handed on to its year belongs to no month any more.
    breakdown.endsWith('month') && ['length(period) = 7']
  ]
  const used = filters.filter((filter) => filter !== false)
  return {
    administration: breakdown.startsWith('administration') ? 'administration' : "''",
    period: breakdown.endsWith('month') ? 'period' : breakdown.endsWith('year') ? 'substr(period, 1, 4)' : "''",
    where: used.map(([condition]) => condition).join(' AND '),
    values: used.flatMap(([, ...values]) => values)
  }
}

async function readPlaces (database: Database, selection: Selection, from: Place, limit: number) {
  const { administration, period, where, values } = selection
  return database.query<Place & Record<string, SqlValue>>(
    `SELECT ${administration} AS administration, ${period} AS period FROM tallies
     WHERE ${where} AND (${administration}, ${period}) >= (?, ?) GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?`,
    [...values, from.administration, from.period, limit])
}

interface Count extends Place { readonly question: string, readonly option: string, readonly published: number }

async function readCounts (database: Database, selection: Selection, page: readonly Place[]) {
  const { administration, period, where, values } = selection
  const [first, last] = [page[0], page.at(-1)]
  if (!first || !last) return new Map<string, Count[]>()
  const counts = await database.query<Count & Record<string, SqlValue>>(
    `SELECT ${administration} AS administration, ${period} AS period, question, option, sum(published) AS published
     FROM tallies WHERE ${where} AND (${administration}, ${period}) BETWEEN (?, ?) AND (?, ?) GROUP BY 1, 2, 3, 4`,
    [...values, first.administration, first.period, last.administration, last.period])
  return Map.groupBy(counts, placeKey)
}

function toResult (questionnaire: Questionnaire, asked: Asked, place: Place, counts: readonly Count[]): Result {
  const { serviceKind, version } = questionnaire
  const administration = asked.administration ?? place.administration
  const period = place.period.length === 7 ? place.period : asked.period ?? place.period
  const published = Map.groupBy(counts, ({ question }) => question)
  return {
    serviceKind,
    version,
    ...(administration !== '' && { administration }),
    ...(period !== '' && { period }),
    questions: questionnaire.questions.filter(({ id }) => id === (asked.question ?? id)).map((question) =>
      questionResult(question, new Map(published.get(question.id)?.map((count) => [count.option, count.published]))))
  }
}

const placeColumns = ['service_kind', 'version', 'administration', 'period']
const columns = [...placeColumns, 'question', 'option', 'measure', 'value', 'suppressed']

function toRows ({ serviceKind, version, administration = '', period = '', questions }: Result): Rows['values'] {
  const place = [serviceKind, version, administration, period]
  return questions.flatMap(({ question, count, options, suppressed, mean, promotersPercent, netPromoters }) => {
    const row = (option: string, measure: string, value: number | null | undefined, hidden: boolean): Rows['values'] =>
      value === undefined ? [] : [[...place, question, option, measure, value, hidden]]
    return [
      ...row('', 'count', count, count === null),
      ...options.flatMap((option) => row(option.option, 'count', option.count, option.suppressed)),
      ...options.flatMap((option) => row(option.option, 'share-percent', option.sharePercent, suppressed)),
      ...row('', 'mean', mean, suppressed),
      ...row('', 'promoters-percent', promotersPercent, suppressed),
      ...row('', 'net-promoters', netPromoters, suppressed)
    ]
  })
}

function placeKey ({ administration, period }: Place): string {
  return `${administration}_${period}`
}

function readCursor (cursor: string | undefined): Place {
  if (cursor === undefined) return { administration: '', period: '' }
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const [, administration, period] = /^([0-9a-f-]{0,36})_((?:\d{4}(?:-\d{2})?)?)$/i.exec(text) ?? []
  if (administration === undefined || period === undefined) throw invalidCursor()
  return { administration, period }
}
