import t from 'tap'
import { tightest } from './limiter.ts'

const state = (remaining: number) => ({ limit: 10, remaining, resetSeconds: 1, exceeded: false })

t.test('the limit to tell is the one with the least left, whichever there is', async (t) => {
  const [few, many] = [state(1), state(9)]
  t.equal(tightest(few, many), few)
  t.equal(tightest(many, few), few)
  t.equal(tightest(few, undefined), few)
  t.equal(tightest(undefined, many), many)
  t.equal(tightest(undefined, undefined), undefined)
})
