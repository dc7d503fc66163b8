import { createHash } from 'node:crypto'
import type { onSendAsyncHookHandler } from 'fastify'
import { SignJWT } from 'jose'
import type { KeyStore } from './key-store.ts'

/** What responses are signed with; `now` in epoch ms. */
export interface SigningContext {
  readonly keys: KeyStore
  readonly issuer: string
  readonly now: () => number
  readonly randomUUID: () => string
}

/** How long a signature of the platform is good, in seconds. */
const signatureLifetime = 100

/**
 * Signs every response as v3 of the interop API does (INTEGRITY_REST_02): `Digest` over the bytes that are sent and `Agid-JWT-Signature`
 * with the platform's key. It is the platform's own form: `typ` at+jwt, no `aud`, the correlation id among the signed headers.
 */
export function signResponses ({ keys, issuer, now, randomUUID }: SigningContext): onSendAsyncHookHandler {
  const { kid, privateKey } = keys.platform
  return async (request, reply, payload) => {
    const body = typeof payload === 'string' ? payload : ''
    const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`
    const contentType = reply.getHeader('content-type')
    const iat = Math.floor(now() / 1000)
    const signature = await new SignJWT({
      jti: randomUUID(),
      iss: issuer,
      iat,
      exp: iat + signatureLifetime,
      signed_headers: [{ digest }, { 'x-correlation-id': request.id }, ...contentType === undefined ? [] : [{ 'content-type': String(contentType) }]]
    }).setProtectedHeader({ alg: 'RS256', use: 'sig', typ: 'at+jwt', kid }).sign(privateKey)
    void reply.headers({ Digest: digest, 'Agid-JWT-Signature': signature })
    return payload
  }
}
