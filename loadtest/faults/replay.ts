import { whole } from '../report/numbers.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { Caller, inLanes } from './caller.ts'
import type { Figure, Measured, Run } from './figure.ts'
import { localAnswers } from './local-answers.ts'
import { makeProver, publicUrl, waitUntilDeciding } from './prover.ts'
import { Tally } from './tally.ts'

const kinds = {
  admitted: figures,
  replayed: { status: 401, code: 'dpop-replayed' },
  undecided: { status: 503, code: 'replay-filter-unavailable' }
}

/** So many pairs are under way at once, and so many are signed in advance: fewer than go stale before they are sent. */
const lanes = 32
const batch = 2000

/** What became of the two calls with one proof. */
interface Pairs { double: number, once: number, undecided: number }

async function measure (run: Run): Promise<Measured> {
  const pairs = run.quick ? 200 : 10_000
  await using stack = new AsyncDisposableStack()
  const site = await run.startSite({ gateways: 2, redis: true, config: (content) => { content['publicUrl'] = publicUrl } }, stack, run.signal)
  const callers = site.gateways.map(({ url }) => stack.use(new Caller(url, lanes)))
  const prover = await makeProver(site.platform, 'tickets', admittedPath)
  await waitUntilDeciding(callers, prover, run.signal)
  const [servedBefore, lateBefore] = [await site.served(), await localAnswers(site)]
  const tally = new Tally(kinds)
  const became: Pairs = { double: 0, once: 0, undecided: 0 }
  for (let done = 0; done < pairs; done += batch) {
    const proofs = await Promise.all(Array.from({ length: Math.min(batch, pairs - done) }, prover.headers))
    await sendTwice(proofs, { callers, path: prover.path, tally, became })
    run.signal.throwIfAborted()
    run.tell(`${whole(Math.min(pairs, done + batch))} of ${whole(pairs)} pairs`)
  }
  const late = await localAnswers(site) - lateBefore
  const forwarded = await site.served() - servedBefore
  return {
    promised: `0 double admissions in ${whole(pairs)} pairs`,
    measured: `${whole(became.double)} double; ${whole(became.once)} admitted once, refused once${became.undecided > 0 ? `; ${whole(became.undecided)} undecided, as Redis was late ${whole(late)} times` : ''}`,
    kept: became.double === 0 && became.undecided <= late && forwarded === tally.count('admitted'),
    numbers: { pairs, ...became, late, forwarded, p99Ms: tally.times.at(0.99) },
    unexpected: tally.unexpected
  }
}

/** Where pairs are sent, and where it is noted what became of them. */
interface Sending { readonly callers: readonly Caller[], readonly path: string, readonly tally: Tally<keyof typeof kinds>, readonly became: Pairs }

/** Sends each proof to both gateways at the same moment; each of them comes first every other time. */
async function sendTwice (proofs: Readonly<Record<string, string>>[], { callers, path, tally, became }: Sending): Promise<void> {
  await inLanes(lanes, async () => {
    const headers = proofs.pop()
    if (!headers) return false
    const order = proofs.length % 2 === 0 ? callers : callers.toReversed()
    const answers = await Promise.all(order.map(async (caller) => tally.note(await caller.get(path, headers))))
    const admitted = answers.filter((kind) => kind === 'admitted').length
    if (admitted === 2) became.double++
    else if (admitted === 1 && answers.includes('replayed')) became.once++
    else became.undecided++
    return true
  })
}

export const replay: Figure = {
  name: 'replay',
  promise: 'what may be used once is admitted once, whichever of several gateways it comes to',
  method: 'the same DPoP proof (ES256) is sent to two gateways on one Redis at the same moment, on kept connections, 32 pairs at once; the e-service must have been called exactly once for each that was admitted',
  measure
}
