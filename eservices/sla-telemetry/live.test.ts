import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import t from 'tap'
import type { Test } from 'tap'
import { latencyBucket, latencyCeiling } from '../../openapi/latency.ts'
import { startHarness } from '../harness.ts'
import { sqliteIn } from '../sqlite-database.ts'
import { minuteAt, minuteOf, reportOf, someCalls } from '../telemetry-fixture.ts'
import { loadObjectives } from './objectives.ts'
import { slaTelemetry } from './sla-telemetry.ts'

type Item = Readonly<Record<string, any>>

async function start (t: Test, now: string, stateDir = ':memory:') {
  let time = now
  const eservice = await startHarness(slaTelemetry, '/rest/sla-telemetry/v1', { now: () => new Date(time), openDatabase: sqliteIn(stateDir) })
  t.teardown(async () => eservice.close())
  const read = async (query = '', operationId = 'listMeasurements', path = '/measurements'): Promise<readonly Item[]> => (await eservice.call({ operationId, path: path + query })).body.items
  return { ...eservice, read, at: (later: string) => { time = later } }
}

const observed = (items: readonly Item[]): unknown => Object.fromEntries(items.map(({ code, observed }) => [code, observed]))

t.test('a month is measured in the form of the report, against what was declared', async (t) => {
  const { report, read, call } = await start(t, '2026-11-22T10:30:00Z')
  t.strictSame(await read(), [], 'nothing until something comes')
  const first = minuteAt('2026-11-22T10:00:00Z')
  const minutes = Array.from({ length: 10 }, (_, index) => minuteOf(first + index, { tickets: index === 3 ? [someCalls(2, { failed: 2, ms: 3000 })] : index === 5 ? [] : [someCalls(8, { ms: 10, bytes: 6000 }), someCalls(2, { throttled: 1, failed: index === 7 ? 1 : 0, ms: 10 })] }))
  const answer = await report(reportOf(minutes))
  t.equal(answer.status, 200)
  t.strictSame(await answer.json(), { taken: 10, ignored: 0 })
  const items = await read()
  const calls = 82
  t.strictSame(observed(items), { 'TICKETS.1': 90, 'TICKETS.2': Math.round((80 * 10 + 2 * 3000) / calls * 1000) / 1000, 'TICKETS.3': latencyCeiling(latencyBucket(10)), 'TICKETS.4': Math.round((100 - 3 / calls * 100) * 1000) / 1000, 'TICKETS.5': Math.round(3 / calls * 100 / 0.1 * 100 * 1000) / 1000 })
  t.strictSame(items[0], {
    code: 'TICKETS.1', period: '2026-11', unit: 'percent', indicator: 'tickets-availability-30d', label: 'Minuti in cui il servizio è disponibile, e-service tickets', direction: 'higher',
    expected: 99.9, expectedText: '99,9%', observed: 90, observedText: '90%', deviation: -9.9, deviationText: '-9,900%',
    source: { document: 'varco-telemetria', title: 'Telemetria del gateway, misure in esercizio', section: 'Misure per e-service e mese' },
    dataQuality: [{ id: 'observed-since', note: 'Il servizio è osservato solo dal 2026-11-22T10:00Z.' }, { id: 'partial-period', note: 'Il mese è parziale: il dato comprende quanto osservato fino al 2026-11-22T10:10Z.' }]
  })
  t.strictSame((await read('?code=TICKETS.4&period=2026-11')).length, 1)
  t.strictSame(await read('?period=2026-10'), [])
  t.match(await read('', 'listThroughputs', '/throughputs'), [{ code: 'TICKETS.6', period: '2026-11', unit: 'byte-per-second', observed: 80, observedText: '80 B/s' }])
  const { headers, text } = await call({ operationId: 'listMeasurements', path: '/measurements', headers: { accept: 'text/csv' } })
  t.equal(headers.get('cache-control'), 'public, max-age=60, stale-while-revalidate=30', 'for all, and not for long')
  t.equal(text.split('\r\n').length, 1 + 5 + 1)
  const firstPage = (await call({ operationId: 'listMeasurements', path: '/measurements?limit=3' })).body
  const rest = await read(`?limit=3&cursor=${firstPage.nextCursor}`)
  t.strictSame([...firstPage.items, ...rest], items, 'page by page')
})

t.test('each code has an indicator with the same name, unit and direction', async (t) => {
  const { report, read } = await start(t, '2026-11-22T10:30:00Z')
  const names = ['tickets', 'an-eservice-with-a-very-long-name-of-sixty-three-characters-abc', 'sla', 'x1', 'x2', '42']
  await report(reportOf([minuteOf(minuteAt('2026-11-22T10:00:00Z'), Object.fromEntries(names.map((name) => [name, [someCalls(1)]])))]))
  const items = await read()
  t.equal(items.length, names.length * 5)
  t.equal(new Set(items.map(({ code }) => code)).size, items.length, 'no two e-services share a code')
  t.notOk(items.some(({ code }) => code.startsWith('SLA.')), 'nor one with the report of 2017')
  for (const { code, indicator, unit, direction } of items) t.match(await read(`?code=${code}`, 'listIndicators', '/indicators'), [{ code, indicator, unit, direction, dataQuality: [{ id: 'calendar-month' }] }])
  t.equal((await read('', 'listIndicators', '/indicators')).length, 12 + items.length)
})

