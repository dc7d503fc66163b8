import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { JsonObject } from '../../openapi/document.ts'

/** Ids of the platform that the tests play: one producer with one e-service, one consumer with one client and one purpose. */
export const ids = {
  producer: '10000000-0000-4000-8000-000000000001',
  consumer: '10000000-0000-4000-8000-000000000002',
  eservice: '10000000-0000-4000-8000-000000000003',
  descriptor: '10000000-0000-4000-8000-000000000004',
  agreement: '10000000-0000-4000-8000-000000000005',
  purpose: '10000000-0000-4000-8000-000000000006',
  purposeVersion: '10000000-0000-4000-8000-000000000007',
  client: '10000000-0000-4000-8000-000000000008'
} as const

export const issuer = 'platform.test'
export const audience = 'https://api.ente.example.it/rest/archive/v1'
export const basePath = '/rest/archive/v1'
export const upstreamSecret = 'a-secret-that-only-the-tests-know'

/** The platform's signing key, made once per process. */
export const platformKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const kid = 'platform-key-1'

/** The JWKS that the platform publishes; a test may serve another one. */
export function jwksOf (keys: readonly { readonly kid: string, readonly key: KeyObject }[] = [{ kid, key: platformKey.publicKey }]): { keys: object[] } {
  return { keys: keys.map((one) => ({ ...one.key.export({ format: 'jwk' }), kid: one.kid, use: 'sig', alg: 'RS256' })) }
}

/** What a test changes about a voucher; a member set to undefined is left out. */
export interface VoucherOptions {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
}

/** A voucher as the platform issues it at `now` (epoch ms), valid for ten minutes, signed with RS256. */
export function mintVoucher (now: number, { claims, header, key = platformKey.privateKey }: VoucherOptions = {}): string {
  const iat = Math.floor(now / 1000)
  const signed = [{ typ: 'at+jwt', alg: 'RS256', kid, ...header }, {
    iss: issuer, aud: audience, sub: ids.client, client_id: ids.client, jti: randomUUID(), iat, nbf: iat, exp: iat + 600, purposeId: ids.purpose,
    producerId: ids.producer, consumerId: ids.consumer, eserviceId: ids.eservice, descriptorId: ids.descriptor, ...claims
  }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`
}

/** The registry file's content (JSON is YAML): everything active, limits out of the way. */
export function registryContent () {
  return {
    tenants: [
      { id: ids.producer, alias: 'ente', name: 'Ente erogatore', externalId: { origin: 'IPA', value: 'ente' } },
      { id: ids.consumer, alias: 'fruitore', name: 'Ente fruitore', externalId: { origin: 'IPA', value: 'fruitore' } }
    ],
    eservices: [{
      id: ids.eservice, alias: 'archive', name: 'Archivio', producerId: ids.producer,
      descriptors: [{ id: ids.descriptor, version: 1, state: 'Published', audience: [audience], voucherLifespan: 600, dailyCallsPerConsumer: 1_000_000, dailyCallsTotal: 1_000_000 }]
    }],
    agreements: [{ id: ids.agreement, eserviceId: ids.eservice, descriptorId: ids.descriptor, consumerId: ids.consumer, state: 'Active' }],
    purposes: [{
      id: ids.purpose, alias: 'consultazione', title: 'Consultazione', eserviceId: ids.eservice, consumerId: ids.consumer,
      versions: [{ id: ids.purposeVersion, state: 'Active', dailyCalls: 1_000_000 }]
    }],
    clients: [{ id: ids.client, alias: 'client', name: 'Client', consumerId: ids.consumer, kind: 'Consumer', purposes: [ids.purpose] }]
  }
}

export type RegistryContent = ReturnType<typeof registryContent>

const text = { type: 'string', maxLength: 500 }
const path = (...names: string[]) => names.map((name) => ({ name, in: 'path', required: true, schema: text }))
const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const anything = { type: 'object' }
const bytes = { content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } }
const answer = (content: object) => ({ 200: { description: 'Fatto', ...content } })

/** The contract of the test e-service: every kind of operation that a gateway can get wrong. */
export const archiveContract = {
  openapi: '3.0.3',
  info: { title: 'Archivio', version: '1.0.0' },
  servers: [{ url: `https://api.ente.example.it${basePath}` }],
  paths: {
    '/items': {
      get: {
        operationId: 'listItems',
        parameters: [
          { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } },
          { name: 'q', in: 'query', schema: text },
          { name: 'tag', in: 'query', explode: true, schema: { type: 'array', maxItems: 20, items: text } },
          { name: 'ids', in: 'query', explode: false, schema: { type: 'array', maxItems: 20, items: text } },
          { name: '__proto__', in: 'query', schema: text },
          { name: 'constructor', in: 'query', schema: text },
          { name: 'X-Trace-Note', in: 'header', schema: text }
        ],
        responses: answer({ ...json(anything), headers: { 'X-Total': { schema: { type: 'integer' } } } })
      },
      post: {
        operationId: 'createItem',
        requestBody: { required: true, ...json({ type: 'object', additionalProperties: false, required: ['name'], properties: { name: text, notes: { type: 'string', maxLength: 2_000_000 } } }) },
        responses: { 201: { description: 'Creato', ...json(anything) } }
      }
    },
    '/items/{id}': {
      parameters: path('id'),
      get: { operationId: 'getItem', responses: answer(json(anything)) },
      delete: { operationId: 'deleteItem', responses: { 204: { description: 'Tolto' } } }
    },
    '/items/{id}/parts/{toString}': { parameters: path('id', 'toString'), get: { operationId: 'getPart', responses: answer(json(anything)) } },
    '/blobs/{id}': {
      parameters: path('id'),
      get: { operationId: 'getBlob', responses: answer(bytes) },
      put: { operationId: 'putBlob', requestBody: { required: true, ...bytes }, responses: answer(json(anything)) }
    },
    '/open': { get: { operationId: 'getOpen', security: [], responses: answer(json(anything)) } }
  }
} as unknown as JsonObject
