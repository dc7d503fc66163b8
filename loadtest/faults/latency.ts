import { join } from 'node:path'
import { measure as measureRounds } from '../measure.ts'
import { Program } from '../program.ts'
import { whole } from '../report/numbers.ts'
import { fireFrom } from '../run.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { Caller } from './caller.ts'
import type { Figure, Measured, Run } from './figure.ts'
import { localAnswers } from './local-answers.ts'
import type { SharedState } from './local-answers.ts'
import { makeProver, publicUrl, waitUntilDeciding } from './prover.ts'
import type { Site, SiteGateway, SiteOptions } from './site.ts'
import { Tally } from './tally.ts'

/** A quota of which each call is counted by itself where so many gateways are expected: a hundredth of it, divided by them, is no call. */
const small = { quota: 90_000, expectedNodes: 1000 }
const memory = 0
const shared = 1
const counting = 2

const options: SiteOptions = {
  gateways: 3,
  redis: true,
  registry: (content) => { content['purposes'][1].versions[0].dailyCalls = small.quota },
  config: (content, gateway) => {
    content['publicUrl'] = publicUrl
    if (gateway === memory) delete content['redis']
    else content['redis'].expectedNodes = gateway === counting ? small.expectedNodes : 2
  }
}

/** What is promised of the median of a call, in µs, and a warm-up and blocks of calls that take turns. */
const mostAddedUs = { leased: 300, counted: 1500, proof: 1500 }
const block = 50
const load = { connections: 64, seconds: 2 }

/** A kind of call, and which gateway makes it with Redis; another makes it without. */
interface Kind { readonly name: keyof typeof mostAddedUs, readonly gateway: number, readonly path: string, readonly headers: () => Promise<Readonly<Record<string, string>>> }

type Sample = Tally<'admitted' | 'undecided'>
const sample = (): Sample => new Tally({ admitted: figures, undecided: { status: 503, code: 'replay-filter-unavailable' } })

/** What Redis adds to a kind of call, in µs. */
interface Added { readonly name: Kind['name'], readonly p50Us: number, readonly p99Us: number }

async function measure (run: Run): Promise<Measured> {
  const [calls, rounds] = run.quick ? [150, 1] : [2000, 3]
  await using stack = new AsyncDisposableStack()
  const site = await run.startSite(options, stack, run.signal)
  const callers = site.gateways.map(({ url }) => stack.use(new Caller(url, 1)))
  const samples: Sample[] = []
  const added: Added[] = []
  const leasedBefore = await leasedOf(site)
  for (const kind of await prepareKinds(site, callers, run.signal)) {
    const [without, withRedis] = await interleave(kind, callers, calls)
    const us = (share: number): number => (withRedis.times.at(share) - without.times.at(share)) * 1000
    samples.push(without, withRedis)
    added.push({ name: kind.name, p50Us: us(0.5), p99Us: us(0.99) })
    run.tell(`${kind.name}: ${without.times.at(0.5).toFixed(3)} ms without Redis, ${withRedis.times.at(0.5).toFixed(3)} ms with it`)
    run.signal.throwIfAborted()
  }
  const [leased, late] = [await leasedOf(site) - leasedBefore, await localAnswers(site)]
  const undecided = samples.reduce((sum, one) => sum + one.count('undecided'), 0)
  const voucher = await site.platform.mint({ purpose: 'tickets' })
  const ratio = await compareThroughput(site.gateways, voucher, rounds, stack, run.signal)
  return {
    promised: `added to the median: at most ${whole(mostAddedUs.leased)} µs under a lease, ${whole(mostAddedUs.counted)} µs with a round trip`,
    measured: `${added.map(({ name, p50Us, p99Us }) => `${name} ${signed(p50Us)} µs (p99 ${signed(p99Us)})`).join(', ')}; ${whole(ratio * 100)} % of the calls per second without it${late > 0 ? `; Redis was late ${whole(late)} times` : ''}`,
    // What Redis was late for was decided without it, or not at all.
    kept: added.every(({ name, p50Us }) => p50Us <= mostAddedUs[name]) && leased + late >= calls && undecided <= late,
    numbers: { calls, leased, undecided, late, ratio, ...Object.fromEntries(added.flatMap(({ name, p50Us, p99Us }) => [[`${name}P50Us`, p50Us], [`${name}P99Us`, p99Us]])) },
    unexpected: samples.flatMap((one) => one.unexpected)
  }
}

async function prepareKinds ({ platform }: Site, callers: readonly Caller[], signal: AbortSignal): Promise<readonly Kind[]> {
  const prover = await makeProver(platform, 'tickets', admittedPath)
  await waitUntilDeciding(callers.slice(shared), prover, signal)
  const bearer = async (purpose: string) => ({ authorization: `Bearer ${await platform.mint({ purpose })}` })
  const [tickets, limited] = [await bearer('tickets'), await bearer('limited')]
  return [
    { name: 'leased', gateway: shared, path: admittedPath, headers: async () => tickets },
    { name: 'counted', gateway: counting, path: admittedPath.replace('/tickets/', '/limited/'), headers: async () => limited },
    { name: 'proof', gateway: shared, path: prover.path, headers: prover.headers }
  ]
}

/** Calls without and with Redis take turns, block by block, so that a machine that slows down slows both; the first blocks do not count. */
async function interleave ({ gateway, path, headers }: Kind, callers: readonly Caller[], calls: number): Promise<readonly [Sample, Sample]> {
  const samples = [sample(), sample()] as const
  for (let turn = -1; turn * block < calls; turn++) {
    const proofs = await Promise.all(Array.from({ length: 2 * block }, headers))
    for (const [index, caller] of [callers[memory] as Caller, callers[gateway] as Caller].entries()) {
      const counted = turn < 0 ? sample() : samples[index] as Sample
      for (let call = 0; call < block; call++) counted.note(await caller.get(path, proofs[index * block + call] as Readonly<Record<string, string>>))
    }
  }
  return samples
}

/** How many calls a gateway has admitted from leases. */
async function leasedOf ({ gateways }: Site): Promise<number> {
  return (await (gateways[shared] as SiteGateway).ask<SharedState>('/-/shared-state')).answers.lease
}

/** The calls per second of a gateway with Redis, as a share of those of one without it. */
async function compareThroughput (gateways: readonly SiteGateway[], voucher: string, rounds: number, stack: AsyncDisposableStack, signal: AbortSignal): Promise<number> {
  const generator = stack.use(new Program(join(import.meta.dirname, '../generator.ts'), signal))
  await generator.hear()
  const nameOf = (gateway: number): string => `gateway ${gateway}`
  const scenarios = [memory, shared].map((gateway) => ({ name: nameOf(gateway), group: '', ratioTo: nameOf(memory), url: `${(gateways[gateway] as SiteGateway).url}${admittedPath}` }))
  const [, withRedis] = await measureRounds(scenarios, rounds, async ({ name, url }) => fireFrom(generator, name, { url, headers: { authorization: `Bearer ${voucher}` }, expected: figures, ...load }))
  return withRedis?.ratio.median ?? 0
}

function signed (us: number): string {
  return `${us < 0 ? '−' : '+'}${whole(Math.abs(us))}`
}

export const latency: Figure = {
  name: 'latency',
  promise: 'Redis adds one round trip to a call at most, and none where a lease serves',
  method: 'one call after the other on a kept connection, to a gateway without and to one with Redis in turns: under a lease, with a quota so small that each is counted by itself, and with a DPoP proof; then as many as there can be on 64 connections, in interleaved rounds',
  measure
}
