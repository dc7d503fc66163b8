import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { coresOf } from './pinning.ts'
import { cpuMicrosOf, rssBytesOf } from './process-figures.ts'

const linux = process.platform !== 'linux' && 'only Linux tells it'

t.test('CPU time is that of all threads, whatever the program is called', { skip: linux }, async (t) => {
  const program = join(t.testdir(), 'a (b) c) 1 2')
  await copyFile('/bin/sleep', program)
  const child = spawn(program, ['60'], { stdio: 'ignore' })
  await once(child, 'spawn')
  t.teardown(() => child.kill())
  t.ok((cpuMicrosOf([child.pid as number]) ?? Number.NaN) < 20_000, 'it sleeps')
  const pids = [process.pid, child.pid as number]
  const [before, since] = [cpuMicrosOf(pids) as number, process.cpuUsage()]
  while (process.cpuUsage(since).user < 200_000) JSON.parse('{"works":[1,2,3]}')
  const { user, system } = process.cpuUsage(since)
  const own = cpuMicrosOf(pids) as number - before
  // One of the two is told in hundredths of a second.
  t.ok(own > 100_000 && own < user + system + 50_000, `${own} of ${user + system}`)
})

t.test('what a thread has used stays counted when it has ended', { skip: linux }, async (t) => {
  const busy = "const end = Date.now() + 100; while (Date.now() < end); require('node:worker_threads').parentPort.on('message', () => {}).postMessage('done')"
  const worker = new Worker(busy, { eval: true })
  await once(worker, 'message')
  const before = cpuMicrosOf([process.pid]) as number
  await worker.terminate()
  t.ok(cpuMicrosOf([process.pid]) as number >= before)
})

t.test('memory is what is resident', { skip: linux }, async (t) => {
  const one = rssBytesOf([process.pid]) as number
  t.ok(one > 20e6 && one < 2e9)
  t.ok(rssBytesOf([process.pid, process.pid]) as number > 1.5 * one)
})

t.test('what cannot be known is not told', async (t) => {
  t.equal(cpuMicrosOf([]), undefined)
  t.equal(rssBytesOf([]), undefined)
  t.equal(cpuMicrosOf([0x7fffffff]), undefined)
})

t.test('cores are shared out where there are two', async (t) => {
  const cores = coresOf()
  if (!cores) t.pass('there is one only, or no taskset')
  else t.match(cores, { own: /^\d+$/, rest: /^\d+(,\d+)*$/, all: `${cores.own},${cores.rest}` })
})
