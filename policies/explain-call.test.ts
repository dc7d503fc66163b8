import * as fc from 'fast-check'
import t from 'tap'
import { prepareAdmission } from './admission.ts'
import type { AdmittedCall } from './admission.ts'
import { prepareAgreedClaims } from './agreed-claims.ts'
import { evidenceKind } from './evidence-token.ts'
import { agreedClaims, evidenceDigestOf, makeEvidence } from './evidence-fixture.ts'
import type { EvidenceChanges } from './evidence-fixture.ts'
import type { Line } from './check.ts'
import { noDemands } from './demands.ts'
import type { Demands } from './demands.ts'
import type { Denial } from './denials.ts'
import { explainCall } from './explain.ts'
import type { ExplainContext } from './explained.ts'
import { callWith, id, platformKey, portsOf, registryOf, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { Changes, RegistryChanges } from './fixture.ts'
import { signatureKind } from './integrity.ts'
import { policies } from './order.ts'
import type { Call, Terms } from './policy.ts'
import { ecKey, jktOf, makeProof, rsaKey } from './proof-fixture.ts'
import type { ProofChanges } from './proof-fixture.ts'
import { clientKeysOf, otherClientKey, otherClientKid, signMessage } from './signature-fixture.ts'

/** An operation that demands everything that goes together. */
const demands: Demands = {
  ...noDemands,
  channel: 'tls',
  dpop: true,
  integrity: { trust: ['pdnd'], headers: ['x-replyto'], emptyBody: 'signed', contentCodings: [] },
  evidence: { trust: ['pdnd'], bound: true, claims: prepareAgreedClaims({})(agreedClaims) },
  nonBlocking: 'push'
}
const strict: Terms = { ...terms, replyTo: [{ consumer: id(2), origins: ['https://consumer.example.it'] }] }
const audience = terms.audience[0] as string
const url = 'https://api.example.it/rest/things/v1/things'
const body = Buffer.from('{"name":"cosa"}')

/** What one fault changes of a call that is good. */
interface Fault {
  readonly voucher?: Changes
  readonly proof?: ProofChanges
  readonly evidence?: EvidenceChanges
  readonly signature?: NonNullable<Parameters<typeof signMessage>[2]>
  readonly registry?: RegistryChanges
  readonly call?: (call: AdmittedCall) => Partial<Call>
  readonly replyTo?: string
}

const faults: Readonly<Record<string, Fault>> = {
  'none': {},
  'another platform': { voucher: { key: strangerKey.privateKey } },
  'a voucher of another type': { voucher: { header: { typ: 'JWT' } } },
  'an expired voucher': { voucher: { claims: { exp: testSeconds } } },
  'a voucher for another e-service': { voucher: { claims: { eserviceId: id(77) } } },
  'a voucher that is bound to no key': { voucher: { claims: { cnf: undefined } }, call: ({ authorization }) => ({ authorization: authorization.map((value) => value.replace('DPoP', 'Bearer')) }) },
  'a bound voucher as Bearer': { call: ({ authorization }) => ({ authorization: authorization.map((value) => value.replace('DPoP', 'Bearer')) }) },
  'no voucher': { call: () => ({ authorization: [] }) },
  'two vouchers': { call: ({ authorization }) => ({ authorization: [...authorization, ...authorization] }) },
  'no token': { call: () => ({ authorization: ['DPoP x.y'] }) },
  'no proof': { call: () => ({ proofs: [] }) },
  'two proofs': { call: ({ proofs }) => ({ proofs: [...proofs, ...proofs] }) },
  'a proof by another key': { proof: { key: rsaKey } },
  'a proof for another method': { proof: { claims: { htm: 'GET' } } },
  'a proof for another URL': { proof: { claims: { htu: `${url}/x` } } },
  'an old proof': { proof: { claims: { iat: testSeconds - 61 } } },
  'a proof for another voucher': { proof: { claims: { ath: 'x' } } },
  'no TLS': { call: () => ({ connection: { secure: false, certificate: undefined } }) },
  'a suspended version': { registry: { descriptor: { state: 'Suspended' } } },
  'no agreement': { registry: { agreement: undefined } },
  'an agreement that waits': { registry: { agreement: { state: 'Pending' } } },
  'a purpose of others': { registry: { purpose: { consumerId: id(77) } } },
  'a suspended purpose': { registry: { purpose: { versions: [] } } },
  'a revoked delegation': { registry: { purpose: { delegationId: id(60) }, delegation: { state: 'Revoked' } } },
  'a scope': { voucher: { claims: { scope: 'get_resource', interactionId: id(50) } } },
  'no evidence': { call: ({ rawHeaders }) => ({ rawHeaders: without(rawHeaders, 'Agid-JWT-TrackingEvidence') }) },
  'evidence of another client': { evidence: { header: { kid: otherClientKid }, key: otherClientKey.privateKey } },
  'evidence by a key that is not there': { evidence: { header: { kid: 'another' } } },
  'expired evidence': { evidence: { claims: { exp: testSeconds } } },
  'evidence without dnonce': { evidence: { claims: { dnonce: undefined } } },
  'evidence for another purpose': { evidence: { claims: { purposeId: id(77) } } },
  'evidence without an agreed claim': { evidence: { claims: { userID: undefined } } },
  'a voucher for other evidence': { voucher: { claims: { digest: evidenceDigestOf('another') } } },
  'a voucher for no evidence': { voucher: { claims: { digest: undefined } } },
  'no signature': { signature: { sent: { 'Agid-JWT-Signature': undefined } } },
  'another body': { call: () => ({ body: Buffer.from('{}') }) },
  'no digest': { signature: { sent: { Digest: undefined } } },
  'another media type': { signature: { sent: { 'Content-Type': 'text/plain' } } },
  'a signature of another client': { signature: { header: { kid: otherClientKid }, key: otherClientKey } },
  'a signature by a key that is not there': { signature: { header: { kid: 'another' } } },
  'a signature for others': { signature: { claims: { aud: 'https://other.example' } } },
  'an expired signature': { signature: { claims: { exp: testSeconds } } },
  'a header that is not signed': { signature: { claims: { signed_headers: [] } } }
}

function without (rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => rawHeaders[index - index % 2] !== name)
}

