import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../openapi/document.ts'
import type { Line } from '../policies/check.ts'
import type { DenialCode } from '../policies/denials.ts'
import { portsOf } from '../policies/fixture.ts'
import { ecKey, jktOf, jwkOf, makeProof, rsaKey } from '../policies/proof-fixture.ts'
import type { ProofChanges } from '../policies/proof-fixture.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract, basePath, mintVoucher } from './harness/platform.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { goLive } from './live.ts'

/** The clock stands still here. */
const now = Date.parse('2026-03-02T10:00:00Z')
const seconds = now / 1000
const bound = mintVoucher(now, { claims: { cnf: { jkt: jktOf(ecKey.publicKey) } } })
const boundToRsa = mintVoucher(now, { claims: { cnf: { jkt: jktOf(rsaKey.publicKey) } } })
const unbound = mintVoucher(now)
const publicUrl = 'https://api.ente.example.it'
const algs = 'algs="ES256 RS256"'

/** The public URL is not the address that the gateway listens on, as behind a proxy; its own address is accepted as Host all the same. */
const behindProxy: HarnessOptions = { now, config: (config) => ({ ...config, publicUrl }) }

interface Sent { readonly path?: string, readonly method?: string, readonly voucher?: string, readonly changes?: ProofChanges, readonly more?: readonly string[] }

/** The lines of a request with a bound voucher and its proof, good but for what is said. */
function lines (gateway: Harness, { path = '/items', method = 'GET', voucher = bound, changes, more = [] }: Sent = {}): string[] {
  const proof = makeProof({ method, url: `${publicUrl}${basePath}${path.split('?', 1)[0]}`, voucher, now: gateway.clock.now }, changes)
  return [`${method} ${basePath}${path} HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: DPoP ${voucher}`, `DPoP: ${proof}`, ...more]
}

const without = (header: string, all: readonly string[]): string[] => all.filter((line) => !line.startsWith(`${header}: `))

/** What is sent, and what must come of it. */
type Case = readonly [name: string, send: (gateway: Harness) => readonly string[], code: DenialCode | 'admitted']

const proven = (name: string, code: Case[2], sent: Sent): Case => [name, (gateway) => lines(gateway, sent), code]
const withClaims = (name: string, code: Case[2], claims: object, sent: Sent = {}): Case => proven(name, code, { ...sent, changes: { claims: { ...claims } } })

/** The challenge that goes with a code (RFC 9449, 7.1): it says that DPoP is meant, and with what. */
function challengeOf (code: DenialCode): string {
  const error = code === 'dpop-required' || code === 'dpop-binding-mismatch' || code.startsWith('voucher-') ? 'invalid_token' : 'invalid_dpop_proof'
  return `DPoP error="${error}", ${algs}`
}

async function tryAll (t: Test, cases: readonly Case[], options: HarnessOptions = {}): Promise<void> {
  const gateway = await startGateway(t, { ...behindProxy, ...options })
  for (const [name, send, code] of cases) {
    await t.test(`${name}: ${code}`, async (t) => {
      const before = gateway.upstream.requests.length
      const answer = await gateway.raw(send(gateway))
      t.equal(gateway.upstream.requests.length, before + (code === 'admitted' ? 1 : 0), 'only what is admitted reaches the upstream')
      if (code === 'admitted') {
        t.ok(answer.status < 300, `status ${answer.status}: ${answer.body}`)
        const seen = gateway.upstream.requests.at(-1)
        t.match(seen?.headers, { authorization: undefined, dpop: undefined }, 'voucher and proof stay here')
        await gateway.takeRecords(1)
        return
      }
      t.equal(answer.headers['www-authenticate'], challengeOf(code))
      t.equal(answer.headers['x-ratelimit-limit'], undefined, 'nothing is told of limits: it is not certain who calls')
      await checkProblem(t, gateway, answer, { status: 401, code })
      await checkNextServed(t, gateway)
    })
  }
}

