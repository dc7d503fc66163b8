import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { drainServer } from './drain.ts'
import { Wire } from './harness/wire.ts'

const head = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const long = 60_000

/** A server whose answers are given by the test, one client with a call behind it and, of that call, nothing left. */
async function startIdle (t: Test): Promise<{ server: Server, wire: Wire, port: number, calls: ServerResponse[] }> {
  const calls: ServerResponse[] = []
  const server = createServer({ keepAliveTimeout: long }, (_request, response) => { calls.push(response) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const wire = new Wire(port)
  t.teardown(() => { wire.destroy() })
  server.once('request', (_request, response: ServerResponse) => response.end('first'))
  wire.write(head)
  t.equal((await wire.answer()).body, 'first')
  calls.length = 0
  return { server, wire, port, calls }
}

t.test('an idle connection that stays quiet is closed after a while', async (t) => {
  const { server, wire } = await startIdle(t)
  const drained = drainServer(server, { quietMs: 20, graceMs: long }).then(() => 'drained')
  t.equal(await Promise.race([drained, wait(10_000, 'still waiting', { ref: false })]), 'drained')
  await wire.closed
  t.equal(wire.received, '')
})

t.test('a call on an idle connection is still answered while the server drains, a new connection is not', async (t) => {
  const { server, wire, port, calls } = await startIdle(t)
  const drained = drainServer(server, { quietMs: long, graceMs: long })
  const late = new Wire(port)
  await late.closed
  wire.write(head)
  await new Promise((resolve) => server.once('request', resolve))
  calls[0]?.setHeader('Connection', 'close').end('second')
  t.equal((await wire.answer()).body, 'second')
  await drained
})

t.test('a call that takes longer than an idle connection is waited for', async (t) => {
  const { server, wire, calls } = await startIdle(t)
  wire.write(head)
  await new Promise((resolve) => server.once('request', resolve))
  const drained = drainServer(server, { quietMs: 1, graceMs: long })
  setTimeout(() => { calls[0]?.setHeader('Connection', 'close').end('slow') }, 50)
  t.equal((await wire.answer()).body, 'slow')
  await drained
})

t.test('a call that never ends is cut off at the end of the grace', async (t) => {
  const { server, wire } = await startIdle(t)
  wire.write(head)
  await new Promise((resolve) => server.once('request', resolve))
  await drainServer(server, { quietMs: 1, graceMs: 50 })
  t.equal((await wire.answer()).status, 0)
})
