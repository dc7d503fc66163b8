import { setTimeout as wait } from 'node:timers/promises'
import { shareOf, sliceOf } from '../../gateway/adapters/shares.ts'
import type { TestRedis } from '../../gateway/harness/redis-process.ts'
import { whole } from '../report/numbers.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { Caller } from './caller.ts'
import type { Figure, Measured, Run } from './figure.ts'
import type { SharedState } from './local-answers.ts'
import { makeProver, publicUrl, waitUntilDeciding } from './prover.ts'
import type { Written } from '../gateway-config.ts'
import type { Site, SiteGateway } from './site.ts'
import { sendSteadily } from './steady.ts'
import { Tally } from './tally.ts'
import { Times } from './times.ts'

const kinds = { admitted: figures, refused: { status: 429, code: 'quota-exceeded' } }
const provenKinds = { admitted: figures, undecided: { status: 503, code: 'replay-filter-unavailable' } }
const nodes = 2
/** How long the phases last, in seconds, and which part of the quota each gateway is sent in a second of it: one of them has more than its share when Redis freezes. */
const phases = {
  full: { quota: 5000, before: { seconds: 6, parts: [0.1, 0.02] }, frozen: { seconds: 10, parts: [0.06, 0.06] }, after: { seconds: 4, parts: [0.04, 0.04] } },
  quick: { quota: 500, before: { seconds: 1.5, parts: [0.4, 0.08] }, frozen: { seconds: 2, parts: [0.3, 0.3] }, after: { seconds: 2, parts: [0.1, 0.1] } }
} as const
/** What is promised of the time in which Redis says nothing, in ms: by how much calls take longer (p99), and how long the slowest of all takes. */
const mostAddedMs = 150
const worstWithinMs = 1000
const backWithinMs = 2000

/** A call of one gateway, with what it was answered. */
interface Sent<Kind> { readonly gateway: number, readonly sentAt: number, readonly ms: number, readonly kind: Kind | undefined }

/** When Redis was frozen and thawed (performance.now), and how long after that all gateways used it again, in ms. */
interface Moments { readonly frozenAt: number, readonly thawedAt: number, readonly backMs: number }

async function measure (run: Run): Promise<Measured> {
  const { quota, before, frozen, after } = phases[run.quick ? 'quick' : 'full']
  await using stack = new AsyncDisposableStack()
  const registry = (content: Written): void => { content['purposes'][0].versions[0].dailyCalls = quota }
  const site = await run.startSite({ gateways: nodes, redis: true, registry, config: (content) => { content['publicUrl'] = publicUrl } }, stack, run.signal)
  const redis = site.redis as TestRedis
  const load = await prepareLoad(site, quota, stack, run.signal)
  await load.send(before)
  const frozenAt = performance.now()
  redis.freeze()
  run.tell(`Redis is frozen for ${frozen.seconds} s`)
  await load.send(frozen)
  redis.thaw()
  const thawedAt = performance.now()
  const [backMs] = await Promise.all([waitUntilBack(site.gateways, thawedAt, run.signal), load.send(after)])
  return { ...judge(load, quota, { frozenAt, thawedAt, backMs }), unexpected: [...load.tally.unexpected, ...load.proven.unexpected] }
}

/** Calls of both gateways, by the part of the quota that each is sent in a second, and beside them ten in a second that may be made once. */
async function prepareLoad ({ gateways, platform }: Site, quota: number, stack: AsyncDisposableStack, signal: AbortSignal) {
  const callers = gateways.map(({ url }) => stack.use(new Caller(url, 256)))
  const headers = { authorization: `Bearer ${await platform.mint({ purpose: 'tickets' })}` }
  const prover = await makeProver(platform, 'limited', admittedPath.replace('/tickets/', '/limited/'))
  await waitUntilDeciding(callers, prover, signal)
  const [tally, proven] = [new Tally(kinds), new Tally(provenKinds)]
  const [calls, proofs]: [Sent<keyof typeof kinds>[], Sent<keyof typeof provenKinds>[]] = [[], []]
  const send = async ({ seconds, parts }: { readonly seconds: number, readonly parts: readonly number[] }): Promise<void> => {
    await Promise.all(callers.flatMap((caller, gateway) => [
      sendSteadily({ perSecond: (parts[gateway] as number) * quota, seconds, signal }, async () => {
        const answer = await caller.get(admittedPath, headers)
        calls.push({ gateway, ...answer, kind: tally.note(answer) })
      }),
      sendSteadily({ perSecond: 10, seconds, signal }, async () => {
        const answer = await caller.get(prover.path, await prover.headers())
        proofs.push({ gateway, ...answer, kind: proven.note(answer) })
      })
    ]))
  }
  return { calls, proofs, tally, proven, send }
}

