import * as fc from 'fast-check'
import t from 'tap'
import type { AdmittedCall } from './admission.ts'
import { isDenial } from './denials.ts'
import type { Denial } from './denials.ts'
import { callWith, id, plainQuotas, portsOf, quotasWith, terms, testTime } from './fixture.ts'
import type { Answer, Facts } from './policy.ts'
import { prepareQuotaLeft, quota } from './quota.ts'
import type { QuotaFact, QuotaMode } from './quota.ts'
import type { QuotaCounters } from './quota-counters.ts'
import { consumerDailyCalls } from './registry.ts'
import type { Descriptor } from './registry.ts'

interface Limits { readonly purpose: number, readonly consumer: number, readonly total: number }

type Counted = AdmittedCall & Pick<Facts, 'caller' | 'descriptor' | 'purpose'>

/** A call of a consumer for a purpose, as far as it was proved before its quotas. */
function callOf (limits: Limits, { purpose = 1, consumer = 1, now = testTime } = {}): Counted {
  return {
    ...callWith('Bearer x', { now }),
    caller: { eserviceId: id(3), consumerId: id(20 + consumer), purposeId: id(60 + purpose) } as Facts['caller'],
    descriptor: { id: id(4), version: 1, dailyCallsPerConsumer: limits.consumer, dailyCallsTotal: limits.total },
    purpose: { id: id(60 + purpose), dailyCalls: limits.purpose }
  }
}

/** Prepares the policy; `left` are its counters. */
function prepare (mode: QuotaMode = 'block', counters: QuotaCounters = plainQuotas()): (call: Counted) => Answer<QuotaFact> {
  return quota.prepare(portsOf({ quota: counters }), { ...terms, quotaMode: mode })
}

const plenty: Limits = { purpose: 100, consumer: 100, total: 100 }

t.test('the fact tells the quota with the least left, after this call', async (t) => {
  for (const limits of [{ ...plenty, purpose: 5 }, { ...plenty, consumer: 5 }, { ...plenty, total: 5 }]) {
    const prove = prepare()
    for (const remaining of [4, 3]) t.match(prove(callOf(limits)), { limit: { limit: 5, remaining, resetSeconds: 13 * 3600, exceeded: false }, over: [] })
  }
})

t.test('a refusal names the quota that is used up, and says when there is a new one', async (t) => {
  for (const [kind, told] of [['purpose', 'of the purpose'], ['consumer', 'of the consumer on this e-service'], ['total', 'in total of all consumers on this e-service version']] as const) {
    const prove = prepare()
    const call = callOf({ ...plenty, [kind]: 1 })
    t.notOk(isDenial(await prove(call)))
    t.match(prove(call), {
      denial: 'quota-exceeded', detail: `The quota "${kind}" is used up: 1 calls a day (Europe/Rome) ${told}.`, retryAfter: 13 * 3600, limit: { limit: 1, remaining: 0, resetSeconds: 13 * 3600 }
    }, kind)
  }
})

t.test('a purpose has its own, a consumer one for all of its purposes, and all share the total', async (t) => {
  const prove = prepare()
  const limits = { purpose: 2, consumer: 3, total: 4 }
  const attempt = async (purpose: number, consumer: number) => {
    const answer = await prove(callOf(limits, { purpose, consumer }))
    return isDenial(answer) ? /"(\w+)"/.exec(answer.detail as string)?.[1] : 'admitted'
  }
  t.strictSame([await attempt(1, 1), await attempt(1, 1), await attempt(1, 1)], ['admitted', 'admitted', 'purpose'])
  t.strictSame([await attempt(2, 1), await attempt(2, 1)], ['admitted', 'consumer'])
  t.strictSame([await attempt(3, 2), await attempt(3, 2)], ['admitted', 'total'])
})

t.test('whatever is called, no quota is passed and a refused call changes no counter', async (t) => {
  const limit = fc.integer({ min: 1, max: 8 })
  const call = fc.record({ purpose: fc.integer({ min: 1, max: 3 }), consumer: fc.integer({ min: 1, max: 2 }), undone: fc.boolean() })
  await fc.assert(fc.asyncProperty(limit, limit, limit, fc.array(call, { maxLength: 40 }), async (purpose, consumer, total, calls) => {
    const counters = plainQuotas()
    const prove = prepare('block', counters)
    const admitted = { purpose: [0, 0, 0, 0], consumer: [0, 0, 0], total: 0 }
    for (const one of calls) {
      const before = JSON.stringify([...counters.counts])
      const answer = await prove(callOf({ purpose, consumer, total }, one))
      if (isDenial(answer)) {
        if (JSON.stringify([...counters.counts]) !== before) return false
        continue
      }
      if (one.undone) answer.undo()
      else {
        admitted.purpose[one.purpose]!++
        admitted.consumer[one.consumer]!++
        admitted.total++
      }
    }
    const reached = admitted.purpose.every((each) => each <= purpose) && admitted.consumer.every((each) => each <= consumer) && admitted.total <= total
    return reached && [...counters.counts.values()].reduce((sum, each) => sum + each, 0) === admitted.total * 3
  }), { numRuns: 300 })
  t.pass('300 sequences')
})

