import type { JsonObject } from '../document.ts'
import { compareChoices, compareLimits } from './shape-differences.ts'
import type { Effect, Report } from './shape-differences.ts'
import { prepareShapes, propertiesIn, requiredIn } from './schema-shape.ts'
import type { Conjunction, Direction, Shape } from './schema-shape.ts'
import { unchangedComponents } from './unchanged-components.ts'

/** Something in which two schemas differ: at which place of a value (a JSON pointer, `*` for every element and every member that is not declared), and whether callers that kept to the earlier one get on with the later. */
export interface SchemaDifference { readonly kind: 'breaking' | 'compatible', readonly pointer: string, readonly message: string }

/** Compares two schemas, of one document each; undefined is any value. */
export type CompareSchemas = (before: JsonObject | undefined, after: JsonObject | undefined, direction: Direction) => readonly SchemaDifference[]

/** Pairs of places that are compared for two documents: half a second at most. */
const mostPairs = 50_000

interface Pair { readonly before: Conjunction, readonly after: Conjunction, readonly pointer: string, readonly exact: boolean }

/**
 * Prepares comparing schemas of two documents. What callers send must still be taken, and what they read must still be what they expect: a request breaks by
 * taking less, a response by giving more or other values; a member more in a response is no break, because readers pass over what they do not know. Members of
 * oneOf are compared as if they excluded each other; what cannot be told to be compatible counts as breaking. Every pair of places is looked at once, so that
 * schemas may contain themselves, and at most so many for all that is compared: what is left over is told as breaking.
 */
export function prepareSchemaComparison (before: JsonObject, after: JsonObject): CompareSchemas {
  const [shapeBefore, shapeAfter] = [prepareShapes(before), prepareShapes(after)]
  const unchanged = unchangedComponents(before, after)
  let left = mostPairs
  return (one, other, direction) => {
    const found: SchemaDifference[] = []
    const seen = new Set<string>()
    const waiting: Pair[] = [{ before: one ? [one] : [], after: other ? [other] : [], pointer: '', exact: false }]
    for (const pair of waiting) {
      if (isUnchanged(pair, unchanged)) continue
      const [earlier, later] = [shapeBefore(pair.before), shapeAfter(pair.after)]
      const key = `${earlier.key}|${later.key}|${pair.exact}`
      if (seen.size === seen.add(key).size) continue
      if (left-- <= 0) {
        found.push({ kind: 'breaking', pointer: pair.pointer, message: 'is part of more than can be compared: look at it yourself' })
        break
      }
      const report = reportTo(found, pair, direction)
      const add = (before: Conjunction, after: Conjunction, step: string, exact = pair.exact): void => { waiting.push({ before, after, pointer: `${pair.pointer}${step}`, exact }) }
      if (!compareLimits(earlier, later, report)) continue
      compareMembers(earlier, later, direction, report, add)
      if (earlier.items.length + later.items.length > 0) add(earlier.items, later.items, '/*')
      compareChoices(earlier, later, report, (before, after, exact) => { add([before], [after], '', pair.exact || exact) })
    }
    return found
  }
}

function isUnchanged ({ before: [one, ...rest], after: [other, ...others] }: Pair, unchanged: ReadonlySet<string>): boolean {
  const reference = one?.['$ref']
  return rest.length + others.length === 0 && typeof reference === 'string' && reference === other?.['$ref'] && unchanged.has(reference)
}

const breaks: Readonly<Record<Effect, readonly Direction[]>> = { narrowed: ['request'], widened: ['response'], unclear: ['request', 'response'] }

function reportTo (found: SchemaDifference[], { pointer, exact }: Pair, direction: Direction): Report {
  return (effect, message, step = '') => {
    const unclear = exact || effect === 'unclear'
    found.push({ kind: unclear || breaks[effect].includes(direction) ? 'breaking' : 'compatible', pointer: pointer + step, message: unclear ? `${message}: cannot be told to be compatible` : message })
  }
}

type Add = (before: Conjunction, after: Conjunction, step: string) => void

function compareMembers (before: Shape, after: Shape, direction: Direction, report: Report, add: Add): void {
  const [earlier, later] = [propertiesIn(before, direction), propertiesIn(after, direction)]
  for (const [name, schemas] of earlier) {
    const other = later.get(name)
    if (other) add(schemas, other, stepOf(name))
    else compareGone(schemas, after.others, { direction, step: stepOf(name), report, add })
  }
  for (const [name, schemas] of later) {
    if (earlier.has(name)) continue
    // What may have stood there before is held to the new schema; where nothing was said of it, nobody was told to send it.
    if (typeof before.others === 'object') add(before.others, schemas, stepOf(name))
    report(direction === 'request' ? 'widened' : 'narrowed', 'is new', stepOf(name))
  }
  const stays = (name: string): boolean => direction === 'request' || later.has(name) || !earlier.has(name)
  compareRequired(requiredIn(before, direction), requiredIn(after, direction), stays, report)
  compareOthers(before, after, direction, report, add)
}

interface Gone { readonly direction: Direction, readonly step: string, readonly report: Report, readonly add: Add }

function compareGone (schemas: Conjunction, others: Shape['others'], { direction, step, report, add }: Gone): void {
  if (direction === 'response') report('widened', 'is gone', step)
  else if (others === 'none') report('narrowed', 'is gone, and a member that is not declared is refused', step)
  else if (typeof others === 'object') add(schemas, others, step)
  else report('widened', 'is no longer declared, and may still be sent', step)
}

function compareRequired (before: ReadonlySet<string>, after: ReadonlySet<string>, stays: (name: string) => boolean, report: Report): void {
  for (const name of after.difference(before)) report('narrowed', 'is required now', stepOf(name))
  for (const name of before.difference(after)) if (stays(name)) report('widened', 'is no longer required', stepOf(name))
}

const onlyDeclared = 'only declared members are left'
const held = 'members that are not declared are held to a schema'
const anything = 'members that are not declared may be anything'
const come = 'there may be members that are not declared'

/** By what was said of members that are not declared and what is: what it makes of requests, what of responses, of which readers pass over what they do not know. */
const otherMembers: Readonly<Record<string, readonly [request: Effect, response: Effect, message: string]>> = {
  'open none': ['narrowed', 'narrowed', onlyDeclared],
  'free none': ['narrowed', 'widened', onlyDeclared],
  'schema none': ['narrowed', 'widened', onlyDeclared],
  'open schema': ['narrowed', 'narrowed', held],
  'free schema': ['narrowed', 'narrowed', held],
  'none open': ['widened', 'narrowed', come],
  'none free': ['widened', 'narrowed', come],
  'none schema': ['widened', 'narrowed', come],
  'schema open': ['widened', 'widened', anything],
  'schema free': ['widened', 'widened', anything]
}

function compareOthers ({ others: before }: Shape, { others: after }: Shape, direction: Direction, report: Report, add: Add): void {
  if (typeof before === 'object' && typeof after === 'object') return add(before, after, '/*')
  const [earlier, later] = [before, after].map((others) => typeof others === 'object' ? 'schema' : others)
  const change = otherMembers[`${earlier} ${later}`]
  if (change) report(change[direction === 'request' ? 0 : 1], change[2], '/*')
}

function stepOf (name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
