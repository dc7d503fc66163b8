import { atPointer, isObject } from '../document.ts'
import type { JsonObject } from '../document.ts'
import { formOf } from './json-form.ts'

const place = '#/components/schemas/'

/** References to the component schemas that say the same in both documents, with all that they refer to. */
export function unchangedComponents (before: JsonObject, after: JsonObject): ReadonlySet<string> {
  const [earlier, later] = [formsOf(before), formsOf(after)]
  const unchanged = new Set([...earlier].filter(([reference, form]) => later.get(reference) === form).map(([reference]) => reference))
  const referrers = new Map<string, string[]>()
  for (const [reference, form] of earlier) for (const target of referencesIn(form)) referrers.set(target, referrers.get(target)?.concat(reference) ?? [reference])
  const waiting = [...referrers.keys()].filter((target) => !unchanged.has(target))
  // Grows while it is gone through: with a schema change those that refer to it.
  for (const target of waiting) for (const referrer of referrers.get(target) ?? []) if (unchanged.delete(referrer)) waiting.push(referrer)
  return unchanged
}

function formsOf (document: JsonObject): ReadonlyMap<string, string> {
  const schemas = atPointer(document, '/components/schemas')
  return new Map(Object.entries(isObject(schemas) ? schemas : {}).map(([name, schema]) => [`${place}${name}`, formOf(schema)]))
}

function referencesIn (form: string): ReadonlySet<string> {
  return new Set([...form.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference = '']) => reference))
}
