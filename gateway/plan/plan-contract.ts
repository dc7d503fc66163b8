import { differencesOf, pairOperations } from '../../openapi/differences/differences.ts'
import { prepareSchemaComparison } from '../../openapi/differences/schema-differences.ts'
import type { Demands } from '../../policies/demands.ts'
import { planDemands } from './plan-demands.ts'
import type { PlanLine } from './plan-line.ts'
import type { DescribedEService } from '../route.ts'

/** A contract and what it demands, by operationId. */
export type DemandingContract = Pick<DescribedEService, 'contract' | 'demands'>

/** Compares two states of a contract: what breaks callers, what of the demands is lost or gained, what is new. */
export function planContract (before: DemandingContract, after: DemandingContract): readonly PlanLine[] {
  if (before.contract.sha256 === after.contract.sha256) return []
  const schemas = prepareSchemaComparison(before.contract.document, after.contract.document)
  return [
    ...differencesOf(before.contract, after.contract).map(({ kind, change, operation, where, message }): PlanLine => ({
      kind: kind === 'breaking' ? 'breaking' : change === 'added' ? 'added' : 'changed', operation: operation.id, sentence: where === '' ? message : `${where}: ${message}`
    })),
    ...pairOperations(before.contract, after.contract).flatMap(({ before: earlier, after: later }): readonly PlanLine[] => {
      if (!earlier || !later) return []
      const operation = later.id
      // What a public operation demands of nobody is not lost or gained one by one.
      if (earlier.isPublic || later.isPublic) return earlier.isPublic ? [] : [{ kind: 'weaker', operation, sentence: 'demands no voucher any more: it is public' }]
      return planDemands(before.demands.get(earlier.id) as Demands, after.demands.get(later.id) as Demands, schemas).map((line) => ({ ...line, operation }))
    })
  ]
}
