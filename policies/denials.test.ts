import t from 'tap'
import { prepareAdmission } from './admission.ts'
import { prepareAgreedClaims } from './agreed-claims.ts'
import { byCertificate, certificatesOf, certifiedRegistry, certifiedToken, once } from './certificate-fixture.ts'
import type { CertifiedChanges } from './certificate-fixture.ts'
import type { AsyncScope, Demands } from './demands.ts'
import { denials, denialType, isDenial } from './denials.ts'
import type { DenialCode } from './denials.ts'
import type { Channel } from './channel.ts'
import { noDemands } from './demands.ts'
import { agreedClaims, evidenceDigestOf, makeEvidence } from './evidence-fixture.ts'
import type { EvidenceChanges } from './evidence-fixture.ts'
import { callWith, id, keysOf, portsOf, quotasWith, registryOf, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { Changes, RegistryChanges } from './fixture.ts'
import { policies } from './order.ts'
import type { FoundInteraction, Interaction, Interactions } from './interactions.ts'
import type { Limiter } from './limiter.ts'
import type { Resolved } from './resolver.ts'
import type { Call, Facts, Ports, Terms } from './policy.ts'
import { ecKey, jktOf, makeProof, rsaKey } from './proof-fixture.ts'
import { grantsWith, grantWith } from './grant-fixture.ts'
import type { Grants } from './grants.ts'
import { internalCertificate, internalClientsWith } from './internal-fixture.ts'
import { clientKeysOf, otherClientKey, otherClientKid, signMessage } from './signature-fixture.ts'

const full: Limiter = {
  consume: (_key, limit, resetSeconds) => ({ limit, remaining: 0, resetSeconds, exceeded: true }),
  peek: (_key, limit, resetSeconds) => ({ limit, remaining: 0, resetSeconds, exceeded: false })
}

interface Case { readonly policy: keyof Facts, readonly code: DenialCode, readonly voucher?: Changes, readonly call?: Partial<Call>, readonly terms?: Partial<Terms>, readonly ports?: Partial<Ports> }

const claims = (code: DenialCode, changes: Readonly<Record<string, unknown>>): Case => ({ policy: 'caller', code, voucher: { claims: changes } })
const platform = (policy: keyof Facts, code: DenialCode, changes: RegistryChanges): Case => ({ policy, code, ports: { registry: () => registryOf(changes) } })

/** A world in which the platform cannot be asked. */
const undecided: Partial<Ports> = { registry: () => ({ ...registryOf(), settle: () => 'undecided' }) }

const bound = voucher({ claims: { cnf: { jkt: jktOf(ecKey.publicKey) } } })
const provenCall = { method: 'GET', url: `${terms.publicUrl}/rest/things/v1/things`, voucher: bound, now: testTime }
const goodProof = makeProof(provenCall)
const proven = (...proofs: string[]): Partial<Call> => ({ authorization: [`DPoP ${bound}`], proofs })

const certified = (code: DenialCode, changes: CertifiedChanges = {}, ports: Partial<Ports> = {}): Case => ({ policy: 'caller', code, call: { authorization: [`Bearer ${certifiedToken(changes)}`], demands: once }, ports: { certificates: certificatesOf(), registry: () => certifiedRegistry(), ...ports } })

const certificate = { thumbprint: 'y', subject: 'CN=y', notBefore: 0, notAfter: testTime + 1, untrusted: undefined }
const overChannel = (code: DenialCode, channel: Demands['channel'], connection?: Channel): Case => ({ policy: 'channel', code, call: { demands: { ...noDemands, channel }, ...(connection && { connection }) } })

const message = Buffer.from('{"testo": "Ciao mondo"}')
const signed = (code: DenialCode, changes: Parameters<typeof signMessage>[2] = {}, ports: Partial<Ports> = {}): Case => ({
  policy: 'integrity',
  code,
  call: {
    demands: { ...noDemands, integrity: { trust: ['pdnd'], headers: [], emptyBody: 'unsigned', contentCodings: [] } },
    body: message,
    rawHeaders: Object.entries(signMessage(message, { clientId: id(8), audience: terms.audience[0]!, now: testTime }, changes)).flat()
  },
  ports: { clientKeys: clientKeysOf(id(8), id(77)), ...ports }
})

const evidenceDemand = { trust: ['pdnd'], bound: true, claims: prepareAgreedClaims({})(agreedClaims) } as const
const evidenceWith = (changes: EvidenceChanges = {}): string => makeEvidence({ clientId: id(8), purposeId: id(6), audience: terms.audience[0] as string, now: testTime }, changes)
const audited = (code: DenialCode, make: () => string, ports: Partial<Ports> = {}): Case => {
  const evidence = make()
  const call = { demands: { ...noDemands, evidence: evidenceDemand }, rawHeaders: ['Agid-JWT-TrackingEvidence', evidence] }
  return { policy: 'evidence', code, voucher: { claims: { digest: evidenceDigestOf(evidence) } }, call, ports: { clientKeys: clientKeysOf(id(8), id(77)), ...ports } }
}

const granted = (code: DenialCode, grants: Partial<Grants>, call: Partial<Call> = {}): Case => ({ policy: 'grant', code, terms: { grants: grantsWith(grants) }, call })

const asyncExchangeProperties = { responseTime: 60, resourceAvailableTime: 60, confirmation: true, maxResultSet: 1 }
const started: Interaction = { id: id(70), clientId: id(8), consumerId: id(2), eserviceId: id(3), descriptorId: id(4), state: 'start_interaction', startedAt: testTime, forgetAt: Infinity }
const interactionsOf = (...found: readonly FoundInteraction[]): Interactions => {
  const left = [...found]
  return { find: () => left.length > 1 ? left.shift() : left[0], replace: () => 'unavailable', restore: () => undefined }
}
/** A step of the interaction; `found` is what is known of it when it is looked at, and every time after that. */
const exchanging = (policy: 'interaction' | 'transition', code: DenialCode, scope: AsyncScope, ...found: readonly FoundInteraction[]): Case => ({
  policy, code, voucher: { claims: { scope, interactionId: id(70), ...scope === 'start_interaction' && { urlCallback: 'https://consumer.example/' } } }, call: { demands: { ...noDemands, scope } },
  ports: { registry: () => registryOf({ descriptor: { asyncExchangeProperties } }), interactions: interactionsOf(...found) }
})
const pushed = (code: DenialCode, header: string, resolved: Resolved): Case => ({ policy: 'replyTo', code, call: { demands: { ...noDemands, nonBlocking: 'push' }, rawHeaders: ['X-ReplyTo', header] }, terms: { replyTo: [{ consumer: id(2), origins: ['https://consumer.example'] }] }, ports: { resolver: { resolve: () => resolved } } })

/** One call for every way in which a policy refuses. */
const golden: readonly Case[] = [
  { policy: 'caller', code: 'voucher-missing', call: { authorization: [] } },
  { policy: 'caller', code: 'malformed-request', call: { authorization: ['Bearer a', 'Bearer b'] } },
  { policy: 'caller', code: 'address-limit-exceeded', call: { blockedSeconds: 1 } },
  { policy: 'caller', code: 'voucher-malformed', call: { authorization: ['Bearer a'] } },
  { policy: 'caller', code: 'voucher-unverifiable', voucher: { key: strangerKey.privateKey } },
  { policy: 'caller', code: 'trust-source-unavailable', ports: { keys: keysOf(() => 'unavailable') } },
  claims('voucher-claims-invalid', { jti: 'x' }),
  claims('voucher-issuer-mismatch', { iss: 'x' }),
  claims('voucher-expired', { exp: testSeconds }),
  claims('voucher-not-yet-valid', { nbf: testSeconds + 60 }),
  claims('voucher-lifetime-exceeded', { exp: testSeconds + 100_000 }),
  claims('voucher-audience-mismatch', { aud: 'x' }),
  claims('producer-mismatch', { producerId: id(77) }),
  claims('eservice-mismatch', { eserviceId: id(77) }),
  claims('descriptor-mismatch', { descriptorId: id(77) }),
  { policy: 'caller', code: 'caller-kind-not-trusted', call: { demands: byCertificate } },
  { policy: 'caller', code: 'client-certificate-untrusted', call: { listener: 'internal', authorization: [], connection: { secure: true, certificate: { ...internalCertificate, notAfter: testTime - 1 } } }, ports: { internalClients: internalClientsWith() } },
  certified('token-malformed', { header: { typ: undefined } }),
  certified('token-unverifiable', { key: strangerKey.privateKey }),
  certified('token-claims-invalid', { claims: { jti: undefined } }),
  certified('token-audience-mismatch', { claims: { aud: 'x' } }),
  certified('token-expired', { claims: { exp: testSeconds } }),
  certified('token-not-yet-valid', { claims: { nbf: testSeconds + 60 } }),
  certified('token-replayed', {}, { replay: { note: () => 'seen' } }),
  certified('replay-filter-unavailable', {}, { replay: { note: () => 'unavailable' } }),
  certified('registry-unavailable', {}, undecided),
  certified('client-unknown', {}, { registry: () => certifiedRegistry({ client: undefined }) }),
  certified('purpose-mismatch', { claims: { purposeId: id(77) } }),
  certified('purpose-unknown', { claims: { purposeId: undefined } }, { registry: () => certifiedRegistry({ client: { purposes: [] } }) }),
  { policy: 'dpop', code: 'dpop-required', call: { demands: { ...noDemands, dpop: true } } },
  { policy: 'dpop', code: 'dpop-missing', call: proven() },
  { policy: 'dpop', code: 'dpop-malformed', call: proven('a.b.c') },
  { policy: 'dpop', code: 'dpop-unverifiable', call: proven(`${goodProof.slice(0, goodProof.lastIndexOf('.'))}.AAAA`) },
  { policy: 'dpop', code: 'dpop-proof-invalid', call: proven(makeProof(provenCall, { claims: { htm: 'POST' } })) },
  { policy: 'dpop', code: 'dpop-binding-mismatch', call: proven(makeProof(provenCall, { key: rsaKey })) },
  { policy: 'dpop', code: 'dpop-replayed', call: proven(goodProof), ports: { replay: { note: () => 'seen' } } },
  { policy: 'dpop', code: 'dpop-nonce-required', call: proven(goodProof), terms: { dpopNonces: true } },
  { policy: 'dpop', code: 'replay-filter-unavailable', call: proven(goodProof), ports: { replay: { note: () => 'unavailable' } } },
  overChannel('tls-required', 'tls'),
  overChannel('client-certificate-missing', 'mutual-tls', { secure: true, certificate: undefined }),
  overChannel('client-certificate-untrusted', 'mutual-tls', { secure: true, certificate: { ...certificate, untrusted: 'self-signed certificate' } }),
  { ...overChannel('client-certificate-mismatch', 'mutual-tls', { secure: true, certificate }), ports: { registry: () => ({ ...registryOf(), tenant: () => ({ id: id(2), name: 'Ente', externalId: { origin: 'IPA', value: 'ente' }, certificates: [{ thumbprint: 'x' }] }) }) } },
  { ...overChannel('registry-unavailable', 'mutual-tls', { secure: true, certificate }), ports: undecided },
  { policy: 'platformState', code: 'registry-unavailable', ports: undecided },
  platform('descriptor', 'descriptor-not-usable', { descriptor: { state: 'Archived' } }),
  platform('agreement', 'agreement-missing', { agreement: undefined }),
  platform('agreement', 'agreement-not-active', { agreement: { state: 'Suspended' } }),
  platform('agreement', 'agreement-mismatch', { agreement: { descriptorId: id(77) } }),
  platform('purpose', 'purpose-unknown', { purpose: undefined }),
  platform('purpose', 'purpose-mismatch', { purpose: { consumerId: id(77) } }),
  platform('purpose', 'purpose-not-active', { purpose: { versions: [] } }),
  platform('delegation', 'delegation-not-active', { purpose: { delegationId: id(60) }, delegation: { state: 'Revoked' } }),
  granted('grant-missing', {}),
  granted('grant-expired', { any: grantWith({ expiresAt: testTime }) }),
  granted('operation-not-granted', { any: grantWith({ operations: new Set(['another']) }) }),
  granted('field-withheld', { any: grantWith() }, { query: 'sort=secret' }),
  { policy: 'interaction', code: 'scope-mismatch', voucher: { claims: { scope: 'get_resource', interactionId: id(70) } } },
  { ...exchanging('interaction', 'async-exchange-not-enabled', 'start_interaction'), ports: {} },
  exchanging('interaction', 'interactions-unavailable', 'start_interaction', 'unavailable'),
  exchanging('interaction', 'interaction-unknown', 'get_resource', undefined),
  exchanging('interaction', 'interaction-state-mismatch', 'start_interaction', started),
  exchanging('interaction', 'interaction-expired', 'get_resource', { ...started, startedAt: testTime - 120_000 }),
  audited('evidence-missing', () => ''),
  audited('evidence-malformed', () => 'a.b.c'),
  audited('evidence-unverifiable', () => evidenceWith({ key: strangerKey.privateKey })),
  audited('evidence-claims-invalid', () => evidenceWith({ claims: { jti: undefined } })),
  audited('evidence-agreed-claims-invalid', () => evidenceWith({ claims: { userID: undefined } })),
  audited('evidence-audience-mismatch', () => evidenceWith({ claims: { aud: 'x' } })),
  audited('evidence-expired', () => evidenceWith({ claims: { exp: testSeconds } })),
  audited('evidence-not-yet-valid', () => evidenceWith({ claims: { nbf: testSeconds + 60 } })),
  audited('evidence-signer-mismatch', () => evidenceWith({ header: { kid: otherClientKid }, key: otherClientKey.privateKey })),
  audited('evidence-purpose-mismatch', () => evidenceWith({ claims: { purposeId: id(77) } })),
  { ...audited('evidence-digest-missing', () => evidenceWith()), voucher: {} },
  { ...audited('evidence-digest-mismatch', () => evidenceWith()), voucher: { claims: { digest: evidenceDigestOf('another') } } },
  audited('trust-source-unavailable', () => evidenceWith(), { clientKeys: { find: () => 'unavailable' } }),
  { policy: 'burst', code: 'burst-exceeded', ports: { burst: full } },
  pushed('reply-to-invalid', 'http://consumer.example/', 'unknown'),
  pushed('name-resolution-unavailable', 'https://consumer.example/', 'unavailable'),
  signed('signature-missing', { sent: { 'Agid-JWT-Signature': undefined } }),
  signed('signature-malformed', { header: { typ: 'x' } }),
  signed('signature-unverifiable', { key: otherClientKey }),
  signed('trust-source-unavailable', {}, { clientKeys: { find: () => 'unavailable' } }),
  signed('signature-claims-invalid', { claims: { jti: undefined } }),
  signed('signature-audience-mismatch', { claims: { aud: 'x' } }),
  signed('signature-expired', { claims: { exp: testSeconds } }),
  signed('signature-not-yet-valid', { claims: { nbf: testSeconds + 60 } }),
  signed('signature-signer-mismatch', { key: otherClientKey, header: { kid: otherClientKid } }),
  signed('signature-headers-mismatch', { sent: { 'Content-Type': 'application/xml' } }),
  signed('digest-missing', { sent: { Digest: undefined } }),
  signed('digest-malformed', { sent: { Digest: 'x' } }),
  signed('digest-mismatch', { headers: { Digest: 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' } }),
  signed('signature-replayed', {}, { replay: { note: () => 'seen' } }),
  signed('replay-filter-unavailable', {}, { replay: { note: () => 'unavailable' } }),
  exchanging('transition', 'interactions-unavailable', 'start_interaction', undefined),
  exchanging('transition', 'interaction-unknown', 'get_resource', started, undefined),
  exchanging('transition', 'interaction-state-mismatch', 'start_interaction', undefined, started),
  exchanging('transition', 'interaction-expired', 'get_resource', started, { ...started, startedAt: testTime - 120_000 }),
  { policy: 'quota', code: 'quota-exceeded', ports: { quota: quotasWith(0) } }
]

for (const { policy, code, voucher: changes, call: different, terms: own, ports } of golden) {
  t.test(`${policy} refuses with ${code}`, async (t) => {
    const admission = prepareAdmission(portsOf(ports), { ...terms, ...own })
    const call = callWith(`Bearer ${voucher(changes)}`, different)
    const denial = await admission.beforeBody(call) ?? await admission.overBody(call) ?? await admission.afterBody(call)
    t.equal(denial?.denial, code)
    t.equal(policies.find(({ name }) => call[name] === undefined)?.name, policy)
  })
}

t.test('a policy says of itself exactly how it refuses', async (t) => {
  for (const { name, denials: own } of policies) {
    t.strictSame([...own].toSorted(), golden.filter(({ policy }) => policy === name).map(({ code }) => code).toSorted(), name)
  }
})

t.test('every entry of the table can be shown to a caller', async (t) => {
  for (const code of Object.keys(denials) as DenialCode[]) {
    const { status, title, mend, challenge } = denialType(code)
    t.match(code, /^[a-z]+(-[a-z]+)*$/)
    t.ok(status >= 400 && status < 600, code)
    t.match(title, /^[A-Z][^.]+$/, code)
    t.match(mend, /^[A-Z].*\.$/, code)
    t.equal(challenge !== undefined, status === 401, `${code}: exactly the 401s carry a challenge (RFC 9110, 15.5.2)`)
  }
})

t.test('a fact is no denial', async (t) => {
  t.ok(isDenial({ denial: 'quota-exceeded', check: 'quota' }))
  for (const answer of [undefined, null, 'denial', {}, { limit: 1 }]) t.notOk(isDenial(answer))
})
