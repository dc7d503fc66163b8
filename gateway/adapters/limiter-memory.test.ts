import t from 'tap'
import { memoryLimiter } from './limiter-memory.ts'
import { testLimiter } from './limiter-suite.ts'

await testLimiter(t, async () => memoryLimiter())

t.test('a counter that the library has not taken away yet is over when its window is', async (t) => {
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
