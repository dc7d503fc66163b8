import type { Rate } from '../policies/burst.ts'

const maxAddresses = 100_000

/**
 * The limit on callers who prove nothing: counts the refused requests of each address in windows and blocks an address that has too
 * many until its window ends. Whoever proves who it is is never counted, and vouchers that were verified before still pass from a blocked
 * address. IPv6 is counted by /64, the least that one caller is given.
 */
export class UnprovenLimit {
  /** How many there may be; what is counted stays counted when it changes. */
  rate: Rate
  readonly #windows = new Map<string, { count: number, endsAt: number }>()

  constructor (rate: Rate) {
    this.rate = rate
  }

  /** Seconds for which an address is blocked; 0 when it is not. `now` in epoch ms. */
  blockedSeconds (address: string, now: number): number {
    const window = this.#windows.size === 0 ? undefined : this.#windows.get(networkOf(address))
    if (!window || now >= window.endsAt || window.count < this.rate.requests) return 0
    return Math.ceil((window.endsAt - now) / 1000)
  }

  /** Counts one refused request. */
  count (address: string, now: number): void {
    const network = networkOf(address)
    const window = this.#windows.get(network)
    if (window && now < window.endsAt) window.count++
    else {
      if (this.#windows.size >= maxAddresses) this.#forget(now)
      this.#windows.set(network, { count: 1, endsAt: now + this.rate.seconds * 1000 })
    }
  }

  #forget (now: number): void {
    for (const [network, { endsAt }] of this.#windows) if (now >= endsAt) this.#windows.delete(network)
    if (this.#windows.size >= maxAddresses) this.#windows.clear()
  }
}

function networkOf (address: string): string {
  return address.includes(':') && !address.startsWith('::ffff:') ? address.split(':').slice(0, 4).join(':') : address
}