/** A call with one fault, in the world in which it is the only one. */
function make ({ voucher: changes = {}, proof = {}, evidence: evidenceChanges, signature = {}, call: change, replyTo = 'https://consumer.example.it/answers' }: Fault): AdmittedCall {
  const evidence = makeEvidence({ clientId: id(8), purposeId: id(6), audience, now: testTime }, evidenceChanges)
  const token = voucher({ ...changes, claims: { cnf: { jkt: jktOf(ecKey.publicKey) }, digest: evidenceDigestOf(evidence), ...changes.claims } })
  const signed = signMessage(body, { clientId: id(8), audience, now: testTime }, { ...signature, headers: { 'X-ReplyTo': replyTo, ...signature.headers } })
  const call = callWith(`DPoP ${token}`, {
    method: 'POST', demands, body, connection: { secure: true, certificate: undefined }, proofs: [makeProof({ method: 'POST', url, voucher: token, now: testTime }, proof)],
    rawHeaders: [...Object.entries(signed).flat(), 'Agid-JWT-TrackingEvidence', evidence]
  })
  return { ...call, ...change?.(call) }
}

const clientKeys = clientKeysOf(id(8), id(77))
const context = (registry: RegistryChanges = {}): ExplainContext => ({ terms: strict, registry: registryOf(registry), key: { key: platformKey.publicKey }, now: testTime, signers: portsOf({ clientKeys }) })

async function admit (call: AdmittedCall, registry: RegistryChanges = {}, ports = portsOf({ clientKeys, registry: () => registryOf(registry) })): Promise<Denial | undefined> {
  const { beforeBody, overBody, afterBody } = prepareAdmission(ports, strict)
  return await beforeBody(call) ?? await overBody(call) ?? await afterBody(call)
}

const firstFailed = (lines: readonly Line[]): Line | undefined => lines.find(({ outcome }) => outcome === 'fail')

for (const [name, fault] of Object.entries(faults)) {
  t.test(`of a call with ${name === 'none' ? 'no fault' : name} the first line that fails is the refusal`, async (t) => {
    const call = make(fault)
    const saved = explainCall({ ...call, connection: undefined }, context(fault.registry))
    const denial = await admit(call, fault.registry)
    t.equal(denial === undefined, name === 'none', denial?.reason ?? 'admitted')
    const lines = explainCall(call, { ...context(fault.registry), ...denial && { refused: { denial, proved: call } } })
    t.equal(firstFailed(lines)?.code, denial?.denial)
    if (denial?.denial !== 'tls-required') t.equal(firstFailed(saved)?.code, denial?.denial, 'saved, too')
  })
}

t.test('whatever is wrong, and however much of it, the first line that fails is the refusal', async (t) => {
  const several = fc.array(fc.constantFrom(...Object.values(faults)), { maxLength: 3 }).map((list): Fault => ({
    voucher: { ...Object.assign({}, ...list.map((one) => one.voucher)), claims: Object.assign({}, ...list.map((one) => one.voucher?.claims)) },
    proof: Object.assign({}, ...list.map((one) => one.proof)),
    evidence: Object.assign({}, ...list.map((one) => one.evidence)),
    signature: Object.assign({}, ...list.map((one) => one.signature)),
    registry: Object.assign({}, ...list.map((one) => one.registry)),
    call: (call) => list.reduce((changed, { call: change }) => ({ ...changed, ...change?.(changed) }), call)
  }))
  let refused = 0
  await fc.assert(fc.asyncProperty(several, async (fault) => {
    const call = make(fault)
    const denial = await admit(call, fault.registry)
    if (denial) refused++
    const lines = explainCall(call, { ...context(fault.registry), ...denial && { refused: { denial, proved: call } } })
    return firstFailed(lines)?.code === denial?.denial
  }), { numRuns: 400 })
  t.ok(refused > 100, `${refused} of 400 were refused`)
})

