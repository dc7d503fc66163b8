import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Minute } from '../../openapi/telemetry.ts'
import { startHarness } from '../harness.ts'
import { sqliteIn } from '../sqlite-database.ts'
import { minuteAt, minuteOf, reportOf, someCalls } from '../telemetry-fixture.ts'
import { loadCategories } from './categories.ts'
import { serviceUsage } from './service-usage.ts'

type Item = Readonly<Record<string, any>>

const [first, second, third] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'].map((start) => `${start}-0000-4000-8000-000000000000`) as [string, string, string]

async function start (t: Test, now: string, { settings = {}, stateDir = ':memory:' }: { settings?: Readonly<Record<string, string>>, stateDir?: string } = {}) {
  const eservice = await startHarness(serviceUsage, '/rest/service-usage/v1', { now: () => new Date(now), settings, openDatabase: sqliteIn(stateDir) })
  t.teardown(async () => eservice.close())
  const read = async (query = '', operationId = 'listLiveUsages', path = '/live-usages'): Promise<readonly Item[]> => (await eservice.call({ operationId, path: `${path}?limit=500${query}` })).body.items
  const values = async (query = ''): Promise<unknown> => Object.fromEntries((await read(query)).map(({ subject, value }) => [subject, value]))
  return { ...eservice, read, values }
}

const at = (instant: string, eservices: Parameters<typeof minuteOf>[1]): Minute => minuteOf(minuteAt(instant), eservices)
const live = (items: readonly Item[]): readonly Item[] => items.filter(({ source }) => source.document === 'varco-telemetria')

t.test('use is told by e-service, consumer and hour, and in the tables of the document', async (t) => {
  const file = join(t.testdir(), 'categories.yaml')
  await writeFile(file, 'default: informazione\neservices: { surveys: sport }')
  const { report, read, values, call } = await start(t, '2026-11-22T20:30:00Z', { settings: { categories: file } })
  t.strictSame(await read(), [])
  await report(reportOf([
    at('2026-11-22T07:00:00Z', { tickets: [someCalls(60, { consumerId: first, failed: 5, throttled: 5 }), someCalls(10, { consumerId: second }), someCalls(7)], surveys: [someCalls(20, { consumerId: first })] }),
    at('2026-11-22T19:59:00Z', { tickets: [someCalls(20, { consumerId: second })], surveys: [] })
  ]))
  t.strictSame(await values('&breakdown=total'), { total: 100 }, 'what failed, was refused or is public is no use')
  t.strictSame(await values('&breakdown=eservice'), { tickets: 80, surveys: 20 })
  t.strictSame(await values('&breakdown=consumer'), { [first]: 70, [second]: 30 })
  const hours = await read('&breakdown=hour')
  t.equal(hours.length, 24)
  t.strictSame(await values('&subject=from-08-to-09'), { 'from-08-to-09': 80 })
  t.strictSame(await values('&subject=from-11-to-12'), { 'from-11-to-12': 0 })
  t.match(live(await read('&period=2026-11', 'listCategoryUsages', '/category-usages')).map(({ category, measure, unit, value }) => [category, measure, unit, value]), [['informazione', 'uses', 'use', 80], ['sport', 'uses', 'use', 20], ['total', 'uses', 'use', 100]])
  const patterns = await read('&period=2026-11', 'listUsagePatterns', '/usage-patterns')
  t.match(patterns.map(({ subject, measure, unit, value }) => [subject, measure, unit, value]), [
    ['outside-office-hours', 'share-percent', 'percent', 20], ['from-00-to-08', 'average-users', 'user', 0], ['from-08-to-18', 'average-users', 'user', 2], ['from-18-to-24', 'average-users', 'user', 1]
  ])
  t.equal((await read('', 'listUsagePatterns', '/usage-patterns')).length, 6 + 4, 'behind those of the document')
  t.equal((await read('&category=sport', 'listCategoryUsages', '/category-usages')).length, 3 + 1)
  t.match(await read('&breakdown=total'), [{ period: '2026-11', label: 'Tutti gli e-service', dataQuality: [{ id: 'observed-since' }, { id: 'partial-period', note: /fino al 2026-11-22T20:00Z/ }] }])
  const csv = await call({ operationId: 'listLiveUsages', path: '/live-usages?breakdown=eservice', headers: { accept: 'text/csv' } })
  t.equal(csv.headers.get('cache-control'), 'public, max-age=60, stale-while-revalidate=30')
  t.match(csv.text, /^breakdown,subject,measure,period,value,unit,label,source_document.*\r\neservice,surveys,uses,2026-11,20,use,surveys,/)
})

t.test('what is small is in no figure, so that none tells it', async (t) => {
  const { report, read, values } = await start(t, '2026-11-22T20:30:00Z')
  await report(reportOf([at('2026-11-22T09:00:00Z', { tickets: [someCalls(50, { consumerId: first }), someCalls(4, { consumerId: second })], surveys: [someCalls(30, { consumerId: first })], 'sla-telemetry': [someCalls(2, { consumerId: first }), someCalls(2, { consumerId: third })] })]))
  t.strictSame(await values('&breakdown=eservice'), { tickets: 50, surveys: 30, 'sla-telemetry': null })
  t.strictSame(await values('&breakdown=consumer'), { [first]: 80 }, 'who called seldom is not named')
  t.strictSame(await values('&breakdown=total'), { total: 80 })
  t.match(live(await read('&category=total', 'listCategoryUsages', '/category-usages')), [{ value: 80, dataQuality: [{}, {}, {}, { id: 'small-left-out' }] }])
  t.match(await read('&subject=sla-telemetry'), [{ value: null, dataQuality: [{}, {}, { id: 'withheld' }] }])
  await report(reportOf([at('2026-11-22T09:00:00Z', { tickets: [first, second, third].map((consumerId) => someCalls(4, { consumerId })) })]))
  t.strictSame(await values('&breakdown=total'), { total: 0 })
  t.match(await read('&subject=tickets'), [{ value: null, dataQuality: [{}, {}, { note: 'Non pubblicato: è minore di 5, o lo è ogni parte di cui è fatto.' }] }], '12 are not said to be fewer than 5')
})

