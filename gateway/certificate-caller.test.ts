import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import * as fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import type { Line } from '../policies/check.ts'
import { denialType } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { signProof } from '../policies/proof-fixture.ts'
import { hostileAddresses, startCanary, startCertificateServer } from './harness/certificate-server.ts'
import { makeAuthority, rsaOf, selfSigned } from './harness/certificates.ts'
import type { CertificateOptions, Issued } from './harness/certificates.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract, audience, basePath, ids, issuer, mintVoucher } from './harness/platform.ts'
import type { RegistryContent } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'

/** The clock stands still here. */
const now = Date.parse('2026-03-02T10:00:00Z')
const seconds = now / 1000
const minute = 60_000
const valid = { notBefore: now - 30 * minute, notAfter: now + 60 * minute }

const root = await makeAuthority('CA degli enti', { ...valid, key: rsaOf(2048) })
const other = await makeAuthority('CA degli enti', { ...valid, key: rsaOf(2048) })
const intermediate = await root.issue('CA intermedia', { ...valid, authority: true, pathLength: 0 })
const issued = async (name: string, options: CertificateOptions = {}, by = root): Promise<Issued> => by.issue(name, { ...valid, ...options })
const leaf = await issued('protocollo')
const unlisted = await issued('un altro')
const lone = await selfSigned('protocollo', valid)

/** An administration outside the platform: with an agreement, and a purpose of its own. */
const outside: Readonly<Record<'consumer' | 'client' | 'purpose' | 'secondPurpose', string>> = {
  consumer: '10000000-0000-4000-8000-000000000012', client: '10000000-0000-4000-8000-000000000018', purpose: '10000000-0000-4000-8000-000000000016', secondPurpose: '10000000-0000-4000-8000-000000000017'
}

const thumbprintOf = ({ certificate }: Issued): string => createHash('sha256').update(certificate.raw).digest('base64url')
const bySubject = [{ subject: 'CN=protocollo,O=Ente,C=IT' }]

function registryWith (certificates: readonly object[] = bySubject, change: (content: RegistryContent) => object = (content) => content): NonNullable<HarnessOptions['registry']> {
  return (content) => change({
    ...content,
    tenants: [...content.tenants, { id: outside.consumer, alias: 'fuori', name: 'Ente fuori piattaforma', externalId: { origin: 'IPA', value: 'fuori' } }],
    agreements: [...content.agreements, { ...content.agreements[0]!, id: '10000000-0000-4000-8000-000000000015', consumerId: outside.consumer }],
    purposes: [...content.purposes, { ...content.purposes[0]!, id: outside.purpose, alias: 'fuori', consumerId: outside.consumer, versions: [{ ...content.purposes[0]!.versions[0]!, id: '10000000-0000-4000-8000-000000000019' }] }],
    clients: [...content.clients, { ...content.clients[0]!, id: outside.client, alias: 'protocollo', consumerId: outside.consumer, purposes: [outside.purpose], knownAs: ['protocollo'], certificates }]
  } as RegistryContent)
}

/** What each operation takes: `GET /items` certificates, `POST /items` certificates once, `GET /items/{id}` both, all others vouchers. */
function contractWith (more: object = {}): JsonObject {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
  const demand = (path: string, method: string, demanded: object): void => { Object.assign(contract.paths[path]![method]!, { 'x-modi': demanded }) }
  demand('/items', 'get', { patterns: ['ID_AUTH_REST_01'], trust: ['x509'], ...more })
  demand('/items', 'post', { patterns: ['ID_AUTH_REST_02'], trust: ['x509'] })
  demand('/items/{id}', 'get', { trust: ['pdnd', 'x509'] })
  return contract as unknown as JsonObject
}

/** The files of the test, and a gateway that trusts `root`, but for the options. */
function trusting (t: Test, { x509 = {}, lists = [], files = {}, ...options }: HarnessOptions & { readonly x509?: object, readonly lists?: readonly string[], readonly files?: Readonly<Record<string, string>> } = {}): HarnessOptions {
  const folder = t.testdir({ 'ca.pem': root.pem, ...Object.fromEntries(lists.map((list, index) => [`list-${index}.pem`, list])), ...files })
  return {
    now,
    contract: contractWith(),
    registry: registryWith(),
    ...options,
    config: (config) => ({ ...config, x509: { mode: 'ca', ca: [join(folder, 'ca.pem')], crl: lists.map((_, index) => join(folder, `list-${index}.pem`)), x5u: [], ...x509 } })
  }
}

