import type { LiveEService } from './route.ts'

/** Tells whether the upstream of an e-service answers at all. However many want to know, it is asked once a second at most. */
export type Probe = () => Promise<boolean>

/** How long an upstream may take to show that it is there, and how long its answer is good for, in ms. */
const probeMs = 2000
const goodForMs = 1000

/** Prepares asking an upstream whether it answers. Never rejects. */
export function prepareProbe ({ upstream: { pool, timeoutMs }, basePath }: LiveEService): Probe {
  const ask = async (): Promise<boolean> => {
    try {
      const { statusCode, body } = await pool.request({ path: `${basePath}/status`, method: 'GET', signal: AbortSignal.timeout(Math.min(timeoutMs, probeMs)) })
      await body.dump()
      return statusCode < 500
    } catch {
      return false
    }
  }
  let last: Promise<boolean> | undefined
  return async () => {
    if (!last) {
      last = ask()
      void last.finally(() => { setTimeout(() => { last = undefined }, goodForMs).unref() })
    }
    return last
  }
}
