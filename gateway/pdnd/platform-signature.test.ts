import { createHash, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { json, openClient, platformKid, signed, startPlatform } from './platform-fixture.ts'
import type { Answering, SignedChanges } from './platform-fixture.ts'

const something = { something: 'there is' }
const another = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Asks a v3 platform once. */
async function ask (t: Test, answering: (changes: { iat: number }) => SignedChanges | Answering) {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v3')
  const answer = answering({ iat: platform.now / 1000 })
  platform.answer = typeof answer === 'function' ? answer : signed(platform, something, answer)
  return api.get(['things'])
}

const digest = `SHA-256=${createHash('sha256').update(JSON.stringify(something)).digest('base64')}`
const taken: Readonly<Record<string, SignedChanges>> = {
  'as the platform signs it': {},
  'typ JWT (AgID)': { header: { typ: 'JWT' } },
  'an audience': { claims: { aud: 'somebody' } },
  'a charset that was added after the signature': { headers: { 'content-type': 'application/json; charset=utf-8' } },
  'a client_id': { claims: { client_id: 'x' } },
  'more signed headers': { headers: { 'x-more': '1' } }
}

for (const [name, changes] of Object.entries(taken)) {
  t.test(`an answer is taken: ${name}`, async (t) => {
    t.strictSame(await ask(t, () => changes), something)
  })
}

type Refused = readonly [changes: (times: { iat: number }) => SignedChanges | Answering, message: RegExp]
const refused: Readonly<Record<string, Refused>> = {
  'no signature': [() => json(something), /the answer is not signed/],
  'two signatures': [() => ({ headers: { 'agid-jwt-signature': ['a.b.c', 'd.e.f'] } }), /is not signed/],
  'no JWS': [() => ({ headers: { 'agid-jwt-signature': 'not a signature' } }), /cannot be read/],
  'the key of somebody else': [() => ({ key: another }), /its signature does not match/],
  'a key that is not the platform\'s': [() => ({ header: { kid: 'another' } }), /is unknown/],
  'a key of its own': [() => ({ key: another, header: { jwk: another.publicKey.export({ format: 'jwk' }) } }), /members that steer/],
  'a critical extension': [() => ({ header: { crit: ['b64'], b64: false } }), /members that steer/],
  'another algorithm': [() => ({ header: { alg: 'RS512' } }), /of another kind/],
  'alg none': [() => ({ header: { alg: 'none' } }), /of another kind/],
  'a shared secret': [() => ({ header: { alg: 'HS256' } }), /of another kind/],
  'no kid': [() => ({ header: { kid: undefined } }), /of another kind/],
  'a proof': [() => ({ header: { typ: 'dpop+jwt' } }), /of another type/],
  'no typ': [() => ({ header: { typ: undefined } }), /of another type/],
  'another issuer': [() => ({ claims: { iss: 'uat.platform.test' } }), /another issuer/],
  'no issuer': [() => ({ claims: { iss: undefined } }), /another issuer/],
  'an expired signature': [({ iat }) => ({ claims: { iat: iat - 200, exp: iat } }), /has expired/],
  'a signature of the future': [({ iat }) => ({ claims: { iat: iat + 60 } }), /of the future/],
  'no expiry': [() => ({ claims: { exp: undefined } }), /no sensible times/],
  'an expiry in a thousand years': [() => ({ claims: { exp: 4e10 } }), /no sensible times/],
  'other bytes': [() => ({ sent: JSON.stringify({ something: 'else' }) }), /Digest of the body/],
  'one space more': [() => ({ sent: `${JSON.stringify(something)} ` }), /Digest of the body/],
  'another digest than it signs': [() => ({ headers: { digest: 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' } }), /Digest of the body/],
  'no digest': [() => ({ headers: { digest: undefined } }), /Digest/],
  'a weak digest': [() => ({ headers: { digest: 'MD5=1B2M2Y8AsgTpgAmY7PhCfg==' } }), /Digest/],
  'a digest that it does not sign': [() => ({ claims: { signed_headers: [{ 'content-type': 'application/json' }] } }), /no digest/],
  'a media type that it does not sign': [() => ({ claims: { signed_headers: [{ digest }] } }), /no content-type/],
  'another media type than it signs': [() => ({ headers: { 'content-type': 'text/html' } }), /another value of content-type/],
  'a content coding that it does not sign': [() => ({ headers: { 'content-encoding': 'gzip' } }), /no content-encoding/],
  'a header that it signs and does not send': [() => ({ headers: { 'x-correlation-id': undefined } }), /x-correlation-id signed but not sent/],
  'another header than it signs': [() => ({ headers: { 'x-correlation-id': 'c2' } }), /another value of x-correlation-id/],
  'signed headers that are no list': [() => ({ claims: { signed_headers: { digest } } }), /no array/],
  'no signed headers': [() => ({ claims: { signed_headers: undefined } }), /signed_headers/],
  'an unsigned "not found"': [() => json({ status: 404 }, 404), /is not signed/],
  'a signature of another status': [() => ({ status: 404 }), /without a problem document/]
}

for (const [name, [changes, message]] of Object.entries(refused)) {
  t.test(`an answer is none: ${name}`, async (t) => {
    const error: unknown = await ask(t, changes).then((value) => new Error(`it was taken: ${JSON.stringify(value)}`), (thrown: unknown) => thrown)
    t.match(error, { name: 'InteropApiError', status: undefined, message })
    t.notMatch((error as Error).message, /there is|eyJ|uat\.|somebody/)
  })
}

t.test('a signed "not found" is the platform\'s word', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v3')
  platform.answer = signed(platform, { status: 404 }, { status: 404 })
  t.equal(await api.get(['things']), undefined)
})

t.test('while the platform\'s keys cannot be had, no answer is taken; a new key of the platform is found', async (t) => {
  const platform = await startPlatform(t)
  const { api } = await openClient(t, platform, 'v3')
  const { jwks } = platform
  platform.answer = signed(platform, something)
  platform.jwks = json({ keys: [] })
  await t.rejects(api.get(['things']), { message: /is unavailable/ })
  platform.jwks = jwks
  platform.now += 30_000
  t.strictSame(await api.get(['things']), something)
  platform.jwks = json({ keys: [{ ...another.publicKey.export({ format: 'jwk' }), kid: 'second' }] })
  platform.answer = signed(platform, something, { key: another, header: { kid: 'second' } })
  platform.now += 30_000
  t.strictSame(await api.get(['things']), something)
  platform.answer = signed(platform, something, { header: { kid: platformKid } })
  await t.rejects(api.get(['things']), { message: /is unknown/ })
})
