import type { Contract } from '../openapi/contract.ts'
import type { OperationValidator } from '../openapi/requests/validate.ts'
import { prepareAdmission } from '../policies/admission.ts'
import type { Grants } from '../policies/grants.ts'
import type { Ports, Terms } from '../policies/policy.ts'
import { grantsOf } from './adapters/grants-file.ts'
import type { Config } from './config.ts'
import { openContracts, validatorsOf } from './contracts.ts'
import type { EServiceConfig } from './eservice-config.ts'
import { demandsOf } from './demands.ts'
import { refuseUnmeetable } from './demand-means.ts'
import { deprecationsOf } from './deprecation.ts'
import { openUpstream } from './forward.ts'
import { refuseWrongClasses } from './operation-classes.ts'
import { prepareRoute } from './route.ts'
import type { DescribedEService, LiveEService, Route } from './route.ts'
import { viaOf } from './via.ts'

/** Puts every configured e-service live: contracts compiled, admission prepared, upstream pools opened. `before` is what was live, of whose contracts those are taken over that have not changed, and whose calls in flight count. Throws naming every contract that cannot be served. */
export async function goLive (config: Config, ports: Ports, before: readonly LiveEService[]): Promise<readonly LiveEService[]> {
  const contracts = await openContracts(config, before)
  const eservices = await Promise.all(config.eservices.map(async (eservice) => live(config, eservice, contracts.get(eservice.contract) as Contract, ports, before)))
  refuseSamePaths(eservices)
  return eservices
}

/** Throws a sentence when two e-services, or two versions of one, would be served at the same paths. */
export function refuseSamePaths (eservices: readonly DescribedEService[]): void {
  for (const [index, { basePath, config: { name } }] of eservices.entries()) {
    const other = eservices.slice(0, index).find((one) => one.basePath === basePath)
    if (other) throw new Error(`e-service "${name}": is served at ${basePath}, where "${other.config.name}" is served already; give one of them another path`)
  }
}

async function live (config: Config, eservice: EServiceConfig, contract: Contract, ports: Ports, before: readonly LiveEService[]): Promise<LiveEService> {
  const described = await describeEService(config, eservice, contract)
  refuseUnmeetable(config, eservice, described.demands)
  refuseWrongClasses(eservice, contract)
  const { name, upstream: { url, timeoutMs }, concurrency } = eservice
  const same = before.find((one) => one.config.name === name && one.upstream.origin === url)
  return { ...described, admission: prepareAdmission(ports, described.terms), upstream: openUpstream(url, { timeoutMs, via: viaOf(config), concurrency }, same?.upstream) }
}

/** What configuration, contract and grants say of an e-service, before anything of it runs. Throws a sentence when they leave out or contradict something. */
export async function describeEService (config: Config, eservice: EServiceConfig, contract: Contract): Promise<DescribedEService> {
  const basePath = eservice.path ?? contract.basePath
  if (basePath === '') throw new Error(`e-service "${eservice.name}": the contract has no server with a path; set path in the configuration`)
  return { config: eservice, contract, basePath, terms: termsOf(config, eservice, { basePath, grants: await grantsOf(eservice, contract) }), demands: demandsOf(contract), deprecations: deprecationsOf(contract, eservice.deprecation) }
}

/** What admission holds the callers of an e-service to; `basePath` is where it is served, when that is known. */
export function termsOf (config: Config, eservice: EServiceConfig, { basePath = eservice.path, grants }: { readonly basePath?: string | undefined, readonly grants: Grants | undefined }): Terms {
  return {
    publicUrl: config.publicUrl,
    internal: config.listeners.internal && { url: config.listeners.internal.url, eservice: basePath === undefined ? undefined : config.listeners.internal.url + basePath },
    issuer: config.pdnd.issuer,
    producerId: eservice.producer,
    eserviceId: eservice.eserviceId,
    descriptorIds: eservice.descriptorIds,
    audience: eservice.audience,
    signatureAudience: [...basePath === undefined ? [] : [config.publicUrl + basePath], ...eservice.integrity.audience],
    evidenceAudience: eservice.audit.audience,
    burst: eservice.burst,
    classes: eservice.classes,
    quotaMode: eservice.quota.mode,
    dpopNonces: eservice.dpopNonces,
    replyTo: eservice.replyTo,
    grants
  }
}

/** The routes of a live e-service, one per operation of its contract. */
export function routesOf (eservice: LiveEService): readonly Route[] {
  const validators = validatorsOf(eservice.contract)
  return eservice.contract.operations.map((operation) => prepareRoute(eservice, operation, validators.get(operation.id) as OperationValidator))
}
