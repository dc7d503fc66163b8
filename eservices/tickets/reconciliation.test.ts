import t from 'tap'
import { loadChecks, loadDatasets } from '../dataset-folder.ts'
import { reconcile } from '../reconcile.ts'

const data = new URL('data/', import.meta.url)
const datasets = await loadDatasets(data)

t.test('the documents contradict themselves in exactly these figures', async (t) => {
  const found = reconcile(datasets, await loadChecks(data))
  t.strictSame(found.map(({ check, dataset, key, stated, computed }) => `${check}: ${dataset} ${key}: ${stated} / ${computed}`), [
    'rounded-change: highlights subject=total-requests measure=change-percent period=2023: -10 / -10.9',
    'rounded-change: channels channel=total measure=change-percent period=2023: -10.9 / -10',
    'top-ten-areas: top-topics subject=total measure=share-percent period=2023: 67.4 / 63.5',
    'annual-calls-change: territorial-activities subject=calls measure=change-percent period=2017: -15 / -15.76',
    'cases-by-municipality: territorial-activities subject=cases measure=volume period=2017: 284000 / 267430'
  ])
})

t.test('the figures that cannot be read as printed are published as printed, with a note', async (t) => {
  const noted = [...datasets.values()].flatMap(({ name, rows }) => rows.flatMap((row) => row.dataQuality.map(({ id }) => `${name} ${id}`)))
  const counts = Object.entries(Object.groupBy(noted, (line) => line)).map(([line, all]) => `${line} ${all?.length}`)
  t.strictSame(counts.toSorted(), [
    'calendar-events month-not-readable 13',
    'campaigns impossible-date 1',
    'campaigns taxi-solidale-two-periods 1',
    'channels mixed-units 1',
    'channels rounded-change 1',
    'help-desk-requests asterisk 1',
    'help-desk-requests dash 3',
    'help-desk-requests table-title-not-readable 18',
    'highlights rounded-change 1',
    'quality-actions period-not-stated 9',
    'service-kinds period-not-stated 3',
    'service-levels partial-year 3',
    'territorial-activities annual-calls-change 1',
    'territorial-activities cases-by-municipality 1',
    'territorial-cases empty-cell 3',
    'territorial-cases label-as-printed 2',
    'top-topics top-ten-areas 1',
    'top-topics topic-without-area 1'
  ])
})

t.test('every figure that has no value says why', async (t) => {
  const empty = [...datasets.values()].flatMap(({ rows }) => rows.filter((row) => row['value'] === null))
  t.equal(empty.length, 6)
  for (const row of empty) t.not(row.dataQuality.length, 0)
})