t.test('42: a voucher comes with the scheme that it was issued for', async (t) => tryAll(t, [
  proven('a bound voucher and its proof', 'admitted', {}),
  proven('a key of RSA', 'admitted', { voucher: boundToRsa, changes: { key: rsaKey } }),
  ['dpop in lower case', (gateway) => lines(gateway).map((line) => line.replace('Authorization: DPoP', 'authorization: dpop')), 'admitted'],
  ['a bound voucher as Bearer', (gateway) => [...without('DPoP', without('Authorization', lines(gateway))), `Authorization: Bearer ${bound}`], 'dpop-required'],
  ['a bound voucher as Bearer, with its proof', (gateway) => [...without('Authorization', lines(gateway)), `Authorization: Bearer ${bound}`], 'dpop-required'],
  proven('an unbound voucher as DPoP', 'dpop-binding-mismatch', { voucher: unbound }),
  ['an unbound voucher as DPoP, without proof', (gateway) => without('DPoP', lines(gateway, { voucher: unbound })), 'dpop-binding-mismatch'],
  ['an unbound voucher as Bearer', (gateway) => [...without('DPoP', without('Authorization', lines(gateway))), `Authorization: Bearer ${unbound}`], 'admitted'],
  ['an expired bound voucher', (gateway) => lines(gateway, { voucher: mintVoucher(now, { claims: { exp: seconds - 1, cnf: { jkt: jktOf(ecKey.publicKey) } } }) }), 'voucher-expired'],
  proven('a voucher bound to another key', 'dpop-binding-mismatch', { voucher: boundToRsa }),
  proven('a proof by another key', 'dpop-binding-mismatch', { changes: { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }) } }),
  withClaims('a proof for another voucher', 'dpop-proof-invalid', { ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' }),
  withClaims('a proof for no voucher', 'dpop-proof-invalid', { ath: undefined })
]))

const jwk = jwkOf(ecKey.publicKey)
const withHeader = (name: string, header: Readonly<Record<string, unknown>>): Case => proven(name, 'dpop-malformed', { changes: { header } })

t.test('43: there is one proof, and it is one', async (t) => tryAll(t, [
  ['no DPoP', (gateway) => without('DPoP', lines(gateway)), 'dpop-missing'],
  ['an empty DPoP', (gateway) => [...without('DPoP', lines(gateway)), 'DPoP:'], 'dpop-missing'],
  ['two DPoP', (gateway) => [...lines(gateway), lines(gateway)[3] as string], 'dpop-malformed'],
  ['the same DPoP twice', (gateway) => [...lines(gateway), lines(gateway)[3] as string].toSpliced(4, 1, lines(gateway)[3] as string), 'dpop-malformed'],
  ['two DPoP of two spellings', (gateway) => [...lines(gateway), 'dpop: x'], 'dpop-malformed'],
  ['two in one DPoP', (gateway) => lines(gateway).map((line) => line.startsWith('DPoP:') ? `${line}, ${line.slice(6)}` : line), 'dpop-malformed'],
  ['the voucher as proof', (gateway) => [...without('DPoP', lines(gateway)), `DPoP: ${bound}`], 'dpop-malformed'],
  ['the proof as voucher', (gateway) => [...without('Authorization', lines(gateway)), `Authorization: DPoP ${lines(gateway)[3]?.slice(6)}`], 'voucher-malformed'],
  ['in a header with an underscore', (gateway) => [...without('DPoP', lines(gateway)), `D_PoP: ${lines(gateway)[3]?.slice(6)}`], 'dpop-missing'],
  withHeader('a private key in jwk', { jwk: jwkOf(ecKey.privateKey) }),
  withHeader('a symmetric key in jwk', { jwk: { kty: 'oct', k: 'c2VjcmV0' } }),
  withHeader('a symmetric key and HS256', { alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } }),
  ...['none', 'None', 'HS256', 'ES384', 'PS256'].map((alg) => withHeader(`alg ${alg}`, { alg })),
  ['alg none without signature', (gateway) => lines(gateway, { changes: { header: { alg: 'none' } } }).map((line) => line.startsWith('DPoP:') ? line.replace(/[^.]+$/, '') : line), 'dpop-malformed'],
  ...[undefined, 'JWT', 'at+jwt'].map((typ) => withHeader(`typ ${typ}`, { typ })),
  ...['jku', 'x5u', 'x5c', 'crit', 'b64', 'zip'].map((name) => withHeader(name, { [name]: 'https://127.0.0.1:9/key' })),
  withHeader('no jwk', { jwk: undefined }),
  proven('a key on another curve', 'dpop-malformed', { changes: { key: generateKeyPairSync('ec', { namedCurve: 'P-384' }) } }),
  proven('a short RSA key', 'dpop-malformed', { changes: { key: generateKeyPairSync('rsa', { modulusLength: 1024 }) } }),
  withHeader('more levels than anybody needs', { more: JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown }),
  proven('a signature by another key', 'dpop-unverifiable', { changes: { key: { publicKey: ecKey.publicKey, privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey } } }),
  proven('a point that is not on the curve', 'dpop-unverifiable', { changes: { header: { jwk: { ...jwk, x: jwk['y'] } } } }),
  ['one changed character', (gateway) => lines(gateway).map((line) => line.startsWith('DPoP:') ? `${line.slice(0, -30)}${line.at(-30) === 'A' ? 'B' : 'A'}${line.slice(-29)}` : line), 'dpop-unverifiable'],
  proven('public members beside the key', 'admitted', { changes: { header: { jwk: { ...jwk, kid: 'a', use: 'sig', key_ops: ['verify'] } } } })
]))

