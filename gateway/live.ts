import { compileContracts } from '../openapi/compile.ts'
import type { Contract } from '../openapi/contract.ts'
import { compileContract } from '../openapi/validate.ts'
import type { OperationValidator } from '../openapi/validate.ts'
import { prepareAdmission } from '../policies/admission.ts'
import type { Ports, Terms } from '../policies/policy.ts'
import type { Config, EServiceConfig } from './config.ts'
import { demandsOf } from './demands.ts'
import { refuseUnmeetable } from './demand-means.ts'
import { openUpstream } from './forward.ts'
import { prepareRoute } from './route.ts'
import type { LiveEService, Route } from './route.ts'
import { viaOf } from './via.ts'

/** Puts every configured e-service live: contracts compiled, admission prepared, upstream pools opened. Throws naming every contract that cannot be served. */
export async function goLive (config: Config, ports: Ports): Promise<readonly LiveEService[]> {
  const contracts = await compileContracts(config.eservices.map((eservice) => eservice.contract))
  return config.eservices.map((eservice, index) => live(config, eservice, contracts[index] as Contract, ports))
}

function live (config: Config, eservice: EServiceConfig, contract: Contract, ports: Ports): LiveEService {
  const basePath = eservice.path ?? contract.basePath
  if (basePath === '') throw new Error(`e-service "${eservice.name}": the contract has no server with a path; set path in the configuration`)
  const terms = termsOf(config, eservice, basePath)
  const demands = demandsOf(contract)
  refuseUnmeetable(config, eservice, demands)
  return { config: eservice, contract, basePath, terms, demands, admission: prepareAdmission(ports, terms), upstream: openUpstream(eservice.upstream.url, eservice.upstream.timeoutMs, viaOf(config)) }
}

/** What admission holds the callers of an e-service to; `basePath` is where it is served, when that is known. */
export function termsOf (config: Config, eservice: EServiceConfig, basePath = eservice.path): Terms {
  return {
    publicUrl: config.publicUrl,
    issuer: config.pdnd.issuer,
    producerId: eservice.producer,
    eserviceId: eservice.eserviceId,
    descriptorIds: eservice.descriptorIds,
    audience: eservice.audience,
    signatureAudience: [...basePath === undefined ? [] : [config.publicUrl + basePath], ...eservice.integrity.audience],
    burst: eservice.burst,
    dpopNonces: eservice.dpopNonces
  }
}

/** The routes of a live e-service, one per operation of its contract. */
export function routesOf (eservice: LiveEService): readonly Route[] {
  const validators = compileContract(eservice.contract)
  return eservice.contract.operations.map((operation) => prepareRoute(eservice, operation, validators.get(operation.id) as OperationValidator))
}
