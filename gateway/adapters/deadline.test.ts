import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { inTime, TooLate } from './deadline.ts'
import { timed } from './redis-fixture.ts'

function keepBusy (ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

t.test('what comes in time is given, and what fails fails', async (t) => {
  t.equal(await inTime(Promise.resolve(7), 50), 7)
  t.equal(await inTime(wait(20, 8), 1000), 8)
  await t.rejects(inTime(Promise.reject(new Error('no')), 50), { message: 'no' })
})

t.test('what does not come is given up in time, and what it gives later is nobody\'s', async (t) => {
  const { promise, reject } = Promise.withResolvers<never>()
  const { ms, given } = await timed(async () => inTime(promise, 75).catch((error: unknown) => error))
  t.ok(given instanceof TooLate)
  t.match(given, { message: 'no answer within 75 ms' })
  t.ok(ms >= 74 && ms < 130, `${Math.round(ms)} ms`)
  reject(new Error('afterwards'))
  await wait(10)
})

t.test('time in which this process is busy is not held against the other side', async (t) => {
  // It answers on a thread of its own, at once.
  const echo = new Worker("const { createServer } = require('node:net'); const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port))", { eval: true })
  t.teardown(async () => { await echo.terminate() })
  const [port] = await once(echo, 'message') as [number]
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  // As the client does: what is asked in one turn is written at its end.
  const ask = async (): Promise<unknown> => {
    setImmediate(() => { socket.write('x') })
    return once(socket, 'data')
  }
  for (let count = 0; count < 5; count++) {
    const answer = inTime(ask(), 75)
    keepBusy(150)
    await answer
  }
  t.pass('all came')
})
