import type { EServiceMinute, Minute, TelemetryReport } from '../../openapi/telemetry.ts'
import type { Queries, SqlValue } from '../database.ts'
import { countable, forgetMinutes, hoursOf, replaceMinutes } from '../reported-minutes.ts'

/** What was seen of one e-service: minutes, as each gateway told them, and hours, of all of them together, which are kept. Times are epoch minutes and hours; `bytes` are of bodies, in both directions. */
export const observationsMigration = `
  CREATE TABLE observed_eservices (
    name TEXT PRIMARY KEY, prefix TEXT NOT NULL UNIQUE, first_minute INTEGER NOT NULL, last_minute INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE observed_minutes (
    minute INTEGER NOT NULL, node TEXT NOT NULL, eservice TEXT NOT NULL,
    calls INTEGER NOT NULL, failed INTEGER NOT NULL, duration_us INTEGER NOT NULL, bytes INTEGER NOT NULL, latency TEXT NOT NULL,
    PRIMARY KEY (minute, node, eservice)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE observed_hours (
    eservice TEXT NOT NULL, hour INTEGER NOT NULL, served INTEGER NOT NULL, available INTEGER NOT NULL,
    calls INTEGER NOT NULL, failed INTEGER NOT NULL, duration_us INTEGER NOT NULL, bytes INTEGER NOT NULL, latency TEXT NOT NULL,
    PRIMARY KEY (eservice, hour)
  ) STRICT, WITHOUT ROWID`

/** How many calls of a minute were answered as they should be. */
export const answeredMigration = 'ALTER TABLE observed_minutes ADD COLUMN answered INTEGER NOT NULL DEFAULT 0; UPDATE observed_minutes SET answered = calls - failed'

/** Calls of some time together: all, those that were answered (1xx to 3xx) and those that failed (5xx); the rest were refused (4xx). */
interface Calls { calls: number, answered: number, failed: number, durationUs: number, bytes: number, readonly latency: Map<number, number> }

/** An hour of an e-service: in how many of its minutes a gateway served it, and in how many of these it was available. */
export interface Hour extends Readonly<Omit<Calls, 'latency' | 'answered'>> { readonly hour: number, readonly served: number, readonly available: number, readonly latency: ReadonlyMap<number, number> }

/** An e-service that was observed: what its codes begin with, and its first and last minute that was told of. */
export interface Observed { readonly name: string, readonly prefix: string, readonly first: number, readonly last: number }

/** What a report has changed: how many of its minutes count, and the first and the last minute of the time of which something is to be told otherwise now; undefined where nothing is. */
export interface Change { readonly taken: number, readonly span: { readonly from: number, readonly to: number } | undefined }

/** Keeps what counts of a report. To be run inside a transaction. */
export async function keepReport (queries: Queries, report: TelemetryReport, now: Date): Promise<Change> {
  const minutes = countable(report, now)
  await replaceMinutes(queries, 'observed_minutes', report.node, minutes, minutes.flatMap((minute) => rowsOf(report.node, minute)))
  const moved = await noteObserved(queries, minutes)
  for (const hour of hoursOf(minutes)) await sumHour(queries, hour)
  await forgetMinutes(queries, 'observed_minutes', now)
  const changed = [...minutes.map(({ minute }) => minute), ...moved]
  return { taken: minutes.length, span: changed.length === 0 ? undefined : { from: Math.min(...changed), to: Math.max(...changed) } }
}

function rowsOf (node: string, { minute, eservices }: Minute): readonly (readonly SqlValue[])[] {
  return eservices.map((eservice) => {
    const { calls, answered, failed, durationUs, bytes, latency } = callsOf(eservice)
    return [minute, node, eservice.name, calls, failed, durationUs, bytes, JSON.stringify([...latency]), answered]
  })
}

const none = (): Calls => ({ calls: 0, answered: 0, failed: 0, durationUs: 0, bytes: 0, latency: new Map() })

function add (sum: Calls, { calls, answered, failed, durationUs, bytes, latency }: { readonly [Name in keyof Calls]: Name extends 'latency' ? Iterable<readonly [number, number]> : number }): Calls {
  sum.calls += calls
  sum.answered += answered
  sum.failed += failed
  sum.durationUs += durationUs
  sum.bytes += bytes
  for (const [bucket, count] of latency) sum.latency.set(bucket, (sum.latency.get(bucket) ?? 0) + count)
  return sum
}

function callsOf ({ counts }: EServiceMinute): Calls {
  return counts.reduce((sum, { calls, status, durationUs, bytesReceived, bytesSent, latency }) => add(sum, { calls, answered: status[0] + status[1] + status[2], failed: status[4], durationUs, bytes: bytesReceived + bytesSent, latency }), none())
}

