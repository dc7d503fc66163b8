import { denials } from './denials.ts'
import type { Denial, DenialCode } from './denials.ts'

/**
 * One condition that a policy holds a call to. A policy is an ordered table of these: admission stops at the first that fails, `explain`
 * runs them all, and both therefore always say the same. `expected` may be told to the caller; `got` only ever shows ids, audiences, states and times.
 */
export interface Check<Subject> {
  readonly name: string
  readonly code: DenialCode
  readonly holds: (subject: Subject) => boolean
  readonly expected: (subject: Subject) => string
  readonly got: (subject: Subject) => string
}

/** One line of an explanation. `mend` is set on a failed one. */
export interface Line {
  readonly check: string
  readonly outcome: 'pass' | 'fail' | 'not checked'
  readonly expected: string
  readonly got: string
  readonly code?: DenialCode
  readonly mend?: string
}

/** The denial of the first check that fails, or undefined. */
export function firstFailure<Subject> (checks: readonly Check<Subject>[], subject: Subject): Denial | undefined {
  for (const check of checks) {
    if (!check.holds(subject)) {
      const detail = `${check.name}: expected ${check.expected(subject)}, got ${check.got(subject)}.`
      return { denial: check.code, check: check.name, detail, reason: detail }
    }
  }
  return undefined
}

/** Every check as a line. A check that cannot be evaluated on this subject counts as failed. */
export function explainChecks<Subject> (checks: readonly Check<Subject>[], subject: Subject): Line[] {
  return checks.map((check) => {
    const pass = attempt(() => check.holds(subject), false)
    const line = { check: check.name, expected: attempt(() => check.expected(subject), '-'), got: attempt(() => check.got(subject), '-') }
    return pass ? { ...line, outcome: 'pass' } : { ...line, outcome: 'fail', code: check.code, mend: denials[check.code].mend }
  })
}

/** The line of what was refused in another way than by a table. */
export function failedLine (line: Pick<Line, 'check' | 'expected'>, { denial, reason = 'something else' }: Denial): Line {
  return { ...line, outcome: 'fail', got: reason, code: denial, mend: denials[denial].mend }
}

function attempt<T> (work: () => T, otherwise: T): T {
  try {
    return work()
  } catch {
    return otherwise
  }
}

/** A received value made safe to show: quoted, escaped, cut to 200 characters. */
export function shown (value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? 'nothing'
  return (text.length > 200 ? `${text.slice(0, 200)}…` : text).replaceAll(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
}

/** Epoch seconds as RFC 3339 in UTC, for explanations. */
export function shownTime (seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? `${seconds}` : time.toISOString().replace('.000Z', 'Z')
}
