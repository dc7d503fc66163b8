/** Who is let in before whom: probes of a status, calls whose voucher was verified a moment ago, other calls, pages for people. */
export type Rank = 'status' | 'known' | 'other' | 'page'

/** When it is too much: CPU time (ms) that one turn of the event loop may take, and memory (bytes: heap, and buffers beside it) that the process may use. */
export interface Overload { readonly delayMs: number, readonly memoryBytes: number }

/** How it stands at the end of a turn: a clock, the CPU time of the thread and the time for which its event loop was idle since it began (all ms, from any beginning), the memory in use (bytes), and how many calls were let in and are not answered yet. */
export interface Reading { readonly now: number, readonly busyMs: number, readonly idleMs: number, readonly memoryBytes: number, readonly inside: number }

/** So many turns on end have to be too long, and to take so much CPU time (ms) together: neither a burst nor a single piece of long work is overload. */
const sustained = { turns: 2, busyMs: 500 }
/** A turn is as long as the CPU time that it takes: where others keep the process from running for a moment nobody is shed. It is so much of the time that passes at least. */
const stalledWeight = 0.25
/** An event loop that waits for a larger part of the time than this has nothing to do now and then. */
const idle = 0.05
/** So much of `delayMs` may wait inside, once there is a limit: the more wait the more each of them costs. */
const queue = 0.3
/** So many of those that were answered may be let in anew while too many wait. */
const outflow = 0.9
/** So many calls are let in by every turn, whatever they cost. */
const least = 16
/** For so long no turn was too long and nobody was shed when it is over, in ms. */
const calmMs = 1000
/** The part of a turn that is kept for probes, and for calls of which nothing is known yet beside those that are known. */
const kept = 0.1
/** How far an estimate moves towards what was seen last. */
const weight = { cost: 0.2, arrived: 0.5 }
/** So many times its limit a turn lets in at most, of those that have waited. */
const excess = 1.5

type Queued = Exclude<Rank, 'status'>
const queued: readonly Queued[] = ['known', 'other', 'page']
const none = (): Record<Queued, number> => ({ known: 0, other: 0, page: 0 })

/**
 * How many calls a turn of the event loop lets in. In one process everything waits for the loop to come round: what a turn takes is what every call waits, twice, and a turn
 * takes as long as the calls that it lets in cost. While turns are short enough all are let in. When turn after turn is too long, only as many are as fit
 * into `delayMs`, by what calls turn out to cost; those of a lower rank only where others leave places, and those that were shed and waited since before all, so that nobody is lucky
 * for ever. Time that is spent waiting for an upstream is no time of a turn; but while the processor is never idle, those that wait inside (as for a connection to an upstream)
 * wait for it, and take from what fits.
 */
export class TurnLimit {
  overload: Overload
  #limit = Infinity
  #costMs = 0
  #long = { turns: 0, busyMs: 0, let: 0 }
  #let = 0
  #probes = 0
  #shed = 0
  #troubledAt = 0
  #before: Pick<Reading, 'now' | 'busyMs' | 'idleMs' | 'inside'> = { now: 0, busyMs: 0, idleMs: 0, inside: 0 }
  /** How many calls have waited inside for the processor since before the turn, and how many were answered in it. */
  #waiting = 0
  #answered = 0
  #arrived = none()
  #expected = none()
  #places = none()
  #taken = none()
  #reserved = 0
  #ordinary = 0
  #isFull = false

  constructor (overload: Overload) {
    this.overload = overload
  }

