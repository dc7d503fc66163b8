import t from 'tap'
import type { Test } from 'tap'
import { freshDatabase, withPostgres } from '../test/postgres.ts'
import type { OpenDatabase } from './database.ts'
import { startHarness } from './harness.ts'
import { postgresAt } from './postgres-database.ts'
import { serviceUsage } from './service-usage/service-usage.ts'
import { slaTelemetry } from './sla-telemetry/sla-telemetry.ts'
import { sqliteIn } from './sqlite-database.ts'
import { minuteAt, minuteOf, reportOf, someCalls } from './telemetry-fixture.ts'

const consumers = ['aaaaaaaa', 'bbbbbbbb'].map((start) => `${start}-0000-4000-8000-000000000000`)
const calls = consumers.map((consumerId, index) => someCalls(40_000_000 + index, { consumerId, failed: index, ms: 90, bytes: 3_000_000_000 }))
const collections = [['listMeasurements', '/measurements'], ['listThroughputs', '/throughputs'], ['listIndicators', '/indicators'], ['listLiveUsages', '/live-usages'], ['listCategoryUsages', '/category-usages'], ['listUsagePatterns', '/usage-patterns']] as const

async function figuresIn (t: Test, openDatabase: OpenDatabase): Promise<unknown> {
  const figures = await Promise.all([[slaTelemetry, '/rest/sla-telemetry/v1'] as const, [serviceUsage, '/rest/service-usage/v1'] as const].map(async ([eservice, basePath]) => {
    const harness = await startHarness(eservice, basePath, { openDatabase, now: () => new Date('2026-11-22T10:30:00Z') })
    t.teardown(harness.close)
    const minutes = [0, 1, 3].map((minute) => minuteOf(minuteAt('2026-11-22T10:00:00Z') + minute, { tickets: calls, surveys: [] }))
    for (const node of ['node-a', 'node-b', 'node-a']) t.equal((await harness.report(reportOf(minutes, node))).status, 200)
    t.equal((await harness.report(reportOf([minuteOf(minuteAt('2026-11-22T10:01:00Z'), { tickets: [someCalls(7, { consumerId: consumers[0] as string })] })], 'node-b'))).status, 200)
    const mine = collections.filter((_, index) => (index < 3) === (eservice === slaTelemetry))
    return Promise.all(mine.map(async ([operationId, path]) => (await harness.call({ operationId, path: `${path}?limit=500` })).body.items))
  }))
  return figures
}

t.test('figures are the same in every store, however large', withPostgres, async (t) => {
  const [inFiles, inPostgres] = [await figuresIn(t, sqliteIn(':memory:')), await figuresIn(t, postgresAt(await freshDatabase(t)))]
  t.strictSame(inPostgres, inFiles)
  t.ok(JSON.stringify(inFiles).includes('"subject":"total","measure":"uses","period":"2026-11","value":400000007'))
})
