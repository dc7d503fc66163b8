import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { latencyBucket } from '../../openapi/latency.ts'
import { isReport } from '../../openapi/telemetry.ts'
import type { CallCounts, EServiceMinute, Minute, TelemetryReport } from '../../openapi/telemetry.ts'
import type { CallRecord } from '../records/call-record.ts'
import { ReportRefused } from './destination.ts'
import { foldTrail } from './fold-trail.ts'
import { MinuteCounts, minuteOf } from './minute-counts.ts'
import { Telemetry } from './telemetry.ts'
import type { TelemetryParts } from './telemetry.ts'

const consumer = 'aaaaaaaa-0000-4000-8000-000000000000'
const noon = Date.parse('2026-11-22T11:00:00Z')
const first = noon / 60_000

/** A record of a call that was answered at an instant (epoch ms). */
function called (endedAt: number, facts: Partial<CallRecord> = {}): CallRecord {
  const durationMs = facts.durationMs ?? 20
  return { v: 1, time: new Date(endedAt - durationMs).toISOString(), durationMs, stages: { admit: 1000, upstream: Math.max(0, durationMs - 1) * 1000 }, eservice: 'tickets', operationId: 'listTickets', consumerId: consumer, status: 200, bytesReceived: 1, bytesSent: 100, clientIp: '192.0.2.1', clientId: 'x', user: 'somebody', ...facts } as CallRecord
}

/** An e-service that takes reports as it should: a minute of a node replaces what was told of it. */
class Receiver {
  readonly name: string
  readonly told = new Map<number, Minute>()
  reports = 0
  isAway = false
  refuses = false
  /** Takes what it is told, and does not say so. */
  isMute = false

  constructor (name: string) { this.name = name }

  readonly send = async (text: string): Promise<void> => {
    if (this.isAway) throw new Error('it answers 502')
    if (this.refuses) throw new ReportRefused('it answers 400')
    const report: unknown = JSON.parse(text)
    if (!isReport(report)) throw new Error(`this is no report: ${text.slice(0, 500)}`)
    this.reports++
    for (const minute of report.minutes) this.told.set(minute.minute, minute)
    if (this.isMute) throw new Error('it does not answer')
  }

  calls (): number { return [...this.told.values()].flatMap(({ eservices }) => eservices.flatMap(({ counts }) => counts)).reduce((sum, { calls }) => sum + calls, 0) }
}

/** A process whose records outlive it, and its clock. */
class Machine {
  readonly folder: string
  readonly records: CallRecord[] = []
  readonly receivers = [new Receiver('sla-telemetry'), new Receiver('service-usage')]
  readonly warnings: string[] = []
  wanting = this.receivers
  eservices: readonly string[] = ['tickets', 'surveys']
  now = noon
  reads = 0
  telemetry: Telemetry | undefined

  constructor (t: Test) { this.folder = t.testdir() }

  async start (): Promise<this> {
    this.telemetry = await Telemetry.open(this.parts)
    return this
  }

  get parts (): TelemetryParts {
    const { records } = this
    const read = (): void => { this.reads++ }
    return {
      folder: this.folder, node: 'node-a', destinations: () => this.wanting, eservices: () => this.eservices, now: () => this.now, warn: (message) => { this.warnings.push(message) },
      async * read (days) {
        read()
        yield records.filter(({ time }) => days.has(time.slice(0, 10)))
      }
    }
  }

  /** Serves calls that are answered now. */
  call (count = 1, facts: Partial<CallRecord> = {}): void {
    for (let index = 0; index < count; index++) {
      const record = called(this.now, facts)
      this.records.push(record)
      this.telemetry?.count(record)
    }
  }

  /** Lets time pass as a running process does. */
  async pass (ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end;) {
      this.now = Math.min(end, this.now + 5000)
      await this.telemetry?.beat()
      await this.telemetry?.ship()
    }
  }

  get counted (): readonly number[] { return this.receivers.map((receiver) => receiver.calls()) }
}

