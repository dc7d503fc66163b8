import type { Severity, Text } from '../finding.ts'

/** A rule as people read it. The functions that check it are elsewhere: whoever shows these texts must not load a linter. */
export interface RuleText {
  /** Our name of it; it never changes. */
  readonly id: string
  /** The name that the national checker, or Spectral, gives to the same rule. */
  readonly reference?: string
  /** Checked by a rule of Spectral's, which says itself how severe it is. */
  readonly isSpectrals?: true
  /** The recommendation of the guidelines that it comes from. */
  readonly rac?: string
  /** How severe it is in each profile that has it. */
  readonly pdnd?: Severity
  readonly modi?: Severity
  /** What is wrong and how to mend it. */
  readonly says: Text
  readonly why: Text
  readonly bad: string
  readonly good: string
}
