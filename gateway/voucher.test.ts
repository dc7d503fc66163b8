import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import type { DenialCode } from '../policies/denials.ts'
import { thumbprintOf } from '../policies/jwk.ts'
import type { Jwk } from '../policies/jwk.ts'
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

/** Sends every case to one gateway and sees to it that it connects nowhere on account of a voucher that it refuses. The name of each case begins with its row (a table of attacks and a number). */
async function tryAll (t: Test, rows: Readonly<Record<string, readonly Case[]>>, options: HarnessOptions = {}): Promise<void> {
  const gateway = await startGateway(t, { now, ...options })
  const outbound: Socket[] = []
  const note = (message: unknown): void => { outbound.push((message as { socket: Socket }).socket) }
  subscribe('net.client.socket', note)
  t.teardown(() => { unsubscribe('net.client.socket', note) })
  for (const [row, name, lines, code] of Object.entries(rows).flatMap(([row, cases]) => cases.map((one) => [row, ...one] as const))) {
    outbound.length = 0
    const bytes = [`GET ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, ...lines]
    await t.test(`${row} ${name}: ${code}`, async (t) => code === 'admitted' ? checkAdmitted(t, gateway, bytes) : refuse(t, gateway, bytes, code))
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

t.test('a01, a02, a04: where and how a voucher may be sent', async (t) => tryAll(t, { a01: [
  ['no Authorization', [], 'voucher-missing'],
  ['an empty Authorization', ['Authorization:'], 'voucher-missing'],
  ['Bearer alone', ['Authorization: Bearer'], 'voucher-missing'],
  ['Bearer and a space', ['Authorization: Bearer '], 'voucher-missing']
], a02: [
  ['Basic', ['Authorization: Basic dXNlcjpwYXNz'], 'voucher-missing'],
  ['Bearer', [`Authorization: Bearer ${good}`], 'admitted'],
  ['bearer', [`authorization: bearer ${good}`], 'admitted'],
  ['BEARER', [`AUTHORIZATION: BEARER ${good}`], 'admitted'],
  ['two spaces', [`Authorization: Bearer  ${good}`], 'voucher-missing'],
  ['a tab', [`Authorization: Bearer\t${good}`], 'voucher-missing'],
  ['no space', [`Authorization: Bearer${good}`], 'voucher-missing'],
  ['quotes', [`Authorization: Bearer "${good}"`], 'voucher-missing'],
  ['in a header with an underscore', [`X_Authorization: Bearer ${good}`, `Proxy-Authorization: Bearer ${good}`], 'voucher-missing'],
  ['in a cookie', [`Cookie: access_token=${good}`], 'voucher-missing']
], a04: [
  ['two headers', [`Authorization: Bearer ${good}`, `Authorization: Bearer ${good}`], 'malformed-request'],
  ['two headers of two spellings', [`Authorization: Bearer ${good}`, 'AUTHORIZATION: Bearer x'], 'malformed-request'],
  ['two credentials', [`Authorization: Bearer ${good}, Bearer ${good}`], 'malformed-request'],
  ['two schemes', [`Authorization: Basic dXNlcjpwYXNz, Bearer ${good}`], 'malformed-request'],
  ['credentials named by Connection', [`Authorization: Bearer ${good}`, 'Connection: authorization'], 'malformed-request']
] }))

t.test('a03: a voucher in the query or in a form is none, and is not logged', async (t) => {
  const gateway = await startGateway(t, { now })
  const form = `access_token=${good}`
  const written: string[] = []
  const push = gateway.logs.push.bind(gateway.logs)
  gateway.logs.push = (...lines) => {
    written.push(JSON.stringify(lines))
    return push(...lines)
  }
  const requests = [
    [`GET ${basePath}/items?access_token=${good} HTTP/1.1`, `Host: ${gateway.host}`],
    [`POST ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${form.length}`, '', form].join('\r\n')
  ]
  for (const [index, bytes] of requests.entries()) await t.test(`a03 ${index === 0 ? 'in the query' : 'in a form'}: voucher-missing`, async (t) => checkRefused(t, gateway, { name: 'elsewhere', bytes, status: 401, code: 'voucher-missing' }))
  t.ok(written.length > 0)
  t.notMatch(written.join(''), goodSignature.slice(0, 20))
})

const hmac = (key: string | Buffer, declared = 'HS256', hash = 'sha256'): string => {
  const signed = `${encode({ ...header, alg: declared })}.${goodClaims}`
  return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`
}
/** What people take for a secret; the platform's own public words among them. */
const secrets = [
  '', ' ', '\0', '0', '1', 'a', 'x', 'null', 'undefined', 'none', 'true', 'secret', 'Secret', 'SECRET', 'secret1', 'secret123', 'secretkey', 'secret_key', 'secret-key', 'mysecret', 'my-secret', 'my_secret', 'mysecretkey', 'supersecret', 'super-secret',
  'supersecretkey', 'topsecret', 'shhhhh', 'shhh', 'password', 'Password', 'Password1', 'P@ssw0rd', 'p@ssword', 'passw0rd', 'password1', 'password123', 'passwd', 'pass', '1234', '12345', '123456', '1234567', '12345678', '123456789', '1234567890',
  '0123456789', '111111', '000000', '123123', '654321', 'abc', 'abc123', 'abcdef', 'qwerty', 'qwertyuiop', 'asdfgh', 'zxcvbn', 'iloveyou', 'letmein', 'welcome', 'dragon', 'monkey', 'master', 'login', 'admin', 'Admin', 'admin123', 'administrator',
  'root', 'toor', 'user', 'guest', 'test', 'testing', 'test123', 'demo', 'example', 'sample', 'default', 'changeme', 'change-me', 'changeit', 'key', 'private', 'privatekey', 'public', 'token', 'jwt', 'jwtsecret', 'jwt-secret', 'jwt_secret',
  'your-256-bit-secret', 'your-384-bit-secret', 'your-512-bit-secret', 'your_jwt_secret', 'AllYourBase', 'development', 'production', 'gateway', 'interop', 'pagopa', 'pdnd', 'varco', 'tickets', kid, issuer, audience, 'RS256', 'HS256', '-----BEGIN PUBLIC KEY-----'
]
const pem = platformKey.publicKey.export({ format: 'pem', type: 'spki' })
const pkcs1 = platformKey.publicKey.export({ format: 'pem', type: 'pkcs1' })
const jwk = platformKey.publicKey.export({ format: 'jwk' })
const [served] = jwksOf().keys
/** Every spelling of the public key that a careless verifier could take for a shared secret. */
const publicBytes: Readonly<Record<string, string | Buffer>> = {
  'PEM': pem,
  'PEM without the last line break': pem.trimEnd(),
  'PEM with CRLF': pem.replaceAll('\n', '\r\n'),
  'PEM on one line': pem.replaceAll('\n', ''),
  'the inside of the PEM': pem.split('\n').slice(1, -2).join(''),
  'PEM of PKCS #1': pkcs1,
  'DER': platformKey.publicKey.export({ format: 'der', type: 'spki' }),
  'DER of PKCS #1': platformKey.publicKey.export({ format: 'der', type: 'pkcs1' }),
  'JWK': JSON.stringify(jwk),
  'JWK as it is published': JSON.stringify(served),
  'JWKS': JSON.stringify(jwksOf()),
  'JWK in the form that is hashed': JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n }),
  'modulus in base64url': String(jwk.n),
  'modulus': Buffer.from(String(jwk.n), 'base64url')
}
const { RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants
const signedWith = (alg: string, declared: string, hash: string, pss = false): string => {
  const signed = `${encode({ ...header, alg: declared })}.${goodClaims}`
  const key = pss ? { key: platformKey.privateKey, padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST } : platformKey.privateKey
  return `${signed}.${sign(hash, Buffer.from(signed), key).toString('base64url') || alg}`
}

t.test('a05-a08: the algorithm is the platform\'s, whatever the voucher says', async (t) => {
  t.ok(new Set(secrets).size === secrets.length && secrets.length >= 100)
  await tryAll(t, { a05: ['none', 'None', 'NONE', 'nOnE', 'none ', ''].flatMap((alg) => {
    const head = encode({ ...header, alg })
    return [malformed(`"${alg}", with a dot`, `${head}.${goodClaims}.`), malformed(`"${alg}", without a dot`, `${head}.${goodClaims}`), malformed(`"${alg}", with the good signature`, `${head}.${goodClaims}.${goodSignature}`)]
  }), a06: Object.entries(publicBytes).flatMap(([name, bytes]) => [
    malformed(`HS256 with the public key as secret, ${name}`, hmac(bytes)),
    malformed(`HS512 with the public key as secret, ${name}`, hmac(bytes, 'HS512', 'sha512')),
    unverifiable(`an HMAC with the public key as secret, ${name}, that says RS256`, hmac(bytes, 'RS256'))
  ]), a07: [
    ...secrets.map((secret) => malformed(`HS256 with the secret ${JSON.stringify(secret).slice(0, 40)}`, hmac(secret))),
    ...secrets.slice(0, 12).map((secret) => unverifiable(`an HMAC with the secret ${JSON.stringify(secret)} that says RS256`, hmac(secret, 'RS256')))
  ], a08: [
    malformed('PS256 by the right key', signedWith('PS256', 'PS256', 'sha256', true)),
    malformed('PS512 by the right key', signedWith('PS512', 'PS512', 'sha512', true)),
    malformed('RS384 by the right key', signedWith('RS384', 'RS384', 'sha384')),
    malformed('RS512 by the right key', signedWith('RS512', 'RS512', 'sha512')),
    ...['ES256', 'ES384', 'ES512', 'EdDSA', 'RS1', 'rs256', 'Rs256', 'RS256 '].map((alg) => malformed(`"${alg}" over what RS256 signed`, signedWith(alg, alg, 'sha256'))),
    unverifiable('PS256 that says RS256', signedWith('PS256', 'RS256', 'sha256', true)),
    unverifiable('RS384 that says RS256', signedWith('RS384', 'RS256', 'sha384')),
    unverifiable('RS512 that says RS256', signedWith('RS512', 'RS256', 'sha512')),
    unverifiable('SHA-1 that says RS256', signedWith('RS1', 'RS256', 'sha1')),
    ...[['RS256'], { RS256: true }, null, 256, true].map((alg) => withHeader(`alg ${JSON.stringify(alg)}`, { alg })),
    withHeader('no alg', { alg: undefined })
  ] })
})

const flipped = Buffer.from(goodSignature, 'base64url')
flipped[100]! ^= 1
const nonCanonical = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('').filter((last) => last !== goodSignature.at(-1))

t.test('a09: the signature is the one that the platform made, in its one spelling', async (t) => tryAll(t, { a09: [
  unverifiable('256 zero bytes', `${goodHead}.${goodClaims}.${encode('\0'.repeat(256))}`),
  unverifiable('one byte', `${goodHead}.${goodClaims}.AA`),
  unverifiable('the claims of another voucher', `${goodHead}.${mint({ claims: { jti: ids.purpose } }).split('.')[1]}.${goodSignature}`),
  malformed('cut by one character', good.slice(0, -1)),
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
  malformed('the signature in front', `${goodSignature}.${goodClaims}.${goodHead}`),
  malformed('dots alone', '..'),
  malformed('no dot', 'voucher'),
  ['JSON serialisation', [`Authorization: Bearer ${JSON.stringify({ payload: goodClaims, protected: goodHead, signature: goodSignature })}`], 'malformed-request'],
  ...nonCanonical.map((last) => bearer(`${last} for its last character`, good.slice(0, -1) + last, Buffer.from(good.slice(-2, -1) + last, 'base64').toString('base64url').endsWith(last) ? 'voucher-unverifiable' : 'voucher-malformed'))
] }))

const strangerJwk = stranger.publicKey.export({ format: 'jwk' })
const byStranger = (name: string, changes: Readonly<Record<string, unknown>>): Case => malformed(name, mint({ header: changes, key: stranger.privateKey }))

const signText = (head: string, claims: string | Buffer): string => {
  const signed = `${encode(head)}.${Buffer.from(claims).toString('base64url')}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), platformKey.privateKey).toString('base64url')}`
}
const headText = JSON.stringify(header)
const claimsText = Buffer.from(goodClaims, 'base64url').toString()

/** Listens and answers with a key set that would let the stranger in, directly or after a redirect; `connections` counts who came. */
async function startCanary (t: Test): Promise<{ readonly port: number, connections: number }> {
  const set = JSON.stringify(jwksOf([{ kid, key: stranger.publicKey }]))
  const canary = { port: 0, connections: 0 }
  const server = createServer((socket) => {
    canary.connections++
    socket.on('error', () => undefined).once('data', (bytes) => {
      socket.end(String(bytes).startsWith('GET /redirect') ? 'HTTP/1.1 302 Found\r\nLocation: /jwks.json\r\nContent-Length: 0\r\n\r\n' : `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${set.length}\r\n\r\n${set}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  canary.port = (server.address() as AddressInfo).port
  t.teardown(() => { server.close() })
  return canary
}

t.test('a10, a11, a16, a17: nothing in a header leads to another key or to another reading', async (t) => {
  const canary = await startCanary(t)
  const own = `127.0.0.1:${canary.port}`
  const urls = [
    `http://${own}/jwks.json`, `http://${own}/redirect`, `https://${own}/jwks.json`, `http://localhost:${canary.port}/jwks.json`, `http://user:secret@${own}/jwks.json`, `http://[::ffff:127.0.0.1]:${canary.port}/jwks.json`, `http://2130706433:${canary.port}/jwks.json`,
    'https://evil.example/jwks.json', 'http://127.0.0.1:9/jwks.json', 'http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 'gopher://127.0.0.1:6379/_FLUSHALL', 'data:application/json,{"keys":[]}'
  ]
  await tryAll(t, { a10: [
    byStranger('jwk', { jwk: strangerJwk }),
    byStranger('jwk with our kid', { jwk: { ...strangerJwk, kid } }),
    byStranger('jwk and no kid', { jwk: strangerJwk, kid: undefined }),
    withHeader('jwk that is the right key', { jwk }),
    byStranger('jwk of a secret', { jwk: { kty: 'oct', k: 'AAAA' } }),
    malformed('jwk of a secret, signed with it', hmac(Buffer.from('AAAA', 'base64url')).replace(/^[^.]+/, () => encode({ ...header, alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }))),
    byStranger('jwk that is null', { jwk: null }),
    byStranger('x5c', { x5c: ['MIIB'] })
  ], a11: [
    ...urls.flatMap((url) => [byStranger(`jku ${url}`, { jku: url }), byStranger(`x5u ${url}`, { x5u: url })]),
    ...urls.slice(0, 2).flatMap((url) => [
      byStranger(`jku and x5u ${url}`, { jku: url, x5u: url, jwk: strangerJwk }),
      unverifiable(`kid ${url}`, mint({ header: { kid: url }, key: stranger.privateKey })),
      unverifiable(`claims with jku and jwks_uri ${url}`, mint({ claims: { jku: url, jwks_uri: url }, key: stranger.privateKey })),
      unverifiable(`iss ${url}`, mint({ claims: { iss: url }, key: stranger.privateKey })),
      withHeader(`jku ${url} in a voucher that is otherwise good`, { jku: url })
    ])
  ], a16: [
    withHeader('crit of something unknown', { crit: ['x'], x: 1 }),
    withHeader('crit of nothing', { crit: [] }),
    withHeader('crit of something registered', { crit: ['exp'], exp: 1 }),
    withHeader('crit of what is there', { crit: ['alg', 'kid'] }),
    ...['alg', null, {}, 7, [7]].map((crit) => withHeader(`crit ${JSON.stringify(crit)}`, { crit })),
    withHeader('b64 false', { b64: false, crit: ['b64'] }),
    withHeader('b64 false without crit', { b64: false }),
    withHeader('b64 true', { b64: true }),
    withHeader('zip', { zip: 'DEF' }),
    bearer('claims that are compressed', signText(JSON.stringify({ ...header, zip: 'DEF' }), deflateRawSync(claimsText)), 'voucher-malformed'),
    withHeader('enc', { enc: 'A128GCM' }),
    withHeader('the use that the platform sends', { use: 'sig' }, 'admitted')
  ], a17: [
    withHeader('cty JWT', { cty: 'JWT' }),
    malformed('a voucher in a voucher', signText(JSON.stringify({ ...header, cty: 'JWT' }), good)),
    malformed('a voucher in a voucher that does not say so', signText(headText, good)),
    malformed('a voucher in a voucher, as a JSON text', signText(headText, JSON.stringify(good)))
  ] })
  t.equal(canary.connections, 0, 'the canary was left alone')
  t.match(await (await fetch(`http://${own}/redirect`)).json(), { keys: [{ kid }] })
  t.equal(canary.connections, 2, 'and would have been found')
})

const unfit = [
  { ...jwksOf([{ kid: 'for-encryption', key: stranger.publicKey }]).keys[0], use: 'enc' },
  { ...jwksOf([{ kid: 'for-ps256', key: stranger.publicKey }]).keys[0], alg: 'PS256' },
  { ...jwksOf([{ kid: 'for-wrapping', key: stranger.publicKey }]).keys[0], key_ops: ['wrapKey'] },
  ...jwksOf([{ kid: 'twice', key: stranger.publicKey }, { kid: 'twice', key: platformKey.publicKey }]).keys
]

const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 })
const byForeign = (name: string, changes: Readonly<Record<string, unknown>>): Case => unverifiable(name, mint({ header: changes, key: foreign.privateKey }))

t.test('a13, a14: a kid is compared with the ids of the platform\'s keys and used for nothing else', async (t) => {
  const started = performance.now()
  const strange = ['../../../dev/null', '/dev/null', "x'OR'1'='1';--", 'https://evil.example', '__proto__', 'constructor', 'toString', `${kid}/`, kid.toUpperCase(), kid.slice(0, -1), `${kid}%00`, `${kid}*`, '*', '.*', '$(id)', '`id`', '{{7*7}}', '%2e%2e%2f', 'x'.repeat(200)]
  const unreadable: readonly unknown[] = ['', '|sleep 10', "x' UNION SELECT '1';--", `${kid}\0`, ` ${kid}`, `${kid} `, `${kid}\n`, 'é', 'x'.repeat(201), 'x'.repeat(4096), 7, 0, true, [kid], [], { kid }, { name: kid }, null, undefined]
  await tryAll(t, { a13: [
    ...strange.map((value) => withHeader(`kid ${value.slice(0, 30)}`, { kid: value }, 'voucher-unverifiable')),
    ...unreadable.map((value) => withHeader(`kid ${JSON.stringify(value)?.slice(0, 30)}`, { kid: value }))
  ], a14: [
    ...['for-encryption', 'for-ps256', 'for-wrapping', 'twice'].map((value) => unverifiable(`a key ${value}`, mint({ header: { kid: value }, key: stranger.privateKey }))),
    unverifiable('a key that is there twice, signed with the other one', mint({ header: { kid: 'twice' } })),
    byForeign('the key of another environment under its own id', { kid: 'uat-key-1' }),
    byForeign('the key of another environment under our id', {}),
    byForeign('the key of a client under its thumbprint', { kid: thumbprintOf(foreign.publicKey.export({ format: 'jwk' }) as Jwk) }),
    unverifiable('our key under the id of another one', mint({ header: { kid: 'for-ps256' } }))
  ] }, { jwks: () => ({ keys: [...jwksOf().keys, ...unfit] }) })
  t.ok((performance.now() - started) / (strange.length + unreadable.length) < 250, 'none asks a file, a database or the network: one that sleeps for 10 s would show')
})

t.test('a19: only an access token is a voucher', async (t) => tryAll(t, { a19: [
  withHeader('at+jwt', { typ: 'at+jwt' }, 'admitted'),
  withHeader('AT+JWT', { typ: 'AT+JWT' }, 'admitted'),
  withHeader('application/at+jwt', { typ: 'application/at+jwt' }, 'admitted'),
  ...[undefined, null, '', 'JWT', 'jwt', 'dpop+jwt', 'secevent+jwt', 'application/jwt', 'at-jwt', 'at+jwt ', 'at+jwt\n', 'xat+jwt', 'at+jwt+x', 'text/at+jwt', ['at+jwt'], 7].map((typ) => withHeader(`typ ${JSON.stringify(typ)}`, { typ }))
] }))

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

t.test('a21: what cannot be read as one JSON object is no voucher, and never an error of ours', async (t) => tryAll(t, { a21: [
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
  malformed('a constructor with a prototype', signText(headText, claimsText.replace('{', '{"constructor":{"prototype":{"x":1}},'))),
  malformed('__proto__ in another spelling', signText(headText.replace('{', String.raw`{"\u005f_proto__":{"alg":"none"},`), claimsText)),
  malformed('65 levels', signText(headText, claimsText.replace('{', `{"x":${deep(64)},`))),
  bearer('64 levels', signText(headText, claimsText.replace('{', `{"x":${deep(63)},`)), 'admitted'),
  malformed('a comment', signText(headText, claimsText.replace('{', '{/**/'))),
  malformed('a comma too many', signText(headText, claimsText.replace(/\}$/, ',}'))),
  malformed('two objects', signText(`${headText}${headText}`, claimsText)),
  malformed('a header of 3000 levels', signText(headText.replace('{', `{"x":${deep(2500)},`), '{}')),
  malformed('3000 levels', signText(headText, claimsText.replace('{', `{"x":${deep(2500)},`))),
  malformed('more behind the object', signText(headText, `${claimsText}{}`)),
  unverifiable('a token of 8192 characters', `${good}${'A'.repeat(8192 - good.length)}`),
  bearer('a token of 8193 characters', `${good}${'A'.repeat(8193 - good.length)}`, 'headers-too-large'),
  bearer('a token of 9 kB', signText(headText, claimsText.replace('{', `{"x":"${'y'.repeat(6400)}",`)), 'headers-too-large'),
  bearer('20 000 levels', signText(headText, claimsText.replace('{', `{"x":${deep(20_000)},`)), 'headers-too-large'),
  bearer('20 000 levels in the header', signText(headText.replace('{', `{"x":${deep(20_000)},`), claimsText), 'headers-too-large'),
  bearer('a claim of 1 MB', signText(headText, claimsText.replace('{', `{"x":"${'y'.repeat(1024 * 1024)}",`)), 'headers-too-large')
] }))

const wrongTimes = ['1', '', '1e3', `${seconds + 600}`, 1.5, seconds + 0.5, 1e300, 2 ** 53, 253_402_300_800, -1, 0, null, 'NaN', [seconds + 600], [], {}, true, false, undefined]
const timeClaims = ['exp', 'iat', 'nbf']
/** Numbers that JSON has and JavaScript does not, or the other way round, written as they are. */
const spelt = (name: string, value: string, code: DenialCode): Case => bearer(`${name} ${value.slice(0, 20)}`, signText(headText, claimsText.replace(new RegExp(`"${name}":\\d+`), () => `"${name}":${value}`)), code)

t.test('b26-b29: a voucher is valid in its time, by the gateway\'s clock', async (t) => tryAll(t, { b26: [
  ...timeClaims.flatMap((name) => wrongTimes.map((value) => withClaims(`${name} ${JSON.stringify(value)}`, { [name]: value }, 'voucher-claims-invalid'))),
  ...timeClaims.flatMap((name) => ['1e400', '-1e400', `1${'0'.repeat(400)}`, '-0', '0.0', '1e-400', '99999999999999999999'].map((value) => spelt(name, value, 'voucher-claims-invalid'))),
  ...timeClaims.flatMap((name) => ['NaN', 'Infinity', '-Infinity', '01', '+1', '.5', '1.', '0x10', '1_000', 'undefined', `${seconds}n`].map((value) => spelt(name, value, 'voucher-malformed')))
], b27: [
  withClaims('expired long ago', { exp: seconds - 3600, iat: seconds - 7200, nbf: seconds - 7200 }, 'voucher-expired'),
  withClaims('exp a second ago', { exp: seconds - 1, iat: seconds - 10 }, 'voucher-expired'),
  withClaims('exp now', { exp: seconds, iat: seconds - 10 }, 'voucher-expired'),
  withClaims('exp in a second', { exp: seconds + 1, iat: seconds - 10 }, 'admitted')
], b28: [
  withClaims('nbf in 5 s', { nbf: seconds + 5 }, 'admitted'),
  withClaims('nbf in 6 s', { nbf: seconds + 6 }, 'voucher-not-yet-valid'),
  withClaims('nbf in an hour', { nbf: seconds + 3600, exp: seconds + 4200 }, 'voucher-not-yet-valid'),
  withClaims('iat in 5 s', { iat: seconds + 5 }, 'admitted'),
  withClaims('iat in 6 s', { iat: seconds + 6 }, 'voucher-not-yet-valid'),
  withClaims('iat in an hour', { iat: seconds + 3600, exp: seconds + 4200 }, 'voucher-not-yet-valid')
], b29: [
  withClaims('24 h', { iat: seconds, exp: seconds + 86_400 }, 'admitted'),
  withClaims('24 h, nearly over', { iat: seconds - 86_399, nbf: seconds - 86_399, exp: seconds + 1 }, 'admitted'),
  withClaims('24 h and a second', { iat: seconds, exp: seconds + 86_401 }, 'voucher-lifetime-exceeded'),
  withClaims('24 h and a second, nearly over', { iat: seconds - 86_400, nbf: seconds - 86_400, exp: seconds + 1 }, 'voucher-lifetime-exceeded'),
  withClaims('ten years', { exp: seconds + 315_360_000 }, 'voucher-lifetime-exceeded'),
  withClaims('until the year 9999', { exp: 253_402_300_799 }, 'voucher-lifetime-exceeded'),
  withClaims('issued in 1970', { iat: 1, nbf: 1 }, 'voucher-lifetime-exceeded')
] }))

const wrongAudiences = [
  `${audience}/`, `${audience}/more`, audience.slice(0, -1), audience.toUpperCase(), audience.replace('https', 'http'), audience.replace('v1', 'v2'), audience.replace('archive', 'аrchive'), '*', 'https://*',
  'https://api.ente.example.it', `x${audience}`, `${audience}#`, `${audience}?`, `https://evil.example/${audience}`, [`${audience}/`, '*'], `https://other.example;${audience}`, `https://other.example ${audience}`,
  `https://other.example,${audience}/`, `${audience}/,https://other.example`, `${audience}%2Chttps://other.example`, `${audience}，https://other.example`, ',', ',,', [',', ' '], audience.replace('archive', 'archi,ve'), `${audience}\0`, ` ${audience}\u200b`, [`${audience}x`, `x${audience}`]
]

t.test('b30, b31: audience and issuer are compared exactly', async (t) => tryAll(t, { b30: [
  withClaims('our audience in a list', { aud: [audience] }, 'admitted'),
  withClaims('our audience and a wildcard', { aud: [audience, '*'] }, 'admitted'),
  withClaims('several audiences in one text, as the platform joins them', { aud: `https://other.example,${audience}` }, 'admitted'),
  withClaims('ours first of several in one text', { aud: `${audience},https://other.example` }, 'admitted'),
  withClaims('ours among several in one text, with spaces', { aud: `https://other.example, ${audience} , https://another.example` }, 'admitted'),
  withClaims('several in one text of a list', { aud: ['https://another.example', `https://other.example,${audience}`] }, 'admitted'),
  ...wrongAudiences.map((aud) => withClaims(`aud ${JSON.stringify(aud)}`, { aud }, 'voucher-audience-mismatch')),
  ...[[], 7, null, undefined, '', {}, [7], [[audience]]].map((aud) => withClaims(`aud ${JSON.stringify(aud)}`, { aud }, 'voucher-claims-invalid'))
], b31: [
  ...[`${issuer}/`, `https://${issuer}`, `${issuer}.evil.example`, issuer.toUpperCase(), 'uat.interop.pagopa.it', `${issuer} `, ` ${issuer}`, `${issuer}\0`, `${issuer},${issuer}`, issuer.slice(0, -1), `https://${issuer}/`, `${issuer}/v1`, `x.${issuer}`].map((iss) => withClaims(`iss ${iss}`, { iss }, 'voucher-issuer-mismatch')),
  ...[[issuer], null, undefined, 7, '', {}, true].map((iss) => withClaims(`iss ${JSON.stringify(iss)}`, { iss }, 'voucher-claims-invalid'))
] }))

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

t.test('b32, b34: the caller is entitled to this e-service, in this version, for this purpose', async (t) => tryAll(t, { b32: [
  withClaims('everything right', {}, 'admitted'),
  ...[undefined, null, [ids.purpose], ids.purpose.toUpperCase().replace('1', 'A'), ` ${ids.purpose}`, `${ids.purpose} `, '', 7, {}].map((purposeId) => withClaims(`purposeId ${JSON.stringify(purposeId)}`, { purposeId }, 'voucher-claims-invalid')),
  withClaims('a purpose that nobody has', { purposeId: other(99) }, 'purpose-unknown'),
  withClaims("another consumer's purpose", { purposeId: ofNeighbour }, 'purpose-mismatch'),
  withClaims('another consumer with our purpose', { consumerId: neighbour }, 'purpose-mismatch'),
  withClaims('a purpose on another e-service', { purposeId: elsewhere }, 'purpose-mismatch'),
  withClaims('a suspended purpose', { purposeId: suspendedPurpose }, 'purpose-not-active'),
  withClaims('a purpose that waits for approval', { purposeId: waitingPurpose }, 'purpose-not-active')
], b34: [
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
] }, { registry: crowdedRegistry, config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, descriptorIds: [ids.descriptor, archived] })) }) }))

