import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { callWith, id, portsOf, registryOf, terms, voucher } from './fixture.ts'
import type { RegistryChanges } from './fixture.ts'
import { agreementStates, descriptorStates, purposeVersionStates } from './registry.ts'
import type { PurposeVersion } from './registry.ts'

/** Why the good voucher's caller is refused when the platform knows this. */
async function refusal (changes: RegistryChanges): Promise<string | undefined> {
  const admission = prepareAdmission(portsOf({ registry: () => registryOf(changes) }), terms)
  return (await admission.beforeBody(callWith(`Bearer ${voucher()}`)))?.denial
}

t.test('a version is in use while the platform issues vouchers for it', async (t) => {
  for (const state of descriptorStates) {
    t.equal(await refusal({ descriptor: { state } }), ['Published', 'Deprecated', 'Archiving'].includes(state) ? undefined : 'descriptor-not-usable', state)
  }
  t.equal(await refusal({ descriptor: undefined }), 'descriptor-not-usable')
  t.equal(await refusal({ descriptor: { id: id(77) } }), 'descriptor-not-usable')
})

t.test('only an active agreement on the called version entitles', async (t) => {
  for (const state of agreementStates) t.equal(await refusal({ agreement: { state } }), state === 'Active' ? undefined : 'agreement-not-active', state)
  t.equal(await refusal({ agreement: undefined }), 'agreement-missing')
  t.equal(await refusal({ agreement: { descriptorId: id(77) } }), 'agreement-mismatch')
})

const version = (state: PurposeVersion['state'], dailyCalls = 5): PurposeVersion => ({ id: id(7), state, dailyCalls })

t.test('a purpose entitles while one of its versions is active', async (t) => {
  for (const state of purposeVersionStates) t.equal(await refusal({ purpose: { versions: [version(state)] } }), state === 'Active' ? undefined : 'purpose-not-active', state)
  t.equal(await refusal({ purpose: { versions: [] } }), 'purpose-not-active')
  t.equal(await refusal({ purpose: { versions: [version('Archived'), version('Active'), version('WaitingForApproval')] } }), undefined)
  t.equal(await refusal({ purpose: { consumerId: id(77) } }), 'purpose-mismatch')
  t.equal(await refusal({ purpose: { eserviceId: id(77) } }), 'purpose-mismatch')
})

t.test('the calls of a day are those of the active version', async (t) => {
  const versions = [version('Archived', 1), version('Active', 7), version('WaitingForApproval', 100)]
  const admission = prepareAdmission(portsOf({ registry: () => registryOf({ purpose: { versions } }) }), terms)
  const call = callWith(`Bearer ${voucher()}`)
  t.equal(await admission.beforeBody(call), undefined)
  t.equal(call.purpose?.dailyCalls, 7)
})
