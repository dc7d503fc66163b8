import type { Named, RegistryFile } from '../adapters/registry-file.ts'
import { didYouMean } from '../closest-name.ts'
import { activeVersion } from '../../policies/registry.ts'
import type { Client, Purpose } from '../../policies/registry.ts'

/** A name that leads nowhere, as a sentence that says what there is instead. */
export interface Unresolved { readonly error: string }

/** Who asks for a voucher and for what, as a person says it: aliases, or ids. */
export interface VoucherNames {
  readonly eservice: string
  readonly consumer: string
  readonly purpose?: string | undefined
}

/** What a voucher is asked with. */
export interface VoucherIds { readonly clientId: string, readonly purposeId: string }

/** The item that an alias or an id names. */
export function named<Item extends Named & { readonly id: string }> (
  items: readonly Item[],
  name: string,
  noun: string
): Item | Unresolved {
  const found = items.find(({ id, alias }) => id === name || alias === name)
  if (found !== undefined) return found
  const aliases = items.map(({ alias }) => alias)
  const known = aliases.length > 0 ? ` Known: ${aliases.join(', ')}.` : ' There is none.'
  return { error: `no ${noun} is called "${name}".${didYouMean(name, aliases)}${known}` }
}

/**
 * The client and purpose behind an e-service's and a consumer's name. Without a purpose it is the consumer's first
 * Active one on that e-service, or else its first: the token endpoint then says why it is refused.
 */
export function resolveVoucherNames (file: RegistryFile, names: VoucherNames): VoucherIds | Unresolved {
  const eservice = named(file.eservices, names.eservice, 'e-service')
  if ('error' in eservice) return eservice
  const consumer = named(file.tenants, names.consumer, 'tenant')
  if ('error' in consumer) return consumer
  const purposes = file.purposes.filter((each) => each.eserviceId === eservice.id && each.consumerId === consumer.id)
  const purpose = choosePurpose(purposes, names.purpose)
  if (purpose === undefined) return { error: `${consumer.alias} has no purpose on ${eservice.alias}` }
  if ('error' in purpose) return purpose
  const client = chooseClient(file.clients, purpose)
  if (client === undefined) return { error: `no client of ${consumer.alias} is linked to the purpose ${purpose.id}` }
  return { clientId: client.id, purposeId: purpose.id }
}

function choosePurpose (purposes: readonly (Purpose & Named)[], name?: string): Purpose | Unresolved | undefined {
  if (name !== undefined) return named(purposes, name, 'purpose of this consumer on this e-service')
  return purposes.find(activeVersion) ?? purposes[0]
}

function chooseClient (clients: readonly Client[], { id }: Purpose): Client | undefined {
  return clients.find(({ purposes }) => purposes.includes(id))
}
