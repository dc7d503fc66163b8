/** An answer of an operation that declares `responses` (the members of a Responses Object), and what has to be said of it: nothing, or in which part it is wrong, where and by which rule. */
export interface AnswerCase {
  readonly kind: 'status' | 'media type' | 'body' | 'JSON' | 'schema' | 'direction' | 'header' | 'text' | 'problem' | '3.1'
  readonly name: string
  readonly openapi?: '3.0.3' | '3.1.0'
  readonly method?: 'get' | 'head' | 'post'
  readonly responses: Readonly<Record<string, object>>
  /** Schemas under `#/components/schemas`. */
  readonly schemas?: Readonly<Record<string, object>>
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
  readonly wrong?: readonly string[]
}

const media = (type: string, schema?: object) => ({ description: '', content: { [type]: schema === undefined ? {} : { schema } } })
const json = (schema?: object) => media('application/json', schema)
const nothing = { description: '' }
const withHeader = (header: object) => ({ 200: { ...nothing, headers: { 'X-Value': header } } })
const value = (text: string | readonly string[]) => ({ 'x-value': text })
const as = (type: string) => ({ 'content-type': type })
const inJson = as('application/json')
const inProblem = as('application/problem+json')
const problem = { type: 'object', required: ['title', 'status'], properties: { title: { type: 'string' }, status: { type: 'integer', minimum: 400, maximum: 600, exclusiveMaximum: true }, detail: { type: 'string', nullable: true } } }
const person = { type: 'object', additionalProperties: false, required: ['id', 'secret', 'name'], properties: { id: { type: 'string', readOnly: true }, secret: { type: 'string', writeOnly: true }, name: { type: 'string', maxLength: 5 }, tags: { type: 'array', items: { type: 'string' } } } }
const cat = { type: 'object', required: ['kind', 'lives'], properties: { kind: { type: 'string' }, lives: { type: 'integer' } } }
const dog = { type: 'object', required: ['kind', 'bark'], properties: { kind: { type: 'string' }, bark: { type: 'boolean' } } }
const animal = { oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }], discriminator: { propertyName: 'kind', mapping: { C: '#/components/schemas/Cat', D: '#/components/schemas/Dog' } } }
const animals = { Cat: cat, Dog: dog, Animal: animal }
const node = { type: 'object', required: ['name'], properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/components/schemas/Node' } } } }

const ofStatus: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'declared', responses: { 200: nothing } },
  { name: 'undeclared', responses: { 200: nothing }, status: 201, wrong: ['status undeclared'] },
  { name: 'in a range', responses: { '2XX': nothing }, status: 204 },
  { name: 'in a range in lower case', responses: { '4xx': nothing }, status: 404 },
  { name: 'in no range', responses: { '2XX': nothing, '4XX': nothing }, status: 500, wrong: ['status undeclared'] },
  { name: 'by default', responses: { 200: nothing, default: nothing }, status: 418 },
  { name: 'exactly before its range', responses: { 404: nothing, '4XX': json() }, status: 404 },
  { name: 'a range before default', responses: { '4XX': json(), default: nothing }, status: 404, headers: inJson, body: '{}' },
  { name: 'extensions are no statuses', responses: { 'x-200': nothing, 201: nothing }, wrong: ['status undeclared'] },
  { name: 'none declared', responses: {}, wrong: ['status undeclared'] },
  { name: 'an undeclared status says nothing of media type and body', responses: { 200: json() }, status: 500, headers: as('text/html'), body: '<p>', wrong: ['status undeclared'] }
]

