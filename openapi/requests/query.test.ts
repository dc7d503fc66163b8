import * as fc from 'fast-check'
import t from 'tap'
import { parseQuery, writeQuery, queryOf } from './query.ts'

const pairs = (query: string) => parseQuery(query)?.map(({ name, value }) => [name, value])

t.test('a query string is split, then decoded', async (t) => {
  t.strictSame(pairs(''), [])
  t.strictSame(pairs('a=1&b=2'), [['a', '1'], ['b', '2']])
  t.strictSame(pairs('a=1&a=2'), [['a', '1'], ['a', '2']])
  t.strictSame(pairs('a'), [['a', '']])
  t.strictSame(pairs('a='), [['a', '']])
  t.strictSame(pairs('a=b=c'), [['a', 'b=c']])
  t.strictSame(pairs('&&a=1&'), [['a', '1']])
  t.strictSame(pairs('a=%26b%3D1'), [['a', '&b=1']])
  t.strictSame(pairs('a+b=c+d%2Be'), [['a b', 'c d+e']])
  t.strictSame(pairs('%5F_proto__=1'), [['__proto__', '1']])
  t.strictSame(pairs('=1'), [['', '1']])
})

t.test('a broken encoding gives no pairs at all', async (t) => {
  for (const query of ['a=%', 'a=%z1', 'a=%2', '%=1', 'a=%ff', 'a=%c0%ae', 'a=%ed%a0%80', 'ok=1&a=%']) t.equal(parseQuery(query), undefined, query)
})

const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const written = fc.array(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 3 })), { maxLength: 4 })
  .map((entries) => entries.map(([name, items]) => `${encodeURIComponent(name)}=${items.map(encodeURIComponent).join(',')}`).join('&'))

t.test('what is written again means the same, item by item, and has one spelling', async (t) => {
  const items = (query: string) => parseQuery(query)?.map(({ name, raw }) => [name, raw.split(',').map((item) => decodeURIComponent(item.replaceAll('+', ' ')))])
  fc.assert(fc.property(written, (query) => {
    const canonical = writeQuery(parseQuery(query)!).slice(1)
    t.strictSame(items(canonical), items(query))
    return writeQuery(parseQuery(canonical)!).slice(1) === canonical
  }), { numRuns: 300 })
})

t.test('an encoded comma stays an item\'s own, a written one stays a separator', async (t) => {
  t.equal(writeQuery(parseQuery('a=1,2%2C3')!), '?a=1,2%2C3')
  t.equal(writeQuery(parseQuery('a=1%2c2')!), '?a=1%2C2')
  t.equal(writeQuery(parseQuery('a=x+y&b=%61')!), '?a=x%20y&b=a')
  t.equal(writeQuery([]), '')
})

t.test('the query of a request target is all that follows its first question mark', async (t) => {
  t.equal(queryOf('/tickets'), '')
  t.equal(queryOf('/tickets?'), '')
  t.equal(queryOf('/tickets?topic=why?&limit=1'), 'topic=why?&limit=1')
})
