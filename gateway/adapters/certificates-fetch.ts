import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { parseCertificates } from './certificates-file.ts'
import { maxChain, presentedOf } from './certificates-header.ts'
import type { Presented } from './certificates-header.ts'

const deadlineMs = 2000
const maxBytes = 64 * 1024
const keptMs = 10 * 60_000
/** How long it is remembered that nothing good was found. */
const failedMs = 30_000
const maxKept = 200
const maxFailed = 1000
/** Fetches per second, whoever causes them: each is caused by somebody of whom nothing is known yet. */
const perSecond = 5

/** What stands under an address: certificates, or why there are none that may be used. */
export type Fetched = Presented | { readonly untrusted: string } | 'unavailable'
interface Remembered { readonly fetched: Fetched, readonly until: number }

/**
 * Fetches certificates from `x5u` (RFC 7515, 4.1.5), from the origins of the configuration alone: no redirects, 2 s, 64 KiB; one fetch for
 * all who ask at once, what came is kept for 10 minutes, a failure for 30 s. Every other address costs no connection.
 */
export class CertificateFetcher {
  readonly #origins: readonly string[]
  readonly #dispatcher: Dispatcher
  readonly #kept = new Map<string, Remembered>()
  readonly #failed = new Map<string, Remembered>()
  readonly #pending = new Map<string, Promise<Fetched>>()
  #second = 0
  #count = 0

  constructor (origins: readonly string[], dispatcher: Dispatcher = new Agent({ connections: 4, keepAliveTimeout: 1000 })) {
    this.#origins = origins
    this.#dispatcher = dispatcher
  }

  /** True for the exact spelling of an address that certificates may be fetched from. */
  allows (address: unknown): address is string {
    if (typeof address !== 'string' || address.length > 1000 || !URL.canParse(address)) return false
    const { href, origin, search, hash, username, password } = new URL(address)
    return href === address && search + hash + username + password === '' && this.#origins.includes(origin)
  }

  /** The certificates under an address. `now` in epoch ms. Never throws. */
  fetch (address: unknown, now: number): Fetched | Promise<Fetched> {
    if (!this.allows(address)) return { untrusted: 'x5u is not an address that certificates may be fetched from' }
    const known = this.#kept.get(address) ?? this.#failed.get(address)
    if (known && now < known.until) return known.fetched
    const pending = this.#pending.get(address)
    if (pending) return pending
    if (!this.#mayFetch(now)) return 'unavailable'
    const fetched = this.#download(address).then((result) => this.#remember(address, result, now)).finally(() => { this.#pending.delete(address) })
    this.#pending.set(address, fetched)
    return fetched
  }

  #mayFetch (now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) [this.#second, this.#count] = [second, 0]
    return ++this.#count <= perSecond
  }

  async #download (address: string): Promise<Fetched> {
    try {
      const { statusCode, body } = await request(address, { dispatcher: this.#dispatcher, headers: { accept: 'application/x-pem-file, application/pem-certificate-chain' }, signal: AbortSignal.timeout(deadlineMs) })
      const bytes = await read(body)
      const certificates = statusCode === 200 && bytes ? parseCertificates(bytes) : undefined
      return certificates && certificates.length <= maxChain ? presentedOf(certificates.map(({ raw }) => raw)) : { untrusted: 'x5u leads to no certificate' }
    } catch {
      return 'unavailable'
    }
  }

  // Who can make addresses fail must not be able to push out what is good.
  #remember (address: string, fetched: Fetched, now: number): Fetched {
    const isGood = fetched !== 'unavailable' && 'ders' in fetched
    const [into, max] = isGood ? [this.#kept, maxKept] : [this.#failed, maxFailed]
    this.#kept.delete(address)
    this.#failed.delete(address)
    if (into.size >= max) into.delete(into.keys().next().value as string)
    into.set(address, { fetched, until: now + (isGood ? keptMs : failedMs) })
    return fetched
  }
}

async function read (body: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
