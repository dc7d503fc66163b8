import type { Queries } from '../database.ts'
import { releasable, smallestGroup } from './disclosure.ts'
import type { Tally } from './sheets.ts'

/** What one administration collected with one questionnaire in a period: a month `YYYY-MM` or a year `YYYY`. */
export interface Collected {
  readonly serviceKind: string
  readonly version: string
  readonly administration: string
  readonly period: string
}

/** The answers to one question that are published or withheld together. */
export interface Group extends Collected { readonly question: string }

const groupColumns = 'service_kind, version, administration, period, question'
const ofGroup = 'service_kind = ? AND version = ? AND administration = ? AND period = ? AND question = ?'

/**
 * Counts, and nothing but counts: no sheet, no person, no time of day. Without row ids the rows lie in the order of
 * their keys, so that the tables do not tell in which order the answers came.
 */
export const talliesMigration = `
  CREATE TABLE tallies (
    service_kind TEXT NOT NULL, version TEXT NOT NULL, administration TEXT NOT NULL, period TEXT NOT NULL,
    question TEXT NOT NULL, option TEXT NOT NULL,
    withheld INTEGER NOT NULL CHECK (withheld >= 0),
    published INTEGER NOT NULL CHECK (published = 0 OR published >= ${smallestGroup}),
    PRIMARY KEY (${groupColumns}, option)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE looks (
    service_kind TEXT NOT NULL, version TEXT NOT NULL, administration TEXT NOT NULL, period TEXT NOT NULL,
    question TEXT NOT NULL, fresh INTEGER NOT NULL,
    PRIMARY KEY (${groupColumns})
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX published_by_period ON tallies
    (service_kind, version, period, administration, question, option, published) WHERE published > 0;
  CREATE INDEX published_by_administration ON tallies
    (service_kind, version, administration, period, question, option, published) WHERE published > 0;
  CREATE INDEX withheld_months ON tallies (period) WHERE withheld > 0 AND length(period) = 7`

/** Counts answers in, and publishes what may be published of their groups now. To be run inside a transaction. */
export async function countIn (
  queries: Queries, collected: Collected, tally: Tally, random: () => number
): Promise<void> {
  for (const [question, counts] of tally) {
    const group = { ...collected, question }
    for (const [option, count] of counts) {
      await queries.query(`INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, 0)
        ON CONFLICT (${groupColumns}, option) DO UPDATE SET withheld = tallies.withheld + excluded.withheld`,
      [...keyOf(group), option, count])
    }
    const fresh = await addFresh(queries, group, [...counts.values()].reduce((sum, count) => sum + count, 0))
    if (fresh >= smallestGroup) await publish(queries, group, random)
  }
}

type Withheld = Omit<Collected, 'serviceKind'> &
  { readonly service_kind: string, readonly question: string, readonly option: string, readonly withheld: number }

/**
 * Hands the withheld answers of every month before `firstOpenMonth` on to its year, where they may find enough like
 * them: without this the rare answers of small administrations would never appear. To be run inside a transaction.
 */
export async function closeMonths (queries: Queries, firstOpenMonth: string, random: () => number): Promise<void> {
  const open = 'withheld > 0 AND length(period) = 7 AND period < ?'
  const rows = await queries.query<Withheld>(`SELECT * FROM tallies WHERE ${open}`, [firstOpenMonth])
  await queries.query(`UPDATE tallies SET withheld = 0 WHERE ${open}`, [firstOpenMonth])
  const yearKey = ({ service_kind, version, administration, period }: Withheld): string =>
    [service_kind, version, administration, period.slice(0, 4)].join()
  for (const ofYear of Map.groupBy(rows, yearKey).values()) {
    const [{ service_kind: serviceKind, version, administration, period }] = ofYear as [Withheld]
    await countIn(queries, { serviceKind, version, administration, period: period.slice(0, 4) }, sum(ofYear), random)
  }
}

function sum (rows: readonly Withheld[]): Tally {
  const counts = new Map<string, Map<string, number>>()
  for (const { question, option, withheld } of rows) {
    const ofQuestion = counts.get(question) ?? new Map<string, number>()
    counts.set(question, ofQuestion.set(option, (ofQuestion.get(option) ?? 0) + withheld))
  }
  return counts
}

async function addFresh (queries: Queries, group: Group, count: number): Promise<number> {
  const [look] = await queries.query<{ fresh: number }>(`INSERT INTO looks VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (${groupColumns}) DO UPDATE SET fresh = looks.fresh + excluded.fresh RETURNING fresh`,
  [...keyOf(group), count])
  return look?.fresh ?? 0
}

async function publish (queries: Queries, group: Group, random: () => number): Promise<void> {
  const rows = await queries.query<{ option: string, withheld: number }>(
    `SELECT option, withheld FROM tallies WHERE ${ofGroup}`, keyOf(group))
  for (const [option, count] of releasable(new Map(rows.map((row) => [row.option, row.withheld])), random)) {
    await queries.query(
      `UPDATE tallies SET withheld = withheld - ?, published = published + ? WHERE ${ofGroup} AND option = ?`,
      [count, count, ...keyOf(group), option])
  }
  await queries.query(`UPDATE looks SET fresh = 0 WHERE ${ofGroup}`, keyOf(group))
}

function keyOf ({ serviceKind, version, administration, period, question }: Group): readonly string[] {
  return [serviceKind, version, administration, period, question]
}
