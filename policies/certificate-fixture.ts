import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Certificates, FoundCertificate } from './certificates.ts'
import { noDemands } from './demands.ts'
import type { Demands } from './demands.ts'
import { encode, id, registryOf, terms, testSeconds } from './fixture.ts'
import type { RegistryChanges } from './fixture.ts'
import type { Client, Registry } from './registry.ts'

/** A consumer outside the platform, and the tokens that it could come with. Used by tests only. */

/** The key of its certificate. Policies never see the certificate itself: `x5c` below stands for any. */
export const certifiedKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const thumbprint = 'T'.repeat(43)

/** What an operation demands that takes such callers only, and takes each token once. */
export const byCertificate: Demands = { ...noDemands, trust: ['x509'] }
export const once: Demands = { ...byCertificate, singleUse: true }

export const goodCertifiedClaims = {
  iss: id(2), sub: id(8), aud: terms.audience[0], jti: 'token-1', iat: testSeconds - 10, nbf: testSeconds - 10, exp: testSeconds + 290, purposeId: id(6)
}

/** What a test changes of the good token; `undefined` takes a member out. */
export interface CertifiedChanges {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
}

/** The good token but for the changes (RS256, ES256 with a key on a curve). */
export function certifiedToken ({ header, claims, key = certifiedKey.privateKey }: CertifiedChanges = {}): string {
  const alg = key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256'
  const signed = `${encode({ alg, typ: 'JWT', x5c: ['MA=='], ...header })}.${encode({ ...goodCertifiedClaims, ...claims })}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

export const certifiedClient: Client = { id: id(8), consumerId: id(2), name: 'Client fuori piattaforma', kind: 'Consumer', purposes: [id(6)], knownAs: ['protocollo'] }

/** What is found for every certificate, by default that it is the good client's. */
export function certificatesOf (found: FoundCertificate | Promise<FoundCertificate> = { key: certifiedKey.publicKey, clientId: id(8), thumbprint }): Certificates {
  return { find: () => found }
}

/** The usual registry with that client in it, but for the changes. */
export function certifiedRegistry (changes: RegistryChanges & { readonly client?: Partial<Client> | undefined } = {}): Registry {
  const client = 'client' in changes && changes.client === undefined ? undefined : { ...certifiedClient, ...changes.client }
  return { ...registryOf(changes), client: (one) => one === id(8) ? client : undefined }
}
