import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../../openapi/document.ts'
import type { AsyncScope } from '../../policies/demands.ts'
import type { Resolver } from '../../policies/resolver.ts'
import type { Harness, HarnessOptions } from './gateway.ts'
import { archiveContract, basePath, ids } from './platform.ts'

/** What the tests of asynchronous exchange and of non-blocking interactions share: an e-service that makes reports, which takes its time. */

const json = { content: { 'application/json': { schema: { type: 'object' } } } }
const operation = (operationId: string, modi: object, more: object = {}): object => ({ operationId, 'x-modi': modi, responses: { 200: { description: 'Fatto', ...json } }, ...more })
const id = { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 100 } }] }
const optionalBody = { requestBody: { content: { 'application/json': { schema: { type: 'object', additionalProperties: false, properties: { year: { type: 'integer', minimum: 2000, maximum: 2100 } } } } } } }

export const reportsContract = {
  ...archiveContract,
  paths: {
    ...archiveContract['paths'] as object,
    '/exchanges': { post: operation('startReport', { async: 'start_interaction' }, optionalBody) },
    '/exchanges/callback': { post: operation('announceReport', { async: 'callback_invocation' }) },
    '/exchanges/report': { get: operation('fetchReport', { async: 'get_resource' }) },
    '/exchanges/confirmation': { post: operation('confirmReport', { async: 'confirmation' }) },
    '/pushes': { post: operation('pushReport', { nonBlocking: 'push' }, { parameters: [{ name: 'X-Correlation-ID', in: 'header', schema: { type: 'string', maxLength: 100 } }] }) },
    '/pulls': { post: operation('pullReport', { nonBlocking: 'pull-request' }) },
    '/pulls/{id}': { ...id, get: operation('readPull', { nonBlocking: 'pull-status' }) },
    '/pulls/{id}/report': { ...id, get: operation('readPulledReport', { nonBlocking: 'pull-result' }) }
  }
} as unknown as JsonObject

/** Where each scope is called. */
export const steps: Readonly<Record<AsyncScope, { readonly method: string, readonly path: string }>> = {
  start_interaction: { method: 'POST', path: '/exchanges' },
  callback_invocation: { method: 'POST', path: '/exchanges/callback' },
  get_resource: { method: 'GET', path: '/exchanges/report' },
  confirmation: { method: 'POST', path: '/exchanges/confirmation' }
}

export const exchangeProperties = { responseTime: 60, resourceAvailableTime: 120, confirmation: true, maxResultSet: 10 }
export const keychainId = '10000000-0000-4000-8000-000000000009'
export const urlCallback = 'https://fruitore.example.it/callback'

/** Every name is on the Internet, and nobody is asked. */
export const publicResolver: Resolver = { resolve: () => [{ address: '93.184.216.34', isPublic: true }] }

/** How the reports go live: every version by asynchronous exchange, answers to the consumer's origin. */
export const reportsOptions: HarnessOptions = {
  contract: reportsContract,
  resolver: publicResolver,
  registry: (content) => withProperties(content, exchangeProperties),
  config: (config) => ({ ...config, eservices: config.eservices.map((eservice) => ({ ...eservice, replyTo: [{ consumer: ids.consumer, origins: ['https://fruitore.example.it'] }] })) })
}

/** A registry in which every version is called like this. */
export function withProperties (content: Readonly<Record<string, unknown>> & { readonly eservices: readonly { readonly descriptors: readonly object[] }[] }, asyncExchangeProperties: object | undefined): object {
  return { ...content, eservices: content.eservices.map((eservice) => ({ ...eservice, descriptors: eservice.descriptors.map((descriptor) => ({ ...descriptor, ...(asyncExchangeProperties && { asyncExchangeProperties }) })) })) }
}

/** A voucher of an asynchronous exchange as the platform issues it, but for the claims. */
export function exchangeVoucher (gateway: Harness, scope: AsyncScope, interactionId: string, claims: object = {}): string {
  return gateway.voucher({ claims: {
    scope, interactionId,
    ...(scope === 'start_interaction' && { urlCallback }),
    ...(scope === 'callback_invocation' && { sub: keychainId, client_id: keychainId }),
    ...claims
  } })
}

/** The request for a step of an exchange with its voucher; a new interaction unless told. */
export function stepRequest (gateway: Harness, scope: AsyncScope, interactionId: string = randomUUID(), claims: object = {}): readonly string[] {
  const { method, path } = steps[scope]
  return [`${method} ${basePath}${path} HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${exchangeVoucher(gateway, scope, interactionId, claims)}`]
}
