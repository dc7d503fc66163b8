import type { RuleDefinition } from '@stoplight/spectral-core'

/** What Spectral hands to the function of a rule, as far as it is needed here. */
interface Context { readonly path: readonly (string | number)[], readonly documentInventory: { findAssociatedItemForPath? (path: unknown, resolved: boolean): { readonly path: unknown, readonly document: { readonly source: string | null } } | null } }
type Check = (value: unknown, options: unknown, context: Context) => unknown

/**
 * The same rule of Spectral's, which looks at nothing twice: a schema that many places refer to is one object in all of them, and what is found in
 * it is told once, where it is written. Examples are checked with a compiled schema each, which is most of what judging a contract costs.
 */
export function once (definition: RuleDefinition): RuleDefinition {
  const then = definition.then as { readonly function: Check, readonly functionOptions: unknown }
  const seen = new WeakMap<object, WeakMap<object, Set<string>>>()
  const check: Check = (value, options, context) => {
    if (typeof value !== 'object' || value === null) return then.function(value, options, context)
    const values = seen.get(context.documentInventory) ?? new WeakMap<object, Set<string>>()
    seen.set(context.documentInventory, values)
    const places = values.get(value) ?? new Set()
    values.set(value, places)
    const origin = context.documentInventory.findAssociatedItemForPath?.(context.path, true)
    const place = JSON.stringify(origin ? [origin.document.source, origin.path] : context.path)
    if (places.has(place)) return []
    places.add(place)
    return then.function(value, options, context)
  }
  return { ...definition, then: { ...then, function: check } } as unknown as RuleDefinition
}
