import { existsSync, openSync, rmSync, writeSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

/** What a process says of itself once a second: sizes in bytes, `used` being its heap and the buffers beside it; how late its event loop was in that second, in ms, 99th percentile; `collected` where all garbage was collected before. */
export interface Witnessed {
  readonly at: number
  readonly rss: number
  readonly used: number
  readonly delayMs: number
  readonly collected: boolean
}

/** The variable with the file to which a witness writes, and what is put behind its name to ask for a collection of all garbage. */
export const variable = 'SOAK_WITNESS'
export const collect = '.collect'

const everyMs = 1000

// Loaded before the program that it is to watch, it holds nothing open and keeps nothing but a histogram.
const path = process.env[variable]
if (path !== undefined && isMainThread) watch(path)

function watch (path: string): void {
  const file = openSync(path, 'a')
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  setInterval(() => {
    const collected = existsSync(path + collect)
    if (collected) {
      // Buffers are given back beside the collection; the next one waits for that.
      gc()
      gc()
      rmSync(path + collect)
    }
    const { rss, heapUsed, external } = process.memoryUsage()
    // The histogram counts the 10 ms of its own timer, too.
    const delayMs = Math.max(0, delays.percentile(99) / 1e6 - 10)
    delays.reset()
    writeSync(file, `${JSON.stringify({ at: Date.now(), rss, used: heapUsed + external, delayMs, collected } satisfies Witnessed)}\n`)
  }, everyMs).unref()
}
