import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startSite } from '../faults/site.ts'
import type { Site, SiteGateway } from '../faults/site.ts'
import type { Written } from '../gateway-config.ts'
import { delaysMs } from './answers.ts'
import { Callers } from './caller.ts'
import type { Call } from './caller.ts'
import { limitedCall, mintVouchers } from './kinds.ts'
import { slopeOf } from './regression.ts'
import { Samples } from './samples.ts'
import { settlesMs, Traffic } from './traffic.ts'
import type { Soaked } from './verdict.ts'
import type { Witnessed } from './witness.ts'

/** How long a soak takes and how much calls at once. `signal` ends it before its time; `tell` says how far it is. */
export interface Soak {
  readonly minutes: number
  readonly connections: number
  readonly signal: AbortSignal
  readonly tell: (step: { readonly done: number, readonly total: number, readonly present: string }) => void
}

const minuteMs = 60_000
/** The first third of a run is its warm-up, ten minutes at most: code is compiled, caches and pools fill. */
const warmUpShare = 1 / 3
const longestWarmUpMs = 10 * minuteMs
/** So often the configuration is reloaded, in ms, and at least so often in a run. */
const reloadMs = 60_000
const fewestReloads = 6
/** As long as connections may be kept after the last call, in ms. */
const restsWithinMs = 15_000

/** Starts a gateway with everything around it, has it called in every way for so long, and stops it all. Throws when it cannot start. */
export async function soak ({ minutes, connections, signal, tell }: Soak): Promise<Soaked> {
  await using stack = new AsyncDisposableStack()
  const { site, gateway, samples } = await start(stack, signal)
  const totalMs = minutes * minuteMs
  const warmUpMs = Math.min(totalMs * warmUpShare, longestWarmUpMs)
  const traffic = new Traffic(totalMs - warmUpMs)
  let vouchers = await mintVouchers(site.platform)
  const descriptors = { begin: await countDescriptors(gateway.pid), end: undefined as number | undefined }
  await makeOnce(gateway.url, limitedCall(vouchers))
  const startedAt = performance.now()
  const passed = (): number => performance.now() - startedAt
  const isAlive = (): boolean => !signal.aborted && isRunning(gateway.pid)
  const calling = traffic.run(gateway.url, connections, () => vouchers)
  // It is awaited when all is over.
  calling.catch(() => undefined)
  let [reloads, begunAt, usedAtBegin, died] = [0, undefined as number | undefined, undefined as number | undefined, undefined as string | undefined]
  const everyMs = Math.min(reloadMs, totalMs / fewestReloads)
  while (passed() < totalMs && isAlive()) {
    await wait(Math.min(500, totalMs - passed()), undefined, { signal }).catch(() => undefined)
    if (begunAt === undefined && passed() >= warmUpMs) {
      usedAtBegin = (await traffic.pauseFor(async () => samples.collect()))?.used
      begunAt = Date.now()
      traffic.begin()
    }
    if (passed() >= (reloads + 1) * everyMs && isAlive()) {
      reloads++
      died = await reload(gateway, reloads).catch((error: Error) => `the gateway could not be reloaded: ${error.message}`)
      // They expire in the end.
      vouchers = await mintVouchers(site.platform)
      if (died !== undefined) break
    }
    const latest = (await samples.read()).at(-1)
    tell({ done: Math.min(passed(), totalMs), total: totalMs, present: `${traffic.calls} calls, ${traffic.failed} wrong, RSS ${latest ? (latest.rss / mebibyte).toFixed(0) : '?'} MiB` })
  }
  const endedAt = Date.now()
  traffic.stop()
  await calling
  if (!isRunning(gateway.pid) && !signal.aborted) died = `the gateway ended by itself after ${(passed() / minuteMs).toFixed(1)} min`
  const usedAtEnd = isAlive() && died === undefined ? await rest(gateway, samples, descriptors) : undefined
  const watched = (await samples.read()).filter(({ at }) => begunAt !== undefined && at > begunAt && at <= endedAt)
  return {
    minutes: begunAt === undefined ? 0 : (endedAt - begunAt) / minuteMs,
    warmUpMinutes: Math.min(warmUpMs, passed()) / minuteMs,
    interrupted: signal.aborted,
    calls: traffic.calls,
    outcomes: Object.fromEntries([...traffic.outcomes].toSorted(([, a], [, b]) => b - a)),
    failed: traffic.failed,
    wrong: traffic.wrong,
    reloads,
    died,
    ...memoryOf(watched),
    used: { begin: inMebibytes(usedAtBegin), end: inMebibytes(usedAtEnd) },
    descriptors,
    p99: traffic.p99
  }
}