interface TokenChanges { readonly header?: Readonly<Record<string, unknown>>, readonly claims?: Readonly<Record<string, unknown>>, readonly by?: Issued, readonly chain?: readonly Issued[] }

const derOf = ({ certificate }: Issued): string => certificate.raw.toString('base64')

/** A token as a consumer outside the platform makes it, good but for the changes; a member set to undefined is left out. */
function makeToken ({ header, claims, by = leaf, chain = [by] }: TokenChanges = {}): string {
  const alg = by.privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256'
  return signProof(
    { alg, typ: 'JWT', x5c: chain.map(derOf), ...header },
    { iss: outside.consumer, sub: 'protocollo', aud: audience, jti: randomUUID(), iat: seconds, nbf: seconds, exp: seconds + 120, ...claims },
    by.privateKey
  )
}

const get = (gateway: Harness, token: string, path = '/items', scheme = 'Bearer'): Buffer => gateway.request(path, { voucher: null, headers: { Authorization: `${scheme} ${token}` } })
const post = (gateway: Harness, token: string): Buffer => gateway.request('/items', { method: 'POST', voucher: token, body: { name: 'x' } })

/** What is sent, and what must come of it. */
type Case = readonly [name: string, send: (gateway: Harness) => Buffer, code: DenialCode | 'admitted', said?: RegExp]
const sent = (name: string, code: Case[2], changes: TokenChanges = {}, said?: RegExp): Case => said ? [name, (gateway) => get(gateway, makeToken(changes)), code, said] : [name, (gateway) => get(gateway, makeToken(changes)), code]
const withClaims = (name: string, code: Case[2], claims: object, said?: RegExp): Case => sent(name, code, { claims: { ...claims } }, said)

async function tryAll (t: Test, cases: readonly Case[], options: HarnessOptions): Promise<void> {
  const gateway = await startGateway(t, options)
  for (const [name, send, code, said] of cases) {
    await t.test(`${name}: ${code}`, async (t) => {
      const before = gateway.upstream.requests.length
      const answer = await gateway.raw(send(gateway))
      t.equal(gateway.upstream.requests.length, before + (code === 'admitted' ? 1 : 0), 'only what is admitted reaches the upstream')
      if (said) t.match(answer.json.detail, said)
      if (code === 'admitted') {
        t.ok(answer.status < 300, `status ${answer.status}: ${answer.body}`)
        t.match(gateway.upstream.requests.at(-1)?.headers, { authorization: undefined }, 'the token stays here')
        await gateway.takeRecords(1)
        return
      }
      const { status, challenge } = denialType(code)
      if (status === 401) t.equal(answer.headers['www-authenticate'], challenge ? `Bearer error="${challenge}"` : 'Bearer')
      await checkProblem(t, gateway, answer, { status, code })
      await checkNextServed(t, gateway)
    })
  }
}

t.test('A1: a consumer outside the platform calls with its own token; upstream and record know who, and for what', async (t) => {
  const gateway = await startGateway(t, trusting(t))
  const jti = randomUUID()
  const answer = await gateway.raw(get(gateway, makeToken({ claims: { jti } })))
  t.match(answer, { status: 200, body: '{"ok":true}', headers: { 'authorization': undefined, 'x-ratelimit-limit': String } })
  const [seen] = gateway.upstream.requests
  const varcoCall = JSON.parse(Buffer.from(String(seen?.headers['varco-call']).split('.')[1] ?? '', 'base64url').toString()) as object
  t.match(varcoCall, { caller: { clientId: outside.client, consumerId: outside.consumer, purposeId: outside.purpose, eserviceId: ids.eservice, descriptorId: ids.descriptor } })
  t.match(await gateway.takeRecords(1), [{ status: 200, clientId: outside.client, consumerId: outside.consumer, purposeId: outside.purpose, eserviceId: ids.eservice, descriptorId: ids.descriptor, voucherId: jti }])
})

