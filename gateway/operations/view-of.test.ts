import t from 'tap'
import { untouched } from '../tracing/tracing-days.ts'
import type { DayState } from '../tracing/tracing-days.ts'
import { standingOfDays } from '../tracing/standing.ts'
import type { EServiceFigures } from '../figures/figures.ts'
import type { Report } from '../report.ts'
import { noDisk, tracingOf } from './disk.ts'
import type { Disk } from './disk.ts'
import { eserviceWith, figuresOf, hostile, noFigures, now, processesOf, reportWith, timesAround, troubled } from './fixture.ts'
import { viewOf } from './view-of.ts'

const see = (reports: readonly Report[], disk: Disk = noDisk) => viewOf(reports, processesOf(reports), disk, now)
const alarmsOf = (reports: readonly Report[], disk?: Disk): readonly string[] => see(reports, disk).alarms.map(({ urgency, id }) => `${urgency} ${id}`)
const well = (rest: Partial<Report>): readonly Report[] => [reportWith(rest)]

t.test('a gateway that has just started has sixty empty minutes, and nothing to be done', async (t) => {
  const { alarms, traffic, quotas, gateway } = see([reportWith()])
  t.strictSame(alarms, [])
  t.equal(traffic.minutes.length, 60)
  t.match(traffic.minutes.at(-1), { at: Date.parse('2026-03-02T09:31:00Z'), calls: 0, refused: {}, p50: null, p99: null })
  t.match({ traffic, quotas, gateway }, { traffic: { calls: 0, refused: 0, reasons: [] }, quotas: [], gateway: { isReady: true, countedSince: Date.parse('2026-03-02T08:40:00Z') } })
})

t.test('figures of several processes add up, percentiles are those of all calls together, and ids get the names that any of them knows', async (t) => {
  const [figures, times] = [figuresOf(3), timesAround(1000, 100)]
  const minute = { at: Date.parse('2026-03-02T09:30:00Z'), calls: 10, refused: { 'quota-exceeded': 4 }, times }
  const recent = { ...figures.recent as NonNullable<typeof figures.recent>, minutes: [minute] }
  const { names } = troubled()[0]?.about ?? {}
  const view = see([
    reportWith({ figures: { ...figures, recent } }),
    reportWith({ pid: 8, startedAt: '2026-03-02T09:00:00.000Z', figures: { ...figures, recent: { ...recent, minutes: [{ ...minute, refused: { 'quota-exceeded': 1, 'voucher-expired': 5 }, times: timesAround(9000, 5) }] } }, about: { ...reportWith().about, names: names ?? {} } })
  ])
  const { minutes, ...traffic } = view.traffic
  t.match(traffic, { calls: 20, refused: 10, reasons: [{ code: 'quota-exceeded', status: 429, count: 5 }, { code: 'voucher-expired', status: 401, count: 5 }] })
  t.equal(traffic.lately.p99, minutes.at(-2)?.p99)
  t.ok((minutes.at(-2)?.p99 ?? 0) > 9 && (minutes.at(-2)?.p50 ?? 0) < 3, 'a slow process is seen in the tail')
  t.match(view.quotas[1], { used: 980, limit: 1000, consumer: { id: '00000000-0000-4000-8000-000000000001', name: /^Unione dei Comuni/ } })
  t.match(view.consumers[0], { calls: 2000 })
  t.match(view.eservices, [{ name: 'tickets', calls: 10_920, refused: 520 }])
  t.match(view.upstreams, [{ eservice: 'tickets', calls: 10_400, failures: { 'upstream-timeout': 14 }, p50: Number }])
  t.equal(view.gateway.countedSince, Date.parse('2026-03-02T08:40:00Z'), 'since the first of them')
})

