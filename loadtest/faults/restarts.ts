import { whole } from '../report/numbers.ts'
import type { Figure, Measured, Run } from './figure.ts'
import { startLoad } from './load.ts'
import type { SiteGateway } from './site.ts'

const workers = 2

async function measure (run: Run): Promise<Measured> {
  const restarts = run.quick ? 2 : 30
  await using stack = new AsyncDisposableStack()
  const site = await run.startSite({ redis: true, config: (content) => { content['workers'] = workers } }, stack, run.signal)
  const [gateway] = site.gateways as [SiteGateway]
  const load = await startLoad(site, gateway, stack)
  let before = await serving(gateway)
  let replaced = 0
  for (let number = 1; number <= restarts; number++) {
    await gateway.ask('/-/restart', 'POST')
    const after = await serving(gateway)
    replaced += after.filter((pid) => !before.includes(pid)).length
    before = after
    if (number % 5 === 0) run.tell(`${number} of ${restarts} restarts`)
  }
  const tally = await load.stop()
  const { failed, times } = tally
  return {
    promised: `0 failed calls in ${whole(restarts)} rolling restarts of ${workers} workers under load`,
    measured: `${whole(failed)} failed of ${whole(times.count)}; ${whole(replaced)} processes replaced; slowest call ${whole(times.worst)} ms (p99 ${whole(times.at(0.99))})`,
    kept: failed === 0 && replaced === restarts * workers,
    numbers: { restarts, workers, replaced, calls: times.count, failed, worstMs: times.worst, p99Ms: times.at(0.99) },
    unexpected: tally.unexpected
  }
}

/** The processes that serve, by their ids. */
async function serving ({ ask }: SiteGateway): Promise<readonly number[]> {
  const { items } = await ask<{ items: readonly { pid: number, state: string }[] }>('/-/processes')
  return items.filter(({ state }) => state === 'serving').map(({ pid }) => pid)
}

export const restarts: Figure = {
  name: 'restarts',
  promise: 'no call fails because the processes of a gateway are replaced, one after the other',
  method: 'POST /-/restart of a gateway with two workers and a Redis, each of which must be another process afterwards, while calls come on kept and on new connections',
  measure
}
