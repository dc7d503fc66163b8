import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { JsonObject } from '../../openapi/document.ts'
import type { Config } from '../config.ts'
import type { HarnessOptions } from './gateway.ts'
import { archiveContract, ids } from './platform.ts'

/** A gateway whose e-service has grants, and the contract that they are about. Used by tests only. */

const text = { type: 'string', maxLength: 500 }
const item = {
  type: 'object',
  properties: {
    id: text,
    name: text,
    price: { type: 'number' },
    citizen: { type: 'object', properties: { fullName: text, fiscalCode: text } },
    notes: { type: 'array', items: { type: 'object', properties: { author: text, text } } }
  }
}
const query = (name: string) => ({ name, in: 'query', schema: text })
const json = (schema: object) => ({ 'application/json': { schema } })

/** The contract of the tests with answers that have a schema; a list that comes as CSV too, an item that can be changed on condition. */
export function recordsContract (more: object = {}): JsonObject {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, Record<string, unknown>>> }
  const { paths } = contract
  const page = { type: 'object', properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Item' } }, next: text } }
  Object.assign(paths['/items']!['get']!, {
    parameters: ['q', 'sort', 'fields', 'fiscalCode', 'name'].map(query),
    responses: { 200: { description: 'Fatto', content: { ...json(page), 'text/csv': { schema: { type: 'string' } } }, headers: { 'Content-Digest': { schema: text } } } }
  })
  const answers = { responses: { 200: { description: 'Fatto', content: json({ $ref: '#/components/schemas/Item' }) } } }
  Object.assign(paths['/items/{id}']!['get']!, answers)
  Object.assign(paths['/items/{id}']!, { patch: { operationId: 'changeItem', requestBody: { required: true, content: json({ type: 'object' }) }, ...answers }, head: { operationId: 'peekItem', ...answers } })
  return { ...contract, components: { schemas: { Item: item } }, ...more } as unknown as JsonObject
}

/** A grant as a file has it, for everybody and all operations, but for the changes. */
export function writtenGrant (changes: object = {}): object {
  return { id: 'records', version: 1, operations: 'all', legalBasis: 'Reg. (UE) 2016/679, art. 6.1.e', owner: 'Ente erogatore', expires: '2027-12-31', ...'purpose' in changes || 'consumer' in changes ? {} : { any: true }, ...changes }
}

/** Withholds the citizen of every answer that has one. */
export const withoutCitizen = {
  listItems: { withhold: ['/items/*/citizen'] }, getItem: { withhold: ['/citizen'] }, peekItem: { withhold: ['/citizen'] }, changeItem: { withhold: ['/citizen'] }
}

/** How a gateway with these grants is started. */
export function granting (grants: readonly object[], { config = (usual) => usual, ...options }: HarnessOptions = {}): HarnessOptions {
  return { contract: recordsContract(), config: (usual) => withGrants(config(usual), grants), ...options }
}

function withGrants (config: Config, grants: readonly object[]): Config {
  const file = join(dirname(config.registry), 'grants.yaml')
  writeFileSync(file, JSON.stringify({ grants }))
  return { ...config, eservices: config.eservices.map((one) => ({ ...one, grants: file })) }
}

/** The purpose and the consumer of the usual voucher. */
export const { purpose, consumer } = ids
