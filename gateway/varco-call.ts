import { varcoCallIssuer, varcoCallLifetimeSeconds } from '../openapi/varco-call.ts'
import type { VarcoCall, VarcoCallClaims } from '../openapi/varco-call.ts'
import { prepareHmac } from './hmac.ts'

const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')

/**
 * Prepares the proof that a request comes through the gateway: signs, with the upstream's secret, who calls and for what, bound to the
 * method and target actually sent. `now` in epoch ms.
 */
export function prepareVarcoCall (secret: string, audience: string): (call: VarcoCall, method: string, target: string, now: number) => string {
  const mac = prepareHmac(secret)
  return (call, method, target, now) => {
    const iat = Math.floor(now / 1000)
    const claims: VarcoCallClaims = { iss: varcoCallIssuer, aud: audience, iat, exp: iat + varcoCallLifetimeSeconds, htm: method, htu: target, ...call }
    const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return `${signed}.${mac(signed)}`
  }
}
