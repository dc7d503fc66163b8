import t from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import { startGateway } from './harness/gateway.ts'
import { archiveContract } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'

const to = (name: string): object => ({ $ref: `#/components/schemas/${name}` })
const branches = Array.from({ length: 50 }, (_one, index) => ({ type: 'object', required: ['kind'], properties: { kind: { type: 'string', enum: [`k${index}`] }, inner: to('Nested') } }))

/** What a contract may hold that bodies could make work of without end: each is a member, so that a case is about one of them. */
const schemas = {
  Body: {
    type: 'object',
    additionalProperties: false,
    properties: {
      free: {},
      text: { type: 'string' },
      number: { type: 'number' },
      unique: { type: 'array', uniqueItems: true, items: { type: 'object' } },
      nested: to('Nested'),
      list: to('List'),
      chosen: { type: 'array', items: { type: 'string', enum: Array.from({ length: 20_000 }, (_one, index) => `v${index}`) } },
      pattern: { type: 'string', pattern: '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,10}$' },
      email: { type: 'string', format: 'email' },
      uri: { type: 'string', format: 'uri' },
      fiscalCode: { type: 'string', pattern: '^([A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z])$' }
    }
  },
  Nested: { oneOf: branches },
  List: { type: 'object', properties: { next: to('List'), value: { type: 'integer' } } }
}

const contract = {
  ...archiveContract,
  paths: {
    ...archiveContract['paths'] as JsonObject,
    '/bodies': { post: { operationId: 'takeBody', requestBody: { required: true, content: { 'application/json': { schema: to('Body') } } }, responses: { 200: { description: 'Fatto', content: { 'application/json': { schema: {} } } } } } }
  },
  components: { schemas }
} as unknown as JsonObject

const kib = 1024
const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const linked = (depth: number, last: string): string => '{"next":'.repeat(depth) + last + '}'.repeat(depth)
const nested = (depth: number, last: string): string => '{"kind":"k49","inner":'.repeat(depth) + last + '}'.repeat(depth)
const text = (length: number, character = 'a'): string => JSON.stringify(character.repeat(length))
const many = (count: number, item: (index: number) => string): string => `[${Array.from({ length: count }, (_one, index) => item(index)).join(',')}]`

/** 91 to 93: what must come of each; 200 is for what is large and right. */
const cases: Readonly<Record<string, readonly [body: string, status: 200 | 400]>> = {
  '91: 65 levels': [`{"free":${lists(64)}}`, 400],
  '91: 64 levels': [`{"free":${lists(63)}}`, 200],
  '91: 10,000 levels': [`{"free":${lists(10_000)}}`, 400],
  '91: 500,000 levels': [`{"free":${lists(500_000)}}`, 400],
  '91: 500,000 levels that are never closed': ['['.repeat(500_000), 400],
  '91: 120,000 members that the contract does not have': [`{${Array.from({ length: 120_000 }, (_one, index) => `"${index}":0`).join(',')}}`, 400],
  '91: 90,000 members where any may be': [`{"free":{${Array.from({ length: 90_000 }, (_one, index) => `"${index}":0`).join(',')}}}`, 200],
  '91: one member 100,000 times': [`{"free":{${'"a":0,'.repeat(100_000)}"a":0}}`, 400],
  '91: a text of a million characters': [`{"text":${text(1_000_000)}}`, 200],
  '91: a text of escapes': [`{"text":"${String.raw`\u0061`.repeat(150_000)}"}`, 200],
  '91: a number of a million digits': [`{"number":1${'0'.repeat(1_000_000)}}`, 400],
  '91: a number with an exponent beyond all measure': ['{"number":1e999999999}', 400],
  '91: __proto__': ['{"free":{"__proto__":{"admin":true}}}', 400],
  '91: __proto__, escaped': [String.raw`{"free":{"\u005f_proto__":{"admin":true}}}`, 400],
  '91: constructor.prototype': ['{"free":{"constructor":{"prototype":{"admin":true}}}}', 400],
  '92: a text that nearly is an address': [`{"pattern":${text(500_000, 'a.')}}`, 400],
  '92: one with many at signs': [`{"pattern":${text(900_000, '@')}}`, 400],
  '92: format email': [`{"email":"${'a.'.repeat(250_000)}"}`, 400],
  '92: format uri': [`{"uri":"http://${'%41'.repeat(150_000)}^"}`, 400],
  '92: a fiscal code that goes on': [`{"fiscalCode":${text(1_000_000, 'A')}}`, 400],
  '93: 60,000 objects, the last one twice': [`{"unique":${many(60_000, (index) => `{"a":${Math.min(index, 59_998)}}`)}}`, 400],
  '93: 60,000 objects that differ': [`{"unique":${many(60_000, (index) => `{"a":${index}}`)}}`, 200],
  '93: alternatives of which the last fits, in each other': [`{"nested":${nested(60, '{"kind":"k0"}')}}`, 200],
  '93: alternatives of which none fits in the end': [`{"nested":${nested(60, '{"kind":"none"}')}}`, 400],
  '93: a schema that contains itself': [`{"list":${linked(62, '{"value":1}')}}`, 200],
  '93: the same, wrong at the end': [`{"list":${linked(60, '{"value":"x"}')}}`, 400],
  '93: 90,000 values of a long list': [`{"chosen":${many(90_000, (index) => `"v${index % 20_000}"`)}}`, 200],
  '93: one of them none of it': [`{"chosen":${many(90_000, (index) => `"v${index}"`)}}`, 400]
}

/** CPU time that no body may take that is within the limit of size, in ms: far beyond what they take, and what is exponential takes far more. */
const most = 3000

t.test('whatever body comes, it is judged at once, and the next call is served', async (t) => {
  const gateway = await startGateway(t, { contract, config: (config) => ({ ...config, limits: { ...config.limits, bodyBytes: 2048 * kib } }) })
  for (const [name, [body, status]] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const before = gateway.upstream.requests.length
      const used = process.cpuUsage()
      const answer = await gateway.call('/bodies', { method: 'POST', body: Buffer.from(body) })
      const { user, system } = process.cpuUsage(used)
      t.ok((user + system) / 1000 < most, `${Math.round((user + system) / 1000)} ms`)
      t.equal(answer.status, status, answer.body.slice(0, 300))
      t.equal(gateway.upstream.requests.length - before, status === 200 ? 1 : 0, 'what reached the upstream')
      if (status === 200) await gateway.takeRecords(1)
      else await checkProblem(t, gateway, answer, { status, code: 'invalid-body' })
      await checkNextServed(t, gateway)
    })
  }
  t.equal(({} as { admin?: boolean }).admin, undefined)
})
