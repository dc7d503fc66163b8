/** What is wrong with a request: where, by which rule, and what is expected. Never the value received (it may be personal data). */
export interface Finding { readonly in: 'path' | 'query' | 'header' | 'cookie' | 'body', readonly pointer: string, readonly rule: string, readonly detail: string }

/** What is wrong with a request that is refused: at least one thing. */
export interface Findings { readonly findings: readonly [Finding, ...Finding[]] }

/** True when reading gave findings instead of values. */
export function isRefused (read: object): read is Findings {
  return 'findings' in read
}

/** The same finding, or several, as the reason to refuse. Throws when there is none. */
export function refused (findings: readonly Finding[]): Findings {
  const [first, ...others] = findings
  if (!first) throw new Error('nothing is wrong that could be told')
  return { findings: [first, ...others] }
}
