import { proofLifetime } from './dpop-proof.ts'

/** The DPoP proofs that were used for a voucher, by `jti` alone as on the platform. */
export interface UsedProofs {
  has (jti: string): boolean
  /** Remembers a proof of `iat` (epoch seconds) as long as it is good; false when its jti was used already. */
  add (jti: string, iat: number): boolean
}

/** A memory of used proofs that forgets each when it can no longer be accepted; `now` in epoch ms. */
export function createUsedProofs (now: () => number): UsedProofs {
  const goodUntil = new Map<string, number>()
  const forgetExpired = (): void => {
    const seconds = Math.floor(now() / 1000)
    for (const [jti, last] of goodUntil) if (seconds > last) goodUntil.delete(jti)
  }
  const has = (jti: string): boolean => {
    forgetExpired()
    return goodUntil.has(jti)
  }
  return {
    has,
    add: (jti, iat) => {
      if (has(jti)) return false
      goodUntil.set(jti, iat + proofLifetime)
      return true
    }
  }
}
