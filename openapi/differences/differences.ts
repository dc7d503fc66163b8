import type { Contract, Operation } from '../contract.ts'
import { compareOperations, templateOf } from './operation-differences.ts'
import type { OperationDifference } from './operation-differences.ts'
import { prepareSchemaComparison } from './schema-differences.ts'

/** A difference between two states of a contract, as the callers of an operation meet it; of an operation that is there still, its later state. `change` tells those that came or went as a whole. */
export interface Difference extends OperationDifference {
  readonly operation: Pick<Operation, 'id' | 'method' | 'path'>
  readonly change: 'added' | 'removed' | 'changed'
}

/** An operation before and after; one of the two is undefined when it was added or removed. */
export interface OperationPair { readonly before: Operation | undefined, readonly after: Operation | undefined }

/**
 * Tells what two states of a contract mean for the callers who kept to the first: each difference, and whether it breaks them. Where the whole is served is not
 * compared (`servers`), nor what is demanded beyond OpenAPI (`x-modi`). Takes a second at most, and nothing at all for the same contract.
 */
export function differencesOf (before: Contract, after: Contract): readonly Difference[] {
  if (before.sha256 === after.sha256) return []
  const comparison = { before: before.document, after: after.document, schemas: prepareSchemaComparison(before.document, after.document) }
  return pairOperations(before, after).flatMap(({ before: earlier, after: later }): readonly Difference[] => {
    if (!later) return earlier ? [{ kind: 'breaking', change: 'removed', operation: shown(earlier), where: '', message: `is removed: ${earlier.method} ${earlier.path}` }] : []
    const operation = shown(later)
    if (!earlier) return [{ kind: 'compatible', change: 'added', operation, where: '', message: `is added: ${later.method} ${later.path}${later.isPublic ? ', public' : ''}` }]
    return compareOperations(earlier, later, comparison).map((difference) => ({ ...difference, change: 'changed', operation }))
  })
}

/** The operations of two states of a contract that are the same to callers, by method and path whatever its parameters are called; what is left over by operationId. */
export function pairOperations (before: Contract, after: Contract): readonly OperationPair[] {
  const byTarget = new Map(after.operations.map((operation) => [targetOf(operation), operation]))
  const targets = new Set(before.operations.map(targetOf))
  const byId = new Map(after.operations.filter((operation) => !targets.has(targetOf(operation))).map((operation) => [operation.id, operation]))
  const pairs = before.operations.map((operation): OperationPair => ({ before: operation, after: byTarget.get(targetOf(operation)) ?? byId.get(operation.id) }))
  const taken = new Set(pairs.map((pair) => pair.after))
  return [...pairs, ...after.operations.filter((operation) => !taken.has(operation)).map((operation) => ({ before: undefined, after: operation }))]
}

function targetOf ({ method, path }: Operation): string {
  return `${method} ${templateOf(path)}`
}

function shown ({ id, method, path }: Operation): Difference['operation'] {
  return { id, method, path }
}
