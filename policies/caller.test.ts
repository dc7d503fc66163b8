import t from 'tap'
import { caller } from './caller.ts'
import type { CallerFact } from './caller.ts'
import { firstFailure } from './check.ts'
import { readCredentials } from './credentials.ts'
import type { Denial, DenialCode } from './denials.ts'
import { callWith, goodClaims, id, keysOf, kid, platformKey, platformKeys, portsOf, strangerKey, terms, testSeconds, testTime, voucher } from './fixture.ts'
import type { FoundKey } from './keys.ts'
import { claimChecks } from './voucher-caller.ts'
import type { VoucherClaims } from './voucher.ts'

const authorizations: Readonly<Record<string, readonly [values: readonly string[], expected: string]>> = {
  'no header': [[], 'voucher-missing'],
  'an empty header': [[''], 'voucher-missing'],
  'Bearer alone': [['Bearer'], 'voucher-missing'],
  'Bearer and a space': [['Bearer '], 'voucher-missing'],
  'Basic': [['Basic dXNlcjpwYXNz'], 'voucher-missing'],
  'DPoP alone': [['DPoP'], 'voucher-missing'],
  'DPoP and two spaces': [['DPoP  a.b.c'], 'voucher-missing'],
  'both schemes': [['DPoP Bearer a.b.c'], 'voucher-missing'],
  'no scheme': [['a.b.c'], 'voucher-missing'],
  'two spaces': [['Bearer  a.b.c'], 'voucher-missing'],
  'a tab': [['Bearer\ta.b.c'], 'voucher-missing'],
  'a space behind': [['Bearer a.b.c '], 'voucher-missing'],
  'two tokens': [['Bearer a.b.c d.e.f'], 'voucher-missing'],
  'a character that no token has': [['Bearer a.b.ç'], 'voucher-missing'],
  'two headers': [['Bearer a.b.c', 'Bearer a.b.c'], 'malformed-request'],
  'two credentials': [['Bearer a, Bearer b'], 'malformed-request'],
  'Bearer': [['Bearer a.b.c'], 'Bearer a.b.c'],
  'bearer': [['bearer a.b.c'], 'Bearer a.b.c'],
  'BEARER': [['BEARER a.b.c'], 'Bearer a.b.c'],
  'DPoP': [['DPoP a.b.c'], 'DPoP a.b.c'],
  'dpop': [['dpop a.b.c'], 'DPoP a.b.c']
}

for (const [name, [values, expected]] of Object.entries(authorizations)) {
  t.test(`Authorization with ${name}: ${expected}`, async (t) => {
    const read = readCredentials(values)
    t.equal('denial' in read ? read.denial : `${read.scheme} ${read.voucher}`, expected)
  })
}

t.test('before the signature is verified the caller is not told what is wrong', async (t) => {
  for (const token of ['x', voucher({ header: { typ: 'JWT' } })]) {
    const denial = await prove(token) as Denial
    t.match(denial, { denial: 'voucher-malformed', reason: String })
    t.equal(denial.detail, undefined)
  }
  const denial = await prove(voucher({ key: strangerKey.privateKey })) as Denial
  t.match(denial, { denial: 'voucher-unverifiable', reason: 'the signature does not match', detail: undefined })
})

