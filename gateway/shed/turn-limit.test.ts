import t from 'tap'
import { simulate } from './simulation.ts'
import type { Ended, Scene } from './simulation.ts'
import { TurnLimit } from './turn-limit.ts'
import type { Rank, Reading } from './turn-limit.ts'

const opened = (): TurnLimit => new TurnLimit({ delayMs: 100, memoryBytes: 1000 })

/** What became of calls that were answered from a time on: what was served of what can be, and how long those that were served took, in ms. */
function figures (ended: readonly Ended[], { costMs }: Pick<Scene, 'costMs'>, from: number, until: number): { readonly goodput: number, readonly shed: number, readonly p50: number, readonly p99: number } {
  const seen = ended.filter(({ endedAt }) => endedAt >= from && endedAt < until)
  const times = seen.filter(({ isServed }) => isServed).map(({ madeAt, endedAt }) => endedAt - madeAt).toSorted((one, other) => one - other)
  const at = (part: number): number => times[Math.floor(times.length * part)] ?? 0
  return { goodput: times.length * costMs / (until - from), shed: seen.length - times.length, p50: at(0.5), p99: at(0.99) }
}

t.test('what is served stays above nine tenths of what can be, whatever is offered', (t) => {
  for (const [costMs, refusalMs] of [[0.1, 0.025], [0.35, 0.03], [2, 0.1]] as const) {
    for (const load of [1, 2, 3, 6]) {
      const scene = { connections: 1900, rate: () => load / costMs, costMs, refusalMs }
      const { goodput, shed, p50, p99 } = figures(simulate(opened(), scene, 12_000), scene, 6000, 11_000)
      const says = `a call costs ${costMs} ms, load ${load}: ${goodput.toFixed(2)}, p50 ${p50.toFixed()} ms, p99 ${p99.toFixed()} ms`
      t.ok(goodput >= 0.9, says)
      t.ok(load > 1 ? p50 < 3000 && p99 < 3600 : shed === 0 && p99 < 30, says)
    }
  }
  t.end()
})

t.test('nothing is shed while everything can be served: bursts, stops of the process and a slow start are no overload', (t) => {
  const scenes: Readonly<Record<string, Scene>> = {
    'at 95 %': { connections: 1900, rate: () => 9.5, costMs: 0.1, refusalMs: 0.02 },
    'at half, and every second 1500 at once': { connections: 1900, rate: (now) => now % 1000 < 5 ? 300 : 5, costMs: 0.1, refusalMs: 0.02 },
    'at half, and it does not run for 500 ms now and then': { connections: 1900, rate: () => 5, costMs: 0.1, refusalMs: 0.02, stall: (now) => Math.random() < 0.01 && now > 0 ? 500 : 0 },
    'it runs a tenth of the time, with few calls at once': { connections: 64, rate: () => 5, costMs: 0.2, refusalMs: 0.02, stall: (_now, ranMs) => 9 * ranMs },
    'few connections, kept busy': { connections: 100, rate: () => 100, costMs: 0.5, refusalMs: 0.02 }
  }
  for (const [name, scene] of Object.entries(scenes)) t.equal(simulate(opened(), scene, 6000).filter(({ isServed }) => !isServed).length, 0, name)
  t.end()
})

t.test('a process that others hardly let run sheds when calls would wait for long all the same', (t) => {
  // It runs for one ms in eight.
  const scene = { connections: 1900, rate: () => 5, costMs: 0.3, refusalMs: 0.02, stall: (_now: number, ranMs: number) => 7 * ranMs }
  const law = opened()
  t.ok(simulate(law, scene, 20_000).some(({ isServed }) => !isServed))
  // 100 ms of what it takes are then 400 ms of what passes.
  t.ok(law.limit > 120 && law.limit < 180, String(law.limit))
  t.end()
})

t.test('it is over as soon as less comes', (t) => {
  const law = opened()
  const ended = simulate(law, { connections: 1900, rate: (now) => now < 4000 ? 10 : 1.6, costMs: 0.3, refusalMs: 0.02 }, 8000)
  t.ok(ended.some(({ isServed, madeAt }) => !isServed && madeAt < 4000))
  t.equal(ended.filter(({ isServed, madeAt }) => !isServed && madeAt > 4500).length, 0)
  t.equal(law.limit, Infinity)
  t.end()
})

