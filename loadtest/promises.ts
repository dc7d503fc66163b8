import type { Measured } from './measure.ts'
import { rawCryptoMicros } from './raw-crypto.ts'
import { expressStack, fastifyStack, jwtVerify, ownProxy, plainProxy10KiB, plainProxy1MiB } from './scenarios/peer-names.ts'

/**
 * What is promised of the gateway's speed. The first step is what holds, the goal what is striven for; both are ratios wherever they can be, since a time alone
 * says more about the machine than about the gateway.
 */
export interface SpeedPromise {
  readonly id: string
  readonly what: string
  readonly sense: '≥' | '≤'
  readonly unit: string
  readonly first: number
  readonly goal: number | undefined
  readonly from: Derivation | Elsewhere
}

/** Works a figure out from scenarios that were measured in one run; their names are here. */
export interface Derivation { readonly scenarios: readonly string[], readonly work: (figures: readonly Measured[]) => number }

/** It does not follow from scenarios: this command measures it. */
export interface Elsewhere { readonly command: string }

/** What came of a promise: undefined where a scenario is missing in the run. */
export interface Outcome { readonly promise: SpeedPromise, readonly measured: number | undefined }

const admitted = 'admitted'
const staticAnswer = 'node static answer'
const dpop = 'dpop'
const integrity = 'integrity 1 KiB'
const redisOn = 'Redis on'
const answer10KiB = 'answer 10 KiB'
const answer1MiB = 'answer 1 MiB'

/** All of them. */
export const promises: readonly SpeedPromise[] = [
  ratio('S1', 'admitted call, against HAProxy jwt_verify', perCore(admitted, jwtVerify), 1.2, 2),
  ratio('S1b', 'the same against a static answer of node:http', perCore(admitted, staticAnswer), 0.25, 0.45),
  ratio('S2', 'the same against our own forwarding without any check', perCore(admitted, ownProxy), 0.9, 0.95),
  ratio('S3a', 'the same against the Express stack', perCore(admitted, expressStack), 10, 20),
  ratio('S3b', 'the same against the @fastify/http-proxy stack', perCore(admitted, fastifyStack), 2.2, 4),
  { ...ratio('S4', 'p99 of an admitted call, against HAProxy jwt_verify', compare(admitted, jwtVerify, (own, other) => own.latency.p99.median / other.latency.p99.median), 1.5, 1), sense: '≤' },
  ratio('S5a', 'refused for its voucher, against an admitted call', perCore('voucher expired', admitted), 1.5, 2.5),
  ratio('S5b', 'refused for its limit, against an admitted call', perCore('limited', admitted), 1.5, 2.5),
  ratio('S6', 'first call with a voucher, against HAProxy jwt_verify', perCore('unseen vouchers', jwtVerify), 0.6, 0.9),
  ratio('S7a', 'DPoP (ES256), against its cryptography alone', perCryptography(dpop, 'dpop'), 0.5, 0.75),
  ratio('S7b', 'INTEGRITY of 1 KiB, against its cryptography alone', perCryptography(integrity, 'integrity'), 0.5, 0.75),
  ratio('S8', 'answer from the cache, against HAProxy jwt_verify', perCore('cached answer', jwtVerify), 1.8, 3),
  ratio('S9a', 'with Redis against without: limits', perCore(redisOn, admitted), 0.95, 0.98),
  ratio('S9b', 'with Redis against without: proofs that may be used once', perCore('dpop, Redis on', dpop), 0.7, 0.85),
  ratio('S10a', 'a contract of 224 operations against one of 8', perCore('224 operations', '8 operations'), 0.97, 0.99),
  { id: 'S10b', what: 'validation against a medium contract', sense: '≤', unit: ' µs', first: 5, goal: 2, from: { command: 'npm run bench' } },
  cost('S11a', 'CPU time of a 10 KiB answer, against HAProxy plain', answer10KiB, plainProxy10KiB),
  cost('S11b', 'CPU time of a 1 MiB answer, against HAProxy plain', answer1MiB, plainProxy1MiB),
  { id: 'S11c', what: 'memory of a connection that reads slowly', sense: '≤', unit: ' KiB', first: 64, goal: undefined, from: { scenarios: ['slow readers 8 MiB'], work: ([own]) => (own?.bytesPerReader?.median ?? Number.NaN) / 1024 } },
  { id: 'S12', what: 'start to the first answer (its memory beside it)', sense: '≤', unit: ' s', first: 0.8, goal: 0.4, from: { command: 'npm run start-time' } },
  ratio('S13', 'two workers against one, the generator on the same cores', compare('two workers', 'one worker', perSecond), 1.35, 1.45)
]

/** What a run says of each promise. */
export function outcomesOf (measured: readonly Measured[]): readonly Outcome[] {
  return promises.map((promise) => {
    if ('command' in promise.from) return { promise, measured: undefined }
    const figures = promise.from.scenarios.map((name) => measured.find((one) => one.name === name))
    const value = figures.every((one) => one !== undefined) ? promise.from.work(figures) : Number.NaN
    return { promise, measured: Number.isNaN(value) ? undefined : value }
  })
}

/** How far a promise is kept by what was measured. */
export function verdictOf ({ promise: { sense, first, goal }, measured }: Outcome): 'goal' | 'first step' | 'missed' | undefined {
  if (measured === undefined) return undefined
  const holds = (bound: number | undefined): boolean => bound !== undefined && (sense === '≥' ? measured >= bound : measured <= bound)
  if (holds(goal)) return 'goal'
  return holds(first) ? 'first step' : 'missed'
}

function ratio (id: string, what: string, from: Derivation, first: number, goal: number): SpeedPromise {
  return { id, what, sense: '≥', unit: '', first, goal, from }
}

function cost (id: string, what: string, own: string, other: string): SpeedPromise {
  return { id, what, sense: '≤', unit: '', first: 4, goal: 2, from: compare(own, other, (a, b) => 1 / capacityRatio(a, b)) }
}

function compare (own: string, other: string, work: (own: Measured, other: Measured) => number): Derivation {
  return { scenarios: [own, other], work: ([a, b]) => work(a as Measured, b as Measured) }
}

function perCore (own: string, other: string): Derivation {
  return compare(own, other, capacityRatio)
}

function perCryptography (name: string, kind: keyof ReturnType<typeof rawCryptoMicros>): Derivation {
  return { scenarios: [name], work: ([own]) => rawCryptoMicros()[kind] / (own?.cpuMicros?.median ?? Number.NaN) }
}

function perSecond (own: Measured, other: Measured): number {
  return own.requestsPerSecond.median / other.requestsPerSecond.median
}

/**
 * How many times as many calls a core makes of one as of another: by CPU time, which neither the generator nor whatever else a machine does changes much, and by calls per
 * second where the system does not tell CPU time.
 */
export function capacityRatio (own: Measured, other: Measured): number {
  return own.cpuMicros && other.cpuMicros ? other.cpuMicros.median / own.cpuMicros.median : perSecond(own, other)
}