t.test('b35: a voucher may be used again until it expires', async (t) => {
  const gateway = await startGateway(t, { now })
  const voucher = mint()
  for (let count = 0; count < 5; count++) t.equal((await gateway.call('/items', { voucher })).status, 200)
  gateway.clock.now = now + 599_999
  t.equal((await gateway.call('/items', { voucher })).status, 200)
  gateway.clock.now = now + 600_000
  t.match(await gateway.call('/items', { voucher }), { status: 401, json: { code: 'voucher-expired' } })
})

t.test('b41: keys are rotated without a restart, and an old key serves nobody', async (t) => {
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

/** What a voucher that comes again is answered, once it was admitted and something else has changed. */
const after: Readonly<Record<string, readonly [change: (gateway: Harness) => void | Promise<void>, code: DenialCode | 'admitted', lines?: readonly string[]]>> = {
  'nothing': [() => undefined, 'admitted'],
  'its last second': [(gateway) => { gateway.clock.now += 599_999 }, 'admitted'],
  'its expiry': [(gateway) => { gateway.clock.now += 600_000 }, 'voucher-expired'],
  'a clock that was set back': [(gateway) => { gateway.clock.now -= 6000 }, 'voucher-not-yet-valid'],
  'a clock that was set back a little': [(gateway) => { gateway.clock.now -= 5000 }, 'admitted'],
  'another scheme': [() => undefined, 'dpop-binding-mismatch', [`Authorization: DPoP ${good}`]],
  'the scheme in lower case': [() => undefined, 'admitted', [`Authorization: bearer ${good}`]],
  'a second scheme': [() => undefined, 'malformed-request', [`Authorization: Bearer ${good}, DPoP ${good}`]],
  'one character of its signature': [() => undefined, 'voucher-unverifiable', [`Authorization: Bearer ${goodHead}.${goodClaims}.${flipped.toString('base64url')}`]],
  'padding': [() => undefined, 'voucher-malformed', [`Authorization: Bearer ${good}=`]],
  'its signature without its claims': [() => undefined, 'voucher-unverifiable', [`Authorization: Bearer ${goodHead}.${mint({ key: stranger.privateKey }).split('.')[1]}.${goodSignature}`]]
}

t.test('b35: a voucher that was verified before is held to all that a new one is held to', async (t) => {
  for (const [name, [change, code, lines = [`Authorization: Bearer ${good}`]]] of Object.entries(after)) {
    await t.test(`b35 after ${name}: ${code}`, async (t) => {
      const gateway = await startGateway(t, { now })
      for (let count = 0; count < 2; count++) t.equal((await gateway.call('/items', { voucher: good })).status, 200)
      await gateway.takeRecords(2)
      await change(gateway)
      const again = await gateway.raw([`GET ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, ...lines])
      if (code === 'admitted') t.equal(again.status, 200)
      else await checkProblem(t, gateway, again, { status: statusOf(code), code })
      t.equal(gateway.upstream.requests.length, code === 'admitted' ? 3 : 2)
    })
  }
})

t.test('b41: a voucher that was verified before is refused as soon as its key is gone, is another, or can no longer be relied on', async (t) => {
  const sets: Readonly<Record<string, readonly [set: () => object, code: DenialCode | 'admitted']>> = {
    'the same key': [jwksOf, 'admitted'],
    'no key at all, which is no answer': [() => ({ keys: [] }), 'admitted'],
    'another key': [() => jwksOf([{ kid: 'platform-key-2', key: stranger.publicKey }]), 'voucher-unverifiable'],
    'another key under the same id': [() => jwksOf([{ kid, key: stranger.publicKey }]), 'voucher-unverifiable'],
    'the same key under another id': [() => jwksOf([{ kid: 'platform-key-2', key: platformKey.publicKey }]), 'voucher-unverifiable'],
    'the same key for encryption': [() => ({ keys: [{ ...jwksOf().keys[0], use: 'enc' }, ...jwksOf([{ kid: 'platform-key-2', key: stranger.publicKey }]).keys] }), 'voucher-unverifiable'],
    'the key twice': [() => ({ keys: [...jwksOf().keys, ...jwksOf().keys, ...jwksOf([{ kid: 'platform-key-2', key: stranger.publicKey }]).keys] }), 'voucher-unverifiable']
  }
  for (const [name, [set, code]] of Object.entries(sets)) {
    await t.test(`b41 ${name}: ${code}`, async (t) => {
      let published: object = jwksOf()
      const gateway = await startGateway(t, { now, jwks: () => published })
      for (let count = 0; count < 2; count++) t.equal((await gateway.call('/items', { voucher: good })).status, 200)
      published = set()
      await gateway.gateway.keys.refresh()
      t.match(await gateway.call('/items', { voucher: good }), code === 'admitted' ? { status: 200 } : { status: statusOf(code), json: { code } })
      t.equal(gateway.upstream.requests.length, code === 'admitted' ? 3 : 2)
    })
  }
  await t.test('b41 a source of keys that is away for a day: trust-source-unavailable', async (t) => {
    let away = false
    const gateway = await startGateway(t, { now, jwks: () => away ? {} : jwksOf() })
    const lasting = mint({ claims: { exp: seconds + 86_400 } })
    t.equal((await gateway.call('/items', { voucher: lasting })).status, 200)
    away = true
    gateway.clock.now += 86_399_000
    t.equal((await gateway.call('/items', { voucher: lasting })).status, 200, 'known keys serve on for a day')
    const later = mintVoucher(gateway.clock.now)
    t.equal((await gateway.call('/items', { voucher: later })).status, 200)
    gateway.clock.now += 1000
    t.match(await gateway.call('/items', { voucher: later }), { status: 503, json: { code: 'trust-source-unavailable' } })
    t.equal(gateway.upstream.requests.length, 3)
  })
})