const ofMediaType: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'declared', responses: { 200: json() }, headers: inJson, body: '{}' },
  { name: 'in upper case and with parameters', responses: { 200: json() }, headers: as('Application/JSON; charset="UTF-8"'), body: '{}' },
  { name: 'another', responses: { 200: json() }, headers: as('text/html'), body: '<p>', wrong: ['media-type undeclared'] },
  { name: '+json is not json', responses: { 200: json() }, headers: as('application/hal+json'), body: '{}', wrong: ['media-type undeclared'] },
  { name: 'missing', responses: { 200: json() }, body: '{}', wrong: ['media-type required'] },
  { name: 'missing with no body', responses: { 200: json() }, wrong: ['media-type required'] },
  { name: 'twice', responses: { 200: json() }, headers: { 'content-type': ['application/json', 'application/json'] }, body: '{}', wrong: ['media-type once'] },
  { name: 'the range of a group', responses: { 200: media('application/*', { type: 'object' }) }, headers: inJson, body: '{}' },
  { name: 'the schema of the range of a group', responses: { 200: media('application/*', { type: 'object' }) }, headers: inJson, body: '[]', wrong: ['body type'] },
  { name: 'another group', responses: { 200: media('application/*') }, headers: as('text/plain'), body: 'a', wrong: ['media-type undeclared'] },
  { name: 'any', responses: { 200: media('*/*') }, headers: as('image/png'), body: 'a' },
  { name: 'the most specific one decides', responses: { 200: { ...nothing, content: { '*/*': { schema: { type: 'array' } }, 'application/json': { schema: { type: 'object' } }, 'application/*': { schema: { type: 'array' } } } } }, headers: inJson, body: '{}' },
  { name: 'declared with a parameter that came', responses: { 200: media('application/json; version=2', { type: 'object' }) }, headers: as('application/json;version=2'), body: '{}' },
  { name: 'declared with a parameter that is another', responses: { 200: media('application/json; version=2') }, headers: as('application/json;version=1'), body: '{}', wrong: ['media-type undeclared'] },
  { name: 'declared with the charset that is usual', responses: { 200: media('text/plain; charset=utf-8') }, headers: as('text/plain'), body: 'a' },
  { name: 'no media type at all', responses: { 200: json() }, headers: as('json'), body: '{}', wrong: ['media-type undeclared'] },
  { name: 'of an answer to HEAD', method: 'head', responses: { 200: json() }, headers: inJson },
  { name: 'another, of an answer to HEAD', method: 'head', responses: { 200: json() }, headers: as('text/html'), wrong: ['media-type undeclared'] },
  { name: 'none, of an answer to HEAD', method: 'head', responses: { 200: json() } }
]

const ofBody: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'none is declared and none came', responses: { 201: nothing }, status: 201 },
  { name: 'none is declared and one came', responses: { 201: nothing }, status: 201, headers: inJson, body: '{}', wrong: ['body undeclared'] },
  { name: 'none is declared and one came without media type', responses: { 202: nothing }, status: 202, body: 'a', wrong: ['body undeclared'] },
  { name: 'of 204', responses: { 204: json() }, status: 204, headers: inJson, body: '{}', wrong: ['body none'] },
  { name: 'no body of 204 although one is declared', responses: { 204: json() }, status: 204 },
  { name: 'no body of 205 although one is declared', responses: { '2XX': json() }, status: 205 },
  { name: 'no body of 304 by default', responses: { default: json() }, status: 304 },
  { name: 'of 304', responses: { 304: nothing }, status: 304, body: 'a', wrong: ['body none'] },
  { name: 'of an answer to HEAD', method: 'head', responses: { 200: json() }, headers: inJson, body: '{}', wrong: ['body none'] },
  { name: 'with any bytes', responses: { 200: media('application/pdf', { type: 'string', format: 'binary' }) }, headers: as('application/pdf'), body: Buffer.from([0xff, 0]) },
  { name: 'in XML is anything', responses: { 200: media('application/xml', { type: 'object', required: ['a'] }) }, headers: as('application/xml'), body: '<b/>' }
]

