import { createSecretKey } from 'node:crypto'
import { jwtVerify } from 'jose'
import { varcoCallHeader, varcoCallIssuer } from '../openapi/varco-call.ts'
import type { VarcoCall } from '../openapi/varco-call.ts'

/** The part of an HTTP request that a Varco-Call is bound to. */
export interface BoundRequest { readonly method: string, readonly url: string, readonly headers: Readonly<Record<string, string | string[] | undefined>> }

/**
 * Prepares the check that a request came through the gateway: a `Varco-Call` JWS signed with this upstream's secret, for this base path
 * (`audience`), not expired at `now`, and bound to exactly this method and target. Gives undefined for anything else.
 */
export function prepareVarcoCall (secret: string, audience: string, now: () => Date): (request: BoundRequest) => Promise<VarcoCall | undefined> {
  const key = createSecretKey(secret, 'utf8')
  return async ({ method, url, headers }) => {
    const token = headers[varcoCallHeader]
    if (typeof token !== 'string') return undefined
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['HS256'], issuer: varcoCallIssuer, audience, requiredClaims: ['exp', 'iat', 'htm', 'htu', 'operationId', 'correlationId'], currentDate: now(), clockTolerance: 5
      })
      return payload['htm'] === method && payload['htu'] === url ? payload as unknown as VarcoCall : undefined
    } catch {
      return undefined
    }
  }
}