const [ours] = terms.audience as [string]
const other = id(77)
const claimCases: readonly (readonly [name: string, changes: Partial<VoucherClaims>, code: DenialCode | undefined])[] = [
  ['everything right', {}, undefined],
  ['the issuer of another environment', { iss: 'uat.interop.example' }, 'voucher-issuer-mismatch'],
  ['the issuer with a path', { iss: `${terms.issuer}/` }, 'voucher-issuer-mismatch'],
  ['the issuer as a URL', { iss: `https://${terms.issuer}` }, 'voucher-issuer-mismatch'],
  ['an issuer that starts like ours', { iss: `${terms.issuer}.evil` }, 'voucher-issuer-mismatch'],
  ['the issuer in upper case', { iss: terms.issuer.toUpperCase() }, 'voucher-issuer-mismatch'],
  ['sub that is not client_id', { sub: other }, 'voucher-claims-invalid'],
  ['exp a second ago', { exp: testSeconds - 1 }, 'voucher-expired'],
  ['exp now', { exp: testSeconds }, 'voucher-expired'],
  ['exp in a second', { exp: testSeconds + 1 }, undefined],
  ['nbf 5 s ahead', { nbf: testSeconds + 5 }, undefined],
  ['nbf 6 s ahead', { nbf: testSeconds + 6 }, 'voucher-not-yet-valid'],
  ['iat 5 s ahead', { iat: testSeconds + 5 }, undefined],
  ['iat 6 s ahead', { iat: testSeconds + 6 }, 'voucher-not-yet-valid'],
  ['iat an hour ahead', { iat: testSeconds + 3600 }, 'voucher-not-yet-valid'],
  ['a lifetime of 24 h', { iat: testSeconds, exp: testSeconds + 86_400 }, undefined],
  ['a lifetime of 24 h and 1 s', { iat: testSeconds, exp: testSeconds + 86_401 }, 'voucher-lifetime-exceeded'],
  ['our audience in a list', { aud: [ours] }, undefined],
  ['our audience among others', { aud: ['https://other.example', ours] }, undefined],
  ['our audience and a wildcard', { aud: [ours, '*'] }, undefined],
  ['our audience among others in one text', { aud: `https://other.example, ${ours}` }, undefined],
  ['a wildcard', { aud: '*' }, 'voucher-audience-mismatch'],
  ['an audience that starts with ours', { aud: `${ours}/more` }, 'voucher-audience-mismatch'],
  ['a trailing slash', { aud: `${ours}/` }, 'voucher-audience-mismatch'],
  ['upper case', { aud: ours.toUpperCase() }, 'voucher-audience-mismatch'],
  ['a homograph', { aud: ours.replace('e', 'е') }, 'voucher-audience-mismatch'],
  ['the version before', { aud: ours.replace('v1', 'v2') }, 'voucher-audience-mismatch'],
  ['the host alone', { aud: 'https://api.example.it' }, 'voucher-audience-mismatch'],
  ['another producer', { producerId: other }, 'producer-mismatch'],
  ['another e-service', { eserviceId: other }, 'eservice-mismatch'],
  ['another version', { descriptorId: other }, 'descriptor-mismatch']
]

for (const [name, changes, code] of claimCases) {
  t.test(`claims with ${name}: ${code ?? 'admitted'}`, async (t) => {
    t.equal(firstFailure(claimChecks, { claims: { ...goodClaims, ...changes }, terms, now: testSeconds })?.denial, code)
  })
}

t.test('an audience that itself has a comma is compared as it is configured', async (t) => {
  const audience = ['https://api.example.it/rest/a,b/v1']
  const verdict = (aud: string): DenialCode | undefined => firstFailure(claimChecks, { claims: { ...goodClaims, aud }, terms: { ...terms, audience }, now: testSeconds })?.denial
  t.equal(verdict('https://api.example.it/rest/a,b/v1'), undefined)
  t.equal(verdict('https://api.example.it/rest/a'), 'voucher-audience-mismatch')
})

const prove = async (token: string, keys = platformKeys(), now = testTime): Promise<CallerFact | Denial> =>
  caller.prepare(portsOf({ keys }), terms)(callWith(`Bearer ${token}`, { now }))

t.test('a good voucher proves client, consumer and purpose', async (t) => {
  t.strictSame(await prove(voucher()), {
    kind: 'pdnd', clientId: id(8), consumerId: id(2), producerId: id(1), purposeId: id(6), eserviceId: id(3), descriptorId: id(4), jti: id(9), kid, jkt: undefined, scheme: 'Bearer',
    evidenceDigest: undefined, exchange: undefined
  })
})

t.test('the digest of the evidence that a voucher was asked for with is told in one spelling', async (t) => {
  const value = 'aF'.repeat(32)
  t.match(await prove(voucher({ claims: { digest: { alg: 'SHA256', value } } })), { evidenceDigest: value.toLowerCase() })
  t.match(await prove(voucher({ claims: { digest: { alg: 'SHA256' } } })), { denial: 'voucher-claims-invalid', check: 'digest (form)' })
  t.match(await prove(voucher({ claims: { digest: { value } } })), { denial: 'voucher-claims-invalid', check: 'digest (form)' })
})

