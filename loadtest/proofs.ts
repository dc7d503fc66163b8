import { randomUUID } from 'node:crypto'
import { makeDpopKey } from '../gateway/pdnd/dpop-key.ts'
import { signDpopProof } from '../gateway/pdnd/dpop-signing.ts'
import { readKeyPair } from '../gateway/pdnd/key-file.ts'
import { signRequest } from '../gateway/pdnd/signed-request.ts'
import { clientKeyPath } from '../gateway/sandbox/key-store.ts'
import { thumbprintOf } from '../policies/jwk.ts'
import type { Headers } from './fire.ts'
import type { Platform, Wanted } from './platform.ts'

/** A call that is to be proved. */
export interface Call { readonly method: 'GET' | 'POST', readonly url: string, readonly headers: Headers, readonly body: string | undefined }

/**
 * How calls prove who makes them. `prepare` gives what makes the headers of a call; where they are good for one call only (`once`) each call needs
 * its own.
 */
export interface Proof {
  readonly once: boolean
  readonly prepare: (call: Call, platform: Platform) => Promise<() => Promise<Headers>>
}

/** Calls that prove nothing. */
export const nothing: Proof = { once: false, prepare: async () => async () => ({}) }

/** One voucher for all calls; `change` spoils it. */
export function bearer (wanted: Wanted, change = (voucher: string): string => voucher): Proof {
  return {
    once: false,
    prepare: async (_call, platform) => {
      const authorization = `Bearer ${change(await platform.mint(wanted))}`
      return async () => ({ authorization })
    }
  }
}

/** A voucher for each call, which was never seen before. */
export function unseen (wanted: Wanted): Proof {
  return { once: true, prepare: async (_call, platform) => async () => ({ authorization: `Bearer ${await platform.mint(wanted)}` }) }
}

/** As far as the clock of a caller may be ahead (policies/claim.ts), in ms. */
const aheadMs = 5000

/**
 * One voucher, bound to a new ES256 key, and a DPoP proof for each call (RFC 9449). Proofs are from a clock that is 5 s ahead, as one may be: a Redis that was
 * just started is the first to decide on those.
 */
export function dpop (purpose: string): Proof {
  return {
    once: true,
    prepare: async ({ method, url }, platform) => {
      const { privateKey, publicKey } = await makeDpopKey()
      const publicJwk = publicKey.export({ format: 'jwk' })
      const accessToken = await platform.mint({ purpose, claims: { cnf: { jkt: thumbprintOf(publicJwk as Readonly<Record<string, unknown>>) } } })
      const now = (): number => Date.now() + aheadMs
      return async () => ({ authorization: `DPoP ${accessToken}`, dpop: await signDpopProof({ privateKey, publicJwk, method, url, now, randomUUID, accessToken }) })
    }
  }
}

/** One voucher, and a signature over the message for each call (INTEGRITY_REST_02). */
export function signed (purpose: string, audience: string): Proof {
  return {
    once: true,
    prepare: async ({ method, url, headers, body = '' }, { keys, consumer, mint }) => {
      const client = { clientId: consumer, ...await readKeyPair(clientKeyPath(keys, consumer)) }
      const proofs = { voucher: { accessToken: await mint({ purpose }), tokenType: 'Bearer' as const }, integrity: { audience, headers: [] } }
      const request = { method, url: new URL(url), headers: Object.entries(headers), body: Buffer.from(body) }
      return async () => {
        const sent = await signRequest(request, proofs, client, { now: Date.now, randomUUID })
        return Object.fromEntries(sent.headers.filter(([name]) => ['Authorization', 'Digest', 'Agid-JWT-Signature'].includes(name)))
      }
    }
  }
}