t.test('A2, A8, A9: the certificate itself, its thumbprint or its address', async (t) => {
  const server = await startCertificateServer(t)
  server.answer = (request, response) => { response.writeHead(request.url === '/client.pem' ? 200 : 404).end(leaf.pem) }
  const named = { 'x5c': undefined, 'x5t#S256': thumbprintOf(leaf) }
  const files = trusting(t, { files: { 'client.pem': leaf.pem }, x509: { x5u: [server.origin] } })
  const gateway = await startGateway(t, { ...files, certificateDispatcher: server.dispatcher, registry: (content) => registryWith([{ file: join(t.testdirName, 'client.pem') }])(content) })
  const headers: readonly object[] = [{}, named, { x5c: undefined, x5u: `${server.origin}/client.pem` }, { ...named, x5u: `${server.origin}/client.pem` }, { ...named, x5c: [derOf(leaf)], kid: 'a name that nobody asks for' }]
  for (const header of headers) t.equal((await gateway.raw(get(gateway, makeToken({ header: { ...header } })))).status, 200, Object.keys(header).join())
  t.strictSame(server.requests, ['/client.pem'], 'asked for once')
  await gateway.takeRecords(headers.length)
  for (const header of [{ ...named, 'x5t#S256': thumbprintOf(unlisted) }, { x5c: undefined, x5u: `${server.origin}/other.pem` }, { 'x5t#S256': thumbprintOf(unlisted) }, { ...named, 'x5t#S256': thumbprintOf(unlisted), 'x5u': `${server.origin}/client.pem` }]) {
    await checkProblem(t, gateway, await gateway.raw(get(gateway, makeToken({ header }))), { status: 401, code: 'token-unverifiable' })
  }
  server.answer = (_request, response) => { response.destroy() }
  const answer = await gateway.raw(get(gateway, makeToken({ header: { x5c: undefined, x5u: `${server.origin}/broken.pem` } })))
  t.match(answer.headers, { 'retry-after': '30' })
  await checkProblem(t, gateway, answer, { status: 503, code: 'trust-source-unavailable' })
  t.equal((await gateway.raw(get(gateway, makeToken()))).status, 200)
})

t.test('A4, B11 to B15: what an authority issued', async (t) => {
  const deep = await issued('protocollo', {}, intermediate)
  await tryAll(t, [
    sent('the leaf alone', 'admitted'),
    sent('with its authority', 'admitted', { chain: [leaf, root] }),
    sent('over an intermediate one', 'admitted', { by: deep, chain: [deep, intermediate] }),
    sent('with an RSA key', 'admitted', { by: await issued('protocollo', { key: undefined as never }) }),
    sent('the intermediate one not sent', 'token-unverifiable', { by: deep }),
    sent('signed by itself', 'token-unverifiable', { by: lone }),
    sent('another authority of the same name', 'token-unverifiable', { by: await issued('protocollo', {}, other) }),
    sent('the same, sent along', 'token-unverifiable', { by: await issued('protocollo', {}, other), chain: [await issued('protocollo', {}, other), other] }),
    sent('issued by a leaf', 'token-unverifiable', { by: await issued('protocollo', {}, leaf), chain: [await issued('protocollo', {}, leaf), leaf] }),
    sent('an authority itself', 'token-unverifiable', { by: root }),
    sent('expired', 'token-unverifiable', { by: await issued('protocollo', { notAfter: now - 1000 }) }),
    sent('not yet valid', 'token-unverifiable', { by: await issued('protocollo', { notBefore: now + 1000 }) }),
    sent('not for signatures', 'token-unverifiable', { by: await issued('protocollo', { keyUsage: [2] }) }),
    sent('a short key', 'token-unverifiable', { by: await issued('protocollo', { key: rsaOf(1024) }) }),
    sent('A29: nobody registered it', 'client-unknown', { by: unlisted }, /^client: expected a certificate that is registered with a client, got one that is registered with none\./)
  ], trusting(t))
})

