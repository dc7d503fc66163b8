import { readSigningKey } from '../adapters/keychain-file.ts'
import type { SigningKey } from '../adapters/keychain-file.ts'
import type { PdndEnvironment } from '../pdnd-environments.ts'
import { BackOff } from './back-off.ts'
import { makeDpopKey } from './dpop-key.ts'
import type { DpopKey } from './dpop-key.ts'
import { requestVoucher } from './voucher-request.ts'

/** The client of the interop API as which the gateway asks; `privateKey` is a PKCS#8 PEM file (0600), its kid the thumbprint. v3 wants bound vouchers. */
export interface ApiClient { readonly version: 'v2' | 'v3', readonly clientId: string, readonly privateKey: string }

/** A voucher for the interop API with the key that it is bound to (v3). */
export interface ApiVoucher { readonly accessToken: string, readonly dpop: DpopKey | undefined }

/** What asking for one needs; `now` in epoch ms. */
export interface ApiVoucherOptions {
  readonly client: ApiClient
  readonly environment: Pick<PdndEnvironment, 'tokenUrl' | 'clientAssertionAudience'>
  readonly now: () => number
  readonly randomUUID: () => string
}

interface Held { readonly voucher: ApiVoucher, readonly renewAt: number, readonly expiresAt: number }

/** At this part of its life a voucher is renewed. */
const renewedAt = 0.8
/** A voucher that has less than this to live is not sent any more: it must still be good when it arrives. */
const marginMs = 5000

/**
 * The gateway's voucher for the interop API, kept and renewed: one request at a time however many want it, behind its use while the
 * present one is still good, and with pauses after failures. The key file is read anew each time, so that a rotated key is found.
 */
export class ApiVouchers {
  readonly #options: ApiVoucherOptions
  readonly #backOff: BackOff
  #held: Held | undefined
  #pending: Promise<Held> | undefined

  constructor (options: ApiVoucherOptions) {
    this.#options = options
    this.#backOff = new BackOff(options.now)
  }

  /** A voucher that is good now. Throws an Error with a sentence when there is none. */
  async take (): Promise<ApiVoucher> {
    const now = this.#options.now()
    const held = this.#held
    if (!held || now >= held.expiresAt) return (await this.#renew()).voucher
    // A renewal that fails is tried again by whoever comes next, after its pause.
    if (now >= held.renewAt) this.#renew().catch(() => undefined)
    return held.voucher
  }

  /** Forgets a voucher that the platform did not take. */
  reject (voucher: ApiVoucher): void {
    if (this.#held?.voucher === voucher) this.#held = undefined
  }

  async #renew (): Promise<Held> {
    this.#pending ??= this.#request().finally(() => { this.#pending = undefined })
    return this.#pending
  }

  async #request (): Promise<Held> {
    if (this.#backOff.remainingMs > 0) throw new Error('the last request failed, and the next one waits a while')
    const { client: { privateKey: file } } = this.#options
    // Nobody is asked without a key: no pause, so that one that appears is used at once.
    const key = await readSigningKey(file)
    if (typeof key === 'string') throw new Error(`the key file ${file} ${key}`)
    try {
      this.#held = await ask(this.#options, key)
      this.#backOff.succeeded()
      return this.#held
    } catch (error) {
      this.#backOff.failed()
      throw error
    }
  }
}

async function ask ({ client: { version, clientId }, environment, now, randomUUID }: ApiVoucherOptions, { kid, key: privateKey }: SigningKey): Promise<Held> {
  const dpop = version === 'v3' ? await makeDpopKey() : undefined
  const askedAt = now()
  const { tokenUrl, clientAssertionAudience: assertionAudience } = environment
  const { accessToken, expiresIn } = await requestVoucher({ tokenUrl, assertionAudience, clientId, kid, privateKey, now, randomUUID, dpop })
  const lifeMs = expiresIn * 1000
  if (!(lifeMs > marginMs)) throw new Error(`the token endpoint gave a voucher that lives for ${expiresIn} s`)
  return { voucher: { accessToken, dpop }, renewAt: askedAt + lifeMs * renewedAt, expiresAt: askedAt + lifeMs - marginMs }
}