async function start (stack: AsyncDisposableStack, signal: AbortSignal): Promise<{ site: Site, gateway: SiteGateway, samples: Samples }> {
  const samples = await Samples.open(stack)
  // Once all runs, an interruption ends the calls first, so that what is known by then can be told.
  const starting = new AbortController()
  const giveUp = (): void => { starting.abort(signal.reason) }
  signal.addEventListener('abort', giveUp)
  signal.throwIfAborted()
  const site = await startSite({
    upstream: join(import.meta.dirname, 'upstream.ts'),
    env: samples.env,
    config: (content) => {
      const { tickets, limited } = content['eservices'] as Record<string, Written>
      for (const eservice of [tickets, limited]) Object.assign(eservice as Written, { contract: join(import.meta.dirname, 'contract.yaml'), upstream: { ...eservice?.['upstream'], timeoutMs: delaysMs.patience } })
      // One call leaves no room for another.
      content['eservices'] = { tickets, limited: { ...limited, burst: { requests: 1, seconds: 86_400 } } }
      content['limits'].bodyBytes = usualBodyBytes
    }
  }, stack, starting.signal)
  signal.removeEventListener('abort', giveUp)
  const [gateway] = site.gateways as [SiteGateway]
  return { site, gateway, samples }
}

const usualBodyBytes = 1_000_000

async function makeOnce (url: string, call: Call): Promise<void> {
  using caller = new Callers(url, 1)
  await caller.make(call)
}

/** Puts another configuration live. */
async function reload (gateway: SiteGateway, number: number): Promise<undefined> {
  await gateway.rewrite(({ limits }) => { limits.bodyBytes = usualBodyBytes + number })
  await gateway.ask('/-/reload', 'POST')
}

/** Waits until the gateway has closed what it need not keep open; gives what it uses then. */
async function rest ({ pid }: SiteGateway, samples: Samples, descriptors: { readonly begin: number | undefined, end: number | undefined }): Promise<number | undefined> {
  const patience = performance.now() + restsWithinMs
  do {
    descriptors.end = await countDescriptors(pid)
    if (descriptors.begin === undefined || descriptors.end === undefined || descriptors.end <= descriptors.begin) break
    await wait(250)
  } while (performance.now() < patience)
  await wait(settlesMs)
  return (await samples.collect())?.used
}

const mebibyte = 1024 ** 2

function inMebibytes (bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / mebibyte
}

/** What the samples say of memory and of the event loop. */
function memoryOf (watched: readonly Witnessed[]): Pick<Soaked, 'rss' | 'rssSlope' | 'delay'> {
  const sizes = watched.map(({ rss }) => rss / mebibyte)
  const delays = watched.map(({ delayMs }) => delayMs).toSorted((a, b) => a - b)
  const [first, last, median, worst] = [sizes[0], sizes.at(-1), delays[Math.floor(delays.length / 2)], delays.at(-1)]
  return {
    rssSlope: slopeOf(watched.map(({ at, rss }) => ({ x: at / (10 * minuteMs), y: rss / mebibyte }))),
    rss: first === undefined || last === undefined ? undefined : { first, last, highest: Math.max(...sizes) },
    delay: median === undefined || worst === undefined ? undefined : { median, worst }
  }
}

/** How many files and connections a process has open; undefined where the system does not tell. */
async function countDescriptors (pid: number): Promise<number | undefined> {
  return readdir(`/proc/${pid}/fd`).then(({ length }) => length, () => undefined)
}

function isRunning (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