t.test('the same minute of the same node counts once, in whichever order it comes, and minutes of other nodes beside it', async (t) => {
  const { report, read } = await start(t, '2026-11-22T10:30:00Z')
  const minute = minuteAt('2026-11-22T10:00:00Z')
  const failing = minuteOf(minute, { tickets: [someCalls(4, { failed: 4 })] })
  await report(reportOf([minuteOf(minute + 1, { tickets: [] })]))
  for (let times = 0; times < 3; times++) await report(reportOf([failing]))
  t.strictSame(observed(await read('?code=TICKETS.4')), { 'TICKETS.4': 0 })
  t.strictSame(observed(await read('?code=TICKETS.1')), { 'TICKETS.1': 50 }, 'all calls of a minute failed')
  await report(reportOf([minuteOf(minute, { tickets: [someCalls(12)] })], 'node-b'))
  t.strictSame(observed(await read('?code=TICKETS.4')), { 'TICKETS.4': 75 })
  t.strictSame(observed(await read('?code=TICKETS.1')), { 'TICKETS.1': 100 }, 'those of another node did not')
  await report(reportOf([minuteOf(minute, { tickets: [someCalls(4)] })]))
  t.strictSame(observed(await read('?code=TICKETS.4')), { 'TICKETS.4': 100 }, 'what is told anew replaces what was told')
})

t.test('whoever is refused while the service fails does not make it available', async (t) => {
  const { report, read } = await start(t, '2026-11-22T10:30:00Z')
  const minute = minuteAt('2026-11-22T10:00:00Z')
  const refused = { ...someCalls(3), status: [0, 0, 0, 3, 0] as const }
  await report(reportOf([minuteOf(minute, { tickets: [refused, someCalls(2, { failed: 2 })] }), minuteOf(minute + 1, { tickets: [refused] })]))
  t.match(observed(await read()), { 'TICKETS.1': 50, 'TICKETS.4': 75 }, 'where nobody but them called nothing failed')
})

t.test('minutes in which no gateway served are not available, and said to be that', async (t) => {
  const { report, read } = await start(t, '2026-11-22T10:30:00Z')
  const minute = minuteAt('2026-11-22T10:00:00Z')
  await report(reportOf([minuteOf(minute, { tickets: [] }), minuteOf(minute + 3, { tickets: [] })]))
  const items = await read()
  t.match(items, [{ code: 'TICKETS.1', observed: 50, dataQuality: [{}, {}, { id: 'gateway-away', note: 'Minuti senza alcun gateway in servizio: 2 dei 4 osservati.' }] }])
  t.equal(items.length, 1, 'nothing is said of calls that were not')
})

t.test('months begin and end in Italy; what was seen to their end is whole, and a gap over their end is in both', async (t) => {
  const { report, read, at } = await start(t, '2026-11-01T00:00:00Z')
  // The time changed on 25 October: the month has 31 days and an hour.
  const [from, to] = [minuteAt('2026-09-30T22:00:00Z'), minuteAt('2026-10-31T23:00:00Z')]
  t.equal(to - from, 31 * 1440 + 60)
  for (let minute = from - 2; minute < to; minute += 1440) await report(reportOf(Array.from({ length: Math.min(1440, to - minute) }, (_, index) => minuteOf(minute + index, { tickets: [] }))))
  t.match(await read('?period=2026-10'), [{ observed: 100, dataQuality: [] }])
  t.match(await read('?period=2026-09'), [{ observed: 100, dataQuality: [{ id: 'observed-since' }] }])
  t.equal((await read('?period=2026-09'))[0]?.['dataQuality'].length, 1)
  await report(reportOf([minuteOf(to, { tickets: [] })]))
  t.match(await read('?period=2026-11'), [{ observed: 100, dataQuality: [{ id: 'partial-period' }] }])
  at('2026-12-01T00:10:00Z')
  await report(reportOf([minuteOf(minuteAt('2026-12-01T00:09:00Z'), { tickets: [] })]))
  t.match(await read('?period=2026-11'), [{ observed: Math.round(100 / (30 * 1440) * 1000) / 1000, dataQuality: [{ id: 'gateway-away' }] }], 'the month that is over knows that nobody served')
  t.match(await read('?period=2026-12'), [{ observed: Math.round(100 / 70 * 1000) / 1000 }])
})

t.test('a month of 23 hours less is whole, too', async (t) => {
  const { report, read } = await start(t, '2026-03-31T22:00:00Z')
  const [from, to] = [minuteAt('2026-02-28T23:00:00Z'), minuteAt('2026-03-31T22:00:00Z')]
  t.equal(to - from, 31 * 1440 - 60)
  for (let minute = from; minute < to; minute += 1440) await report(reportOf(Array.from({ length: Math.min(1440, to - minute) }, (_, index) => minuteOf(minute + index, { tickets: [] }))))
  t.match(await read(), [{ period: '2026-03', observed: 100, dataQuality: [] }])
})

