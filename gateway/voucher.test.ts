import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { DenialCode } from '../policies/denials.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { audience, basePath, ids, issuer, jwksOf, kid, mintVoucher, platformKey, registryContent } from './harness/platform.ts'
import type { VoucherOptions } from './harness/platform.ts'
import { checkNextServed, checkProblem, checkRefused } from './harness/refusal.ts'

/** The clock stands still here. */
const now = Date.parse('2026-03-02T10:00:00Z')
const seconds = now / 1000
const mint = (options?: VoucherOptions): string => mintVoucher(now, options)
const good = mint()
const [goodHead = '', goodClaims = '', goodSignature = ''] = good.split('.')
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const header = { typ: 'at+jwt', alg: 'RS256', kid }

/** What is sent instead of `Authorization: Bearer <good voucher>`, and what must come of it. */
type Case = readonly [name: string, lines: readonly string[], code: DenialCode | 'admitted']

const bearer = (name: string, token: string, code: DenialCode | 'admitted'): Case => [name, [`Authorization: Bearer ${token}`], code]
const malformed = (name: string, token: string): Case => bearer(name, token, 'voucher-malformed')
const unverifiable = (name: string, token: string): Case => bearer(name, token, 'voucher-unverifiable')
const withHeader = (name: string, changes: Readonly<Record<string, unknown>>, code: DenialCode | 'admitted' = 'voucher-malformed'): Case => bearer(name, mint({ header: changes }), code)
const withClaims = (name: string, changes: Readonly<Record<string, unknown>>, code: DenialCode | 'admitted'): Case => bearer(name, mint({ claims: changes }), code)

const statuses: Partial<Record<DenialCode | 'admitted', number>> = { 'admitted': 200, 'malformed-request': 400, 'headers-too-large': 431 }
const forbidden = /^(?:producer|eservice|descriptor|agreement|purpose)-/

function statusOf (code: DenialCode | 'admitted'): number {
  return statuses[code] ?? (forbidden.test(code) ? 403 : 401)
}

