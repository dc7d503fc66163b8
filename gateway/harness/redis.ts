import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { temporaryFolder } from './process.ts'
import { isRedisMissing, TestRedis } from './redis-process.ts'
import { freePort } from './free-port.ts'

export { TestRedis } from './redis-process.ts'

interface Teardown { teardown (work: () => Promise<void>): void }

/** What a test says that needs a real Redis: it is left out, with a reason, where there is none. */
export const withRedis = isRedisMissing() ? { skip: 'redis-server is not installed here: nothing that needs a real Redis was tested' } : {}

/** Starts a Redis that ends with the test. */
export async function startRedis (t: Teardown, ...args: readonly string[]): Promise<TestRedis> {
  const redis = new TestRedis(await freePort(), ['--dir', await temporaryFolder(t), ...args])
  t.teardown(async () => redis.kill())
  return redis.start()
}

// What came first goes on first, however the latency changes.
async function pass (before: Promise<void>, due: Promise<void>, to: Socket, chunk: Buffer | string): Promise<void> {
  await Promise.all([before, due])
  to.write(chunk)
}

/** A way to a Redis on which everything takes `latencyMs` longer in each direction; both may be changed while it runs. Ends with the test. */
export async function startSlowWay (t: Teardown, port: number): Promise<{ readonly url: string, latencyMs: number }> {
  const way = { url: '', latencyMs: 0 }
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1')
    for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
      let order = Promise.resolve()
      from.on('data', (chunk) => {
        order = pass(order, wait(way.latencyMs), to, chunk)
      })
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => { server.close() })
  way.url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
  return way
}
