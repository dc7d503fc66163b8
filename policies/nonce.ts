import { createHmac, timingSafeEqual } from 'node:crypto'

/** How long one nonce is handed out; it is taken for as long again. In ms. */
const stepMs = 60_000
const macBytes = 16

/**
 * Nonces for DPoP proofs (RFC 9449, 8 and 9): nobody can make a proof ahead of time without one. They are not remembered: a nonce is its time
 * step with a MAC, so whoever knows the secret (every gateway of a configuration) takes what another one handed out. `now` in epoch ms.
 */
export interface Nonces {
  /** The nonce to be used from now on. */
  current (now: number): string
  /** True for the current nonce and for the one before it. */
  accepts (nonce: unknown, now: number): boolean
}

/** Makes nonces with a secret of at least 32 bytes. */
export function noncesOf (secret: Uint8Array): Nonces {
  const make = (step: number): string => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(step)
    return Buffer.concat([head, createHmac('sha256', secret).update(head).digest().subarray(0, macBytes)]).toString('base64url')
  }
  return {
    current: (now) => make(Math.floor(now / stepMs)),
    accepts: (nonce, now) => {
      if (typeof nonce !== 'string') return false
      const received = Buffer.from(nonce)
      const step = Math.floor(now / stepMs)
      return [step, step - 1].map((one) => Buffer.from(make(one))).some((good) => good.length === received.length && timingSafeEqual(good, received))
    }
  }
}
