import t from 'tap'
import { measure } from './measure.ts'
import type { Compared, Round } from './measure.ts'
import { percentilesOf } from './percentile.ts'

const scenario = (name: string): Compared => ({ name, group: 'calls', ratioTo: 'bare upstream' })
const scenarios = [scenario('bare upstream'), scenario('admitted')]
const round = (requestsPerSecond: number, generatorBusy = 0.5): Round => {
  return { calls: 100, requestsPerSecond, latency: { ...percentilesOf([1000 / requestsPerSecond]), p99: 5000 / requestsPerSecond }, generatorBusy, cpuMicros: 500_000 / requestsPerSecond }
}

/** Round 0 is the warm-up; in round 2 the machine runs at half its speed. */
const results: Readonly<Record<string, readonly Round[]>> = {
  'bare upstream': [round(1), round(20_000), round(10_000), round(24_000)],
  admitted: [round(1), round(5000), round(2500), round(6600)]
}

async function measureResults (): Promise<{ measured: Awaited<ReturnType<typeof measure>>, order: string[] }> {
  const order: string[] = []
  const measured = await measure(scenarios, 3, async ({ name }, number) => {
    order.push(`${name} ${number}`)
    return results[name]?.[number] as Round
  })
  return { measured, order }
}

t.test('rounds are interleaved, and the warm-up does not count', async (t) => {
  const { measured, order } = await measureResults()
  t.strictSame(order, [0, 1, 2, 3].flatMap((number) => [`bare upstream ${number}`, `admitted ${number}`]))
  t.strictSame(measured[1]?.requestsPerSecond, { median: 5000, min: 2500, max: 6600 })
  t.strictSame(measured[1]?.latency.p50, { median: 0.2, min: 1000 / 6600, max: 0.4 })
})

t.test('a ratio compares within a round, so that a slow machine does not change it', async (t) => {
  const { measured } = await measureResults()
  t.strictSame(measured.map(({ ratio }) => ratio), [{ median: 1, min: 1, max: 1 }, { median: 0.25, min: 0.25, max: 0.275 }])
})

t.test('the median of an even number of rounds lies between the two in the middle', async (t) => {
  const [measured] = await measure([scenario('bare upstream')], 2, async (_scenario, number) => round(1000 * (number + 1)))
  t.strictSame(measured?.requestsPerSecond, { median: 2500, min: 2000, max: 3000 })
})

t.test('a round that fails ends the measuring with its sentence', async (t) => {
  await t.rejects(measure(scenarios, 1, async ({ name }) => { throw new Error(`${name}: nobody there`) }), { message: 'bare upstream: nobody there' })
})

t.test('a scenario without a reference is its own, and a figure that a round lacks is not told', async (t) => {
  const own: Compared = { ...scenario('alone'), ratioTo: 'alone' }
  const [measured] = await measure([own], 2, async (_scenario, number) => ({ ...round(1000), cpuMicros: number === 1 ? 20 : undefined, rssBytes: number * 1000 }))
  t.match(measured, { ratioTo: 'alone', ratio: { median: 1, min: 1, max: 1 }, rssBytes: { median: 1500, min: 1000, max: 2000 } })
  t.equal(measured?.cpuMicros, undefined)
})

t.test('percentiles are those of the nearest rank', async (t) => {
  t.strictSame(percentilesOf(Array.from({ length: 1000 }, (_, index) => 1000 - index)), { p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 })
})
