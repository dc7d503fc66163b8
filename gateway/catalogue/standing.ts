import { activeVersion } from '../../policies/registry.ts'
import type { Descriptor, DescriptorState } from '../../policies/registry.ts'
import type { Deprecation } from '../deprecation.ts'
import type { LiveEService } from '../route.ts'
import { statusOf } from '../status.ts'
import type { Health } from './health.ts'
import type { LintVerdict } from '../verdicts.ts'
import type { CatalogueParts } from './parts.ts'

/** An administration as it is known on the platform; `identifier` is its code in the index of administrations (IPA). */
export interface Owner { readonly name: string | undefined, readonly identifier: string | undefined }

/** A version of an e-service on the platform that is served here; calls a day. */
export interface Version { readonly version: number, readonly state: DescriptorState, readonly perConsumer: number, readonly total: number, readonly voucherSeconds: number }

/** What is told of an e-service beside its contract. Of those who use it only how many they are: who they are, and what for, is between them and the producer. */
export interface Standing {
  readonly owner: Owner
  readonly versions: readonly Version[]
  readonly deprecation: Deprecation | undefined
  readonly purposes: number
  readonly consumers: number
  /** On what the producer's grant rests that holds for everybody. That of a grant for one administration can name it, and is between the two. */
  readonly legalBasis: string | undefined
  readonly verdicts: readonly LintVerdict[] | undefined
  readonly health: Health
}

/** An e-service with its standing, as pages tell of it. */
export interface Entry { readonly eservice: LiveEService, readonly standing: Standing }

/** How all stands now; `isReady` when calls can be admitted. */
export interface Stock { readonly entries: readonly Entry[], readonly isReady: boolean }

/** Reads how everything stands; `healthOf` tells how an e-service is. */
export async function takeStock (parts: CatalogueParts, healthOf: (eservice: LiveEService) => Promise<Health>): Promise<Stock> {
  const { eservices, registry, keys } = parts
  return {
    isReady: statusOf({ keys, registry }).status === 200,
    entries: await Promise.all(eservices.map(async (eservice) => ({ eservice, standing: standingOf(eservice, parts, await healthOf(eservice)) })))
  }
}

function standingOf ({ config, contract, terms: { grants } }: LiveEService, { registry: source, verdicts }: CatalogueParts, health: Health): Standing {
  const { registry } = source
  const { eserviceId, producer, descriptorIds, deprecation } = config
  const descriptors = registry.eservice(eserviceId)?.descriptors ?? []
  const active = source.purposes().filter((purpose) => purpose.eserviceId === eserviceId && activeVersion(purpose) && isAgreed(registry.agreement(eserviceId, purpose.consumerId), descriptorIds))
  return {
    owner: ownerOf(producer, source),
    versions: descriptorIds.flatMap((id) => descriptors.filter((descriptor) => descriptor.id === id).map(versionOf)).toSorted((a, b) => b.version - a.version),
    deprecation,
    purposes: active.length,
    consumers: new Set(active.map(({ consumerId }) => consumerId)).size,
    legalBasis: grants?.any?.legalBasis,
    verdicts: verdicts.of(contract),
    health
  }
}

/** The administration with an id on the platform. */
function ownerOf (id: string, { registry }: CatalogueParts['registry']): Owner {
  const tenant = registry.tenant(id)
  return { name: tenant?.name, identifier: tenant?.externalId.origin === 'IPA' ? tenant.externalId.value : undefined }
}

function isAgreed (agreement: { readonly state: string, readonly descriptorId: string } | undefined, descriptorIds: readonly string[]): boolean {
  return agreement?.state === 'Active' && descriptorIds.includes(agreement.descriptorId)
}

function versionOf ({ version, state, dailyCallsPerConsumer, dailyCallsTotal, voucherLifespan }: Descriptor): Version {
  return { version, state, perConsumer: dailyCallsPerConsumer, total: dailyCallsTotal, voucherSeconds: voucherLifespan }
}
