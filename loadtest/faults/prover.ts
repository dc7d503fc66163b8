import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { makeDpopKey } from '../../gateway/pdnd/dpop-key.ts'
import { signDpopProof } from '../../gateway/pdnd/dpop-signing.ts'
import { thumbprintOf } from '../../policies/jwk.ts'
import type { Platform } from '../platform.ts'
import type { Caller } from './caller.ts'

/** The public URL of all gateways of a site, for which proofs are made: a proof is good at each of them, once. */
export const publicUrl = 'https://api.loadtest.example.it'

type Headers = Readonly<Record<string, string>>

/** The holder of a voucher that is bound to a key (DPoP), which makes a proof for each call of one path. */
export interface Prover {
  readonly path: string
  /** The headers of a call that was never made before. */
  readonly headers: () => Promise<Headers>
}

/** As far as the clock of a caller may be ahead (policies/claim.ts), in ms. */
const aheadMs = 5000

/**
 * Mints a voucher for a purpose, bound to a new ES256 key. Proofs are from a clock that is 5 s ahead, as one may be: a Redis that was just started is
 * the first to decide on those.
 */
export async function makeProver (platform: Platform, purpose: string, path: string): Promise<Prover> {
  const { privateKey, publicKey } = await makeDpopKey()
  const publicJwk = publicKey.export({ format: 'jwk' })
  const voucher = await platform.mint({ purpose, claims: { cnf: { jkt: thumbprintOf(publicJwk as Readonly<Record<string, unknown>>) } } })
  const now = (): number => Date.now() + aheadMs
  return {
    path,
    headers: async () => ({ authorization: `DPoP ${voucher}`, dpop: await signDpopProof({ privateKey, publicJwk, method: 'GET', url: publicUrl + path, now, randomUUID, accessToken: voucher }) })
  }
}

/** Waits until gateways decide on proofs: for some seconds after their Redis was started they do not (replay-filter-unavailable). */
export async function waitUntilDeciding (callers: readonly Caller[], { path, headers }: Prover, signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(20_000)])
  for (const caller of callers) {
    while ((await caller.get(path, await headers())).status !== 200) await wait(100, undefined, { signal: patience })
  }
}
