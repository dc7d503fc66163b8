import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { byCertificate, certificatesOf, certifiedRegistry, certifiedToken } from './certificate-fixture.ts'
import { noDemands } from './demands.ts'
import { callWith, id, plainReplay, portsOf, registryOf, terms, voucher } from './fixture.ts'
import type { Registry, RegistryIds, Settled } from './registry.ts'

/** A registry that is asked to settle; what it was asked about is on `asked`. */
function registryWith (settle: (ids: RegistryIds) => Settled | Promise<Settled>, registry: Registry = registryOf()) {
  const asked: RegistryIds[] = []
  return { asked, registry: (): Registry => ({ ...registry, settle: (ids) => { asked.push(ids); return settle(ids) } }) }
}

const call = () => callWith(`Bearer ${voucher()}`)

t.test('a caller that is known is admitted without a pause, and asked about once by all of its ids', (t) => {
  const { asked, registry } = registryWith(() => 'settled')
  const made = call()
  const outcome = prepareAdmission(portsOf({ registry }), terms).beforeBody(made)
  t.equal(outcome instanceof Promise, false)
  t.equal(outcome, undefined)
  t.equal(made.platformState, 'settled')
  t.strictSame(asked, [{ eserviceId: id(3), consumerId: id(2), purposeId: id(6) }])
  t.end()
})

t.test('one that has to be looked up waits for that, and is then judged by what was found', async (t) => {
  let found = registryOf({ purpose: undefined, agreement: undefined })
  const registry = (): Registry => ({ ...found, settle: async (): Promise<Settled> => { found = registryOf(); return 'settled' } })
  t.equal(await prepareAdmission(portsOf({ registry }), terms).beforeBody(call()), undefined)
})

t.test('what is undecided is 503 with Retry-After, whatever the reads say', async (t) => {
  for (const verdict of ['undecided', Promise.resolve<Settled>('undecided')] as const) {
    for (const known of [registryOf(), registryOf({ purpose: undefined, agreement: undefined, descriptor: undefined })]) {
      const { registry } = registryWith(() => verdict, known)
      t.match(await prepareAdmission(portsOf({ registry }), terms).beforeBody(call()), { denial: 'registry-unavailable', retryAfter: 5 })
    }
  }
})

t.test('a caller without a good voucher is not looked up', async (t) => {
  const { asked, registry } = registryWith(() => 'undecided')
  const admission = prepareAdmission(portsOf({ registry }), terms)
  for (const authorization of [`Bearer ${voucher({ claims: { exp: 1 } })}`, 'Bearer x.y.z', `Bearer ${voucher({ claims: { cnf: { jkt: 'x'.repeat(43) } } })}`]) t.ok(await admission.beforeBody(callWith(authorization)))
  t.strictSame(asked, [])
})

t.test('the client is looked up only where the connection says whose machine it is', async (t) => {
  for (const [channel, ids] of [['any', []], ['tls', []], ['mutual-tls', [{ clientId: id(8) }]]] as const) {
    const { asked, registry } = registryWith(({ clientId }) => clientId === undefined ? 'settled' : Promise.resolve('settled'))
    const certificate = { thumbprint: 'y', subject: 'CN=y', notBefore: 0, notAfter: Infinity, untrusted: undefined }
    t.equal(await prepareAdmission(portsOf({ registry }), terms).beforeBody({ ...call(), demands: { ...noDemands, channel }, connection: { secure: true, certificate } }), undefined)
    t.strictSame(asked.filter(({ clientId }) => clientId !== undefined), ids)
  }
})

t.test('of a caller by certificate nothing is concluded either, and its token is not used up', async (t) => {
  const replay = plainReplay()
  let verdict: Settled = 'undecided'
  const { asked, registry } = registryWith(() => verdict, certifiedRegistry())
  const admission = prepareAdmission(portsOf({ registry, replay, certificates: certificatesOf() }), terms)
  const made = () => callWith(`Bearer ${certifiedToken()}`, { demands: { ...byCertificate, singleUse: true } })
  const token = made()
  t.match(await admission.beforeBody(token), { denial: 'registry-unavailable' })
  t.strictSame(asked, [{ eserviceId: id(3), consumerId: id(2) }])
  verdict = 'settled'
  t.equal(await admission.beforeBody({ ...token }), undefined, 'the same token, once the platform answers')
})
