import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { denialType } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { certifiedToken } from '../policies/certificate-fixture.ts'
import { encode } from '../policies/fixture.ts'
import { kidOf } from '../policies/internal-fixture.ts'
import { clientKeysOf, signMessage } from '../policies/signature-fixture.ts'
import { selfSigned } from './harness/certificates.ts'
import type { CertificateOptions } from './harness/certificates.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { application, applicationKey, applicationToken, letIn, pemOf, withApplication } from './harness/internal.ts'
import type { TokenChanges } from './harness/internal.ts'
import { archiveContract, audience, basePath, ids, registryContent } from './harness/platform.ts'
import { checkNextServed, checkProblem, checkRefused } from './harness/refusal.ts'
import { restartOf } from './restart-settings.ts'

/** What is sent, and what must come of it. */
type Case = readonly [name: string, send: (inside: Harness) => Buffer, code: DenialCode | 'admitted', said?: RegExp]

const withToken = (inside: Harness, token: string, path = '/items'): Buffer => inside.request(path, { voucher: token })
const sent = (name: string, code: Case[2], changes: TokenChanges = {}, said?: RegExp): Case => {
  const send = (inside: Harness): Buffer => withToken(inside, applicationToken(inside.clock.now, changes))
  return said ? [name, send, code, said] : [name, send, code]
}
const withClaims = (name: string, code: Case[2], claims: object, said?: RegExp): Case => sent(name, code, { claims: { ...claims } }, said)

async function expectOutcome (t: Test, inside: Harness, [name, send, code, said]: Case, tls?: ConnectionOptions): Promise<void> {
  await t.test(`${name}: ${code}`, async (t) => {
    const before = inside.upstream.requests.length
    const answer = await inside.raw(send(inside), tls)
    t.equal(inside.upstream.requests.length, before + (code === 'admitted' ? 1 : 0), 'only what is admitted reaches the upstream')
    if (said) t.match(answer.json.detail, said)
    if (code === 'admitted') {
      t.ok(answer.status < 300, `status ${answer.status}: ${answer.body}`)
      t.match(inside.upstream.requests.at(-1)?.headers, { authorization: undefined }, 'the token stays here')
      await inside.takeRecords(1)
      return
    }
    const { status, challenge } = denialType(code)
    if (status === 401) t.equal(answer.headers['www-authenticate'], challenge ? `Bearer error="${challenge}"` : 'Bearer')
    await checkProblem(t, inside, answer, { status, code })
    if (!tls) await checkNextServed(t, inside)
  })
}

/** The contract says nothing of internal applications: what it says of callers is about the other listener. */
const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
const demand = (path: string, method: string, demanded: object): void => { Object.assign(contract.paths[path]![method]!, { 'x-modi': demanded }) }
demand('/items/{id}', 'get', { dpop: 'required' })
demand('/items', 'post', { patterns: ['INTEGRITY_REST_02'] })
demand('/blobs/{id}', 'get', { patterns: ['ID_AUTH_REST_02'], trust: ['x509'] })
const options = letIn({ contract: contract as never, clientKeys: clientKeysOf(application.client, ids.consumer) })

/** Shared by all that need nothing special: the gateway by its listener for internal applications. */
const outside = await startGateway(t, options)
const { inside } = outside

t.test('an application calls with its own token; upstream and record know who, and for what', async (t) => {
  const jti = randomUUID()
  const answer = await inside.raw(withToken(inside, applicationToken(inside.clock.now, { claims: { jti } })))
  t.match(answer, { status: 200, body: '{"ok":true}', headers: { 'x-ratelimit-limit': String } })
  const varcoCall = JSON.parse(Buffer.from(String(inside.upstream.requests.at(-1)?.headers['varco-call']).split('.')[1] ?? '', 'base64url').toString()) as object
  t.match(varcoCall, { caller: { clientId: application.client, consumerId: ids.producer, purposeId: application.purpose, eserviceId: ids.eservice, descriptorId: ids.descriptor } })
  t.match(await inside.takeRecords(1), [{ status: 200, kind: 'internal', clientId: application.client, consumerId: ids.producer, purposeId: application.purpose, voucherId: jti }])
  await outside.call('/items')
  t.match(await outside.takeRecords(1), [{ status: 200, kind: 'pdnd', clientId: ids.client }])
})

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const another = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const unlisted = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const kid = kidOf(applicationKey.publicKey)
const unsigned = (header: object, signature = ''): Case[1] => (inside) => {
  const [, claims] = applicationToken(inside.clock.now).split('.')
  return withToken(inside, `${encode({ typ: 'client-authentication+jwt', kid, ...header })}.${claims}.${signature}`)
}
const shared = (secret: string | Buffer): Case[1] => (inside) => {
  const [, claims] = applicationToken(inside.clock.now).split('.')
  const signed = `${encode({ alg: 'HS256', typ: 'client-authentication+jwt', kid })}.${claims}`
  return withToken(inside, `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`)
}

