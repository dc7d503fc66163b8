import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { testSeconds } from './sandbox-fixture.ts'

/** The key pair of a test's consumer, as a DPoP proof carries it. */
export interface ProofKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: Record<string, unknown>
}

/** A new P-256 pair, or an RSA pair of so many bits. */
export function makeProofKey (bits?: number): ProofKey {
  const pair = bits === undefined
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: bits })
  return { ...pair, jwk: { ...pair.publicKey.export({ format: 'jwk' }) } }
}

/** What a test changes of a valid proof; `undefined` takes a member out. */
export interface ProofChanges {
  readonly key?: ProofKey
  readonly header?: Record<string, unknown>
  readonly payload?: Record<string, unknown>
}

const usualKey = makeProofKey()

/** A proof for the sandbox's token endpoint, valid but for the changes; built by hand, so that nothing is put right. */
export function makeProof (sandboxUrl: string, { key = usualKey, header, payload }: ProofChanges = {}): string {
  const alg = key.jwk['kty'] === 'RSA' ? 'RS256' : 'ES256'
  const parts = [
    { typ: 'dpop+jwt', alg, jwk: key.jwk, ...header },
    { htm: 'POST', htu: `${sandboxUrl}/token.oauth2`, iat: testSeconds, jti: randomUUID(), ...payload }
  ]
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
