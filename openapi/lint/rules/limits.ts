import { at, headerLists, responses } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'

const rateLimits = ['Limit', 'Remaining', 'Reset']
const prefixes = ['X-RateLimit-', 'RateLimit-']

/** Tells whether headers name one; the gate minds capitals. */
type Names = (headers: unknown) => (name: string) => boolean
const exactly: Names = (headers) => (name) => Object.hasOwn(Object(headers) as object, name)
const anyCase: Names = (headers) => {
  const names = new Set(Object.keys(Object(headers)).map((name) => name.toLowerCase()))
  return (name) => names.has(name.toLowerCase())
}

const isWhole = (has: (name: string) => boolean, prefix: string): boolean => rateLimits.every((name) => has(`${prefix}${name}`))
const hasRetryAfter = (names: Names) => (headers: unknown): boolean => names(headers)('Retry-After')
// Each of the three under one name only: two spellings side by side may disagree.
const hasEach = (names: Names) => (headers: unknown): boolean => rateLimits.every((name) => prefixes.filter((prefix) => names(headers)(`${prefix}${name}`)).length === 1)
const hasEither = (names: Names) => (headers: unknown): boolean => hasRetryAfter(names)(headers) || prefixes.some((prefix) => isWhole(names(headers), prefix))

/** The headers of answers, also where they have none; /status is not limited. */
const headersOf = ({ resolved }: Judged, status: RegExp): Place[] =>
  responses(resolved, status).filter(({ path }) => path[1] !== '/status').map((response) => at(response, 'headers'))

/** An answer says how much may still be asked, or when to come back; the gate asks that only of one that describes its headers. */
export const limitRules: readonly Rule[] = [
  { id: 'missing-retry-after', only: 'pdnd', find: ({ resolved }) => headerLists(resolved, /^503$/), holds: hasRetryAfter(exactly) },
  { id: 'missing-ratelimit', only: 'pdnd', find: ({ resolved }) => headerLists(resolved, /^(2|4(?!29))/), holds: hasEach(exactly) },
  { id: 'ratelimit-429-presence', only: 'pdnd', find: ({ resolved }) => headerLists(resolved, /^429$/), holds: hasEither(exactly) },
  { id: 'missing-retry-after', only: 'modi', find: (judged) => headersOf(judged, /^503$/), holds: hasRetryAfter(anyCase) },
  { id: 'missing-ratelimit', only: 'modi', find: (judged) => headersOf(judged, /^2/), holds: hasEach(anyCase) },
  { id: 'ratelimit-429-presence', only: 'modi', find: (judged) => headersOf(judged, /^429$/), holds: hasEither(anyCase) },
  {
    id: 'ratelimit-429-completeness',
    only: 'modi',
    find: ({ resolved }) => headerLists(resolved, /^429$/),
    holds: (headers) => {
      const has = anyCase(headers)
      const used = prefixes.filter((prefix) => rateLimits.some((name) => has(`${prefix}${name}`)))
      return used.length === 0 || (used.length === 1 && isWhole(has, used[0] as string))
    }
  }
]
