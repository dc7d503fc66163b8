import { whole } from '../report/numbers.ts'
import type { Figure, Measured, Run } from './figure.ts'
import { startLoad } from './load.ts'
import type { SiteGateway } from './site.ts'

async function measure (run: Run): Promise<Measured> {
  const reloads = run.quick ? 10 : 200
  await using stack = new AsyncDisposableStack()
  const site = await run.startSite({}, stack, run.signal)
  const [gateway] = site.gateways as [SiteGateway]
  const load = await startLoad(site, gateway, stack)
  const hashes = new Set<string>()
  for (let number = 1; number <= reloads; number++) {
    await gateway.rewrite((content) => { content['limits'].bodyBytes = 1_000_000 + number })
    const { hash } = await gateway.ask<{ hash: string }>('/-/reload', 'POST')
    const live = await gateway.ask<{ hash: string }>('/-/config')
    if (live.hash === hash) hashes.add(hash)
    if (number % 50 === 0) run.tell(`${number} of ${reloads} reloads`)
  }
  const tally = await load.stop()
  const { failed, times } = tally
  return {
    promised: `0 failed calls in ${whole(reloads)} reloads under load`,
    measured: `${whole(failed)} failed of ${whole(times.count)}; ${whole(hashes.size)} configurations went live; slowest call ${whole(times.worst)} ms (p99 ${whole(times.at(0.99))})`,
    kept: failed === 0 && hashes.size === reloads,
    numbers: { reloads, live: hashes.size, calls: times.count, failed, worstMs: times.worst, p99Ms: times.at(0.99) },
    unexpected: tally.unexpected
  }
}

export const reloads: Figure = {
  name: 'reloads',
  promise: 'no call fails because the configuration is reloaded',
  method: 'POST /-/reload of a gateway with another configuration each time, which must be live afterwards by its hash, while calls come on kept and on new connections',
  measure
}