t.test('the lines come in the order of the policies', async (t) => {
  const checks = explainCall(make({}), context()).map(({ check }) => check)
  const marks: Readonly<Record<string, string>> = {
    caller: 'form', dpop: 'cnf', channel: 'TLS', descriptor: 'descriptor state', agreement: 'agreement', purpose: 'purpose', interaction: 'scope', evidence: `${evidenceKind.header} form`, replyTo: 'X-ReplyTo', integrity: `${signatureKind.header} form`
  }
  const places = policies.flatMap(({ name }) => marks[name] === undefined ? [] : [checks.indexOf(marks[name])])
  t.equal(places.length, Object.keys(marks).length)
  t.notOk(places.includes(-1), 'every policy that has something to say says it')
  t.strictSame(places, places.toSorted((one, other) => one - other))
})

t.test('a line that passes never reads like one that fails, and the one of a fault is the only one', async (t) => {
  const lines = explainCall(make({}), context())
  t.strictSame(lines.filter(({ outcome }) => outcome !== 'pass').map(({ check }) => check), ['X-ReplyTo host'])
  for (const { check, outcome, got } of lines) if (outcome === 'pass') t.notMatch(got, /^(?:another|others|something else|no text|a value of another form)\b/, check)
})

t.test('of what is not here nothing is said to be good', async (t) => {
  const saved = explainCall({ ...make({}), connection: undefined }, { terms: strict, registry: registryOf(), key: 'not known here', now: testTime })
  t.strictSame(saved.filter(({ outcome }) => outcome === 'not checked').map(({ check }) => check), ['signature', 'TLS', 'Agid-JWT-TrackingEvidence signature', 'X-ReplyTo host', 'Agid-JWT-Signature signature'])
  t.notOk(firstFailed(saved))
  const mutual = explainCall({ ...make({}), connection: undefined, demands: { ...demands, channel: 'mutual-tls' } }, context())
  t.match(mutual.find(({ check }) => check === 'client certificate'), { outcome: 'not checked', got: 'the connection of the call is not here' })
  t.equal(explainCall({ ...make({}), demands: { ...demands, channel: 'any' } }, context()).find(({ check }) => check === 'TLS'), undefined, 'where no channel is demanded there is none to speak of')
})

t.test('what was used before has a line too, which no table has', async (t) => {
  const ports = portsOf({ clientKeys })
  const call = make({})
  t.equal(await admit(call, {}, ports), undefined)
  const again = { ...make({}), proofs: call.proofs, authorization: call.authorization, rawHeaders: call.rawHeaders }
  const denial = await admit(again, {}, ports) as Denial
  t.equal(denial.denial, 'dpop-replayed')
  const lines = explainCall(again, { ...context(), refused: { denial, proved: again } })
  t.match(firstFailed(lines), { check: 'DPoP jti', code: 'dpop-replayed', got: 'the proof was used before', mend: String })
})

t.test('the address for an answer is explained without looking anything up', async (t) => {
  for (const [replyTo, code] of [['http://consumer.example.it/answers', 'reply-to-invalid'], ['https://other.example.it/answers', 'reply-to-invalid'], ['', 'reply-to-invalid']] as const) {
    t.equal(firstFailed(explainCall(make({ replyTo }), context()))?.code, code, replyTo)
    t.equal((await admit(make({ replyTo })))?.denial, code)
  }
  const callback = callWith(`Bearer ${voucher({ claims: { scope: 'start_interaction', interactionId: id(50), urlCallback: 'http://consumer.example.it' } })}`, { demands: { ...noDemands, scope: 'start_interaction' } })
  t.match(explainCall(callback, context()).filter(({ check }) => check.startsWith('urlCallback ') && check !== 'urlCallback (form)').map(({ check, outcome }) => `${check} ${outcome}`), ['urlCallback length pass', 'urlCallback form pass', 'urlCallback fragment pass', 'urlCallback scheme fail', 'urlCallback origin pass', 'urlCallback port pass', 'urlCallback host not checked'])
})

t.test('nothing of a credential or of personal data is in an explanation', async (t) => {
  for (const fault of Object.values(faults)) {
    const call = make(fault)
    const text = JSON.stringify(explainCall(call, context(fault.registry)))
    for (const secret of [...call.authorization, ...call.proofs, ...call.rawHeaders].filter((value) => value.length > 100)) t.notOk(text.includes(secret.slice(-40)))
    t.notMatch(text, /user293|station012/)
  }
})
