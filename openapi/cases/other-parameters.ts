import { casesOf } from './request-case.ts'
import type { RequestCase, Expected } from './request-case.ts'

const integers = { type: 'array', items: { type: 'integer' } }
const colour = { type: 'object', required: ['R'], properties: { R: { type: 'integer' }, G: { type: 'integer' } }, additionalProperties: false }

/** Paths by the last segment, `/x/{v}` unless a template is given. */
function path (kind: string, parameter: object, rows: Readonly<Record<string, Expected>>, template = '/x/{v}'): readonly RequestCase[] {
  return casesOf(kind, { path: template, parameters: [{ name: 'v', in: 'path', required: true, ...parameter }] }, Object.entries(rows).map(([text, expected]) => [text, { path: template.replace('{v}', text) }, expected]))
}

function header (kind: string, parameter: object, rows: readonly (readonly [value: string | readonly string[] | undefined, expected?: Expected])[]): readonly RequestCase[] {
  return casesOf(kind, { parameters: [{ name: 'X-Value', in: 'header', ...parameter }] }, rows.map(([value, expected]) => [String(value), { headers: value === undefined ? {} : { 'x-value': value } }, expected]))
}

function cookie (kind: string, parameters: readonly object[], rows: Readonly<Record<string, Expected>>): readonly RequestCase[] {
  return casesOf(kind, { parameters: parameters.map((one) => ({ in: 'cookie', ...one })) }, Object.entries(rows).map(([value, expected]) => [value, { headers: value === '' ? {} : { cookie: value } }, expected]))
}

