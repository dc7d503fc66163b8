import t from 'tap'
import type { Test } from 'tap'
import { prepareAdmission } from './admission.ts'
import type { AdmittedCall } from './admission.ts'
import { asyncScopes, noDemands } from './demands.ts'
import type { AsyncScope } from './demands.ts'
import type { Denial, DenialCode } from './denials.ts'
import { explainVoucher } from './explain.ts'
import { callWith, goodClaims, id, platformKey, plainInteractions, portsOf, quotasWith, registryOf, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { Interactions } from './interactions.ts'
import type { Ports, Terms } from './policy.ts'

const properties = { responseTime: 60, resourceAvailableTime: 120, confirmation: true, maxResultSet: 1 }
const registryWith = (changes: object = {}) => registryOf({ descriptor: { asyncExchangeProperties: { ...properties, ...changes } } })
const keychain = id(50)

/** What a test changes of a step: its claims, the scope that the operation takes, the seconds after the start. */
interface Sent { readonly claims?: Readonly<Record<string, unknown>>, readonly demanded?: AsyncScope | undefined, readonly after?: number }

/** A call of one step of the interaction `of`. */
function step (scope: AsyncScope | undefined, of: number, { claims = {}, after = 0, ...sent }: Sent = {}): AdmittedCall {
  const seconds = testSeconds + after
  const own = {
    iat: seconds, nbf: seconds, exp: seconds + 600, ...scope && { scope, interactionId: id(of) }, ...scope === 'start_interaction' && { urlCallback: 'https://consumer.example/cb' },
    ...scope === 'callback_invocation' && { sub: keychain, client_id: keychain }, ...claims
  }
  return callWith(`Bearer ${voucher({ claims: own })}`, { demands: { ...noDemands, scope: 'demanded' in sent ? sent.demanded : scope }, now: seconds * 1000 })
}

type Admit = (call: AdmittedCall) => Promise<Denial | undefined>

/** Admission as the gateway makes it, with an undo when it is refused after the transition. */
function admitting (ports: Partial<Ports> = {}, own: Terms = terms): Admit {
  const admission = prepareAdmission(portsOf({ registry: () => registryWith(), ...ports }), { ...own, burst: { requests: 1000, seconds: 1 } })
  return async (call) => {
    const denial = await admission.beforeBody(call) ?? await admission.overBody(call) ?? await admission.afterBody(call)
    if (denial) call.transition?.undo()
    return denial
  }
}

async function refused (t: Test, outcome: Promise<Denial | undefined>, code: DenialCode | undefined, what = 'as expected'): Promise<void> {
  t.equal((await outcome)?.denial, code, what)
}

const code = (denial: Denial | undefined): string => denial?.denial ?? 'admitted'
const plenty = { quota: quotasWith(1000) }

t.test('an exchange goes its way: start, resource as often as needed, confirmation; and nothing after it', async (t) => {
  const admit = admitting(plenty)
  await refused(t, admit(step('start_interaction', 1)), undefined)
  await refused(t, admit(step('start_interaction', 1)), 'interaction-state-mismatch', 'once')
  await refused(t, admit(step('confirmation', 1)), 'interaction-state-mismatch', 'not before the resource')
  const fetch = step('get_resource', 1)
  await refused(t, admit(fetch), undefined)
  t.strictSame(fetch.interaction, { interactionId: id(1), scope: 'get_resource' })
  await refused(t, admit(step('get_resource', 1)), undefined)
  await refused(t, admit(step('confirmation', 1)), undefined)
  for (const scope of ['start_interaction', 'get_resource', 'confirmation'] as const) await refused(t, admit(step(scope, 1)), 'interaction-state-mismatch', `${scope} after the confirmation`)
  await refused(t, admit(step('start_interaction', 2)), undefined, 'another interaction is another one')
})

t.test('what comes in which order is decided for every pair', async (t) => {
  const expected: Readonly<Record<string, string>> = {
    'start_interaction then start_interaction': 'interaction-state-mismatch', 'start_interaction then callback_invocation': 'admitted', 'start_interaction then get_resource': 'admitted', 'start_interaction then confirmation': 'interaction-state-mismatch',
    'callback_invocation then start_interaction': 'interaction-state-mismatch', 'callback_invocation then callback_invocation': 'interaction-state-mismatch', 'callback_invocation then get_resource': 'interaction-unknown', 'callback_invocation then confirmation': 'interaction-unknown',
    'get_resource then start_interaction': 'admitted', 'get_resource then callback_invocation': 'admitted', 'get_resource then get_resource': 'interaction-unknown', 'get_resource then confirmation': 'interaction-unknown',
    'confirmation then start_interaction': 'admitted', 'confirmation then callback_invocation': 'admitted', 'confirmation then get_resource': 'interaction-unknown', 'confirmation then confirmation': 'interaction-unknown'
  }
  for (const first of asyncScopes) {
    for (const second of asyncScopes) {
      const admit = admitting(plenty)
      const before = await admit(step(first, 1))
      t.equal(code(before), first === 'start_interaction' || first === 'callback_invocation' ? 'admitted' : 'interaction-unknown', first)
      t.equal(code(await admit(step(second, 1))), expected[`${first} then ${second}`], `${first} then ${second}`)
    }
  }
})

t.test('a callback comes in time for a start that was seen, from the keychain, for the same consumer, once', async (t) => {
  const admit = admitting(plenty)
  await refused(t, admit(step('start_interaction', 1)), undefined)
  await refused(t, admit(step('callback_invocation', 1, { after: 60 })), 'interaction-expired')
  await refused(t, admit(step('callback_invocation', 1, { after: 59 })), undefined)
  await refused(t, admit(step('callback_invocation', 1, { after: 59 })), 'interaction-state-mismatch')
  await refused(t, admit(step('get_resource', 1)), undefined, 'and the client that started goes on')
  await refused(t, admit(step('callback_invocation', 2)), undefined, 'a consumer\'s gateway sees the callback only')
  await refused(t, admit(step('callback_invocation', 2)), 'interaction-state-mismatch')
})

t.test('the resource is there for the times of the version, to the millisecond', async (t) => {
  const admit = admitting(plenty)
  await refused(t, admit(step('start_interaction', 1)), undefined)
  await refused(t, admit(step('get_resource', 1, { after: 179 })), undefined)
  for (const scope of ['get_resource', 'confirmation'] as const) await refused(t, admit(step(scope, 1, { after: 180 })), 'interaction-expired')
  await refused(t, admit(step('start_interaction', 1, { after: 180 })), 'interaction-state-mismatch', 'it does not begin again')
})

t.test('only the client that started goes on, on the version with which it started; everybody else is told the same as for one that is not there', async (t) => {
  const other = registryWith()
  const versions = { ...terms, descriptorIds: [id(4), id(44)] }
  const admit = admitting({ ...plenty, registry: () => ({
    ...other,
    eservice: (one) => ({ ...other.eservice(id(3))!, id: one, descriptors: [id(4), id(44)].map((each) => ({ ...other.eservice(id(3))!.descriptors[0]!, id: each })) }),
    agreement: (eserviceId, consumerId) => ({ ...other.agreement(eserviceId, consumerId)!, consumerId, descriptorId: current.descriptorId }),
    purpose: () => ({ ...other.purpose(id(6))!, consumerId: current.consumerId })
  }) }, versions)
  const own = { descriptorId: id(4), consumerId: id(2) }
  const current = { ...own }
  await refused(t, admit(step('start_interaction', 1)), undefined)
  const told = await admit(step('get_resource', 99))
  const foreign = async (claims: Partial<typeof current> & { client_id?: string, sub?: string }): Promise<void> => {
    Object.assign(current, own, claims)
    const denial = await admit(step('get_resource', 1, { claims }))
    t.equal(denial?.denial, 'interaction-unknown', JSON.stringify(claims))
    t.equal(denial?.detail, told?.detail)
  }
  await foreign({ client_id: id(88), sub: id(88) })
  await foreign({ consumerId: id(22) })
  await foreign({ descriptorId: id(44) })
  Object.assign(current, own)
  await refused(t, admit(step('get_resource', 1)), undefined)
})

t.test('the scope is the one of the operation, and none where it takes none', async (t) => {
  const admit = admitting(plenty)
  for (const scope of [undefined, ...asyncScopes]) {
    for (const demanded of [undefined, ...asyncScopes]) {
      const denial = await admit(step(scope, 1, { demanded }))
      if (scope !== demanded) t.match(denial, { denial: 'scope-mismatch', detail: `scope: expected ${demanded ? `"${demanded}"` : 'a voucher without scope'}, got ${scope ? `"${scope}"` : 'nothing'}.` })
      else t.not(denial?.denial, 'scope-mismatch')
    }
  }
})

t.test('the version says whether it is called asynchronously, and whether it takes a confirmation', async (t) => {
  await refused(t, admitting({ registry: () => registryOf() })(step('start_interaction', 1)), 'async-exchange-not-enabled')
  const admit = admitting({ ...plenty, registry: () => registryWith({ confirmation: false }) })
  await refused(t, admit(step('start_interaction', 1)), undefined)
  await refused(t, admit(step('get_resource', 1)), undefined)
  await refused(t, admit(step('confirmation', 1)), 'async-exchange-not-enabled')
})

const malformed: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'another scope': { scope: 'read' }, 'a list of scopes': { scope: ['start_interaction'] }, 'a scope in capitals': { scope: 'START_INTERACTION' }, 'an empty scope': { scope: '' }, 'a scope that is null': { scope: null },
  'no interactionId': { interactionId: undefined }, 'an interactionId that is no UUID': { interactionId: '1' }, 'an interactionId in capitals': { interactionId: id(1).toUpperCase() }, 'an interactionId that is null': { interactionId: null },
  'no urlCallback': { urlCallback: undefined }, 'a urlCallback that is no text': { urlCallback: 7 }, 'an empty urlCallback': { urlCallback: '' }, 'a urlCallback without end': { urlCallback: `https://consumer.example/${'x'.repeat(2000)}` },
  'no scope': { scope: undefined }
}
for (const [name, claims] of Object.entries(malformed)) {
  t.test(`a start with ${name} is no start`, async (t) => {
    await refused(t, admitting()(step('start_interaction', 1, { claims })), 'voucher-claims-invalid')
  })
}

