import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { readRecords } from '../../gateway/audit/audit-reader.ts'
import { Acknowledged } from '../../gateway/harness/acknowledged.ts'
import type { Difference } from '../../gateway/harness/acknowledged.ts'
import { ownFolders } from '../../gateway/state-folder.ts'
import { TraceCounts } from '../../gateway/tracing/trace-counts.ts'
import { readJws } from '../../policies/jws.ts'
import type { Jws } from '../../policies/jws.ts'
import { whole } from '../report/numbers.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { Caller, inLanes } from './caller.ts'
import type { Figure, Measured, Run } from './figure.ts'
import type { Site, SiteGateway } from './site.ts'
import { Tally } from './tally.ts'

const workers = 2
const lanes = 16
/** How long a process that took the place of a killed one serves before the next is killed, in ms. */
const betweenMs = 150

/** So many times in a row processes of one gateway are killed: those that keep ending are started again after ever longer pauses. */
const mostKills = 10

/** What callers got: the ids of the calls that were answered as they should be, the same calls as tracing has to tell of them, and how many calls broke off without an answer. */
interface Heard { readonly ids: string[], readonly calls: Acknowledged, broken: number, readonly tally: Tally<'admitted'> }

/** What one gateway's callers heard, and what its records tell. */
interface Round extends Compared { readonly heard: Heard }

async function measure (run: Run): Promise<Measured> {
  const kills = run.quick ? 3 : 50
  const rounds: Round[] = []
  for (let done = 0; done < kills; done += mostKills) {
    rounds.push(await killUnderLoad(run, Math.min(mostKills, kills - done)))
    run.tell(`${Math.min(done + mostKills, kills)} of ${kills} kills`)
  }
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0)
  const [calls, broken, missing, twice] = [sum(({ heard }) => heard.ids.length), sum(({ heard }) => heard.broken), sum((round) => round.missing), sum((round) => round.twice)]
  const [traced, untraced, unexplained] = [sum((round) => round.traced.counted), sum((round) => round.traced.missing), sum((round) => round.traced.unexplained)]
  return {
    promised: `0 of the calls that were answered in ${whole(kills)} kill -9 under load without a record, none with two; tracing counts them all`,
    measured: `${whole(missing)} of ${whole(calls)} without a record, ${whole(twice)} with two; ${whole(traced)} traced, of which ${whole(untraced)} are missing and ${whole(unexplained)} nobody made; ${whole(broken)} calls broke off`,
    kept: missing === 0 && twice === 0 && untraced === 0 && unexplained === 0,
    numbers: { kills, calls, missing, twice, traced, untraced, unexplained, broken },
    unexpected: rounds.flatMap(({ heard }) => heard.tally.unexpected)
  }
}

/** One gateway's life under load, so many of its processes killed. */
async function killUnderLoad (run: Run, kills: number): Promise<Round> {
  await using stack = new AsyncDisposableStack()
  const site = await run.startSite({ redis: true, config: (content) => { content['workers'] = workers } }, stack, run.signal)
  const [gateway] = site.gateways as [SiteGateway]
  const heard: Heard = { ids: [], calls: new Acknowledged(), broken: 0, tally: new Tally({ admitted: figures }) }
  const stopping = new AbortController()
  const calling = call(site, gateway, heard, stopping.signal, stack)
  stack.defer(async () => {
    stopping.abort()
    await calling
  })
  for (let number = 1; number <= kills; number++) {
    await wait(betweenMs, undefined, { signal: run.signal })
    await killOne(gateway, number, run.signal)
  }
  stopping.abort()
  await calling
  return { heard, ...await compare(gateway, heard) }
}

async function call ({ platform }: Site, { url }: SiteGateway, heard: Heard, signal: AbortSignal, stack: AsyncDisposableStack): Promise<void> {
  const voucher = await platform.mint({ purpose: 'tickets' })
  const headers = { authorization: `Bearer ${voucher}` }
  const { purposeId, jti } = (readJws(voucher) as Jws).claims as { purposeId: string, jti: string }
  const caller = stack.use(new Caller(url, lanes))
  await inLanes(lanes, async () => {
    const answer = await caller.get(admittedPath, headers)
    if (answer.status === 0) {
      heard.broken++
      heard.calls.unanswered(purposeId, jti)
    } else if (heard.tally.note(answer)) {
      heard.ids.push(answer.id as string)
      heard.calls.answered(purposeId, jti, answer.status)
    }
    return !signal.aborted
  })
}

/** Kills one of the processes that serve, in turn, and waits until another one serves in its place. */
async function killOne ({ ask }: SiteGateway, number: number, signal: AbortSignal): Promise<void> {
  const serving = async (): Promise<readonly number[]> => (await ask<{ items: readonly { pid: number, state: string }[] }>('/-/processes')).items.flatMap(({ pid, state }) => state === 'serving' ? [pid] : [])
  const pid = (await serving())[number % workers] as number
  process.kill(pid, 'SIGKILL')
  for (let now = await serving(); now.length < workers || now.includes(pid); now = await serving()) await wait(20, undefined, { signal })
}

/** The records of all processes beside what callers were told: those that are missing, those that are there twice, and how the calls that a tracing file would tell of differ from those that were made. */
interface Compared { readonly missing: number, readonly twice: number, readonly traced: Difference }

async function compare ({ state }: SiteGateway, { ids, calls }: Heard): Promise<Compared> {
  const counts = new Map<string, number>()
  const traced = new TraceCounts()
  for (const folder of await ownFolders(state)) {
    for await (const records of readRecords(join(folder, 'audit'))) {
      for (const record of records) {
        counts.set(record.correlationId, (counts.get(record.correlationId) ?? 0) + 1)
        traced.add(record)
      }
    }
  }
  return { missing: ids.filter((id) => !counts.has(id)).length, twice: counts.values().filter((count) => count > 1).toArray().length, traced: calls.compare(traced.rows()) }
}

export const kills: Figure = {
  name: 'kills',
  promise: 'no call that was answered is missing from the records, or counted twice, when processes are killed',
  method: 'one of two workers after the other is killed with SIGKILL while calls come without a pause; afterwards the X-Request-ID of every answer that came whole is looked for in the audit files, and what a tracing file counts is compared with them',
  measure
}