/** Parameters in the path, in headers and in cookies, in every style. */
export const otherParameterCases: readonly RequestCase[] = [
  ...path('path scalars', { schema: { type: 'integer', minimum: 1, format: 'int32' } }, { '7': undefined, '0': 'path/v minimum', '-1': 'path/v minimum', 'a': 'path/v type', '1.0': 'path/v type', '0x1': 'path/v type', '%207': 'path/v type', '+7': 'path/v type', '2147483648': 'path/v format', '1,2': 'path/v type' }),
  ...path('path scalars', { schema: { type: 'string', format: 'uuid' } }, { '123e4567-e89b-42d3-a456-426614174000': undefined, '123e4567': 'path/v format' }),
  ...path('path scalars', { schema: { type: 'string', pattern: '^[A-Z]{2}$' } }, { 'IT': undefined, 'it': 'path/v pattern', '%49T': undefined, 'I+': 'path/v pattern' }),
  ...path('path simple', { schema: integers }, { '1,2,3': undefined, '1': undefined, '1,x': 'path/v/1 type', '1%2C2': 'path/v/0 type', '1,': 'path/v/1 type' }),
  ...path('path simple', { schema: { type: 'array', items: { type: 'string' }, maxItems: 2 } }, { 'a,b%2Cc': undefined, 'a,b,c': 'path/v maxItems' }),
  ...path('path simple', { schema: colour }, { 'R,1,G,2': undefined, 'R,1,G': 'path/v style', 'G,2': 'path/v required', 'R,x': 'path/v/R type', 'R,1,secret,2': 'path/v additionalProperties' }),
  ...path('path simple', { schema: colour, explode: true }, { 'R=1,G=2': undefined, 'R,1': 'path/v style', 'R=1,R=2': 'path/v/R once' }),
  ...path('path label', { style: 'label', schema: { type: 'integer' } }, { '.7': undefined, '7': 'path/v style', '.a': 'path/v type' }),
  ...path('path label', { style: 'label', schema: integers }, { '.1.2': undefined, '.1,2': undefined, '.1': undefined, '1.2': 'path/v style', '.1.x': 'path/v/1 type' }),
  ...path('path label', { style: 'label', explode: true, schema: integers }, { '.1.2': undefined, '.1,2': 'path/v/0 type' }),
  ...path('path label', { style: 'label', explode: true, schema: { type: 'array', items: { type: 'number' } } }, { '.1%2E5.2': undefined }),
  ...path('path label', { style: 'label', schema: colour }, { '.R.1.G.2': undefined, '.R,1,G,2': undefined, '.R.1.G': 'path/v style' }),
  ...path('path label', { style: 'label', explode: true, schema: colour }, { '.R=1.G=2': undefined, '.R.1': 'path/v style' }),
  ...path('path matrix', { style: 'matrix', schema: { type: 'integer' } }, { ';v=7': undefined, ';w=7': 'path/v style', 'v=7': 'path/v style', '7': 'path/v style', ';v=a': 'path/v type', ';v=1;v=2': 'path/v style' }),
  ...path('path matrix', { style: 'matrix', schema: integers }, { ';v=1,2': undefined, ';v=1;v=2': 'path/v style', ';v=1,x': 'path/v/1 type' }),
  ...path('path matrix', { style: 'matrix', explode: true, schema: integers }, { ';v=1;v=2': undefined, ';v=1,2': 'path/v/0 type', ';v=1;w=2': 'path/v style' }),
  ...path('path matrix', { style: 'matrix', schema: colour }, { ';v=R,1,G,2': undefined, ';v=R,1,G': 'path/v style' }),
  ...path('path matrix', { style: 'matrix', explode: true, schema: colour }, { ';R=1;G=2': undefined, ';R=1;secret=2': 'path/v additionalProperties', ';R=1;R=2': 'path/v/R once' }),
  ...path('path templates', { schema: { type: 'integer' } }, { '7': undefined, 'a': 'path/v type' }, '/x/{v}:run'),
  ...path('path content', { content: { 'application/json': { schema: integers } } }, { '[1,2]': undefined, '%5B1%5D': undefined, '[%22a%22]': 'path/v/0 type', 'x': 'path/v json' }),
  ...casesOf('path templates', { path: '/f/{name}.{ext}', parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string', maxLength: 3 } }, { name: 'ext', in: 'path', required: true, schema: { type: 'string', enum: ['pdf', 'csv'] } }] }, [['abc.pdf', { path: '/f/abc.pdf' }], ['abc.exe', { path: '/f/abc.exe' }, 'path/ext enum'], ['abcd.csv', { path: '/f/abcd.csv' }, 'path/name maxLength']]),
  ...casesOf('path templates', { path: '/x/{id}', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }, { name: 'id', in: 'query', schema: { type: 'string', maxLength: 2 } }] }, [['one name in path and query', { path: '/x/1', query: 'id=ab' }], ['each by its own schema', { path: '/x/1', query: 'id=abc' }, 'query/id maxLength'], ['both', { path: '/x/a', query: 'id=abc' }, ['path/id type', 'query/id maxLength']]]),
  ...casesOf('path templates', { path: '/x/{undeclared}' }, [['an undeclared one is any text', { path: '/x/any' }]]),

  ...header('header scalars', { required: true, schema: { type: 'integer' } }, [['1'], [undefined, 'header/X-Value required'], ['x', 'header/X-Value type'], ['1, 2', 'header/X-Value type'], [['1', '2'], 'header/X-Value once'], ['', 'header/X-Value type']]),
  ...header('header scalars', { schema: { type: 'string', maxLength: 5 } }, [['a, b'], [undefined], ['abcdef', 'header/X-Value maxLength'], ['%41'], [['a', 'b'], 'header/X-Value once']]),
  ...header('header scalars', { schema: { type: 'string', format: 'uuid' } }, [['123e4567-e89b-42d3-a456-426614174000'], ['x', 'header/X-Value format']]),
  ...header('header arrays', { schema: { ...integers, maxItems: 3 } }, [['1,2'], ['1, 2'], ['1 ,\t2'], [['1', '2, 3']], ['1,x', 'header/X-Value/1 type'], ['1,2,3,4', 'header/X-Value maxItems'], ['1;2', 'header/X-Value/0 type']]),
  ...header('header objects', { schema: colour }, [['R,1,G,2'], ['R, 1'], ['R,1,G', 'header/X-Value style'], ['R=1', 'header/X-Value style']]),
  ...header('header objects', { schema: colour, explode: true }, [['R=1,G=2'], ['R=1, G=2'], ['R,1', 'header/X-Value style'], ['G=1', 'header/X-Value required']]),
  ...header('header content', { content: { 'application/json': { schema: { type: 'object', properties: { a: { type: 'integer' } } } } } }, [['{"a":1}'], ['{"a":"x"}', 'header/X-Value/a type'], ['{', 'header/X-Value json']]),
  ...casesOf('header names', { parameters: [{ name: 'Content-Type', in: 'header', required: true, schema: { type: 'integer' } }, { name: 'Authorization', in: 'header', required: true, schema: { type: 'integer' } }, { name: 'accept', in: 'header', required: true, schema: { type: 'integer' } }, { name: 'X-CORRELATION-ID', in: 'header', schema: { type: 'integer' } }] }, [
    ['those of the protocol are passed over', {}], ['names in any case', { headers: { 'x-correlation-id': 'a' } }, 'header/X-CORRELATION-ID type'], ['undeclared ones are passed over', { headers: { 'x-other': 'a' } }]
  ]),

  ...cookie('cookies', [{ name: 'session', required: true, schema: { type: 'string', minLength: 3 } }, { name: 'n', schema: { type: 'integer' } }], { 'session=abc': undefined, '': 'cookie/session required', 'session=ab': 'cookie/session minLength', 'n=1; session=abc': undefined, 'session=abc; n=x': 'cookie/n type', 'session=abc; other=1': undefined, 'session=abc; other=%zz': undefined, 'session=abc; session=abd': 'cookie/session once', 'session=%zz': 'cookie encoding', 'SESSION=abc': 'cookie/session required' }),
  ...cookie('cookies', [{ name: 'ids', explode: false, schema: integers }], { 'ids=1,2': undefined, 'ids=1,x': 'cookie/ids/1 type', 'ids=1; ids=2': 'cookie/ids once' }),
  ...cookie('cookies', [{ name: 'ids', schema: integers }], { 'ids=1; ids=2': undefined, 'ids=x': 'cookie/ids/0 type' }),
  ...cookie('cookies', [{ name: 'c', explode: false, schema: colour }], { 'c=R,1,G,2': undefined, 'c=R': 'cookie/c style' })
]
