import { isUuid } from '../../policies/claim.ts'
import { findKeyFault, importKey, thumbprintOf } from '../../policies/jwk.ts'
import { isRecord } from '../../policies/jws.ts'
import type { ClientKeys, FoundClientKey } from '../../policies/keys.ts'
import { Budget, inTime, putNewest } from '../pdnd/asking.ts'
import type { InteropApi } from '../pdnd/interop-api.ts'

/** What the source of client keys needs; `now` in epoch ms. */
export interface PlatformClientKeysOptions {
  readonly api: Pick<InteropApi, 'get'>
  readonly now: () => number
  readonly warn: (message: string) => void
}

/** A key as it is kept: what the platform said and when, in epoch ms. */
export interface KeptClientKey {
  readonly kid: string
  readonly clientId: string
  readonly jwk: { readonly kty: 'RSA', readonly n: string, readonly e: string }
  readonly checkedAt: number
}

/** The last that the platform told of a key, and when that was heard here, in epoch ms. */
export interface ToldOfKey { readonly kid: string, readonly what: 'added' | 'deleted', readonly at: number }

interface Known { readonly found: Exclude<FoundClientKey, string>, readonly kept: KeptClientKey }
/** A question that is under way, and what the platform told about the key meanwhile. */
interface Lookup { verdict: Promise<FoundClientKey>, overtakenBy?: ToldOfKey['what'] }

/** The id of a key on the platform: its SHA-256 thumbprint (RFC 7638). Nothing else is ever asked for. */
const kidForm = /^[A-Za-z0-9_-]{43}$/
const mostKeys = 10_000
/** How long a key serves on while the platform cannot be asked. */
const staleMs = 24 * 60 * 60 * 1000
/** A key that is used is asked for again, behind its use, when its last answer is older than this. */
const revalidatedMs = 60 * 60 * 1000
/** How long the platform's "no such key" is believed. */
const deniedMs = 45_000
/** Questions to the platform in a second, however many ids are invented. */
const lookupsPerSecond = 20
const warnedMs = 30_000

/**
 * The keys of consumers' clients, looked up on the platform once and kept: a known key never waits and serves on for 24 hours while the
 * platform is away. Only RSA keys whose thumbprint is their id are taken; the `alg` that the uploader wrote is not looked at. Ids that
 * are not known cost one question each, shared by all who wait, and a bounded number of questions a second altogether.
 */
export class PlatformClientKeys implements ClientKeys {
  readonly #options: PlatformClientKeysOptions
  readonly #keys = new Map<string, Known>()
  /** Until when an id is held for unknown, oldest first. */
  readonly #denied = new Map<string, number>()
  readonly #pending = new Map<string, Lookup>()
  readonly #told = new Map<string, ToldOfKey>()
  readonly #budget: Budget
  #warnedAt = -Infinity
  /** When everything was forgotten that was known by then, in epoch ms. */
  forgottenAt = -Infinity
  /** Changes with every change of what is kept. */
  revision = 0

  constructor (options: PlatformClientKeysOptions) {
    this.#options = options
    this.#budget = new Budget(lookupsPerSecond, options.now)
  }

