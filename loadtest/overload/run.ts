import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { admittedPath, figures } from '../admitted-call.ts'
import { usualConfig } from '../gateway-config.ts'
import { startGateway } from '../gateway.ts'
import type { Gateway } from '../gateway.ts'
import { runOn } from '../pinning.ts'
import type { Cores } from '../pinning.ts'
import { startPlatform } from '../platform.ts'
import { cpuMicrosOf, rssBytesOf } from '../process-figures.ts'
import { Program } from '../program.ts'
import { startGenerator } from '../range.ts'
import { fireFrom } from '../run.ts'
import type { OpenOutcome } from './generator.ts'
import type { OpenOrder, OpenRound } from './open-loop.ts'
import { probe } from './prober.ts'

/** So much is offered, in multiples of the most that is served; and whether a part of it has vouchers that nobody signed. */
export interface Level { readonly name: string, readonly load: number, readonly forgedEvery: number }

export const levels: readonly Level[] = [
  { name: 'at 1 x', load: 1, forgedEvery: 0 },
  { name: 'at 2 x', load: 2, forgedEvery: 0 },
  { name: 'at 3 x', load: 3, forgedEvery: 0 },
  { name: 'at 3 x, half of it forged', load: 3, forgedEvery: 2 }
]

/** What a level came to in a round; `goodputToPeak` is in relation to the peaks right before and right after it. */
export interface LevelRound extends OpenRound {
  readonly goodputToPeak: number
  /** Of `/status` on the public listener and on that of operations, in ms. */
  readonly statusP99Ms: number
  readonly operationsP99Ms: number
  /** The share of a core that the gateway used; undefined where the system does not tell, like its memory (bytes). */
  readonly gatewayBusy: number | undefined
  /** CPU time of the gateway for each call that was served, in µs: all that it did beside is in it. */
  readonly cpuMicros: number | undefined
  readonly rssBytes: number | undefined
}

/** What is served at most in a closed loop, per second, and with what CPU time for each call (µs). */
interface Peak { readonly served: number, readonly cpuMicros: number | undefined }

/** A round: its peak, and what each level came to. */
export interface OverloadRound { readonly peak: number, readonly peakCpuMicros: number | undefined, readonly levels: readonly LevelRound[] }

/** How long, how often, and with how many connections it is offered. */
export interface OverloadLoad { readonly seconds: number, readonly rounds: number, readonly connections: number }

/** What may interrupt a run, how the cores are shared out, and where it tells how far it is. */
export interface OverloadSurroundings {
  readonly signal: AbortSignal
  readonly cores: Cores | undefined
  readonly onLevel: (name: string, round: number, says: string) => void
}

/** Connections that are kept busy to find what is served at most: the warm-up tells with which of both counts more is. */
const closedConnections = [64, 256]
const warmUpSeconds = 3
/** So long after a level everything is as before, in ms. */
const settleMs = 2000

/** Measures a gateway that is offered more than it can serve. Throws at the first answer that is neither the right one nor a right refusal. */
export async function runOverload (load: OverloadLoad, { signal, cores, onLevel }: OverloadSurroundings): Promise<readonly OverloadRound[]> {
  await using stack = new AsyncDisposableStack()
  if (cores) runOn(cores.rest)
  const range = await startRange(cores, stack, signal)
  const rounds: OverloadRound[] = []
  // The first one warms everything up.
  const busy = await findConnections(range, load, signal, (name, says) => { onLevel(name, 0, says) })
  for (let round = 0; round <= load.rounds; round++) {
    const measured = await measureRound(range, load, busy, signal, (name, says) => { onLevel(name, round, says) })
    if (round > 0) rounds.push(measured)
  }
  return rounds
}

interface Range { readonly gateway: Gateway, readonly url: string, readonly voucher: string, readonly closed: Program, readonly opened: Program, readonly emptyLog: () => Promise<void> }

async function startRange (cores: Cores | undefined, stack: AsyncDisposableStack, signal: AbortSignal): Promise<Range> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-overload-'))
  stack.defer(async () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const platform = await startPlatform({ folder, registry: join(import.meta.dirname, '../registry.yaml') }, stack)
  const upstream = stack.use(new Program(join(import.meta.dirname, '../upstream.ts'), signal, { cores: cores?.rest }))
  const { url: upstreamUrl } = await upstream.hear<{ url: string }>()
  const config = await usualConfig()
  // Whoever forges vouchers meets the limit that there is where nobody sets one, and load that is told by nothing set is shed.
  delete config['limits'].unproven
  delete config['limits'].overload
  // It needs keys that only the platform knows.
  delete config['eservices'].messages
  const path = join(folder, 'gateway.yaml')
  await writeFile(path, JSON.stringify(config))
  const log = await open(join(folder, 'gateway.log'), 'a')
  stack.defer(async () => log.close())
  const env = { LOADTEST_PLATFORM: platform.url, LOADTEST_UPSTREAM: upstreamUrl, LOADTEST_STATE: join(folder, 'state') }
  const gateway = await startGateway(path, { env, cores: cores?.own, output: log.fd }, stack, signal)
  const opened = stack.use(new Program(join(import.meta.dirname, 'generator.ts'), signal, { cores: cores?.rest }))
  await opened.hear()
  const closed = stack.use(await startGenerator(signal, cores?.rest))
  return { gateway, url: gateway.url + admittedPath, voucher: await platform.mint({ purpose: 'tickets' }), closed, opened, emptyLog: async () => log.truncate() }
}