t.test('what is counted of a minute', (t) => {
  const counts = new MinuteCounts()
  counts.serve(['tickets', 'surveys'])
  counts.count(called(noon, { durationMs: 10 }))
  counts.count(called(noon, { durationMs: 30, status: 503 }))
  counts.count(called(noon, { status: 429, consumerId: 'no id' }))
  counts.count(called(noon, { status: 404, operationId: undefined, consumerId: undefined }))
  counts.count(called(noon, { eservice: undefined }))
  const minute = counts.toMinute(first)
  t.ok(isReport({ v: 1, node: 'a', minutes: [minute] } satisfies TelemetryReport))
  const [tickets, surveys] = minute.eservices
  t.match(tickets?.counts[0], { operationId: 'listTickets', consumerId: consumer, calls: 2, status: [0, 1, 0, 0, 1], throttled: 0, durationUs: 40_000, bytesReceived: 2, bytesSent: 200 })
  t.strictSame(tickets?.counts[0]?.latency, [[latencyBucket(10), 1], [latencyBucket(30), 1]], 'in ms')
  t.match(tickets?.counts[1], { operationId: 'listTickets', status: [0, 0, 0, 1, 0], throttled: 1 })
  t.notOk('consumerId' in ((tickets as EServiceMinute).counts[1] as CallCounts), 'what is no id of the platform is not told')
  t.notOk('operationId' in ((tickets as EServiceMinute).counts[2] as CallCounts))
  t.strictSame(surveys, { name: 'surveys', counts: [] })
  t.notMatch(JSON.stringify(minute), /192\.0\.2\.1|somebody|clientId/)
  t.end()
})

t.test('however many consumers call, a minute has an end', (t) => {
  const counts = new MinuteCounts()
  for (let index = 0; index < 10_000; index++) counts.count(called(noon, { consumerId: `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000` }))
  const minute = counts.toMinute(first)
  t.ok(isReport({ v: 1, node: 'a', minutes: [minute] }))
  t.ok((minute.eservices[0]?.counts.length ?? Infinity) < 2100)
  t.equal(minute.eservices[0]?.counts.reduce((sum, { calls }) => sum + calls, 0), 10_000, 'and every call is counted')
  t.end()
})

t.test('each minute is sent once it is over, with calls or without', async (t) => {
  const machine = await new Machine(t).start()
  await machine.pass(60_000)
  machine.call(7)
  await machine.pass(30_000)
  machine.call(3)
  await machine.pass(34_000)
  const [sla] = machine.receivers as [Receiver]
  t.equal(sla.told.has(first + 1), false, 'its last records may still be on their way')
  await machine.pass(6000)
  t.strictSame(machine.counted, [10, 10])
  await machine.pass(180_000)
  t.strictSame([...sla.told.keys()], [0, 1, 2, 3, 4].map((minute) => first + minute))
  t.strictSame(sla.told.get(first + 3)?.eservices, [{ name: 'tickets', counts: [] }, { name: 'surveys', counts: [] }])
  t.equal(sla.reports, 5, 'nothing twice')
})

t.test('a call that is told of late is added to its minute', async (t) => {
  const machine = await new Machine(t).start()
  await machine.pass(60_000)
  machine.call(2)
  const late = called(machine.now)
  await machine.pass(70_000)
  t.strictSame(machine.counted, [2, 2])
  machine.records.push(late)
  machine.telemetry?.count(late)
  await machine.pass(5000)
  t.strictSame(machine.counted, [3, 3])
  await machine.pass(600_000)
  const older = called(noon + 61_000)
  machine.records.push(older)
  machine.telemetry?.count(older)
  await machine.pass(10_000)
  t.strictSame(machine.counted, [4, 4], 'also when its minute is no longer in memory')
})

t.test('while nobody takes them minutes wait, as many as there are, and all come in the end', async (t) => {
  const machine = await new Machine(t).start()
  const [sla, usage] = machine.receivers as [Receiver, Receiver]
  sla.isAway = true
  for (let minute = 0; minute < 200; minute++) {
    machine.call(5)
    await machine.pass(60_000)
  }
  t.equal(sla.calls(), 0)
  t.ok(usage.calls() >= 990, 'others do not wait for it')
  t.match(machine.warnings[0], /^sla-telemetry does not take telemetry: it answers 502/)
  t.ok(machine.warnings.length < 450, 'it is asked now and then')
  sla.isAway = false
  await machine.pass(120_000)
  t.strictSame(machine.counted, [1000, 1000])
  t.equal(sla.told.size, usage.told.size)
  t.ok(sla.reports < 20, 'many at once')
})

