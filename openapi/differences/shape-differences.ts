import type { JsonObject } from '../document.ts'
import { formOf } from './json-form.ts'
import { choiceNames, isHigher, isLower, isTypeIn, lowerBounds, ruleNames, upperBounds } from './schema-shape.ts'
import type { Bound, Choice, Shape } from './schema-shape.ts'

/** What a difference makes of the values that are allowed: fewer, more, or nobody can say. */
export type Effect = 'narrowed' | 'widened' | 'unclear'

/** Takes a difference; `step` leads on from the place that is compared. */
export type Report = (effect: Effect, message: string, step?: string) => void

/** Formats of which one holds for all values of the other. */
const wider: Readonly<Record<string, string>> = { '"int32"': '"int64"', '"float"': '"double"' }

const mostShown = 8
const none: ReadonlySet<string> = new Set()

/** Compares what two shapes say of a value itself; false when its type is another, so that nothing in it can be compared. */
export function compareLimits (before: Shape, after: Shape, report: Report): boolean {
  const effect = compareTypes(before.types, after.types)
  if (effect) report(effect, `the type was ${typeText(before.types)}, is ${typeText(after.types)}`)
  if (effect === 'unclear') return false
  compareValues(before, after, report)
  for (const [names, isTighter] of [[lowerBounds, isHigher], [upperBounds, isLower]] as const) {
    for (const name of names) compareBounds(name, before.bounds.get(name), after.bounds.get(name), isTighter, report)
  }
  for (const name of ruleNames) compareRules(name, before.rules.get(name) ?? none, after.rules.get(name) ?? none, report)
  return true
}

type Types = ReadonlySet<string> | undefined

function compareTypes (before: Types, after: Types): Effect | undefined {
  const isIn = (inner: Types, outer: Types): boolean => !outer || (inner !== undefined && [...inner].every((type) => isTypeIn(type, outer)))
  const [less, more] = [isIn(after, before), isIn(before, after)]
  return less && more ? undefined : less ? 'narrowed' : more ? 'widened' : 'unclear'
}

function typeText (types: Types): string {
  return types ? [...types].join(' or ') : 'any'
}

function compareValues ({ values: before }: Shape, { values: after }: Shape, report: Report): void {
  if (!before && !after) return
  if (!before || !after) return report(after ? 'narrowed' : 'widened', after ? `is now one of ${listed(after)}` : 'is no longer one of a list')
  const [gone, come] = [before.difference(after), after.difference(before)]
  if (gone.size > 0) report('narrowed', `is no longer ${listed(gone)}`)
  if (come.size > 0) report('widened', `may also be ${listed(come)}, which nobody knew before`)
}

function listed (values: ReadonlySet<string>): string {
  const shown = [...values].slice(0, mostShown).join(', ')
  return values.size > mostShown ? `${shown} and ${values.size - mostShown} more` : shown
}

function compareBounds (name: string, before: Bound | undefined, after: Bound | undefined, isTighter: (one: Bound, other: Bound) => boolean, report: Report): void {
  if (before && after) {
    const effect = isTighter(after, before) ? 'narrowed' : isTighter(before, after) ? 'widened' : undefined
    if (effect) report(effect, `${name} was ${boundText(before)}, is ${boundText(after)}`)
  } else if (after) report('narrowed', `${name} is new: ${boundText(after)}`)
  else if (before) report('widened', `${name} ${boundText(before)} is gone`)
}

function boundText ({ limit, exclusive }: Bound): string {
  return `${limit}${exclusive ? ' (exclusive)' : ''}`
}

function compareRules (name: string, before: ReadonlySet<string>, after: ReadonlySet<string>, report: Report): void {
  if (before.size + after.size === 0) return
  const [gone, come] = [before.difference(after), after.difference(before)]
  if (gone.size + come.size === 0) return
  const [one, other] = [[...gone].join(', '), [...come].join(', ')]
  if (gone.size === 0) report('narrowed', `${name} is new: ${other}`)
  else if (come.size === 0) report('widened', `${name} ${one} is gone`)
  else report(wider[one] === other ? 'widened' : wider[other] === one ? 'narrowed' : 'unclear', `${name} was ${one}, is ${other}`)
}

/** Compares the choices of two shapes, and gives the schemas that stand for each other to `add`; `exact` where any difference between them may break. */
export function compareChoices (before: Shape, after: Shape, report: Report, add: (before: JsonObject, after: JsonObject, exact: boolean) => void): void {
  for (const keyword of choiceNames) {
    const of = ({ choices }: Shape): readonly Choice[] => choices.filter((choice) => choice.keyword === keyword)
    const [earlier, later] = [of(before), of(after)]
    if (earlier.length < later.length) report('narrowed', `${keyword} is new`)
    else if (earlier.length > later.length) report('widened', `${keyword} is gone`)
    else for (const [index, choice] of earlier.entries()) compareChoice(choice, later[index] as Choice, report, add)
  }
}

function compareChoice (before: Choice, after: Choice, report: Report, add: (before: JsonObject, after: JsonObject, exact: boolean) => void): void {
  const { pairs, gone, come } = paired(before.schemas, after.schemas)
  for (const [one, other] of pairs) add(one, other, before.keyword === 'not')
  const isUnclear = before.keyword === 'oneOf' && !(before.discriminated && after.discriminated)
  const schemas = (count: number): string => count === 1 ? 'one schema' : `${count} schemas`
  if (gone > 0) report(isUnclear ? 'unclear' : 'narrowed', `${before.keyword} has ${schemas(gone)} less`)
  if (come > 0) report(isUnclear ? 'unclear' : 'widened', `${before.keyword} has ${schemas(come)} more`)
}

/** The same schemas go together wherever they stand, the others in their order. */
function paired (before: readonly JsonObject[], after: readonly JsonObject[]) {
  const rest = after.map((schema) => ({ schema, form: formOf(schema) }))
  const pairs: (readonly [JsonObject, JsonObject])[] = []
  const others = before.filter((schema) => {
    const own = formOf(schema)
    const at = rest.findIndex(({ form }) => form === own)
    if (at >= 0) pairs.push([schema, rest.splice(at, 1)[0]?.schema as JsonObject])
    return at < 0
  })
  pairs.push(...others.slice(0, rest.length).map((schema, index) => [schema, rest[index]?.schema as JsonObject] as const))
  return { pairs, gone: Math.max(0, others.length - rest.length), come: Math.max(0, rest.length - others.length) }
}