/** Sends every case to one gateway and sees to it that it connects nowhere on account of a voucher that it refuses. */
async function tryAll (t: Test, cases: readonly Case[], options: HarnessOptions = {}): Promise<void> {
  const gateway = await startGateway(t, { now, ...options })
  const outbound: Socket[] = []
  const note = (message: unknown): void => { outbound.push((message as { socket: Socket }).socket) }
  subscribe('net.client.socket', note)
  t.teardown(() => { unsubscribe('net.client.socket', note) })
  for (const [name, lines, code] of cases) {
    outbound.length = 0
    const bytes = [`GET ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, ...lines]
    await t.test(`${name}: ${code}`, async (t) => code === 'admitted' ? checkAdmitted(t, gateway, bytes) : refuse(t, gateway, bytes, code))
    if (code !== 'admitted') {
      const own = [...gateway.wires].map((wire) => wire.socket)
      t.strictSame(outbound.filter((socket) => !own.includes(socket) && socket.remotePort !== Number(new URL(gateway.upstream.url).port)), [], 'no connection to anywhere')
    }
  }
}

async function checkAdmitted (t: Test, gateway: Harness, bytes: readonly string[]): Promise<void> {
  const before = gateway.upstream.requests.length
  t.equal((await gateway.raw(bytes)).status, 200)
  t.equal(gateway.upstream.requests.length, before + 1)
  t.equal(gateway.upstream.requests.at(-1)?.headers.authorization, undefined, 'the voucher stays here')
  await gateway.takeRecords(1)
}

async function refuse (t: Test, gateway: Harness, bytes: readonly string[], code: DenialCode): Promise<void> {
  const before = gateway.upstream.requests.length
  const answer = await gateway.raw(bytes)
  await checkProblem(t, gateway, answer, { status: statusOf(code), code })
  t.equal(gateway.upstream.requests.length, before, 'nothing reached the upstream')
  const challenge = answer.status !== 401 ? undefined : code === 'voucher-missing' ? 'Bearer' : 'Bearer error="invalid_token"'
  t.equal(answer.headers['www-authenticate'], challenge, 'challenge (RFC 6750, 3)')
  await checkNextServed(t, gateway)
}

t.test('1-4: where and how a voucher may be sent', async (t) => tryAll(t, [
  ['no Authorization', [], 'voucher-missing'],
  ['an empty Authorization', ['Authorization:'], 'voucher-missing'],
  ['Bearer alone', ['Authorization: Bearer'], 'voucher-missing'],
  ['Bearer and a space', ['Authorization: Bearer '], 'voucher-missing'],
  ['Basic', ['Authorization: Basic dXNlcjpwYXNz'], 'voucher-missing'],
  ['Bearer', [`Authorization: Bearer ${good}`], 'admitted'],
  ['bearer', [`authorization: bearer ${good}`], 'admitted'],
  ['two spaces', [`Authorization: Bearer  ${good}`], 'voucher-missing'],
  ['a tab', [`Authorization: Bearer\t${good}`], 'voucher-missing'],
  ['no space', [`Authorization: Bearer${good}`], 'voucher-missing'],
  ['quotes', [`Authorization: Bearer "${good}"`], 'voucher-missing'],
  ['in a header with an underscore', [`X_Authorization: Bearer ${good}`, `Proxy-Authorization: Bearer ${good}`], 'voucher-missing'],
  ['in a cookie', [`Cookie: access_token=${good}`], 'voucher-missing'],
  ['two headers', [`Authorization: Bearer ${good}`, `Authorization: Bearer ${good}`], 'malformed-request'],
  ['two headers of two spellings', [`Authorization: Bearer ${good}`, 'AUTHORIZATION: Bearer x'], 'malformed-request'],
  ['two credentials', [`Authorization: Bearer ${good}, Bearer ${good}`], 'malformed-request'],
  ['credentials named by Connection', [`Authorization: Bearer ${good}`, 'Connection: authorization'], 'malformed-request']
]))

t.test('3: a voucher in the query or in a form is none', async (t) => {
  const gateway = await startGateway(t, { now })
  const form = `access_token=${good}`
  const requests = [
    [`GET ${basePath}/items?access_token=${good} HTTP/1.1`, `Host: ${gateway.host}`],
    [`POST ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${form.length}`, '', form].join('\r\n')
  ]
  for (const bytes of requests) await checkRefused(t, gateway, { name: 'elsewhere', bytes, status: 401, code: 'voucher-missing' })
})

const hmac = (key: string | Buffer, alg = 'HS256'): string => {
  const signed = `${encode({ ...header, alg })}.${goodClaims}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}
const passwords = ['', 'secret', 'password', '123456', 'admin', 'changeme', 'pagopa', 'interop', 'varco', 'jwt', 'key', kid, issuer, audience]
const pem = platformKey.publicKey.export({ format: 'pem', type: 'spki' })
const der = platformKey.publicKey.export({ format: 'der', type: 'spki' })
const jwk = JSON.stringify(platformKey.publicKey.export({ format: 'jwk' }))
const { RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = (await import('node:crypto')).constants
const signedWith = (alg: string, declared: string, hash: string, pss = false): string => {
  const signed = `${encode({ ...header, alg: declared })}.${goodClaims}`
  const key = pss ? { key: platformKey.privateKey, padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST } : platformKey.privateKey
  return `${signed}.${sign(hash, Buffer.from(signed), key).toString('base64url') || alg}`
}

t.test('5-8: the algorithm is the platform\'s, whatever the voucher says', async (t) => tryAll(t, [
  ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg) => {
    const head = encode({ ...header, alg })
    return [malformed(`${alg}, with a dot`, `${head}.${goodClaims}.`), malformed(`${alg}, without a dot`, `${head}.${goodClaims}`), malformed(`${alg}, with the good signature`, `${head}.${goodClaims}.${goodSignature}`)]
  }),
  malformed('HS256 with the public key as PEM', hmac(pem)),
  malformed('HS256 with the public key as PEM without the last line break', hmac(pem.trimEnd())),
  malformed('HS256 with the public key as DER', hmac(der)),
  malformed('HS256 with the public key as JWK', hmac(jwk)),
  unverifiable('an HMAC with the public key that says RS256', hmac(pem, 'RS256')),
  ...passwords.map((password) => malformed(`HS256 with the key "${password}"`, hmac(password))),
  ...passwords.map((password) => unverifiable(`an HMAC with the key "${password}" that says RS256`, hmac(password, 'RS256'))),
  malformed('PS256 by the right key', signedWith('PS256', 'PS256', 'sha256', true)),
  malformed('RS384 by the right key', signedWith('RS384', 'RS384', 'sha384')),
  malformed('RS512 by the right key', signedWith('RS512', 'RS512', 'sha512')),
  malformed('ES256', signedWith('ES256', 'ES256', 'sha256')),
  unverifiable('PS256 that says RS256', signedWith('PS256', 'RS256', 'sha256', true)),
  unverifiable('RS384 that says RS256', signedWith('RS384', 'RS256', 'sha384')),
  unverifiable('RS512 that says RS256', signedWith('RS512', 'RS256', 'sha512'))
]))

const flipped = Buffer.from(goodSignature, 'base64url')
flipped[100]! ^= 1
const nonCanonical = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('').filter((last) => last !== goodSignature.at(-1))

t.test('9: the signature is the one that the platform made, in its one spelling', async (t) => tryAll(t, [
  unverifiable('256 zero bytes', `${goodHead}.${goodClaims}.${encode('\0'.repeat(256))}`),
  unverifiable('one byte', `${goodHead}.${goodClaims}.AA`),
  unverifiable('cut by 3 bytes', `${goodHead}.${goodClaims}.${Buffer.from(goodSignature, 'base64url').subarray(0, -3).toString('base64url')}`),
  unverifiable('one bit flipped', `${goodHead}.${goodClaims}.${flipped.toString('base64url')}`),
  unverifiable('claims changed', `${goodHead}.${encode({ ...JSON.parse(Buffer.from(goodClaims, 'base64url').toString()) as object, exp: seconds + 6000 })}.${goodSignature}`),
  unverifiable('header changed', `${encode({ ...header, use: 'other' })}.${goodClaims}.${goodSignature}`),
  unverifiable("a stranger's", mint({ key: stranger.privateKey })),
  malformed('empty', `${goodHead}.${goodClaims}.`),
  malformed('an extra segment', `${good}.${goodSignature}`),
  malformed('five segments', `${goodHead}.${goodSignature}.${goodSignature}.${goodClaims}.${goodSignature}`),
  malformed('padding', `${good}==`),
  malformed('the other base64 alphabet', `${goodHead}.${goodClaims}.${goodSignature.slice(0, 10)}+/${goodSignature.slice(12)}`),
  ['JSON serialisation', [`Authorization: Bearer ${JSON.stringify({ payload: goodClaims, protected: goodHead, signature: goodSignature })}`], 'malformed-request'],
  ...nonCanonical.map((last) => bearer(`${last} for its last character`, good.slice(0, -1) + last, Buffer.from(good.slice(-2, -1) + last, 'base64').toString('base64url').endsWith(last) ? 'voucher-unverifiable' : 'voucher-malformed'))
]))

const strangerJwk = stranger.publicKey.export({ format: 'jwk' })
const byStranger = (name: string, changes: Readonly<Record<string, unknown>>): Case => malformed(name, mint({ header: changes, key: stranger.privateKey }))

t.test('10-11, 16-17: nothing in a header leads to another key or to another reading', async (t) => tryAll(t, [
  byStranger('jwk', { jwk: strangerJwk }),
  byStranger('jwk with our kid', { jwk: { ...strangerJwk, kid } }),
  byStranger('jwk of a secret', { jwk: { kty: 'oct', k: 'AAAA' } }),
  byStranger('x5c', { x5c: ['MIIB'] }),
  ...['https://evil.example/jwks.json', 'http://127.0.0.1:9/jwks.json', 'http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 'gopher://127.0.0.1:6379/_FLUSHALL']
    .flatMap((url) => [byStranger(`jku ${url}`, { jku: url }), byStranger(`x5u ${url}`, { x5u: url })]),
  withHeader('jku in a voucher that is otherwise good', { jku: 'https://evil.example/jwks.json' }),
  withHeader('crit of something unknown', { crit: ['x'], x: 1 }),
  withHeader('crit of nothing', { crit: [] }),
  withHeader('crit of something registered', { crit: ['exp'], exp: 1 }),
  withHeader('b64 false', { b64: false, crit: ['b64'] }),
  withHeader('zip', { zip: 'DEF' }),
  withHeader('enc', { enc: 'A128GCM' }),
  withHeader('cty JWT', { cty: 'JWT' }),
  withHeader('the use that the platform sends', { use: 'sig' }, 'admitted')
]))

const unfit = [
  { ...jwksOf([{ kid: 'for-encryption', key: stranger.publicKey }]).keys[0], use: 'enc' },
  { ...jwksOf([{ kid: 'for-ps256', key: stranger.publicKey }]).keys[0], alg: 'PS256' },
  { ...jwksOf([{ kid: 'for-wrapping', key: stranger.publicKey }]).keys[0], key_ops: ['wrapKey'] },
  ...jwksOf([{ kid: 'twice', key: stranger.publicKey }, { kid: 'twice', key: platformKey.publicKey }]).keys
]

t.test('13-14: a kid is compared with the ids of the platform\'s keys and used for nothing else', async (t) => tryAll(t, [
  ...['../../../dev/null', '/dev/null', "x'OR'1'='1';--", 'https://evil.example', '__proto__', 'constructor', 'toString', `${kid}/`, kid.toUpperCase()].map((value) => withHeader(`kid ${value}`, { kid: value }, 'voucher-unverifiable')),
  ...['', '|sleep 10', "x' UNION SELECT '1';--", `${kid}\0`, ` ${kid}`, `${kid}\n`, 'x'.repeat(4096), 7, [kid], { kid }, null, undefined].map((value) => withHeader(`kid ${JSON.stringify(value)?.slice(0, 30)}`, { kid: value })),
  ...['for-encryption', 'for-ps256', 'for-wrapping', 'twice'].map((value) => unverifiable(`a key ${value}`, mint({ header: { kid: value }, key: stranger.privateKey }))),
  unverifiable('a key that is there twice, signed with the other one', mint({ header: { kid: 'twice' } }))
], { jwks: () => ({ keys: [...jwksOf().keys, ...unfit] }) }))

t.test('19: only an access token is a voucher', async (t) => tryAll(t, [
  withHeader('at+jwt', { typ: 'at+jwt' }, 'admitted'),
  withHeader('AT+JWT', { typ: 'AT+JWT' }, 'admitted'),
  withHeader('application/at+jwt', { typ: 'application/at+jwt' }, 'admitted'),
  ...[undefined, null, '', 'JWT', 'jwt', 'dpop+jwt', 'at-jwt', 'at+jwt ', 'xat+jwt', ['at+jwt'], 7].map((typ) => withHeader(`typ ${JSON.stringify(typ)}`, { typ }))
]))

const signText = (head: string, claims: string | Buffer): string => {
  const signed = `${encode(head)}.${Buffer.from(claims).toString('base64url')}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), platformKey.privateKey).toString('base64url')}`
}
const headText = JSON.stringify(header)
const claimsText = Buffer.from(goodClaims, 'base64url').toString()
const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

t.test('21: what cannot be read as one JSON object is no voucher, and never an error of ours', async (t) => tryAll(t, [
  bearer('the same text signed here', signText(headText, claimsText), 'admitted'),
  ...['[]', 'null', '"x"', '1', '{', ''].flatMap((text) => [malformed(`header ${text}`, signText(text, claimsText)), malformed(`claims ${text}`, signText(headText, text))]),
  malformed('a byte order mark before the header', signText(`\ufeff${headText}`, claimsText)),
  malformed('a byte order mark before the claims', signText(headText, `\ufeff${claimsText}`)),
  malformed('invalid UTF-8', signText(headText, Buffer.concat([Buffer.from(claimsText.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]))),
  malformed('UTF-16', signText(headText, Buffer.from(claimsText, 'utf16le'))),
  malformed('an escaped half of a surrogate pair', signText(headText, claimsText.replace('{', String.raw`{"x":"\udc00",`))),
  malformed('a raw NUL', signText(headText, claimsText.replace('{', '{"x":"\0",'))),
  malformed('a claim twice', signText(headText, claimsText.replace('{', '{"iss":"other",'))),
  malformed('a claim twice, once escaped', signText(headText, claimsText.replace('{', String.raw`{"\u0069ss":"other",`))),
  malformed('a header member twice', signText(headText.replace('{', '{"alg":"none",'), claimsText)),
  malformed('__proto__', signText(headText, claimsText.replace('{', '{"__proto__":{"x":1},'))),
  malformed('3000 levels', signText(headText, claimsText.replace('{', `{"x":${deep(2500)},`))),
  malformed('more behind the object', signText(headText, `${claimsText}{}`)),
  unverifiable('a token of 8192 characters', `${good}${'A'.repeat(8192 - good.length)}`),
  bearer('a token of 8193 characters', `${good}${'A'.repeat(8193 - good.length)}`, 'headers-too-large'),
  bearer('a token of 9 kB', signText(headText, claimsText.replace('{', `{"x":"${'y'.repeat(6400)}",`)), 'headers-too-large'),
  bearer('a claim of 1 MB', signText(headText, claimsText.replace('{', `{"x":"${'y'.repeat(1024 * 1024)}",`)), 'headers-too-large')
]))

const wrongTimes = ['1', '', 1.5, 1e300, -1, 0, null, 'NaN', [seconds + 600], {}, true, undefined]

t.test('26-29: a voucher is valid in its time, by the gateway\'s clock', async (t) => tryAll(t, [
  ...['exp', 'iat', 'nbf'].flatMap((name) => wrongTimes.map((value) => withClaims(`${name} ${JSON.stringify(value)}`, { [name]: value }, 'voucher-claims-invalid'))),
  withClaims('expired long ago', { exp: seconds - 3600, iat: seconds - 7200, nbf: seconds - 7200 }, 'voucher-expired'),
  withClaims('exp a second ago', { exp: seconds - 1, iat: seconds - 10 }, 'voucher-expired'),
  withClaims('exp now', { exp: seconds, iat: seconds - 10 }, 'voucher-expired'),
  withClaims('exp in a second', { exp: seconds + 1, iat: seconds - 10 }, 'admitted'),
  withClaims('nbf in 5 s', { nbf: seconds + 5 }, 'admitted'),
  withClaims('nbf in 6 s', { nbf: seconds + 6 }, 'voucher-not-yet-valid'),
  withClaims('iat in 5 s', { iat: seconds + 5 }, 'admitted'),
  withClaims('iat in 6 s', { iat: seconds + 6 }, 'voucher-not-yet-valid'),
  withClaims('iat in an hour', { iat: seconds + 3600, exp: seconds + 4200 }, 'voucher-not-yet-valid'),
  withClaims('24 h', { iat: seconds, exp: seconds + 86_400 }, 'admitted'),
  withClaims('24 h and a second', { iat: seconds, exp: seconds + 86_401 }, 'voucher-lifetime-exceeded')
]))

const wrongAudiences = [
  `${audience}/`, `${audience}/more`, audience.slice(0, -1), audience.toUpperCase(), audience.replace('https', 'http'), audience.replace('v1', 'v2'), audience.replace('archive', 'аrchive'), '*', 'https://*',
  'https://api.ente.example.it', `x${audience}`, `${audience}#`, `${audience}?`, `https://evil.example/${audience}`, [`${audience}/`, '*'], `https://other.example;${audience}`, `https://other.example ${audience}`
]

t.test('30-31: audience and issuer are compared exactly', async (t) => tryAll(t, [
  withClaims('our audience in a list', { aud: [audience] }, 'admitted'),
  withClaims('our audience and a wildcard', { aud: [audience, '*'] }, 'admitted'),
  withClaims('several audiences in one text, as the platform joins them', { aud: `https://other.example,${audience}` }, 'admitted'),
  ...wrongAudiences.map((aud) => withClaims(`aud ${JSON.stringify(aud)}`, { aud }, 'voucher-audience-mismatch')),
  ...[[], 7, null, undefined, '', {}, [7], [[audience]]].map((aud) => withClaims(`aud ${JSON.stringify(aud)}`, { aud }, 'voucher-claims-invalid')),
  ...[`${issuer}/`, `https://${issuer}`, `${issuer}.evil.example`, issuer.toUpperCase(), 'uat.interop.pagopa.it', `${issuer} `].map((iss) => withClaims(`iss ${iss}`, { iss }, 'voucher-issuer-mismatch')),
  ...[[issuer], null, undefined, 7].map((iss) => withClaims(`iss ${JSON.stringify(iss)}`, { iss }, 'voucher-claims-invalid'))
]))

const other = (last: number): string => `20000000-0000-4000-8000-${String(last).padStart(12, '0')}`
const [withoutAgreement, suspended, upgraded, neighbour, archived] = [other(1), other(2), other(3), other(4), other(5)]
const [ofNeighbour, elsewhere, suspendedPurpose, waitingPurpose] = [other(11), other(12), other(13), other(14)]

/** Everything that a consumer may have and is no right to call: see the cases. */
function crowdedRegistry (): object {
  const registry = registryContent()
  const [eservice] = registry.eservices
  const [agreement] = registry.agreements
  const [purpose] = registry.purposes
  const [descriptor] = eservice!.descriptors
  const tenants = [withoutAgreement, suspended, upgraded, neighbour].map((id, index) => ({ id, alias: `ente-${index}`, name: 'Ente', externalId: { origin: 'IPA', value: `e${index}` } }))
  const version = (last: number, state: string) => [{ id: other(last), state, dailyCalls: 10 }]
  return {
    ...registry,
    tenants: [...registry.tenants, ...tenants],
    eservices: [
      { ...eservice, descriptors: [descriptor, { ...descriptor, id: archived, version: 2, state: 'Archived' }, { ...descriptor, id: other(6), version: 3 }] },
      { id: other(7), alias: 'other', name: 'Altro', producerId: ids.producer, descriptors: [{ ...descriptor, id: other(8) }] }
    ],
    agreements: [
      agreement,
      { ...agreement, id: other(21), consumerId: suspended, state: 'Suspended' },
      { ...agreement, id: other(22), consumerId: upgraded, descriptorId: other(6) },
      { ...agreement, id: other(23), consumerId: neighbour }
    ],
    purposes: [
      purpose,
      { ...purpose, id: ofNeighbour, alias: 'vicino', consumerId: neighbour, versions: version(31, 'Active') },
      { ...purpose, id: elsewhere, alias: 'altrove', eserviceId: other(7), versions: version(32, 'Active') },
      { ...purpose, id: suspendedPurpose, alias: 'sospesa', versions: version(33, 'Suspended') },
      { ...purpose, id: waitingPurpose, alias: 'in-attesa', versions: version(34, 'WaitingForApproval') }
    ]
  }
}

t.test('32-34: the caller is entitled to this e-service, in this version, for this purpose', async (t) => tryAll(t, [
  withClaims('everything right', {}, 'admitted'),
  ...[undefined, null, [ids.purpose], ids.purpose.toUpperCase().replace('1', 'A'), ` ${ids.purpose}`, `${ids.purpose} `, '', 7, {}].map((purposeId) => withClaims(`purposeId ${JSON.stringify(purposeId)}`, { purposeId }, 'voucher-claims-invalid')),
  withClaims('a purpose that nobody has', { purposeId: other(99) }, 'purpose-unknown'),
  withClaims("another consumer's purpose", { purposeId: ofNeighbour }, 'purpose-mismatch'),
  withClaims('another consumer with our purpose', { consumerId: neighbour }, 'purpose-mismatch'),
  withClaims('a purpose on another e-service', { purposeId: elsewhere }, 'purpose-mismatch'),
  withClaims('a suspended purpose', { purposeId: suspendedPurpose }, 'purpose-not-active'),
  withClaims('a purpose that waits for approval', { purposeId: waitingPurpose }, 'purpose-not-active'),
  withClaims('no agreement', { consumerId: withoutAgreement }, 'agreement-missing'),
  withClaims('a suspended agreement', { consumerId: suspended }, 'agreement-not-active'),
  withClaims('an agreement on another version', { consumerId: upgraded }, 'agreement-mismatch'),
  withClaims('another producer', { producerId: ids.consumer }, 'producer-mismatch'),
  withClaims('another e-service', { eserviceId: other(7) }, 'eservice-mismatch'),
  withClaims('another version', { descriptorId: other(6) }, 'descriptor-mismatch'),
  withClaims('an archived version', { descriptorId: archived }, 'descriptor-not-usable'),
  withClaims('sub that is not client_id', { sub: other(98) }, 'voucher-claims-invalid'),
  withClaims('a binding that is none', { cnf: { jkt: 'x' } }, 'voucher-claims-invalid'),
  withClaims('a binding to a certificate', { cnf: { 'x5t#S256': 'x'.repeat(43) } }, 'voucher-claims-invalid')
], { registry: crowdedRegistry, config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, descriptorIds: [ids.descriptor, archived] })) }) }))

