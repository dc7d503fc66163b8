import t from 'tap'
import type { Exchange } from '../exchange.ts'
import { toRecord } from './to-record.ts'

const now = Date.parse('2026-03-02T10:00:00.000Z')
const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const limit = { limit: 100, remaining: 40, resetSeconds: 9 }

/** Of which everything is known that can be. */
const facts = {
  request: { method: 'POST', headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01`, authorization: 'Bearer canary' } },
  correlationId: 'correlation', startedAt: now, address: '192.0.2.1', label: '/rest/archive/v1/items/{id}', denial: undefined, upstreamMs: 1.23456, bytesSent: 7, contractViolations: 2, cache: 'validated', kept: 'hash',
  marks: { began: 0, admitted: 0, sent: 0, answered: 0 },
  route: { eservice: { config: { name: 'archive' } }, operation: { id: 'changeItem' } },
  call: {
    listener: 'internal', body: Buffer.from('canary'), path: '/rest/archive/v1/items/canary', query: 'q=canary', proofs: ['canary'], authorization: ['Bearer canary'],
    caller: { kind: 'pdnd', clientId: 'client', consumerId: 'consumer', producerId: 'producer', purposeId: 'purpose', eserviceId: 'eservice', descriptorId: 'descriptor', jti: 'voucher', kid: 'key', exchange: { interactionId: 'interaction', scope: 'callback' } },
    purpose: { id: 'purpose', delegationId: 'delegation' }, delegation: { id: 'delegation', delegateId: 'delegate' }, agreement: { id: 'agreement' }, grant: { id: 'grant', version: 3, view: {} }, dpop: { jkt: 'thumbprint', nonce: 'canary' },
    integrity: { jti: 'signature', id: 'signature-key' }, evidence: { digest: 'digest', signer: 'tracking-key' }, burst: limit, quota: { limit: { ...limit, remaining: 0 }, over: ['purpose'] }
  }
}

const exchangeOf = (changes: object = {}): Exchange => ({ ...facts, ...changes }) as unknown as Exchange
const recordOf = (changes?: object, status = 200): object => JSON.parse(JSON.stringify(toRecord(exchangeOf(changes), status, now + 5, 'node', 'user'))) as object

t.test('a record says who called what for which purpose, with which proofs, and what came of it; nothing else of the message', async (t) => {
  const { stages, ...record } = recordOf() as { stages: object }
  t.strictSame(record, {
    v: 1, level: 30, event: 'call', time: '2026-03-02T10:00:00.000Z', correlationId: 'correlation', traceId: trace, node: 'node', listener: 'internal', eservice: 'archive', operation: '/rest/archive/v1/items/{id}', operationId: 'changeItem',
    method: 'POST', status: 200, clientIp: '192.0.2.1', kind: 'pdnd', clientId: 'client', consumerId: 'consumer', producerId: 'producer', delegationId: 'delegation', agreementId: 'agreement', purposeId: 'purpose', eserviceId: 'eservice', descriptorId: 'descriptor',
    grant: 'grant 3', voucherId: 'voucher', keyId: 'key', dpop: 'thumbprint', signature: 'signature', signatureKey: 'signature-key', trackingEvidence: 'digest', trackingKey: 'tracking-key', user: 'user', interactionId: 'interaction', scope: 'callback',
    durationMs: 5, upstreamMs: 1.23, bytesReceived: 6, bytesSent: 7, cache: 'validated', evidence: 'hash', contractViolations: 2, burst: { limit: 100, remaining: 40 }, quota: { limit: 100, remaining: 0 }, overQuota: ['purpose']
  })
  t.ok(stages)
  t.notMatch(JSON.stringify(recordOf()), 'canary')
})

t.test('of a call that is refused for its delegation it says which, and of one of which nothing is known no more than that', async (t) => {
  t.match(recordOf({ denial: { denial: 'delegation-not-active', check: 'state' }, call: { ...facts.call, delegation: undefined } }, 403), { event: 'call refused', code: 'delegation-not-active', status: 403, delegationId: 'delegation' })
  const nothing = { listener: 'public', path: '', authorization: [], proofs: [] }
  const record = recordOf({ request: { headers: {} }, route: undefined, label: 'none', upstreamMs: undefined, bytesSent: 0, contractViolations: 0, cache: undefined, kept: undefined, call: nothing, startedAt: now + 9 })
  t.strictSame(Object.keys(record), ['v', 'level', 'event', 'time', 'correlationId', 'node', 'listener', 'operation', 'method', 'status', 'clientIp', 'user', 'durationMs', 'stages', 'bytesReceived', 'bytesSent'])
  t.match(record, { durationMs: 0 }, 'also where the clock was put back')
})

t.test('its stages follow one another without a gap, as far as it came', async (t) => {
  const began = performance.now() - 1000
  for (const [marks, expected] of [
    [{ admitted: 0, sent: 0, answered: 0 }, {}], [{ admitted: began + 1, sent: 0, answered: 0 }, { admit: 1000 }], [{ admitted: began + 1, sent: began + 3, answered: 0 }, { admit: 1000, body: 2000 }],
    [{ admitted: began + 1, sent: began + 3, answered: began + 10 }, { admit: 1000, body: 2000, upstream: 7000 }]
  ] as const) {
    const { stages } = toRecord(exchangeOf({ marks: { began, ...marks } }), 200, now, 'node')
    t.match(stages, expected)
    t.strictSame(Object.keys(stages), ['admit', 'body', 'upstream', 'answer'].slice(0, Object.keys(expected).length + 1))
    const sum = Object.values(stages).reduce((total, us) => total + us, 0)
    t.ok(sum >= 1_000_000 - 4, `${sum}`)
  }
})
