import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { AdmittedCall } from './admission.ts'
import { noDemands } from './demands.ts'
import type { Interaction, Interactions } from './interactions.ts'
import type { FoundKey, Keys } from './keys.ts'
import type { Limiter } from './limiter.ts'
import { noncesOf } from './nonce.ts'
import type { Call, Ports, Terms } from './policy.ts'
import type { CallsLeft, QuotaClaim, QuotaCounters } from './quota-counters.ts'
import type { Agreement, Delegation, Descriptor, Purpose, Registry } from './registry.ts'
import type { ReplayFilter } from './replay.ts'

/** What the tests of the policies share: one consumer that may call one e-service, and the vouchers it could come with. */

/** The moment at which the tests live, in epoch ms and seconds. */
export const testTime = Date.parse('2026-11-21T10:00:00Z')
export const testSeconds = testTime / 1000

/** A UUID that shows in a failing test which one it is. */
export const id = (last: number): string => `5e9f0c1a-7b3d-4e26-9a58-${String(last).padStart(12, '0')}`

/** The platform's key, and one that it never had. */
export const platformKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const strangerKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const kid = 'platform-key-1'

export const terms: Terms = {
  publicUrl: 'https://api.example.it',
  internal: { url: 'https://varco.example.lan', eservice: 'https://varco.example.lan/rest/things/v1' },
  issuer: 'sandbox.example',
  producerId: id(1),
  eserviceId: id(3),
  descriptorIds: [id(4)],
  audience: ['https://api.example.it/rest/things/v1'],
  signatureAudience: [],
  evidenceAudience: [],
  burst: { requests: 3, seconds: 10 },
  classes: [],
  quotaMode: 'block',
  dpopNonces: false,
  replyTo: [],
  grants: undefined
}

export const goodHeader = { alg: 'RS256', use: 'sig', typ: 'at+jwt', kid }

/** The claims of the voucher that every test starts from: nothing is wrong with it. */
export const goodClaims = {
  iss: terms.issuer, aud: 'https://api.example.it/rest/things/v1', jti: id(9), sub: id(8), client_id: id(8),
  iat: testSeconds - 10, nbf: testSeconds - 10, exp: testSeconds + 590,
  purposeId: id(6), producerId: id(1), consumerId: id(2), eserviceId: id(3), descriptorId: id(4)
}

/** What a test changes of the good voucher; `undefined` takes a member out. */
export interface Changes {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject
}