interface MinuteRow { readonly minute: number, readonly eservice: string, readonly calls: number, readonly answered: number, readonly failed: number, readonly duration_us: number, readonly bytes: number, readonly latency: string }

const ofRow = ({ calls, failed, duration_us: durationUs, bytes, latency }: Omit<MinuteRow, 'minute' | 'eservice' | 'answered'>) =>
  ({ calls, failed, durationUs, bytes, latency: JSON.parse(latency) as readonly (readonly [number, number])[] })

/** Sums up the minutes of an hour of all nodes. A minute is not available when calls failed and none, whichever node it came to, was answered: whoever is refused then says nothing of the service. */
async function sumHour (queries: Queries, hour: number): Promise<void> {
  const rows = await queries.query<MinuteRow>('SELECT * FROM observed_minutes WHERE minute >= ? AND minute < ?', [hour * 60, (hour + 1) * 60])
  await queries.query('DELETE FROM observed_hours WHERE hour = ?', [hour])
  for (const [eservice, told] of Map.groupBy(rows, (row) => row.eservice)) {
    const minutes = [...Map.groupBy(told, (row) => row.minute).values()].map((ofNodes) => ofNodes.reduce((sum, row) => add(sum, { ...ofRow(row), answered: row.answered }), none()))
    const { calls, failed, durationUs, bytes, latency } = minutes.reduce(add, none())
    const available = minutes.filter((minute) => minute.failed === 0 || minute.answered > 0).length
    await queries.query('INSERT INTO observed_hours VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', [eservice, hour, minutes.length, available, calls, failed, durationUs, bytes, JSON.stringify([...latency])])
  }
}

/** Notes since when and until when e-services were observed; gives the first and last minutes that were and are no more: what lies between was observed, too, though nobody told of it. */
async function noteObserved (queries: Queries, minutes: readonly Minute[]): Promise<readonly number[]> {
  const seen = Map.groupBy(minutes.flatMap(({ minute, eservices }) => eservices.map(({ name }) => ({ minute, name }))), ({ name }) => name)
  const known = new Map((await readObserved(queries)).map((one) => [one.name, one]))
  // Those of the report of 2017 are SLA.1 and so on.
  const prefixes = new Set(['SLA', ...known.values().map(({ prefix }) => prefix)])
  const moved: number[] = []
  for (const [name, told] of seen) {
    const before = known.get(name)
    const prefix = before?.prefix ?? prefixOf(name, prefixes)
    prefixes.add(prefix)
    const times = [...told.map(({ minute }) => minute), ...before ? [before.first, before.last] : []]
    const [first, last] = [Math.min(...times), Math.max(...times)]
    if (before) moved.push(...before.first > first ? [before.first] : [], ...before.last < last ? [before.last] : [])
    await queries.query('INSERT INTO observed_eservices VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET first_minute = excluded.first_minute, last_minute = excluded.last_minute', [name, prefix, first, last])
  }
  return moved
}

/** Codes are of capital letters: what a name leaves of itself, and a letter more where another e-service left the same. */
function prefixOf (name: string, taken: ReadonlySet<string>): string {
  const letters = name.toUpperCase().replaceAll(/[^A-Z]/g, '').slice(0, 12) || 'ESERVICE'
  for (let number = 0; ; number++) {
    const prefix = number === 0 ? letters : letters + String(number).replaceAll(/\d/g, (digit) => 'ABCDEFGHIJ'.charAt(Number(digit)))
    if (!taken.has(prefix)) return prefix
  }
}

/** The e-services that were ever observed, by name. */
export async function readObserved (queries: Queries): Promise<readonly Observed[]> {
  const rows = await queries.query<{ name: string, prefix: string, first_minute: number, last_minute: number }>('SELECT * FROM observed_eservices ORDER BY name')
  return rows.map(({ name, prefix, first_minute: first, last_minute: last }) => ({ name, prefix, first, last }))
}

/** The hours of an e-service from one on and before another. */
export async function readHours (queries: Queries, eservice: string, from: number, to: number): Promise<readonly Hour[]> {
  const rows = await queries.query<Omit<MinuteRow, 'minute' | 'answered'> & { readonly hour: number, readonly served: number, readonly available: number }>(
    'SELECT * FROM observed_hours WHERE eservice = ? AND hour >= ? AND hour < ? ORDER BY hour', [eservice, from, to])
  return rows.map((row) => ({ hour: row.hour, served: row.served, available: row.available, ...ofRow(row), latency: new Map(ofRow(row).latency) }))
}