t.test('B11, B12, B15: exactly the certificates of the registry', async (t) => {
  const again = await selfSigned('protocollo', valid)
  await tryAll(t, [
    sent('the one with the thumbprint', 'admitted', { by: lone }),
    sent('one of the same name', 'token-unverifiable', { by: again }),
    sent('one of the same name, with the good one behind it', 'token-unverifiable', { by: again, chain: [again, lone] }),
    sent('the good one, and a signature by another', 'token-unverifiable', { by: again, chain: [lone] }),
    sent('one that an authority issued', 'token-unverifiable')
  ], trusting(t, { x509: { mode: 'pinned', ca: [] }, registry: registryWith([{ thumbprint: thumbprintOf(lone) }]) }))
})

t.test('A5, A6: each operation takes the callers that its contract says, and public ones need none', async (t) => {
  const voucher = mintVoucher(now)
  const token = makeToken()
  const takes = (name: string, send: Case[1], code: Case[2]): Case => [name, send, code]
  await tryAll(t, [
    takes('a token where certificates are taken', (gateway) => get(gateway, token), 'admitted'),
    takes('a token where both are taken', (gateway) => get(gateway, token, '/items/a'), 'admitted'),
    takes('the same token where vouchers are taken', (gateway) => get(gateway, token, '/blobs/a'), 'caller-kind-not-trusted'),
    takes('a voucher where vouchers are taken', (gateway) => gateway.request('/items/a', { method: 'DELETE', voucher }), 'admitted'),
    takes('a voucher where both are taken', (gateway) => get(gateway, voucher, '/items/a'), 'admitted'),
    takes('the same voucher where certificates are taken', (gateway) => get(gateway, voucher), 'caller-kind-not-trusted'),
    takes('A6: nothing where nothing is needed', (gateway) => gateway.request('/open', { voucher: null }), 'admitted'),
    takes('a voucher that is for nobody', (gateway) => get(gateway, mintVoucher(now, { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }), '/items/a'), 'voucher-unverifiable')
  ], trusting(t))
})

t.test('A7: an answer without content is for who proved who it is, too', async (t) => {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
  Object.assign(contract.paths['/items/{id}']!['delete']!, { 'x-modi': { trust: ['x509'] } })
  const gateway = await startGateway(t, trusting(t, { contract: contract as unknown as JsonObject }))
  gateway.upstream.answer = (_request, response) => { response.writeHead(204).end() }
  const remove = (token: string | null) => gateway.request('/items/a', { method: 'DELETE', voucher: token })
  t.match(await gateway.raw(remove(makeToken())), { status: 204, body: '' })
  t.match(await gateway.raw(remove(makeToken({ by: lone }))), { status: 401 })
  t.equal(gateway.upstream.requests.length, 1)
})