type Tell = (name: string, says: string) => void

/** With how many connections in a closed loop most is served, tried by turns. */
async function findConnections (range: Range, load: OverloadLoad, signal: AbortSignal, tell: Tell): Promise<number> {
  const all = closedConnections.map((busy) => ({ busy, served: 0 }))
  for (let turn = 0; turn < 3; turn++) for (const one of all) one.served += (await measurePeak(range, load, one.busy, signal, tell)).served
  return all.reduce((best, one) => one.served > best.served ? one : best).busy
}

async function measurePeak ({ gateway, closed, url, voucher, emptyLog }: Range, { seconds }: OverloadLoad, busy: number, signal: AbortSignal, tell: Tell): Promise<Peak> {
  const usedBefore = cpuMicrosOf([gateway.pid])
  const { requestsPerSecond: served, calls } = await fireFrom(closed, 'peak', { url, headers: { authorization: `Bearer ${voucher}` }, expected: figures, seconds, connections: busy })
  const cpuMicros = perCall(usedBefore, cpuMicrosOf([gateway.pid]), calls)
  signal.throwIfAborted()
  tell(`peak, ${busy} connections`, `${Math.round(served)} served a second`)
  await emptyLog()
  return { served, cpuMicros }
}

/** Each level between two peaks: on a machine that others use too, what can be served is not the same a minute later. */
async function measureRound (range: Range, load: OverloadLoad, busy: number, signal: AbortSignal, tell: Tell): Promise<OverloadRound> {
  const { url, voucher, emptyLog } = range
  const peaks = [await measurePeak(range, load, busy, signal, tell)]
  const measured: Omit<LevelRound, 'goodputToPeak'>[] = []
  for (const { name, load: times, forgedEvery } of levels) {
    const order = { url, voucher, body: figures.body, rate: (peaks.at(-1) as Peak).served * times, warmUpSeconds, seconds: load.seconds, connections: load.connections, forgedEvery }
    const one = await measureLevel(range, name, order)
    signal.throwIfAborted()
    tell(name, `${Math.round(one.goodput)} served a second`)
    measured.push(one)
    await emptyLog()
    await wait(settleMs, undefined, { signal })
    peaks.push(await measurePeak(range, load, busy, signal, tell))
  }
  const served = peaks.map((peak) => peak.served)
  const micros = peaks.flatMap(({ cpuMicros }) => cpuMicros ?? [])
  return {
    peak: mean(served),
    peakCpuMicros: micros.length === peaks.length ? mean(micros) : undefined,
    levels: measured.map((one, index) => ({ ...one, goodputToPeak: one.goodput / mean(served.slice(index, index + 2)) }))
  }
}

async function measureLevel ({ gateway, opened }: Range, name: string, order: OpenOrder): Promise<Omit<LevelRound, 'goodputToPeak'>> {
  const ends = new AbortController()
  const probes = Promise.all([`${gateway.url}/status`, `${gateway.operations}/status`].map(async (url) => probe(url, ends.signal)))
  // What goes wrong is told when the level is over.
  probes.catch(() => undefined)
  const usedBefore = cpuMicrosOf([gateway.pid])
  opened.tell(order)
  const outcome = await opened.hear<OpenOutcome>().finally(() => { ends.abort() })
  const usedAfter = cpuMicrosOf([gateway.pid])
  const [status, operations] = await probes
  if ('fault' in outcome) throw new Error(`${name}: ${outcome.fault}`)
  const { round } = outcome
  const lasted = order.warmUpSeconds + order.seconds
  return {
    ...round,
    statusP99Ms: status?.p99Ms ?? 0,
    operationsP99Ms: operations?.p99Ms ?? 0,
    gatewayBusy: perCall(usedBefore, usedAfter, 1e6 * lasted),
    cpuMicros: perCall(usedBefore, usedAfter, round.goodput * lasted),
    rssBytes: rssBytesOf([gateway.pid])
  }
}

function perCall (before: number | undefined, after: number | undefined, calls: number): number | undefined {
  return before === undefined || after === undefined ? undefined : (after - before) / calls
}

function mean (values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
