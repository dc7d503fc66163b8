import { varcoCallIssuer, varcoCallLifetimeSeconds } from '../openapi/varco-call.ts'
import type { Caller, VarcoCall } from '../openapi/varco-call.ts'
import { prepareHmac } from './hmac.ts'

const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')

/** Who calls as it is written in claims, remembered by what the voucher proved: it is the same in every call with it. */
const callerText: unique symbol = Symbol('caller text')
type Remembering = Caller & { [callerText]?: string }

/** What is proved to an upstream: the call and its caller, and the method and target that are sent; `now` in epoch ms. */
export interface Proved {
  readonly call: Omit<VarcoCall, 'caller'>
  readonly caller: Caller | undefined
  readonly method: string
  readonly target: string
  readonly now: number
}

/** Prepares the proof that a request comes through the gateway (VarcoCallClaims): signs, with the upstream's secret, who calls and for what, bound to the method and target actually sent. */
export function prepareVarcoCall (secret: string, audience: string): (proved: Proved) => string {
  const mac = prepareHmac(secret)
  const always = `{"iss":${JSON.stringify(varcoCallIssuer)},"aud":${JSON.stringify(audience)},"iat":`
  return ({ call, caller, method, target, now }) => {
    const iat = Math.floor(now / 1000)
    const claims = `${always}${iat},"exp":${iat + varcoCallLifetimeSeconds},"htm":${JSON.stringify(method)},"htu":${JSON.stringify(target)},${caller ? `"caller":${textOf(caller)},` : ''}${JSON.stringify(call).slice(1)}`
    const signed = `${header}.${Buffer.from(claims).toString('base64url')}`
    return `${signed}.${mac(signed)}`
  }
}

function textOf (caller: Remembering): string {
  const { clientId, consumerId, purposeId, eserviceId, descriptorId } = caller
  caller[callerText] ??= JSON.stringify({ clientId, consumerId, purposeId, eserviceId, descriptorId } satisfies Caller)
  return caller[callerText]
}
