import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Finding } from './finding.ts'
import { contractsIn, lintContract, report } from './lint.ts'
import { rules } from './rules.ts'

type Node = Record<string, unknown>

const header = { description: 'Descrizione.', schema: { type: 'integer', format: 'int64' } }
const limits = { 'X-RateLimit-Limit': header, 'X-RateLimit-Remaining': header, 'X-RateLimit-Reset': header }
const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
const error = { description: 'No', content: problem }
const wait = { ...error, headers: { 'Retry-After': header } }
const text = { schema: { type: 'string' } }
const token = { tokenUrl: 'https://auth.example.it/token', scopes: {} }
const operation = (operationId: string, rest: Node) => ({ operationId, description: '.', tags: ['items'], ...rest })
const property = (type: string, format?: string) => ({ type, ...(format && { format }) })

// Exercises every rule of the table, and breaks none: each case below breaks one rule with one edit.
const good: Node = {
  openapi: '3.0.3',
  info: {
    title: 'Elementi',
    version: '1.0.0',
    description: 'Descrizione.',
    'x-summary': 'Elenco degli elementi',
    termsOfService: 'https://www.example.it/termini',
    contact: { name: 'Ufficio', email: 'ufficio@example.it' }
  },
  servers: [
    { url: 'https://api.example.it/rest/elementi/v1', description: 'Produzione' },
    { url: 'http://127.0.0.1:8080', description: 'Prova', 'x-sandbox': true }
  ],
  tags: [{ name: 'items' }],
  security: [{ voucher: [] }, { key: [] }, { oauth: [] }],
  paths: {
    '/status': { get: operation('showStatus', { responses: { 200: { ...error, description: 'OK' }, 503: error } }) },
    '/items/{id}': {
      parameters: [
        { name: 'id', in: 'path', required: true, ...text },
        { name: 'If-Match', in: 'header', ...text },
        { name: 'X-Correlation-ID', in: 'header', ...text },
        { name: 'Cache-Control', in: 'header', description: 'È ammesso no-cache.', ...text }
      ],
      get: operation('showItem', {
        responses: {
          200: {
            description: 'OK',
            headers: limits,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } }
          },
          400: { description: 'No', content: { ...problem, 'application/problem+xml; charset=utf-8': { schema: {} } } },
          418: { description: 'No', 'x-noqa': true, content: { 'text/plain': text } },
          429: wait,
          503: wait,
          default: error
        }
      }),
      patch: operation('changeItem', {
        requestBody: {
          required: true,
          content: {
            'application/merge-patch+json': { schema: { $ref: '#/components/schemas/Item' } },
            'application/json-patch+json': { schema: { type: 'array', items: { type: 'object' } } }
          }
        },
        responses: { 204: { description: 'OK' } }
      }),
      delete: operation('removeItem', { responses: { 204: { description: 'OK' } } })
    }
  },
  components: {
    schemas: {
      Problem: {
        type: 'object',
        properties: { title: property('string'), status: property('integer', 'int32'), detail: property('string') }
      },
      Item: {
        type: 'object',
        properties: {
          weight: property('number', 'double'),
          parts: { type: 'array', items: { allOf: [property('integer', 'int32')] } },
          next: { $ref: '#/components/schemas/Item' }
        },
        example: { weight: 1.5, next: { type: 'integer' } }
      }
    },
    securitySchemes: {
      voucher: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      key: { type: 'apiKey', in: 'header', name: 'Chiave' },
      oauth: { type: 'oauth2', flows: { clientCredentials: token } }
    }
  }
}