/** One segment of a token. */
export function encode (value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** Signs the text of a header and of claims as they are (RS256). */
export function signText (header: object | string, claims: object | string, key: KeyObject = platformKey.privateKey): string {
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`
}

/** The good voucher but for the changes. */
export function voucher ({ header, claims, key }: Changes = {}): string {
  return signText({ ...goodHeader, ...header }, { ...goodClaims, ...claims }, key)
}

/** The platform's keys as a test wants them; `asked` tells for which ids `find` was called. */
export function keysOf (found: (kid: string) => FoundKey | Promise<FoundKey>): Keys & { epoch: number, readonly asked: string[] } {
  const asked: string[] = []
  return {
    epoch: 0,
    asked,
    known: (id) => id === kid ? platformKey.publicKey : undefined,
    find: (id) => {
      asked.push(id)
      return found(id)
    }
  }
}

export const platformKeys = (): ReturnType<typeof keysOf> => keysOf((id) => id === kid ? { key: platformKey.publicKey } : 'unknown')

/** What the platform knows, but for the changes; `undefined` means that it does not know it. */
export interface RegistryChanges {
  readonly descriptor?: Partial<Descriptor> | undefined
  readonly agreement?: Partial<Agreement> | undefined
  readonly purpose?: Partial<Purpose> | undefined
  readonly delegation?: Partial<Delegation> | undefined
}

/** A registry in which the good voucher's caller is entitled to call. */
export function registryOf (changes: RegistryChanges = {}): Registry {
  const descriptor: Descriptor = { id: id(4), version: 1, state: 'Published', audience: terms.audience, voucherLifespan: 600, dailyCallsPerConsumer: 10, dailyCallsTotal: 10 }
  const agreement: Agreement = { id: id(5), eserviceId: id(3), descriptorId: id(4), producerId: id(1), consumerId: id(2), state: 'Active' }
  const purpose: Purpose = { id: id(6), eserviceId: id(3), consumerId: id(2), title: 'Statistiche', versions: [{ id: id(7), state: 'Active', dailyCalls: 5 }] }
  const delegation: Delegation = { id: id(60), kind: 'DelegatedConsumer', delegatorId: id(2), delegateId: id(61), eserviceId: id(3), state: 'Active' }
  const known = <T>(name: keyof RegistryChanges, value: T): T | undefined => name in changes && changes[name] === undefined ? undefined : { ...value, ...changes[name] }
  const found = { descriptor: known('descriptor', descriptor), agreement: known('agreement', agreement), purpose: known('purpose', purpose), delegation: known('delegation', delegation) }
  return {
    settle: () => 'settled',
    tenant: () => undefined,
    client: () => undefined,
    eservice: (one) => one === id(3) ? { id: one, producerId: id(1), name: 'Cose', descriptors: found.descriptor ? [found.descriptor] : [] } : undefined,
    agreement: () => found.agreement,
    purpose: (one) => one === id(6) ? found.purpose : undefined,
    delegation: (one) => one === id(60) ? found.delegation : undefined
  }
}

/** Counts in a plain map whose windows never end; `counts` shows what was taken. */
export function countingLimiter (): Limiter & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>()
  const state = (key: string, limit: number, resetSeconds: number, exceeded: boolean) => ({ limit, remaining: Math.max(0, limit - (counts.get(key) ?? 0)), resetSeconds, exceeded })
  return {
    counts,
    consume: (key, limit, seconds) => {
      const used = counts.get(key) ?? 0
      if (used >= limit) return state(key, limit, seconds, true)
      counts.set(key, used + 1)
      return state(key, limit, seconds, false)
    },
    peek: (key, limit, seconds) => state(key, limit, seconds, false)
  }
}

/** Counts calls by the day in a plain map; `counts` shows what was taken. */
export function plainQuotas (): QuotaCounters & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>()
  const nameOf = ({ eserviceId, day: { date } }: QuotaClaim, key: string): string => `${date} ${eserviceId} ${key}`
  const peek = (claim: QuotaClaim): CallsLeft => claim.quotas.map(({ key, limit }) => limit - (counts.get(nameOf(claim, key)) ?? 0))
  const add = (claim: QuotaClaim, calls: number): void => { for (const { key } of claim.quotas) counts.set(nameOf(claim, key), (counts.get(nameOf(claim, key)) ?? 0) + calls) }
  return {
    counts,
    peek,
    take: (claim, beyond) => {
      const left = peek(claim)
      if (beyond || left.every((calls) => calls > 0)) add(claim, 1)
      return left
    },
    foresee: () => undefined,
    giveBack: (claim) => { add(claim, -1) }
  }
}

/** Quotas that always have so many calls left. */
export function quotasWith (left: number): QuotaCounters {
  const all = ({ quotas }: QuotaClaim): CallsLeft => quotas.map(() => left)
  return { take: all, peek: all, foresee: () => undefined, giveBack: () => undefined }
}

/** Remembers for ever. */
export function plainReplay (): ReplayFilter {
  const noted = new Set<string>()
  return { note: (key) => noted.size === noted.add(key).size ? 'seen' : 'first' }
}

/** Keeps interactions in a plain map, for ever. */
export function plainInteractions (): Interactions {
  const known = new Map<string, Interaction>()
  return {
    find: (id) => known.get(id),
    replace: (before, next) => {
      if (known.get(next.id) !== before) return 'changed'
      known.set(next.id, next)
      return 'done'
    },
    restore: (before, next) => {
      if (known.get(next.id) !== next) return
      if (before) known.set(next.id, before)
      else known.delete(next.id)
    }
  }
}

/** A call without facts: of the operation that every test calls, with these credentials and otherwise as given. */
export function callWith (authorization: string, changes: Partial<Call> = {}): AdmittedCall {
  return { method: 'GET', path: '/rest/things/v1/things', query: '', authorization: [authorization], proofs: [], rawHeaders: [], listener: 'public', connection: { secure: false, certificate: undefined }, demands: noDemands, operationId: 'listThings', now: testTime, blockedSeconds: 0, body: undefined, ...changes }
}

/** The world in which the good voucher is admitted, but for the changes. */
export function portsOf (changes: Partial<Ports> = {}): Ports & { readonly burst: ReturnType<typeof countingLimiter>, readonly quota: ReturnType<typeof plainQuotas> } {
  const registry = registryOf()
  return { keys: platformKeys(), clientKeys: { find: () => 'unknown' }, certificates: { find: () => ({ untrusted: 'nobody is trusted by certificate' }) }, internalClients: { byKey: () => undefined, byCertificate: () => undefined }, registry: () => registry, burst: countingLimiter(), quota: plainQuotas(), replay: plainReplay(), nonces: noncesOf(Buffer.alloc(32, 7)), interactions: plainInteractions(), resolver: { resolve: () => [{ address: '8.8.8.8', isPublic: true }] }, ...changes as object }
}