t.test('35: a voucher may be used again until it expires', async (t) => {
  const gateway = await startGateway(t, { now })
  const voucher = mint()
  for (let count = 0; count < 5; count++) t.equal((await gateway.call('/items', { voucher })).status, 200)
  gateway.clock.now = now + 599_999
  t.equal((await gateway.call('/items', { voucher })).status, 200)
  gateway.clock.now = now + 600_000
  t.match(await gateway.call('/items', { voucher }), { status: 401, json: { code: 'voucher-expired' } })
})

t.test('41: keys are rotated without a restart, and an old key serves nobody', async (t) => {
  const platform = { published: jwksOf(), asked: 0 }
  const gateway = await startGateway(t, { now, jwks: () => {
    platform.asked++
    return platform.published
  } })
  const { asked } = platform
  const old = mint()
  t.equal((await gateway.call('/items', { voucher: old })).status, 200)
  const fresh = mint({ header: { kid: 'platform-key-2' }, key: stranger.privateKey })
  t.match(await gateway.call('/items', { voucher: fresh }), { status: 401, json: { code: 'voucher-unverifiable' } })
  t.equal(platform.asked, asked, 'the set was fetched a moment ago')

  platform.published = jwksOf([{ kid, key: platformKey.publicKey }, { kid: 'platform-key-2', key: stranger.publicKey }])
  gateway.clock.now += 60_000
  t.equal((await gateway.call('/items', { voucher: fresh })).status, 200)
  t.equal((await gateway.call('/items', { voucher: old })).status, 200, 'both serve while they overlap')
  t.equal(platform.asked, asked + 1, 'one fetch')

  platform.published = jwksOf([{ kid: 'platform-key-2', key: stranger.publicKey }])
  await gateway.gateway.keys.refresh()
  t.match(await gateway.call('/items', { voucher: old }), { status: 401, json: { code: 'voucher-unverifiable' } })
  t.equal((await gateway.call('/items', { voucher: fresh })).status, 200)

  platform.published = jwksOf([{ kid: 'platform-key-2', key: platformKey.publicKey }])
  await gateway.gateway.keys.refresh()
  t.match(await gateway.call('/items', { voucher: fresh }), { status: 401, json: { code: 'voucher-unverifiable' } }, 'other key material under the same id')
})
