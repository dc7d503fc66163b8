import t from 'tap'
import { toDataset } from './dataset.ts'
import type { Dataset } from './dataset.ts'
import { reconcile } from './reconcile.ts'
import type { Check } from './reconcile.ts'

const sources = { doc: { title: 'Documento' } }

function table (name: string, rows: readonly object[]): Dataset {
  return toDataset({ dataset: name, title: name, source: { document: 'doc', section: 's' }, dimensions: ['place'], defaults: { unit: 'call', measure: 'calls' }, rows: rows as never }, `${name}.yaml`, sources)
}

const calls = table('calls', [
  { place: 'a', period: '2016', value: 100 }, { place: 'a', period: '2017', value: 110 },
  { place: 'b', period: '2016', value: 50 }, { place: 'b', period: '2017', value: 40 },
  { place: 'total', period: '2016', value: 150 }, { place: 'total', period: '2017', value: 151 },
  { place: 'a', measure: 'share', unit: 'percent', period: '2016', value: 66.7 }, { place: 'b', measure: 'share', unit: 'percent', period: '2016', value: 34 },
  { place: 'a', measure: 'change', unit: 'percent', period: '2017', value: 10 }, { place: 'b', measure: 'change', unit: 'percent', period: '2017', value: 20 },
  { place: 'unread', period: '2016', value: null, dataQuality: [{ id: 'unread', note: 'Illeggibile.' }] }
])
const elsewhere = table('elsewhere', [{ place: 'a', period: '2016', value: 101 }, { place: 'b', period: '2016', value: 50 }])
const datasets = new Map([calls, elsewhere].map((one) => [one.name, one]))
const found = (check: object): unknown[] => reconcile(datasets, [check as Check]).map(({ dataset, key, stated, computed }) => [dataset, key, stated, computed])
const figures = { dataset: 'calls', measure: 'calls' }

t.test('a total that is not the sum of its parts is found, in the group in which it fails', (t) => {
  const check = { id: 'x', kind: 'sum', total: { ...figures, place: 'total' }, parts: { ...figures, place: ['a', 'b'] }, by: ['period'] }
  t.strictSame(found(check), [['calls', 'place=total measure=calls period=2017', 151, 150]])
  t.strictSame(found({ ...check, tolerance: 1 }), [], 'a tolerance covers rounding')
  t.end()
})

t.test('a share and a change are computed from the figures that they are of', (t) => {
  t.strictSame(found({ id: 'x', kind: 'share', stated: { dataset: 'calls', measure: 'share' }, part: { ...figures, period: '2016' }, whole: { ...figures, period: '2016', place: 'total' }, by: ['place'], tolerance: 0.05 }),
    [['calls', 'place=b measure=share period=2016', 34, 33.33]])
  t.strictSame(found({ id: 'x', kind: 'change', stated: { dataset: 'calls', measure: 'change' }, before: { ...figures, period: '2016' }, after: { ...figures, period: '2017' }, by: ['place'], tolerance: 0.5 }),
    [['calls', 'place=b measure=change period=2017', 20, -20]])
  t.end()
})

t.test('a figure repeated with another value is found in both places', (t) => {
  t.strictSame(found({ id: 'x', kind: 'equal', figures: [{ ...figures, period: '2016', place: ['a', 'b'] }, { dataset: 'elsewhere' }], by: ['place'] }), [
    ['calls', 'place=a measure=calls period=2016', 100, 101],
    ['elsewhere', 'place=a measure=calls period=2016', 101, 100]
  ])
  t.end()
})

t.test('a check that matches nothing proves nothing and is an error', (t) => {
  t.throws(() => found({ id: 'lost', kind: 'equal', figures: [{ dataset: 'calls', place: 'nowhere' }, { dataset: 'elsewhere' }] }), { message: /check lost: no row of "calls" matches .*nowhere/ })
  t.throws(() => found({ id: 'lost', kind: 'equal', figures: [{ dataset: 'none' }, { dataset: 'elsewhere' }] }), { message: /there is no dataset "none"/ })
  t.end()
})

t.test('a data file with a mistake is refused, naming file and row', (t) => {
  const row = { place: 'a', period: '2016', value: 1 }
  t.throws(() => table('twins', [row, row]), { message: /twins.yaml: two rows have the same key: place=a/ })
  t.throws(() => table('stranger', [{ ...row, colour: 'red' }]), { message: /stranger.yaml: row 1: "colour" is neither/ })
  t.throws(() => table('text', [row, { ...row, place: 'b', value: '1.000' }]), { message: /text.yaml: row 2: value must be a number/ })
  t.throws(() => table('year', [{ ...row, period: 2016 }]), { message: /year.yaml: row 1: a figure needs .*period in quotes/ })
  t.throws(() => table('source', [{ ...row, source: { document: 'unknown' } }]), { message: /source needs a document known to sources.yaml/ })
  t.end()
})
