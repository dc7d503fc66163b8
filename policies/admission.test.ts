import t from 'tap'
import { prepareAdmission } from './admission.ts'
import type { AdmittedCall } from './admission.ts'
import { callWith, countingLimiter, goodClaims, id, keysOf, plainQuotas, platformKey, portsOf, registryOf, terms, testTime, voucher } from './fixture.ts'
import type { Limiter } from './limiter.ts'
import { policies } from './order.ts'
import type { AnyPolicy } from './order.ts'
import type { Ports } from './policy.ts'

const newCall = (token = voucher(), now = testTime): AdmittedCall => callWith(`Bearer ${token}`, { now })

t.test('an entitled call is admitted, and its facts are on it', async (t) => {
  const ports = portsOf()
  const call = newCall()
  const admission = prepareAdmission(ports, terms)
  t.equal(await admission.beforeBody(call), undefined)
  t.match(call, { caller: { clientId: id(8) }, descriptor: { id: id(4), version: 1 }, agreement: { id: id(5) }, purpose: { id: id(6), dailyCalls: 5 }, burst: { limit: 3, remaining: 2 } })
  t.equal(call.quota, undefined, 'the quota is not touched before the body was checked')
  t.equal(await admission.afterBody(call), undefined)
  t.match(call.quota, { limit: { limit: 5, remaining: 4 }, over: [] })
})

t.test('admission stays synchronous while its policies are', async (t) => {
  t.equal(prepareAdmission(portsOf(), terms).beforeBody(newCall()), undefined)
})

t.test('admission goes on behind a policy that had to wait', async (t) => {
  const keys = keysOf(async () => ({ key: platformKey.publicKey }))
  const [burst, quota] = [countingLimiter(), plainQuotas()]
  const later = (limiter: Limiter): Limiter => ({ consume: async (...counter) => limiter.consume(...counter), peek: async (...counter) => limiter.peek(...counter) })
  const ports = { ...portsOf({ keys }), burst: later(burst), quota: { ...quota, take: async (...claim: Parameters<typeof quota.take>) => quota.take(...claim) } }
  const call = newCall()
  const admission = prepareAdmission(ports, terms)
  t.equal(await admission.beforeBody(call) ?? await admission.overBody(call) ?? await admission.afterBody(call), undefined)
  t.strictSame(policies.filter(({ name }) => call[name] === undefined), [])
  t.strictSame([burst.counts.size, quota.counts.size], [1, 3])
  const refusing = prepareAdmission({ ...ports, registry: () => registryOf({ agreement: undefined }) }, terms)
  t.match(await refusing.beforeBody(newCall()), { denial: 'agreement-missing' })
})

const throwing: Readonly<Record<string, () => unknown>> = {
  'throws': () => { throw new Error('boom') },
  'throws what is no error': () => { throw null },
  'rejects': async () => { throw new Error('boom') },
  'rejects with what is no error': async () => Promise.reject(undefined)
}

for (const [how, prove] of Object.entries(throwing)) {
  for (const { name, stage } of policies) {
    t.test(`a policy "${name}" that ${how} is a refusal of class 500, never a pass`, async (t) => {
      const order = policies.map((policy) => policy.name === name ? { ...policy, prepare: () => prove } as unknown as AnyPolicy : policy)
      const admission = prepareAdmission(portsOf(), terms, order)
      const call = newCall()
      const before = await admission.beforeBody(call)
      const denial = stage === 'before-body' ? before : await admission.overBody(call) ?? await admission.afterBody(call)
      t.match(denial, { denial: 'internal-error', check: name, reason: new RegExp(`policy "${name}" failed`) })
      t.equal(call[name], undefined)
    })
  }
}

const throwingPorts: Readonly<Record<string, Partial<Ports>>> = {
  'the key source': { keys: { epoch: 0, known: () => undefined, find: () => { throw new Error('down') } } },
  'the registry': { registry: () => { throw new Error('down') } },
  'the burst counter': { burst: { consume: async () => { throw new Error('down') }, peek: async () => { throw new Error('down') } } }
}

for (const [name, ports] of Object.entries(throwingPorts)) {
  t.test(`${name} that throws is a refusal of class 500`, async (t) => {
    t.match(await prepareAdmission(portsOf(ports), terms).beforeBody(newCall()), { denial: 'internal-error' })
  })
}