t.test('A10, A12: there is a token, in one Authorization header, as it was signed', async (t) => {
  const token = makeToken()
  const [head = '', payload = '', signature = ''] = token.split('.')
  const raw = (name: string, values: readonly string[], code: Case[2]): Case => [name, (gateway) => Buffer.from([`GET ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, ...values.map((value) => `Authorization: ${value}`), '', ''].join('\r\n')), code]
  const changed = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()) as object, purposeId: ids.purpose })).toString('base64url')
  await tryAll(t, [
    raw('A10: no token', [], 'voucher-missing'),
    raw('Bearer alone', ['Bearer'], 'voucher-missing'),
    raw('another scheme', [`Basic ${token}`], 'voucher-missing'),
    raw('two', [`Bearer ${token}`, `Bearer ${token}`], 'malformed-request'),
    raw('two in one', [`Bearer ${token}, Bearer ${token}`], 'malformed-request'),
    raw('A12: changed claims', [`Bearer ${head}.${changed}.${signature}`], 'token-unverifiable'),
    raw('a changed signature', [`Bearer ${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`], 'token-unverifiable'),
    raw('a signature cut off', [`Bearer ${head}.${payload}.${Buffer.from(signature, 'base64url').subarray(0, -4).toString('base64url')}`], 'token-unverifiable'),
    raw('no signature', [`Bearer ${head}.${payload}.`], 'token-malformed'),
    raw('two segments', [`Bearer ${head}.${payload}`], 'token-malformed'),
    raw('five segments', [`Bearer ${token}.a.b`], 'token-malformed'),
    raw('another spelling of the same', [`Bearer ${token}=`], 'token-malformed')
  ], trusting(t))
})

t.test('A14, A24, A26: its times and its audience', async (t) => tryAll(t, [
  withClaims('A14: expired', 'token-expired', { exp: seconds }, /^Authorization exp: expected later than 2026-03-02T10:00:00Z, got 2026-03-02T10:00:00Z\./),
  withClaims('made in the future', 'token-not-yet-valid', { iat: seconds + 6 }),
  withClaims('made 5 s in the future', 'admitted', { iat: seconds + 5 }),
  withClaims('not valid before 8 s from now', 'token-not-yet-valid', { nbf: seconds + 8 }),
  withClaims('not valid before 2 s from now', 'admitted', { nbf: seconds + 2 }),
  withClaims('without nbf', 'admitted', { nbf: undefined }),
  withClaims('A24: without iat', 'token-claims-invalid', { iat: undefined }),
  withClaims('A24: without exp', 'token-claims-invalid', { exp: undefined }),
  withClaims('A24: without any time', 'token-claims-invalid', { iat: undefined, nbf: undefined, exp: undefined }),
  withClaims('for ever', 'token-claims-invalid', { exp: seconds + 10 * 365 * 86_400 }),
  withClaims('A26: another audience', 'token-audience-mismatch', { aud: 'https://api.ente.example.it/rest/other/v1' }),
  withClaims('A26: no audience', 'token-audience-mismatch', { aud: undefined }),
  withClaims('an audience among others', 'admitted', { aud: ['https://other.example', audience] }),
  withClaims('the issuer of vouchers', 'token-claims-invalid', { iss: issuer }),
  withClaims('the name of another', 'token-claims-invalid', { sub: ids.client }, /got another name\./),
  withClaims('no names', 'admitted', { iss: undefined, sub: undefined }),
  withClaims('a purpose of another', 'purpose-mismatch', { purposeId: ids.purpose }),
  withClaims('its purpose', 'admitted', { purposeId: outside.purpose })
], trusting(t)))

t.test('a token by certificate is no bound voucher', async (t) => {
  const gateway = await startGateway(t, trusting(t))
  await checkProblem(t, gateway, await gateway.raw(get(gateway, makeToken(), '/items', 'DPoP')), { status: 401, code: 'dpop-binding-mismatch' })
  t.equal(gateway.upstream.requests.length, 0)
})

t.test('the registry holds it to agreement and purpose as anybody', async (t) => {
  const changed = (name: string, code: Case[2], change: (content: RegistryContent) => object, said?: RegExp) => t.test(name, async (t) => tryAll(t, [sent(name, code, {}, said)], trusting(t, { registry: registryWith(bySubject, change) })))
  const ofConsumer = <Item extends { consumerId: string }>(items: readonly Item[], change: object): Item[] => items.map((item) => item.consumerId === outside.consumer ? { ...item, ...change } : item)
  await changed('no agreement', 'agreement-missing', (content) => ({ ...content, agreements: content.agreements.filter(({ consumerId }: { consumerId: string }) => consumerId !== outside.consumer) }))
  await changed('an agreement that waits', 'agreement-not-active', (content) => ({ ...content, agreements: ofConsumer(content.agreements, { state: 'Pending' }) }))
  await changed('a purpose that was suspended', 'purpose-not-active', (content) => ({ ...content, purposes: ofConsumer(content.purposes, { versions: [{ ...content.purposes[0]!.versions[0]!, id: outside.secondPurpose, state: 'Suspended' }] }) }))
  await changed('an agreement on another version', 'descriptor-mismatch', (content) => {
    const [eservice] = content.eservices
    return { ...content, eservices: [{ ...eservice, descriptors: [...eservice!.descriptors, { ...eservice!.descriptors[0]!, id: outside.secondPurpose, version: 2 }] }], agreements: ofConsumer(content.agreements, { descriptorId: outside.secondPurpose }) }
  })
  await changed('two purposes, and none said', 'purpose-unknown', (content) => {
    const own = content.purposes.find(({ id }: { id: string }) => id === outside.purpose)!
    return { ...content, purposes: [...content.purposes, { ...own, id: outside.secondPurpose, alias: 'second', versions: [{ ...own.versions[0]!, id: outside.secondPurpose }] }], clients: ofConsumer(content.clients, { purposes: [outside.purpose, outside.secondPurpose] }) }
  }, new RegExp(`^purpose of the client: expected one of its purposes on this e-service in the claim purposeId: "${outside.purpose}" or "${outside.secondPurpose}"`))
})

t.test('its limits are those of its client and its purpose', async (t) => {
  const options = trusting(t, { registry: registryWith(bySubject, (content) => ({ ...content, purposes: content.purposes.map((purpose) => ({ ...purpose, versions: purpose.versions.map((version) => ({ ...version, dailyCalls: 2 })) })) })) })
  const gateway = await startGateway(t, options)
  for (const status of [200, 200, 429]) t.equal((await gateway.raw(get(gateway, makeToken()))).status, status)
  t.equal((await gateway.raw(get(gateway, mintVoucher(now), '/items/a'))).status, 200, 'not those of others')
})

t.test('C1, C2: ID_AUTH_REST_02, a token is good for one call', async (t) => {
  const gateway = await startGateway(t, trusting(t))
  const jti = randomUUID()
  const token = makeToken({ claims: { jti } })
  t.equal((await gateway.raw(post(gateway, token))).status, 200)
  t.match(await gateway.takeRecords(1), [{ voucherId: jti }])
  for (const after of [0, 60_000, 119_999]) {
    gateway.clock.now = now + after
    const answer = await gateway.raw(post(gateway, token))
    t.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"')
    await checkProblem(t, gateway, answer, { status: 401, code: 'token-replayed' })
    await checkNextServed(t, gateway)
  }
  gateway.clock.now = now + 120_000
  await checkProblem(t, gateway, await gateway.raw(post(gateway, token)), { status: 401, code: 'token-expired' })
  gateway.clock.now = now
  t.equal((await gateway.raw(get(gateway, token))).status, 200, 'where it need not be used once it is good again')
  await gateway.takeRecords(1)
  await checkProblem(t, gateway, await gateway.raw(post(gateway, makeToken({ claims: { jti: undefined } }))), { status: 401, code: 'token-claims-invalid' })
  t.equal(gateway.upstream.requests.filter(({ method }) => method === 'POST').length, 1)
})

t.test('of many calls with one token at the same moment exactly one is admitted', async (t) => {
  const gateway = await startGateway(t, trusting(t))
  const bytes = post(gateway, makeToken())
  const answers = await Promise.all(Array.from({ length: 50 }, async () => gateway.raw(bytes)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(answers.filter(({ json }) => json.code === 'token-replayed').length, 49)
  t.equal(gateway.upstream.requests.length, 1)
})

t.test('C10: without what remembers used tokens nothing is admitted that is good once', async (t) => {
  const gateway = await startGateway(t, trusting(t, { replay: { note: async () => 'unavailable' as const } }))
  await checkProblem(t, gateway, await gateway.raw(post(gateway, makeToken())), { status: 503, code: 'replay-filter-unavailable' })
  t.equal((await gateway.raw(get(gateway, makeToken()))).status, 200)
})

t.test('A30: a revoked certificate, and a list that is out of date', async (t) => {
  const bad = await issued('protocollo')
  const options = trusting(t, { lists: [await root.revoke([bad], { thisUpdate: now - minute, nextUpdate: now + 10 * minute })] })
  const gateway = await startGateway(t, options)
  const file = gateway.config.x509?.crl[0] as string
  t.equal((await gateway.raw(get(gateway, makeToken()))).status, 200)
  await gateway.takeRecords(1)
  await checkProblem(t, gateway, await gateway.raw(get(gateway, makeToken({ by: bad }))), { status: 401, code: 'token-unverifiable' })
  gateway.clock.now = now + 10 * minute
  const later = () => get(gateway, makeToken({ claims: { iat: gateway.clock.now / 1000, exp: gateway.clock.now / 1000 + 60 } }))
  const answer = await gateway.raw(later())
  t.equal(answer.headers['retry-after'], '30')
  await checkProblem(t, gateway, answer, { status: 503, code: 'trust-source-unavailable' })
  await writeFile(`${file}.new`, await root.revoke([bad], { thisUpdate: now + 9 * minute, nextUpdate: now + 30 * minute }))
  await rename(`${file}.new`, file)
  gateway.clock.now = now + 11 * minute
  t.equal((await gateway.raw(later())).status, 200, 'and it heals by itself')
  await writeFile(`${file}.new`, await root.revoke([leaf], { thisUpdate: now + 11 * minute, nextUpdate: now + 30 * minute }))
  await rename(`${file}.new`, file)
  gateway.clock.now = now + 12 * minute
  let last = await gateway.raw(later())
  // The new list is read beside the calls, because the one that is known still holds.
  for (let attempt = 0; attempt < 200 && last.status === 200; attempt++) {
    await wait(20)
    last = await gateway.raw(later())
  }
  t.match(last, { status: 401, json: { code: 'token-unverifiable' } })
})

t.test('10, 11: no header of a token leads anywhere: not one connection', async (t) => {
  const server = await startCertificateServer(t)
  const canary = await startCanary(t)
  const options = { ...trusting(t, { x509: { x5u: [server.origin] } }), certificateDispatcher: server.dispatcher }
  const addresses = hostileAddresses(canary.port, server.origin)
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const cases: Case[] = [
    ...addresses.map((x5u) => sent(`x5u ${JSON.stringify(x5u).slice(0, 60)}`, 'token-unverifiable', { header: { x5c: undefined, x5u } })),
    ...addresses.slice(0, 3).map((x5u) => sent(`x5u ${String(x5u)} beside x5c`, 'token-unverifiable', { header: { x5u } })),
    ...addresses.slice(0, 3).map((jku) => sent(`jku ${String(jku)}`, 'token-malformed', { header: { jku } })),
    sent('jku alone', 'token-malformed', { header: { x5c: undefined, jku: addresses[0] } }),
    sent('jwk', 'token-malformed', { header: { jwk } }),
    sent('jwk alone', 'token-malformed', { header: { x5c: undefined, jwk } }),
    sent('a symmetric jwk', 'token-malformed', { header: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } }),
    sent('x5t', 'token-malformed', { header: { x5t: 'dGh1bWI' } }),
    ...['crit', 'b64', 'zip', 'cty', 'enc'].map((member) => sent(member, 'token-malformed', { header: { [member]: 'x' } })),
    ...['none', 'None', 'HS256', 'EdDSA', undefined].map((alg) => sent(`alg ${alg}`, 'token-malformed', { header: { alg } })),
    ...['ES384', 'RS256', 'PS256'].map((alg) => sent(`alg ${alg} of another key`, 'token-unverifiable', { header: { alg } })),
    ...[undefined, 'dpop+jwt', ''].map((typ) => sent(`typ ${typ}`, 'token-malformed', { header: { typ } })),
    sent('the type of a voucher', 'caller-kind-not-trusted', { header: { typ: 'at+jwt' } })
  ]
  await tryAll(t, cases, options)
  t.equal(canary.connections, 0)
  t.strictSame(server.requests, [])
})

t.test('until its signature is verified all that is told is malformed or not verifiable, whoever there is', async (t) => {
  const gateway = await startGateway(t, trusting(t))
  const told = async (changes: TokenChanges): Promise<string> => JSON.stringify({ ...(await gateway.raw(get(gateway, makeToken(changes)))).json, correlationId: '' })
  const unverifiable = await Promise.all([{ by: lone }, { by: lone, chain: [leaf] }, { by: lone, chain: [unlisted] }, { chain: [root] }, { by: await issued('protocollo', { notAfter: now - 1000 }) }, { by: await issued('protocollo', {}, other) }].map(told))
  t.equal(new Set(unverifiable).size, 1, 'a client\'s certificate, another\'s, a forged one: the same')
  const malformed = await Promise.all([{ header: { typ: 'jose' } }, { header: { alg: 'none' } }, { header: { jwk: {} } }].map(told))
  t.equal(new Set(malformed).size, 1)
  const records = await gateway.takeRecords(unverifiable.length + malformed.length)
  for (const { code, reason, explanation } of records) {
    t.match(reason, /\S/, 'the log says which')
    t.equal((explanation as Line[]).find(({ outcome }) => outcome === 'fail')?.code, code, 'and so does its explanation')
  }
  t.notMatch(JSON.stringify(records), new RegExp(derOf(leaf).slice(20, 60).replaceAll(/[+/]/g, '.')), 'no certificate is in the log')
})

t.test('from an address that keeps sending tokens that prove nothing, no certificate is looked at', async (t) => {
  const server = await startCertificateServer(t)
  const options = trusting(t, { x509: { x5u: [server.origin] } })
  const gateway = await startGateway(t, { ...options, certificateDispatcher: server.dispatcher, config: (config) => ({ ...options.config!(config), limits: { ...config.limits, unproven: { requests: 3, seconds: 60 } } }) })
  const send = async (path: number) => gateway.raw(get(gateway, makeToken({ header: { x5c: undefined, x5u: `${server.origin}/${path}.pem` } })))
  for (let path = 0; path < 3; path++) t.equal((await send(path)).status, 401)
  t.match(await send(3), { status: 429, json: { code: 'address-limit-exceeded' } })
  t.strictSame(server.requests, ['/0.pem', '/1.pem', '/2.pem'])
})

t.test('whatever stands in the header, the answer is a refusal, at once, and nothing is looked for', async (t) => {
  const canary = await startCanary(t)
  const gateway = await startGateway(t, trusting(t))
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(`https://127.0.0.1:${canary.port}/c.pem`, [derOf(leaf)], [derOf(leaf), derOf(root)], thumbprintOf(leaf), 'ES256', 'JWT', [derOf(lone)], ['MAA=']))
  const headers = fc.dictionary(fc.constantFrom('alg', 'typ', 'kid', 'x5c', 'x5t#S256', 'x5u', 'x5t', 'jku', 'jwk', 'crit', '__proto__', 'toString'), value)
  await fc.assert(fc.asyncProperty(headers, async (header) => {
    const token = signProof(JSON.stringify({ alg: 'ES256', typ: 'JWT', ...header }), { aud: audience, iat: seconds, exp: seconds + 60 }, lone.privateKey)
    const { status } = await gateway.raw(get(gateway, token))
    return status === 401 || status === 431
  }), { numRuns: 150 })
  t.equal(canary.connections, 0)
  t.equal(gateway.upstream.requests.length, 0)
  t.equal((await gateway.raw(get(gateway, makeToken()))).status, 200)
})

t.test('a contract that takes certificates does not go live where none is trusted', async (t) => {
  const without = (contract: JsonObject) => startGateway(t, { contract, config: (config) => ({ ...config, x509: undefined }) })
  await t.rejects(without(contractWith()), { message: /^e-service "archive": operation "listItems" takes X\.509 certificates .*: configure x509, with mode and what is trusted\n.*"createItem".*\n.*"getItem"/ })
  await t.rejects(without({ ...archiveContract, 'x-modi': { patterns: ['INTEGRITY_REST_01'] } }), { message: /takes X\.509 certificates/ })
  await t.resolves(without(archiveContract))
})

t.test('the docs say with what each operation is called', async (t) => {
  const gateway = await startGateway(t, trusting(t))
  const { paths } = await (await fetch(`${gateway.config.publicUrl}/docs/json`)).json() as { paths: Record<string, Record<string, { description: string }>> }
  const said = (path: string, method: string): string => paths[`${basePath}${path}`]?.[method]?.description ?? ''
  t.match(said('/items', 'get'), /token firmato con il certificato X\.509/)
  t.notMatch(said('/items', 'get'), /voucher PDND/)
  t.match(said('/items', 'post'), /buono per una sola chiamata/)
  t.match(said('/items/{id}', 'get'), /voucher PDND o token firmato/)
  t.notMatch(said('/items/{id}', 'delete'), /X\.509/)
})
