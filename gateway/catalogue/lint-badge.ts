import type { Contract } from '../../openapi/contract.ts'

/** What a profile of rules found in a contract. */
export interface LintVerdict { readonly profile: string, readonly errors: number, readonly warnings: number }

/** The verdicts on a contract that are at hand; undefined where it was not judged. It is asked when a page is written, and does not judge anything then. */
export type LintVerdicts = (contract: Contract) => readonly LintVerdict[] | undefined

/** Nobody has judged anything. */
export const noVerdicts: LintVerdicts = () => undefined
