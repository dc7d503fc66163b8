import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import t from 'tap'
import type { Test } from 'tap'
import { ids } from '../harness/platform.ts'
import { startRedis, withRedis } from '../harness/redis.ts'
import { countLocally } from './day-counting.ts'
import { runAlone } from './run-lock.ts'
import { fileOne, runTracing } from './run-tracing.ts'
import { TracingSchedule } from './schedule.ts'
import { openSharedCounting } from './shared-counting.ts'
import { tracingStateOf } from './standing.ts'
import { TracingApiError } from './tracing-api.ts'
import { readDays, untouched } from './tracing-days.ts'
import type { DayState } from './tracing-days.ts'
import { PretendedPlatform, recordOf, traced, writeRecords } from './tracing-fixture.ts'

const [first, second, third] = ['2026-03-02', '2026-03-03', '2026-03-04']
const at = (day: string) => ({ time: `${day}T11:00:00.000Z` })
const night = Date.parse('2026-03-05T00:20:00Z')

function prepare (t: Test, counting?: Parameters<typeof runTracing>[0]['counting']) {
  const state = t.testdir()
  const platform = new PretendedPlatform()
  const told: string[] = []
  const clock = { now: night }
  const run = { state, counting: counting ?? countLocally(state, traced), platform, now: () => clock.now, wait: async (ms: number) => { clock.now += ms }, tell: ({ day, state }: DayState) => { told.push(`${day} ${state}`) } }
  return { state, platform, told, clock, run }
}

t.test('every day from the first one with records is filed, the oldest first, days without calls too', async (t) => {
  const { state, platform, told, run, clock } = prepare(t)
  await writeRecords(state, first, [recordOf(at(first))])
  await writeRecords(state, third, [recordOf(at(third)), recordOf(at(third))], 1)
  await writeRecords(state, '2026-03-05', [recordOf(at('2026-03-05'))])
  t.equal(await runTracing(run), true)
  t.strictSame(told, [`${first} COMPLETED`, `${second} COMPLETED`, `${third} COMPLETED`])
  t.strictSame([...(await readDays(state)).values()].map(({ calls, rows }) => [calls, rows]), [[1, 1], [0, 0], [2, 1]])
  t.strictSame((await readdir(join(state, 'tracing'))).toSorted(), ['days.json'], 'files do not stay')
  t.equal(await runTracing(run), true)
  t.equal(platform.sent.length, 3, 'and once only')
  clock.now += 24 * 60 * 60 * 1000
  await runTracing(run)
  t.strictSame(told.slice(3), ['2026-03-05 COMPLETED'])
})

t.test('a day is left alone until its last records have long been written', async (t) => {
  const { state, platform, run, clock } = prepare(t)
  await writeRecords(state, third, [recordOf(at(third))])
  clock.now = Date.parse('2026-03-04T23:14:59Z')
  t.equal(await runTracing(run), true)
  t.strictSame(platform.sent, [])
  clock.now += 1000
  t.equal(await runTracing(run), true)
  t.strictSame(platform.sent, ['submit'])
})

