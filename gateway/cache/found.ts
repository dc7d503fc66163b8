import type { IncomingHttpHeaders } from 'node:http'
import { askedOf } from './asked.ts'
import type { Asked } from './asked.ts'
import type { CacheStore } from './store.ts'
import type { StoredAnswer } from './stored-answer.ts'

/**
 * What a cache has for a request: an answer to give, `stale` when it is to be validated meanwhile; one that has to be validated first; nothing, and the upstream's answer may be stored;
 * nothing, although the caller wants nothing else; or it has to keep out of it.
 */
export type Found = { readonly hit: StoredAnswer, readonly isStale: boolean } | { readonly validate: StoredAnswer } | 'miss' | 'not-cached' | 'bypass'

/** What a request asks for, at what time (epoch ms). */
export interface Sought { readonly path: string, readonly query: string, readonly headers: IncomingHttpHeaders, readonly now: number }

/**
 * An answer that was validated less than this ago, in ms, counts as validated for every caller that insists on it: however many do, the upstream is asked once in that time.
 * What callers ask of a cache is advice (RFC 9111, 5.2.1), and this cache stands before others' servers.
 */
const justNow = 1000

/** Finds what is stored for a request and judges whether it will do. */
export function findStored (store: CacheStore, { path, query, headers, now }: Sought): Found {
  const asked = askedOf(headers)
  const stored = store.find(path, query, headers)
  if (!stored) return asked.onlyIfCached ? 'not-cached' : asked.noStore ? 'bypass' : 'miss'
  const isAccepted = now - stored.validatedAt < justNow || accepts(asked, stored, now)
  if (isAccepted && now < stored.freshUntil) return { hit: stored, isStale: false }
  if (isAccepted && now < stored.staleUntil && asked.minFresh === 0) return { hit: stored, isStale: true }
  return asked.onlyIfCached ? 'not-cached' : asked.noStore ? 'bypass' : { validate: stored }
}

function accepts ({ noCache, maxAge, minFresh }: Asked, { bornAt, freshUntil }: StoredAnswer, now: number): boolean {
  return !noCache && now - bornAt <= maxAge && (minFresh === 0 || now + minFresh <= freshUntil)
}
