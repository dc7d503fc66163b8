import { Rest } from './rest.ts'
import { TurnLimit } from './turn-limit.ts'
import type { Rank } from './turn-limit.ts'

/** A connection with at most one call on it: when the call was made, and of what rank it is. */
interface Connection { madeAt: number, rank: Rank, isPaused: boolean, pause (): void, resume (): void }

/** What is simulated: connections, calls made in a ms by time, what it costs to serve and to refuse one (ms), and the rank of the next one. `stall` gives for how long the process does not run at the end of a turn in which it ran for so long (ms). */
export interface Scene {
  readonly connections: number
  readonly rate: (now: number) => number
  readonly costMs: number
  readonly refusalMs: number
  readonly rank?: (index: number) => Rank
  readonly stall?: (now: number, ranMs: number) => number
}

/** A call that ended: when it was made and answered, in ms, and on which connection. */
export interface Ended { readonly connection: object, readonly madeAt: number, readonly endedAt: number, readonly rank: Rank, readonly isServed: boolean }

/**
 * Simulates a process with one event loop under calls that come whatever becomes of those before them, for `ms`. Callers have so many connections and use the one that is free for longest; a call that finds none is not made. Half of what a call
 * costs is spent in its own turn, half in the next one. Used by tests only.
 */
export function simulate (law: TurnLimit, { connections: count, rate, costMs, refusalMs, rank = () => 'other', stall = () => 0 }: Scene, ms: number): readonly Ended[] {
  const rest = new Rest()
  const idle: Connection[] = Array.from({ length: count }, () => {
    const one: Connection = { madeAt: 0, rank: 'other', isPaused: false, pause () { one.isPaused = true }, resume () { one.isPaused = false } }
    return one
  })
  const busy = new Set<Connection>()
  const ended: Ended[] = []
  let [now, busyMs, idleMs, made, due] = [0, 0, 0, 0, 0]
  let answering: Connection[] = []
  const make = (until: number): void => {
    for (; due < until; due += 1 / rate(due)) {
      const connection = idle.shift()
      if (connection) busy.add(Object.assign(connection, { madeAt: due, rank: rank(made++) }))
    }
  }
  const end = (connection: Connection, isServed: boolean, endedAt: number): void => {
    ended.push({ connection, madeAt: connection.madeAt, endedAt, rank: connection.rank, isServed })
    busy.delete(connection)
    idle.push(connection)
  }
  const spend = (cost: number): void => {
    now += cost
    busyMs += cost
  }
  law.begin({ now, busyMs, idleMs, memoryBytes: 0, inside: 0 })
  for (let turnAt = 0; now < ms;) {
    const before = answering
    const ranBefore = busyMs
    const under = new Set(before)
    const ready = [...busy].filter((one) => !one.isPaused && !under.has(one))
    answering = []
    for (const connection of before) {
      spend(costMs / 2)
      end(connection, true, now)
    }
    for (const connection of ready) {
      const isLetIn = law.limit === Infinity || law.lets(connection.rank, rest.takeWaited(connection), answering.length)
      if (law.limit === Infinity) law.count()
      spend(isLetIn ? costMs / 2 : refusalMs)
      if (isLetIn) answering.push(connection)
      else {
        end(connection, false, now)
        rest.put(connection, now, law.isFor(connection.rank))
        connection.pause()
      }
    }
    now += stall(now, busyMs - ranBefore)
    // Nothing to do: the loop sleeps until something comes, here for a ms.
    if (before.length + ready.length === 0) {
      now++
      idleMs++
    }
    if (now - turnAt >= 10) {
      law.end({ now, busyMs, idleMs, memoryBytes: 0, inside: answering.length })
      law.reserve(rest.wake(law.wakes(rest.count), now))
      turnAt = now
    }
    make(now)
  }
  return ended
}
