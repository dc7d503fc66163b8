import t from 'tap'
import { memoryLimiter } from './limiter-memory.ts'

t.test('a counter admits exactly its limit, and what is refused takes nothing', async (t) => {
  const limiter = memoryLimiter()
  const states = []
  for (let count = 0; count < 5; count++) states.push(await limiter.consume('a', 3, 60))
  t.match(states, [
    { limit: 3, remaining: 2, resetSeconds: 60, exceeded: false },
    { remaining: 1, exceeded: false },
    { remaining: 0, exceeded: false },
    { remaining: 0, exceeded: true },
    { remaining: 0, exceeded: true }
  ])
  t.match(await limiter.consume('a', 4, 60), { remaining: 0, exceeded: false }, 'a limit that is raised has exactly the difference left')
})

t.test('500 at the same moment get exactly the limit', async (t) => {
  const limiter = memoryLimiter()
  const states = await Promise.all(Array.from({ length: 500 }, async () => limiter.consume('a', 100, 60)))
  t.equal(states.filter(({ exceeded }) => !exceeded).length, 100)
})

t.test('looking takes nothing', async (t) => {
  const limiter = memoryLimiter()
  t.match(await limiter.peek('a', 3, 60), { limit: 3, remaining: 3, resetSeconds: 60, exceeded: false })
  await limiter.consume('a', 3, 60)
  for (let count = 0; count < 5; count++) t.match(await limiter.peek('a', 3, 60), { remaining: 2 })
  t.match(await limiter.consume('a', 3, 60), { remaining: 1, exceeded: false })
})

t.test('keys do not share a counter, whatever their names', async (t) => {
  const limiter = memoryLimiter()
  for (const key of ['a', 'a ', '__proto__', 'constructor', 'rlflx:a', '']) t.match(await limiter.consume(key, 1, 60), { exceeded: false }, key)
})

t.test('a window starts anew when it has ended, and not before', async (t) => {
  const limiter = memoryLimiter()
  const realNow = Date.now
  t.teardown(() => { Date.now = realNow })
  const start = realNow()
  Date.now = () => start
  await limiter.consume('a', 1, 60)
  Date.now = () => start + 59_001
  t.match(await limiter.consume('a', 1, 60), { exceeded: true, resetSeconds: 1 })
  Date.now = () => start + 60_000
  t.match(await limiter.peek('a', 1, 60), { remaining: 1, resetSeconds: 60 })
  t.match(await limiter.consume('a', 1, 60), { exceeded: false, remaining: 0, resetSeconds: 60 })
})