const item = '/paths/~1items~1{id}'
const parameter = `${item}/parameters`
const ok = `${item}/get/responses/200`
const status = '/paths/~1status/get/responses'
const patch = `${item}/patch/requestBody`
const schemas = '/components/schemas'
const schemes = '/components/securitySchemes'
/** For every rule: the pointer and the value of an edit of the good contract, and where the finding must then be. */
const cases: Record<string, readonly [edit: string, value: unknown, at: string]> = {
  'no-swagger-2': ['/openapi', '2.0', ''],
  'use-semver': ['/info/version', '1.0', '/info'],
  'has-x-summary': ['/info/x-summary', undefined, '/info'],
  'has-contact': ['/info/contact', undefined, '/info'],
  'has-terms-of-service': ['/info/termsOfService', undefined, '/info'],
  'servers-description': ['/servers/1/description', undefined, '/servers/1'],
  'servers-use-https': ['/servers/1/x-sandbox', false, '/servers/1'],
  'paths-status': ['/paths/~1status', undefined, '/paths'],
  'paths-status-return-json': [`${status}/200/content/text~1plain`, text, `${status}/200/content/text~1plain`],
  'paths-status-return-problem': [`${status}/503/content/text~1plain`, text, `${status}/503/content/text~1plain`],
  'paths-status-problem-schema': [`${schemas}/Problem/properties/detail`, undefined, `${schemas}/Problem`],
  'no-forbidden-headers': [`${parameter}/1/name`, 'authorization', `${parameter}/1/name`],
  'no-x-headers-request': [`${parameter}/1/name`, 'X-Tenant', `${parameter}/1/name`],
  'no-x-headers-response': [`${ok}/headers/X-Total`, text, `${ok}/headers/X-Total`],
  'cache-control-parameter-undocumented': [`${parameter}/3/description`, 'Come di consueto.', `${parameter}/3`],
  'http-request-get-no-body': [`${item}/get/requestBody`, { content: {} }, `${item}/get/requestBody`],
  'http-request-delete-no-body': [`${item}/delete/requestBody`, { content: {} }, `${item}/delete/requestBody`],
  'patch-without-request-body': [`${patch}/required`, false, `${item}/patch`],
  'patch-media-type': [`${patch}/content/application~1json`, text, `${patch}/content`],
  'patch-json-patch-mediatype': [
    `${patch}/content/application~1json-patch+json/schema/type`,
    'object',
    `${patch}/content/application~1json-patch+json/schema`
  ],
  'http-response-no-content-204-205': [
    `${item}/delete/responses/204/content`,
    problem,
    `${item}/delete/responses/204/content`
  ],
  'response-with-json-object': [
    `${ok}/content/application~1json/schema`,
    { type: 'array', items: {} },
    `${ok}/content/application~1json/schema`
  ],
  'use-problem-json-for-errors': [
    `${item}/get/responses/418/x-noqa`,
    undefined,
    `${item}/get/responses/418/content/text~1plain`
  ],
  'missing-retry-after': [`${item}/get/responses/503/headers`, {}, `${item}/get/responses/503/headers`],
  'missing-ratelimit': [`${ok}/headers/RateLimit-Reset`, header, `${ok}/headers`],
  'ratelimit-429-presence': [`${item}/get/responses/429/headers`, {}, `${item}/get/responses/429/headers`],
  'integer-format': [
    `${schemas}/Item/properties/parts/items/allOf/0/format`,
    undefined,
    `${schemas}/Item/properties/parts/items/allOf/0`
  ],
  'number-format': [`${schemas}/Item/properties/weight/format`, undefined, `${schemas}/Item/properties/weight`],
  'sec-apikeys-url': [`${schemes}/key/in`, 'query', `${schemes}/key/in`],
  'sec-credentials-parameters': [
    `${item}/get/parameters`,
    [{ ...text, name: 'apiKey', in: 'query' }],
    `${item}/get/parameters/0/name`
  ],
  'sec-security-schemes-oauth-http': [
    `${schemes}/oauth/flows/clientCredentials/tokenUrl`,
    'http://auth.example.it',
    `${schemes}/oauth/flows/clientCredentials/tokenUrl`
  ],
  'sec-security-schemes-oauth-allowed-flows': [
    `${schemes}/oauth/flows/password`,
    token,
    `${schemes}/oauth/flows/password`
  ]
}

function edited (pointer: string, value: unknown): string {
  const document = JSON.parse(JSON.stringify(good)) as Node
  const tokens = pointer.slice(1).split('/').map((token) => token.replaceAll('~1', '/'))
  const last = tokens.pop() ?? ''
  const parent = tokens.reduce((node, token) => node[token] as Node, document)
  parent[last] = value
  return JSON.stringify(document)
}

const lint = async (file: string) => lintContract(file, { profile: 'modi' })

async function lintText (t: { testdir: (files: Record<string, string>) => string }, text: string): Promise<readonly Finding[]> {
  return lint(join(t.testdir({ 'demo.v1.yaml': text }), 'demo.v1.yaml'))
}

t.test('a contract that follows every rule has no finding', async (t) => {
  t.strictSame(await lintText(t, JSON.stringify(good)), [])
})

t.test('every rule finds the contract that breaks it, at the place that breaks it', async (t) => {
  t.strictSame(Object.keys(cases).toSorted(), rules.map(({ id }) => id).toSorted(), 'every rule has its case')
  for (const { id, severity, rac, message } of rules) {
    t.test(id, async (t) => {
      const [edit, value, at] = cases[id] ?? t.fail('no case') as never
      const findings = (await lintText(t, edited(edit, value))).filter(({ rule }) => rule === id)
      t.match(findings, [{ pointer: at, severity, message: { en: message }, ...(rac && { rac }) }])
      t.equal(findings.length, 1)
    })
  }
})

