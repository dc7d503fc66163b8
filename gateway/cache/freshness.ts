import type { IncomingHttpHeaders } from 'node:http'
import { readDirectives, readSeconds } from './directives.ts'
import type { Directives } from './directives.ts'

/** How long a stored answer may be used, in epoch ms; its age is counted from `bornAt` (RFC 9111, 4.2). */
export interface Freshness {
  readonly bornAt: number
  readonly freshUntil: number
  /** Until when it may be used while it is validated (stale-while-revalidate), and where it cannot be (stale-if-error) (RFC 5861). */
  readonly staleUntil: number
  readonly errorUntil: number
}

/** When a request went out and its answer came, in epoch ms. */
export interface Times { readonly sentAt: number, readonly cameAt: number }

/** What is said once; an answer that says it twice could mean either. */
const saidOnce = ['age', 'date', 'expires', 'etag', 'last-modified', 'content-type', 'content-encoding', 'content-length']
/** What tells callers apart: an answer that depends on it is one caller's, whatever else it says. */
const tellsCallers: ReadonlySet<string> = new Set(['*', 'varco-call', 'authorization', 'dpop', 'cookie', 'x-request-id', 'via'])

/**
 * Judges whether a shared cache may store an answer, and how long it may be used: only one with status 200 that its sender marks `public` or gives `s-maxage`,
 * because every call carries Authorization (RFC 9111, 3.5), with a time for which it is fresh; nothing is guessed. Undefined when it may not.
 */
export function freshnessOf (status: number, headers: IncomingHttpHeaders, { sentAt, cameAt }: Times): Freshness | undefined {
  const written: string | readonly string[] | undefined = headers['cache-control']
  if (status !== 200 || written === undefined || headers['set-cookie'] !== undefined || headers['content-range'] !== undefined) return undefined
  if (saidOnce.some((name) => Array.isArray(headers[name])) || varyOf(headers) === undefined) return undefined
  const directives = readDirectives(written)
  if (!directives || !mayBeShared(directives)) return undefined
  const date = readDate(headers.date)
  const apparentAge = date === undefined ? 0 : Math.max(0, cameAt - date)
  const bornAt = cameAt - Math.max(apparentAge, (readSeconds(headers.age) ?? 0) + cameAt - sentAt)
  const freshUntil = bornAt + lifetimeOf(directives, headers.expires, date ?? cameAt)
  if (freshUntil <= cameAt) return undefined
  const stale = (name: string): number => freshUntil + (mustBeFresh.some((one) => directives.has(one)) ? 0 : readSeconds(directives.get(name)) ?? 0)
  return { bornAt, freshUntil, staleUntil: stale('stale-while-revalidate'), errorUntil: stale('stale-if-error') }
}

// The forms that name headers are taken as the whole, which is allowed (RFC 9111, 5.2.2.4 and 5.2.2.7).
function mayBeShared (directives: Directives): boolean {
  return (directives.has('public') || directives.has('s-maxage')) && !['no-store', 'private', 'no-cache'].some((name) => directives.has(name))
}

/** Directives that forbid to use an answer that is not fresh (RFC 9111, 4.2.4). */
const mustBeFresh = ['must-revalidate', 'proxy-revalidate', 's-maxage']

/** For how long it is fresh, in ms (RFC 9111, 4.2.1); what cannot be read stands for no time at all. */
function lifetimeOf (directives: Directives, expires: string | undefined, date: number): number {
  const name = ['s-maxage', 'max-age'].find((one) => directives.has(one))
  if (name !== undefined) return readSeconds(directives.get(name)) ?? 0
  return expires === undefined ? 0 : (readDate(expires) ?? date) - date
}

/** The time (epoch ms) of an HTTP date; undefined when it is none. A number alone is none. */
export function readDate (written: string | undefined): number | undefined {
  const time = written !== undefined && /^[A-Z][a-z]{2,8},? /.test(written) ? Date.parse(written) : NaN
  return Number.isNaN(time) ? undefined : time
}

/**
 * The request headers (lower case) by which an answer was chosen (RFC 9111, 4.1): those that Vary names, and those of which it shows by itself, also where Vary forgets them.
 * Undefined when it is for one caller only.
 */
export function varyOf (headers: IncomingHttpHeaders): readonly string[] | undefined {
  const names = new Set([headers.vary ?? []].flat().join(',').split(',').map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))
  if ([...names].some((name) => tellsCallers.has(name))) return undefined
  if (headers['content-encoding'] !== undefined) names.add('accept-encoding')
  if (headers['content-language'] !== undefined) names.add('accept-language')
  return [...names]
}
