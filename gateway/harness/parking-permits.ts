/** What a developer writes to add a fifth e-service to the repository, by path; and what an operator writes to put it live. Used by tests only. */

/** Ids of the e-service on the platform. */
export const ids = {
  producer: '20000000-0000-4000-8000-000000000001',
  consumer: '20000000-0000-4000-8000-000000000002',
  eservice: '20000000-0000-4000-8000-000000000003',
  descriptor: '20000000-0000-4000-8000-000000000004',
  purpose: '20000000-0000-4000-8000-000000000006'
} as const

const contract = `openapi: 3.0.3
info:
  title: Permessi di sosta
  version: 1.0.0
  x-summary: Permessi di sosta rilasciati dal Comune
  x-api-id: 5b8d1c70-4a3e-4f52-9c06-8e7d2f1a9b44
  description: Dice se un permesso di sosta è valido.
  termsOfService: https://varco.example.it/note-legali
  contact: { name: Gestore dell'e-service, url: 'https://varco.example.it/assistenza', email: assistenza@varco.example.it }
  license: { name: EUPL-1.2, url: 'https://joinup.ec.europa.eu/collection/eupl/eupl-text-eupl-12' }
servers:
  - { url: 'https://varco.example.it/rest/parking-permits/v1', description: Esercizio }
security:
  - voucher: []
tags:
  - { name: permessi, description: Permessi di sosta. }
  - { name: esercizio, description: Stato di esercizio dell'e-service. }
paths:
  /status:
    get:
      operationId: readStatus
      tags: [esercizio]
      summary: Stato di esercizio dell'e-service
      description: Dice se l'e-service è in grado di rispondere.
      security: []
      responses:
        '200': { $ref: './components.yaml#/components/responses/Status' }
        '429': { $ref: './components.yaml#/components/responses/TooManyRequests' }
        '500': { $ref: './components.yaml#/components/responses/InternalError' }
        '503': { $ref: './components.yaml#/components/responses/ServiceUnavailable' }
  /permits/{code}:
    get:
      operationId: readPermit
      tags: [permessi]
      summary: Un permesso
      description: Il permesso con il codice indicato.
      parameters:
        - name: code
          in: path
          description: Codice del permesso.
          required: true
          schema: { $ref: '#/components/schemas/Code' }
          example: AB123
      responses:
        '200':
          description: Il permesso.
          headers:
            X-RateLimit-Limit: { $ref: './components.yaml#/components/headers/X-RateLimit-Limit' }
            X-RateLimit-Remaining: { $ref: './components.yaml#/components/headers/X-RateLimit-Remaining' }
            X-RateLimit-Reset: { $ref: './components.yaml#/components/headers/X-RateLimit-Reset' }
            Cache-Control: { $ref: './components.yaml#/components/headers/Cache-Control' }
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Permit' }
        '400': { $ref: './components.yaml#/components/responses/BadRequest' }
        '401': { $ref: './components.yaml#/components/responses/Unauthorized' }
        '403': { $ref: './components.yaml#/components/responses/Forbidden' }
        '404': { $ref: './components.yaml#/components/responses/NotFound' }
        '406': { $ref: './components.yaml#/components/responses/NotAcceptable' }
        '429': { $ref: './components.yaml#/components/responses/TooManyRequests' }
        '500': { $ref: './components.yaml#/components/responses/InternalError' }
        '502': { $ref: './components.yaml#/components/responses/BadGateway' }
        '503': { $ref: './components.yaml#/components/responses/ServiceUnavailable' }
        '504': { $ref: './components.yaml#/components/responses/GatewayTimeout' }
components:
  securitySchemes:
    voucher: { $ref: './components.yaml#/components/securitySchemes/voucher' }
  schemas:
    Code:
      type: string
      description: Codice del permesso.
      minLength: 5
      maxLength: 5
      pattern: '^[A-Z]{2}\\d{3}$'
      example: AB123
    Permit:
      type: object
      additionalProperties: false
      required: [code, valid]
      properties:
        code: { $ref: '#/components/schemas/Code' }
        valid: { type: boolean, description: Se il permesso è valido oggi. }
      example: { code: AB123, valid: true }
`

