import t from 'tap'
import { challengeOf } from './challenge.ts'
import { noDemands } from './demands.ts'
import { callWith } from './fixture.ts'

t.test('the challenge names the scheme that the caller has to use, and what was wrong', async (t) => {
  const [bearer, bound] = [callWith('Bearer a.b.c'), callWith('dpop a.b.c')]
  const demanded = { ...bearer, demands: { ...noDemands, dpop: true } }
  const algs = 'algs="ES256 RS256"'
  t.equal(challengeOf('voucher-missing', { ...bearer, authorization: [] }), 'Bearer')
  t.equal(challengeOf('voucher-missing', { ...demanded, authorization: [] }), `DPoP ${algs}`)
  t.equal(challengeOf('voucher-expired', bearer), 'Bearer error="invalid_token"')
  t.equal(challengeOf('voucher-expired', bound), `DPoP error="invalid_token", ${algs}`)
  t.equal(challengeOf('voucher-expired', demanded), `DPoP error="invalid_token", ${algs}`)
  t.equal(challengeOf('voucher-expired', callWith('dpopping a.b.c')), 'Bearer error="invalid_token"')
  t.equal(challengeOf('dpop-required', bearer), `DPoP error="invalid_token", ${algs}`)
  t.equal(challengeOf('dpop-replayed', bound), `DPoP error="invalid_dpop_proof", ${algs}`)
  for (const code of ['caller-kind-not-trusted', 'dpop-binding-mismatch'] as const) t.equal(challengeOf(code, { ...demanded, ...bound, listener: 'internal' }), 'Bearer error="invalid_token"')
})

t.test('a refusal that is not about who calls has none', async (t) => {
  for (const code of ['malformed-request', 'purpose-unknown', 'replay-filter-unavailable', 'quota-exceeded'] as const) t.equal(challengeOf(code, callWith('DPoP a.b.c')), undefined, code)
})