t.test('a callback goes only with a start, an interaction only with a scope', async (t) => {
  await refused(t, admitting()(step('get_resource', 1, { claims: { urlCallback: 'https://consumer.example/' } })), 'voucher-claims-invalid')
  await refused(t, admitting()(step(undefined, 1, { claims: { interactionId: id(1) } })), 'voucher-claims-invalid')
  await refused(t, admitting()(step(undefined, 1, { claims: { urlCallback: 'https://consumer.example/' } })), 'voucher-claims-invalid')
})

t.test('of many starts at once exactly one is admitted, however long keeping it takes', async (t) => {
  const kept = plainInteractions()
  const slow: Interactions = {
    find: async (one, now, issuedAt) => kept.find(one, now, issuedAt),
    replace: async (known, next, now) => {
      const outcome = kept.replace(known, next, now)
      await new Promise((resolve) => { setTimeout(resolve, 5) })
      return outcome
    },
    restore: (known, next) => { kept.restore(known, next) }
  }
  for (const interactions of [plainInteractions(), slow]) {
    const admit = admitting({ ...plenty, interactions })
    const outcomes = await Promise.all(Array.from({ length: 50 }, async () => code(await admit(step('start_interaction', 1)))))
    t.strictSame(Map.groupBy(outcomes, (each) => each).get('admitted')?.length, 1)
    t.equal(outcomes.filter((each) => each === 'interaction-state-mismatch').length, 49)
    const fetched = await Promise.all(Array.from({ length: 3 }, async () => code(await admit(step('get_resource', 1)))))
    t.strictSame([...new Set(fetched)], ['admitted'], 'the resource may be fetched by many at once')
    const confirmed = await Promise.all(Array.from({ length: 3 }, async () => code(await admit(step('confirmation', 1)))))
    t.equal(confirmed.filter((each) => each === 'admitted').length, 1)
  }
})

