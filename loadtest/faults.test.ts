import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { childrenOf, isAlive, temporaryFolder } from '../gateway/harness/process.ts'
import { withRedis } from '../gateway/harness/redis.ts'
import { measureAll } from './faults/measure-all.ts'
import { replay } from './faults/replay.ts'
import { exitCodeOf, table } from './faults/report.ts'
import { startSite } from './faults/site.ts'
import { Tally } from './faults/tally.ts'

interface Launched { child: ChildProcess, stdout: () => string, stderr: () => string, exit: Promise<unknown[]> }

function run (t: Test, args: readonly string[], env = process.env): Launched {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'faults.ts'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => { texts.stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { texts.stderr += chunk.toString() })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, exit: once(child, 'close') }
}

/** Waits until a run has started so many programs, and gives their ids. */
async function programsOf ({ child }: Launched, count: number): Promise<readonly number[]> {
  for (;;) {
    // Beside each Redis a shell waits that ends it should nobody else.
    const all = (await childrenOf(child.pid as number)).filter(({ command }) => !command.startsWith('sh '))
    if (all.length >= count || child.exitCode !== null) return all.map(({ pid }) => pid)
    await wait(20)
  }
}

t.test('a figure is measured, told as a table and as JSON, and leaves nothing behind', withRedis, async (t) => {
  const file = join(await temporaryFolder(t), 'faults.json')
  const launched = run(t, ['quota', '--quick', '--json', file])
  const programs = await programsOf(launched, 4)
  t.equal(programs.length, 4, 'an e-service, a Redis and two gateways')
  t.strictSame(await launched.exit, [0, null], launched.stderr())
  t.match(launched.stdout(), /^\| figure \| promised .* verdict \|\n\| -+ \| .*\n\| quota  \| 0 over a quota of 500 in 1,200 calls; at least 495 admitted \| \d+ over; \d+ admitted, \d+ refused.* \| kept    \|\n$/)
  t.match(launched.stderr(), /^Node .*, Redis .* cores .*\n +0 s {2}quota: starts\n/)
  const { figures } = JSON.parse(await readFile(file, 'utf8'))
  t.match(figures, [{ name: 'quota', kept: true, verdict: 'kept', unexpected: [], numbers: { quota: 500, calls: 1200 } }])
  t.equal(figures[0].numbers.admitted + figures[0].numbers.refused, 1200)
  t.strictSame(programs.filter(isAlive), [])
})

t.test('gateways that share nothing admit what is good once at both of them, and the run fails', withRedis, async (t) => {
  const surroundings = { signal: new AbortController().signal, quick: true, tell: () => undefined }
  const alone: typeof startSite = async (options, ...rest) => startSite({ ...options, redis: false }, ...rest)
  const outcomes = await measureAll([replay], { ...surroundings, startSite: alone })
  t.match(outcomes, [{ name: 'replay', kept: false, numbers: { pairs: 200, double: 200, once: 0 } }])
  t.equal(exitCodeOf(outcomes), 1)
  t.match(table(outcomes), /\n\| replay .* \| broken  \|$/)
})

t.test('an interrupted run stops what it started', withRedis, async (t) => {
  const launched = run(t, ['frozen'])
  const programs = await programsOf(launched, 4)
  launched.child.kill('SIGINT')
  t.strictSame(await launched.exit, [130, null])
  t.equal(launched.stdout(), '')
  t.match(launched.stderr(), /the fault tests failed: interrupted\n$/)
  t.strictSame(programs.filter(isAlive), [])
})

t.test('every answer counts, and what should not come is told', async (t) => {
  const tally = new Tally({ admitted: { status: 200, body: '{}' }, refused: { status: 429, code: 'quota-exceeded' } })
  const answer = (status: number, body: string) => tally.note({ status, body, ms: 1, sentAt: 0 })
  t.strictSame([answer(200, '{}'), answer(429, '{"status":429,"code":"quota-exceeded"}')], ['admitted', 'refused'])
  t.strictSame([answer(200, '{"other":1}'), answer(429, '{"status":429,"code":"burst-exceeded"}'), answer(0, 'no answer: ECONNRESET'), answer(0, 'no answer: ECONNRESET')], Array.from({ length: 4 }))
  t.match([tally.count('admitted'), tally.count('refused'), tally.failed, tally.times.count], [1, 1, 4, 6])
  t.strictSame(tally.unexpected, ['1 x 200 with {"other":1}', '1 x 429 with a problem "burst-exceeded"', '2 x no answer: ECONNRESET'])
  const good = { name: 'one', promised: '', measured: '', kept: true, numbers: {}, unexpected: [] }
  t.equal(exitCodeOf([good]), 0)
  t.equal(exitCodeOf([good, { ...good, unexpected: tally.unexpected }]), 1, 'though what was promised was kept')
  t.equal(exitCodeOf([{ name: 'one', fault: 'no gateway' }, good]), 1)
  t.match(table([{ name: 'one', fault: 'no gateway' }]), / not measured \|\none: no gateway$/)
})

t.test('a wrong argument is told, with the usage, and so is a machine without Redis', async (t) => {
  const wrong = run(t, ['speed'])
  t.strictSame(await wrong.exit, [64, null])
  t.match(wrong.stderr(), 'there is no figure "speed": there are replay, ')
  t.match(wrong.stderr(), 'usage: npm run faults -- [NAME…] [options]')
  const bare = run(t, [], { PATH: '' })
  t.strictSame(await bare.exit, [78, null])
  t.match(bare.stderr(), /^the fault tests cannot start:\n {2}redis-server and redis-cli are not installed here/)
})
