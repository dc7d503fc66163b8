import { agreementStates, delegationKinds, delegationStates, descriptorStates, purposeVersionStates } from '../../policies/registry.ts'
import { environmentNames } from '../pdnd-environments.ts'

const id = { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' }
const alias = { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 64 }
const name = { type: 'string', minLength: 1, maxLength: 200 }
const dailyCalls = { type: 'integer', minimum: 1, maximum: 1_000_000_000 }

/** A closed object: every property is required unless it is named in `optional`. */
function closed (properties: Record<string, object>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((key) => !optional.includes(key))
  return { type: 'object', additionalProperties: false, required, properties }
}

const list = (items: object, minItems = 0): object => ({ type: 'array', minItems, items })

const asyncSeconds = { type: 'integer', minimum: 1, maximum: 999_999 }

const asyncExchangeProperties = closed({
  responseTime: asyncSeconds,
  resourceAvailableTime: asyncSeconds,
  confirmation: { type: 'boolean' },
  bulk: { type: 'boolean' },
  maxResultSet: { type: 'integer', minimum: 1, maximum: 99_999 }
}, ['bulk'])

const certificateNames = {
  thumbprint: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$', description: 'SHA-256 of the certificate in base64url' },
  subject: {
    type: 'string',
    maxLength: 1000,
    pattern: '^(?!subject *=)(?!.*=#)[A-Za-z0-9.-]+=',
    description: 'what "openssl x509 -noout -subject -nameopt RFC2253" prints behind "subject="; a certificate of which it prints a value in hexadecimal (#...) is named by its thumbprint'
  }
}

const fileName = { type: 'string', minLength: 1 }

/** Certificates (policies/certificate-name.ts), each named in one way. */
const certificates = (ways: object): object => list({ type: 'object', additionalProperties: false, minProperties: 1, maxProperties: 1, properties: ways }, 1)

const descriptor = closed({
  id,
  version: { type: 'integer', minimum: 1 },
  state: { enum: descriptorStates },
  audience: list({ type: 'string', minLength: 1, maxLength: 250 }, 1),
  voucherLifespan: { type: 'integer', minimum: 60, maximum: 86_400 },
  dailyCallsPerConsumer: dailyCalls,
  dailyCallsTotal: dailyCalls,
  attributes: closed({ certified: list(list(closed({ id, dailyCallsPerConsumer: dailyCalls }, ['dailyCallsPerConsumer']), 1)) }),
  asyncExchangeProperties
}, ['attributes', 'asyncExchangeProperties'])

const nouns = {
  environment: { enum: environmentNames },
  tenants: list(closed({ id, alias, name, externalId: closed({ origin: name, value: name }), certificates: certificates(certificateNames), attributes: list(id) }, ['certificates', 'attributes']), 1),
  eservices: list(closed({ id, alias, name, producerId: id, descriptors: list(descriptor, 1) })),
  agreements: list(closed({ id, eserviceId: id, descriptorId: id, consumerId: id, state: { enum: agreementStates } })),
  purposes: list(closed({
    id,
    alias,
    title: name,
    eserviceId: id,
    consumerId: id,
    delegationId: id,
    versions: list(closed({ id, state: { enum: purposeVersionStates }, dailyCalls }), 1)
  }, ['delegationId'])),
  clients: list(closed({
    id,
    alias,
    name,
    consumerId: id,
    kind: { enum: ['Consumer', 'Api'] },
    purposes: list(id),
    knownAs: list(name, 1),
    certificates: certificates({ ...certificateNames, file: fileName })
  }, ['knownAs', 'certificates'])),
  internalClients: list(closed({
    id, alias, name, consumerId: id, purposes: list(id),
    keys: list(closed({ file: fileName }), 1),
    certificates: certificates({ thumbprint: certificateNames.thumbprint, file: fileName })
  }, ['keys', 'certificates'])),
  delegations: list(closed({ id, kind: { enum: delegationKinds }, delegatorId: id, delegateId: id, eserviceId: id, state: { enum: delegationStates } }))
}

/** The JSON Schema of a registry file: the platform's nouns, closed, with an alias for all that a person types, and the environment of PDND that it is of. */
export const registryFileSchema = closed(nouns, ['environment', 'internalClients', 'delegations'])

const { environment, tenants, agreements, purposes, clients, internalClients } = nouns

/** The same of one that stands beside the platform: it has what the platform may not know, and of that as much as it likes. */
export const localRegistrySchema = closed({ environment, tenants, agreements, purposes, clients, internalClients }, ['environment', 'tenants', 'agreements', 'purposes', 'clients', 'internalClients'])