t.test('what is too old or not yet is not taken', async (t) => {
  const { report, read } = await start(t, '2026-11-22T10:30:00Z')
  const minutes = ['2026-10-01T10:00:00Z', '2026-11-22T10:40:00Z', '2026-11-22T10:31:00Z'].map((instant) => minuteOf(minuteAt(instant), { tickets: [] }))
  t.strictSame(await (await report(reportOf(minutes))).json(), { taken: 1, ignored: 2 })
  t.equal((await read()).length, 1)
})

t.test('what was taken is there after a restart, and can still be told anew', async (t) => {
  const stateDir = join(t.testdir(), 'state')
  const minute = minuteAt('2026-11-22T10:00:00Z')
  const first = await start(t, '2026-11-22T10:30:00Z', stateDir)
  await first.report(reportOf([minuteOf(minute, { tickets: [someCalls(4, { failed: 1 })] })]))
  const before = await first.read()
  const second = await start(t, '2026-11-22T10:31:00Z', stateDir)
  t.strictSame(await second.read(), before)
  await second.report(reportOf([minuteOf(minute, { tickets: [someCalls(4, { failed: 1 })] })]))
  t.strictSame(await second.read(), before)
})

t.test('only the gateway reports, and only what is a report', async (t) => {
  const { report, read, origin } = await start(t, '2026-11-22T10:30:00Z')
  const good = reportOf([minuteOf(minuteAt('2026-11-22T10:00:00Z'), { tickets: [someCalls(1)] })])
  const path = '/-/telemetry/sla-telemetry'
  t.equal((await fetch(origin + path, { method: 'POST', body: JSON.stringify(good) })).status, 401)
  for (const claims of [{ operationId: 'listMeasurements' }, { htm: 'GET' }, { htu: '/rest/sla-telemetry/v1/status' }, { aud: '/rest/tickets/v1' }, { exp: 1 }, { caller: { clientId: 'a' } }]) {
    t.equal((await report(good, { claims })).status, 401, JSON.stringify(claims))
  }
  const wrong = [{}, { ...good, v: 2 as never }, { ...good, node: '../x' }, { ...good, more: 1 } as never, { ...good, minutes: [] }, { ...good, minutes: [{ minute: 1.5, eservices: [] }] },
    reportOf([minuteOf(1, { 'Not A Name': [] })]), reportOf([minuteOf(1, { tickets: [{ ...someCalls(1), calls: -1 }] })]), reportOf([minuteOf(1, { tickets: [{ ...someCalls(1), user: 'x' } as never] })]),
    reportOf([minuteOf(1, { tickets: [{ ...someCalls(1), latency: [[100_000, 1]] }] })]),
    ...[{ status: [0, 0, 0, 0, 2] }, { latency: [[1, 1], [2, 1]] }, { throttled: 1 }, { durationUs: Number.MAX_SAFE_INTEGER }].map((unsound) => reportOf([minuteOf(minuteAt('2026-11-22T10:00:00Z'), { tickets: [{ ...someCalls(1), ...unsound } as never] })])), '', '{', '[]', '{"v":1,"v":1}']
  for (const one of wrong) t.equal((await report(one as never)).status, 400, JSON.stringify(one))
  const long = await report('x'.repeat(9 * 1024 * 1024)).catch(() => undefined)
  if (long) t.match([long.status, await long.json()], [413, { detail: 'The body is larger than 8 MiB.' }])
  t.equal((await report(good, { path: '/-/telemetry/tickets' })).status, 404)
  t.strictSame(await read(), [])
})

t.test('what is declared is read, and what is wrong with it is told', async (t) => {
  const file = join(t.testdir(), 'slos.yaml')
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['default: { availability: 99 }', /default needs responseTimeMean/], ['eservices: {}', /default needs objectives/],
    ['default: { availability: 101, responseTimeMean: 1, responseTimeP90: 1, successRate: 1 }', /default: availability must be a number above 0 and at most 100/],
    ['default: { availability: 99, responseTimeMean: 1, responseTimeP90: 1, successRate: 100 }', /successRate must be .* at most 99.999/],
    ['default: { availability: 99, responseTimeMean: 1, responseTimeP90: 1, successRate: 1 }\neservices: { a: { uptime: 1 } }', /a: "uptime" is none of/],
    ['default: { availability: 99, responseTimeMean: 1, responseTimeP90: 1, successRate: 1 }\nservices: {}', /"services" is neither/]
  ]
  for (const [text, message] of wrong) {
    await writeFile(file, text)
    await t.rejects(loadObjectives(file), { message }, text)
  }
  await t.rejects(loadObjectives(`${file}.none`), { message: /cannot be read \(ENOENT\)/ })
  const objectivesOf = await loadObjectives(new URL('slos.yaml', import.meta.url))
  t.equal(objectivesOf('tickets').availability, 99.9)
  t.equal(objectivesOf('anything').availability, 99.5)
})
