import { loadContract, methods } from '../../openapi/contract.ts'
import { queryOf } from '../../openapi/requests/query.ts'
import { failedLine } from '../../policies/check.ts'
import type { Line } from '../../policies/check.ts'
import type { Listener } from '../../policies/demands.ts'
import type { Denial } from '../../policies/denials.ts'
import { explainCall, kidOf } from '../../policies/explain.ts'
import type { ExplainedCall, Signers } from '../../policies/explained.ts'
import { headerValues } from '../../policies/header-values.ts'
import { PlatformClientKeys } from '../adapters/client-keys.ts'
import { openCertificates } from '../adapters/certificates.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import { prepareFind } from './find-operation.ts'
import type { FindOperation, FoundOperation } from './find-operation.ts'
import { describeEService } from '../live.ts'
import type { PlatformAccess } from '../platform-access.ts'
import { rawHeadersOf } from '../raw-request.ts'
import type { RawRequest } from '../raw-request.ts'
import { readRegistry } from '../registry-source.ts'
import type { RegistrySource } from '../registry-source.ts'
import { pathOf } from './saved-request.ts'
import { askBeforehand } from './signers-at-hand.ts'

/** Against what a saved request is explained: the e-services among which its operation is looked for, and the time (epoch ms). */
export interface SavedContext {
  readonly config: Config
  readonly eservices: readonly EServiceConfig[]
  readonly platform: PlatformAccess
  readonly now: number
}

/**
 * Every check that the gateway makes of a request, by the tables of admission. What only the running gateway knows (the connection, interactions,
 * nonces, what was used before, limits) is not checked.
 */
export async function explainSavedRequest (request: RawRequest, { config, eservices, platform, now }: SavedContext): Promise<{ readonly found: FoundOperation | undefined, readonly lines: readonly Line[] }> {
  const find = await prepareFind(await Promise.all(eservices.map(async (eservice) => describeEService(config, eservice, await loadContract(eservice.contract)))))
  const path = pathOf(request.target) ?? ''
  const found = await find(request.method, path)
  if (!found) return { found, lines: [failedLine({ check: 'operation', expected: 'an operation of a contract' }, await missing(find, path))] }
  const operation: Line = { check: 'operation', outcome: 'pass', expected: 'an operation of a contract', got: found.operation.isPublic ? `${found.operation.id}, which is public: nothing is demanded` : found.operation.id }
  if (found.operation.isPublic) return { found, lines: [operation] }
  const rawHeaders = rawHeadersOf(request)
  const call: ExplainedCall = {
    method: request.method, path, query: queryOf(request.target), authorization: headerValues(rawHeaders, 'authorization'), proofs: headerValues(rawHeaders, 'dpop'), rawHeaders, listener: listenerOf(config, headerValues(rawHeaders, 'host')), connection: undefined,
    demands: found.demands, operationId: found.operation.id, now, blockedSeconds: 0, body: request.body
  }
  const known = await readRegistry(config, platform)
  const key = await platform.keys.find(kidOf(call))
  const signers = await askBeforehand(call, await signersOf(config, known, platform, now), now)
  return { found, lines: [operation, ...explainCall(call, { terms: found.eservice.terms, registry: known.registry, key: key === 'unavailable' ? 'not known here' : key, now, signers })] }
}

/** On which listener a request came, by the host that it names. */
function listenerOf ({ listeners: { internal } }: Config, [host]: readonly string[]): Listener {
  return internal && host?.toLowerCase() === new URL(internal.url).host ? 'internal' : 'public'
}

async function missing (find: FindOperation, path: string): Promise<Denial> {
  for (const method of methods) {
    if (await find(method, path)) return { denial: 'method-not-allowed', check: 'operation', reason: 'another method' }
  }
  return { denial: 'route-not-found', check: 'operation', reason: 'none with this path' }
}

/** Where it is known who signs, as far as it can be asked now: the platform, and the certificates of the configuration. */
export async function signersOf ({ x509 }: Config, { clients, internalClients }: Pick<RegistrySource, 'clients' | 'internalClients'>, { api }: PlatformAccess, now: number): Promise<Signers> {
  const source = { now: () => now, warn: () => undefined }
  return { clientKeys: api ? new PlatformClientKeys({ api, ...source }) : { find: () => 'unavailable' }, certificates: await openCertificates(x509, clients, source), internalClients }
}