t.test('parts add up to the total, whichever they are, and none is small', async (t) => {
  const { report, read } = await start(t, '2026-11-22T20:30:00Z')
  let seed = 7
  const random = (below: number): number => (seed = seed * 48271 % 2147483647) % below
  for (let round = 0; round < 12; round++) {
    const names = ['tickets', 'surveys', 'service-usage', 'other-one']
    await report(reportOf([9, 13, 19].map((hour) => at(`2026-11-22T${String(hour).padStart(2, '0')}:00:00Z`, Object.fromEntries(names.map((name) => [name, [first, second, third].map((consumerId) => someCalls(random(5), { consumerId }))]))))))
    const [total, ...rows] = await read()
    for (const breakdown of ['eservice', 'consumer', 'hour']) {
      const cells = rows.filter((row) => row['breakdown'] === breakdown)
      t.ok(cells.every(({ value }) => value === null || value === 0 || value >= 5))
      t.equal(cells.reduce((sum, { value }) => sum + (value ?? 0), 0), total?.['value'])
    }
  }
})

t.test('hours are those of Italy, also on days of 23 and of 25', async (t) => {
  const { report, values } = await start(t, '2026-11-02T00:00:00Z')
  const calls = { tickets: [someCalls(100, { consumerId: first })] }
  await report(reportOf(['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z', '2026-10-24T23:30:00Z', '2026-10-31T22:59:00Z', '2026-10-31T23:00:00Z'].map((instant) => at(instant, calls))))
  const october = await values('&period=2026-10&breakdown=hour') as Record<string, number | null>
  t.strictSame([october['from-02-to-03'], Object.keys(october).length], [200, 24], 'the hour that was twice counts twice')
  t.strictSame(await values('&period=2026-10&breakdown=total'), { total: 500 })
  t.strictSame(await values('&period=2026-11&breakdown=total'), { total: 100 })
  const spring = await start(t, '2026-03-30T00:00:00Z')
  await spring.report(reportOf(['2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z'].map((instant) => at(instant, calls))))
  const march = await spring.values('&period=2026-03&breakdown=hour') as Record<string, number | null>
  t.strictSame(Object.keys(march).length, 24)
})

t.test('the same minute of a node counts once, that of another beside it; and it is there after a restart', async (t) => {
  const stateDir = join(t.testdir(), 'state')
  const { report, values } = await start(t, '2026-11-22T20:30:00Z', { stateDir })
  const minute = [at('2026-11-22T09:00:00Z', { tickets: [someCalls(10, { consumerId: first }), someCalls(10, { consumerId: first, operationId: 'other' })] })]
  for (const node of ['node-a', 'node-b', 'node-a']) await report(reportOf(minute, node))
  t.strictSame(await values('&breakdown=total'), { total: 40 })
  const again = await start(t, '2026-11-22T20:31:00Z', { stateDir })
  t.strictSame(await again.values('&breakdown=total'), { total: 40 })
  const stricter = await start(t, '2026-11-22T20:31:00Z', { stateDir, settings: { smallestCell: '50' } })
  t.strictSame(await stricter.values('&breakdown=total'), { total: 0 }, 'settings hold at once')
  await again.report(reportOf([at('2026-11-22T09:00:00Z', { tickets: [] })], 'node-b'))
  t.strictSame(await again.values('&breakdown=total'), { total: 20 }, 'what is told anew replaces what was told')
})

t.test('before eight is outside office hours, an answer that says to look elsewhere is a use, and a month ends once the next begins', async (t) => {
  const { report, read } = await start(t, '2026-11-02T00:00:00Z')
  const moved = { ...someCalls(30, { consumerId: first }), status: [0, 0, 30, 0, 0] as const }
  await report(reportOf([at('2026-10-31T06:59:00Z', { tickets: [moved] }), at('2026-10-31T07:00:00Z', { tickets: [someCalls(10, { consumerId: first })] })]))
  const october = async () => read('&period=2026-10&subject=outside-office-hours', 'listUsagePatterns', '/usage-patterns')
  t.match(await october(), [{ value: 75, dataQuality: [{}, {}, { id: 'partial-period' }] }])
  await report(reportOf([at('2026-10-31T23:00:00Z', { tickets: [] })]))
  t.strictSame((await october())[0]?.['dataQuality'].map(({ id }: { id: string }) => id), ['uses-definition', 'observed-since'])
})

t.test('what is configured wrongly is told', async (t) => {
  const file = join(t.testdir(), 'categories.yaml')
  const known = new Set(['sport', 'casa'])
  for (const [text, message] of [['default: sanita', /default is none of the categories sport, casa/], ['default: casa\neservices: { a: 1 }', /a is none/], ['default: casa\neservices: 1', /eservices needs categories/]] as const) {
    await writeFile(file, text)
    await t.rejects(loadCategories(file, known), { message })
  }
  await t.rejects(start(t, '2026-11-22T20:30:00Z', { settings: { smallestCell: '4' } }), { message: /SERVICE_USAGE_SMALLEST_CELL is "4": it must be a number from 5 to 1000/ })
})
