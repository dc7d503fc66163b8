import t from 'tap'
import { agreementOf, askedAttributeOf, clientOf, delegationOf, descriptorOf, eserviceOf, heldAttributeOf, purposeOf, tenantOf } from './registry-documents.ts'
import { agreement, delegation, id, purpose } from './registry-fixture.ts'

const version = (changes: object = {}): object => ({ id: id(9), state: 'ACTIVE', dailyCalls: 5, ...changes })
const descriptor = (changes: object = {}): object => ({ id: id(2), version: '3', state: 'DEPRECATED', audience: ['https://a.example'], voucherLifespan: 600, dailyCallsPerConsumer: 10, dailyCallsTotal: 100, ...changes })
const exchange = { responseTime: 60, resourceAvailableTime: 120, confirmation: true, bulk: false, maxResultSet: 10 }

t.test('documents of the platform become nouns of the registry, in its spellings', (t) => {
  t.strictSame(purposeOf({ ...purpose(), suspendedByConsumer: false, waitingForApprovalVersion: version({ id: id(9, 1), state: 'WAITING_FOR_APPROVAL', dailyCalls: 9 }), rejectedVersion: null, delegationId: id(8) }), {
    id: id(5), eserviceId: id(1), consumerId: id(4), title: 'Finalità', delegationId: id(8), versions: [{ id: id(9), state: 'Active', dailyCalls: 5 }, { id: id(9, 1), state: 'WaitingForApproval', dailyCalls: 9 }]
  })
  t.strictSame(purposeOf(purpose({ currentVersion: undefined }))?.versions, [])
  t.strictSame(agreementOf({ ...agreement({ state: 'MISSING_CERTIFIED_ATTRIBUTES' }), createdAt: 'x' }), { id: id(6), eserviceId: id(1), descriptorId: id(2), producerId: id(3), consumerId: id(4), state: 'MissingCertifiedAttributes' })
  t.match(descriptorOf(descriptor({ state: 'ARCHIVING_SUSPENDED', asyncExchangeProperties: exchange })), { version: 3, state: 'ArchivingSuspended', asyncExchangeProperties: exchange })
  t.match(eserviceOf({ id: id(1), producerId: id(3), name: 'Cose' }, []), { id: id(1), producerId: id(3), name: 'Cose', descriptors: [] })
  t.strictSame(clientOf({ id: id(7), consumerId: id(4) }), { id: id(7), consumerId: id(4), name: '', kind: 'Consumer', purposes: [] })
  t.strictSame(tenantOf({ id: id(4), name: 'Ente', kind: 'PA', externalId: { origin: 'IPA', value: 'x', more: 1 } }), { id: id(4), name: 'Ente', externalId: { origin: 'IPA', value: 'x' } })
  t.strictSame(heldAttributeOf({ id: id(9), assignedAt: '2026-01-01T00:00:00Z' }), { id: id(9), isHeld: true })
  t.strictSame(heldAttributeOf({ id: id(9), assignedAt: '2026-01-01T00:00:00Z', revokedAt: '2026-02-01T00:00:00Z' }), { id: id(9), isHeld: false })
  t.strictSame(askedAttributeOf({ groupIndex: 1, attribute: { id: id(9), name: 'Comuni' } }), { group: 1, id: id(9) })
  t.strictSame(askedAttributeOf({ groupIndex: 0, attribute: { id: id(9) }, dailyCallsPerConsumer: 50 }), { group: 0, id: id(9), dailyCallsPerConsumer: 50 })
  t.match(delegationOf('DelegatedProducer')(delegation({ state: 'REVOKED' })), { kind: 'DelegatedProducer', state: 'Revoked', delegateId: id(4, 1) })
  t.end()
})

t.test('a state that is not known here stays what it is', (t) => {
  t.match(agreementOf(agreement({ state: 'UNDER_REVIEW' })), { state: 'UnderReview' })
  t.match(purposeOf(purpose({ currentVersion: version({ state: 'FROZEN' }) }))?.versions, [{ state: 'Frozen' }])
  t.end()
})

const unreadable: readonly (readonly [name: string, read: (document: unknown) => unknown, documents: readonly unknown[]])[] = [
  ['purpose', purposeOf, [
    purpose({ id: 'x' }), purpose({ id: id(5).toUpperCase().replace('5', 'A') }), purpose({ consumerId: undefined }), purpose({ eserviceId: 7 }), purpose({ delegationId: 'x' }), purpose({ delegationId: null }), purpose({ currentVersion: 'ACTIVE' }),
    ...[{ id: 7 }, { state: 'active' }, { state: 'Active' }, { state: '' }, { state: 'ACTIVE ' }, { state: '__PROTO__' }, { state: undefined }, { dailyCalls: '5' }, { dailyCalls: -1 }, { dailyCalls: 1.5 }, { dailyCalls: undefined }].map((change) => purpose({ currentVersion: version(change) })),
    purpose({ waitingForApprovalVersion: version({ dailyCalls: null }) })
  ]],
  ['agreement', agreementOf, [agreement({ descriptorId: '' }), agreement({ producerId: undefined }), agreement({ state: 7 }), agreement({ state: undefined })]],
  ['descriptor', descriptorOf, [
    ...[{ id: 1 }, { version: 'first' }, { version: undefined }, { state: 'x' }, { audience: 'https://a.example' }, { audience: [7] }, { voucherLifespan: '600' }, { dailyCallsTotal: -1 }].map(descriptor),
    ...[true, {}, { ...exchange, responseTime: '60' }, { ...exchange, confirmation: 'yes' }].map((asyncExchangeProperties) => descriptor({ asyncExchangeProperties }))
  ]],
  ['e-service', (document) => eserviceOf(document, []), [{ id: id(1) }, { producerId: id(3) }]],
  ['client', clientOf, [{ id: id(7) }, { consumerId: id(4) }]],
  ['tenant', tenantOf, [{ id: id(4), name: 'Ente' }, { id: id(4), name: 7, externalId: { origin: 'IPA', value: 'x' } }, { id: id(4), name: 'Ente', externalId: { origin: 'IPA' } }]],
  ['attribute of a tenant', heldAttributeOf, [{ id: 'x' }, { assignedAt: '2026-01-01T00:00:00Z' }, { id: id(9), revokedAt: 7 }]],
  ['attribute of a version', askedAttributeOf, [{ groupIndex: 0 }, { attribute: { id: id(9) } }, { groupIndex: -1, attribute: { id: id(9) } }, { groupIndex: 0, attribute: { id: 7 } }, ...['50', -1, 1.5].map((dailyCallsPerConsumer) => ({ groupIndex: 0, attribute: { id: id(9) }, dailyCallsPerConsumer }))]],
  ['delegation', delegationOf('DelegatedConsumer'), [delegation({ delegateId: undefined }), delegation({ state: 'revoked' })]]
]
for (const [name, read, documents] of unreadable) {
  t.test(`what is no ${name} is none`, (t) => {
    for (const document of [...documents, undefined, null, 7, 'x', [], {}]) t.equal(read(document), undefined, JSON.stringify(document))
    t.end()
  })
}
