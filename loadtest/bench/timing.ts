import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import type { Stage } from './stage.ts'

/** How long is measured: rounds that count, the length of a batch in each of them in ms, and how many times a stage is done before, again and again until it was not faster so many times. */
export interface Effort { readonly rounds: number, readonly batchMs: number, readonly warmUp: { readonly calls: number, readonly patience: number } }

/** What a stage takes: in ns, and as a multiple of what the calibration takes beside it. */
export interface Timed { readonly name: string, readonly ofCall: boolean, readonly ns: number, readonly units: number }

/** About three seconds for all stages. */
export const usualEffort: Effort = { rounds: 20, batchMs: 1, warmUp: { calls: 500, patience: 6 } }

const document = JSON.stringify({ iss: 'calibration', ids: Array.from({ length: 12 }, (_one, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`), at: 1_700_000_000, note: 'x'.repeat(80) })
const names = new Map(Array.from({ length: 64 }, (_one, index) => [`x-header-${index}`, index]))

/** Work that no change of this tree makes slower, of the kinds that a call consists of: parsing, looking up, writing, hashing. */
const calibration: Stage = {
  name: 'calibration',
  ofCall: false,
  run () {
    const parsed = JSON.parse(document) as { at: number }
    let sum = parsed.at
    for (let index = 0; index < 64; index++) sum += names.get(`X-Header-${index}`.toLowerCase()) ?? 0
    return createHash('sha256').update(`${sum}${JSON.stringify(parsed)}`).digest('base64url').length
  },
  isRight: (length) => length === 43
}

/** A stage, and how many times it is done in one go. */
interface Batch { readonly stage: Stage, readonly count: number }

/**
 * Times stages in interleaved rounds, each batch between two of the calibration, so that a machine that slows down slows both. Of the rounds the fastest tenth
 * counts: batches are shorter than the turns that the system gives to others, so that on a busy machine some of them are not interrupted (measured: with three
 * others for each core the middle of the rounds moves by half, the fastest tenth by less than a fifth). Throws when a stage does not do what it should, and when `signal` interrupts it.
 */
export async function time (stages: readonly Stage[], effort: Effort = usualEffort, signal?: AbortSignal): Promise<readonly Timed[]> {
  const yardstick = await warm(calibration, effort)
  const batches: Batch[] = []
  for (const stage of stages) {
    batches.push(await warm(stage, effort))
    await takeTurn(signal)
  }
  const found = batches.map((batch) => ({ batch, own: [] as number[], beside: [] as number[] }))
  for (let round = 0; round < effort.rounds; round++) {
    for (const { batch, own, beside } of found) {
      beside.push(await runBatch(yardstick))
      own.push(await runBatch(batch))
    }
    await takeTurn(signal)
  }
  return found.map(({ batch: { stage: { name, ofCall } }, own, beside }) => ({ name, ofCall, ns: fastest(own), units: fastest(own) / fastest(beside) }))
}

/** What was put off is done now, beside the clock; an interruption is heard, too. */
async function takeTurn (signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => { setImmediate(resolve) })
  signal?.throwIfAborted()
}

/** Does a stage until it gets no faster: the time of what the compiler has not come to yet says nothing. Then makes a batch of it that is as long as it should be. */
async function warm (stage: Stage, { batchMs, warmUp: { calls, patience } }: Effort): Promise<Batch> {
  let best = Infinity
  for (let unchanged = 0, goes = 0; unchanged < patience && goes < mostGoes; unchanged++, goes++) {
    const ns = await runBatch({ stage, count: calls })
    if (ns > best * noticeable) continue
    best = ns
    unchanged = 0
  }
  return { stage, count: Math.max(1, Math.round(batchMs * 1e6 / best)) }
}

const mostGoes = 60
const noticeable = 0.95

/** ns of one time. */
async function runBatch ({ stage: { name, run, isRight }, count }: Batch): Promise<number> {
  let outcome: unknown
  const start = process.hrtime.bigint()
  for (let index = 0; index < count; index++) {
    outcome = run()
    // Nothing is waited for where nothing has to be: a promise costs more than most stages.
    if (outcome instanceof Promise) outcome = await outcome
  }
  const ns = Number(process.hrtime.bigint() - start) / count
  if (!isRight(outcome)) throw new Error(`the stage "${name}" does not do what it should: it gave ${inspect(outcome, { depth: 1 }).slice(0, 300)}`)
  return ns
}

/** The value that a tenth of all does not exceed. */
function fastest (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 10)] ?? 0
}