t.test('calls that are known go before others, these before pages; a few probes are always answered', (t) => {
  const ranks: readonly Rank[] = ['known', 'other', 'known', 'other', 'known', 'other', 'known', 'other', 'known', 'other', 'page']
  const scene: Scene = { connections: 1900, rate: () => 12, costMs: 0.3, refusalMs: 0.02, rank: (index) => index % 400 === 399 ? 'status' : ranks[index % 11] as Rank }
  const ended = simulate(opened(), scene, 8000).filter(({ madeAt }) => madeAt > 4000)
  const servedOf = (rank: Rank): number => {
    const all = ended.filter((one) => one.rank === rank)
    return all.filter(({ isServed }) => isServed).length / all.length
  }
  t.equal(servedOf('status'), 1)
  t.ok(servedOf('known') > 0.8 && servedOf('known') > servedOf('other') && servedOf('other') > servedOf('page'), ['known', 'other', 'page'].map((rank) => servedOf(rank as Rank).toFixed(2)).join())
  t.ok(servedOf('other') > 0.05, 'who is new is not locked out')
  t.end()
})

/** Ends a turn in which so many calls came that cost so much, at so much memory. */
function turn (law: TurnLimit, before: Reading, { calls, costMs = 0, memoryBytes = 0, rank = 'other' }: { readonly calls: number, readonly costMs?: number, readonly memoryBytes?: number, readonly rank?: Rank }): { readonly reading: Reading, readonly let: number } {
  let lets = 0
  for (let count = 0; count < calls; count++) {
    if (law.limit === Infinity) law.count()
    if (law.limit === Infinity || law.lets(rank, false, 0)) lets++
  }
  const reading = { now: before.now + Math.max(10, lets * costMs), busyMs: before.busyMs + lets * costMs, idleMs: 0, memoryBytes, inside: 0 }
  law.end(reading)
  return { reading, let: lets }
}

/** What becomes of calls where a turn answers 128 of those inside, in 24 ms, or fewer in less time; as many come as find one of 1500 connections free, and the processor works for `part` of the time: how many are inside in the end, what is answered of what can be, and whether there is a limit then. */
function flood (law: TurnLimit, part: number): { readonly inside: number, readonly served: number, readonly isLimited: boolean } {
  let [now, busyMs, inside, all] = [0, 0, 1500, 0]
  for (let turns = 0; turns < 1000; turns++) {
    const answered = Math.min(inside, 128)
    all += answered
    inside -= answered
    for (let count = inside; count < 1500; count++) {
      if (law.limit === Infinity) law.count()
      if (law.limit === Infinity || law.lets('other', false, inside)) inside++
    }
    const passedMs = Math.max(1, 24 * answered / 128)
    now += passedMs
    busyMs += passedMs * part
    law.end({ now, busyMs, idleMs: now - busyMs, memoryBytes: 0, inside })
  }
  return { inside, served: all * 24 / 128 / now, isLimited: law.limit !== Infinity }
}

t.test('calls that wait inside for a busy processor are overload, however short turns are; those that wait for a slow upstream are not', (t) => {
  const busy = flood(opened(), 1)
  t.ok(busy.inside >= 16 && busy.inside <= 64, `${busy.inside} wait`)
  t.equal(busy.served, 1, 'nobody is idle meanwhile')
  t.strictSame(flood(opened(), 0.8), { inside: 1500, served: 1, isLimited: false })
  t.end()
})

t.test('once there is a limit there is room for as many as wait for a slow upstream', (t) => {
  const law = opened()
  let reading: Reading = { now: 0, busyMs: 0, idleMs: 0, memoryBytes: 1000, inside: 0 }
  law.end(reading)
  // Each is answered after 300 ms, and would keep the processor busy for a tenth of a ms.
  const inside: number[] = []
  let taken = 0
  for (let turns = 0; turns < 90; turns++) {
    const waiting = inside.reduce((sum, count) => sum + count, 0)
    taken = 0
    for (let count = 0; count < 60; count++) if (law.lets('other', false, waiting + taken)) taken++
    inside.push(taken)
    if (inside.length > 30) inside.shift()
    reading = { now: reading.now + 10, busyMs: reading.busyMs + 6, idleMs: reading.idleMs + 4, memoryBytes: 0, inside: waiting + taken }
    law.end(reading)
  }
  t.equal(taken, 60, `${reading.inside} wait`)
  t.end()
})

t.test('every connection is served again and again', (t) => {
  const ended = simulate(opened(), { connections: 1900, rate: () => 15, costMs: 0.3, refusalMs: 0.02 }, 16_000).filter(({ madeAt }) => madeAt > 4000)
  const all = new Set(ended.map(({ connection }) => connection))
  const served = Map.groupBy(ended.filter(({ isServed }) => isServed), ({ connection }) => connection)
  t.strictSame([all.size, served.size], [1900, 1900])
  const counts = [...served.values()].map(({ length }) => length)
  t.ok(Math.max(...counts) < 10 * Math.min(...counts), `${Math.min(...counts)} to ${Math.max(...counts)}`)
  t.end()
})

t.test('a turn lets in a few whatever they cost, and not much more than its limit when more come than before', (t) => {
  const law = opened()
  let reading: Reading = { now: 0, busyMs: 0, idleMs: 0, memoryBytes: 0, inside: 0 }
  for (let count = 0; count < 40; count++) ({ reading } = turn(law, reading, { calls: 20, costMs: 60 }))
  t.equal(law.limit, 16)
  t.ok(turn(law, reading, { calls: 10_000, costMs: 60 }).let <= 16)
  t.end()
})