const module = `import { defineEService, ProblemError } from '../eservice.ts'

const valid = new Set(['AB123'])

/** Parking permits. */
export const parkingPermits = defineEService({
  name: 'parking-permits',
  contract: new URL('../../openapi/parking-permits.v1.yaml', import.meta.url),
  operations: () => ({
    readStatus: () => ({ body: { type: 'about:blank', title: 'OK', status: 200, detail: 'Il servizio è operativo.' } }),
    readPermit: ({ parameters: { code } }) => {
      if (!valid.has(String(code))) throw new ProblemError({ status: 404, code: 'no-such-permit', title: 'Not Found', detail: 'Il permesso non esiste.' })
      return { body: { code, valid: true } }
    }
  })
})
`

const test = `import t from 'tap'
import { startHarness } from '../harness.ts'
import { parkingPermits } from './parking-permits.ts'

t.test('a permit that exists is valid, another is not found', async (t) => {
  const eservice = await startHarness(parkingPermits, '/rest/parking-permits/v1')
  t.teardown(async () => eservice.close())
  t.match(await eservice.call({ operationId: 'readPermit', path: '/permits/AB123' }), { status: 200, body: { code: 'AB123', valid: true } })
  t.match(await eservice.call({ operationId: 'readPermit', path: '/permits/ZZ999' }), { status: 404, body: { code: 'no-such-permit' } })
})
`

const list = 'eservices/list.ts'
export const modulePath = 'eservices/parking-permits/parking-permits.ts'
export const contractPath = 'openapi/parking-permits.v1.yaml'
export const testPath = 'eservices/parking-permits/parking-permits.test.ts'

/** The new files, by path. */
export const files: Readonly<Record<string, string>> = { [contractPath]: contract, [modulePath]: module, [testPath]: test }

/** The one file that is changed: its path, and how. */
export const changed = {
  path: list,
  change: (source: string): string => source
    .replace("import { serviceUsage }", "import { parkingPermits } from './parking-permits/parking-permits.ts'\nimport { serviceUsage }")
    .replace(/^(export const eservices.*)\]$/m, '$1, parkingPermits]')
}

/** The registry of its platform: one consumer with one purpose on it. */
export const registry = `tenants:
  - { id: ${ids.producer}, alias: comune, name: Comune, externalId: { origin: IPA, value: c_1 } }
  - { id: ${ids.consumer}, alias: polizia-locale, name: Polizia locale, externalId: { origin: IPA, value: c_2 } }
eservices:
  - id: ${ids.eservice}
    alias: parking-permits
    name: Permessi di sosta
    producerId: ${ids.producer}
    descriptors:
      - { id: ${ids.descriptor}, version: 1, state: Published, audience: [https://api.comune.example.it/rest/parking-permits/v1], voucherLifespan: 600, dailyCallsPerConsumer: 100, dailyCallsTotal: 100 }
agreements:
  - { id: 20000000-0000-4000-8000-000000000005, eserviceId: ${ids.eservice}, descriptorId: ${ids.descriptor}, consumerId: ${ids.consumer}, state: Active }
purposes:
  - id: ${ids.purpose}
    alias: controlli
    title: Controlli su strada
    eserviceId: ${ids.eservice}
    consumerId: ${ids.consumer}
    versions: [{ id: 20000000-0000-4000-8000-000000000007, state: Active, dailyCalls: 100 }]
clients:
  - { id: 20000000-0000-4000-8000-000000000008, alias: polizia-locale, name: Polizia locale, consumerId: ${ids.consumer}, kind: Consumer, purposes: [${ids.purpose}] }
`

/** The configuration of its gateway, beside the registry; `contract` is the path of the contract. */
export function configuration (contract: string): string {
  return `pdnd: { environment: sandbox }
publicUrl: http://127.0.0.1:\${GATEWAY_PORT}
registry: registry.yaml
producer: ${ids.producer}
eservices:
  parking-permits:
    contract: ${contract}
    upstream: { url: 'http://127.0.0.1:\${ESERVICES_PORT}', secret: '\${VARCO_CALL_SECRET}' }
    eserviceId: ${ids.eservice}
    descriptorIds: [${ids.descriptor}]
    audience: [https://api.comune.example.it/rest/parking-permits/v1]
`
}
