import type { Profile } from '../finding.ts'
import { keyOf } from './places.ts'
import type { Place } from './places.ts'

/** What is judged: a document with its references replaced by what they refer to, and as it is written. */
export interface Judged { readonly resolved: unknown, readonly written: unknown }

/** How a rule is checked; its texts, severity and origin are in the catalogue of rules under its id. */
export interface Rule {
  readonly id: string
  /** The profile that it holds for, where the other one has none such or checks otherwise. */
  readonly only?: Profile
  /** What it looks at: places in the resolved document, or in `written` (and then in files that are referred to as well). */
  readonly find: (judged: Judged) => readonly Place[]
  /** Whether what was found is as it should be. Must be total: the document may be malformed. */
  readonly holds: (value: unknown, key: string) => boolean
  /** What exactly is wrong, told before the message of the rule: a name, a value of the document. */
  readonly tell?: (value: unknown, key: string) => string
  /** It looks at the references themselves, so what it finds is where they are written and not where they lead. */
  readonly asWritten?: true
  /** Holds for documents that are not OpenAPI 3 as well. */
  readonly anyFormat?: true
}

/** Where a rule is broken. */
export interface Fault { readonly path: readonly string[], readonly message: string }

/** The places at which `rule` is broken. */
export function findFaults ({ find, holds, tell }: Rule, judged: Judged): Fault[] {
  return find(judged)
    .filter((place) => !holds(place.value, keyOf(place)))
    .map((place) => ({ path: place.path, message: tell?.(place.value, keyOf(place)) ?? '' }))
}