t.test('where memory is short few are let in, and no more is said of it once there is enough', (t) => {
  const law = opened()
  let { reading } = turn(law, { now: 0, busyMs: 0, idleMs: 0, memoryBytes: 0, inside: 0 }, { calls: 3, memoryBytes: 1000 })
  t.strictSame([law.isFull, law.limit], [true, 16])
  for (let count = 0; count < 3; count++) ({ reading } = turn(law, reading, { calls: 100, costMs: 0.1, memoryBytes: 2000 }))
  t.ok(turn(law, reading, { calls: 100, memoryBytes: 999 }).let < 25)
  t.equal(law.isFull, false)
  for (let count = 0; count < 3; count++) ({ reading } = turn(law, reading, { calls: 100, costMs: 0.1, memoryBytes: 2 }))
  t.equal(turn(law, reading, { calls: 100 }).let, 100)
  t.end()
})

/** A limit at which calls cost 0.1 ms, 100 are answered in a turn of 10 ms, mostly of a rank, and 64 are inside: there is room for no more than that. */
function busy (rank: Rank = 'known'): { readonly law: TurnLimit, readonly turn: (idleMs?: number, inside?: number) => void } {
  const law = opened()
  let reading: Reading = { now: 0, busyMs: 0, idleMs: 0, memoryBytes: 1000, inside: 64 }
  law.end(reading)
  const turn = (idleMs = 0, inside = 64): void => {
    for (let count = 0; count < 100; count++) law.lets(rank, false, 0)
    law.lets(rank, false, 100_000)
    reading = { now: reading.now + 10, busyMs: reading.busyMs + 10 - idleMs, idleMs: reading.idleMs + idleMs, memoryBytes: 0, inside }
    law.end(reading)
  }
  for (let turns = 0; turns < 100; turns++) turn()
  // The first ones of a turn come in whatever there is room for.
  for (let count = 0; count < 16; count++) t.ok(law.lets(rank, false, 100_000))
  return { law, turn }
}

t.test('when there is no room only the first calls of a turn come in, and places that are kept are for those that have waited', (t) => {
  const { law } = busy()
  t.strictSame([63, 64].map((inside) => law.lets('known', false, inside)), [true, false])
  law.reserve(2)
  t.equal(law.lets('known', false, 62), false)
  t.equal(law.lets('known', true, 90), true, 'one of two has come')
  t.strictSame([62, 63].map((inside) => law.lets('known', false, inside)), [true, false])
  t.equal(law.lets('known', true, 96), false, 'for all there is an end')
  t.end()
})

t.test('those of a lower rank leave room to those above, and have a part of their own', (t) => {
  const { law } = busy()
  let own = 0
  while (law.lets('other', false, 64)) own++
  t.ok(own >= 8 && own <= 10, String(own))
  t.strictSame([57, 58].map((inside) => law.lets('other', false, inside)), [true, false])
  while (law.lets('page', false, 64)) own++
  t.strictSame([51, 52].map((inside) => law.lets('page', false, inside)), [true, false])
  t.equal(law.lets('known', false, 63), true)
  t.end()
})

t.test('connections that rest are read from again by and by, and sooner when there is nothing to do', (t) => {
  const { law, turn } = busy()
  t.ok(law.wakes(0) <= 5 && law.wakes(1_000_000) >= 24 && law.wakes(1_000_000) <= 25)
  const some = Array.from({ length: 24 }, () => law.wakes(2400)).reduce((sum, count) => sum + count, 0)
  t.ok(some >= 238 && some <= 242, `${some} of 2400 in 240 ms`)
  turn(2)
  t.ok(law.wakes(0) >= 48, 'half of what there is room for')
  t.end()
})

t.test('there is less room again once the event loop is not idle any more', (t) => {
  const { law, turn } = busy()
  for (let turns = 0; turns < 10; turns++) turn(2, 1000)
  for (let count = 0; count < 16; count++) law.lets('known', false, 0)
  t.equal(law.lets('known', false, 1200), true)
  for (let turns = 0; turns < 200; turns++) turn()
  for (let count = 0; count < 16; count++) law.lets('known', false, 0)
  t.strictSame([63, 65].map((inside) => law.lets('known', false, inside)), [true, false])
  t.end()
})

t.test('places are kept for whoever has waited with a call of a rank that is mostly let in', (t) => {
  t.strictSame((['known', 'other', 'page', 'status'] as const).map((rank) => busy().law.isFor(rank)), [true, false, false, false])
  t.strictSame((['known', 'other', 'page', 'status'] as const).map((rank) => busy('other').law.isFor(rank)), [true, true, false, false])
  t.end()
})
