import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Jwk } from '../../policies/jwk.ts'
import { isExpired } from '../adapters/day-files.ts'
import { keyIdOf, readHeadKey, readPublicKeys } from '../audit/audit-heads.ts'
import { auditPlaces } from '../audit/audit-place.ts'
import type { Place } from '../audit/audit-place.ts'
import { listDays } from '../audit/audit-reader.ts'
import { searchAudit } from '../audit/audit-search.ts'
import type { AuditQuery } from '../audit/audit-search.ts'
import { verifyAudit } from '../audit/audit-verification.ts'
import type { Trusted } from '../audit/audit-verification.ts'
import { testimoniesOf, verifyNeighbours } from '../audit/neighbours.ts'
import type { Testimony } from '../audit/neighbours.ts'
import { readWitnesses } from '../audit/witnesses.ts'
import { loadConfig } from '../config.ts'
import type { CallRecord } from '../records/call-record.ts'
import { isDay } from '../tracing/calendar.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'
import { legible } from './legible.ts'

/** Where records are, and for how many days they are kept, where that is known. */
interface Source { readonly state: string, readonly retentionDays: number | undefined }

/** `varco audit`: the records of calls, shown and verified. */
export const audit: Command = {
  name: 'audit',
  summary: 'Show who called what for which purpose and when, and verify that no record was touched',
  usage: `varco audit show [FILTERS] [--json] [--config FILE | --state FOLDER]
varco audit verify [--key FILE] [--log FILE] [--config FILE | --state FOLDER]

The records of calls of every process that shares the state folder, or did. --state names that folder; otherwise the configuration does.

varco audit show lists calls, by process and in their order. Filters, of which all must fit:
  --purpose ID, --consumer ID
  --day DAY          answered on that day (2026-03-02; Europe/Rome)
  --correlation ID   as the answer and the log have it
With --json the records themselves, one a line.

varco audit verify checks that every line is what was written at its place, that every file goes on where the one before it ended, and the signed heads, which also know of
the files of the other processes: one whose folder was taken away is missed. It names the first line of each file that is not what was written, and what became of it.
  --key FILE         the public keys (Ed25519; PEM, JWK or a JWK set) that are trusted, instead of those beside the files: whoever can write there could put others
  --log FILE         a log of the gateway (JSON lines): its heads were logged as they were signed, and show when an end of the files was taken away
Exit code 0 when all could be read and is good, 1 otherwise.`,
  async run (args, terminal) {
    const { values: { config, state, key, log, json, ...query }, positionals: [word, ...more] } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' }, state: { type: 'string' }, key: { type: 'string' }, log: { type: 'string' }, json: { type: 'boolean' },
        purpose: { type: 'string' }, consumer: { type: 'string' }, day: { type: 'string' }, correlation: { type: 'string' }
      },
      allowPositionals: true
    })
    if (more.length > 0 || (word !== 'show' && word !== 'verify')) throw new UsageError(word === undefined ? 'say show or verify' : `"${more[0] ?? word}" is not understood: there are show and verify`)
    if (word === 'show' && (key !== undefined || log !== undefined)) throw new UsageError('--key and --log are for verify')
    if (word === 'verify' && (json || Object.keys(query).length > 0)) throw new UsageError('verify checks everything: filters and --json are for show')
    if (query.day !== undefined && !isDay(query.day)) throw new UsageError(`"${query.day}" is no day: write it like 2026-03-02`)
    if (state !== undefined && config !== undefined) throw new UsageError('give --config or --state')
    const source = state === undefined ? await sourceOf(config, terminal) : { state: await existing(state), retentionDays: undefined }
    return word === 'show' ? show(source, query, json ?? false, terminal) : verify(source, { key, log }, terminal)
  }
}

async function sourceOf (file: string | undefined, { env }: Terminal): Promise<Source> {
  const { state, audit: { retentionDays } } = await loadConfig(file ?? join(import.meta.dirname, '../gateway.yaml'), env, { secrets: 'ignored' })
  return { state, retentionDays }
}

async function existing (folder: string): Promise<string> {
  if (await stat(folder).then((found) => found.isDirectory(), () => false)) return folder
  throw new UsageError(`there is no folder ${folder}`)
}

async function show ({ state }: Source, query: AuditQuery, isJson: boolean, { out, err }: Terminal): Promise<number> {
  let [calls, faults] = [0, 0]
  for (const { folder, within } of await auditPlaces(state)) {
    const unreadable = (file: string, line: number): void => {
      faults++
      err(`${within}${file}, line ${line}: it cannot be read; see varco audit verify\n`)
    }
    for await (const record of searchAudit(folder, query, unreadable)) {
      if (calls++ === 0 && !isJson) out(`${row(heading)}\n`)
      out(isJson ? `${JSON.stringify(record)}\n` : `${row(cellsOf(record))}\n`)
    }
  }
  if (!isJson) out(`${calls} ${calls === 1 ? 'call' : 'calls'}${faults > 0 ? `; ${faults} lines could not be read` : ''}\n`)
  return faults > 0 ? exitCodes.findings : exitCodes.ok
}

