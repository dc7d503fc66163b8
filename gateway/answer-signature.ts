import { randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { SigningKey } from './adapters/keychain-file.ts'
import type { Exchange } from './exchange.ts'

/** By whom answers are signed: `issuer` is the producer's id, or its keychain's; `now` in epoch ms. */
export interface AnswerSigner { readonly keychain: { readonly current: SigningKey }, readonly issuer: string, readonly now: () => number }

/** What of an answer is signed: the digest (SHA-256, base64) of the bytes as they are sent, content coding included, and the headers that say how to read them. */
export interface Answer { readonly status: number, readonly digest: string, readonly contentType: string | undefined, readonly contentEncoding: string | undefined }

/** The signature over an answer, and the key that made it. */
export interface AnswerSignature { readonly digest: string, readonly jws: string, readonly key: SigningKey }

/** How long a signature is good for, in s; the answer is there by then. */
const lifetimeSeconds = 100

/**
 * Signs an answer (INTEGRITY_REST_02 mirrored for answers, by a key of the producer keychain): for the client that called, and tied to its
 * request by `request_digest` where that was signed.
 */
export async function signAnswer ({ keychain, issuer, now }: AnswerSigner, { call }: Exchange, answer: Answer): Promise<AnswerSignature> {
  const key = keychain.current
  const digest = `SHA-256=${answer.digest}`
  const iat = Math.floor(now() / 1000)
  const requestDigest = call.integrity?.digest
  const claims = {
    iss: issuer,
    aud: call.caller?.clientId,
    iat,
    exp: iat + lifetimeSeconds,
    jti: randomUUID(),
    signed_headers: [
      { digest },
      ...answer.contentType === undefined ? [] : [{ 'content-type': answer.contentType }],
      ...answer.contentEncoding === undefined ? [] : [{ 'content-encoding': answer.contentEncoding }]
    ],
    ...requestDigest !== undefined && { request_digest: requestDigest }
  }
  const signed = [{ alg: 'RS256', typ: 'JWT', kid: key.kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return { digest, jws: `${signed}.${await signOffLoop(signed, key.key)}`, key }
}

// An RSA signature takes a millisecond, in which a thread of the pool does it and the event loop other things.
async function signOffLoop (text: string, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(text), key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature.toString('base64url'))
    })
  })
}
