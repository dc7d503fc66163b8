import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { explainCall } from './explain.ts'
import { callWith, id, platformKey, portsOf, registryOf, terms, testTime, voucher } from './fixture.ts'
import type { RegistryChanges } from './fixture.ts'
import { delegationStates } from './registry.ts'

const call = () => callWith(`Bearer ${voucher()}`)
const delegated = { delegationId: id(60) }

/** What becomes of the good call when the platform knows this, and what it proves. */
async function admit (changes: RegistryChanges) {
  const made = call()
  const denial = await prepareAdmission(portsOf({ registry: () => registryOf(changes) }), terms).beforeBody(made)
  return { code: denial?.denial, denial, fact: made.delegation }
}

t.test('a purpose of the consumer\'s own stands on no delegation', async (t) => {
  t.match(await admit({}), { code: undefined, fact: null })
  t.match(await admit({ delegation: undefined }), { code: undefined, fact: null }, 'and nobody looks for one')
})

t.test('one of a delegate is good while the delegation is active', async (t) => {
  for (const state of delegationStates) t.equal((await admit({ purpose: delegated, delegation: { state } })).code, state === 'Active' ? undefined : 'delegation-not-active', state)
  t.match(await admit({ purpose: delegated }), { fact: { id: id(60), delegateId: id(61) } })
  t.match(await admit({ purpose: delegated, delegation: undefined }), { code: 'delegation-not-active', denial: { detail: /expected Active, got a delegation that the platform does not know/ } })
  t.equal((await admit({ purpose: { delegationId: id(77) } })).code, 'delegation-not-active')
})

t.test('a purpose that is not active is refused for that', async (t) => {
  t.equal((await admit({ purpose: { ...delegated, versions: [] }, delegation: { state: 'Revoked' } })).code, 'purpose-not-active')
})

t.test('it is explained where there is one', async (t) => {
  const lines = (changes: RegistryChanges) => explainCall(call(), { terms, registry: registryOf(changes), key: { key: platformKey.publicKey }, now: testTime }).filter(({ check }) => check === 'delegation state')
  t.strictSame(lines({}), [])
  t.match(lines({ purpose: delegated }), [{ outcome: 'pass' }])
  t.match(lines({ purpose: delegated, delegation: { state: 'Revoked' } }), [{ outcome: 'fail', code: 'delegation-not-active', expected: 'Active', got: 'Revoked' }])
})