const items = `${publicUrl}${basePath}/items`
const item = (htu: string, code: Case[2] = 'dpop-proof-invalid', path = '/items/a-b'): Case => withClaims(`${path} as ${htu}`, code, { htu }, { path })

t.test('44: it is for this method and this address', async (t) => tryAll(t, [
  ...['get', 'Get', 'POST', 'HEAD', '', undefined, ['GET']].map((htm) => withClaims(`htm ${JSON.stringify(htm)}`, 'dpop-proof-invalid', { htm })),
  proven('another method', 'admitted', { method: 'DELETE', path: '/items/a' }),
  withClaims('htu with a query', 'admitted', { htu: `${items}?limit=1` }),
  withClaims('htu with a fragment', 'admitted', { htu: `${items}#top` }),
  proven('a request with a query', 'admitted', { path: '/items?limit=5' }),
  withClaims('htu with another query than the request', 'admitted', { htu: `${items}?limit=1` }, { path: '/items?limit=5' }),
  withClaims('scheme and host in upper case', 'admitted', { htu: items.replace('https://api.ente', 'HTTPS://API.ENTE') }),
  withClaims('the default port', 'admitted', { htu: items.replace('.it/', '.it:443/') }),
  withClaims('dot segments', 'admitted', { htu: items.replace('/items', '/./things/../items') }),
  ...[
    items.replace('https', 'http'), items.replace('.it/', '.it:8443/'), items.replace('.it/', '.it:80/'), items.replace('api.ente', 'evil'), items.replace('.it/', '.it./'), items.replace('.it/', '.it.evil.example/'), items.replace('api.', 'user@api.'),
    `${items}/`, `${items}/a`, items.replace('/items', '/Items'), items.replace('/items', '//items'), items.replace('/items', ''), publicUrl, `${basePath}/items`, '', 'x', ` ${items}`, items.replaceAll('/', '\\'), items.replace('items', 'items%2F'), undefined, 7, [items]
  ].map((htu) => withClaims(`htu ${JSON.stringify(htu)}`, 'dpop-proof-invalid', { htu })),
  ['the address that it listens on', (gateway) => lines(gateway, { changes: { claims: { htu: `http://${gateway.host}${basePath}/items` } } }), 'dpop-proof-invalid'],
  item(`${items}/%61%2Db`, 'admitted'),
  item(`${items}/a-b`, 'admitted', '/items/%61%2db'),
  item(`${items}/%c3%a0`, 'admitted', '/items/%C3%A0'),
  item(`${items}/a%3Ab`, 'dpop-proof-invalid', '/items/a:b'),
  item(`${items}/%2561-b`),
  item(`${items}/a-c`),
  item(`${items}/à`, 'dpop-proof-invalid', '/items/%C3%A0')
]))