t.test('a call that is refused by a later check takes no step', async (t) => {
  const interactions = plainInteractions()
  await refused(t, admitting({ interactions, quota: quotasWith(0) })(step('start_interaction', 1)), 'quota-exceeded')
  t.equal(interactions.find(id(1), testTime, testTime), undefined)
  await refused(t, admitting({ interactions, ...plenty, resolver: { resolve: () => 'unknown' } })(step('start_interaction', 1)), 'reply-to-invalid')
  t.equal(interactions.find(id(1), testTime, testTime), undefined)
  await refused(t, admitting({ interactions, ...plenty })(step('start_interaction', 1)), undefined, 'and it can be taken again')
  await refused(t, admitting({ interactions, quota: quotasWith(0) })(step('get_resource', 1)), 'quota-exceeded')
  t.match(interactions.find(id(1), testTime, testTime), { state: 'start_interaction' })
})

t.test('what cannot be kept is not admitted', async (t) => {
  const kept = plainInteractions()
  for (const interactions of [{ ...kept, find: () => 'unavailable' as const }, { ...kept, replace: () => 'unavailable' as const }, { ...kept, replace: () => 'changed' as const }]) {
    t.match(await admitting({ ...plenty, interactions })(step('start_interaction', 1)), { denial: 'interactions-unavailable', retryAfter: 5 })
  }
  const throwing = { ...kept, replace: (): never => { throw new Error('disk') } }
  await refused(t, admitting({ ...plenty, interactions: throwing })(step('start_interaction', 1)), 'internal-error')
})

