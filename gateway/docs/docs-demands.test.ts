import t from 'tap'
import { prepareAgreedClaims } from '../../policies/agreed-claims.ts'
import { noDemands } from '../../policies/demands.ts'
import type { DenialCode } from '../../policies/denials.ts'
import { policies } from '../../policies/order.ts'
import { neededHeaders, needsText } from './docs-demands.ts'
import type { Needs } from './docs-demands.ts'
import { refusalsOf } from './docs-refusals.ts'

const nothing: Needs = { ...noDemands, dpopNonces: false, retentionDays: undefined, granted: 'no', internal: false }
const claims = prepareAgreedClaims({})({ type: 'object', properties: { userID: { type: 'string' } } })
const integrity = { trust: ['pdnd', 'x509'] as const, headers: ['x-protocol'], emptyBody: 'signed' as const, contentCodings: ['gzip'] }
const everything: Needs = {
  ...nothing, trust: ['pdnd'], channel: 'mutual-tls', dpop: true, dpopNonces: true, singleUse: true, integrity, evidence: { trust: ['pdnd'], bound: true, claims }, signedResponse: true, nonRepudiation: true,
  retentionDays: 30, scope: 'start_interaction', nonBlocking: 'push', granted: 'in part', internal: true
}

/** For each demand what is said of it, in both languages, and what is not said without it. */
const said: readonly { name: string, needs: Partial<Needs>, it: RegExp, en: RegExp, headers?: readonly string[] }[] = [
  { name: 'certificates', needs: { trust: ['pdnd', 'x509'] }, it: /voucher PDND o token firmato con il certificato X\.509.*\n[^]*`x5c`/, en: /a PDND voucher, or a token signed with.*X\.509.*\n[^]*`x5c`/ },
  { name: 'DPoP', needs: { dpop: true }, it: /Serve un voucher DPoP/, en: /Needs a DPoP voucher/, headers: ['DPoP'] },
  { name: 'nonces', needs: { dpopNonces: true }, it: /`DPoP-Nonce`/, en: /`DPoP-Nonce`/ },
  { name: 'TLS', needs: { channel: 'tls' }, it: /Canale.*ID_AUTH_CHANNEL_01/, en: /Channel.*ID_AUTH_CHANNEL_01/ },
  { name: 'mutual TLS', needs: { channel: 'mutual-tls' }, it: /certificato client.*ID_AUTH_CHANNEL_02/, en: /client certificate.*ID_AUTH_CHANNEL_02/ },
  { name: 'single use by DPoP', needs: { singleUse: true, dpop: true }, it: /Uso singolo.*la prova DPoP no/, en: /Single use.*the DPoP proof cannot/, headers: ['DPoP'] },
  { name: 'single use by signature', needs: { singleUse: true, integrity }, it: /la firma del messaggio no/, en: /the signature over the message cannot/, headers: ['Digest', 'Agid-JWT-Signature'] },
  { name: 'single use by certificate', needs: { singleUse: true, trust: ['x509'] }, it: /buono per una sola chiamata \(ID_AUTH_REST_02\)/, en: /good for one call \(ID_AUTH_REST_02\)/ },
  { name: 'evidence', needs: { evidence: { trust: ['pdnd'], bound: false, claims: undefined } }, it: /tracciatura\*\* \(AUDIT_REST_01\)/, en: /tracking evidence\*\* \(AUDIT_REST_01\)/, headers: ['Agid-JWT-TrackingEvidence'] },
  { name: 'bound evidence', needs: { evidence: { trust: ['pdnd'], bound: true, claims } }, it: /AUDIT_REST_02.*13 cifre.*`digest`.*Claim concordate: `userID`\./, en: /AUDIT_REST_02.*13 digits.*`digest`.*Agreed claims: `userID`\./, headers: ['Agid-JWT-TrackingEvidence'] },
  { name: 'signature', needs: { integrity }, it: /firma del messaggio\*\*, anche senza corpo.*INTEGRITY_REST_02\) o .*INTEGRITY_REST_01\).*`x-protocol`.*gzip/, en: /signature over the message\*\*, without a body too.*INTEGRITY_REST_02\) or .*INTEGRITY_REST_01\).*`x-protocol`.*gzip/, headers: ['Digest', 'Agid-JWT-Signature'] },
  { name: 'scope', needs: { scope: 'start_interaction' }, it: /scope `start_interaction`.*`urlCallback`/, en: /scope `start_interaction`.*`urlCallback`/ },
  { name: 'push', needs: { nonBlocking: 'push' }, it: /NONBLOCK_PUSH_REST.*`X-ReplyTo`/, en: /NONBLOCK_PUSH_REST.*`X-ReplyTo`/, headers: ['X-ReplyTo'] },
  { name: 'pull', needs: { nonBlocking: 'pull-status' }, it: /NONBLOCK_PULL_REST.*303/, en: /NONBLOCK_PULL_REST.*303/ },
  { name: 'signed answers', needs: { signedResponse: true }, it: /Risposta firmata/, en: /Signed answer/ },
  { name: 'kept evidence', needs: { nonRepudiation: true, retentionDays: 30 }, it: /Non ripudio.*30 giorni/, en: /Non-repudiation.*30 days/ },
  { name: 'grants', needs: { granted: 'whole' }, it: /Autorizzazione dell'erogatore.*per questa operazione\.$/m, en: /Grant of the producer.*for this operation\.$/m },
  { name: 'applications', needs: { internal: true }, it: /Dall'interno:\*\*.*`kid` l'impronta/, en: /From inside:\*\*.*`kid` the RFC 7638/ },
  { name: 'applications that stay out', needs: { internal: true, dpop: true }, it: /Dall'interno:\*\*.*non la chiamano/, en: /From inside:\*\*.*do not call it/, headers: ['DPoP'] },
  { name: 'grants that narrow', needs: { granted: 'in part' }, it: /Autorizzazione.*solo in JSON/, en: /Grant.*in JSON only/ }
]

for (const { name, needs, it, en, headers = [] } of said) {
  t.test(`${name}: said in Italian and in English where it is demanded, and nowhere else`, async (t) => {
    t.match(needsText({ ...nothing, ...needs }, 'it'), it)
    t.match(needsText({ ...nothing, ...needs }, 'en'), en)
    t.notMatch(needsText(nothing, 'it'), it)
    t.notMatch(needsText(nothing, 'en'), en)
    t.strictSame(neededHeaders({ ...nothing, ...needs }).map((header) => header.name), headers)
  })
}

t.test('both languages say the same number of things, whatever is demanded', async (t) => {
  for (const needs of [nothing, everything, { ...everything, trust: ['x509'] as const }, ...said.map((one) => ({ ...nothing, ...one.needs }))]) t.equal(needsText(needs, 'it').split('\n').length, needsText(needs, 'en').split('\n').length)
})

t.test('a name of a contract cannot get out of its place', async (t) => {
  const hostile = '`<img src=x onerror=alert(1)>`'
  const needs = { ...nothing, evidence: { trust: ['pdnd' as const], bound: false, claims: prepareAgreedClaims({})({ type: 'object', properties: { [hostile]: {} } }) } }
  for (const language of ['it', 'en'] as const) t.notMatch(needsText(needs, language), /<img/)
})

const codesOf = (needs: Needs): ReadonlySet<DenialCode> => new Set(refusalsOf(needs).flatMap(({ codes }) => codes))

t.test('only refusals that can come are told', async (t) => {
  const codes = codesOf(nothing)
  for (const code of ['voucher-expired', 'dpop-required', 'dpop-proof-invalid', 'purpose-not-active', 'quota-exceeded', 'caller-kind-not-trusted', 'scope-mismatch'] as const) t.ok(codes.has(code), code)
  t.notOk([...codes].some((code) => /^(?:token|signature|digest|evidence|client|interaction|reply|tls|name)-/.test(code) || code === 'dpop-nonce-required' || code === 'replay-filter-unavailable' && false))
  t.notOk([...codes].some((code) => code.startsWith('grant-') || code === 'field-withheld'))
  const granted = codesOf({ ...nothing, granted: 'whole' })
  t.ok(granted.has('grant-missing') && !granted.has('field-withheld') && codesOf({ ...nothing, granted: 'in part' }).has('field-withheld'))
  t.ok(codesOf({ ...nothing, dpopNonces: true }).has('dpop-nonce-required'))
  t.ok(codesOf({ ...nothing, channel: 'tls' }).has('tls-required') && !codesOf({ ...nothing, channel: 'tls' }).has('client-certificate-missing'))
  t.notOk(codesOf({ ...nothing, trust: ['pdnd', 'x509'] }).has('caller-kind-not-trusted'))
  const certified = codesOf({ ...nothing, trust: ['x509'] })
  t.notOk([...certified].some((code) => (code.startsWith('voucher-') && code !== 'voucher-missing') || code === 'scope-mismatch' || code === 'token-replayed'), 'no voucher, no refusal of one')
  t.ok(codesOf({ ...nothing, trust: ['x509'], singleUse: true }).has('token-replayed'))
  const unbound = codesOf({ ...nothing, evidence: { trust: ['pdnd'], bound: false, claims: undefined } })
  t.ok(unbound.has('evidence-missing') && !unbound.has('evidence-digest-missing') && !unbound.has('evidence-agreed-claims-invalid'))
})

t.test('every refusal of a policy is told somewhere', async (t) => {
  const told = new Set([everything, { ...everything, trust: ['x509'] as const }, { ...everything, trust: ['pdnd', 'x509'] as const }].flatMap((needs) => [...codesOf(needs)]))
  t.strictSame(policies.flatMap(({ denials }) => denials).filter((code) => !told.has(code)), [])
  t.strictSame(refusalsOf(everything).map(({ policy }) => policy), policies.map(({ name }) => name), 'in the order in which they come')
})