t.test('46: it was made a moment ago', async (t) => tryAll(t, [
  withClaims('60 s ago', 'admitted', { iat: seconds - 60 }),
  withClaims('61 s ago', 'dpop-proof-invalid', { iat: seconds - 61 }),
  withClaims('in 5 s', 'admitted', { iat: seconds + 5 }),
  withClaims('in 6 s', 'dpop-proof-invalid', { iat: seconds + 6 }),
  ...[undefined, null, String(seconds), seconds + 0.5, seconds * 1000, 1e300, -1, 0].map((iat) => withClaims(`iat ${JSON.stringify(iat)}`, 'dpop-proof-invalid', { iat })),
  ...[undefined, null, '', 7, 'x'.repeat(201)].map((jti) => withClaims(`jti ${JSON.stringify(jti)?.slice(0, 10)}`, 'dpop-proof-invalid', { jti }))
]))

t.test('35 and 39: it is good for one call, whatever is asked the second time', async (t) => {
  const gateway = await startGateway(t, behindProxy)
  const first = lines(gateway, { changes: { claims: { iat: seconds + 5 } } })
  t.equal((await gateway.raw(first)).status, 200)
  for (const [line, after] of [[first[0], 0], [`GET ${basePath}/items?limit=5 HTTP/1.1`, 0], [first[0], 60_000], [first[0], 65_999]] as const) {
    gateway.clock.now = now + after
    const answer = await gateway.raw([line as string, ...first.slice(1)])
    t.match(answer, { status: 401, json: { code: 'dpop-replayed' }, headers: { 'www-authenticate': `DPoP error="invalid_dpop_proof", ${algs}` } })
  }
  gateway.clock.now = now + 66_000
  t.match(await gateway.raw(first), { json: { code: 'dpop-proof-invalid' } }, 'and when it is forgotten it is too old')
  t.equal(gateway.upstream.requests.length, 1)
  t.equal((await gateway.raw(lines(gateway))).status, 200, 'a new one is good')
})

