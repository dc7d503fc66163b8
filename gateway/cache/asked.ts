import type { IncomingHttpHeaders } from 'node:http'
import { readDirectives, readSeconds } from './directives.ts'

/** What a caller asks of a cache (RFC 9111, 5.2.1), times in ms. */
export interface Asked {
  readonly noCache: boolean
  readonly noStore: boolean
  readonly onlyIfCached: boolean
  readonly maxAge: number
  readonly minFresh: number
}

const nothing: Asked = { noCache: false, noStore: false, onlyIfCached: false, maxAge: Infinity, minFresh: 0 }
/** What cannot be read may ask for anything: the upstream decides. */
const unreadable: Asked = { ...nothing, noCache: true, noStore: true }

/** Reads what a caller asks of a cache. That stale answers will do (max-stale) is not listened to: it is for the upstream to say. */
export function askedOf ({ 'cache-control': written }: IncomingHttpHeaders): Asked {
  if (written === undefined) return nothing
  const directives = readDirectives(written)
  if (!directives) return unreadable
  const seconds = (name: string, missing: number): number => directives.has(name) ? readSeconds(directives.get(name)) ?? (name === 'max-age' ? 0 : Infinity) : missing
  return {
    noCache: directives.has('no-cache'),
    noStore: directives.has('no-store'),
    onlyIfCached: directives.has('only-if-cached'),
    maxAge: seconds('max-age', Infinity),
    minFresh: seconds('min-fresh', 0)
  }
}
