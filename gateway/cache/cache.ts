import { Changes } from './changes.ts'
import type { AllCacheFigures, CacheFigures, CacheReport } from './figures.ts'
import { Flights } from './flight.ts'
import { CacheStore } from './store.ts'
import type { CacheLimits } from './store.ts'

/**
 * The cache of one configuration while it is live (RFC 9111): what its upstreams mark as public, and what is being asked of them. Another configuration begins with another one.
 *
 * Written here after trials of undici 8 and http-cache-semantics 4. undici's interceptor does not see that callers are authorised, so that it also stores what is not marked; asks the
 * upstream once for each of many concurrent misses; and takes as long for a hit as for a call. http-cache-semantics misses `No-Store` and `PRIVATE`, finds `public` in quoted texts, throws
 * where Cache-Control comes in two lines, and never serves what is marked must-revalidate.
 */
export class Cache {
  readonly store: CacheStore
  readonly flights = new Flights()
  readonly changes = new Changes()
  /** Epoch ms. */
  readonly now: () => number
  readonly #figures: AllCacheFigures

  constructor (limits: CacheLimits, figures: AllCacheFigures, now: () => number) {
    this.store = new CacheStore(limits)
    this.#figures = figures
    this.now = now
  }

  figuresOf (eservice: string): CacheFigures { return this.#figures.of(eservice) }

  /** Forgets what is stored for a path, and does not store what is on its way: something there was changed (RFC 9111, 4.4). */
  invalidate (path: string): void {
    this.store.invalidate(path)
    this.changes.add(path)
  }

  /** What it did for an e-service since the process was started, and holds of it now. */
  reportOf (eservice: string): CacheReport {
    const { answered, ...others } = this.figuresOf(eservice)
    return { ...answered, ...others, ...this.store.usageOf(eservice) }
  }
}