t.test('a day whose records cannot be read keeps no other day from being filed', async (t) => {
  const { state, run, clock, platform } = prepare(t)
  await mkdir(join(state, 'audit', `${first}.0001.audit`), { recursive: true })
  for (const day of [first, second, third]) await writeRecords(state, day, [recordOf(at(day))], 1)
  t.equal(await runTracing(run), true)
  t.strictSame([...platform.tracings.keys()], [second, third])
  t.match(await tracingStateOf(state, clock.now + 7 * 60 * 60 * 1000), { missingDays: [first], lastError: /^the records of this day cannot be read \(EISDIR/ })
})

t.test('a day of which some lines are no records is filed with the others, and that is told', async (t) => {
  const { state, run, clock } = prepare(t)
  await writeRecords(state, third, [recordOf(at(third)), recordOf({ ...at(third), time: 'when' })])
  t.equal(await runTracing(run), true)
  t.match(await tracingStateOf(state, clock.now), { missingDays: [], lastFiledDay: third, lastError: '1 line of the records cannot be read, and the platform has what the others say: run varco audit verify' })
  t.match(await tracingStateOf(state, clock.now + 15 * 24 * 60 * 60 * 1000), { lastError: null }, 'for two weeks')
})

t.test('a day of which there are more records by now is replaced; of which there are fewer stays', async (t) => {
  const { state, platform, told, run } = prepare(t)
  await writeRecords(state, third, [recordOf(at(third))])
  await runTracing(run)
  await writeRecords(state, third, [recordOf(at(third))], 2)
  t.equal(await runTracing(run), true)
  t.strictSame(platform.sent, ['submit', 'replace'])
  t.match((await readDays(state)).get(third), { calls: 2, rows: 1 })
  await rm(join(state, 'worker-2'), { recursive: true })
  t.equal(await runTracing(run), true)
  t.equal(platform.sent.length, 2)
  t.match((await readDays(state)).get(third), { calls: 2, state: 'COMPLETED', lastError: undefined })
  await writeRecords(state, third, [recordOf({ ...at(third), kind: 'internal' })], 3)
  await runTracing(run)
  t.equal(platform.sent.length, 2, 'nor is one sent that is the same')
  t.equal(told.length, 4)
})

t.test('a day that was not filed is not filed with less than was counted', async (t) => {
  const { state, platform, run } = prepare(t)
  await writeRecords(state, third, [recordOf(at(third)), recordOf(at(third))])
  platform.find = async () => { throw new TracingApiError('away') }
  t.equal(await runTracing(run), false)
  await rm(join(state, 'audit'), { recursive: true })
  await writeRecords(state, third, [recordOf(at(third))])
  platform.find = async (day) => platform.tracings.get(day)
  await runTracing(run)
  t.match((await readDays(state)).get(third), { state: 'UNFILED', calls: 2, lastError: /2 calls of this day were counted before/ })
  t.strictSame(platform.sent, [])
})

t.test('while the platform is away nothing is lost, and it is told', async (t) => {
  const { state, platform, run, told, clock } = prepare(t)
  for (const day of [first, second]) await writeRecords(state, day, [recordOf(at(day))])
  platform.find = async () => { throw new TracingApiError('the tracing API answered 503') }
  t.equal(await runTracing(run), false)
  t.strictSame(told, [`${first} UNFILED`], 'the others are not tried')
  t.match(await tracingStateOf(state, clock.now), { lastFiledDay: null, missingDays: [first, second], lastError: 'the tracing API answered 503' }, 'the last day may still come')
  t.strictSame((await tracingStateOf(state, clock.now + 7 * 60 * 60 * 1000)).missingDays, [first, second, third])
  platform.find = async (day) => platform.tracings.get(day)
  t.equal(await runTracing(run), true)
  t.match(await tracingStateOf(state, clock.now + 7 * 60 * 60 * 1000), { lastFiledDay: third, missingDays: [], lastError: null, days: { length: 3 } })
})

t.test('a file that the platform refuses is recovered by the next run', async (t) => {
  const { state, platform, run, clock } = prepare(t)
  await writeRecords(state, third, [recordOf(at(third))])
  platform.verdict = 'ERROR'
  platform.found = { total: 1, errors: [{ purposeId: 'p', severity: 'INVALID', errorCode: 'PURPOSE_NOT_FOUND', message: 'purpose_id', rowNumber: 1 }] }
  t.equal(await runTracing(run), true, 'an hour changes nothing')
  t.match(await tracingStateOf(state, clock.now + 7 * 60 * 60 * 1000), { missingDays: [third], lastError: /PURPOSE_NOT_FOUND in row 1/ })
  platform.verdict = 'COMPLETED'
  t.equal(await runTracing(run), true)
  t.strictSame(platform.sent, ['submit', 'recover'])
  t.match(await tracingStateOf(state, clock.now), { missingDays: [], lastError: null })
})

t.test('a file that is pending, and a replacement of which nobody knows, are looked at again within the night', async (t) => {
  const { state, platform, run, clock } = prepare(t)
  await writeRecords(state, third, [recordOf(at(third))])
  platform.verdict = 'PENDING'
  t.equal(await runTracing(run), false)
  for (const tracing of platform.tracings.values()) platform.tracings.set(third, { ...tracing, state: 'COMPLETED' })
  t.equal(await runTracing(run), true)
  t.strictSame(platform.sent, ['submit'])
  await writeRecords(state, third, [recordOf(at(third))])
  platform.onSend = () => ({ done: false, answer: { outcome: 'unknown', reason: 'no answer' } })
  t.equal(await runTracing(run), false)
  platform.verdict = 'PENDING'
  platform.onSend = () => ({ done: true })
  t.equal(await runTracing(run), false)
  t.strictSame(platform.sent, ['submit', 'replace', 'replace', 'replace', 'replace'])
  t.strictSame((await tracingStateOf(state, clock.now + 7 * 60 * 60 * 1000)).missingDays, [], 'what is being replaced was taken once')
})

t.test('a state folder that was lost, or broken, costs a replacement or a sentence', async (t) => {
  const { state, platform, run } = prepare(t)
  await writeRecords(state, third, [recordOf(at(third))])
  await runTracing(run)
  await rm(join(state, 'tracing'), { recursive: true })
  await runTracing(run)
  t.strictSame(platform.sent, ['submit', 'replace'])
  await writeFile(join(state, 'tracing', 'days.json'), '{"days":[{}]}')
  await t.rejects(runTracing(run), { message: /days\.json is not what the gateway wrote/ })
})

t.test('one process at a time files with a state folder; one that was killed keeps nobody away', async (t) => {
  const state = t.testdir()
  t.equal(await runAlone(state, async () => `first, and ${await runAlone(state, async () => 'second')}`), 'first, and undefined')
  t.equal(await runAlone(state, async () => 'next'), 'next')
  await t.rejects(runAlone(state, async () => { throw new Error('failed') }))
  const other = spawn(process.execPath, ['--input-type=module', '-e', `
    import { runAlone } from ${JSON.stringify(new URL('run-lock.ts', import.meta.url).href)}
    await runAlone(${JSON.stringify(state)}, async () => {
      process.stdout.write('held')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    })`], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { other.kill('SIGKILL') })
  await once(other.stdout, 'data')
  t.equal(await runAlone(state, async () => 'beside it'), undefined)
  other.kill('SIGKILL')
  await once(other, 'exit')
  t.equal(await runAlone(state, async () => 'after'), 'after')
})

t.test('what is written in the folder keeps nobody away, not even the number of a process that runs', async (t) => {
  const state = t.testdir({ tracing: { running: String(process.ppid) } })
  t.equal(await runAlone(state, async () => 'alone'), 'alone')
})

t.test('a lock that cannot be taken is no lock that was taken', { skip: process.platform === 'win32' }, async (t) => {
  const state = t.testdir({ tracing: { lock: '' }, other: { tracing: { lock: 'written by hand' } } })
  // As somebody else left it; root may write it nevertheless.
  await chmod(join(state, 'tracing', 'lock'), 0o444)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    await t.rejects(runAlone(state, async () => 'alone'), { message: /tracing\/lock cannot be locked \(attempt to write a readonly database\): it has to be an empty file of the user that runs the gateway/ })
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
  await t.rejects(runAlone(join(state, 'other'), async () => 'alone'), { message: /other\/tracing\/lock cannot be locked \(file is not a database\)/ })
})

t.test('a run is due a quarter past midnight in Rome and a while, once a day, and again after pauses while it fails', async (t) => {
  const clock = { now: Date.parse('2026-03-04T22:59:00Z') }
  const runs: string[] = []
  const told: object[] = []
  let end: { isDone: boolean } | Error = { isDone: true }
  let due = true
  const schedule = new TracingSchedule({
    isDue: async () => due,
    launch: async () => {
      runs.push(new Date(clock.now).toISOString().slice(11, 16))
      if (end instanceof Error) throw end
      return end
    },
    now: () => clock.now,
    spreadMs: 10 * 60 * 1000,
    tell: (facts) => { told.push(facts) }
  })
  const until = async (time: string): Promise<void> => {
    for (const last = Date.parse(time); clock.now < last; clock.now += 60_000) await schedule.look()
  }
  await until('2026-03-05T22:59:00Z')
  t.strictSame(runs, ['22:59', '23:25'], 'after the start for what was missed, then in the night')
  end = { isDone: false }
  await until('2026-03-06T02:30:00Z')
  t.strictSame(runs.slice(2), ['23:25', '23:30', '23:40', '00:00', '00:40', '01:40'])
  end = { isDone: true }
  await until('2026-03-06T22:59:00Z')
  t.strictSame(runs.slice(8), ['02:40'])
  end = new Error('it cannot be started')
  await until('2026-03-06T23:29:00Z')
  t.strictSame(told, [{ message: 'it cannot be started' }], 'once in each pause')
  clock.now += 365 * 24 * 60 * 60 * 1000
  await schedule.look()
  clock.now = Date.parse('2026-03-06T23:29:00Z')
  end = { isDone: true }
  runs.length = 0
  await schedule.look()
  t.equal(runs.length, 1, 'a pause that a wrong clock began is not waited for')
  clock.now = Date.parse('2026-03-05T23:29:00Z')
  await schedule.look()
  clock.now = Date.parse('2026-03-06T23:29:00Z')
  await schedule.look()
  t.equal(runs.length, 3, 'nor is a night over that the clock went back behind')
  due = false
  runs.length = 0
  await until('2026-03-08T10:00:00Z')
  t.strictSame(runs, [])
  due = true
  await schedule.stop()
  await until('2026-03-10T10:00:00Z')
  t.strictSame(runs, [])
})

t.test('machines that share a Redis add up: one files what all have counted', withRedis, async (t) => {
  const { url } = await startRedis(t)
  const platform = new PretendedPlatform()
  const clock = { now: Date.parse('2026-03-04T23:20:00Z') }
  const folder = t.testdir({ one: {}, two: {} })
  const machines = await Promise.all(['one', 'two'].map(async (name) => {
    const state = join(folder, name)
    const counting = await openSharedCounting({ url, expectedNodes: 2 }, ids.producer, state, countLocally(state, traced))
    t.teardown(async () => { counting.close() })
    const told: string[] = []
    return { state, counting, told, run: { state, counting, platform, now: () => clock.now, wait: async (ms: number) => { clock.now += ms }, tell: ({ day, state }: DayState) => { told.push(`${day} ${state}`) } } }
  }))
  const [one, two] = machines as [NonNullable<(typeof machines)[0]>, NonNullable<(typeof machines)[0]>]
  await writeRecords(one.state, third, [recordOf(at(third)), recordOf({ ...at(third), status: 404 })])
  await writeRecords(two.state, third, [recordOf(at(third))])
  t.equal(await runTracing(one.run), false, 'the other one is waited for')
  t.strictSame(platform.sent, [])
  t.equal(await runTracing(two.run), true)
  t.strictSame(two.told, [`${third} COMPLETED`])
  t.match((await readDays(two.state)).get(third), { calls: 3, rows: 2 })
  t.equal(await runTracing(one.run), true)
  t.strictSame(platform.sent, ['submit'], 'the first one learns that it is done')
  t.match(await tracingStateOf(one.state, clock.now), { lastFiledDay: third })

  clock.now = Date.parse('2026-03-06T00:20:00Z')
  await writeRecords(one.state, '2026-03-05', [recordOf(at('2026-03-05'))])
  t.equal(await runTracing(one.run), true, 'who does not come within an hour is not waited for')
  await writeRecords(two.state, '2026-03-05', [recordOf(at('2026-03-05'))])
  t.equal(await runTracing(two.run), true)
  t.strictSame(platform.sent, ['submit', 'submit', 'replace'], 'and its calls replace what was filed without them')
  t.match((await readDays(two.state)).get('2026-03-05'), { calls: 2 })

  t.equal(await one.counting.lock(), true)
  t.equal(await two.counting.lock(), false)
  await two.counting.unlock()
  t.equal(await two.counting.lock(), false, 'nobody unlocks for another one')
  await one.counting.unlock()
  t.equal(await two.counting.lock(), true)
  t.equal(await readFile(join(one.state, 'tracing', 'node'), 'utf8') === await readFile(join(two.state, 'tracing', 'node'), 'utf8'), false)
  t.match(await fileOne(two.run, third, untouched(third, clock.now)), { state: 'COMPLETED', calls: 3 })
})