t.test('an alarm stands for each thing that has to be done, the most urgent first', async (t) => {
  const { load, registry, sharedState } = reportWith()
  const minute = (calls: number, refused: object) => ({ figures: { ...noFigures, recent: { ...noFigures.recent as NonNullable<typeof noFigures.recent>, minutes: [{ at: Date.parse('2026-03-02T09:30:00Z'), calls, refused, times: timesAround(100, 1) }] } } })
  const asked = (...all: readonly (readonly [eservice: string, calls: number, failures: number])[]) => well({
    eservices: all.map(([name]) => eserviceWith({ name })),
    figures: { ...noFigures, eservices: all.map(([eservice, calls, failures]) => ({ ...figuresOf(1).eservices[0] as EServiceFigures, eservice, upstreamLately: { calls, failures } })) }
  })
  const certificate = (days: number) => ({ ...noDisk, certificates: [{ of: 'public', file: 'tls.pem', subject: 'CN=x', endsAt: now + days * 86_400_000 }] })
  const cases: readonly (readonly [what: string, reports: readonly Report[], alarms: readonly string[], disk?: Disk])[] = [
    ['no process', [], ['now no-process']],
    ['keys were never read', well({ keysAgeSeconds: null }), ['now keys']],
    ['keys are not renewed', well({ keysAgeSeconds: 3600 }), ['soon keys']],
    ['keys will soon be worn', well({ keysAgeSeconds: 60_000 }), ['now keys']],
    ['the registry is not there', well({ registry: { ...registry, state: 'unavailable' } }), ['now registry']],
    ['the registry is failing', well({ registry: { ...registry, state: 'failing' } }), ['soon registry']],
    ['records cannot be kept', well({ records: { works: false, written: 5, lost: 2 } }), ['now records']],
    ['records were not kept', well({ records: { works: true, written: 5, lost: 2 } }), ['soon records-lost']],
    ['Redis is away', well({ sharedState: { ...sharedState, place: 'local' } }), ['now redis']],
    ['load is shed', well({ load: { ...load, limit: 0 } }), ['now shedding']],
    ['an upstream fails', asked(['tickets', 50, 3]), ['now upstream']],
    ['a small one fails beside a busy one', asked(['tickets', 100_000, 4], ['archive', 3, 3]), ['now upstream']],
    ['an upstream fails once in a while', asked(['tickets', 500, 4]), []],
    ['most calls are refused', well(minute(120, { 'voucher-expired': 80 })), ['look refusals']],
    ['few calls are refused', well(minute(120, { 'voucher-expired': 40 })), []],
    ['a defect', well(minute(50, { 'internal-error': 1 })), ['soon internal-error']],
    ['a certificate of 60 days', well({}), [], certificate(60)],
    ['of 20', well({}), ['look certificate-tls.pem'], certificate(20)],
    ['of 10', well({}), ['soon certificate-tls.pem'], certificate(10)],
    ['of none', well({}), ['now certificate-tls.pem'], certificate(-1)],
    ['tracing', well({}), ['soon tracing-missing', 'soon tracing-refused'], { ...noDisk, tracing: { lastFiled: null, lastFiledAt: null, lastError: hostile, missing: ['2026-02-27'], refused: [{ day: '2026-02-28', why: 'x' }] } }],
    ['tracing that failed last night', well({}), ['look tracing-failing'], { ...noDisk, tracing: { lastFiled: '2026-03-01', lastFiledAt: now, lastError: 'status 500', missing: [], refused: [] } }],
    ['nobody takes the log', well({ log: { droppedLines: 3 } }), ['look log']],
    ['answers off the contract', well({ eservices: [eserviceWith({ answers: troubled()[0]?.eservices[0]?.answers as Report['eservices'][number]['answers'] })] }), ['look answers-tickets']],
    ['two configurations, and a process that ended', [reportWith(), reportWith({ pid: 8, hash: 'other' })], ['soon hashes', 'look restarted-2']]
  ]
  for (const [what, reports, alarms, disk] of cases) t.strictSame(alarmsOf(reports, disk), alarms, what)
  const told = (reports: readonly Report[]): string | undefined => see(reports).alarms.find(({ id }) => id === 'upstream')?.what
  t.match(told(asked(['tickets', 100_000, 4], ['archive', 3, 3])), /^L’e-service «archive» non risponde/)
  t.match(told(asked(['tickets', 9, 4], ['archive', 3, 3])), /^Gli e-service «tickets», «archive» non rispondono/)
  t.match(told(asked(...Array.from({ length: 40 }, (_one, index) => [`e${index}`, 9, 9] as const))), /^Gli e-service «e0», «e1», «e2», «e3», «e4» e 35 altri non rispondono/, 'however many there are')
  const missing = viewOf([reportWith()], [...processesOf([reportWith()]), { worker: null, pid: null, state: 'waiting', answers: false, restarts: 4, lastEnd: null }], noDisk, now)
  t.strictSame(missing.alarms.map(({ id }) => id), ['missing-process'])
  for (const [minutes, alarms] of [[59, ['restarted-1']], [60, []]] as const) {
    const ended = viewOf([reportWith()], [{ worker: 1, pid: 7, state: 'serving', answers: true, restarts: 1, lastEnd: { at: new Date(now - minutes * 60_000).toISOString(), how: 'SIGKILL' } }], noDisk, now)
    t.strictSame(ended.alarms.map(({ id }) => id), alarms, `a process that ended ${minutes} minutes ago`)
  }
  const urgencies = see(troubled()).alarms.map(({ urgency }) => urgency)
  t.strictSame(urgencies, urgencies.toSorted((one, other) => ['now', 'soon', 'look'].indexOf(one) - ['now', 'soon', 'look'].indexOf(other)))
  for (const { what, todo } of see(troubled()).alarms) for (const sentence of [what, todo]) t.match(sentence, /[.]$/, sentence)
})

t.test('of tracing the days without a file are told, once they are due', async (t) => {
  const days = (...all: readonly (readonly [day: string, state: DayState['state']])[]): ReadonlyMap<string, DayState> => new Map(all.map(([day, state]) => [day, { ...untouched(day, now), state }]))
  const told = (states: ReadonlyMap<string, DayState>, at: number, isWanted = false) => tracingOf(standingOfDays(states, undefined, at), isWanted)
  t.equal(told(days(), now), undefined, 'nothing was ever begun')
  t.match(told(days(), now, true), { lastFiled: null, missing: [] })
  const known = days(['2026-02-26', 'COMPLETED'], ['2026-02-27', 'ERROR'], ['2026-02-28', 'WARNING'])
  t.match(told(known, now - 6 * 3_600_000), { lastFiled: '2026-02-28', missing: ['2026-02-27'], refused: [{ day: '2026-02-27' }] }, 'yesterday is not due yet in the morning')
  t.strictSame(told(known, now)?.missing, ['2026-02-27', '2026-03-01'])
})