const idWidth = 36
const heading = ['when (in Italy)', 'outcome', 'consumer', 'client', 'purpose', 'user', 'what', 'correlation']
const widths = [29, 7, idWidth, idWidth, idWidth, 43, 0, 0]

function cellsOf ({ time, status, code, consumerId = '-', clientId = '-', purposeId = '-', user = '-', method, eservice, operation, correlationId }: CallRecord): readonly string[] {
  return [timeInItaly(time), `${status}`, consumerId, clientId, purposeId, user, `${method} ${operation}${eservice === undefined ? '' : ` (${eservice})`}${code === undefined ? '' : ` refused: ${code}`}`, correlationId]
}

/** The same time as Italian clocks had it, with how far that is from UTC (RFC 3339). */
function timeInItaly (time: string): string {
  return Temporal.Instant.fromEpochMilliseconds(Date.parse(time)).toZonedDateTimeISO('Europe/Rome').toString({ timeZoneName: 'never', smallestUnit: 'millisecond' })
}

function row (cells: readonly string[]): string {
  return cells.map((cell, index) => legible(cell).padEnd(widths[index] ?? 0)).join('  ').trimEnd()
}

/** What everything is held against that is given or configured. */
interface Given extends Pick<Trusted, 'mayBeGone'> { readonly keys: readonly Jwk[] | undefined, readonly log: string | undefined }

async function verify ({ state, retentionDays }: Source, { key, log }: { readonly key: string | undefined, readonly log: string | undefined }, terminal: Terminal): Promise<number> {
  const { err, now } = terminal
  const mayBeGone: Trusted['mayBeGone'] = (day, first) => retentionDays === undefined ? first !== undefined && day < first : isExpired(day, retentionDays, now())
  const given: Given = { keys: key === undefined ? undefined : await readKeyFile(key), log, mayBeGone }
  const places = await auditPlaces(state)
  const first = (await Promise.all(places.map(async ({ folder }) => listDays(folder)))).flat().toSorted()[0]
  let [isGood, isThere] = [true, false]
  const testimonies: Testimony[] = []
  for (const place of places) {
    const found = await verifyPlace(place, given, terminal)
    isThere ||= found !== undefined
    isGood &&= found?.isGood ?? true
    testimonies.push(...found?.testimonies ?? [])
  }
  const missed = await verifyNeighbours(state, testimonies, (day) => mayBeGone(day, first))
  for (const fault of missed) err(`BROKEN: ${fault}\n`)
  if (!isThere) err(`there are no records of calls in ${state}\n`)
  return isGood && isThere && missed.length === 0 ? exitCodes.ok : exitCodes.findings
}

/** Verifies the files of one process and tells what was found; undefined where there is nothing of them. */
async function verifyPlace ({ folder, key: ownFile, within }: Place, { keys: given, log, mayBeGone }: Given, { out, err }: Terminal): Promise<{ readonly isGood: boolean, readonly testimonies: readonly Testimony[] } | undefined> {
  const own = await readHeadKey(ownFile).catch((error: Error) => { throw new UsageError(`${error.message}; or give --key`) })
  const keys = given ?? (own && [own])
  const heads = log === undefined ? [] : await readWitnesses(log, folder, keys, own).catch((error: NodeJS.ErrnoException) => { throw new UsageError(`${log} cannot be read (${error.code ?? 'unknown error'})`) })
  const { files, lines, heads: signed, faults, notes, testimonies } = await verifyAudit(folder, { keys, heads, mayBeGone })
  if (own && files === 0) out(`note: ${within}audit-key.pem: there is no file that was signed with it; after the time for which records are kept that is as it should be\n`)
  if (files + faults.length + notes.length === 0) return undefined
  if (log !== undefined && heads.length === 0) out(`note: ${within}audit: ${log} has no signed head of these files\n`)
  for (const note of notes) out(`note: ${within}${note}\n`)
  for (const fault of faults) err(`BROKEN: ${within}${fault}\n`)
  out(`${within}audit: ${lines} lines in ${files} files are good, ${signed} heads are signed with ${keys ? keys.map(keyIdOf).join(' or ') : 'keys that the files themselves name, since there is none beside them: give --key'}\n`)
  const logged = heads.flatMap((head) => testimoniesOf(head, 'a head that was logged'))
  return { isGood: faults.length === 0, testimonies: [...testimonies.map((testimony) => ({ ...testimony, by: `${within}${testimony.by}` })), ...logged] }
}

async function readKeyFile (path: string): Promise<readonly Jwk[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new UsageError(`${path} cannot be read (${error.code ?? 'unknown error'})`) })
  try {
    return readPublicKeys(text)
  } catch (error) {
    throw new UsageError(`${path} cannot be used: ${(error as Error).message}`)
  }
}
