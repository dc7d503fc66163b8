import * as fc from 'fast-check'
import t from 'tap'
import { toContract } from '../contract.ts'
import type { JsonObject } from '../document.ts'
import type { ParameterSource, ReadParameters } from './parameters.ts'
import { parseQuery, writeQuery } from './query.ts'
import { isRefused } from './request-finding.ts'
import type { Finding, Findings } from './request-finding.ts'
import { compileContract } from './validate.ts'

const text = { type: 'string', maxLength: 20 }
const query = (name: string, schema: JsonObject, rest: JsonObject = {}): JsonObject => ({ name, in: 'query', schema, ...rest })

const contract = toContract({
  openapi: '3.0.3',
  info: { title: 'Prova', version: '1.0.0' },
  paths: {
    '/things/{id}/{parts}': {
      get: {
        operationId: 'getThing',
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'integer', format: 'int32', minimum: 1 } },
          { name: 'parts', in: 'path', required: true, schema: { type: 'array', items: { type: 'integer' } } },
          query('limit', { type: 'integer', minimum: 1, maximum: 100 }),
          query('big', { type: 'integer', format: 'int64' }),
          query('ratio', { type: 'number' }),
          query('open', { type: 'boolean' }),
          query('day', { type: 'string', format: 'date' }),
          query('state', { type: 'string', enum: ['open', 'closed'] }),
          query('tag', { type: 'array', items: text, maxItems: 3 }),
          query('ids', { type: 'array', items: { type: 'integer' } }, { explode: false }),
          query('words', { type: 'array', items: text }, { explode: false }),
          query('__proto__', text),
          query('constructor', text),
          query('maybe', { type: 'integer', nullable: true }),
          { name: 'X-Note', in: 'header', schema: { type: 'string', maxLength: 5 } },
          { name: 'X-Counts', in: 'header', schema: { type: 'array', items: { type: 'integer' } } }
        ],
        responses: {}
      }
    },
    '/search': { get: { operationId: 'search', parameters: [query('q', text, { required: true })], responses: {} } },
    '/nothing': { get: { operationId: 'nothing', responses: {} } }
  }
}, 'test.yaml')
const validators = compileContract(contract)

const source = (query: string, path: Record<string, string> = { id: '1', parts: '1' }, headers: Record<string, string> = {}): ParameterSource => ({ path, rawPath: (name) => path[name], query, header: (name) => headers[name] })
const read = (query: string, path?: Record<string, string>, headers?: Record<string, string>) => validators.get('getThing')!.parameters(source(query, path, headers))
const finding = (result: ReadParameters | Findings): Finding | undefined => isRefused(result) ? result.findings[0] : undefined
const values = (result: ReadParameters | Findings): unknown => isRefused(result) ? result.findings[0].rule : Object.fromEntries(Object.entries(result.values).filter(([name]) => name !== 'id' && name !== 'parts'))

const accepted: Readonly<Record<string, Record<string, unknown>>> = {
  '': {},
  'limit=1': { limit: 1 },
  'limit=100': { limit: 100 },
  'big=0': { big: 0 },
  'big=-0': { big: -0 },
  'big=-9007199254740991': { big: -9007199254740991 },
  'big=9007199254740993': { big: 9007199254740992 },
  'big=9223372036854775807': { big: 2 ** 63 },
  'ratio=1e1': { ratio: 10 },
  'ratio=-0.5': { ratio: -0.5 },
  'open=true': { open: true },
  'open=false': { open: false },
  'day=2028-02-29': { day: '2028-02-29' },
  'state=open': { state: 'open' },
  'tag=a&tag=b': { tag: ['a', 'b'] },
  'tag=a,b': { tag: ['a,b'] },
  'ids=1,2,-3': { ids: [1, 2, -3] },
  'words=a,b%2Cc': { words: ['a', 'b,c'] },
  'words=': { words: [''] },
  '%6Cimit=7': { limit: 7 },
  'constructor=x': { constructor: 'x' }
}

for (const [query, expected] of Object.entries(accepted)) {
  t.test(`?${query} is read`, async (t) => {
    t.strictSame(values(read(query)), expected)
  })
}

