import type { KeyObject } from 'node:crypto'
import { parseJson } from '../../openapi/json/json.ts'
import { findKeyFault, importKey } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import type { FoundKey, Keys } from '../../policies/keys.ts'
import type { PlatformConnection } from '../pdnd/platform-connection.ts'
import type { SnapshotFile } from './snapshot-file.ts'

/** At most one fetch in this time is caused by unknown keys, so that invented ids cannot flood the platform. */
const coolDownMs = 30_000
/** How long keys serve on while their source cannot be reached. */
const staleMs = 24 * 60 * 60 * 1000

/** What the key source needs from outside; `now` in epoch ms. `snapshot` keeps the set for a start without the platform. */
export interface JwksOptions {
  readonly uri: string
  readonly connection: PlatformConnection
  readonly now: () => number
  readonly warn: (message: string) => void
  readonly snapshot?: SnapshotFile
}

type KeySet = ReadonlyMap<string, KeyObject>

/**
 * The platform's public keys from its JWKS endpoint. A good set is only ever replaced by another good one: an empty or broken answer,
 * or none, keeps the keys that are known for 24 hours. An unknown kid causes one fetch, shared by all who wait for it, at most every 30 s.
 */
export class JwksKeys implements Keys {
  readonly #options: JwksOptions
  #keys: KeySet = new Map()
  #fetchedAt = -Infinity
  #askedAt = -Infinity
  #pending: Promise<void> | undefined
  epoch = 0

  constructor (options: JwksOptions) {
    this.#options = options
  }

  find (kid: string): FoundKey | Promise<FoundKey> {
    const key = this.known(kid)
    if (key) return { key }
    if (!this.#pending && this.#options.now() - this.#askedAt < coolDownMs) return this.#verdict(kid)
    return this.refresh().then(() => this.#verdict(kid))
  }

  known (kid: string): KeyObject | undefined {
    return this.ready ? this.#keys.get(kid) : undefined
  }

  /** Fetches the set now (or waits for the fetch that is under way). Never throws: what goes wrong is warned about. */
  async refresh (): Promise<void> {
    this.#pending ??= this.#fetch().finally(() => { this.#pending = undefined })
    return this.#pending
  }

  /** Takes the set of the snapshot, if there is one that may be used and none was fetched later: its age counts on from when it was fetched. */
  async restore (): Promise<void> {
    const { snapshot, warn } = this.#options
    const kept = await snapshot?.read()
    if (!kept || kept.at <= this.#fetchedAt) return
    try {
      this.#take(readKeys(kept.content), kept.at)
    } catch (error) {
      warn(`the snapshot of the platform's keys is not used: ${(error as Error).message}`)
    }
  }

  /** True while there is a set that may be used. */
  get ready (): boolean {
    return this.ageMs < staleMs
  }

  /** How long ago the set in use was fetched, in ms; Infinity when there is none. */
  get ageMs (): number {
    return this.#options.now() - this.#fetchedAt
  }

  /** True when the source answered with a good set when it was last asked. */
  get current (): boolean {
    return this.#fetchedAt > -Infinity && this.#fetchedAt >= this.#askedAt
  }

  #verdict (kid: string): FoundKey {
    const key = this.known(kid)
    if (key) return { key }
    // "Unknown" may only be said by a source that answered when it was last asked.
    return this.current ? 'unknown' : 'unavailable'
  }

  async #fetch (): Promise<void> {
    const { uri, connection, now, warn, snapshot } = this.#options
    const askedAt = now()
    this.#askedAt = askedAt
    try {
      const { status, bytes } = await connection.get(uri, { accept: 'application/json' })
      if (status !== 200) throw new Error(`it answered ${status}`)
      const parsed = parseJson(bytes)
      this.#take(readKeys('value' in parsed ? parsed.value : undefined), askedAt)
    } catch (error) {
      warn(`the platform's keys could not be fetched from ${uri}: ${(error as Error).message}`)
      return
    }
    // Nobody waits for the disk.
    void snapshot?.write({ content: writeKeys(this.#keys), at: askedAt })
  }

  #take (keys: KeySet, fetchedAt: number): void {
    if (keys.size === 0) throw new Error('it holds no usable signing key')
    if (changed(this.#keys, keys)) this.epoch++
    this.#keys = keys
    this.#fetchedAt = fetchedAt
  }
}

/** The usable keys of a JWKS: RSA of at least 2048 bits, public, for RS256, each id once. Others are left out. */
function readKeys (document: unknown): KeySet {
  const set = (document as { keys?: unknown } | null | undefined)?.keys
  if (!Array.isArray(set)) throw new Error('it is not a JWK set')
  const ids = set.map((jwk: Jwk | null) => jwk?.['kid'])
  return new Map(set.flatMap((jwk: Jwk | null): [string, KeyObject][] => {
    const kid = jwk?.['kid']
    if (!jwk || typeof kid !== 'string' || ids.filter((id) => id === kid).length > 1 || findKeyFault(jwk, 'RS256') !== undefined) return []
    const key = importKey(jwk)
    return key ? [[kid, key]] : []
  }))
}

function writeKeys (keys: KeySet): { readonly keys: readonly Jwk[] } {
  return { keys: [...keys].map(([kid, key]) => ({ ...key.export({ format: 'jwk' }), kid })) }
}

function changed (before: KeySet, after: KeySet): boolean {
  return before.size !== after.size || [...after].some(([kid, key]) => !before.get(kid)?.equals(key))
}