  find (kid: string): FoundClientKey | Promise<FoundClientKey> {
    if (!kidForm.test(kid)) return 'unknown'
    const now = this.#options.now()
    const known = this.#keys.get(kid)
    if (known && now - known.kept.checkedAt < staleMs) {
      this.#keep(kid, known)
      if (now - known.kept.checkedAt >= revalidatedMs) this.#lookUp(kid)
      return known.found
    }
    if ((this.#denied.get(kid) ?? 0) > now) return 'unknown'
    const lookup = this.#lookUp(kid)
    return lookup ? inTime(lookup.verdict, 'unavailable') : 'unavailable'
  }

  /** The platform says that the key was deposited: it is no longer held for unknown. */
  added (kid: string): void {
    this.#denied.delete(kid)
    this.#tell(kid, 'added')
    this.#overtake(kid, 'added')
  }

  /** The platform says that the key was deleted: it is gone at once, and not asked for while the platform may still show it. */
  deleted (kid: string): void {
    this.#deny(kid)
    this.#tell(kid, 'deleted')
    this.#overtake(kid, 'deleted')
  }

  /** Forgets everything: whoever uses a key next asks the platform. */
  forget (): void {
    for (const kid of this.#pending.keys()) this.#overtake(kid, 'deleted')
    this.#keys.clear()
    this.#denied.clear()
    this.forgottenAt = this.#options.now()
    this.revision++
  }

  /** What is kept, least recently used first. */
  kept (): readonly KeptClientKey[] {
    return [...this.#keys.values()].map(({ kept }) => kept)
  }

  /** What was told within the time in which a key that is used is asked for again. */
  told (): readonly ToldOfKey[] {
    const since = this.#options.now() - revalidatedMs
    for (const [kid, { at }] of this.#told) if (at < since) this.#told.delete(kid)
    return [...this.#told.values()]
  }

  /** Hears what was told to another process, of keys that only this one knows too. What is of no such form is left out. */
  hear (told: readonly unknown[], forgottenAt: unknown): void {
    if (typeof forgottenAt === 'number' && forgottenAt > this.forgottenAt) {
      this.forget()
      this.forgottenAt = forgottenAt
    }
    for (const one of told) {
      if (!isRecord(one) || typeof one['kid'] !== 'string' || !kidForm.test(one['kid']) || typeof one['at'] !== 'number') continue
      const { kid, what, at } = one
      if ((what !== 'added' && what !== 'deleted') || (this.#told.get(kid)?.at ?? -Infinity) >= at) continue
      this[what](kid)
      this.#told.set(kid, { kid, what, at })
    }
  }

  /** Takes what another process kept; what is no such key or too old is left out, and what was asked for later stays. */
  restore (list: readonly unknown[]): void {
    const now = this.#options.now()
    for (const one of list) {
      if (!isRecord(one) || typeof one['kid'] !== 'string' || typeof one['checkedAt'] !== 'number' || one['checkedAt'] > now || this.#knows(one['kid'], one['checkedAt'])) continue
      const read = readClientKey(one['kid'], one, one['checkedAt'])
      if ('found' in read && now - read.kept.checkedAt < staleMs) this.#keep(one['kid'], read)
    }
  }

  /** Whether something was learnt of a key after that time. */
  #knows (kid: string, checkedAt: number): boolean {
    const told = this.#told.get(kid)
    return (this.#keys.get(kid)?.kept.checkedAt ?? -Infinity) >= checkedAt || (told?.what === 'deleted' && told.at >= checkedAt)
  }

  #lookUp (kid: string): Lookup | undefined {
    const pending = this.#pending.get(kid)
    if (pending || !this.#budget.spend()) return pending
    const lookup: Lookup = { verdict: Promise.resolve('unavailable') }
    this.#pending.set(kid, lookup)
    lookup.verdict = this.#ask(kid, lookup).finally(() => { this.#pending.delete(kid) })
    return lookup
  }

  async #ask (kid: string, lookup: Lookup): Promise<FoundClientKey> {
    try {
      const answer = await this.#options.api.get(['keys', kid])
      const read = answer && readClientKey(kid, answer, this.#options.now())
      if (lookup.overtakenBy === 'deleted') return 'unavailable'
      if (read && 'found' in read) return this.#keep(kid, read).found
      if (read?.fault === 'another') throw new Error('the platform answered for another key than was asked for')
      if (lookup.overtakenBy === 'added') return 'unavailable'
      if (read) this.#warn(`a client key of the platform is not taken: ${read.fault}`)
      this.#deny(kid)
      return 'unknown'
    } catch (error) {
      this.#warn(`a client key could not be asked for: ${(error as Error).message}`)
      return 'unavailable'
    }
  }

  // The last in a map is the last that was used: the first is forgotten when there are too many.
  #keep (kid: string, known: Known): Known {
    if (this.#keys.get(kid) !== known) this.revision++
    this.#denied.delete(kid)
    putNewest(this.#keys, kid, known, mostKeys)
    return known
  }

  #deny (kid: string): void {
    if (this.#keys.delete(kid)) {
      this.revision++
      this.#tell(kid, 'deleted')
    }
    putNewest(this.#denied, kid, this.#options.now() + deniedMs, mostKeys)
  }

  #tell (kid: string, what: ToldOfKey['what']): void {
    putNewest(this.#told, kid, { kid, what, at: this.#options.now() }, mostKeys)
  }

  #overtake (kid: string, by: 'added' | 'deleted'): void {
    const lookup = this.#pending.get(kid)
    if (lookup) lookup.overtakenBy = by
  }

  // A flood of ids while the platform is away must not become a flood of lines.
  #warn (message: string): void {
    const now = this.#options.now()
    if (now - this.#warnedAt < warnedMs) return
    this.#warnedAt = now
    this.#options.warn(message)
  }
}

/** Reads `{clientId, jwk}` (GET /keys/{kid}). `another`: it is not about this key. */
function readClientKey (kid: string, { clientId, jwk }: Readonly<Record<string, unknown>>, checkedAt: number): Known | { readonly fault: string } {
  if (!isUuid(clientId) || !isRecord(jwk)) return { fault: 'another' }
  // The alg of a deposited key is free text of whoever uploaded it.
  const { alg: _alg, ...own } = jwk
  const fault = findKeyFault(own, 'RS256')
  if (fault !== undefined) return { fault }
  if (thumbprintOf(own) !== kid) return { fault: 'another' }
  const key = importKey(own)
  if (!key) return { fault: 'numbers that are no key' }
  return { found: { key, clientId }, kept: { kid, clientId, jwk: { kty: 'RSA', n: String(jwk['n']), e: String(jwk['e']) }, checkedAt } }
}
