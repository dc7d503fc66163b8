import t from 'tap'
import { preferredType } from './accept.ts'
import { workTimeOf } from '../work-time.ts'

const [json, csv, html] = ['application/json', 'text/csv', 'text/html']

const cases: readonly (readonly [accept: string | undefined, produces: readonly string[], preferred: string | undefined])[] = [
  [undefined, [json, csv], json],
  ['*/*', [csv, json], csv],
  ['*/*;q=0.1', [json], json],
  ['application/json', [json], json],
  ['APPLICATION/JSON', [json], json],
  ['application/*', [csv, json], json],
  ['text/html, application/json;q=0.5', [json], json],
  ['text/html, application/json;q=0.5', [json, html], html],
  ['text/csv, application/json', [json, csv], csv],
  ['text/csv;q=0.2, application/json;q=0.9', [csv, json], json],
  ['application/json; charset=utf-8', [json], json],
  ['text/html', [json], undefined],
  ['text/*', [json], undefined],
  ['application/json;q=0', [json], undefined],
  ['application/json;q=0.0', [json], undefined],
  ['application/json;q=nonsense', [json], undefined],
  ['*/*;q=0', [json], undefined],
  ['text/csv;q=0, */*', [csv], undefined],
  ['text/csv;q=0, */*', [csv, json], json],
  ['text/*;q=0, text/csv', [csv, html], csv],
  ['application/*;q=0, application/json;q=1', [json], json],
  ['application/problem+json', [json], undefined],
  ['nonsense', [json], undefined],
  ['*/*', [], undefined]
]

for (const [accept, produces, preferred] of cases) {
  t.test(`of ${produces.join(' and ') || 'nothing'}, Accept ${accept ?? 'missing'} prefers ${preferred ?? 'none'}`, async (t) => {
    t.equal(preferredType(accept, produces), preferred)
  })
}

t.test('8 kB of Accept take no time', async (t) => {
  t.ok(workTimeOf(() => preferredType('a/b;q=0.1,'.repeat(800), ['application/json', 'text/csv'])) < 100)
})
