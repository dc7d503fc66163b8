import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { CheckedFileError } from '../adapters/checked-file-error.ts'
import type { Config } from '../config.ts'
import { countLocally } from './day-counting.ts'
import type { DayCounting } from './day-counting.ts'
import type { SharedCounting } from './shared-counting.ts'
import { TracingApi } from './tracing-api.ts'
import { tracedIn, tracingIn } from './tracing-config.ts'

/** Does some work with the platform's tracing API and with the counts of this machine, or of all that share a Redis; closes every connection afterwards. `now` in epoch ms. */
export async function withTracing<T> (config: Config, now: () => number, work: (tracing: { readonly platform: TracingApi, readonly counting: DayCounting & Partial<SharedCounting>, readonly wait: (ms: number) => Promise<void> }) => Promise<T>): Promise<T> {
  const { pdnd: { api: client, ...environment }, state, redis } = config
  const { tenant } = tracingIn(config)
  if (!client) throw new CheckedFileError(['pdnd.api: is missing, and calls are reported as the client of the interop API'])
  await using opened = new AsyncDisposableStack()
  const platform = opened.adopt(new TracingApi({ environment, client, now, wait, randomUUID }), async (api) => api.close())
  const own = countLocally(state, tracedIn(config))
  // Loaded only where machines share one.
  const counting = redis ? opened.adopt(await (await import('./shared-counting.ts')).openSharedCounting(redis, tenant, state, own), (shared) => { shared.close() }) : own
  return await work({ platform, counting, wait })
}