t.test('nothing behind a policy that refuses is run', async (t) => {
  const ports = portsOf({ registry: () => registryOf({ purpose: undefined }) })
  t.match(await prepareAdmission(ports, terms).beforeBody(newCall()), { denial: 'purpose-unknown' })
  t.equal(ports.burst.counts.size, 0, 'a refused call takes nothing of the burst limit')
})

t.test('once the client is known every refusal tells where it stands with its limits', async (t) => {
  const ports = portsOf()
  const admitted = prepareAdmission(ports, terms)
  await admitted.beforeBody(newCall())
  const refusing = prepareAdmission({ ...ports, registry: () => registryOf({ agreement: { state: 'Suspended' } }) }, terms)
  for (const attempt of [1, 2]) t.match(await refusing.beforeBody(newCall()), { denial: 'agreement-not-active', limit: { limit: 3, remaining: 2 } }, `attempt ${attempt}`)
  t.equal((await refusing.beforeBody(newCall(voucher({ claims: { exp: 1 } }))))?.limit, undefined, 'nobody is known by an expired voucher')
})

t.test('a counter that cannot be read does not change a refusal', async (t) => {
  const burst: Ports['burst'] = { consume: () => { throw new Error('down') }, peek: () => { throw new Error('down') } }
  const ports = portsOf({ burst, registry: () => registryOf({ descriptor: { state: 'Suspended' } }) })
  const denial = await prepareAdmission(ports, terms).beforeBody(newCall())
  t.match(denial, { denial: 'descriptor-not-usable' })
  t.equal(denial?.limit, undefined)
})

t.test('the burst limit counts a client on an e-service, and refuses with what is left and when', async (t) => {
  const ports = portsOf()
  const admission = prepareAdmission(ports, terms)
  for (const remaining of [2, 1, 0]) {
    const call = newCall()
    t.equal(await admission.beforeBody(call), undefined)
    t.equal(call.burst?.remaining, remaining)
  }
  t.match(await admission.beforeBody(newCall()), { denial: 'burst-exceeded', retryAfter: 10, limit: { limit: 3, remaining: 0, resetSeconds: 10 } })
  const another = voucher({ claims: { sub: id(88), client_id: id(88) } })
  t.equal(await admission.beforeBody(newCall(another)), undefined, 'another client has its own')
  const elsewhere = prepareAdmission(ports, { ...terms, eserviceId: id(33) })
  t.match(await elsewhere.beforeBody(newCall()), { denial: 'eservice-mismatch' })
})

t.test('a new jti or a new voucher is the same client', async (t) => {
  const admission = prepareAdmission(portsOf(), terms)
  for (const jti of [id(91), id(92), id(93)]) t.equal(await admission.beforeBody(newCall(voucher({ claims: { jti } }))), undefined)
  t.match(await admission.beforeBody(newCall(voucher({ claims: { jti: id(94) } }))), { denial: 'burst-exceeded' })
})

t.test('the daily quota counts a purpose in a Rome day, whatever client calls, and starts anew at midnight', async (t) => {
  const midnight = Date.parse('2026-11-22T00:00:00+01:00')
  const seconds = midnight / 1000
  const admission = prepareAdmission(portsOf(), { ...terms, burst: { requests: 1000, seconds: 1 } })
  const attempt = async (now: number, client = id(8)) => {
    const call = newCall(voucher({ claims: { ...goodClaims, sub: client, client_id: client, iat: seconds - 600, nbf: seconds - 600, exp: seconds + 600 } }), now)
    return await admission.beforeBody(call) ?? admission.afterBody(call)
  }
  for (let used = 0; used < 5; used++) t.equal(await attempt(midnight - 2000, used % 2 === 0 ? id(8) : id(88)), undefined)
  t.match(await attempt(midnight - 1500), { denial: 'quota-exceeded', retryAfter: 2, limit: { limit: 5, remaining: 0 } })
  t.match(await attempt(midnight - 1, id(88)), { denial: 'quota-exceeded', retryAfter: 1 })
  for (let used = 0; used < 5; used++) t.equal(await attempt(midnight), undefined)
  t.match(await attempt(midnight), { denial: 'quota-exceeded', retryAfter: 86_400 })
})