const refused: Readonly<Record<string, string>> = {
  'limit=0x10': 'type',
  'limit=1e1': 'type',
  'limit=%205': 'type',
  'limit=5%20': 'type',
  'limit=5%0A': 'type',
  'limit=+5': 'type',
  'limit=%2B5': 'type',
  'limit=05': 'type',
  'limit=5.0': 'type',
  'limit=': 'type',
  'limit': 'type',
  'limit=NaN': 'type',
  'limit=١': 'type',
  'limit=true': 'type',
  'limit=null': 'type',
  'limit=12345678901234567890': 'maximum',
  'limit=0': 'minimum',
  'limit=101': 'maximum',
  'limit=1&limit=1': 'once',
  'big=9223372036854775808': 'format',
  'big=-9223372036854775809': 'format',
  'ratio=0x1': 'type',
  'ratio=Infinity': 'type',
  'ratio=1e999': 'type',
  'ratio=.5': 'type',
  'ratio=1.': 'type',
  'ratio=1,5': 'type',
  'open=1': 'type',
  'open=TRUE': 'type',
  'open=': 'type',
  'day=2027-02-29': 'format',
  'day=2027-2-9': 'format',
  'state=Open': 'enum',
  'tag=a&tag=b&tag=c&tag=d': 'maxItems',
  'ids=1,': 'type',
  'ids=1,2&ids=3': 'once',
  'ids=1,0x2': 'type',
  'maybe=null': 'type',
  'unknown=1': 'undeclared',
  'Limit=1': 'undeclared',
  'limit[]=1': 'undeclared',
  '=1': 'undeclared',
  'toString=1': 'undeclared',
  'limit=1&unknown=': 'undeclared',
  'tag=%': 'encoding',
  'tag=%ff': 'encoding',
  'id=1': 'undeclared',
  'X-Note=a': 'undeclared'
}

for (const [query, rule] of Object.entries(refused)) {
  t.test(`?${query} is refused: ${rule}`, async (t) => {
    t.equal(values(read(query)), rule)
  })
}

t.test('a declared parameter called __proto__ is data', async (t) => {
  const result = read('__proto__=x') as ReadParameters
  t.strictSame(Object.keys(result.values), ['id', 'parts', '__proto__'])
  t.equal(result.values['__proto__'], 'x')
  t.equal(({} as Record<string, unknown>)['x'], undefined)
})

t.test('an undeclared parameter called __proto__ is refused, and the declared ones are told', async (t) => {
  t.match(finding(validators.get('search')!.parameters(source('q=a&__proto__=1'))), { in: 'query', rule: 'undeclared', detail: 'a query parameter is not declared in the contract; only these are: q' })
  t.match(finding(validators.get('nothing')!.parameters(source('q=1'))), { detail: /this operation takes none/ })
})

t.test('a required parameter that is missing is named', async (t) => {
  t.match(finding(validators.get('search')!.parameters(source(''))), { in: 'query', pointer: '/q', rule: 'required', detail: 'query parameter "q" is required and missing' })
  t.match(finding(read('', { parts: '1' })), { in: 'path', pointer: '/id', rule: 'required' })
})

t.test('path and header values are read by the same rules', async (t) => {
  t.match(read('', { id: '7', parts: '1,2' }, { 'x-note': 'abc', 'x-counts': '1, 2' }), { values: { 'id': 7, 'parts': [1, 2], 'X-Note': 'abc', 'X-Counts': [1, 2] } })
  for (const id of ['0', '-1', '0x1', '1e0', '', ' 1', '1.0', '2147483648', 'abc', '1,2']) t.match(finding(read('', { id, parts: '1' })), { in: 'path', pointer: '/id' }, id)
  t.match(finding(read('', undefined, { 'x-note': 'abcdef' })), { in: 'header', pointer: '/X-Note', rule: 'maxLength' })
  t.match(finding(read('', undefined, { 'x-counts': '1;2' })), { in: 'header', rule: 'type' })
})

t.test('no finding repeats what was sent', async (t) => {
  const canary = 'RSSMRA80A01H501U'
  for (const query of ['limit', 'open', 'day', 'state', 'ratio', 'big', 'ids', canary].map((name) => `${name}=${canary}`)) t.notMatch(JSON.stringify(read(query)), canary, query)
  t.notMatch(JSON.stringify(read('', { id: canary, parts: canary })), canary)
})

const names = fc.constantFrom('limit', 'big', 'ratio', 'open', 'tag', 'ids', 'words', 'state', '__proto__')
const written = fc.oneof(fc.integer().map(String), fc.constantFrom('true', 'open', 'a,b', 'a%2Cb', 'a+b', '%61', '1,2', '-0', '1e3', '%F0%9F%98%80'), fc.string({ maxLength: 4, unit: 'grapheme' }).map(encodeURIComponent))
const queries = fc.array(fc.tuple(names, written).map((pair) => pair.join('=')), { maxLength: 4 }).map((pairs) => pairs.join('&'))

t.test('what is forwarded is read exactly as what was checked', async (t) => {
  let admitted = 0
  fc.assert(fc.property(queries, (query) => {
    const result = read(query)
    if (isRefused(result)) return true
    admitted++
    const forwarded = writeQuery(result.query).slice(1)
    return JSON.stringify(read(forwarded)) === JSON.stringify({ ...result, query: parseQuery(forwarded) })
  }), { numRuns: 2000 })
  t.ok(admitted > 200, `${admitted} of 2000 were admitted`)
})
