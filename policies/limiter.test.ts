import t from 'tap'
import { tightest } from './limiter.ts'

const state = (remaining: number, resetSeconds = 1) => ({ limit: 10, remaining, resetSeconds, exceeded: false })

t.test('the limit to tell is the one with the least left, whichever there is', async (t) => {
  const [few, many] = [state(1), state(9)]
  t.equal(tightest(few, many), few)
  t.equal(tightest(many, few), few)
  const day = state(1, 3600)
  t.equal(tightest(few, day), day, 'and of two the one that lasts longer')
  t.equal(tightest(day, few), day)
  t.equal(tightest(few, undefined), few)
  t.equal(tightest(undefined, many), many)
  t.equal(tightest(undefined, undefined), undefined)
})
