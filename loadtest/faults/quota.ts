import { whole } from '../report/numbers.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { Caller, inLanes } from './caller.ts'
import type { Figure, Measured, Run } from './figure.ts'
import { localAnswers } from './local-answers.ts'
import type { Written } from '../gateway-config.ts'
import { Tally } from './tally.ts'

const kinds = { admitted: figures, refused: { status: 429, code: 'quota-exceeded' } }
const lanes = 64
/** As much of a quota may be left unused, in leases. */
const unusedShare = 0.01

async function measure (run: Run): Promise<Measured> {
  const [quota, calls] = run.quick ? [500, 1200] : [5000, 12_000]
  await using stack = new AsyncDisposableStack()
  const registry = (content: Written): void => { content['purposes'][0].versions[0].dailyCalls = quota }
  const site = await run.startSite({ gateways: 2, redis: true, registry }, stack, run.signal)
  const callers = site.gateways.map(({ url }) => stack.use(new Caller(url, lanes / 2)))
  const headers = { authorization: `Bearer ${await site.platform.mint({ purpose: 'tickets' })}` }
  const tally = new Tally(kinds)
  let sent = 0
  await inLanes(lanes, async (lane) => {
    if (sent++ >= calls) return false
    tally.note(await (callers[lane % 2] as Caller).get(admittedPath, headers))
    run.signal.throwIfAborted()
    return true
  })
  const [admitted, refused, late, forwarded] = [tally.count('admitted'), tally.count('refused'), await localAnswers(site), await site.served()]
  const over = Math.max(0, admitted - quota)
  const least = Math.ceil(quota * (1 - unusedShare))
  return {
    promised: `0 over a quota of ${whole(quota)} in ${whole(calls)} calls; at least ${whole(least)} admitted`,
    measured: `${whole(over)} over; ${whole(admitted)} admitted, ${whole(refused)} refused${late > 0 ? `; Redis was late ${whole(late)} times` : ''}`,
    // A call that Redis was late for was decided by the gateway's share: that is another promise.
    kept: over <= late && admitted >= least && forwarded === admitted,
    numbers: { quota, calls, admitted, refused, over, late, forwarded, p99Ms: tally.times.at(0.99) },
    unexpected: tally.unexpected
  }
}

export const quota: Figure = {
  name: 'quota',
  promise: 'a daily quota is never exceeded by several gateways together, and leases leave 1 % of it unused at most',
  method: 'more calls than the quota has, to two gateways on one Redis, 64 at once; each further one must be refused as quota-exceeded',
  measure
}
