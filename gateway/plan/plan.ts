import type { EServiceConfig } from '../eservice-config.ts'
import { relocated } from '../described-config.ts'
import type { DescribedConfig } from '../described-config.ts'
import { planContract } from './plan-contract.ts'
import { planGrants } from './plan-grants.ts'
import { planKinds } from './plan-line.ts'
import type { PlanLine } from './plan-line.ts'
import { planCommonLimits, planLimits } from './plan-limits.ts'
import { planRegistry, prepareNames } from './plan-registry.ts'
import { planCommonSettings, planSettings } from './plan-settings.ts'
import { restartOf } from '../restart-settings.ts'
import type { DescribedEService } from '../route.ts'

/** What putting one configuration live in the place of another would change, the worst first: for callers, and of what is protected. Says nothing where both mean the same, wherever their files are. */
export function planOf (before: DescribedConfig, after: DescribedConfig): readonly PlanLine[] {
  const earlier = relocated(before, after)
  const lines = [
    ...restartOf(earlier.config, after.config).map((setting): PlanLine => ({ kind: 'restart', sentence: `${setting} has changed` })),
    ...planCommonSettings(earlier.config, after.config),
    ...planCommonLimits(earlier.config, after.config),
    ...before.registry && after.registry ? planRegistry(before.registry, after.registry) : [],
    ...planEServices(earlier, after)
  ]
  return lines.toSorted((one, other) => planKinds.indexOf(one.kind) - planKinds.indexOf(other.kind))
}

function planEServices (before: DescribedConfig, after: DescribedConfig): readonly PlanLine[] {
  const byName = new Map(before.eservices.map((eservice) => [eservice.config.name, eservice]))
  const names = new Set(after.eservices.map(({ config }) => config.name))
  // One that has another name is the same where it serves a version that was served.
  const byDescriptor = new Map(before.eservices.filter(({ config }) => !names.has(config.name)).flatMap((eservice) => eservice.config.descriptorIds.map((id) => [id, eservice])))
  const renamed = ({ descriptorIds }: EServiceConfig): DescribedEService | undefined => descriptorIds.map((id) => byDescriptor.get(id)).find((eservice) => eservice !== undefined)
  const pairs = after.eservices.map((later) => ({ earlier: byName.get(later.config.name) ?? renamed(later.config), later }))
  const kept = new Set(pairs.map(({ earlier }) => earlier))
  return [
    ...before.eservices.filter((eservice) => !kept.has(eservice)).map(({ config: { name }, basePath }): PlanLine => ({ kind: 'breaking', eservice: name, sentence: `is removed: ${basePath}` })),
    ...pairs.flatMap(({ earlier, later }): readonly PlanLine[] => {
      const eservice = later.config.name
      if (!earlier) return [{ kind: 'added', eservice, sentence: `is added: ${later.basePath}, ${later.contract.operations.length} operations` }]
      return planEService(earlier, later, { before, after }).map((line) => ({ ...line, eservice }))
    })
  ]
}

interface Whole { readonly before: DescribedConfig, readonly after: DescribedConfig }

function planEService (before: DescribedEService, after: DescribedEService, whole: Whole): readonly PlanLine[] {
  return [
    ...before.basePath === after.basePath ? [] : [{ kind: 'breaking', sentence: `is moved from ${before.basePath} to ${after.basePath}` } as const],
    ...planContract(before, after),
    ...planSettings(before.config, after.config),
    ...planLimits(before.config, after.config),
    ...planGrants(before.terms.grants, after.terms.grants, grantSurroundings(before, after, whole))
  ]
}

function grantSurroundings (before: DescribedEService, after: DescribedEService, whole: Whole) {
  const files = [whole.before.registry, whole.after.registry].filter((file) => file !== undefined)
  const consumers = new Map(files.flatMap(({ purposes }) => purposes.map(({ id, consumerId }) => [id, consumerId] as const)))
  const known = new Set(before.contract.operations.map(({ id }) => id))
  return {
    operations: after.contract.operations.filter(({ id, isPublic }) => known.has(id) && !isPublic).map(({ id }) => id),
    consumerOf: (purposeId: string) => consumers.get(purposeId),
    nameOf: prepareNames(...files)
  }
}
