import type { Config } from './config.ts'
import { planReload } from './plan/plan-reload.ts'
import { Reloader } from './reload.ts'
import type { ConfigSource } from './reload.ts'
import { briefOf, reportOf } from './report.ts'
import { filesOf, runGateway } from './running.ts'
import type { Served } from './served.ts'

const alone = 'this gateway is one process, which nothing can take the place of: with workers: 1 another one supervises it, and can replace it'

/** Serves in this process, which nobody supervises. Throws when it cannot start. */
export async function serveAlone (config: Config, source: ConfigSource): Promise<Served> {
  const { gateway, startedAt, prepare, listen, stop } = await runGateway(config, source)
  await listen()
  const reloader = new Reloader(prepare, gateway.logger)
  return {
    logger: gateway.logger,
    reports: async (withRecent) => [reportOf(gateway, startedAt, withRecent)],
    processes: async () => [{ pid: process.pid, ...briefOf(reportOf(gateway, startedAt)) }],
    reload: async () => reloader.reload(),
    plan: async () => planReload(gateway, source),
    restart: async () => ({ problems: [alone] }),
    files: () => filesOf(gateway.live),
    stop
  }
}
