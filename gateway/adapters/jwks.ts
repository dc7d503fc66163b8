import type { KeyObject } from 'node:crypto'
import { request } from 'undici'
import { parseJson } from '../../openapi/json.ts'
import { findKeyFault, importKey } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import type { FoundKey, Keys } from '../../policies/keys.ts'

const maxBytes = 1024 * 1024
const deadlineMs = 5000
/** At most one fetch in this time is caused by unknown keys, so that invented ids cannot flood the platform. */
const coolDownMs = 30_000
/** How long keys serve on while their source cannot be reached. */
const staleMs = 24 * 60 * 60 * 1000

/** What the key source needs from outside; `now` in epoch ms. */
export interface JwksOptions { readonly uri: string, readonly now: () => number, readonly warn: (message: string) => void }

/**
 * The platform's public keys from its JWKS endpoint. A good set is only ever replaced by another good one: an empty or broken answer,
 * or none, keeps the keys that are known for 24 hours. An unknown kid causes one fetch, shared by all who wait for it, at most every 30 s.
 */
export class JwksKeys implements Keys {
  readonly #options: JwksOptions
  #keys: ReadonlyMap<string, KeyObject> = new Map()
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

  /** True once a set has been fetched that may still be used. */
  get ready (): boolean {
    return this.#options.now() - this.#fetchedAt < staleMs
  }

  #verdict (kid: string): FoundKey {
    const key = this.known(kid)
    if (key) return { key }
    // "Unknown" may only be said by a source that answered when it was last asked.
    return this.#fetchedAt >= this.#askedAt ? 'unknown' : 'unavailable'
  }

  async #fetch (): Promise<void> {
    const { uri, now, warn } = this.#options
    const askedAt = now()
    this.#askedAt = askedAt
    try {
      const keys = readKeys(await download(uri))
      if (keys.size === 0) throw new Error('it holds no usable signing key')
      if (changed(this.#keys, keys)) this.epoch++
      this.#keys = keys
      this.#fetchedAt = askedAt
    } catch (error) {
      warn(`the platform's keys could not be fetched from ${uri}: ${(error as Error).message}`)
    }
  }
}

async function download (uri: string): Promise<Uint8Array> {
  const { statusCode, body } = await request(uri, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(deadlineMs) })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  if (statusCode !== 200) throw new Error(`it answered ${statusCode}`)
  return Buffer.concat(chunks)
}

/** The usable keys of a JWKS: RSA of at least 2048 bits, public, for RS256, each id once. Others are left out. */
function readKeys (bytes: Uint8Array): ReadonlyMap<string, KeyObject> {
  const parsed = parseJson(bytes)
  const set = 'value' in parsed ? (parsed.value as { keys?: unknown } | null)?.keys : undefined
  if (!Array.isArray(set)) throw new Error('it is not a JWK set')
  const ids = set.map((jwk: Jwk | null) => jwk?.['kid'])
  return new Map(set.flatMap((jwk: Jwk | null): [string, KeyObject][] => {
    const kid = jwk?.['kid']
    if (!jwk || typeof kid !== 'string' || ids.filter((id) => id === kid).length > 1 || findKeyFault(jwk, 'RS256') !== undefined) return []
    const key = importKey(jwk)
    return key ? [[kid, key]] : []
  }))
}

function changed (before: ReadonlyMap<string, KeyObject>, after: ReadonlyMap<string, KeyObject>): boolean {
  return before.size !== after.size || [...after].some(([kid, key]) => !before.get(kid)?.equals(key))
}
