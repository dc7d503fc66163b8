import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { JsonObject } from '../../openapi/document.ts'
import { thumbprintOf } from '../../policies/jwk.ts'
import { readJws, verifyJws } from '../../policies/jws.ts'
import { clientKeysOf, signMessage } from '../../policies/signature-fixture.ts'
import type { Config } from '../config.ts'
import type { CallOptions, Harness, HarnessOptions } from './gateway.ts'
import { archiveContract, audience, ids } from './platform.ts'
import type { WireAnswer } from './wire.ts'

/** A gateway whose answers are signed and whose requests are kept as evidence, and how to check both. Used by tests only. */

/** Keys of the producer keychain, made once per process. */
export const [producerKey, nextProducerKey] = [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey]
export const kidOf = (key: KeyObject): string => thumbprintOf({ ...createPublicKey(key).export({ format: 'jwk' }) })

export const evidenceKey = Buffer.alloc(32, 7).toString('base64')

/** Adds a key to the keychain of a configuration. */
export function addKey ({ registry }: Pick<Config, 'registry'>, name: string, key: KeyObject): void {
  const folder = keychainOf(registry)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
}

/** The keychain lies beside the registry of the test. */
export function keychainOf (registry: string): string {
  return join(dirname(registry), 'keychain')
}

/** A configuration with a keychain of one key, and with keys for evidence. */
export function withCustody (config: Config): Config {
  addKey(config, '2026-01.pem', producerKey)
  const own = { keychain: keychainOf(config.registry), evidence: { keys: [evidenceKey], retentionDays: 30 } }
  return {
    ...config,
    eservices: config.eservices.map((one) => ({ ...one, ...own }))
  }
}

/** The contract of the tests whose answers are signed, and more. */
export const signing = (more: object = {}): JsonObject => ({ ...archiveContract, 'x-modi': { response: 'signed', ...more } })
/** The one whose requests are kept too. */
export const keeping = (more: object = {}): JsonObject => signing({ patterns: ['INTEGRITY_REST_02', 'PROFILE_NON_REPUDIATION_01'], integrity: { emptyBody: 'signed' }, ...more })

/** How such a gateway is started. */
export const custodyOptions: HarnessOptions = { contract: signing(), clientKeys: clientKeysOf(ids.client, ids.consumer), isPublished: async () => true, config: withCustody }

/** A request signed by its caller, with a body or over nothing. */
export function signedCall (gateway: Harness, { body, headers, ...more }: Omit<CallOptions, 'body'> & { readonly body?: Buffer | undefined } = {}): CallOptions {
  const message = signMessage(body ?? '', { clientId: ids.client, audience, now: gateway.clock.now }, body ? {} : { headers: { 'Content-Type': undefined } })
  return { ...more, headers: { ...message, ...headers }, ...body && { body } }
}

/** Checks the signature of an answer over the bytes that came, as a consumer would, and gives its claims. */
export function checkSignature (t: Test, gateway: Harness, { headers, bytes }: Pick<WireAnswer, 'headers' | 'bytes'>, keys: readonly KeyObject[] = [producerKey]): Readonly<Record<string, unknown>> {
  const digest = `SHA-256=${createHash('sha256').update(bytes).digest('base64')}`
  t.equal(headers['digest'], digest, 'Digest is that of the bytes that came')
  const read = readJws(headers['agid-jwt-signature'] ?? '')
  if (typeof read === 'string') throw new Error(`no signature: ${read}`)
  const key = keys.find((one) => kidOf(one) === read.header['kid'])
  t.strictSame(read.header, { alg: 'RS256', typ: 'JWT', kid: key && kidOf(key) })
  t.ok(key && verifyJws(read, 'RS256', createPublicKey(key)), 'the signature is genuine')
  const seconds = Math.floor(gateway.clock.now / 1000)
  t.match(read.claims, { iss: ids.producer, aud: ids.client, iat: seconds, exp: seconds + 100, jti: /^[0-9a-f-]{36}$/ })
  t.strictSame(read.claims['signed_headers'], [
    { digest },
    ...['content-type', 'content-encoding'].flatMap((name) => headers[name] === undefined ? [] : [{ [name]: headers[name] }])
  ])
  return read.claims
}
