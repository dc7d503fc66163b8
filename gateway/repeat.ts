import { setTimeout as wait } from 'node:timers/promises'

const firstRetryMs = 100

/** Does something again and again until it is stopped: after a pause when it went well (true), sooner when it did not. Times in ms. */
export async function repeat (work: () => Promise<boolean>, pauseMs: number, longestRetryMs: number, stopped: AbortSignal): Promise<void> {
  for (let retryMs = firstRetryMs; !stopped.aborted;) {
    const well = await work()
    const ms = well ? pauseMs : Math.min(retryMs, pauseMs)
    retryMs = well ? firstRetryMs : Math.min(retryMs * 2, longestRetryMs)
    await wait(ms, undefined, { signal: stopped, ref: false }).catch(() => undefined)
  }
}
