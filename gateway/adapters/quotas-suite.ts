import * as fc from 'fast-check'
import type { Test } from 'tap'
import type { QuotaClaim, QuotaCounters } from '../../policies/quota-counters.ts'

/** The e-service of every claim, and the day on which most come. */
export const eserviceId = '10000000-0000-4000-8000-000000000003'
export const today = '2026-03-02'

/** A claim on quotas by their keys and limits. */
export function claimOn (limits: Readonly<Record<string, number>>, { date = today, eservice = eserviceId }: { readonly date?: string, readonly eservice?: string } = {}): QuotaClaim {
  const quotas = Object.entries(limits).map(([key, limit]) => ({ kind: 'purpose' as const, key, limit }))
  return { eserviceId: eservice, day: { date, endsAt: Date.parse(`${date}T23:00:00Z`) }, quotas }
}

const keys = ['purpose a', 'purpose b', 'purpose c', 'consumer 1', 'consumer 2', 'total']

/** What all quotas must do, wherever they are counted. `open` gives some in which nothing was counted yet. */
export async function testQuotas (t: Test, open: (t: Test) => Promise<QuotaCounters>): Promise<void> {
  await t.test('a claim is taken from all of its quotas, until one of them has nothing left: then from none', async (t) => {
    const quotas = await open(t)
    const claim = claimOn({ a: 2, all: 3 })
    t.strictSame(await quotas.take(claim, false), [2, 3])
    t.strictSame(await quotas.take(claim, false), [1, 2])
    for (let count = 0; count < 3; count++) t.strictSame(await quotas.take(claim, false), [0, 1])
    t.strictSame(await quotas.take(claimOn({ b: 2, all: 3 }), false), [2, 1], 'what was refused took nothing')
    t.strictSame(await quotas.take(claimOn({ b: 2, all: 3 }), false), [1, 0])
    t.strictSame(await quotas.take(claimOn({ b: 5 }), false), [4], 'nor from the others, and a limit that is raised has the difference left')
    t.strictSame(await quotas.take(claimOn({ b: 1 }), false), [-1], 'one that is lowered has less than nothing')
  })

  await t.test('beyond its limits a claim is counted where it is told to be', async (t) => {
    const quotas = await open(t)
    for (const left of [1, 0, -1]) t.strictSame(await quotas.take(claimOn({ a: 1, b: 10 }), true), [left, left + 9])
    t.strictSame(await quotas.take(claimOn({ a: 1, b: 10 }), false), [-2, 7])
    t.strictSame(await quotas.peek(claimOn({ a: 1, b: 10 })), [-2, 7])
  })

  await t.test('looking takes nothing', async (t) => {
    const quotas = await open(t)
    await quotas.take(claimOn({ a: 3 }), false)
    for (let count = 0; count < 3; count++) t.strictSame(await quotas.peek(claimOn({ a: 3, b: 1 })), [2, 1])
  })

  await t.test('what is given back can be taken again, and no more than was taken', async (t) => {
    const quotas = await open(t)
    const claim = claimOn({ a: 1, b: 2 })
    t.strictSame(await quotas.take(claim, false), [1, 2])
    quotas.giveBack(claim)
    quotas.giveBack(claim)
    t.strictSame(await quotas.take(claim, false), [1, 2])
    t.strictSame(await quotas.take(claim, false), [0, 1])
  })

  await t.test('days, e-services and keys do not share a counter', async (t) => {
    const quotas = await open(t)
    const another = '10000000-0000-4000-8000-000000000099'
    for (const key of ['a', 'a ', '{a}', '__proto__', 'constructor', 'à\n', '']) t.strictSame(await quotas.take(claimOn({ [key]: 1 }), false), [1], key)
    t.strictSame(await quotas.take(claimOn({ a: 1 }, { date: '2026-03-03' }), false), [1], 'the next day')
    t.strictSame(await quotas.take(claimOn({ a: 1 }), false), [0], 'and back')
    t.strictSame(await quotas.take(claimOn({ a: 1 }, { eservice: another }), false), [1], 'another e-service')
  })

  await t.test('150 at the same moment get exactly the tightest limit', async (t) => {
    const quotas = await open(t)
    const taken = await Promise.all(Array.from({ length: 150 }, async (_, index) => quotas.take(claimOn({ [`purpose ${index % 3}`]: 30, total: 70 }), false)))
    t.equal(taken.filter((left) => left.every((calls) => calls > 0)).length, 70)
    t.strictSame(await quotas.peek(claimOn({ total: 70 })), [0])
  })

  await t.test('whatever is taken and given back, no counter passes its limit and what is refused changes none', async (t) => {
    const limit = fc.integer({ min: 0, max: 6 })
    const step = fc.record({ purpose: fc.constantFrom('a', 'b', 'c'), consumer: fc.constantFrom('1', '2'), giveBack: fc.boolean() })
    let round = 0
    await fc.assert(fc.asyncProperty(fc.tuple(limit, limit, limit, limit, limit, limit), fc.array(step, { maxLength: 30 }), async (limits, steps) => {
      const quotas = await open(t)
      const own = round++
      const limitOf = (key: string): number => limits[keys.indexOf(key)] as number
      const claimOf = (...of: string[]): QuotaClaim => claimOn(Object.fromEntries(of.map((key) => [`${own} ${key}`, limitOf(key)])))
      const counts = new Map(keys.map((key) => [key, 0]))
      for (const { purpose, consumer, giveBack } of steps) {
        const of = [`purpose ${purpose}`, `consumer ${consumer}`, 'total']
        const add = (calls: number): void => { for (const key of of) counts.set(key, (counts.get(key) as number) + calls) }
        const free = of.every((key) => (counts.get(key) as number) < limitOf(key))
        const left = await quotas.take(claimOf(...of), false)
        if (left.every((calls) => calls > 0) !== free) return false
        if (free) add(1)
        if (free && giveBack) {
          quotas.giveBack(claimOf(...of))
          add(-1)
        }
        const seen = await quotas.peek(claimOf(...keys))
        if (!keys.every((key, index) => seen[index] === limitOf(key) - (counts.get(key) as number) && seen[index] >= 0)) return false
      }
      return true
    }), { numRuns: 60 })
    t.pass('60 sequences')
  })
}
