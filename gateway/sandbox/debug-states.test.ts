import t from 'tap'
import { apiCaller } from './interop-fixture.ts'
import { postJson, postTokenRequest, signAssertion, startSandbox } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const [milano, firenze] = [await apiCaller(sandbox, 'v3'), await apiCaller(sandbox, 'v2', 'firenze')]
const purposeId = sandbox.idOf('purposes', 'istat-tickets')
const tickets = sandbox.file.eservices.find(({ alias }) => alias === 'tickets')!
const descriptorId = tickets.descriptors[0]!.id
const agreementId = sandbox.file.agreements[0]!.id
const purpose = '/debug/purposes/istat-tickets/state'
const agreement = `/debug/agreements/${agreementId}/state`
const descriptor = `/debug/eservices/tickets/descriptors/${descriptorId}/state`
const change = async (path: string, body: object) => postJson(`${sandbox.url}${path}`, body)

/** Whether ISTAT gets a voucher for its purpose, and else the code of the failed check. */
async function voucher (wanted: { client: string, purpose: string } = { client: 'istat', purpose: 'istat-tickets' }): Promise<string> {
  const response = await postTokenRequest(sandbox.url, await signAssertion(sandbox, wanted))
  if (response.status === 200) return 'issued'
  const { correlationId } = await response.json() as { correlationId: string }
  const { reason } = await (await fetch(`${sandbox.url}/debug/token-requests/${correlationId}`)).json() as { reason: { failures: { code: string }[] } }
  return reason.failures.map(({ code }) => code).join()
}

const cases: { what: string, path: string, read: string, ids: object, channel: string, failure: string, suspended: [string, string], active: [string, string, string], stateOf: (body: any) => string }[] = [
  {
    what: 'a purpose', path: purpose, read: `/purposes/${purposeId}`, channel: '/purposeEvents', failure: '0020', ids: { purposeId, versionId: '8fd17a3c-05eb-4962-b4f8-c6e0d9a27141' },
    suspended: ['Suspended', 'PURPOSE_VERSION_SUSPENDED_BY_PRODUCER'], active: ['Active', 'ACTIVE', 'PURPOSE_VERSION_UNSUSPENDED_BY_PRODUCER'], stateOf: (body) => body.currentVersion.state
  },
  {
    what: 'an agreement', path: agreement, read: `/purposes/${purposeId}/agreement`, channel: '/agreementEvents', failure: '0021', ids: { agreementId },
    suspended: ['Suspended', 'AGREEMENT_SUSPENDED_BY_PRODUCER'], active: ['Active', 'ACTIVE', 'AGREEMENT_UNSUSPENDED_BY_PRODUCER'], stateOf: (body) => body.state
  },
  {
    what: 'a descriptor', path: descriptor, read: `/eservices/${tickets.id}/descriptors/${descriptorId}`, channel: '/eserviceEvents', failure: '0022', ids: { eserviceId: tickets.id, descriptorId },
    suspended: ['Suspended', 'ESERVICE_DESCRIPTOR_SUSPENDED'], active: ['Published', 'PUBLISHED', 'ESERVICE_DESCRIPTOR_ACTIVATED'], stateOf: (body) => body.state
  }
]
for (const { what, path, read, ids, channel, failure, suspended: [suspended, suspendedEvent], active: [active, shown, activeEvent], stateOf } of cases) {
  t.test(`${what} that is suspended gets no voucher, shows it and tells it, until it is taken up again`, async (t) => {
    const { body } = await change(path, { state: suspended })
    const { versionId, ...subject } = ids as { versionId?: string }
    t.match(body, { ...ids, state: suspended, event: { eventType: suspendedEvent, eventTimestamp: '2026-11-21T10:00:00.000Z', ...subject } })
    if (versionId) t.equal(body.event.purposeVersionId, versionId)
    t.equal(await voucher(), failure)
    t.equal(stateOf((await milano(read)).body), 'SUSPENDED')
    const again = await change(path, { state: active })
    t.equal(again.body.event.eventType, activeEvent)
    t.equal(await voucher(), 'issued')
    t.equal(stateOf((await milano(read)).body), shown)
    t.strictSame((await milano(`${channel}?limit=500`)).body.events, [body.event, again.body.event])
    t.strictSame((await milano(`${channel}?limit=500&lastEventId=${body.event.id}`)).body.events, [again.body.event])
    const seenByAll = channel === '/eserviceEvents'
    t.equal((await firenze(`${channel}?limit=500`)).body.events.length, seenByAll ? 2 : 0, 'purposes and agreements are told to their parties only')
  })
}

t.test('a change that the platform does not know is 409 and changes nothing', async (t) => {
  t.match(await change(purpose, { state: 'Active' }), { status: 409, body: { detail: 'on the platform what is Active does not become Active, only Suspended, Archived' } })
  const pending = sandbox.file.agreements.find(({ state }) => state === 'Pending')!
  t.equal((await change(`/debug/agreements/${pending.id}/state`, { state: 'Suspended' })).status, 409)
  t.equal((await change(`/debug/agreements/${pending.id}/state`, { state: 'Rejected' })).status, 200)
  t.match(await change(`/debug/agreements/${pending.id}/state`, { state: 'Active' }), { status: 409, body: { detail: /only nothing else/ } })
  t.equal((await change(descriptor, { state: 'Deprecated' })).status, 409)
  t.equal(await voucher(), 'issued')
})

t.test('a purpose that waited for approval gets vouchers once it is approved', async (t) => {
  const bologna = { client: 'comune-di-bologna', purpose: 'comune-di-bologna-tickets' }
  t.equal(await voucher(bologna), '0020')
  const { body } = await change('/debug/purposes/comune-di-bologna-tickets/state', { state: 'Active' })
  t.equal(body.event.eventType, 'PURPOSE_VERSION_ACTIVATED')
  t.equal(await voucher(bologna), 'issued')
})

