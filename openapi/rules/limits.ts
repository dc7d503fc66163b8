import { operations } from './places.ts'
import type { Rule } from './rule.ts'

const rateLimits = ['limit', 'remaining', 'reset']

/** An answer that describes its headers also says how much may still be asked, or when to come back. */
export const limitRules: readonly Rule[] = [
  {
    id: 'missing-retry-after',
    rac: 'RAC_ROBUSTEZZA_002',
    severity: 'warn',
    message: 'describe the header Retry-After of the 503: the seconds to wait',
    given: [`${operations}.responses['503'].headers`],
    holds: (headers) => has(headers, 'retry-after')
  },
  {
    id: 'missing-ratelimit',
    rac: 'RAC_ROBUSTEZZA_001',
    severity: 'warn',
    message: 'describe the headers X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset',
    given: [`${operations}.responses[?(@property.match(/^(2|4(?!29))/))].headers`],
    holds: hasRateLimits
  },
  {
    id: 'ratelimit-429-presence',
    rac: 'RAC_ROBUSTEZZA_001',
    severity: 'warn',
    message: 'describe the header Retry-After of the 429, or the three X-RateLimit headers',
    given: [`${operations}.responses['429'].headers`],
    holds: (headers) => has(headers, 'retry-after') || hasRateLimits(headers)
  }
]

function has (headers: unknown, name: string): boolean {
  return Object.keys(Object(headers)).some((key) => key.toLowerCase() === name)
}

function hasRateLimits (headers: unknown): boolean {
  // Each of the three under one name only: two spellings side by side may disagree.
  return rateLimits.every((name) => has(headers, `x-ratelimit-${name}`) !== has(headers, `ratelimit-${name}`))
}