t.test('a report that is refused for good is left out, and those behind it are sent', async (t) => {
  const machine = await new Machine(t).start()
  const [sla] = machine.receivers as [Receiver]
  await machine.pass(60_000)
  sla.refuses = true
  machine.call(5)
  await machine.pass(120_000)
  sla.refuses = false
  machine.call(7)
  await machine.pass(180_000)
  t.strictSame(machine.counted, [7, 12])
  t.match(machine.warnings, [/^sla-telemetry refuses a report of telemetry: it answers 400; /])
})

t.test('what was taken without being said so is sent again, and counts once', async (t) => {
  const machine = await new Machine(t).start()
  const [sla] = machine.receivers as [Receiver]
  machine.call(5)
  sla.isMute = true
  await machine.pass(120_000)
  sla.isMute = false
  await machine.pass(120_000)
  t.ok(sla.reports > 4)
  t.strictSame(machine.counted, [5, 5])
})

t.test('after a kill at any time nothing is missing and nothing counts twice', async (t) => {
  const machine = await new Machine(t).start()
  let [seed, calls, kills] = [1, 0, 0]
  const random = (below: number): number => (seed = seed * 48271 % 2147483647) % below
  for (let round = 0; round < 150; round++) {
    machine.receivers.forEach((receiver) => { receiver.isAway = random(3) === 0 })
    const count = random(4)
    calls += count
    machine.call(count)
    await machine.pass(random(40) * 1000)
    if (random(3) > 0) continue
    kills++
    machine.now += random(20) * 1000
    await machine.start()
  }
  machine.receivers.forEach((receiver) => { receiver.isAway = false })
  await machine.pass(300_000)
  t.ok(kills > 20 && calls > 100)
  t.strictSame(machine.counted, [calls, calls])
  t.equal(machine.records.length, calls)
  const [sla, usage] = machine.receivers as [Receiver, Receiver]
  t.strictSame(new Map(sla.told), new Map(usage.told))
})

t.test('minutes in which the process did not run are not told of, those in which it did are, also when it could not tell', async (t) => {
  const machine = await new Machine(t).start()
  const [sla] = machine.receivers as [Receiver]
  sla.isAway = true
  await machine.pass(180_000)
  machine.now += 600_000
  sla.isAway = false
  machine.eservices = ['tickets']
  await machine.start()
  await machine.pass(190_000)
  const told = (minute: number): unknown => sla.told.get(first + minute)?.eservices.map(({ name }) => name)
  for (const minute of [0, 1, 2, 3]) t.strictSame(told(minute), ['tickets', 'surveys'])
  for (const minute of [4, 8, 12]) t.equal(told(minute), undefined)
  for (const minute of [13, 14, 15]) t.strictSame(told(minute), ['tickets'])
})

t.test('who stops sends what there is, and whoever comes after it the rest of the minute', async (t) => {
  const machine = await new Machine(t).start()
  await machine.pass(65_000)
  machine.call(3)
  await machine.telemetry?.close()
  t.strictSame(machine.counted, [3, 3])
  await machine.start()
  machine.now += 10_000
  machine.call(4)
  await machine.pass(120_000)
  t.strictSame(machine.counted, [7, 7])
})

t.test('what a process left that is gone is sent by another, once', async (t) => {
  const machine = await new Machine(t).start()
  const [sla, usage] = machine.receivers as [Receiver, Receiver]
  await machine.pass(60_000)
  sla.isAway = true
  machine.call(5)
  await machine.pass(90_000)
  machine.call(3)
  t.strictSame(machine.counted, [0, 5])
  sla.isAway = false
  machine.now += 120_000
  await Telemetry.adopt(machine.parts)
  t.strictSame(machine.counted, [0, 5], 'as long as it may be there it tells by itself')
  machine.now += 120_000
  await Telemetry.adopt(machine.parts)
  t.strictSame(machine.counted, [8, 8])
  t.strictSame([...sla.told.keys()].slice(-1), [first + 2], 'nothing is told of minutes in which it was gone')
  const [reports, reads] = [sla.reports + usage.reports, machine.reads]
  for (let minute = 0; minute < 5; minute++) {
    machine.now += 60_000
    await Telemetry.adopt(machine.parts)
  }
  t.strictSame([sla.reports + usage.reports, machine.reads], [reports, reads], 'nor is anything sent, or looked for, again')
  await machine.start()
  machine.call(2)
  await machine.pass(180_000)
  t.strictSame(machine.counted, [10, 10], 'nor does it tell of it, should it come back')
})

