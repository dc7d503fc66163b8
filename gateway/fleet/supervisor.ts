import cluster from 'node:cluster'
import { join } from 'node:path'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import { Fleet } from './fleet.ts'
import { openLog, openOutput } from '../log.ts'
import { problemsOf } from '../program.ts'
import { logOutcome, refuseSettings } from '../reload.ts'
import type { ConfigSource, Reloaded } from '../reload.ts'
import { startOf } from '../restart-settings.ts'
import type { Served } from '../served.ts'
import { forkWorker } from './worker-process.ts'

/**
 * Serves in processes below this one (gateway/fleet/worker.ts), which holds the listening sockets and hands every new connection to the next of them: when one ends the
 * others go on, and it is started again. Throws when they cannot start.
 */
export async function supervise (config: Config & { readonly workers: number }, source: ConfigSource): Promise<Served> {
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ exec: join(import.meta.dirname, 'worker.ts'), args: ['--config', source.path], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const out = openOutput()
  const logger = openLog(out)
  const fleet = new Fleet({
    workers: config.workers,
    // Without Redis each counts for itself: two at a time would count everything twice.
    sideBySide: config.redis !== undefined,
    fork: () => forkWorker((lines) => out.write(lines)),
    now: Date.now,
    tell: (event, facts) => { logger[event === 'worker serves' ? 'info' : 'error'](facts, event) }
  })
  await fleet.start()
  return {
    logger,
    reports: async (withRecent) => fleet.reports(withRecent),
    processes: async () => fleet.processes(),
    reload: async () => logOutcome(logger, 'reloaded', await fleet.reload()),
    plan: async () => fleet.plan(),
    restart: async () => logOutcome(logger, 'restarted', await restart(fleet, config, source)),
    files: () => fleet.files,
    stop: async () => fleet.stop()
  }
}

/** What this process holds cannot change with the ones below it. */
async function restart (fleet: Fleet, before: Config, { path, env }: ConfigSource): Promise<Reloaded> {
  try {
    await refuseSettings(path, startOf(before, await loadConfig(path, env)), 'has changed, and takes a start of the whole gateway; no process was replaced')
  } catch (error) {
    return { problems: problemsOf(error) }
  }
  return fleet.restart()
}
