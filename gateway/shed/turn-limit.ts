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
/** So many calls inside keep a processor busy whose upstreams are at hand; with more of them each costs more. */
const enough = 64
/** So many more there may be than there are while the event loop is idle now and then, and for each turn in which it is not so many fewer. */
const room = { more: 1.25, fewer: 0.98 }
/** So many calls are let in by every turn, whatever they cost. */
const least = 16
/** For so long no turn was too long and nobody was shed when it is over, in ms. */
const calmMs = 1000
/** The part of the room inside, and of what a turn answers, that is kept: of the one for those of a higher rank, of the other for those of a lower. */
const kept = 0.1
/** Of the connections that rest all are read from again within so many ms, as far as these are no larger and no smaller parts of what is answered: mostly one call is refused for each. */
const turnover = { ms: 2400, least: 1 / 20, most: 1 / 4 }
/** How far an estimate moves towards what was seen last. */
const weight = { cost: 0.2, flow: 0.1 }
/** So many times what is for others there is for those that have waited. */
const excess = 1.5

type Queued = Exclude<Rank, 'status'>
const queued: readonly Queued[] = ['known', 'other', 'page']
const none = (): Record<Queued, number> => ({ known: 0, other: 0, page: 0 })
/** The parts of the room that are kept from a rank, and of the answers that are kept for it. */
const parts: Readonly<Record<Queued, { readonly from: number, readonly for: number }>> = { known: { from: 0, for: 0 }, other: { from: kept, for: kept }, page: { from: 2 * kept, for: kept / 2 } }

/**
 * How many calls are let in. In one process everything waits for the event loop to come round: what a turn takes is what every call waits, twice, and a turn takes as long as the calls
 * that it lets in cost. While turns are short enough all are let in. When turn after turn is too long, or calls wait inside for too long for a processor that is never idle, only as many are as fit
 * into `delayMs`, by what calls turn out to cost, and as there is room for inside: as few as keep the processor busy, for the more are worked on at once the more each of them costs. Time that is spent
 * waiting for an upstream is no time of a turn and leaves the event loop idle, so that there is room for more. Those of a lower rank leave a part of it to those above; those that were shed and
 * waited since go before all, so that nobody is lucky for ever.
 */
export class TurnLimit {
  overload: Overload
  #limit = Infinity
  #room = enough
  #costMs = 0
  #long = { turns: 0, busyMs: 0, let: 0 }
  #let = 0
  #probes = 0
  #shed = 0
  #troubledAt = 0
  #before: Pick<Reading, 'now' | 'busyMs' | 'idleMs' | 'inside'> = { now: 0, busyMs: 0, idleMs: 0, inside: 0 }
  /** How many are inside, how many are answered in a turn, and for how long it is busy (ms), lately. */
  #flow = { inside: 0, answered: 0, busyMs: 0 }
  /** How long the last turn was (ms), and whether there was nothing to do now and then. */
  #passedMs = 0
  #isIdle = false
  /** Calls of each rank that were let in by this turn, and the lowest rank that the last one was mostly for. */
  #taken = none()
  #lowest: Queued = 'other'
  /** The part of a connection that is to be read from again, and places kept for calls on those that are. */
  #due = 0
  #reserved = 0
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