const ofJson: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'empty', responses: { 200: json({ type: 'object' }) }, headers: inJson, body: '', wrong: ['body json'] },
  { name: 'broken', responses: { 200: json() }, headers: inJson, body: '{"a":', wrong: ['body json'] },
  { name: 'a member twice', responses: { 200: json() }, headers: inJson, body: '{"a":1,"\\u0061":2}', wrong: ['body json'] },
  { name: 'a byte order mark', responses: { 200: json() }, headers: inJson, body: '\ufeff{}', wrong: ['body json'] },
  { name: 'not in UTF-8', responses: { 200: json() }, headers: inJson, body: Buffer.from([0x22, 0xe8, 0x22]), wrong: ['body json'] },
  { name: 'said to be in another charset', responses: { 200: json() }, headers: as('application/json; charset=iso-8859-1'), body: '{}', wrong: ['body json'] },
  { name: 'nested too deep', responses: { 200: json() }, headers: inJson, body: '['.repeat(65) + ']'.repeat(65), wrong: ['body json'] },
  { name: 'null', responses: { 200: json({ type: 'object' }) }, headers: inJson, body: 'null', wrong: ['body type'] },
  { name: 'null that is allowed', responses: { 200: json({ type: 'object', nullable: true }) }, headers: inJson, body: 'null' },
  { name: 'of a suffix', responses: { 200: media('application/geo+json', { type: 'object' }) }, headers: as('application/geo+json'), body: '[]', wrong: ['body type'] },
  { name: 'a text', responses: { 200: json({ type: 'string' }) }, headers: inJson, body: '"a"' }
]

const ofSchema: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'a member too much', responses: { 200: json({ ...person, required: [] }) }, headers: inJson, body: '{"other":1}', wrong: ['body additionalProperties'] },
  { name: 'a member of another type', responses: { 200: json(person) }, headers: inJson, body: '{"id":1,"name":"a"}', wrong: ['body/id type'] },
  { name: 'an item of another type', responses: { 200: json(person) }, headers: inJson, body: '{"id":"1","name":"a","tags":["a",2]}', wrong: ['body/tags/1 type'] },
  { name: 'a limit', responses: { 200: json(person) }, headers: inJson, body: '{"id":"1","name":"abcdef"}', wrong: ['body/name maxLength'] },
  { name: 'a name that is not declared is not told', responses: { 200: json({ type: 'object', additionalProperties: { type: 'integer' } }) }, headers: inJson, body: '{"RSSMRA80A01H501U":"a"}', wrong: ['body/* type'] },
  { name: 'nullable', responses: { 200: json({ type: 'object', properties: { a: { type: 'string', nullable: true, maxLength: 3 } } }) }, headers: inJson, body: '{"a":null}' },
  { name: 'not nullable', responses: { 200: json({ type: 'object', properties: { a: { type: 'string' } } }) }, headers: inJson, body: '{"a":null}', wrong: ['body/a type'] },
  { name: 'an exclusive limit', responses: { 200: json({ type: 'number', minimum: 0, exclusiveMinimum: true }) }, headers: inJson, body: '0', wrong: ['body exclusiveMinimum'] },
  { name: 'a date', responses: { 200: json({ type: 'string', format: 'date' }) }, headers: inJson, body: '"2026-02-30"', wrong: ['body format'] },
  { name: 'a decimal multiple', responses: { 200: json({ type: 'number', multipleOf: 0.01 }) }, headers: inJson, body: '19.99' },
  { name: 'one of two', responses: { 200: json({ oneOf: [cat, dog] }) }, headers: inJson, body: '{"kind":"x","lives":9}' },
  { name: 'neither of two', responses: { 200: json({ oneOf: [cat, dog] }) }, headers: inJson, body: '{"kind":"x"}', wrong: ['body'] },
  { name: 'both of two', responses: { 200: json({ oneOf: [cat, dog] }) }, headers: inJson, body: '{"kind":"x","lives":9,"bark":true}', wrong: ['body oneOf'] },
  { name: 'by discriminator', responses: { 200: json(animal) }, schemas: animals, headers: inJson, body: '{"kind":"C","lives":9}' },
  { name: 'another than by discriminator', responses: { 200: json(animal) }, schemas: animals, headers: inJson, body: '{"kind":"D","lives":9}', wrong: ['body'] },
  { name: 'recursive', responses: { 200: json({ $ref: '#/components/schemas/Node' }) }, schemas: { Node: node }, headers: inJson, body: '{"name":"a","children":[{"name":"b","children":[{}]}]}', wrong: ['body/children/0/children/0 required'] },
  { name: 'the whole of allOf', responses: { 200: json({ allOf: [cat, { required: ['name'] }] }) }, headers: inJson, body: '{"kind":"x","lives":9}', wrong: ['body required'] }
]