t.test('36: of many calls with one proof at the same moment exactly one is admitted', async (t) => {
  const gateway = await startGateway(t, behindProxy)
  const bytes = lines(gateway)
  const answers = await Promise.all(Array.from({ length: 50 }, async () => gateway.raw(bytes)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.equal(answers.filter(({ json }) => json.code === 'dpop-replayed').length, 49)
  t.equal(gateway.upstream.requests.length, 1)
})

t.test('a refused proof is not used up', async (t) => {
  const gateway = await startGateway(t, behindProxy)
  const good = lines(gateway)
  t.match(await gateway.raw(good.map((line) => line.replace('GET', 'DELETE').replace('/items', '/items/a'))), { json: { code: 'dpop-proof-invalid' } })
  t.equal((await gateway.raw(good)).status, 200)
})

const spoofed = ['X-Forwarded-Proto: http', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Port: 8080', 'X-Forwarded-Prefix: /evil', 'Forwarded: host=evil.example;proto=http', 'X-Original-URL: /evil', 'X-HTTP-Method-Override: DELETE']

t.test('47: the address is that of the configuration, whatever headers say', async (t) => tryAll(t, [
  proven('spoofed headers and a good proof', 'admitted', { more: spoofed }),
  withClaims('the spoofed host', 'dpop-proof-invalid', { htu: items.replace('https://api.ente.example.it', 'http://evil.example') }, { more: spoofed }),
  withClaims('the spoofed scheme', 'dpop-proof-invalid', { htu: items.replace('https', 'http') }, { more: spoofed }),
  withClaims('the spoofed prefix', 'dpop-proof-invalid', { htu: items.replace('/rest', '/evil/rest') }, { more: spoofed }),
  withClaims('the spoofed method', 'dpop-proof-invalid', { htm: 'DELETE' }, { more: spoofed })
]))

const demanding = { ...archiveContract, 'x-modi': { dpop: 'required' } } as JsonObject

t.test('a contract may demand DPoP', async (t) => tryAll(t, [
  proven('a bound voucher and its proof', 'admitted', {}),
  ['an unbound voucher', (gateway) => [...without('DPoP', without('Authorization', lines(gateway))), `Authorization: Bearer ${unbound}`], 'dpop-required'],
  ['an unbound voucher with a proof', (gateway) => lines(gateway, { voucher: unbound }), 'dpop-required'],
  ['a bound voucher as Bearer', (gateway) => [...without('Authorization', lines(gateway)), `Authorization: Bearer ${bound}`], 'dpop-required']
], { contract: demanding }))

t.test('a demand is one of its operation: said there and in the docs, and to whom comes with nothing', async (t) => {
  const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, object>> }
  Object.assign(contract.paths['/items']!['get']!, { 'x-modi': { dpop: 'required' } })
  const gateway = await startGateway(t, { now, contract: contract as unknown as JsonObject })
  t.match(await gateway.call('/items'), { status: 401, json: { code: 'dpop-required' } })
  t.equal((await gateway.call('/items/a')).status, 200)
  t.equal((await gateway.call('/items', { voucher: null })).headers['www-authenticate'], `DPoP ${algs}`)
  t.equal((await gateway.call('/items/a', { voucher: null })).headers['www-authenticate'], 'Bearer')
  t.match(await gateway.call('/items', { voucher: gateway.voucher({ claims: { exp: 1 } }) }), { headers: { 'www-authenticate': `DPoP error="invalid_token", ${algs}` } })
  t.equal((await gateway.call('/open', { voucher: null })).status, 200)
  const { paths } = await (await fetch(`${gateway.config.publicUrl}/docs/json`)).json() as { paths: Record<string, Record<string, { description: string }>> }
  t.match(paths[`${basePath}/items`]?.['get']?.description, /Serve un voucher DPoP/)
  t.notMatch(paths[`${basePath}/items/{id}`]?.['get']?.description, /Serve un voucher DPoP/)
})

t.test('a contract that demands what nobody knows does not go live', async (t) => {
  const { config, folder } = await startGateway(t)
  const contract = join(folder, 'demanding.json')
  await writeFile(contract, JSON.stringify({ ...archiveContract, 'x-modi': { dpob: 'required' } }))
  await t.rejects(goLive({ ...config, eservices: config.eservices.map((one) => ({ ...one, contract })) }, portsOf(), []), { message: /demanding\.json: x-modi\.dpob: unknown key "dpob"\. Did you mean "dpop"\?/ })
})

t.test('until its signature is verified all that is told is that a proof is missing, malformed or not verifiable', async (t) => {
  const gateway = await startGateway(t, behindProxy)
  const told = async (changes: ProofChanges): Promise<string> => {
    const { json } = await gateway.raw(lines(gateway, { changes }))
    return json.detail as string
  }
  const malformed = await Promise.all([{ typ: 'JWT' }, { alg: 'none' }, { jwk: jwkOf(ecKey.privateKey) }, { crit: [] }].map(async (header) => told({ header })))
  t.equal(new Set(malformed).size, 1)
  for (const { code, check, reason, explanation } of await gateway.takeRecords(4)) {
    t.match({ code, check, reason }, { code: 'dpop-malformed', check: /^DPoP /, reason: String }, 'the log says which')
    t.equal((explanation as Line[]).find(({ outcome }) => outcome === 'fail')?.check, check, 'and so does its explanation')
  }
  t.match(await told({ claims: { htm: 'PUT' } }), /^DPoP htm: expected "GET", got another method\./)
  t.match(await told({ claims: { iat: seconds - 61 } }), /^DPoP iat: expected from 2026-03-02T09:59:00Z to 2026-03-02T10:00:05Z, got 2026-03-02T09:58:59Z\./)
})

t.test('an address that keeps coming with a bound voucher and no proof of its key is blocked: only who brings the proof still passes', async (t) => {
  const gateway = await startGateway(t, { now, config: (config) => ({ ...config, publicUrl, limits: { ...config.limits, unproven: { requests: 3, seconds: 60 } } }) })
  for (let count = 0; count < 3; count++) t.equal((await gateway.raw(without('DPoP', lines(gateway)))).status, 401)
  t.match(await gateway.call('/items'), { status: 429, json: { code: 'address-limit-exceeded' } })
  t.equal((await gateway.raw(lines(gateway))).status, 200)
})

t.test('46: where nonces are asked for a proof needs one of this gateway', async (t) => {
  const gateway = await startGateway(t, { ...behindProxy, config: (config) => ({ ...config, publicUrl, eservices: config.eservices.map((eservice) => ({ ...eservice, dpopNonces: true })) }) })
  const send = async (claims: object) => gateway.raw(lines(gateway, { changes: { claims: { ...claims } } }))
  const asked = await send({})
  const nonce = asked.headers['dpop-nonce']
  t.match(nonce, /^[A-Za-z0-9_-]{27}$/)
  t.equal(asked.headers['www-authenticate'], `DPoP error="use_dpop_nonce", ${algs}`)
  await checkProblem(t, gateway, asked, { status: 401, code: 'dpop-nonce-required' })
  for (const wrong of ['', 'x', nonce?.replace(/.$/, (last) => last === 'A' ? 'B' : 'A'), 7]) {
    const answer = await send({ nonce: wrong })
    await checkProblem(t, gateway, answer, { status: 401, code: 'dpop-nonce-required' })
    t.equal(answer.headers['dpop-nonce'], nonce, 'a refusal says which one to use')
  }
  t.equal(gateway.upstream.requests.length, 0)
  const served = await send({ nonce })
  t.equal(served.status, 200)
  t.equal(served.headers['dpop-nonce'], nonce)
  await gateway.takeRecords(1)
  gateway.clock.now = now + 60_000
  const later = await send({ nonce })
  t.equal(later.status, 200, 'the one before is still taken')
  t.not(later.headers['dpop-nonce'], nonce, 'and the answer brings the next')
  await gateway.takeRecords(1)
  gateway.clock.now = now + 120_000
  await checkProblem(t, gateway, await send({ nonce }), { status: 401, code: 'dpop-nonce-required' })
  t.equal((await gateway.call('/items', { voucher: mintVoucher(gateway.clock.now) })).headers['dpop-nonce'], undefined, 'who needs no proof needs no nonce')
  await gateway.takeRecords(1)
})

t.test('a nonce of one gateway is taken by another of the same configuration, and by none that has other secrets', async (t) => {
  const asking = (secret?: string): HarnessOptions => ({ now, config: (config) => ({ ...config, publicUrl, eservices: config.eservices.map((eservice) => ({ ...eservice, dpopNonces: true, upstream: { ...eservice.upstream, ...secret && { secret } } })) }) })
  const [one, two, other] = await Promise.all([startGateway(t, asking()), startGateway(t, asking()), startGateway(t, asking('a secret of another configuration, long enough'))])
  const nonce = (await one.raw(lines(one))).headers['dpop-nonce']
  t.equal((await two.raw(lines(two, { changes: { claims: { nonce } } }))).status, 200)
  await two.takeRecords(1)
  const refused = await other.raw(lines(other, { changes: { claims: { nonce } } }))
  await checkProblem(t, other, refused, { status: 401, code: 'dpop-nonce-required' })
  t.not(refused.headers['dpop-nonce'], nonce)
})
