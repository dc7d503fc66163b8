import type { FieldTree } from '../../openapi/json/field-tree.ts'
import type { Narrowing } from '../../openapi/json/narrow-json.ts'
import { grantFor } from '../../policies/grants.ts'
import type { Grant, Grants, View } from '../../policies/grants.ts'
import type { PlanLine } from './plan-line.ts'

/** What grants are compared with: the operations (ids) that were there and are still, and what the registry says of purposes and consumers. */
export interface GrantSurroundings {
  readonly operations: readonly string[]
  readonly consumerOf: (purposeId: string) => string | undefined
  readonly nameOf: (id: string) => string
}

/** Compares the purpose grants of an e-service by what they leave to each purpose and consumer that either names, and to everybody else. */
export function planGrants (before: Grants | undefined, after: Grants | undefined, surroundings: GrantSurroundings): readonly PlanLine[] {
  if (!before && !after) return []
  if (!after) return [{ kind: 'weaker', sentence: 'has no purpose grants any more: every purpose may call every operation and sees every field' }]
  if (!before) return [{ kind: 'stricter', sentence: 'has purpose grants now: a purpose that none of them is for is refused' }]
  const { consumerOf, nameOf, operations } = surroundings
  const keys = (by: 'byPurpose' | 'byConsumer'): readonly string[] => [...new Set([...before[by].keys(), ...after[by].keys()])]
  const effective = (grants: Grants, purpose: string, consumer: string): Grant | undefined => grantFor(grants, purpose, consumer)
  const subjects = [
    ...keys('byPurpose').map((id) => ({ name: `purpose ${nameOf(id)}`, of: (grants: Grants) => effective(grants, id, consumerOf(id) ?? '') })),
    ...keys('byConsumer').map((id) => ({ name: `consumer ${nameOf(id)}`, of: (grants: Grants) => effective(grants, '', id) })),
    { name: 'everybody else', of: (grants: Grants) => effective(grants, '', '') }
  ]
  return subjects.flatMap(({ name, of }) => planGrant(name, of(before), of(after), operations))
}

function planGrant (subject: string, before: Grant | undefined, after: Grant | undefined, operations: readonly string[]): readonly PlanLine[] {
  if (!before || !after) {
    if (before) return [{ kind: 'breaking', sentence: `${subject} has no grant any more: its calls are refused` }]
    return after ? [{ kind: 'weaker', sentence: `${subject} has a grant now (${after.id}): its calls were refused` }] : []
  }
  const may = ({ operations }: Grant, id: string): boolean => operations === 'all' || operations.has(id)
  return [
    ...operations.flatMap((operation): readonly PlanLine[] => {
      if (may(before, operation) !== may(after, operation)) {
        return [may(after, operation) ? { kind: 'weaker', operation, sentence: `${subject} may call it now` } : { kind: 'breaking', operation, sentence: `${subject} may call it no longer` }]
      }
      return may(after, operation) ? planView(subject, operation, before.views.get(operation), after.views.get(operation)) : []
    }),
    ...planExpiry(subject, before, after)
  ]
}

function planExpiry (subject: string, { expires: before }: Grant, { expires: after }: Grant): readonly PlanLine[] {
  return before === after ? [] : [{ kind: after < before ? 'stricter' : 'changed', sentence: `the grant of ${subject} was good until ${before}, is until ${after}` }]
}

function planView (subject: string, operation: string, before: View | undefined, after: View | undefined): readonly PlanLine[] {
  const [seen, withheld] = [moreIn(before?.narrowing, after?.narrowing), moreIn(after?.narrowing, before?.narrowing)]
  const refused = (view: View | undefined): ReadonlySet<string> => new Set(view?.parameters.refused.keys())
  const allowed = refused(before).difference(refused(after))
  return [
    ...seen.map((what): PlanLine => ({ kind: 'weaker', operation, sentence: `${subject} sees ${what}, which was withheld` })),
    ...withheld.map((what): PlanLine => ({ kind: 'stricter', operation, sentence: `from ${subject} is withheld ${what}` })),
    ...seen.length === 0 ? [...allowed].map((name): PlanLine => ({ kind: 'weaker', operation, sentence: `${subject} may use the parameter ${name}, which selects by what is withheld` })) : []
  ]
}

/** What the second shows and the first does not, as pointers. */
function moreIn (first: Narrowing | undefined, second: Narrowing | undefined): readonly string[] {
  if (!first) return []
  const own = pointersIn(first.tree)
  const all = own.map(textOf)
  if (!second) return first.keep === 'all but' ? all : [`everything but ${all.join(', ')}`]
  const others = pointersIn(second.tree)
  if (first.keep === 'all but') {
    if (second.keep === 'all but') return own.filter((pointer) => !covers(second.tree, pointer)).map(textOf)
    return [...new Set([...others.filter((pointer) => covers(first.tree, pointer)), ...own.filter((pointer) => covers(second.tree, pointer))].map(textOf))]
  }
  return second.keep === 'only' ? others.filter((pointer) => !covers(first.tree, pointer)).map(textOf) : [`everything but ${[...new Set([...all, ...others.map(textOf)])].join(', ')}`]
}

/** What a tree means, as segments of pointers; `*` for every element and every member. */
function pointersIn ({ whole, names, values, items }: FieldTree): readonly (readonly string[])[] {
  if (whole) return [[]]
  const below: readonly (readonly [string, FieldTree])[] = [...names, ...values ? [['*', values] as const] : [], ...items ? [['*', items] as const] : []]
  const all = below.flatMap(([name, tree]) => pointersIn(tree).map((rest) => [name, ...rest]))
  return all.filter((pointer, index) => all.findIndex((other) => textOf(other) === textOf(pointer)) === index)
}

function covers ({ whole, names, values, items }: FieldTree, [segment, ...rest]: readonly string[]): boolean {
  if (whole) return true
  if (segment === undefined) return false
  const below = segment === '*' ? [values, items] : [names.get(segment) ?? values]
  return below.some((tree) => tree !== undefined && covers(tree, rest))
}

function textOf (segments: readonly string[]): string {
  return segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
