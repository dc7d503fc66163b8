import type { JWTPayload } from 'jose'
import type { KeyObject } from 'node:crypto'
import type { AsyncExchangeProperties, Registry } from '../../policies/registry.ts'
import { checkSignature } from './assertion-signature.ts'
import type { AsyncClaims } from './async-claims.ts'
import { interactionEpsilon, mayFollow } from './async-interactions.ts'
import type { AsyncInteraction, AsyncInteractions } from './async-interactions.ts'
import type { DepositedKeys } from './deposited-keys.ts'
import { refusal } from './error-codes.ts'
import type { Refusal } from './error-codes.ts'
import { checkState, findEntitlement, findKey } from './platform-state.ts'
import type { Entitlement } from './platform-state.ts'
import { keychainId } from './producer-keychain.ts'
import type { Grant } from './token-decision.ts'
import { voucherClaims } from './voucher.ts'

/** What the platform looks into to grant a voucher of an interaction; `now` in epoch ms. */
export interface GrantContext {
  readonly registry: Registry
  readonly deposits: DepositedKeys
  readonly interactions: AsyncInteractions
  readonly now: () => number
  readonly randomUUID: () => string
}

/** A request whose claims are those that its scope needs; its signature is still to be checked. */
export interface AsyncRequest { readonly assertion: string, readonly kid: string, readonly claims: AsyncClaims }

/** A request that is granted unless it comes too late, and what the interaction is once its voucher was issued at `iat` (epoch seconds). */
export interface AsyncGrant extends Grant {
  readonly findLateness: (now: number) => Refusal | undefined
  readonly next: (iat: number) => AsyncInteraction
}

/** What the scopes after the start have in common: the purpose and agreement as they are now, and with the version that the interaction is pinned to. */
interface Pinned { readonly current: Entitlement, readonly entitlement: Entitlement, readonly properties: AsyncExchangeProperties }

/** Makes the platform's checks for the scope of a request, in its order. */
export async function grantInteraction (request: AsyncRequest, context: GrantContext): Promise<AsyncGrant | Refusal> {
  if (request.claims.scope === 'start_interaction') return grantStart(request, context)
  const interaction = findInteraction(request.claims, context)
  if ('failures' in interaction) return interaction
  return request.claims.scope === 'callback_invocation' ? grantCallback(request, interaction, context) : grantResource(request, interaction, context)
}

async function grantStart ({ assertion, kid, claims }: AsyncRequest, context: GrantContext): Promise<AsyncGrant | Refusal> {
  const { sub: clientId, purposeId = '', scope } = claims
  const found = findKey(context.registry, context.deposits, { clientId, kid, purposeId })
  if ('failures' in found) return found
  const entitlement = findEntitlement(context.registry, purposeId)
  if ('failures' in entitlement) return entitlement
  const { eservice, descriptor, purpose: { consumerId } } = entitlement
  const properties = descriptor.asyncExchangeProperties
  if (!properties) return refusal('0017')
  const refused = await checkSigned(assertion, found.key.publicKey, entitlement, context)
  if (refused) return refused
  const id = context.randomUUID()
  return {
    tenantId: consumerId,
    claimsOf: (seed) => ({ ...voucherClaims(entitlement, seed), interactionId: id, scope, urlCallback: claims.urlCallback }),
    findLateness: () => undefined,
    next: (iat) => ({
      id, clientId, purposeId, consumerId, eserviceId: eservice.id, descriptorId: descriptor.id, state: scope, startedAt: iat,
      expiresAt: iat + properties.responseTime + properties.resourceAvailableTime + interactionEpsilon
    })
  }
}