t.test('an explanation says of a step what admission says', async (t) => {
  const interactions = plainInteractions()
  const ports = { ...plenty, interactions }
  const lines = (call: AdmittedCall, known?: Pick<Interactions, 'find'>) => explainVoucher((call.authorization[0] ?? '').slice(7), { terms, registry: registryWith(), key: { key: platformKey.publicKey }, now: call.now, call, interactions: known })
  const failed = (call: AdmittedCall): string => lines(call, interactions).find(({ outcome }) => outcome === 'fail')?.code ?? 'admitted'
  const calls = [
    step('get_resource', 1), step('start_interaction', 1), step('start_interaction', 1), step('confirmation', 1), step('get_resource', 1, { demanded: undefined }), step(undefined, 1, { demanded: 'get_resource' }), step(undefined, 1),
    step('get_resource', 1, { after: 180 }), step('get_resource', 1, { claims: { sub: id(88), client_id: id(88) } }), step('get_resource', 1), step('confirmation', 1), step('confirmation', 1)
  ]
  for (const call of calls) {
    const before = failed(call)
    t.equal(before, code(await admitting(ports)(call)), `${call.demands.scope}`)
  }
  t.match(lines(step('get_resource', 1)).find(({ check }) => check === 'interaction'), { outcome: 'not checked' }, 'without the interactions nothing is said of them')
  const alone = (scope: AsyncScope | undefined) => explainVoucher((step(scope, 1).authorization[0] ?? '').slice(7), { terms, registry: registryWith(), key: { key: platformKey.publicKey }, now: testTime }).find(({ check }) => check === 'scope')
  t.match(alone('get_resource'), { outcome: 'not checked', got: /get_resource/ })
  t.match(alone(undefined), { outcome: 'pass' })
  t.equal(goodClaims.client_id, id(8))
})

t.test('a callback comes on the channel of the producer, everything else on that of the consumer', async (t) => {
  const registry = { ...registryWith(), tenant: (one: string) => ({ id: one, name: 'Ente', externalId: { origin: 'IPA', value: one }, certificates: [{ thumbprint: one }] }) }
  const certificate = (thumbprint: string) => ({ secure: true, certificate: { thumbprint, subject: 'CN=x', notBefore: 0, notAfter: testTime + 1000, untrusted: undefined } })
  const admit = admitting({ ...plenty, registry: () => registry })
  for (const [scope, own, other] of [['callback_invocation', id(1), id(2)], ['start_interaction', id(2), id(1)]] as const) {
    const call = step(scope, 1)
    const on = (thumbprint: string): AdmittedCall => ({ ...call, demands: { ...call.demands, channel: 'mutual-tls' }, connection: certificate(thumbprint) })
    await refused(t, admit(on(other)), 'client-certificate-mismatch', scope)
    t.not((await admit(on(own)))?.denial, 'client-certificate-mismatch', scope)
  }
})