t.test('tokens that are none, or not its own', async (t) => {
  const cases: readonly Case[] = [
    sent('a good one', 'admitted'),
    ['no signature', unsigned({ alg: 'ES256' }), 'token-malformed'],
    ...['none', 'None', 'NONE', 'nOnE'].map((alg): Case => [`alg ${alg}`, unsigned({ alg }), 'token-malformed']),
    ['alg none and a signature', unsigned({ alg: 'none' }, 'AAAA'), 'token-malformed'],
    ['HS256 with the public key in PEM', shared(pemOf(applicationKey.publicKey)), 'token-malformed'],
    ['HS256 with the public key in DER', shared(applicationKey.publicKey.export({ type: 'spki', format: 'der' })), 'token-malformed'],
    ['HS256 with nothing', shared(''), 'token-malformed'],
    sent('another algorithm of the table', 'token-unverifiable', { header: { alg: 'ES384' } }),
    sent('an RSA key under its kid', 'token-unverifiable', { header: { alg: 'RS256', kid }, key: rsa }),
    sent('a key that nobody registered', 'token-unverifiable', { key: unlisted }),
    sent('a key that nobody registered, with its JWK', 'token-malformed', { key: unlisted, header: { jwk: unlisted.publicKey.export({ format: 'jwk' }) } }),
    sent('an address of keys', 'token-malformed', { header: { jku: 'https://evil.example/keys' } }),
    sent('no kid', 'token-malformed', { header: { kid: undefined } }),
    sent('a kid that is a path', 'token-malformed', { header: { kid: '../../dev/null' } }),
    sent('typ JWT', 'token-malformed', { header: { typ: 'JWT' } }),
    ['no token', (inside) => inside.request('/items', { voucher: null }), 'voucher-missing'],
    ['a scheme without token', (inside) => inside.request('/items', { voucher: null, headers: { Authorization: 'Bearer' } }), 'voucher-missing']
  ]
  for (const one of cases) await expectOutcome(t, inside, one)
  const answer = await inside.raw(inside.request('/items', { voucher: null, headers: { Authorization: `DPoP ${applicationToken(inside.clock.now)}` } }))
  await checkProblem(t, inside, answer, { status: 401, code: 'dpop-binding-mismatch' })
})

t.test('claims', async (t) => {
  const seconds = inside.clock.now / 1000
  const { url } = inside.config.listeners.internal!
  for (const one of [
    withClaims('the URL of the e-service on this listener as aud', 'admitted', { aud: url + basePath }),
    withClaims('our audience among others', 'admitted', { aud: ['urn:x', audience] }),
    withClaims('the URL of this listener alone', 'token-audience-mismatch', { aud: url }),
    withClaims('another audience', 'token-audience-mismatch', { aud: 'https://other.example' }),
    withClaims('no aud', 'token-audience-mismatch', { aud: undefined }),
    withClaims('its name instead of its id', 'token-claims-invalid', { iss: 'crm' }, /^Authorization iss: expected the client that the key is registered with/),
    withClaims('another client as subject', 'token-claims-invalid', { sub: ids.client }),
    withClaims('no jti', 'token-claims-invalid', { jti: undefined }),
    withClaims('no exp', 'token-claims-invalid', { exp: undefined }),
    withClaims('expired', 'token-expired', { exp: seconds }),
    withClaims('not yet', 'token-not-yet-valid', { iat: seconds + 6 }),
    withClaims('a life of eleven minutes', 'token-claims-invalid', { exp: seconds + 660 }, /lifetime: expected 600 s at most/),
    withClaims('its purpose', 'admitted', { purposeId: application.purpose }),
    withClaims('the purpose of a consumer', 'purpose-mismatch', { purposeId: ids.purpose })
  ]) await expectOutcome(t, inside, one)
})

