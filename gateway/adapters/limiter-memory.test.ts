import t from 'tap'
import { memoryLimiter } from './limiter-memory.ts'
import { testLimiter } from './limiter-suite.ts'

await testLimiter(t, async () => memoryLimiter())

t.test('a window is over to the millisecond, whatever becomes of the wall clock', async (t) => {
  const limiter = memoryLimiter()
  const start = Math.ceil(performance.now())
  // What stands on the object itself stands before what it inherits.
  t.teardown(() => Reflect.deleteProperty(performance, 'now'))
  performance.now = () => start
  await limiter.consume('a', 1, 60)
  performance.now = () => start + 59_001
  t.match(await limiter.consume('a', 1, 60), { exceeded: true, resetSeconds: 1 })
  performance.now = () => start + 60_000
  t.match(await limiter.peek('a', 1, 60), { remaining: 1, resetSeconds: 60 })
  t.match(await limiter.consume('a', 1, 60), { exceeded: false, remaining: 0, resetSeconds: 60 })
})
