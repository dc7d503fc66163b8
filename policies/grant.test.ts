import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { explainCall, explainVoucher } from './explain.ts'
import { callWith, id, platformKey, portsOf, registryOf, terms, testTime, voucher } from './fixture.ts'
import { grantsWith, grantWith } from './grant-fixture.ts'
import { endingGrants } from './grants.ts'
import type { Grants } from './grants.ts'
import type { Call } from './policy.ts'

const [consumer, purpose] = [id(2), id(6)]
const [forPurpose, forConsumer, forAny] = ['purpose', 'consumer', 'any'].map((one) => grantWith({ id: one })) as [ReturnType<typeof grantWith>, ReturnType<typeof grantWith>, ReturnType<typeof grantWith>]

async function admit (grants: Grants | undefined, changes: Partial<Call> = {}) {
  const call = callWith(`Bearer ${voucher()}`, changes)
  const denial = await prepareAdmission(portsOf(), { ...terms, grants }).beforeBody(call)
  return { denial, grant: call.grant }
}

t.test('where nothing is granted one by one the fact is that there is no grant', async (t) => {
  t.strictSame(await admit(undefined), { denial: undefined, grant: null })
})

t.test('the most specific grant counts: purpose before consumer before any', async (t) => {
  const all = grantsWith({ byPurpose: new Map([[purpose, forPurpose]]), byConsumer: new Map([[consumer, forConsumer]]), any: forAny })
  t.match((await admit(all)).grant, { id: 'purpose', version: 2 })
  t.match((await admit({ ...all, byPurpose: new Map([[id(77), forPurpose]]) })).grant, { id: 'consumer' })
  t.match((await admit({ ...all, byPurpose: new Map(), byConsumer: new Map([[purpose, forConsumer]]) })).grant, { id: 'any' })
  t.match((await admit({ ...all, byPurpose: new Map(), byConsumer: new Map(), any: undefined })).denial, { denial: 'grant-missing', check: 'grant', detail: /for purpose "[^"]+6", for consumer "[^"]+2" or for all, got none/ })
})

t.test('one that is no longer good is none, and no broader one takes its place', async (t) => {
  const grants = grantsWith({ byPurpose: new Map([[purpose, grantWith({ expires: '2026-02-28', expiresAt: testTime })]]), any: forAny })
  t.match((await admit(grants)).denial, { denial: 'grant-expired', detail: /"statistics", version 2, good until 2026-02-28/ })
  t.equal((await admit(grants, { now: testTime - 1 })).denial, undefined, 'a moment before it is good')
})

t.test('one that is no longer good, or not for another 30 days, is named before anybody is refused', async (t) => {
  const day = 86_400_000
  const grants = (expiresAt: number, place: 'byPurpose' | 'byConsumer' | 'any' = 'any'): Grants => {
    const grant = grantWith({ expires: '2026-03-20', expiresAt })
    return grantsWith({ [place]: place === 'any' ? grant : new Map([[purpose, grant]]) })
  }
  const ends = 'grant "statistics", version 2, is good until 2026-03-20: have it reviewed before then'
  const ended = 'grant "statistics", version 2, was good until 2026-03-20: whoever it is for is refused'
  t.strictSame(endingGrants(grants(testTime + 30 * day + 1), testTime), [])
  t.strictSame(endingGrants(grants(testTime + 30 * day), testTime), [ends])
  t.strictSame(endingGrants(grants(testTime + 1), testTime), [ends])
  t.strictSame(endingGrants(grants(testTime), testTime), [ended], 'the instant at which it is refused')
  t.strictSame((['byPurpose', 'byConsumer', 'any'] as const).flatMap((place) => endingGrants(grants(testTime, place), testTime)), [ended, ended, ended])
  t.strictSame(endingGrants(grantsWith(), testTime), [])
})

t.test('it is good for its operations, and narrows what it says', async (t) => {
  const grants = grantsWith({ any: grantWith({ operations: new Set(['listThings', 'readThing']) }) })
  t.match((await admit(grants)).grant?.view?.produces, ['application/json'])
  t.match(await admit(grants, { operationId: 'readThing' }), { denial: undefined, grant: { id: 'statistics', view: undefined } })
  t.match((await admit(grants, { operationId: 'removeThing' })).denial, { denial: 'operation-not-granted', detail: /expected listThings or readThing, got "removeThing"/ })
  t.match((await admit(grants, { operationId: undefined })).denial, { denial: 'operation-not-granted' })
})

t.test('what it withholds cannot be asked for in another way', async (t) => {
  const grants = grantsWith({ any: grantWith() })
  for (const query of ['secret=x', 'limit=1&sort=-secret', 'q=x']) t.match((await admit(grants, { query })).denial, { denial: 'field-withheld', check: 'grant fields' }, query)
  for (const query of ['limit=1', 'sort=limit', 'limit=secret', '%']) t.equal((await admit(grants, { query })).denial, undefined, query)
  t.equal((await admit(grants, { query: 'secret=x', operationId: 'readThing' })).denial, undefined, 'where nothing is withheld')
  t.notMatch((await admit(grants, { query: 'secret=canary' })).denial, /canary/, 'its value is repeated nowhere')
})

t.test('an explanation has the same checks, in the same words', async (t) => {
  const context = { registry: registryOf(), key: { key: platformKey.publicKey }, now: testTime }
  const linesOf = (grants: Grants | undefined, changes?: Partial<Call>) => {
    const own = { ...context, terms: { ...terms, grants } }
    const lines = changes ? explainCall(callWith(`Bearer ${voucher()}`, changes), own) : explainVoucher(voucher(), own)
    return lines.filter(({ check }) => check.startsWith('grant')).map(({ check, outcome, code }) => `${check}: ${outcome}${code ? ` ${code}` : ''}`)
  }
  const grants = grantsWith({ any: grantWith({ operations: new Set(['listThings']) }) })
  t.strictSame(linesOf(undefined, {}), [])
  t.strictSame(linesOf(grantsWith(), {}), ['grant: fail grant-missing'])
  t.strictSame(linesOf(grants, {}), ['grant: pass', 'grant expiry: pass', 'grant operation: pass', 'grant fields: pass'])
  t.strictSame(linesOf(grants, { operationId: 'x', query: 'q=1' }), ['grant: pass', 'grant expiry: pass', 'grant operation: fail operation-not-granted', 'grant fields: pass'])
  t.strictSame(linesOf(grants, { query: 'q=1', now: testTime }), ['grant: pass', 'grant expiry: pass', 'grant operation: pass', 'grant fields: fail field-withheld'])
  t.strictSame(linesOf(grants), ['grant: pass', 'grant expiry: pass'], 'of a voucher alone only what is known without a call')
})
