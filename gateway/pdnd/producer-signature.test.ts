import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import type { JWTHeaderParameters, JWTPayload } from 'jose'
import t from 'tap'
import { findProducerKey, judgeAnswer } from './producer-signature.ts'
import type { AnswerContext } from './producer-signature.ts'
import { digestOf } from './signed-request.ts'

const keychain = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = keychain.publicKey.export({ format: 'jwk' })
const kid = await calculateJwkThumbprint(jwk)
const now = Date.parse('2026-11-21T10:00:00Z')
const seconds = now / 1000
const clientId = randomUUID()
const body = Buffer.from('{"ok":true}')
const requestDigest = digestOf(Buffer.from('request'))
const context: AnswerContext = { clientId, requestDigest, findKey: async () => keychain.publicKey, now: () => now }

interface Changes { readonly header?: Partial<JWTHeaderParameters>, readonly claims?: JWTPayload, readonly key?: typeof keychain, readonly body?: Buffer, readonly headers?: Readonly<Record<string, string | undefined>> }

/** An answer as a producer signs it, but for the changes. */
async function answer ({ header, claims, key = keychain, body: sent = body, headers }: Changes = {}): Promise<{ rawHeaders: readonly string[], body: Buffer }> {
  const signed = { 'content-type': 'application/json', 'digest': digestOf(body) }
  const signature = await new SignJWT({ iss: randomUUID(), aud: clientId, iat: seconds, exp: seconds + 100, jti: randomUUID(), request_digest: requestDigest, signed_headers: Object.entries(signed).map(([name, value]) => ({ [name]: value })), ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...header }).sign(key.privateKey)
  const all = { 'Content-Type': 'application/json', 'Digest': signed.digest, 'Agid-JWT-Signature': signature, ...headers }
  return { rawHeaders: Object.entries(all).flatMap(([name, value]) => value === undefined ? [] : [name, value]), body: sent }
}

t.test('an answer that the producer signed is verified', async (t) => {
  t.strictSame(await judgeAnswer(await answer(), context), { outcome: 'verified', kid })
  t.strictSame(await judgeAnswer(await answer({ claims: { request_digest: undefined } }), { ...context, requestDigest: undefined }), { outcome: 'verified', kid }, 'of a call that was not signed')
})

t.test('one that is not signed has no verdict', async (t) => {
  t.equal(await judgeAnswer(await answer({ headers: { 'Agid-JWT-Signature': undefined } }), context), undefined)
})

const wrong: Readonly<Record<string, readonly [Changes, RegExp]>> = {
  'another key': [{ key: stranger }, /the signature does not match/],
  'another body': [{ body: Buffer.from('{}') }, /Digest of the body/],
  'no digest': [{ headers: { Digest: undefined } }, /Digest: expected/],
  'another media type': [{ headers: { 'Content-Type': 'text/html' } }, /another value of content-type/],
  'no signed media type': [{ claims: { signed_headers: [{ digest: digestOf(body) }] } }, /no content-type/],
  'another client': [{ claims: { aud: randomUUID() } }, /aud/],
  'no audience': [{ claims: { aud: undefined as unknown as string } }, /aud/],
  'an old answer': [{ claims: { exp: seconds } }, /exp/],
  'an answer of tomorrow': [{ claims: { iat: seconds + 6 } }, /iat/],
  'an answer to another request': [{ claims: { request_digest: digestOf(body) } }, /request_digest: .*another one/],
  'an answer to no request': [{ claims: { request_digest: undefined } }, /request_digest: .*nothing/],
  'another type': [{ header: { typ: 'at+jwt' } }, /typ/],
  'no kid': [{ header: { kid: undefined as unknown as string } }, /key/],
  'a header that steers': [{ header: { jku: 'https://evil.example' } }, /header members/],
  'no token': [{ headers: { 'Agid-JWT-Signature': 'x' } }, /segments/]
}

for (const [name, [changes, says]] of Object.entries(wrong)) {
  t.test(`${name} is no signature of the producer`, async (t) => {
    const verdict = await judgeAnswer(await answer(changes), context)
    t.match(verdict, { outcome: 'wrong', reason: says })
    t.notMatch(JSON.stringify(verdict), /eyJ/)
  })
}

t.test('without the key what can be checked is checked', async (t) => {
  const offline = { ...context, findKey: async () => 'nobody can be asked' }
  t.strictSame(await judgeAnswer(await answer(), offline), { outcome: 'not checked', reason: 'nobody can be asked' })
  t.match(await judgeAnswer(await answer({ body: Buffer.from('{}') }), offline), { outcome: 'wrong' })
})

t.test('the key comes from the platform, and only the one that was asked for', async (t) => {
  const api = (answer: unknown) => ({ get: async (path: readonly string[]) => path[0] === 'producerKeys' ? answer as never : undefined })
  const key = await findProducerKey(api({ producerKeychainId: randomUUID(), jwk: { ...jwk, alg: 'whatever the uploader wrote' } }), kid)
  t.ok(typeof key === 'object' && key.equals(keychain.publicKey))
  t.match(await findProducerKey(api(undefined), kid), /no such key/)
  t.match(await findProducerKey(api({ jwk: stranger.publicKey.export({ format: 'jwk' }) }), kid), /no such key$/)
  t.match(await findProducerKey(api({ jwk: 'x' }), kid), /no such key$/)
  t.match(await findProducerKey({ get: async () => { throw new Error('away') } }, kid), /cannot be asked for: away/)
  t.match(await findProducerKey(undefined, kid), /pdnd\.api/)
})
