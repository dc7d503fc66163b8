import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { callWith, id, plainQuotas, portsOf, registryOf, terms, voucher } from './fixture.ts'
import type { Limiter } from './limiter.ts'
import type { Terms } from './policy.ts'
import type { QuotaClaim } from './quota-counters.ts'

const classes: Terms['classes'] = [
  { name: 'search', operations: ['findThings', 'countThings'], burst: { requests: 2, seconds: 60 } },
  { name: 'export', operations: ['exportThings'], burst: { requests: 1, seconds: 3600 } }
]

const own: Terms = { ...terms, burst: { requests: 3, seconds: 10 }, classes }
const attempt = async (admission: ReturnType<typeof prepareAdmission>, operationId: string, client = id(8)) => {
  const call = callWith(`Bearer ${voucher({ claims: { sub: client, client_id: client } })}`, { operationId })
  return await admission.beforeBody(call) ?? call.burst
}

t.test('a class has a burst limit of its own for all of its operations; what is in none shares that of the e-service', async (t) => {
  const admission = prepareAdmission(portsOf(), own)
  t.match(await attempt(admission, 'findThings'), { limit: 2, remaining: 1, resetSeconds: 60 })
  t.match(await attempt(admission, 'countThings'), { limit: 2, remaining: 0 })
  t.match(await attempt(admission, 'findThings'), { denial: 'burst-exceeded', retryAfter: 60, limit: { limit: 2, remaining: 0 } })
  t.match(await attempt(admission, 'exportThings'), { limit: 1, remaining: 0, resetSeconds: 3600 })
  t.match(await attempt(admission, 'exportThings'), { denial: 'burst-exceeded', retryAfter: 3600 })
  for (const [operationId, remaining] of [['listThings', 2], ['getThing', 1], ['constructor', 0]] as const) t.match(await attempt(admission, operationId), { limit: 3, remaining, resetSeconds: 10 }, operationId)
  t.match(await attempt(admission, 'getThing'), { denial: 'burst-exceeded', retryAfter: 10 })
  t.match(await attempt(admission, 'findThings', id(88)), { limit: 2, remaining: 1 }, 'another client has its own')
})

t.test('a refusal before the limit tells that of the class', async (t) => {
  const ports = portsOf({ registry: () => registryOf({ agreement: { state: 'Suspended' } }) })
  t.match(await attempt(prepareAdmission(ports, own), 'exportThings'), { denial: 'agreement-not-active', limit: { limit: 1, remaining: 1, resetSeconds: 3600 } })
})

t.test('a call that waits for its burst limit says which quotas it will take from, one that does not wait does not', async (t) => {
  const foreseen: QuotaClaim[] = []
  const quota = { ...plainQuotas(), foresee: (claim: QuotaClaim) => { foreseen.push(claim) } }
  const { burst } = portsOf()
  t.match(await attempt(prepareAdmission(portsOf({ quota, burst }), own), 'findThings'), { remaining: 1 })
  t.strictSame(foreseen, [])
  const later: Limiter = { consume: async (...counter) => burst.consume(...counter), peek: async (...counter) => burst.peek(...counter) }
  t.match(await attempt(prepareAdmission(portsOf({ quota, burst: later }), own), 'findThings'), { remaining: 0 })
  t.match(foreseen, [{ eserviceId: id(3), quotas: [{ kind: 'purpose', limit: 5 }, { kind: 'consumer', limit: 10 }, { kind: 'total', limit: 10 }] }])
  t.strictSame([...quota.counts], [])
})
