import { proofLifetime } from './dpop-proof.ts'

/** Seconds that a request may take from the check of its proof's time to this memory: it must not outlive the entry. */
const requestTime = 10

/** The DPoP proofs that were used for a voucher, by `jti` alone as on the platform. */
export interface UsedProofs {
  has (jti: string): boolean
  /** Remembers a proof of `iat` (epoch seconds) as long as it can be accepted; false when its jti was used already. */
  add (jti: string, iat: number): boolean
}

/** A memory of used proofs that forgets each when no request with it can be under way any more; `now` in epoch ms. */
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
      goodUntil.set(jti, iat + proofLifetime + requestTime)
      return true
    }
  }
}