t.test('the rules have stable names, the guidelines\' ids and a way to mend', async (t) => {
  t.equal(new Set(rules.map(({ id }) => id)).size, rules.length)
  for (const { id, rac, message } of rules) {
    t.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    if (rac !== undefined) t.match(rac, /^RAC_(GEN|REST|ROBUSTEZZA)(_[A-Z]+)?_\d{3}$/)
    t.ok(message.length > 20, id)
  }
})

t.test('a malformed contract is judged, not thrown at', async (t) => {
  const edits = [
    ['/paths', null], ['/info', []], ['/paths/~1status', 'x'], [`${parameter}/0`, null], [`${ok}/headers`, 1]
  ] as const
  for (const [pointer, value] of edits) {
    const findings = await lintText(t, edited(pointer, value))
    t.ok(findings.some(({ severity }) => severity === 'error'), pointer)
  }
})

t.test('Spectral\'s own rules hold too: an example must fit its schema', async (t) => {
  const media = { ...problem['application/problem+json'], example: { status: 'OK' } }
  const findings = await lintText(t, edited(`${status}/200/content/application~1problem+json`, media))
  t.match(findings, [{ rule: 'oas3-valid-media-example', severity: 'error' }])
})

t.test('a finding names the file in which it can be mended', async (t) => {
  const shared = { components: { schemas: { Item: { type: 'object', properties: { size: { type: 'integer' } } } } } }
  const folder = t.testdir({
    'demo.v1.yaml': edited('/components/schemas/Item', { $ref: './shared.yaml#/components/schemas/Item' }),
    'shared.yaml': JSON.stringify(shared)
  })
  const findings = await lint(join(folder, 'demo.v1.yaml'))
  t.match(findings, [{ file: join(folder, 'shared.yaml'), pointer: `${schemas}/Item/properties/size` }])
})

t.test('the contracts of this repository have no error', async (t) => {
  const contracts = await contractsIn([import.meta.dirname])
  t.ok(contracts.length > 0)
  for (const contract of contracts) {
    t.strictSame((await lint(contract)).filter(({ severity }) => severity === 'error'), [], contract)
  }
})

t.test('the report says file, severity, rule, place and totals, once for a shared component', async (t) => {
  const document = edited('/components/schemas/Item', { $ref: './shared.yaml#/components/schemas/Item' })
  const folder = t.testdir({
    'a.v1.yaml': document,
    'b.v2.yml': document,
    'shared.yaml': JSON.stringify({ components: { schemas: { Item: { type: 'integer' } } } })
  })
  const lines: string[] = []
  t.equal(await report([folder], (line) => lines.push(line)), 1)
  const found = lines.filter((line) => line.includes('integer-format'))
  t.match(found, [/shared\.yaml: error integer-format \(RAC_REST_FORMAT_004\) at \/components\/schemas\/Item: say/])
  t.match(lines.at(-1), /^contracts: 2, errors: 1, warnings: \d+, unreadable: 0$/)
})

t.test('what cannot be read is told, and the rest is linted all the same', async (t) => {
  const folder = t.testdir({
    'bad.v1.yaml': 'openapi: [',
    'far.v1.yaml': edited('/components/schemas/Item', { $ref: 'https://example.it/item.yaml' }),
    'good.v1.yaml': JSON.stringify(good)
  })
  const lines: string[] = []
  t.equal(await report([folder], (line) => lines.push(line)), 2)
  t.match(lines, [
    /bad\.v1\.yaml:1:\d+: /,
    /far\.v1\.yaml: \$ref "https:\/\/example\.it\/item\.yaml" leads outside/,
    'contracts: 3, errors: 0, warnings: 0, unreadable: 2'
  ])
  t.equal(await report([join(folder, 'missing.yaml')], (line) => lines.push(line)), 2)
  t.match(lines.at(-2), /missing\.yaml: there is no such file or folder/)
  t.equal(await report([t.testdir({})], () => {}), 2, 'a folder without contracts')
})

t.test('the command exits with what the report returns', async (t) => {
  const folder = t.testdir({ 'good.v1.yaml': JSON.stringify(good), 'bad.v1.yaml': edited('/info/contact', undefined) })
  const program = join(import.meta.dirname, 'lint.ts')
  const command = async (name: string) => promisify(execFile)(process.execPath, [program, join(folder, name)])
  t.match(await command('good.v1.yaml'), { stdout: 'contracts: 1, errors: 0, warnings: 0, unreadable: 0\n' })
  await t.rejects(command('bad.v1.yaml'), { code: 1, stdout: /error has-contact at \/info: add "contact"/ })
})
