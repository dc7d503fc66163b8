import { oas3 } from '@stoplight/spectral-formats'
import { oas } from '@stoplight/spectral-rulesets'
import type { RuleDefinition, RulesetDefinition } from '@stoplight/spectral-core'
import { isObject } from '../document.ts'
import { schemas } from './schemas.ts'

/**
 * One sentence of the Italian interoperability guidelines, as data. `id` is the name that the national checker gives to
 * the same fact, written in kebab-case, so that two reports can be compared; it never changes.
 */
export interface Rule {
  readonly id: string
  /** The recommendation of the guidelines that it comes from, e.g. RAC_REST_NAME_011. */
  readonly rac?: string
  readonly severity: 'error' | 'warn'
  /** What is wrong and how to mend it. */
  readonly message: string
  /** JSONPaths, on the document with its references resolved, of what is looked at; or every schema of the document. */
  readonly given: readonly string[] | 'schemas'
  /** Whether what was found there is as it should be. Must be total: the document may be malformed. */
  readonly holds: (value: unknown) => boolean
  /** Holds for documents that are not OpenAPI 3 as well. */
  readonly anyFormat?: true
}

/** Spectral's own recommended OpenAPI rules together with `rules`. */
export function toRuleset (rules: readonly Rule[]): RulesetDefinition {
  const own = Object.fromEntries(rules.map((rule) => [rule.id, toDefinition(rule)]))
  return { extends: [oas as RulesetDefinition], rules: own }
}

function toDefinition ({ message, severity, given, holds, anyFormat }: Rule): RuleDefinition {
  const checkOne = (value: unknown) => holds(value) ? [] : [{ message }]
  // Schemas nest without end, so they are walked once instead of being searched for everywhere, examples included.
  const checkSchemas = (document: unknown) => schemas(document)
    .filter(({ value }) => !holds(value))
    .map(({ path }) => ({ message, path: [...path] }))
  return {
    message,
    severity,
    given: given === 'schemas' ? '$' : [...given],
    resolved: given !== 'schemas',
    ...(anyFormat ? {} : { formats: [oas3] }),
    then: { function: given === 'schemas' ? checkSchemas : checkOne }
  }
}

/** The member `name` of `value`, or undefined when `value` is not an object or does not have it. */
export function member (value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Whether `value` is a text with something in it. */
export function isText (value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
}

/** Whether `value` is a text that `pattern` matches. */
export function matches (pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && pattern.test(value)
}

/** Holds for nothing: what was found should not be there. */
export const never = (): boolean => false
