import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadContract } from '../../openapi/contract.ts'
import { loadChecks, loadDatasets } from '../dataset-folder.ts'
import type { Dataset } from '../dataset.ts'
import { startHarness } from '../harness.ts'
import { reconcile } from '../reconcile.ts'
import { toReport } from './report.ts'
import { slaTelemetry } from './sla-telemetry.ts'

type Item = Readonly<Record<string, unknown>>

const data = slaTelemetry.data as URL
const datasets = await loadDatasets(data)
const eservice = await startHarness(slaTelemetry, '/rest/sla-telemetry/v1')
t.teardown(async () => eservice.close())

t.test('the figures that the document contradicts are these and no others', async (t) => {
  const discrepancies = reconcile(datasets, await loadChecks(data))
  t.strictSame(discrepancies.map(({ check, dataset, key, stated, computed }) => [check, `${dataset} ${key}`, stated, computed]), [
    ['alerts-change', 'probe-alerts place=text measure=change-percent period=2017', 43, 74.3]
  ])
})

t.test('the report has one row per service level, with what was expected, what was observed and the deviation', async (t) => {
  const { status, body } = await eservice.call({ operationId: 'listServiceLevels', path: '/service-levels' })
  t.equal(status, 200)
  const columns = ['code', 'expected', 'observed', 'deviation', 'unit', 'direction']
  t.strictSame(body.items.map((item: Item) => columns.map((column) => item[column])), [
    ['SLA.1', 99, 100, 1, 'percent', 'higher'],
    ['SLA.2', 98.5, 99.996, 1.496, 'percent', 'higher'],
    ['SLA.3', 7, 7, undefined, 'millisecond', 'lower'],
    ['SLA.4', 98.5, 99.997, 1.497, 'percent', 'higher'],
    ['SLA.5', 98, 99.998, 1.998, 'percent', 'higher'],
    ['SLA.6', 1, 1, undefined, 'working-hour', 'lower'],
    ['SLA.7', 6, 6, undefined, 'working-hour', 'lower'],
    ['SLA.8', 2, 2, undefined, 'hour', 'lower'],
    ['SLA.9', 30, 30, undefined, 'minute', 'lower'],
    ['SLA.10', 60, 60, undefined, 'minute', 'lower'],
    ['SLA.11', 6, 3, undefined, 'month', 'lower']
  ])
})

t.test('a deviation in words stays in words, with a note', async (t) => {
  const { body } = await eservice.call({ operationId: 'listServiceLevels', path: '/service-levels?code=SLA.11' })
  t.match(body.items, [{ expectedText: 'Ogni 6 mesi', observedText: 'Ogni 3 mesi', deviationText: 'Prestazione migliorativa' }])
  t.strictSame(body.items[0].dataQuality.map(({ id }: { id: string }) => id), ['unit-outside-si', 'deviation-in-words'])
})

t.test('every service level has an indicator with the same unit and a name that ends with its period', async (t) => {
  const { body } = await eservice.call({ operationId: 'listIndicators', path: '/indicators' })
  t.equal(body.items.length, 12)
  for (const { indicator, code, unit, direction } of body.items) {
    t.match(indicator, /-1y$/)
    if (!code) continue
    const level = await eservice.call({ operationId: 'listServiceLevels', path: `/service-levels?code=${code}` })
    t.match(level.body.items, [{ indicator, unit, direction }])
  }
})

t.test('a service level without an indicator is an error that names it', async (t) => {
  const indicators = { ...datasets.get('indicators'), rows: [] } as unknown as Dataset
  t.throws(() => toReport(datasets.get('service-levels') as Dataset, indicators), /SLA\.1 has no indicator; add it to indicators\.yaml/)
})

t.test('the alerts of each month are those of the table, and the stated increase says that it does not hold', async (t) => {
  const { body } = await eservice.call({ operationId: 'listProbeAlerts', path: '/probe-alerts' })
  const table = body.items.filter((item: Item) => item['place'] === 'table')
  const byPeriod = new Map(table.map((item: Item) => [item['period'], item['value']]))
  const months = (year: string): unknown[] =>
    Array.from({ length: 12 }, (_, index) => byPeriod.get(`${year}-${String(index + 1).padStart(2, '0')}`))
  t.strictSame(months('2016'), [711, 634, 814, 1016, 980, 748, 472, 578, 327, 1001, 938, 1080])
  t.strictSame(months('2017'), [676, 923, 1130, 1712, 2483, 1148, 1551, 1149, 1396, 1639, 1472, 929])
  t.strictSame([byPeriod.get('2016'), byPeriod.get('2017'), byPeriod.size], [9299, 16208, 26])
  t.match(body.items.slice(0, 3), [
    { measure: 'probes', value: 473 },
    { measure: 'alerts', value: 16208 },
    { measure: 'change-percent', value: 43, dataQuality: [{ id: 'alerts-change' }] }
  ])
})

t.test('the collections can be read page by page to the end', async (t) => {
  const first = await eservice.call({ operationId: 'listProbeAlerts', path: '/probe-alerts?limit=20' })
  const second = await eservice.call({ operationId: 'listProbeAlerts', path: `/probe-alerts?limit=20&cursor=${first.body.nextCursor}` })
  t.equal(first.body.items.length + second.body.items.length, datasets.get('probe-alerts')?.rows.length)
  t.notOk('nextCursor' in second.body)
})

t.test('every answer has the form that the contract promises', async (t) => {
  const { operations } = await loadContract(fileURLToPath(slaTelemetry.contract))
  for (const { id, path } of operations.filter((operation) => !operation.isPublic)) {
    t.equal((await eservice.call({ operationId: id, path })).status, 200, path)
  }
})

t.test('bad input is refused, and the data need a caller', async (t) => {
  for (const query of ['direction=up', 'code=sla.1', 'cursor=zz', 'sla=SLA.1']) {
    t.equal((await eservice.call({ operationId: 'listServiceLevels', path: `/service-levels?${query}` })).status, 400, query)
  }
  t.equal((await eservice.call({ operationId: 'listMeasurements', path: '/measurements', caller: null })).status, 401)
  t.equal((await eservice.call({ operationId: 'readStatus', path: '/status', caller: null })).status, 200)
})

t.test('the report is available as CSV, and a copy that is still good is not sent again', async (t) => {
  const call = { operationId: 'listServiceLevels', path: '/service-levels?code=SLA.1', headers: { accept: 'text/csv' } }
  const { text, headers } = await eservice.call(call)
  t.strictSame(text.split('\r\n'), [
    'code,period,unit,indicator,label,direction,expected,expected_text,observed,observed_text,deviation,deviation_text,' +
      'source_document,source_section,data_quality',
    'SLA.1,2017,percent,database-availability-1y,Tasso di disponibilità (uptime) dei sistemi database (CSDB1 e CSDB2),higher,' +
      '99,"99,0%",100,"100,0%",1,"+1,000%",firenze-servizi-2017,SLA 2017,',
    ''
  ])
  t.equal((await eservice.call({ ...call, headers: { ...call.headers, 'if-none-match': String(headers.get('etag')) } })).status, 304)
})