t.test('it says which key the voucher is bound to and how it came, and leaves it to another policy whether that goes together', async (t) => {
  const jkt = 'x'.repeat(43)
  const bound = voucher({ claims: { cnf: { jkt } } })
  const verdict = caller.prepare(portsOf(), terms)
  t.match(verdict(callWith(`Bearer ${bound}`)), { jkt, scheme: 'Bearer' })
  t.match(verdict(callWith(`dpop ${bound}`)), { jkt, scheme: 'DPoP' })
  t.match(verdict(callWith(`DPoP ${voucher()}`)), { jkt: undefined, scheme: 'DPoP' })
})

t.test('what the key source answers decides between 401 and 503', async (t) => {
  const denialOf = async (found: FoundKey | Promise<FoundKey>) => await prove(voucher(), keysOf(() => found)) as Denial
  t.match(await denialOf('unknown'), { denial: 'voucher-unverifiable' })
  t.match(await denialOf(Promise.resolve('unknown')), { denial: 'voucher-unverifiable' })
  t.match(await denialOf('unavailable'), { denial: 'trust-source-unavailable', retryAfter: 30 })
  t.match(await denialOf({ key: strangerKey.publicKey }), { denial: 'voucher-unverifiable' })
  t.match(await prove(voucher(), keysOf(async () => ({ key: platformKey.publicKey }))), { clientId: id(8) })
})

t.test('the id of a key that the platform does not have is in no reason', async (t) => {
  const canary = 'canary-4711'
  t.notMatch(JSON.stringify(await prove(voucher({ header: { kid: canary } }))), canary)
})

t.test('a voucher that comes again is not verified again, but its claims are judged again', async (t) => {
  const keys = platformKeys()
  const again = caller.prepare(portsOf({ keys }), terms)
  const call = callWith(`Bearer ${voucher()}`)
  t.match(again(call), { clientId: id(8) })
  t.match(again(call), { clientId: id(8) })
  t.equal(keys.asked.length, 1)
  t.match(again({ ...call, now: testTime + 600_000 }), { denial: 'voucher-expired' })
})

t.test('a voucher that was verified is forgotten when the platform changes its keys', async (t) => {
  let found: FoundKey = { key: platformKey.publicKey }
  const keys = keysOf(() => found)
  const again = caller.prepare(portsOf({ keys }), terms)
  const call = callWith(`Bearer ${voucher()}`)
  t.match(again(call), { clientId: id(8) })
  found = 'unknown'
  keys.epoch++
  t.match(again(call), { denial: 'voucher-unverifiable' })
})

t.test('a voucher that was verified serves no longer than the key that verified it', async (t) => {
  let stale = false
  const keys = { ...keysOf(() => stale ? 'unavailable' : { key: platformKey.publicKey }), known: () => stale ? undefined : platformKey.publicKey }
  const again = caller.prepare(portsOf({ keys }), terms)
  const call = callWith(`Bearer ${voucher()}`)
  t.match(again(call), { clientId: id(8) })
  stale = true
  t.match(again(call), { denial: 'trust-source-unavailable' })
})

t.test('a voucher verified while the keys were changing is verified again', async (t) => {
  const keys = keysOf(async () => {
    keys.epoch++
    return { key: platformKey.publicKey }
  })
  const again = caller.prepare(portsOf({ keys }), terms)
  const call = callWith(`Bearer ${voucher()}`)
  t.match(await again(call), { clientId: id(8) })
  t.match(await again(call), { clientId: id(8) })
  t.equal(keys.asked.length, 2)
})

t.test('one changed character of a remembered voucher is another voucher', async (t) => {
  const again = caller.prepare(portsOf(), terms)
  const good = voucher()
  t.match(again(callWith(`Bearer ${good}`)), { clientId: id(8) })
  for (const at of [10, good.indexOf('.') + 10, good.length - 10]) {
    const changed = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1)
    t.match(again(callWith(`Bearer ${changed}`)), { denial: /^voucher-/ })
  }
})
