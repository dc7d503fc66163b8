import { activeVersion, usableDescriptorStates } from '../../policies/registry.ts'
import type { Agreement, Client, Descriptor, EService, Purpose, Registry } from '../../policies/registry.ts'
import type { DepositedKey, DepositedKeys } from './deposited-keys.ts'
import { failure, refusal } from './error-codes.ts'
import type { Failure, Refusal } from './error-codes.ts'

/** What a voucher is made of: a purpose, its agreement and the descriptor that the agreement is for. */
export interface Entitlement {
  readonly purpose: Purpose
  readonly eservice: EService
  readonly agreement: Agreement
  readonly descriptor: Descriptor
}

/** The client and the key of its that an assertion names. */
export interface ClientKey { readonly client: Client, readonly key: DepositedKey }

interface KeyNames { readonly clientId: string, readonly kid: string, readonly purposeId?: string | undefined }

/** The client, key and linked purpose that an assertion names, or why the platform knows no such combination. */
export function findKey (registry: Registry, deposits: DepositedKeys, names: KeyNames): ClientKey | Refusal {
  const { clientId, kid, purposeId } = names
  const client = registry.client(clientId)
  if (client === undefined) return refusal('0006', [], `no client has the id ${clientId}`)
  const held = deposits.heldBy({ kind: 'client', id: clientId })
  const key = held.find((each) => each.kid === kid)
  if (key === undefined) {
    const known = held.length > 0 ? `it has ${held.map((each) => each.kid).join(', ')}` : 'it has none'
    return refusal('0006', [], `the client has no key with the kid ${kid}; ${known}`)
  }
  if (purposeId !== undefined && (client.kind === 'Api' || !client.purposes.includes(purposeId))) {
    return refusal('0006', [], `the purpose ${purposeId} is not linked to the client`)
  }
  return { client, key }
}

/** The agreement and descriptor behind a purpose, or the refusal that the platform gives when they are not there. */
export function findEntitlement (registry: Registry, purposeId: string): Entitlement | Refusal {
  const purpose = registry.purpose(purposeId)
  const eservice = purpose && registry.eservice(purpose.eserviceId)
  const agreement = purpose && registry.agreement(purpose.eserviceId, purpose.consumerId)
  const descriptor = eservice?.descriptors.find(({ id }) => id === agreement?.descriptorId)
  if (purpose && eservice && agreement && descriptor) return { purpose, eservice, agreement, descriptor }
  return refusal('0007', [], `the purpose ${purposeId} has no agreement on its e-service`)
}

/** Why a purpose gets no vouchers at `/token.oauth2`: a version that is called by asynchronous exchange has an endpoint of its own. */
export function checkExchange ({ descriptor }: Entitlement): Failure[] {
  return descriptor.asyncExchangeProperties ? [failure('0039')] : []
}

/** Every part of the entitlement for which the platform issues no new vouchers, each on its own. */
export function checkState ({ purpose, agreement, descriptor }: Entitlement): Failure[] {
  const states = purpose.versions.map(({ state }) => state).join(', ')
  return [
    ...agreement.state === 'Active' ? [] : [failure('0021', `its state is ${agreement.state}`)],
    ...usableDescriptorStates.has(descriptor.state) ? [] : [failure('0022', `its state is ${descriptor.state}`)],
    ...activeVersion(purpose) ? [] : [failure('0020', `the states of its versions: ${states}`)]
  ]
}