function judge ({ calls, proofs }: Awaited<ReturnType<typeof prepareLoad>>, quota: number, { frozenAt, thawedAt, backMs }: Moments): Omit<Measured, 'unexpected'> {
  const admitted = calls.filter(({ kind }) => kind === 'admitted')
  const before = (gateway: number): number => admitted.filter((one) => one.gateway === gateway && one.sentAt < frozenAt).length
  const bounds = Array.from({ length: nodes }, (_, gateway) => Math.max(shareOf(quota, nodes), before(gateway) + sliceOf(quota, nodes)))
  const mostOver = Math.max(0, bounds.reduce((sum, bound) => sum + bound, 0) - quota)
  // What Redis was not told yet it cannot count: until all gateways are back it knows the calls of some of them only.
  const untold = admitted.filter(({ sentAt }) => sentAt >= thawedAt && sentAt < thawedAt + backMs).length
  const over = Math.max(0, admitted.length - quota)
  const meanwhile = proofs.filter(({ sentAt }) => sentAt >= frozenAt && sentAt < thawedAt)
  const undecided = meanwhile.filter(({ kind }) => kind === 'undecided').length
  const [usual, times] = [new Times(), new Times()]
  for (const { sentAt, ms } of calls) if (sentAt < thawedAt) (sentAt < frozenAt ? usual : times).note(ms)
  const [addedMs, worstMs, frozenSeconds] = [Math.max(0, times.at(0.99) - usual.at(0.99)), times.worst, Math.round((thawedAt - frozenAt) / 1000)]
  return {
    promised: `at most ${whole(mostOver)} over a quota of ${whole(quota)} (shares of ${whole(shareOf(quota, nodes))} for ${nodes} gateways); what is good once 503; p99 + ${mostAddedMs} ms; back in ${backWithinMs / 1000} s`,
    measured: `${whole(over)} over${untold > 0 ? ` (${whole(untold)} until Redis was told)` : ''} in ${whole(calls.length)} calls, ${frozenSeconds} s of them without Redis; ${whole(undecided)} of ${whole(meanwhile.length)} proofs 503; p99 + ${whole(addedMs)} ms, slowest ${whole(worstMs)} ms; back after ${(backMs / 1000).toFixed(1)} s`,
    kept: over <= mostOver + untold && undecided === meanwhile.length && undecided > 0 && backMs <= backWithinMs && addedMs <= mostAddedMs && worstMs <= worstWithinMs,
    numbers: { quota, frozenSeconds, calls: calls.length, admitted: admitted.length, over, mostOver, untold, proofs: meanwhile.length, undecided, addedMs, worstMs, backMs }
  }
}

/** How long after a moment all gateways used their Redis again, in ms; gives up after a while. */
async function waitUntilBack (gateways: readonly SiteGateway[], since: number, signal: AbortSignal): Promise<number> {
  for (const { ask } of gateways) {
    while ((await ask<SharedState>('/-/shared-state')).place !== 'redis' && performance.now() - since < 10_000) await wait(20, undefined, { signal })
  }
  return performance.now() - since
}

export const frozen: Figure = {
  name: 'frozen',
  promise: 'while Redis says nothing calls are answered, limits are shares, what may be used once is refused, and it heals by itself',
  method: 'Redis is stopped (SIGSTOP) in the middle of a steady load on two gateways, of which one has used more than its share of the quota; the bound is what each may admit by then: the larger of its share, and of what it had admitted with its part of the leases',
  measure
}
