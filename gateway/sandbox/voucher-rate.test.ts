import t from 'tap'
import { postTokenRequest, signAssertion, startSandbox } from './sandbox-fixture.ts'
import { createRateCounter } from './voucher-rate.ts'

t.test('a tenant is limited within an interval and free in the next, whatever others do', async (t) => {
  let now = 0
  const count = createRateCounter({ limit: 2, interval: 1000 }, () => now)
  t.strictSame([count('a'), count('a'), count('a')].map(({ remaining, limited }) => [remaining, limited]),
    [[1, false], [0, false], [0, true]])
  t.equal(count('b').limited, false)
  now = 1000
  t.equal(count('a').limited, false)
})

t.test('the request after the last is 429, with the platform\'s headers on every counted answer', async (t) => {
  const sandbox = await startSandbox(t, { voucherRate: { limit: 1, interval: 60_000 } })
  const names = ['limit', 'remaining', 'interval'].map((name) => `x-rate-limit-${name}`)
  const rateOf = ({ headers }: Response) => names.map((name) => headers.get(name))
  const refused = await postTokenRequest(sandbox.url, 'not-an-assertion')
  t.strictSame(rateOf(refused), [null, null, null], 'a refusal is not counted')
  const first = await postTokenRequest(sandbox.url, await signAssertion(sandbox))
  t.equal(first.status, 200)
  t.strictSame(rateOf(first), ['1', '0', '60000'])
  const second = await postTokenRequest(sandbox.url, await signAssertion(sandbox))
  t.equal(second.status, 429)
  t.strictSame(rateOf(second), ['1', '0', '60000'])
  const detail = `Requests limit exceeded for organization ${sandbox.idOf('tenants', 'istat')}`
  t.match(await second.json(), { status: 429, detail })
})
