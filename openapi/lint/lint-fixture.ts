type Node = Record<string, unknown>

const header = { description: 'Descrizione.', schema: { type: 'integer', format: 'int64' } }
const text = { schema: { type: 'string' } }
const limits = { 'X-RateLimit-Limit': header, 'X-RateLimit-Remaining': header, 'X-RateLimit-Reset': header }
const caching = { 'Cache-Control': { description: 'Sempre no-store.', ...text } }
const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
const failure = { description: 'No', content: problem }
const wait = { ...failure, headers: { 'Retry-After': header } }
const refusals = { 401: failure, 403: failure, 429: wait, 503: wait }
const flow = { tokenUrl: 'https://auth.example.it/token', scopes: {} }
const location = { Location: { schema: { type: 'string', format: 'uri-reference' } } }
const operation = (operationId: string, rest: Node): Node => ({ operationId, description: '.', tags: ['items'], ...rest })
const property = (type: string, format?: string): Node => ({ type, ...(format && { format }) })
const sent = { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } }
const inHeader = (name: string): Node => ({ name, in: 'header', ...text })

/** Exercises every rule, and breaks none in either profile: each case breaks one rule with one edit. */
export const goodContract: Node = {
  openapi: '3.0.3',
  info: {
    title: 'Elementi',
    version: '1.0.0',
    description: 'Descrizione.',
    'x-summary': 'Elenco degli elementi',
    'x-api-id': '7b1d5a52-3f0e-4f0a-9d63-1c8e6a2f4b10',
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
    '/status': { get: operation('showStatus', { security: [], responses: { 200: { ...failure, description: 'OK' }, 503: wait } }) },
    '/items': {
      get: operation('listItems', {
        parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', format: 'int32' } }],
        responses: {
          200: { description: 'OK', headers: { ...limits, ...caching }, content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' }, example: { weight: 1.5 } } } },
          ...refusals
        }
      }),
      post: operation('addItem', {
        'x-modi': { patterns: ['INTEGRITY_REST_02', 'AUDIT_REST_02', 'ID_AUTH_REST_02'], response: 'signed' },
        parameters: [inHeader('Agid-JWT-Signature'), inHeader('Digest'), inHeader('Agid-JWT-TrackingEvidence')],
        requestBody: sent,
        responses: { 201: { description: 'OK', headers: { ...limits, 'Agid-JWT-Signature': text, Digest: text, ...caching }, content: sent.content }, ...refusals }
      })
    },
    '/items/{id}': {
      parameters: [
        { name: 'id', in: 'path', required: true, ...text },
        inHeader('If-Match'),
        inHeader('X-Correlation-ID'),
        { description: 'È ammesso no-cache.', ...inHeader('Cache-Control') }
      ],
      get: operation('showItem', {
        responses: {
          200: { description: 'OK', headers: { ...limits, ...caching }, content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } },
          400: { description: 'No', content: { ...problem, 'application/problem+xml; charset=utf-8': { schema: {} } } },
          418: { description: 'No', 'x-noqa': true, content: { 'text/plain': text } },
          ...refusals,
          429: { ...failure, headers: limits },
          default: failure
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
        responses: { 204: { description: 'OK', headers: { ...limits, ...caching } }, ...refusals }
      }),
      delete: operation('removeItem', { responses: { 204: { description: 'OK', headers: { ...limits, ...caching } }, ...refusals } })
    },
    '/imports': {
      post: operation('importItems', {
        'x-modi': { nonBlocking: 'push' },
        parameters: [inHeader('X-ReplyTo')],
        requestBody: sent,
        responses: { 202: { description: 'OK', headers: { ...limits, ...caching, 'X-Correlation-ID': text }, content: sent.content }, ...refusals },
        callbacks: { result: { '{$request.header#/X-ReplyTo}': { post: operation('itemsImported', { requestBody: sent, responses: { 200: { description: 'OK', content: sent.content } } }) } } }
      })
    },
    '/exports': {
      post: operation('exportItems', {
        'x-modi': { nonBlocking: 'pull-request' },
        requestBody: sent,
        responses: { 202: { description: 'OK', headers: { ...limits, ...caching, ...location }, content: sent.content }, ...refusals }
      }),
      get: operation('showExport', {
        'x-modi': { nonBlocking: 'pull-status' },
        responses: { 200: { description: 'OK', headers: { ...limits, ...caching }, content: sent.content }, 303: { description: 'OK', headers: location }, ...refusals }
      })
    }
  },
  components: {
    schemas: {
      Problem: {
        type: 'object',
        properties: { title: property('string'), status: property('integer', 'int32'), detail: property('string'), code: property('string') }
      },
      Item: {
        type: 'object',
        properties: {
          weight: property('number', 'double'),
          parts: { type: 'array', items: { allOf: [property('integer', 'int32')] } },
          next: { $ref: '#/components/schemas/Item' },
          createdAt: property('string', 'date-time'),
          duration: property('string', 'duration'),
          country: { type: 'string', pattern: '^[A-Z]{2}$' },
          successRate: property('number', 'double'),
          note: { type: 'string', nullable: true }
        },
        example: { weight: 1.5 }
      }
    },
    securitySchemes: {
      voucher: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      key: { type: 'apiKey', in: 'header', name: 'Chiave' },
      oauth: { type: 'oauth2', flows: { clientCredentials: flow } }
    }
  }
}

const item = '/paths/~1items~1{id}'
const items = '/paths/~1items'
const parameter = `${item}/parameters`
const ok = `${item}/get/responses/200`
const status = '/paths/~1status/get'
const patch = `${item}/patch/requestBody`
const schemas = '/components/schemas'
const schemes = '/components/securitySchemes'
const imports = '/paths/~1imports/post'
const exported = '/paths/~1exports'

/** One edit of the good contract, which breaks a rule: where, what is put there, where the finding must be; the gate's finding may be elsewhere, or none. */
export type LintCase = readonly [edit: string, value: unknown, at: string, atGate?: string | null]

const weight = `${schemas}/Item/properties/weight`
const note = `${schemas}/Item/properties/note`

/** For every rule of ours a case. */
export const lintCases: Readonly<Record<string, LintCase>> = {
  'no-swagger-2': ['/swagger', '2.0', ''],
  'use-semver': ['/info/version', '1.0', '/info'],
  'has-x-summary': ['/info/x-summary', undefined, '/info'],
  'has-contact': ['/info/contact', undefined, '/info'],
  'has-terms-of-service': ['/info/termsOfService', undefined, '/info'],
  'has-x-api-id': ['/info/x-api-id', undefined, '/info'],
  'servers-description': ['/servers/1/description', undefined, '/servers/1'],
  'servers-use-https': ['/servers/1/x-sandbox', false, '/servers/1'],
  'server-is-reachable': ['/servers/0/url', 'https://localhost:8443', '/servers/0/url'],
  'paths-status': ['/paths/~1status', undefined, '/paths'],
  'paths-status-return-json': [`${status}/responses/200/content/text~1plain`, text, `${status}/responses/200/content/text~1plain`],
  'paths-status-return-problem': [`${status}/responses/503/content/text~1plain`, text, `${status}/responses/503/content/text~1plain`],
  'paths-status-problem-schema': [`${schemas}/Problem/properties/detail`, undefined, `${schemas}/Problem`],
  'status-is-public': [`${status}/security`, undefined, status],
  'no-forbidden-headers': [`${parameter}/1/name`, 'authorization', `${parameter}/1/name`],
  'no-x-headers-request': [`${parameter}/1/name`, 'X-Tenant', `${parameter}/1/name`],
  'no-x-headers-response': [`${ok}/headers/X-Total`, text, `${ok}/headers/X-Total`],
  'request-headers-train-case': [`${parameter}/1/name`, 'if_match', `${parameter}/1/name`],
  'response-headers-train-case': [`${ok}/headers/total-count`, text, `${ok}/headers/total-count`],
  'cache-control-parameter-undocumented': [`${parameter}/3/description`, 'Come di consueto.', `${parameter}/3`],
  'cache-responses-undocumented': [`${ok}/headers/Cache-Control/description`, 'Come di consueto.', `${ok}/headers/Cache-Control`],
  'cache-responses-indeterminate-behavior': [`${ok}/headers/Expires`, { description: 'Come no-store.', ...text }, `${ok}/headers`],
  'caching-declared': [`${ok}/headers/Cache-Control`, undefined, ok],
  'http-request-get-no-body': [`${item}/get/requestBody`, sent, `${item}/get/requestBody`],
  'http-request-delete-no-body': [`${item}/delete/requestBody`, sent, `${item}/delete/requestBody`],
  'patch-without-request-body': [`${patch}/required`, false, `${item}/patch`],
  'patch-media-type': [`${patch}/content/application~1json`, text, `${patch}/content`],
  'patch-json-patch-mediatype': [`${patch}/content/application~1json-patch+json/schema/type`, 'object', `${patch}/content/application~1json-patch+json/schema`],
  'use-recommended-names-in-parameters': [`${items}/get/parameters/0/name`, 'cf', `${items}/get/parameters/0/name`],
  'no-method-name-in-operation-id': [`${items}/get/operationId`, 'GetItems', `${items}/get/operationId`],
  'sec-credentials-parameters': [`${items}/get/parameters/0/name`, 'apiKey', `${items}/get/parameters/0/name`],
  'query-names': [`${items}/get/parameters/0/name`, 'pageSize', `${items}/get/parameters/0/name`],
  'http-response-no-content-204-205': [`${item}/delete/responses/204/content`, problem, `${item}/delete/responses/204/content`],
  'http-response-content-2xx': [`${ok}/content/application~1json/schema`, undefined, ok],
  'response-with-json-object': [`${ok}/content/application~1json/schema`, { type: 'array', items: {} }, `${ok}/content/application~1json/schema`],
  'use-problem-json-for-errors': [`${item}/get/responses/418/x-noqa`, undefined, `${item}/get/responses/418/content/text~1plain`],
  'use-problem-schema': [`${item}/get/responses/403/content/application~1problem+json/schema`, { type: 'object', properties: { errore: property('string') } }, `${item}/get/responses/403/content/application~1problem+json/schema`, null],
  'hint-problem-schema': [`${item}/get/responses/403/content/application~1problem+json/schema`, { type: 'object', properties: { title: property('string'), status: property('integer', 'int32'), message: property('string') } }, `${item}/get/responses/403/content/application~1problem+json/schema`, null],
  'missing-retry-after': [`${item}/get/responses/503/headers`, {}, `${item}/get/responses/503/headers`],
  'missing-ratelimit': [`${ok}/headers/RateLimit-Reset`, header, `${ok}/headers`],
  'ratelimit-429-presence': [`${item}/delete/responses/429/headers`, {}, `${item}/delete/responses/429/headers`],
  'ratelimit-429-completeness': [`${item}/get/responses/429/headers/X-RateLimit-Reset`, undefined, `${item}/get/responses/429/headers`, null],
  'integer-format': [`${schemas}/Item/properties/parts/items/allOf/0/format`, undefined, `${schemas}/Item/properties/parts/items/allOf/0`],
  'number-format': [`${weight}/format`, undefined, weight],
  'allowed-integer-format': [`${schemas}/Problem/properties/status/format`, 'long', `${schemas}/Problem/properties/status/format`],
  'allowed-number-format': [`${weight}/format`, 'money', `${weight}/format`],
  'date-format': [`${schemas}/Item/properties/createdAt/format`, undefined, `${schemas}/Item/properties/createdAt`],
  'date-format-name': [`${schemas}/Item/properties/createdAt/format`, 'YYYY-MM-DD', `${schemas}/Item/properties/createdAt/format`],
  'duration-format': [`${schemas}/Item/properties/duration/format`, undefined, `${schemas}/Item/properties/duration`],
  'code-format': [`${schemas}/Item/properties/country/pattern`, undefined, `${schemas}/Item/properties/country`],
  'sli-names': [`${schemas}/Item/properties/responseTimeMs`, property('string', 'date'), `${schemas}/Item/properties/responseTimeMs`],
  'paths-kebab-case': ['/paths/~1itemLists', { get: {} }, '/paths/~1itemLists', null],
  'paths-http-method': ['/paths/~1items~1create', { post: {} }, '/paths/~1items~1create', null],
  'schemas-pascal-case': [`${schemas}/item_list`, { type: 'object' }, `${schemas}/item_list`, null],
  'property-names-one-style': [`${schemas}/Item/properties/created_by`, property('string'), `${schemas}/Item/properties/created_by`],
  'use-recommended-names-in-schemas': [`${schemas}/Item/properties/cf`, { type: 'object', example: { properties: { one: 'cf' } } }, `${schemas}/Item/properties/cf`, `${schemas}/Item/properties/cf/example/properties/one`],
  'sec-apikeys-url': [`${schemes}/key/in`, 'query', `${schemes}/key/in`],
  'sec-security-schemes-oauth-http': [`${schemes}/oauth/flows/clientCredentials/tokenUrl`, 'http://auth.example.it', `${schemes}/oauth/flows/clientCredentials/tokenUrl`],
  'sec-security-schemes-oauth-allowed-flows': [`${schemes}/oauth/flows/password`, flow, `${schemes}/oauth/flows/password`],
  'bearer-jwt-scheme': [schemes, {}, ''],
  'bearer-format-jwt': [`${schemes}/voucher/bearerFormat`, undefined, `${schemes}/voucher`],
  'no-external-reference': [`${note}/$ref`, 'https://example.it/note.yaml', `${note}/$ref`],
  'pattern-valid': [`${note}/pattern`, '[A-Z', `${note}/pattern`],
  'pattern-unicode': [`${note}/pattern`, '^[a-z]{1,9}\\-$', `${note}/pattern`],
  'pattern-linear': [`${note}/pattern`, '^(?=a)(a+)+$', `${note}/pattern`],
  'nullable-without-type': [`${note}/type`, undefined, note],
  'paths-ambiguous': ['/paths/~1{kind}~1list', { get: {} }, '/paths/~1{kind}~1list'],
  'media-type-schema': [`${items}/post/requestBody/content/text~1csv`, {}, `${items}/post/requestBody/content/text~1csv`],
  'refusals-declared': [`${items}/get/responses/401`, undefined, `${items}/get/responses`],
  'integrity-headers-declared': [`${items}/post/parameters/1/name`, 'Other', `${items}/post`],
  'evidence-header-declared': [`${items}/post/parameters/2/name`, 'Agid-JWT-Tracking-Evidence', `${items}/post`],
  'answer-signature-declared': [`${items}/post/responses/201/headers/Digest`, undefined, `${items}/post/responses/201`],
  'replay-protection': [`${items}/post/x-modi/patterns/0`, 'ID_AUTH_REST_01', `${items}/post`],
  'push-reply-to-declared': [`${imports}/parameters/0/name`, 'Other', imports],
  'push-correlation-declared': [`${imports}/responses/202/headers/X-Correlation-ID`, undefined, `${imports}/responses/202`],
  'push-callback-declared': [`${imports}/callbacks`, undefined, imports],
  'pull-location-declared': [`${exported}/post/responses/202/headers/Location`, undefined, `${exported}/post/responses/202`],
  'pull-result-declared': [`${exported}/get/responses/303`, undefined, `${exported}/get`]
}

/** The good contract, as JSON, with `value` at `pointer`; undefined takes away what is there. */
export function editedContract (pointer: string, value: unknown): string {
  const document = JSON.parse(JSON.stringify(goodContract)) as Node
  const tokens = pointer.slice(1).split('/').map((token) => token.replaceAll('~1', '/'))
  const last = tokens.pop() ?? ''
  const parent = tokens.reduce((node, token) => node[token] as Node, document)
  parent[last] = value
  return JSON.stringify(document)
}