t.test('each listener takes its own callers and no others', async (t) => {
  const own = (gateway: Harness): string => applicationToken(gateway.clock.now)
  const byCertificate = (gateway: Harness): string => certifiedToken({ claims: { aud: audience, iat: gateway.clock.now / 1000, exp: gateway.clock.now / 1000 + 60 } })
  for (const [name, send, code] of [
    ['a voucher inside', (gateway) => gateway.request('/items'), 'caller-kind-not-trusted'],
    ['a voucher inside where the contract takes others too', (gateway) => gateway.request('/blobs/a'), 'caller-kind-not-trusted'],
    ['a token by certificate inside', (gateway) => withToken(gateway, byCertificate(gateway)), 'caller-kind-not-trusted'],
    ['nothing where nothing is needed', (gateway) => gateway.request('/open', { voucher: null }), 'admitted'],
    ['its token where the contract takes certificates', (gateway) => withToken(gateway, own(gateway), '/blobs/a'), 'admitted']
  ] as readonly Case[]) await expectOutcome(t, inside, [name, send, code])
  await expectOutcome(t, outside, ['its token where consumers call', (gateway) => withToken(gateway, own(gateway)), 'caller-kind-not-trusted'])
  await expectOutcome(t, outside, ['its token where consumers call by certificate', (gateway) => withToken(gateway, own(gateway), '/blobs/a'), 'caller-kind-not-trusted'])
})

t.test('what the contract demands is not waived: what only a voucher has keeps it out, what it can sign it signs', async (t) => {
  await expectOutcome(t, inside, ['an operation that demands DPoP', (gateway) => withToken(gateway, applicationToken(gateway.clock.now), '/items/a'), 'caller-kind-not-trusted', /a voucher, because it demands DPoP, got an internal application/])
  const body = '{"name":"x"}'
  const post = (changes?: Parameters<typeof signMessage>[2]): Case[1] => (gateway) => gateway.request('/items', { method: 'POST', body, voucher: applicationToken(gateway.clock.now), headers: changes ? signMessage(body, { clientId: application.client, audience, now: gateway.clock.now }, changes) : {} })
  const own = { header: { kid, alg: 'ES256' }, key: applicationKey }
  await expectOutcome(t, inside, ['a message that is not signed', post(), 'signature-missing'])
  await expectOutcome(t, inside, ['one that is signed with its key', post({ ...own, claims: { jti: 'message-1' } }), 'admitted'])
  await expectOutcome(t, inside, ['the same once more', post({ ...own, claims: { jti: 'message-1' } }), 'signature-replayed'])
  await expectOutcome(t, inside, ['one that is signed with a key that the platform has for a client of this id', post({}), 'signature-unverifiable'])
  const token = applicationToken(inside.clock.now)
  await expectOutcome(t, inside, ['a token that is good once', (gateway) => withToken(gateway, token, '/blobs/a'), 'admitted'])
  await expectOutcome(t, inside, ['a token that is good once, again', (gateway) => withToken(gateway, token, '/blobs/a'), 'token-replayed'])
  await expectOutcome(t, inside, ['the same where it may be used again', (gateway) => withToken(gateway, token), 'admitted'])
})

t.test('this listener is as strict as the other about what it is called, and keeps to its own name', async (t) => {
  const authorization = `Authorization: Bearer ${applicationToken(inside.clock.now)}`
  for (const [name, lines] of [
    ['no Host', []], ['another Host', ['Host: evil.example']], ['the Host of the other listener', [`Host: ${outside.host}`]], ['two Hosts', [`Host: ${inside.host}`, `Host: ${inside.host}`]], ['two tokens', [`Host: ${inside.host}`, authorization]]
  ] as const) await t.test(name, async (t) => { await checkRefused(t, inside, { name, bytes: [`GET ${basePath}/items HTTP/1.1`, ...lines, authorization], status: 400, code: 'malformed-request' }) })
  await checkRefused(t, outside, { name: 'the Host of the inner listener outside', bytes: [`GET ${basePath}/items HTTP/1.1`, `Host: ${inside.host}`], status: 400, code: 'malformed-request' })
})

t.test('a refusal is explained in the log, by its checks', async (t) => {
  await inside.raw(withToken(inside, applicationToken(inside.clock.now, { claims: { exp: 1 } })))
  const [record] = await inside.takeRecords(1)
  t.match((record?.['explanation'] as { outcome: string }[] | undefined)?.find(({ outcome }) => outcome === 'fail'), { check: 'Authorization exp' })
  t.notMatch(JSON.stringify(record), /eyJ/)
})

