import { randomUUID } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import t from 'tap'
import { signDpopProof } from './dpop-signing.ts'
import { makeProofKey } from '../sandbox/proof-fixture.ts'
import { testSeconds, testTime } from '../sandbox/sandbox-fixture.ts'

const { privateKey, jwk } = makeProofKey()
const wanted = { privateKey, publicJwk: jwk, method: 'POST', url: 'https://auth.interop.pagopa.it/token.oauth2', now: () => testTime + 999, randomUUID }

t.test('a proof for the token endpoint holds exactly what PDND accepts and verifies with the key that it carries', async (t) => {
  const proof = await signDpopProof({ ...wanted, randomUUID: () => 'jti' })
  t.strictSame(decodeProtectedHeader(proof), { typ: 'dpop+jwt', alg: 'ES256', jwk })
  t.strictSame(Object.keys(jwk).toSorted(), ['crv', 'kty', 'x', 'y'])
  t.strictSame(decodeJwt(proof), { htm: 'POST', htu: wanted.url, iat: testSeconds, jti: 'jti' })
  await t.resolves(jwtVerify(proof, await importJWK(jwk, 'ES256'), { currentDate: new Date(testTime) }))
})

t.test('of the key nothing private and nothing superfluous is sent', async (t) => {
  const publicJwk = { ...privateKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' }
  t.strictSame(decodeProtectedHeader(await signDpopProof({ ...wanted, publicJwk }))['jwk'], jwk)
})

t.test('a proof for a call names its voucher (the ath of RFC 9449) and an address without query and fragment', async (t) => {
  const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
  const proof = await signDpopProof({ ...wanted, method: 'GET', url: 'https://api.example.it:8443/rest/tickets/v1/channels?year=2023#x', accessToken })
  t.match(decodeJwt(proof), { htm: 'GET', htu: 'https://api.example.it:8443/rest/tickets/v1/channels', ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' })
})

t.test('a nonce is in a proof only where one was asked for', async (t) => {
  t.equal(decodeJwt(await signDpopProof({ ...wanted, nonce: 'n-1' }))['nonce'], 'n-1')
  t.notOk('nonce' in decodeJwt(await signDpopProof(wanted)))
})
