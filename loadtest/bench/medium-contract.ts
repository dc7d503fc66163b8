import type { JsonObject } from '../../openapi/document.ts'

const uuid = { type: 'string', format: 'uuid' }
const states = { type: 'string', enum: ['DRAFT', 'ACTIVE', 'SUSPENDED', 'ARCHIVED'] }
const listOf = (items: object): object => ({ type: 'array', maxItems: 20, items })

/** The parameters of a search as the platform's own purpose API has them: six in the query, and a header. */
const search = [
  { name: 'eserviceIds', in: 'query', explode: true, schema: listOf(uuid) },
  { name: 'states', in: 'query', explode: false, schema: listOf(states) },
  { name: 'since', in: 'query', schema: { type: 'string', format: 'date-time' } },
  { name: 'title', in: 'query', schema: { type: 'string', minLength: 3, maxLength: 60 } },
  { name: 'offset', in: 'query', required: true, schema: { type: 'integer', format: 'int32', minimum: 0 } },
  { name: 'limit', in: 'query', required: true, schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 50 } },
  { name: 'X-Correlation-Id', in: 'header', schema: { type: 'string', maxLength: 128 } }
]

const practice = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'consumerId', 'dailyCalls', 'contacts'],
  properties: {
    title: { type: 'string', minLength: 3, maxLength: 60 },
    description: { type: 'string', maxLength: 2000 },
    consumerId: uuid,
    dailyCalls: { type: 'integer', format: 'int32', minimum: 1 },
    isFreeOfCharge: { type: 'boolean' },
    state: states,
    contacts: listOf({ type: 'object', required: ['name', 'email'], properties: { name: { type: 'string', maxLength: 100 }, email: { type: 'string', format: 'email', maxLength: 200 }, since: { type: 'string', format: 'date' } } })
  }
}

const answer = (code: number): object => ({ [code]: { description: 'Fatto', content: { 'application/json': { schema: { type: 'object' } } } } })

function collection (name: string, index: number): object {
  const tagged = (operationId: string, rest: object): object => ({ operationId: `${operationId}${name}`, ...rest })
  const parameters = [{ name: 'id', in: 'path', required: true, schema: uuid }]
  return {
    [`/${name}`]: {
      get: tagged('search', { parameters: search, responses: answer(200) }),
      post: tagged('create', { requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Practice' } } } }, responses: answer(201) })
    },
    [`/${name}/{id}`]: {
      parameters,
      get: tagged('read', { responses: answer(200) }),
      // Thirty-four in all.
      ...index < 7 && { delete: tagged('delete', { responses: { 204: { description: 'Tolto' } } }) }
    }
  }
}

/** A contract of a usual size, 34 operations like those of the platform's purpose API: searches with six query parameters and a header, bodies of a dozen values. */
export function mediumContract (): JsonObject {
  const names = ['purposes', 'versions', 'risks', 'consumers', 'producers', 'documents', 'agreements', 'delegations', 'templates']
  return {
    openapi: '3.0.3',
    info: { title: 'Pratiche', version: '1.0.0' },
    servers: [{ url: 'https://loadtest.example.it/rest/medium/v1' }],
    paths: Object.assign({}, ...names.map(collection)),
    components: { schemas: { Practice: practice } }
  } as unknown as JsonObject
}

/** A search that is right, as a query string without its question mark. */
export const goodSearch = 'eserviceIds=58f3d1a6-7c02-4e9b-8f5d-b41e90c7a211&eserviceIds=7d90b5e8-2f4c-41c6-a813-e6f27d05c412&states=ACTIVE,SUSPENDED&since=2026-03-02T10:00:00Z&title=statistiche&offset=0&limit=50'

/** A body that is right, of 1 KiB of JSON to the byte. */
export function goodBody (): Buffer {
  const person = (number: number): object => ({ name: `Ufficio statistica ${number}`, email: `ufficio${number}@comune.example.it`, since: '2026-03-02' })
  const body = { title: 'Statistiche mensili', description: '', consumerId: '58f3d1a6-7c02-4e9b-8f5d-b41e90c7a211', dailyCalls: 1000, isFreeOfCharge: true, state: 'ACTIVE', contacts: [1, 2, 3, 4, 5, 6].map(person) }
  return Buffer.from(JSON.stringify({ ...body, description: 'x'.repeat(1024 - JSON.stringify(body).length) }))
}
