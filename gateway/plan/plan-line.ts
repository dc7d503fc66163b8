/** What a line of a plan says, the worst first: callers that were served are refused, or cannot read their answers; a protection is lost; it takes a restart; a protection is gained; something else is new or another. */
export const planKinds = ['breaking', 'weaker', 'restart', 'stricter', 'changed', 'added'] as const
export type PlanKind = (typeof planKinds)[number]

/** What of a plan somebody has to agree to. */
export const hurtfulKinds: ReadonlySet<PlanKind> = new Set(['breaking', 'weaker', 'restart'])

/** One thing that a new configuration would change: of the gateway as a whole where it names no e-service, of all of that where it names no operation. Never holds a secret. */
export interface PlanLine {
  readonly kind: PlanKind
  readonly eservice?: string
  /** Its operationId. */
  readonly operation?: string
  readonly sentence: string
}

/** Says what a setting was and is, as a protection: what leaves more is weaker. Undefined is no limit. */
export function limitLine (name: string, before: number | undefined, after: number | undefined): readonly PlanLine[] {
  const text = (limit: number | undefined): string => limit === undefined ? 'no limit' : String(limit)
  if (before === after) return []
  return [{ kind: (after ?? Infinity) > (before ?? Infinity) ? 'weaker' : 'stricter', sentence: `${name} was ${text(before)}, is ${text(after)}` }]
}

interface ListEffect { readonly come: PlanKind, readonly gone: PlanKind }

/** Says what came to a list and what went. */
export function listLines (name: string, before: readonly string[], after: readonly string[], { come, gone }: ListEffect): readonly PlanLine[] {
  const [earlier, later] = [new Set(before), new Set(after)]
  return [
    ...[...earlier.difference(later)].map((one): PlanLine => ({ kind: gone, sentence: `${name} no longer has ${one}` })),
    ...[...later.difference(earlier)].map((one): PlanLine => ({ kind: come, sentence: `${name} has ${one} now` }))
  ]
}

/** Says that a setting is another. */
export function changeLine (kind: PlanKind, name: string, before: string | number | undefined, after: string | number | undefined): readonly PlanLine[] {
  return before === after ? [] : [{ kind, sentence: `${name} was ${before ?? 'not set'}, is ${after ?? 'not set'}` }]
}