t.test('observed, a call beyond its quotas goes on and its caller is told nothing; warned of, it is told that nothing is left', async (t) => {
  for (const [mode, limit] of [['observe', undefined], ['warn', { limit: 1, remaining: 0 }]] as const) {
    const counters = plainQuotas()
    const prove = prepare(mode, counters)
    t.match(prove(callOf({ ...plenty, purpose: 1, total: 2 })), { limit, over: [] }, mode)
    t.match(prove(callOf({ ...plenty, purpose: 1, total: 2 })), { limit, over: ['purpose'] }, mode)
    t.match(prove(callOf({ ...plenty, purpose: 1, total: 2 })), { limit, over: ['purpose', 'total'] }, mode)
    t.strictSame([...counters.counts.values()], [3, 3, 3], 'all are counted')
    t.equal(await prepareQuotaLeft(portsOf({ quota: counters }), { ...terms, quotaMode: mode })(callOf({ ...plenty, purpose: 1 })), undefined)
  }
})

t.test('what is given back can be taken again', async (t) => {
  const prove = prepare()
  const call = callOf({ ...plenty, purpose: 1 })
  const first = await prove(call) as QuotaFact
  first.undo()
  t.notOk(isDenial(await prove(call)))
  t.ok(isDenial(await prove(call)))
})

t.test('whether quotas are left can be asked without taking from them', async (t) => {
  const left = async (quotas: QuotaCounters): Promise<Denial | undefined> => prepareQuotaLeft(portsOf({ quota: quotas }), terms)(callOf(plenty))
  t.equal(await left(quotasWith(1)), undefined)
  t.match(await left(quotasWith(0)), { denial: 'quota-exceeded', detail: /^The quota "purpose" is used up/ })
  t.match(await left({ ...quotasWith(0), peek: async () => [1, 1, 0] }), { detail: /^The quota "total" is used up/, limit: { remaining: 0 } })
})

const days: Readonly<Record<string, readonly [begins: string, hours: number]>> = {
  'a winter day': ['2026-01-15T00:00:00+01:00', 24],
  'a summer day': ['2026-07-15T00:00:00+02:00', 24],
  'the day of 23 hours': ['2026-03-29T00:00:00+01:00', 23],
  'the day of 25 hours': ['2026-10-25T00:00:00+02:00', 25]
}

for (const [name, [begins, hours]] of Object.entries(days)) {
  t.test(`${name} has its quotas from midnight to midnight in Rome`, async (t) => {
    const start = Date.parse(begins)
    const prove = prepare()
    const at = async (hour: number, purpose = 1) => prove(callOf({ purpose: 1, consumer: 2, total: 100 }, { now: start + hour * 3_600_000, purpose }))
    t.notOk(isDenial(await at(-0.001)), 'the day before')
    t.match(await at(0), { limit: { remaining: 0, resetSeconds: hours * 3600 } })
    for (const hour of [1, 2, 2.5, 3, hours - 0.001]) t.match(await at(hour), { denial: 'quota-exceeded' }, `after ${hour} hours`)
    t.match(await at(hours - 0.5, 2), { limit: { remaining: 0, resetSeconds: 1800 } }, 'the consumer has two')
    t.match(await at(hours - 0.5, 3), { detail: /"consumer"/ })
    t.match(await at(hours), { limit: { remaining: 0 } }, 'the day after')
  })
}

t.test('a consumer may call as often as the best of its certified attributes lets it, even if that is less', async (t) => {
  const [a, b, c, d] = [id(31), id(32), id(33), id(34)] as const
  const certified = [[{ id: a, dailyCallsPerConsumer: 5 }, { id: b, dailyCallsPerConsumer: 50 }], [{ id: c }, { id: d, dailyCallsPerConsumer: 1000 }]]
  const descriptor = { dailyCallsPerConsumer: 100 } as Descriptor
  const having = (attributes?: readonly string[]) => ({ id: id(2), name: 'Ente', externalId: { origin: 'IPA', value: 'e' }, ...attributes && { attributes } })
  for (const [attributes, expected] of [[[a], 5], [[a, b], 50], [[a, c], 5], [[b, d], 1000], [[c], 100], [[], 100], [[id(35)], 100], [undefined, 100]] as const) {
    t.equal(consumerDailyCalls({ ...descriptor, attributes: { certified } }, having(attributes)), expected, attributes?.join() ?? 'none')
  }
  t.equal(consumerDailyCalls({ ...descriptor, attributes: { certified } }, undefined), 100)
  t.equal(consumerDailyCalls(descriptor, having([a])), 100)
})
