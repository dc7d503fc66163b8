import type { Test } from 'tap'
import type { Limiter } from '../../policies/limiter.ts'

/** What every limiter must do, wherever it counts. `open` gives one in which nothing was counted yet. */
export async function testLimiter (t: Test, open: (t: Test) => Promise<Limiter>): Promise<void> {
  await t.test('a counter admits exactly its limit, and what is refused takes nothing', async (t) => {
    const limiter = await open(t)
    const states = []
    for (let count = 0; count < 5; count++) states.push(await limiter.consume('a', 3, 60))
    t.match(states, [
      { limit: 3, remaining: 2, resetSeconds: 60, exceeded: false },
      { limit: 3, remaining: 1, exceeded: false },
      { limit: 3, remaining: 0, exceeded: false },
      { limit: 3, remaining: 0, exceeded: true },
      { limit: 3, remaining: 0, exceeded: true }
    ])
    t.match(await limiter.consume('a', 4, 60), { limit: 4, remaining: 0, exceeded: false }, 'a limit that is raised has exactly the difference left')
    t.match(await limiter.consume('a', 2, 60), { limit: 2, remaining: 0, exceeded: true }, 'one that is lowered has nothing')
  })

  await t.test('500 at the same moment get exactly the limit', async (t) => {
    const limiter = await open(t)
    const states = await Promise.all(Array.from({ length: 500 }, async () => limiter.consume('a', 100, 60)))
    t.equal(states.filter(({ exceeded }) => !exceeded).length, 100)
  })

  await t.test('of a limit of nothing there is nothing', async (t) => {
    const limiter = await open(t)
    for (let count = 0; count < 2; count++) t.match(await limiter.consume('a', 0, 60), { limit: 0, remaining: 0, exceeded: true, resetSeconds: 60 })
  })

  await t.test('looking takes nothing', async (t) => {
    const limiter = await open(t)
    t.match(await limiter.peek('a', 3, 60), { limit: 3, remaining: 3, resetSeconds: 60, exceeded: false })
    await limiter.consume('a', 3, 60)
    for (let count = 0; count < 5; count++) t.match(await limiter.peek('a', 3, 60), { remaining: 2 })
    t.match(await limiter.consume('a', 3, 60), { remaining: 1, exceeded: false })
  })

  await t.test('keys do not share a counter, whatever their names', async (t) => {
    const limiter = await open(t)
    for (const key of ['a', 'a ', '{a}', '__proto__', 'constructor', 'rlflx:a', 'à\n', '']) t.match(await limiter.consume(key, 1, 60), { exceeded: false }, key)
  })

  await t.test('a window starts anew when it has ended, and not before', async (t) => {
    const limiter = await open(t)
    const start = performance.now()
    t.match(await limiter.consume('a', 1, 1), { exceeded: false, resetSeconds: 1 })
    let state = await limiter.consume('a', 1, 1)
    t.match(state, { exceeded: true, resetSeconds: 1 })
    while (state.exceeded && performance.now() - start < 3000) state = await limiter.consume('a', 1, 1)
    t.ok(performance.now() - start > 980, 'not before a second')
    t.match(state, { exceeded: false, remaining: 0, resetSeconds: 1 })
  })
}
