import { setTimeout as wait } from 'node:timers/promises'
import type { Headers } from '../fire.ts'
import type { Platform } from '../platform.ts'
import { dpop } from '../proofs.ts'
import type { Caller } from './caller.ts'

/** The public URL of all gateways of a site, for which proofs are made: a proof is good at each of them, once. */
export const publicUrl = 'https://api.loadtest.example.it'

/** The holder of a voucher that is bound to a key (DPoP), which makes a proof for each call of one path. */
export interface Prover {
  readonly path: string
  /** The headers of a call that was never made before. */
  readonly headers: () => Promise<Headers>
}

/** Mints a voucher for a purpose, bound to a new key, with which calls of a path are proved. */
export async function makeProver (platform: Platform, purpose: string, path: string): Promise<Prover> {
  return { path, headers: await dpop(purpose).prepare({ method: 'GET', url: publicUrl + path, headers: {}, body: undefined }, platform) }
}

/** Waits until gateways decide on proofs: for some seconds after their Redis was started they do not (replay-filter-unavailable). */
export async function waitUntilDeciding (callers: readonly Caller[], { path, headers }: Prover, signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(20_000)])
  for (const caller of callers) {
    while ((await caller.get(path, await headers())).status !== 200) await wait(100, undefined, { signal: patience })
  }
}