t.test('limits and quotas are those of its own client and purpose', async (t) => {
  const few = { requests: 2, seconds: 60 }
  const tight = await startGateway(t, letIn({
    registry: (content) => withApplication(content, {}, [{}, { id: ids.agreement, alias: 'protocollo', keys: [{ file: 'another.pem' }] }]),
    files: { 'another.pem': pemOf(another.publicKey) },
    config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, burst: few })) })
  }))
  const statusOf = async (gateway: Harness, bytes: Buffer): Promise<number> => (await gateway.raw(bytes)).status
  const crm = async (): Promise<number> => statusOf(tight.inside, withToken(tight.inside, applicationToken(tight.clock.now)))
  t.strictSame([await crm(), await crm(), await crm()], [200, 200, 429])
  t.equal(await statusOf(tight, tight.request('/items')), 200, 'a consumer has its own')
  t.equal(await statusOf(tight.inside, withToken(tight.inside, applicationToken(tight.clock.now, { key: another, claims: { iss: ids.agreement, sub: ids.agreement } }))), 200, 'and so has another application')
  const once = await startGateway(t, letIn({ registry: (content) => {
    const registry = withApplication(content)
    return { ...registry, purposes: registry.purposes.map((one) => ({ ...one, versions: [{ ...one.versions[0], dailyCalls: 1 }] })) }
  } }))
  const call = async (gateway: Harness): Promise<number> => statusOf(gateway, gateway === once ? gateway.request('/items') : withToken(gateway, applicationToken(gateway.clock.now)))
  const within = once.inside
  t.strictSame([await call(within), await call(within), await call(once), await call(once)], [200, 429, 200, 429])
})

t.test('what the registry says holds from the reload on: purposes, agreements, keys', async (t) => {
  const gateway = await startGateway(t, letIn({ files: { 'another.pem': pemOf(another.publicKey) } }))
  const { inside } = gateway
  const usual = withApplication(registryContent())
  const reload = async (content: object): Promise<void> => {
    await writeFile(gateway.config.registry, JSON.stringify(content))
    const { commit } = await gateway.gateway.prepare(gateway.config)
    commit()
  }
  const codeOf = async (changes: TokenChanges = {}): Promise<string> => {
    const answer = await inside.raw(withToken(inside, applicationToken(inside.clock.now, changes)))
    return answer.status === 200 ? 'admitted' : String(answer.json.code)
  }
  t.equal(await codeOf(), 'admitted')
  await reload({ ...usual, purposes: usual.purposes.map((one) => ({ ...one, versions: [{ ...one.versions[0], state: 'Suspended' }] })) })
  t.equal(await codeOf(), 'purpose-not-active')
  await reload({ ...usual, agreements: usual.agreements.map((one) => ({ ...one, state: 'Suspended' })) })
  t.equal(await codeOf(), 'agreement-not-active')
  await reload({ ...usual, internalClients: usual.internalClients.map((one) => ({ ...one, purposes: [] })) })
  t.equal(await codeOf(), 'purpose-unknown')
  await reload({ ...usual, internalClients: usual.internalClients.map((one) => ({ ...one, keys: [{ file: 'crm.pem' }, { file: 'another.pem' }] })) })
  t.strictSame([await codeOf(), await codeOf({ key: another })], ['admitted', 'admitted'], 'a key is added before the other is taken away')
  await reload({ ...usual, internalClients: usual.internalClients.map((one) => ({ ...one, keys: [{ file: 'another.pem' }] })) })
  t.strictSame([await codeOf(), await codeOf({ key: another })], ['token-unverifiable', 'admitted'])
  await t.rejects(reload({ ...usual, internalClients: usual.internalClients.map((one) => ({ ...one, keys: [{ file: 'contract.json' }] })) }), { message: /internalClients\.0\.keys\.0\.file: the file .*contract\.json holds no public key/ })
  t.equal(await codeOf({ key: another }), 'admitted', 'what cannot be read changes nothing')
  await reload({ ...usual, internalClients: [] })
  t.equal(await codeOf({ key: another }), 'token-unverifiable')
})

const ec: CertificateOptions = { key: { name: 'ECDSA', namedCurve: 'P-256' } }
const server = await selfSigned('localhost', ec)
const machine = await selfSigned('crm', ec)
const stranger = await selfSigned('crm', ec)
const secure: ConnectionOptions = { ca: server.pem, servername: 'localhost', checkServerIdentity: () => undefined }
const as = ({ pem, keyPem }: typeof machine): ConnectionOptions => ({ ...secure, cert: pem, key: keyPem })
const connected = (inside: Harness): Buffer => inside.request('/items', { voucher: null })

