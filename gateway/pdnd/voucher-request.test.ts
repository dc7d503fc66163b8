import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { calculateJwkThumbprint, decodeJwt } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { makeProofKey } from '../sandbox/proof-fixture.ts'
import { resolveVoucherNames } from '../sandbox/registry-names.ts'
import { startSandbox, testTime } from '../sandbox/sandbox-fixture.ts'
import { requestVoucher, signClientAssertion, VoucherRequestError } from './voucher-request.ts'
import type { VoucherRequest } from './voucher-request.ts'

const sandbox = await startSandbox(t)
const key = await sandbox.keyOf('istat')
const wanted: VoucherRequest = {
  tokenUrl: `${sandbox.url}/token.oauth2`,
  assertionAudience: sandboxEnvironment().clientAssertionAudience,
  clientId: sandbox.idOf('clients', 'istat'),
  kid: key.kid,
  privateKey: key.privateKey,
  purposeId: sandbox.idOf('purposes', 'istat-tickets'),
  now: () => testTime,
  randomUUID
}

async function failureOf (wanted: VoucherRequest): Promise<VoucherRequestError> {
  const error: unknown = await requestVoucher(wanted).catch((thrown: unknown) => thrown)
  if (error instanceof VoucherRequestError) return error
  throw new Error('no VoucherRequestError', { cause: error })
}