const ofDirection: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'what is writeOnly may be missing', responses: { 200: json(person) }, headers: inJson, body: '{"id":"1","name":"a"}' },
  { name: 'what is readOnly may not', responses: { 200: json(person) }, headers: inJson, body: '{"name":"a"}', wrong: ['body required'] },
  { name: 'behind a reference', responses: { 200: json({ type: 'array', items: { $ref: '#/components/schemas/Person' } }) }, schemas: { Person: person }, headers: inJson, body: '[{"id":"1","name":"a"}]' }
]

const ofHeaders: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'missing', responses: withHeader({ schema: { type: 'string' } }) },
  { name: 'required and missing', responses: withHeader({ required: true, schema: { type: 'string' } }), wrong: ['header/X-Value required'] },
  { name: 'an integer', responses: withHeader({ schema: { type: 'integer', minimum: 0 } }), headers: value('12') },
  { name: 'no integer', responses: withHeader({ schema: { type: 'integer' } }), headers: value('0x10'), wrong: ['header/X-Value type'] },
  { name: 'an integer that is too small', responses: withHeader({ schema: { type: 'integer', minimum: 0 } }), headers: value('-1'), wrong: ['header/X-Value minimum'] },
  { name: 'a number', responses: withHeader({ schema: { type: 'number' } }), headers: value('1.50') },
  { name: 'a boolean', responses: withHeader({ schema: { type: 'boolean' } }), headers: value('yes'), wrong: ['header/X-Value type'] },
  { name: 'a date and time', responses: withHeader({ schema: { type: 'string', format: 'date-time' } }), headers: value('2026-03-02T10:00:00Z') },
  { name: 'no date and time', responses: withHeader({ schema: { type: 'string', format: 'date-time' } }), headers: value('Mon, 02 Mar 2026 10:00:00 GMT'), wrong: ['header/X-Value format'] },
  { name: 'a list', responses: withHeader({ schema: { type: 'array', items: { type: 'integer' }, maxItems: 3 } }), headers: value('1, 2,3') },
  { name: 'a list in two lines', responses: withHeader({ schema: { type: 'array', items: { type: 'integer' }, maxItems: 3 } }), headers: value(['1,2', '3']) },
  { name: 'a list that is too long', responses: withHeader({ schema: { type: 'array', items: { type: 'integer' }, maxItems: 2 } }), headers: value('1,2,3'), wrong: ['header/X-Value maxItems'] },
  { name: 'Set-Cookie several times', responses: { 200: { ...nothing, headers: { 'Set-Cookie': { required: true, schema: { type: 'string', pattern: '^a=' } } } } }, headers: { 'set-cookie': ['a=1', 'a=2'] } },
  { name: 'Set-Cookie of which one does not fit', responses: { 200: { ...nothing, headers: { 'Set-Cookie': { schema: { type: 'string', pattern: '^a=' } } } } }, headers: { 'set-cookie': ['a=1', 'b=2'] }, wrong: ['header/Set-Cookie pattern'] },
  { name: 'Set-Cookie missing', responses: { 200: { ...nothing, headers: { 'Set-Cookie': { required: true, schema: { type: 'string' } } } } }, wrong: ['header/Set-Cookie required'] },
  { name: 'twice', responses: withHeader({ schema: { type: 'string' } }), headers: value(['a', 'b']), wrong: ['header/X-Value once'] },
  { name: 'an object', responses: withHeader({ schema: { type: 'object', required: ['r'], properties: { r: { type: 'integer' } } } }), headers: value('r,100') },
  { name: 'an object, exploded', responses: withHeader({ explode: true, schema: { type: 'object', required: ['r'], properties: { r: { type: 'integer', maximum: 99 } } } }), headers: value('r=100'), wrong: ['header/X-Value/r maximum'] },
  { name: 'JSON', responses: withHeader({ content: { 'application/json': { schema: { type: 'object', required: ['a'] } } } }), headers: value('{}'), wrong: ['header/X-Value required'] },
  { name: 'no JSON', responses: withHeader({ content: { 'application/json': { schema: {} } } }), headers: value('{'), wrong: ['header/X-Value json'] },
  { name: 'a schema with no type', responses: withHeader({ schema: { enum: [1, 'a'] } }), headers: value('1') },
  { name: 'Content-Type says nothing', responses: { 200: { ...json(), headers: { 'Content-Type': { required: true, schema: { enum: ['text/html'] } } } } }, headers: inJson, body: '{}' },
  { name: 'several are wrong', responses: { 200: { ...nothing, headers: { A: { required: true }, B: { schema: { type: 'integer' } } } } }, headers: { b: 'x' }, wrong: ['header/A required', 'header/B type'] }
]

