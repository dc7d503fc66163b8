import type { Contract, Operation } from '../openapi/contract.ts'
import { isObject } from '../openapi/document.ts'
import type { Json, JsonObject } from '../openapi/document.ts'
import type { Demands } from '../policies/policy.ts'
import { didYouMean } from './closest-name.ts'

/** What `x-modi` can say, member by member: its values, in a contract's own words. */
const members: Readonly<Record<keyof Demands, readonly string[]>> = { dpop: ['required'] }

/**
 * What the contract demands of the calls of each of its operations, by operationId: `x-modi` at the root holds for every operation that is
 * not public, and one on an operation adds to it. Throws naming everything that would otherwise be a demand that nobody enforces.
 */
export function demandsOf (contract: Contract): ReadonlyMap<string, Demands> {
  const root = contract.document['x-modi']
  const faults = [...faultsOf(root, 'x-modi'), ...misplaced(contract), ...contract.operations.flatMap(findFaults)]
  if (faults.length > 0) throw new Error(faults.map((fault) => `${contract.file}: ${fault}`).join('\n'))
  return new Map(contract.operations.map(({ id, isPublic, source }) => [id, {
    dpop: !isPublic && [root, source['x-modi']].some((declared) => isObject(declared) && declared['dpop'] === 'required')
  }]))
}

function findFaults ({ id, isPublic, source }: Operation): readonly string[] {
  const declared = source['x-modi']
  if (declared === undefined) return []
  if (isPublic) return [`operation "${id}": x-modi demands something of a call that needs no voucher (security: []); take one of the two out`]
  return faultsOf(declared, `operation "${id}": x-modi`)
}

function faultsOf (declared: Json | undefined, place: string): readonly string[] {
  if (declared === undefined) return []
  if (!isObject(declared)) return [`${place} must be an object with ${Object.keys(members).join(', ')}`]
  return Object.entries(declared).flatMap(([name, value]) => {
    if (!Object.hasOwn(members, name)) return [`${place} has no member "${name}".${didYouMean(name, Object.keys(members))} There is: ${Object.keys(members).join(', ')}`]
    const values = members[name as keyof Demands]
    return values.includes(value as string) ? [] : [`${place}.${name} must be ${values.join(' or ')}, not ${JSON.stringify(value)}`]
  })
}

// Where one is easily written and would say nothing.
function misplaced ({ document }: Contract): readonly string[] {
  const paths = Object.entries(document['paths'] as JsonObject).map(([path, item]) => [`path "${path}"`, item] as const)
  return [['info', document['info']] as const, ...paths].filter(([, place]) => isObject(place) && Object.hasOwn(place, 'x-modi'))
    .map(([place]) => `${place}: x-modi holds for nothing there; put it at the root or on an operation`)
}