t.test('a version that becomes Active takes the place of the one in use; without a name it is the one in use that changes', async (t) => {
  const next = '00000000-0000-4000-8000-00000000000a'
  const versions = [{ id: '00000000-0000-4000-8000-000000000009', state: 'Active' as const, dailyCalls: 10 }, { id: next, state: 'WaitingForApproval' as const, dailyCalls: 20 }]
  const purposes = sandbox.file.purposes.map((each) => each.id === purposeId ? { ...each, versions } : each)
  const raised = await startSandbox(t, { stateDir: sandbox.stateDir, registryFile: { ...sandbox.file, purposes } })
  const call = await apiCaller(raised, 'v2')
  const shown = async () => (await call(`/purposes/${purposeId}`)).body
  t.match(await shown(), { currentVersion: { dailyCalls: 10, state: 'ACTIVE' }, waitingForApprovalVersion: { id: next } })
  t.match(await postJson(`${raised.url}${purpose}`, { state: 'Active', versionId: next }), { status: 200, body: { versionId: next } })
  const approved = await shown()
  t.match(approved, { currentVersion: { id: next, dailyCalls: 20, state: 'ACTIVE' } })
  t.notOk('waitingForApprovalVersion' in approved)
  t.match(await postJson(`${raised.url}${purpose}`, { state: 'Suspended' }), { body: { versionId: next } })
  t.equal((await postJson(`${raised.url}${purpose}`, { state: 'Active', versionId: versions[0]!.id })).status, 409, 'the first one is archived now')
})

t.test('a name that leads nowhere is 404 with the one that was meant, another body 400', async (t) => {
  t.match(await change('/debug/purposes/istat-ticket/state', { state: 'Suspended' }), { status: 404, body: { detail: /Did you mean "istat-tickets"\?/ } })
  t.equal((await change(purpose, { state: 'Suspended', versionId: 'none' })).status, 404)
  t.equal((await change('/debug/agreements/none/state', { state: 'Suspended' })).status, 404)
  t.equal((await change('/debug/eservices/ticket/descriptors/none/state', { state: 'Suspended' })).status, 404)
  t.equal((await change('/debug/eservices/tickets/descriptors/none/state', { state: 'Suspended' })).status, 404)
  for (const body of [{}, { state: 'SUSPENDED' }, { state: 'Suspended', by: 'x' }]) t.equal((await change(agreement, body)).status, 400)
})

t.test('a restart forgets every change', async (t) => {
  await change(purpose, { state: 'Archived' })
  t.equal(await voucher(), '0020')
  const restarted = await startSandbox(t, { stateDir: sandbox.stateDir })
  t.equal((await postTokenRequest(restarted.url, await signAssertion(restarted))).status, 200)
})

t.test('a delegation that is revoked shows it and tells it to everybody, and what stands on it stays as it is', async (t) => {
  const [consumerId, producerId] = ['00000000-0000-4000-8000-0000000000d1', '00000000-0000-4000-8000-0000000000d2']
  const parties = { delegatorId: sandbox.idOf('tenants', 'istat'), delegateId: sandbox.idOf('tenants', 'regione-lombardia'), eserviceId: tickets.id }
  const purposes = sandbox.file.purposes.map((each) => each.id === purposeId ? { ...each, delegationId: consumerId } : each)
  const delegations = [{ ...parties, id: consumerId, kind: 'DelegatedConsumer', state: 'Active' }, { ...parties, id: producerId, kind: 'DelegatedProducer', state: 'WaitingForApproval' }] as const
  const delegated = await startSandbox(t, { stateDir: sandbox.stateDir, registryFile: { ...sandbox.file, purposes, delegations } })
  const [call, other] = [await apiCaller(delegated, 'v3'), await apiCaller(delegated, 'v2', 'firenze')]
  const turn = async (id: string, state: string) => postJson(`${delegated.url}/debug/delegations/${id}/state`, { state })
  t.equal((await call(`/purposes/${purposeId}`)).body.delegationId, consumerId)
  t.match((await call(`/consumerDelegations/${consumerId}`)).body, { ...parties, id: consumerId, state: 'ACTIVE' })
  t.match((await call(`/producerDelegations?offset=0&limit=50&eserviceIds=${tickets.id}`)).body, { results: [{ id: producerId, state: 'WAITING_FOR_APPROVAL' }], pagination: { totalCount: 1 } })
  t.equal((await call(`/producerDelegations/${consumerId}`)).status, 404, 'each kind has its own')
  t.equal((await call(`/consumerDelegations?offset=0&limit=50&states=REVOKED`)).body.results.length, 0)

  const { body } = await turn(consumerId, 'Revoked')
  t.match(body, { delegationId: consumerId, state: 'Revoked', event: { eventType: 'CONSUMER_DELEGATION_REVOKED', delegationId: consumerId } })
  t.match((await turn(producerId, 'Active')).body, { event: { eventType: 'PRODUCER_DELEGATION_APPROVED' } })
  t.match((await call(`/consumerDelegations/${consumerId}`)).body, { state: 'REVOKED' })
  for (const read of [call, other]) t.strictSame((await read('/consumerDelegationEvents?limit=500')).body.events, [body.event])
  t.equal((await call('/producerDelegationEvents?limit=500')).body.events.length, 1)
  t.match((await call(`/purposes/${purposeId}`)).body, { currentVersion: { state: 'ACTIVE' } })
  t.equal((await turn(consumerId, 'Active')).status, 409)
  t.equal((await turn('none', 'Active')).status, 404)
})