async function serve (test: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => { server.closeAllConnections(); server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token.oauth2`
}

t.test('names lead to a voucher', async (t) => {
  const ids = resolveVoucherNames(sandbox.file, { eservice: 'tickets', consumer: 'istat' })
  t.strictSame(ids, { clientId: wanted.clientId, purposeId: wanted.purposeId })
  const { accessToken, tokenType, expiresIn } = await requestVoucher(wanted)
  t.equal(expiresIn, 600)
  t.equal(tokenType, 'Bearer')
  t.match(decodeJwt(accessToken), { client_id: wanted.clientId, purposeId: wanted.purposeId })
})

t.test('the digest of the tracking evidence is bound to the voucher', async (t) => {
  const digest = { alg: 'SHA256', value: 'b'.repeat(64) }
  t.strictSame(decodeJwt((await requestVoucher({ ...wanted, digest })).accessToken).digest, digest)
})

t.test('a voucher for a step of an asynchronous exchange is asked for at the other address', async (t) => {
  const received: { url: string | undefined, assertion: string, proof: string }[] = []
  const tokenUrl = await serve(t, (request, response) => {
    let form = ''
    request.on('data', (chunk: Buffer) => { form += chunk.toString() }).on('end', () => {
      received.push({ url: request.url, assertion: new URLSearchParams(form).get('client_assertion') ?? '', proof: String(request.headers['dpop']) })
      response.end(JSON.stringify({ access_token: 'a.b.c', token_type: 'DPoP', expires_in: 600 }))
    })
  })
  const exchange = { scope: 'start_interaction', urlCallback: 'https://fruitore.example.it/callback' } as const
  t.match(await requestVoucher({ ...wanted, tokenUrl, exchange, dpop: makeProofKey() }), { accessToken: 'a.b.c' })
  t.equal(received[0]?.url, '/token.oauth2.async')
  t.match(decodeJwt(received[0]?.assertion ?? ''), exchange)
  t.equal(decodeJwt(received[0]?.proof ?? '')['htu'], tokenUrl, 'its proof names the one address that the platform compares with')
})

t.test('a voucher is bound to the DPoP key that is given, again and again', async (t) => {
  const dpop = makeProofKey()
  for (let time = 0; time < 2; time++) {
    const { accessToken, tokenType } = await requestVoucher({ ...wanted, dpop })
    t.equal(tokenType, 'DPoP')
    t.strictSame(decodeJwt(accessToken)['cnf'], { jkt: await calculateJwkThumbprint(dpop.jwk) })
  }
})

t.test('a voucher of the wrong kind is not taken: neither an unbound one for a bound one nor the other way round', async (t) => {
  const answering = async (type: string) => serve(t, (_request, response) => {
    response.end(JSON.stringify({ access_token: 'a.b.c', token_type: type, expires_in: 600 }))
  })
  const unbound = { ...wanted, tokenUrl: await answering('Bearer'), dpop: makeProofKey() }
  await t.rejects(requestVoucher(unbound), { message: /gave a voucher that is not of the type DPoP: do not use it/ })
  await t.rejects(requestVoucher({ ...wanted, tokenUrl: await answering('DPoP') }), { message: /not of the type Bearer/ })
  t.equal((await requestVoucher({ ...wanted, tokenUrl: await answering('bearer') })).tokenType, 'Bearer')
})

t.test('the assertion holds only what PDND accepts', async (t) => {
  const claims = Object.keys(decodeJwt(await signClientAssertion(wanted)))
  t.strictSame(claims, ['iss', 'sub', 'aud', 'jti', 'iat', 'exp', 'purposeId'])
})

t.test('a refusal says where its reason is told', async (t) => {
  const { message, correlationId } = await failureOf({ ...wanted, purposeId: randomUUID() })
  const address = `${sandbox.url}/debug/token-requests/${correlationId}`
  t.equal(message, `the token endpoint answered 400: Bad request. The reason is told by ${address}`)
  const told = await (await fetch(address)).json()
  t.match(told, { reason: { name: 'tokenGenerationStatesEntryNotFound' } })
})

t.test('an endpoint that is not there, is late, or is something else, is an error with a sentence', async (t) => {
  const nobody = await failureOf({ ...wanted, tokenUrl: 'http://127.0.0.1:1/token.oauth2' })
  t.match(nobody.message, 'the token endpoint http://127.0.0.1:1/token.oauth2 did not answer: nothing listens there.')
  const late = await serve(t, () => {})
  await t.rejects(requestVoucher({ ...wanted, tokenUrl: late, deadline: 50 }), { message: /no answer within 50 ms/ })
  const html = await serve(t, (_request, response) => { response.end('<html>') })
  await t.rejects(requestVoucher({ ...wanted, tokenUrl: html }), { message: /answered 200/ })
  const endless = await serve(t, (_request, response) => { response.end('x'.repeat(1_000_000)) })
  await t.rejects(requestVoucher({ ...wanted, tokenUrl: endless }), { message: /UND_ERR_RES_EXCEEDED_MAX_SIZE/ })
  const busy = await serve(t, (_request, response) => { response.writeHead(429).end('{}') })
  await t.rejects(requestVoucher({ ...wanted, tokenUrl: busy }), { message: /too many token requests/ })
})

t.test('no error quotes the assertion', async (t) => {
  let assertion = ''
  const echo = await serve(t, (request, response) => {
    request.on('data', (chunk: Buffer) => {
      assertion = new URLSearchParams(chunk.toString()).get('client_assertion') ?? ''
    })
    request.on('end', () => response.writeHead(500).end('{}'))
  })
  const error = await failureOf({ ...wanted, tokenUrl: echo })
  t.match(assertion, /^ey/)
  t.notOk(`${error.message}${error.stack}`.includes(assertion.slice(-40)))
})

const wrongNames: readonly (readonly [string, string, string | undefined, RegExp])[] = [
  ['ticket', 'istat', undefined, /^no e-service is called "ticket"\. Did you mean "tickets"\? Known: tickets, s/],
  ['tickets', 'itsat', undefined, /^no tenant is called "itsat"\. Did you mean "istat"\?/],
  ['tickets', 'istat', 'istat-surveys', /^no purpose .* Known: istat-tickets\.$/],
  ['tickets', 'regione-toscana', undefined, /^regione-toscana has no purpose on tickets$/],
  ['service-usage', 'comune-di-prato', undefined, /^no client of comune-di-prato is linked/]
]
for (const [eservice, consumer, purpose, error] of wrongNames) {
  t.test(`the names ${eservice}, ${consumer}, ${purpose} are answered with what there is`, async (t) => {
    t.match(resolveVoucherNames(sandbox.file, { eservice, consumer, purpose }), { error })
  })
}

t.test('an inactive purpose is found when there is no other: its refusal is the lesson', async (t) => {
  const ids = resolveVoucherNames(sandbox.file, { eservice: 'surveys', consumer: 'regione-lombardia' })
  t.match(ids, { purposeId: sandbox.idOf('purposes', 'regione-lombardia-surveys') })
})