t.test('an application calls by the certificate of its connection, which nobody has to vouch for', async (t) => {
  const tls = { 'server.pem': server.pem, 'server.key': server.keyPem, 'machine.pem': machine.pem }
  const registry = (clients: readonly object[]) => (content: Parameters<typeof withApplication>[0]) => withApplication(content, {}, clients)
  const { inside } = await startGateway(t, letIn({ now: Date.now(), files: tls, contract: contract as never, registry: registry([{ certificates: [{ file: 'machine.pem' }] }]) }))
  await expectOutcome(t, inside, ['a certificate that is registered', connected, 'admitted'], as(machine))
  await expectOutcome(t, inside, ['another of the same name', connected, 'client-unknown'], as(stranger))
  await expectOutcome(t, inside, ['no certificate', connected, 'voucher-missing'], secure)
  await expectOutcome(t, inside, ['a token without certificate', (gateway) => withToken(gateway, applicationToken(gateway.clock.now)), 'admitted'], secure)
  await expectOutcome(t, inside, ['a token on a connection of somebody else', (gateway) => withToken(gateway, applicationToken(gateway.clock.now)), 'admitted'], as(stranger))
  await expectOutcome(t, inside, ['a voucher on its connection', (gateway) => gateway.request('/items'), 'caller-kind-not-trusted'], as(machine))
  await expectOutcome(t, inside, ['something that is good once', (gateway) => gateway.request('/blobs/a', { voucher: null }), 'caller-kind-not-trusted', /single use/], as(machine))
  await inside.raw(connected(inside), as(machine))
  t.match(await inside.takeRecords(1), [{ status: 200, kind: 'internal', clientId: application.client }])
  inside.clock.now += 400 * 86_400_000
  await expectOutcome(t, inside, ['an expired certificate', connected, 'client-certificate-untrusted'], as(machine))
  const [record] = (await inside.raw(connected(inside), as(machine)), await inside.takeRecords(1))
  t.match(record, { explanation: [{ check: 'client', outcome: 'pass' }, { check: 'client certificate validity', outcome: 'fail' }] })
})

t.test('behind a proxy that is trusted its certificate comes as Client-Cert, and from nobody else', async (t) => {
  const clientCert = `:${machine.certificate.raw.toString('base64')}:`
  const start = async (trustedProxies: readonly string[], byPublic: readonly string[] = []): Promise<Harness> => (await startGateway(t, letIn({
    now: Date.now(), files: { 'machine.pem': machine.pem }, registry: (content) => withApplication(content, {}, [{ keys: undefined, certificates: [{ file: 'machine.pem' }] }]),
    listener: { trustedProxies }, config: (config) => ({ ...config, trustedProxies: byPublic })
  }))).inside
  const send: Case[1] = (gateway) => gateway.request('/items', { voucher: null, headers: { 'Client-Cert': clientCert } })
  await expectOutcome(t, await start(['127.0.0.1']), ['a certificate that the proxy verified', send, 'admitted'])
  await expectOutcome(t, await start([]), ['one that anybody writes', send, 'voucher-missing'])
  await expectOutcome(t, await start([], ['127.0.0.1']), ['one from a proxy that only the public listener trusts', send, 'voucher-missing'])
})

t.test('whether there is such a listener, and where, is decided at the start; its name and its keys are not', async (t) => {
  const { listeners, ...config } = inside.config
  const internal = listeners.internal!
  const settings = (changed: object | undefined): readonly string[] => restartOf(inside.config, { ...config, listeners: { ...listeners, internal: changed && { ...internal, ...changed } } })
  t.strictSame(settings(undefined), ['listeners.internal'])
  t.strictSame(settings({ port: 1, tls: { certificate: 'a', key: 'b' } }), ['listeners.internal.port', 'listeners.internal.tls'])
  t.strictSame(settings({ url: 'https://varco.comune.lan', publicKeys: '/etc/varco/keys' }), [])
})

t.test('without the listener in the configuration nothing listens, and the registry\'s applications call nowhere', async (t) => {
  const gateway = await startGateway(t, { registry: (content) => withApplication(content) })
  t.equal(gateway.gateway.internal, undefined)
  await checkProblem(t, gateway, await gateway.raw(withToken(gateway, applicationToken(gateway.clock.now))), { status: 401, code: 'caller-kind-not-trusted' })
})
