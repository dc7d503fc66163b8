import { readRegistryFile } from '../adapters/registry-file.ts'
import type { Config } from '../config.ts'
import type { PurposeStanding, TraceTerms } from './trace-rules.ts'
import { tracingIn } from './tracing-config.ts'

/** What the registry file of a configuration says of purposes; undefined where that is the platform, which alone can say it. Throws CheckedFileError when the file is broken. */
export async function standingOf (config: Config): Promise<TraceTerms['standingOf']> {
  if (config.registry === 'platform' || config.tracing === undefined) return undefined
  const { tenant } = tracingIn(config)
  const { purposes, eservices, delegations = [] } = await readRegistryFile(config.registry, config.environment)
  const producers = new Map(eservices.map(({ id, producerId }) => [id, producerId]))
  const delegated = new Set(delegations.flatMap(({ delegateId, eserviceId, state }) => delegateId === tenant && state === 'Active' ? [eserviceId] : []))
  const known = new Map(purposes.map(({ id, eserviceId, consumerId }): [string, PurposeStanding] => [id, consumerId === tenant || producers.get(eserviceId) === tenant || delegated.has(eserviceId) ? 'own' : 'foreign']))
  return (id) => known.get(id.toLowerCase()) ?? 'unknown'
}