async function grantCallback ({ assertion, kid, claims }: AsyncRequest, interaction: AsyncInteraction, context: GrantContext): Promise<AsyncGrant | Refusal> {
  const { sub: keychain, scope, entityNumber } = claims
  const eservice = context.registry.eservice(interaction.eserviceId)
  const key = context.deposits.heldBy({ kind: 'keychain', id: keychain }).find((each) => each.kid === kid)
  if (!key || !eservice || keychain !== keychainId(eservice.producerId)) return refusal('0020', [], `no keychain ${keychain} with the key ${kid} is bound to the e-service`)
  const pinned = pin(interaction, context)
  if ('failures' in pinned) return pinned
  const { current, entitlement, properties: { maxResultSet, responseTime } } = pinned
  const refused = await checkSigned(assertion, key.publicKey, current, context)
  if (refused) return refused
  if ((entityNumber ?? 0) > maxResultSet) return refusal('0023', [], `there are ${entityNumber}, and ${maxResultSet} at most`)
  return {
    tenantId: eservice.producerId,
    claimsOf: (seed) => withInteraction(voucherClaims(entitlement, seed), claims),
    findLateness: (now) => findLate('0022', interaction.startedAt, responseTime, now),
    next: (iat) => ({ ...interaction, state: scope, calledBackAt: iat })
  }
}

/** `get_resource` and `confirmation`, both by the client that started. */
async function grantResource ({ assertion, kid, claims }: AsyncRequest, interaction: AsyncInteraction, context: GrantContext): Promise<AsyncGrant | Refusal> {
  const { sub: clientId, scope } = claims
  if (interaction.clientId !== clientId) return refusal('0029')
  const found = findKey(context.registry, context.deposits, { clientId, kid, purposeId: interaction.purposeId })
  if ('failures' in found) return found
  const pinned = pin(interaction, context)
  if ('failures' in pinned) return pinned
  const { current, entitlement, properties: { confirmation, resourceAvailableTime } } = pinned
  if (scope === 'confirmation' && !confirmation) return refusal('0028')
  const refused = await checkSigned(assertion, found.key.publicKey, current, context)
  if (refused) return refused
  return {
    tenantId: interaction.consumerId,
    claimsOf: (seed) => withInteraction(voucherClaims(entitlement, seed), claims),
    findLateness: (now) => findLate('0027', interaction.calledBackAt ?? interaction.startedAt, resourceAvailableTime, now),
    next: () => ({ ...interaction, state: scope })
  }
}

function findInteraction ({ interactionId = '', scope }: AsyncClaims, { interactions }: GrantContext): AsyncInteraction | Refusal {
  const interaction = interactions.find(interactionId)
  if (!interaction) return refusal('0018', [], `there is no interaction ${interactionId}`)
  return mayFollow(interaction.state, scope) ? interaction : refusal('0019', [], `${scope} does not follow ${interaction.state}`)
}

function pin (interaction: AsyncInteraction, { registry }: GrantContext): Pinned | Refusal {
  const descriptor = registry.eservice(interaction.eserviceId)?.descriptors.find(({ id }) => id === interaction.descriptorId)
  if (!descriptor) return refusal('0021')
  const current = findEntitlement(registry, interaction.purposeId)
  if ('failures' in current) return refusal('0024', [], current.detail)
  const properties = descriptor.asyncExchangeProperties
  return properties ? { current, entitlement: { ...current, descriptor }, properties } : refusal('0025')
}

async function checkSigned (assertion: string, key: KeyObject, entitlement: Entitlement, { now }: GrantContext): Promise<Refusal | undefined> {
  const wrong = await checkSignature(assertion, key, now())
  if (wrong) return refusal('0003', [wrong])
  const inactive = checkState(entitlement)
  return inactive.length > 0 ? refusal('0008', inactive) : undefined
}

function findLate (code: '0022' | '0027', since: number, seconds: number, now: number): Refusal | undefined {
  const elapsed = now / 1000 - since
  return elapsed >= seconds ? refusal(code, [], `it is ${Math.floor(elapsed)} s later, and ${seconds} s are promised`) : undefined
}

function withInteraction<Claims extends JWTPayload> (claims: Claims, { interactionId, scope }: AsyncClaims) {
  return { ...claims, interactionId, scope }
}
