import { casesOf, queryCases } from './request-case.ts'
import type { RequestCase } from './request-case.ts'

const query = (name: string, schema: object, rest: object = {}) => ({ name, in: 'query', schema, ...rest })
const integers = { type: 'array', items: { type: 'integer' } }
const texts = { type: 'array', items: { type: 'string' } }
const colour = { type: 'object', required: ['R'], properties: { R: { type: 'integer', maximum: 255 }, G: { type: 'integer' }, name: { type: 'string' } }, additionalProperties: false }
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** Query parameters in every style, of every type. */
export const queryParameterCases: readonly RequestCase[] = [
  ...queryCases('query scalars', [query('n', { type: 'integer', minimum: 1, maximum: 100 }), query('ratio', { type: 'number' }), query('open', { type: 'boolean' }), query('q', { type: 'string', minLength: 1, maxLength: 5 })], {
    '': undefined, 'n=1': undefined, 'n=100': undefined, 'n=0': 'query/n minimum', 'n=101': 'query/n maximum', 'n=': 'query/n type', 'n': 'query/n type', 'n=a': 'query/n type', 'n=1.0': 'query/n type',
    'n=0x10': 'query/n type', 'n=1e1': 'query/n type', 'n=%205': 'query/n type', 'n=5%0A': 'query/n type', 'n=+5': 'query/n type', 'n=%2B5': 'query/n type', 'n=05': 'query/n type', 'n=-': 'query/n type', 'n=1_0': 'query/n type', 'n=%D9%A1': 'query/n type',
    'n=1&n=1': 'query/n once', 'n[]=1': 'query undeclared', 'N=1': 'query undeclared', 'x=1': 'query undeclared', 'n=0&x=1': ['query undeclared', 'query/n minimum'], 'n=0&q=': ['query/n minimum', 'query/q minLength'],
    'ratio=-0.5': undefined, 'ratio=1e3': undefined, 'ratio=.5': 'query/ratio type', 'ratio=1.': 'query/ratio type', 'ratio=NaN': 'query/ratio type', 'ratio=1e999': 'query/ratio type', 'ratio=1,5': 'query/ratio type', 'ratio=0x1': 'query/ratio type',
    'open=true': undefined, 'open=false': undefined, 'open=1': 'query/open type', 'open=True': 'query/open type', 'open=': 'query/open type',
    'q=a+b': undefined, 'q=a%20b': undefined, 'q=%C3%A0': undefined, 'q=abcdef': 'query/q maxLength', 'q=%zz': 'query encoding', 'q=%': 'query encoding', 'q=%ff': 'query encoding', 'q=a=b': undefined, 'q=%00': undefined, '%71=a': undefined, 'q=1&&': undefined
  }),
  ...queryCases('integers beyond 2^53', [query('long', { type: 'integer', format: 'int64' }), query('int', { type: 'integer', format: 'int32' }), query('any', { type: 'integer' }), query('most', { type: 'integer', maximum: 9007199254740992 }), query('least', { type: 'integer', exclusiveMinimum: true, minimum: 9007199254740992 }), query('even', { type: 'integer', multipleOf: 2 })], {
    'long=9007199254740993': undefined, 'long=9223372036854775807': undefined, 'long=9223372036854775808': 'query/long format', 'long=-9223372036854775808': undefined, 'long=-9223372036854775809': 'query/long format', 'long=123456789012345678901234567890': 'query/long format',
    'int=2147483647': undefined, 'int=2147483648': 'query/int format', 'int=9007199254740993': 'query/int format', 'any=123456789012345678901234567890': undefined, [`any=${'9'.repeat(401)}`]: 'query/any type',
    'most=9007199254740992': undefined, 'most=9007199254740993': 'query/most maximum', 'least=9007199254740993': undefined, 'least=9007199254740992': 'query/least exclusiveMinimum', 'even=9007199254740994': undefined, 'even=9007199254740993': 'query/even multipleOf'
  }),
  ...queryCases('query enums', [query('state', { type: 'string', enum: ['open', 'closed'] }), query('year', { type: 'integer', enum: [2023, 2024] }), query('level', { enum: [1, 2, 'max'] }), query('half', { type: 'number', enum: [0.5] }), query('yes', { type: 'boolean', enum: [true] })], {
    'state=open': undefined, 'state=Open': 'query/state enum', 'year=2023': undefined, 'year=2025': 'query/year enum', 'level=1': undefined, 'level=max': undefined, 'level=3': 'query/level enum', 'half=0.5': undefined, 'half=0.50': undefined, 'half=1': 'query/half enum', 'yes=true': undefined, 'yes=false': 'query/yes enum'
  }),
  ...queryCases('query empty values', [query('flag', { type: 'boolean' }, { allowEmptyValue: true }), query('n', { type: 'integer', nullable: true }), query('s', { type: 'string' }), query('t', { type: 'string', default: 'a' }), query('d', { type: 'integer', default: 5 }, { required: true })], {
    'd=1&flag=': undefined, 'd=1&flag': undefined, 'd=1&flag=true': undefined, 'd=1&flag=x': 'query/flag type', 'd=1&n=': undefined, 'd=1&n=null': 'query/n type', 'd=1&s=': undefined, 'd=1': undefined, '': 'query/d required'
  }),
  ...queryCases('query arrays, form', [query('ids', integers), query('few', { ...texts, minItems: 2, maxItems: 3, uniqueItems: true }), query('list', integers, { explode: false }), query('words', texts, { explode: false })], {
    'ids=1': undefined, 'ids=1&ids=-2': undefined, 'ids=1&ids=x': 'query/ids/1 type', 'ids=1,2': 'query/ids/0 type', 'ids=': 'query/ids/0 type', [Array.from({ length: 200 }, (_, index) => `ids=${index}`).join('&')]: undefined,
    'few=a': 'query/few minItems', 'few=a&few=b': undefined, 'few=a&few=a': 'query/few uniqueItems', 'few=a&few=b&few=c&few=d': 'query/few maxItems',
    'list=1,2,-3': undefined, 'list=1': undefined, 'list=1,': 'query/list/1 type', 'list=1,0x2': 'query/list/1 type', 'list=1&list=2': 'query/list once', 'list=1%2C2': 'query/list/0 type', 'words=a,b%2Cc': undefined, 'words=': undefined, 'words=a+b,c': undefined
  }),
  ...queryCases('query arrays, other delimiters', [query('s', integers, { style: 'spaceDelimited' }), query('p', integers, { style: 'pipeDelimited' }), query('e', integers, { style: 'pipeDelimited', explode: true }), query('w', { ...texts, maxItems: 2 }, { style: 'pipeDelimited', explode: false })], {
    's=1%202%203': undefined, 's=1+2': undefined, 's=1,2': 'query/s/0 type', 's=1%20x': 'query/s/1 type', 'p=1|2': undefined, 'p=1%7C2': undefined, 'p=1%7c2': undefined, 'p=1,2': 'query/p/0 type', 'p=1|2&p=3': 'query/p once', 'e=1&e=2': undefined, 'e=1|2': 'query/e/0 type', 'w=a|b': undefined, 'w=a|b|c': 'query/w maxItems'
  }),
  ...queryCases('query objects, form with explode', [query('colour', colour), query('n', { type: 'integer' })], {
    '': undefined, 'R=1': undefined, 'R=1&G=2&n=3': undefined, 'R=256': 'query/colour/R maximum', 'G=1': 'query/colour required', 'R=x': 'query/colour/R type', 'R=1&R=2': 'query/colour/R once', 'R=1&B=2': 'query undeclared', 'colour=R,1': 'query undeclared'
  }),
  ...queryCases('query objects, free form', [query('any', { type: 'object', additionalProperties: { type: 'integer' } }), query('n', { type: 'integer' })], {
    'a=1&b=2': undefined, 'a=1&b=x': 'query/any/* type', 'n=x&a=1': 'query/n type', 'a=1&a=2': 'query/any/* once'
  }),
  ...queryCases('query objects, form without explode', [query('colour', colour, { explode: false })], {
    'colour=R,100,G,200': undefined, 'colour=R,100,G': 'query/colour style', 'colour=R,x': 'query/colour/R type', 'colour=R,1,R,2': 'query/colour/R once', 'colour=R,1,B,2': 'query/colour additionalProperties', 'colour=G,2': 'query/colour required', 'colour=': 'query/colour style', 'R=1': 'query undeclared'
  }),
  ...queryCases('query objects, deepObject', [query('filter', { type: 'object', additionalProperties: false, properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 18 }, tags: texts, born: { type: 'object', properties: { year: { type: 'integer' } } } } }, { style: 'deepObject', explode: true })], {
    'filter[name]=a': undefined, 'filter%5Bname%5D=a': undefined, 'filter[age]=20&filter[name]=b': undefined, 'filter[age]=x': 'query/filter/age type', 'filter[age]=1': 'query/filter/age minimum', 'filter[nope]=1': 'query/filter additionalProperties', 'filter[name]=a&filter[name]=b': 'query/filter/name once',
    'filter[tags]=a&filter[tags]=b': undefined, 'filter[born][year]=1980': undefined, 'filter[born][year]=x': 'query/filter/born/year type', 'filter[name][x]=1': 'query/filter/name type', 'filter=x': 'query undeclared', 'filter[name=x': 'query undeclared', 'filter[__proto__]=1': 'query/filter additionalProperties', 'filters[name]=a': 'query undeclared'
  }),
  ...queryCases('query deepObject, nested', [query('f', reference('Node'), { style: 'deepObject' })], { 'f[a][a][n]=1': undefined, 'f[a][a][n]=x': 'query/f/a/a/n type', [`f${'[a]'.repeat(20_000)}=1`]: 'query/f style' }, { schemas: { Node: { type: 'object', properties: { a: reference('Node'), n: { type: 'integer' } } } } }),
  ...queryCases('query deepObject, required', [query('page', { type: 'object', properties: { size: { type: 'integer' } } }, { style: 'deepObject', required: true })], { 'page[size]=1': undefined, '': 'query/page required', 'page[other]=1': undefined }),
  ...queryCases('names of parameters', [query('filter[name]', { type: 'string' }), query('ids[]', integers), query('__proto__', { type: 'string' }), query('constructor', { type: 'integer' }), query('a b', { type: 'string' }), query('$top', { type: 'integer' })], {
    'filter[name]=a': undefined, 'filter%5Bname%5D=a': undefined, 'ids[]=1&ids[]=2': undefined, 'ids=1': 'query undeclared', 'ids[]=x': 'query/ids[]/0 type', '__proto__=a': undefined, 'constructor=1': undefined, 'constructor=a': 'query/constructor type', 'a%20b=1': undefined, 'a+b=1': undefined, '$top=1': undefined, '%24top=x': 'query/$top type', 'toString=1': 'query undeclared', 'hasOwnProperty=1': 'query undeclared', '=1': 'query undeclared'
  }),
  ...queryCases('query unions', [query('id', { oneOf: [{ type: 'integer', minimum: 1 }, { type: 'string', format: 'uuid' }] }), query('code', { anyOf: [{ type: 'boolean' }, { type: 'string', maxLength: 3 }] }), query('one', { anyOf: [{ type: 'string', maxLength: 4 }, { type: 'array', items: { type: 'string' } }] }), query('mixed', { type: 'array', items: { oneOf: [{ type: 'integer' }, { type: 'string', enum: ['all'] }] } })], {
    'id=1': undefined, 'id=0': ['query/id minimum'], 'id=123e4567-e89b-42d3-a456-426614174000': undefined, 'id=x': 'query/id format', 'code=true': undefined, 'code=abc': undefined, 'code=abcd': 'query/code maxLength', 'one=ab': undefined, 'one=a&one=b': undefined, 'one=abcdef': undefined, 'mixed=1&mixed=all': undefined, 'mixed=1&mixed=none': 'query/mixed/1 enum'
  }),
  ...queryCases('query schemas behind references', [query('n', reference('Limit')), query('all', { allOf: [reference('Limit'), { maximum: 10 }] }), query('list', { type: 'array', items: reference('Limit') }), query('page', { allOf: [reference('Page')] }, { style: 'deepObject' })], {
    'n=5': undefined, 'n=0': 'query/n minimum', 'n=a': 'query/n type', 'all=10': undefined, 'all=11': 'query/all maximum', 'all=x': 'query/all type', 'list=1&list=2': undefined, 'list=0': 'query/list/0 minimum', 'page[limit]=5': undefined, 'page[limit]=x': 'query/page/limit type'
  }, { schemas: { Limit: { type: 'integer', minimum: 1 }, Page: { type: 'object', properties: { limit: reference('Limit') } } } }),
  ...queryCases('query formats', [query('day', { type: 'string', format: 'date' }), query('at', { type: 'string', format: 'date-time' }), query('mail', { type: 'string', format: 'email' }), query('cf', { type: 'string', pattern: '^[A-Z]{6}\\d{2}[A-Z]\\d{2}[A-Z]\\d{3}[A-Z]$' }), query('odd', { type: 'string', format: 'FiscalCode' })], {
    'day=2028-02-29': undefined, 'day=2027-02-29': 'query/day format', 'day=2027-2-9': 'query/day format', 'at=2026-11-22T10:00:00Z': undefined, 'at=2026-11-22T10:00:00%2B01:00': undefined, 'at=2026-11-22': 'query/at format', 'mail=a@example.it': undefined, 'mail=a': 'query/mail format', 'cf=RSSMRA80A01H501U': undefined, 'cf=rssmra80a01h501u': 'query/cf pattern', 'odd=x': undefined
  }),
  ...queryCases('parameters with content', [{ name: 'filter', in: 'query', content: { 'application/json': { schema: { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, list: integers }, additionalProperties: false } } } }], {
    '': undefined, [`filter=${encodeURIComponent('{"a":1}')}`]: undefined, 'filter={%22a%22:1,%22list%22:[1,2]}': undefined, 'filter={%22a%22:%22x%22}': 'query/filter/a type', 'filter={}': 'query/filter required', 'filter=x': 'query/filter json', 'filter={%22a%22:1,%22a%22:2}': 'query/filter json', 'filter={%22a%22:1,%22secret%22:2}': 'query/filter additionalProperties', 'filter={%22a%22:1}&filter={%22a%22:1}': 'query/filter once', 'filter=': 'query/filter json', 'filter={%22a%22:9007199254740993}': undefined
  }),
  ...queryCases('reserved characters', [query('url', { type: 'string', format: 'uri' }, { allowReserved: true }), query('time', { type: 'string' })], { 'url=https://example.it/a?b=c': undefined, 'url=https%3A%2F%2Fexample.it': undefined, 'time=10:30/11': undefined, 'url=x': 'query/url format' }),
  ...casesOf('path item and operation', { shared: [query('limit', { type: 'integer', maximum: 10 }), query('q', { type: 'string' })], parameters: [query('limit', { type: 'integer', maximum: 100 })] }, [
    ['the operation wins', { query: 'limit=50' }], ['and refuses by its own', { query: 'limit=101' }, 'query/limit maximum'], ['the other is there too', { query: 'q=a' }]
  ])
]