const ofText: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'by its pattern', responses: { 200: media('text/plain', { type: 'string', pattern: '^[A-Z]{3}$' }) }, headers: as('text/plain'), body: 'abc', wrong: ['body pattern'] },
  { name: 'an integer', responses: { 200: media('text/plain', { type: 'integer', minimum: 5 }) }, headers: as('text/plain'), body: '4', wrong: ['body minimum'] },
  { name: 'no integer', responses: { 200: media('text/plain', { type: 'integer' }) }, headers: as('text/plain'), body: 'x', wrong: ['body type'] },
  { name: 'in another charset', responses: { 200: media('text/plain', { type: 'string', maxLength: 1 }) }, headers: as('text/plain; charset=iso-8859-1'), body: Buffer.from([0xe8]) },
  { name: 'not in its charset', responses: { 200: media('text/csv', { type: 'string' }) }, headers: as('text/csv'), body: Buffer.from([0xe8]), wrong: ['body charset'] },
  { name: 'that is rows of something', responses: { 200: media('text/csv', { type: 'array', items: { type: 'object' } }) }, headers: as('text/csv'), body: 'a,b' }
]

const ofProblems: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'a good one', responses: { '4XX': media('application/problem+json', problem) }, status: 404, headers: inProblem, body: '{"title":"No","status":404,"detail":null}' },
  { name: 'without status', responses: { default: media('application/problem+json', problem) }, status: 500, headers: inProblem, body: '{"title":"No"}', wrong: ['body required'] },
  { name: 'with a status that is too large', responses: { default: media('application/problem+json', problem) }, status: 500, headers: inProblem, body: '{"title":"No","status":600}', wrong: ['body/status exclusiveMaximum'] },
  { name: 'JSON instead', responses: { '4XX': media('application/problem+json', problem) }, status: 404, headers: inJson, body: '{"title":"No","status":404}', wrong: ['media-type undeclared'] }
]

const of31: readonly Omit<AnswerCase, 'kind'>[] = [
  { name: 'null among the types', responses: { 200: json({ type: ['string', 'null'] }) }, headers: inJson, body: 'null' },
  { name: 'none of the types', responses: { 200: json({ type: ['string', 'null'] }) }, headers: inJson, body: '1', wrong: ['body type'] },
  { name: 'an exclusive limit', responses: { 200: json({ type: 'number', exclusiveMaximum: 5 }) }, headers: inJson, body: '5', wrong: ['body exclusiveMaximum'] },
  { name: 'const', responses: { 200: json({ const: 'a' }) }, headers: inJson, body: '"b"', wrong: ['body const'] },
  { name: 'what is writeOnly may be missing', responses: { 200: json(person) }, headers: inJson, body: '{"id":"1","name":"a"}' },
  { name: 'a list of given items', responses: { 200: json({ type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false }) }, headers: inJson, body: '["a",1,2]', wrong: ['body'] },
  { name: 'a header of several types', responses: withHeader({ schema: { type: ['integer', 'null'], minimum: 1 } }), headers: value('0'), wrong: ['header/X-Value minimum'] }
]

const kinds: Readonly<Record<AnswerCase['kind'], readonly Omit<AnswerCase, 'kind'>[]>> = {
  'status': ofStatus, 'media type': ofMediaType, 'body': ofBody, 'JSON': ofJson, 'schema': ofSchema, 'direction': ofDirection, 'header': ofHeaders, 'text': ofText, 'problem': ofProblems,
  '3.1': of31.map((one) => ({ openapi: '3.1.0', ...one }))
}

/** Answers of every kind that a contract can speak of, and the verdict on each. */
export const answerCases: readonly AnswerCase[] = Object.entries(kinds).flatMap(([kind, cases]) => cases.map((one) => ({ kind: kind as AnswerCase['kind'], ...one })))