t.test('what cannot be sent for one that is gone is tried again; for who wants none any more it is forgotten', async (t) => {
  const machine = await new Machine(t).start()
  const [sla, usage] = machine.receivers as [Receiver, Receiver]
  machine.call(5)
  machine.now += 300_000
  sla.isAway = true
  await Telemetry.adopt(machine.parts)
  t.strictSame(machine.counted, [0, 5])
  machine.wanting = [usage]
  await Telemetry.adopt(machine.parts)
  machine.wanting = machine.receivers
  sla.isAway = false
  await Telemetry.adopt(machine.parts)
  t.strictSame(machine.counted, [0, 5])
  await Telemetry.adopt(new Machine(t).parts)
  const other = await new Machine(t).start()
  other.call(4)
  other.now += 300_000
  other.receivers.forEach((receiver) => { receiver.isAway = true })
  await Telemetry.adopt(other.parts)
  other.receivers.forEach((receiver) => { receiver.isAway = false })
  await Telemetry.adopt(other.parts)
  t.strictSame(other.counted, [4, 4])
})

t.test('where nobody wants telemetry nothing is counted, noted or sent; who wants it later is told from then on', async (t) => {
  const machine = new Machine(t)
  machine.wanting = []
  await machine.start()
  machine.call(5)
  await machine.pass(180_000)
  await t.rejects(readFile(join(machine.folder, 'telemetry.json')), { code: 'ENOENT' })
  machine.wanting = machine.receivers.slice(0, 1)
  machine.now += 7000
  await machine.telemetry?.beat()
  machine.call(2)
  await machine.pass(120_000)
  t.strictSame(machine.counted, [2, 0])
  machine.wanting = machine.receivers
  await machine.pass(1000)
  machine.call(4)
  await machine.pass(120_000)
  t.strictSame(machine.counted, [6, 4])
  machine.wanting = []
  await machine.pass(60_000)
  machine.call(4)
  await machine.pass(60_000)
  machine.wanting = machine.receivers
  await machine.pass(180_000)
  t.strictSame(machine.counted, [6, 4], 'what was meanwhile nobody wanted')
})

t.test('a note that is none is told, one that cannot be written is no reason to stop', async (t) => {
  const machine = await new Machine(t).start()
  await machine.pass(60_000)
  const note = JSON.parse(await readFile(join(machine.folder, 'telemetry.json'), 'utf8'))
  t.strictSame(note.acknowledged, { 'sla-telemetry': first - 1, 'service-usage': first - 1 })
  await rm(machine.folder, { recursive: true })
  machine.call(3)
  await machine.pass(120_000)
  t.strictSame(machine.counted, [3, 3])
  t.match(machine.warnings.at(-1), /cannot be noted \(ENOENT\)/)
  machine.receivers.forEach((receiver) => { receiver.told.clear() })
  for (const text of ['', '{}', '{"acknowledged":{"a":"b"},"runs":[]}', '{"acknowledged":{},"runs":[{"from":1}]}']) {
    const other = new Machine(t)
    await writeFile(join(other.folder, 'telemetry.json'), text)
    await t.rejects(other.start(), { message: /telemetry.json is no note of what telemetry was taken/ }, text)
  }
})

t.test('records are looked for on the days on which they can be', async (t) => {
  const asked: ReadonlySet<string>[] = []
  // In Italy it is the 23rd already.
  const night = Date.parse('2026-11-22T23:30:00Z')
  const records = [called(night), called(night + 3_600_000), called(night, { durationMs: 7_200_000, time: new Date(night - 7_200_000).toISOString() })]
  const minutes = await foldTrail(async function * (days) {
    asked.push(days)
    yield records
  }, { from: night / 60_000 - 60, to: night / 60_000, runs: [] })
  t.strictSame(asked, [new Set(['2026-11-22', '2026-11-23', '2026-11-24'])])
  t.strictSame([...minutes.keys()], [minuteOf(records[0] as CallRecord)])
  t.equal(minutes.get(night / 60_000)?.toMinute(0).eservices[0]?.counts[0]?.calls, 2)
})
