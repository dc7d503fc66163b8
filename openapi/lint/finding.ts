/**
 * `pdnd` says what the platform's publication gate says, its blind spots included; `modi` what the interoperability guidelines (ModI) ask and
 * what a contract needs to be served by a gateway.
 */
export type Profile = 'pdnd' | 'modi'

export type Severity = 'error' | 'warn' | 'info' | 'hint'

/** A text in the two languages of the product. */
export interface Text { readonly it: string, readonly en: string }

/** Something that is wrong with a contract: which rule says so, and where. */
export interface Finding {
  /** The file in which to mend it: the contract, or one that it refers to. */
  readonly file: string
  /** Where in that file, counted from 1. */
  readonly line: number
  readonly column: number
  /** RFC 6901 pointer into that file. */
  readonly pointer: string
  readonly severity: Severity
  /** Our name of the rule; it never changes. */
  readonly rule: string
  /** The name that the national checker, or Spectral, gives to the same rule. */
  readonly reference?: string
  /** The recommendation of the guidelines that it comes from, e.g. RAC_REST_NAME_011. */
  readonly rac?: string
  /** What is wrong and how to mend it. */
  readonly message: Text
  /** The page that explains the rule. */
  readonly url: string
  /** Whether the platform refuses to publish the contract because of it. */
  readonly blocksPublication: boolean
}