  /** Calls that a turn lets in; Infinity while there is no need for a limit. */
  get limit (): number { return this.#limit }
  /** Whether memory is short: what would be kept in it is better not let in at all. */
  get isFull (): boolean { return this.#isFull }

  /** Where turns begin: at a reading after a time in which nothing came. */
  begin (reading: Reading): void {
    this.#before = reading
    this.#long = { turns: 0, busyMs: 0, let: 0 }
    this.#let = 0
  }

  /** Counts a call that is let in while there is no limit. */
  count (): void { this.#let++ }

  /** Keeps places of the turn that begins for so many calls that have waited. */
  reserve (waited: number): void { this.#reserved = waited }

  /** Whether a call is let in; `hasWaited` when the one before it on its connection was shed, and it was made to wait since. */
  lets (rank: Rank, hasWaited: boolean): boolean {
    if (rank === 'status' && this.#probes < Math.max(1, this.#limit * kept)) {
      this.#probes++
      this.#let++
      return true
    }
    const own = rank === 'status' ? 'other' : rank
    this.#arrived[own]++
    if (this.#taken[own] >= this.#places[own] || (hasWaited ? this.#let >= this.#limit * excess : this.#ordinary >= this.#limit - this.#reserved)) {
      this.#shed++
      return false
    }
    this.#taken[own]++
    this.#let++
    if (!hasWaited) this.#ordinary++
    return true
  }

  /** Whether a turn is mostly for calls of a rank: those are worth keeping places for. */
  isFor (rank: Rank): boolean {
    return rank !== 'status' && this.#places[rank] >= this.#limit / 2
  }

  /** Ends a turn. */
  end (reading: Reading): void {
    const passedMs = reading.now - this.#before.now
    const busyMs = Math.max(reading.busyMs - this.#before.busyMs, passedMs * stalledWeight)
    const isIdle = reading.idleMs - this.#before.idleMs > passedMs * idle
    // Who waits for a slow upstream leaves the event loop idle.
    this.#waiting = isIdle ? 0 : Math.max(0, reading.inside - this.#let)
    this.#answered = Math.max(0, this.#before.inside + this.#let - reading.inside)
    this.#before = reading
    this.#isFull = reading.memoryBytes >= this.overload.memoryBytes
    if (this.#shed > 0 || busyMs > this.overload.delayMs) this.#troubledAt = reading.now
    if (this.#limit === Infinity) this.#watch(reading.now, busyMs)
    else this.#adapt(reading.now, busyMs)
    if (this.#isFull) this.#limit = least
    this.#share()
    this.#let = this.#ordinary = this.#probes = this.#shed = this.#reserved = 0
    this.#taken = none()
  }

  #watch (now: number, busyMs: number): void {
    const long = this.#long
    if (busyMs <= this.overload.delayMs && this.#waiting * busyMs <= this.overload.delayMs * this.#answered) this.#long = { turns: 0, busyMs: 0, let: 0 }
    else this.#long = { turns: long.turns + 1, busyMs: long.busyMs + busyMs, let: long.let + this.#let }
    const isSustained = this.#long.turns >= sustained.turns && this.#long.busyMs >= sustained.busyMs
    if (!isSustained && !this.#isFull) return
    this.#costMs = this.#long.busyMs / Math.max(this.#long.let, 1)
    this.#limit = this.#fitting()
    this.#troubledAt = now
    this.#expected = none()
  }

  #adapt (now: number, busyMs: number): void {
    // What a turn costs that is hardly used says nothing of what a call costs.
    if (this.#let > 0 && (this.#shed > 0 || busyMs > this.overload.delayMs / 2)) this.#costMs += weight.cost * (busyMs / this.#let - this.#costMs)
    this.#limit = this.#fitting()
    if (now - this.#troubledAt < calmMs) return
    this.#limit = Infinity
    this.#long = { turns: 0, busyMs: 0, let: 0 }
  }

  #fitting (): number {
    const fitting = Math.max(least, this.overload.delayMs / this.#costMs)
    // What waits inside takes its time first; nearly as many may come as go all the same, for what they wait for may be another's.
    return this.#waiting === 0 ? fitting : Math.max(least, this.#answered * outflow, fitting * queue - this.#waiting)
  }

  /** By what came lately, each rank gets what those above it leave; of that a part is kept for calls of which nothing is known yet, and a smaller one for pages. */
  #share (): void {
    if (this.#limit === Infinity) return
    for (const rank of queued) this.#expected[rank] += weight.arrived * (this.#arrived[rank] - this.#expected[rank])
    const { known, other } = this.#expected
    const all = this.#limit
    const forKnown = all - Math.min(other, all * kept)
    const forOther = all - Math.min(known, forKnown)
    this.#places = { known: forKnown, other: forOther, page: Math.max(all * kept / 2, forOther - other) }
    this.#arrived = none()
  }
}
