import t from 'tap'
import type { Test } from 'tap'
import { setTimeout as wait } from 'node:timers/promises'
import { drainServer } from './drain.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { Wire } from './harness/wire.ts'

const times = { quietMs: 300, graceMs: 5000 }

async function stop ({ gateway }: Harness): Promise<void> {
  gateway.drain()
  await drainServer(gateway.server, times)
}

/** Counts what became of the calls of one client. */
interface Tally { served: number, failed: number, connections: number }

/** A client that keeps its connection for as long as it may and calls without a pause; whatever it sent must be answered. */
async function callOn (port: number, request: Buffer, tally: Tally, ends: { now: boolean }): Promise<void> {
  while (!ends.now) {
    const wire = new Wire(port)
    await new Promise((resolve) => wire.socket.once('connect', resolve).once('error', resolve))
    if (wire.isClosed) {
      await wait(5)
      continue
    }
    tally.connections++
    for (let keeps = true; keeps && !ends.now;) {
      wire.write(request)
      const answer = await wire.answer()
      if (answer.status === 200 && answer.whole) tally.served++
      else tally.failed++
      keeps = answer.headers['connection'] === 'keep-alive'
      await wait(tally.served % 5)
    }
    wire.destroy()
  }
}

t.test('restarts under load, with kept connections, lose no call', async (t) => {
  let gateway = await startGateway(t)
  const { port } = gateway
  const ends = { now: false }
  const tally: Tally = { served: 0, failed: 0, connections: 0 }
  const request = gateway.request('/items')
  const clients = Promise.all(Array.from({ length: 20 }, async () => callOn(port, request, tally, ends)))
  for (let round = 1; round <= 4; round++) {
    await until(() => tally.served >= round * 200)
    await stop(gateway)
    gateway = await startGateway(t, { port })
  }
  await until(() => tally.served >= 1200)
  ends.now = true
  await clients
  t.equal(tally.failed, 0, `of ${tally.served}`)
  t.ok(tally.connections <= 20 * 5, 'no connection is given up without need')
})

const slow = async (t: Test): Promise<{ gateway: Harness, wire: Wire, answer: () => void }> => {
  const gateway = await startGateway(t)
  let answer = (): void => undefined
  gateway.upstream.answer = (_request, response) => { answer = () => { response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}') } }
  return { gateway, wire: gateway.connect(), answer: () => { answer() } }
}

t.test('a call that is at the upstream when the gateway stops is answered, and its connection closed', async (t) => {
  const { gateway, wire, answer } = await slow(t)
  wire.write(gateway.request('/items'))
  await until(() => gateway.upstream.requests.length === 1)
  const stopped = stop(gateway)
  await wait(times.quietMs + 50)
  answer()
  t.match(await wire.answer(), { status: 200, whole: true, headers: { connection: 'close' } })
  await Promise.all([wire.closed, stopped])
})

t.test('an upload that is under way when the gateway stops comes to its end', async (t) => {
  const { gateway, wire, answer } = await slow(t)
  const request = gateway.request('/items', { method: 'POST', body: { name: 'x' } })
  wire.write(request.subarray(0, -5))
  t.equal((await gateway.call('/nowhere')).status, 404, 'by then the head has been read')
  const stopped = stop(gateway)
  await wait(times.quietMs + 50)
  wire.socket.write(request.subarray(-5))
  await until(() => gateway.upstream.requests.length === 1)
  answer()
  t.match(await wire.answer(), { status: 200, headers: { connection: 'close' } })
  await stopped
})

t.test('a call that comes on a kept connection after the gateway began to stop is served', async (t) => {
  const gateway = await startGateway(t)
  const wire = gateway.connect()
  wire.write(gateway.request('/items'))
  t.equal((await wire.answer()).headers['connection'], 'keep-alive')
  const stopped = stop(gateway)
  wire.write(gateway.request('/items'))
  t.match(await wire.answer(), { status: 200, headers: { connection: 'close' } })
  await Promise.all([wire.closed, stopped])
  t.equal((await gateway.call('/items')).status, 0, 'new connections are refused')
})