  /** How many connections are to be read from again in the turn that begins, where so many rest; all while there is no limit. */
  wakes (resting: number): number {
    if (this.#limit === Infinity) return Infinity
    const { answered } = this.#flow
    const usual = Math.min(Math.max(resting * this.#passedMs / turnover.ms, answered * turnover.least), answered * turnover.most)
    const due = this.#due + (this.#isIdle ? Math.max(usual, (this.#room - this.#before.inside) / 2) : usual)
    this.#due = due % 1
    return Math.floor(due)
  }

  /** Keeps places of the turn that begins for so many calls that have waited. */
  reserve (waited: number): void { this.#reserved = waited }

  /** Whether a call is let in, where so many are `inside`; `hasWaited` when the one before it on its connection was shed, and it was made to wait since. */
  lets (rank: Rank, hasWaited: boolean, inside: number): boolean {
    if (rank === 'status' && this.#probes < Math.max(1, this.#limit * kept)) {
      this.#probes++
      this.#let++
      return true
    }
    const own = rank === 'status' ? 'other' : rank
    if (hasWaited) this.#reserved = Math.max(0, this.#reserved - 1)
    if (!this.#hasPlace(own, hasWaited, inside)) {
      this.#shed++
      return false
    }
    this.#taken[own]++
    this.#let++
    return true
  }

  #hasPlace (rank: Queued, hasWaited: boolean, inside: number): boolean {
    const most = hasWaited ? excess : 1
    if (this.#let >= this.#limit * most) return false
    if (this.#let < least) return true
    const { from, for: ownPart } = parts[rank]
    const isOwn = this.#taken[rank] < this.#flow.answered * ownPart
    return isOwn ? inside < this.#room * excess : inside + (hasWaited ? 0 : this.#reserved) < this.#room * (most - from)
  }

  /** Whether calls of a rank were mostly let in: those are worth keeping places for. */
  isFor (rank: Rank): boolean {
    return rank !== 'status' && queued.indexOf(rank) <= queued.indexOf(this.#lowest)
  }

  /** Ends a turn. */
  end (reading: Reading): void {
    const passedMs = this.#passedMs = reading.now - this.#before.now
    const busyMs = Math.max(reading.busyMs - this.#before.busyMs, passedMs * stalledWeight)
    // Who waits for a slow upstream leaves the event loop idle.
    this.#isIdle = reading.idleMs - this.#before.idleMs > passedMs * idle
    this.#follow(reading.inside, Math.max(0, this.#before.inside + this.#let - reading.inside), busyMs)
    this.#before = reading
    this.#isFull = reading.memoryBytes >= this.overload.memoryBytes
    if (this.#shed > 0 || busyMs > this.overload.delayMs) this.#troubledAt = reading.now
    if (this.#limit === Infinity) this.#watch(reading, busyMs)
    else this.#adapt(reading, busyMs)
    if (this.#isFull) this.#limit = this.#room = least
    this.#lowest = this.#taken.known > this.#let / 2 ? 'known' : 'other'
    this.#let = this.#probes = this.#shed = this.#reserved = 0
    this.#taken = none()
  }

  #follow (inside: number, answered: number, busyMs: number): void {
    const flow = this.#flow
    flow.inside += weight.flow * (inside - flow.inside)
    flow.answered += weight.flow * (answered - flow.answered)
    flow.busyMs += weight.flow * (busyMs - flow.busyMs)
  }

  #watch (reading: Reading, busyMs: number): void {
    const long = this.#long
    const isLate = !this.#isIdle && this.#flow.inside * this.#flow.busyMs > this.overload.delayMs * this.#flow.answered
    if (busyMs <= this.overload.delayMs && !isLate) this.#long = { turns: 0, busyMs: 0, let: 0 }
    else this.#long = { turns: long.turns + 1, busyMs: long.busyMs + busyMs, let: long.let + this.#let }
    const isSustained = this.#long.turns >= sustained.turns && this.#long.busyMs >= sustained.busyMs
    if (!isSustained && !this.#isFull) return
    this.#costMs = this.#long.busyMs / Math.max(this.#long.let, 1)
    this.#troubledAt = reading.now
    this.#room = enough
    this.#fit(reading.inside)
  }

  #adapt ({ now, inside }: Reading, busyMs: number): void {
    // What a turn costs that is hardly used says nothing of what a call costs.
    if (this.#let > 0 && (this.#shed > 0 || busyMs > this.overload.delayMs / 2)) this.#costMs += weight.cost * (busyMs / this.#let - this.#costMs)
    this.#fit(inside)
    if (now - this.#troubledAt < calmMs) return
    this.#limit = Infinity
    this.#long = { turns: 0, busyMs: 0, let: 0 }
  }

  /** Follows what fits into a turn, and what room there has to be for the processor to be busy. */
  #fit (inside: number): void {
    this.#limit = Math.max(least, this.overload.delayMs / this.#costMs)
    this.#room = this.#isIdle ? Math.max(this.#room, (inside + enough) * room.more) : Math.max(Math.min(enough, this.#limit), this.#room * room.fewer)
  }
}
