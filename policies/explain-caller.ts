import { callersOf, formlessToken, kindChecks, kindOf } from './caller.ts'
import { explainChecks, failedLine } from './check.ts'
import type { Line } from './check.ts'
import { readCredentials } from './credentials.ts'
import { callerKinds } from './demands.ts'
import { explainCertified } from './explain-certified.ts'
import type { ExplainedCaller } from './explain-certified.ts'
import { explainInternal } from './explain-internal.ts'
import type { ExplainContext } from './explained.ts'
import { readJws } from './jws.ts'
import type { Jws } from './jws.ts'
import { formChecks, headerChecks, withoutMalformed } from './voucher.ts'
import type { VoucherClaims } from './voucher.ts'
import { claimChecks, factOf, verifySignature } from './voucher-caller.ts'

/** The lines of the policy `caller` about a voucher or a caller's own token, and who would call if all were well. */
export function explainCaller (token: string, context: ExplainContext): ExplainedCaller {
  const { call } = context
  const trust = call ? callersOf(call) : callerKinds
  const form = { check: 'form', expected: 'a JWS in compact form' }
  const read = readJws(token)
  if (typeof read === 'string') return { lines: [failedLine(form, formlessToken(read, trust))] }
  const kind = kindOf(read.header, trust)
  const head: readonly Line[] = [{ ...form, outcome: 'pass', got: 'such a token' }, ...call ? explainChecks(kindChecks, { kind, trust }) : []]
  if (!trust.includes(kind)) return { lines: head }
  const explain = { pdnd: explainVoucherItself, x509: explainCertified, internal: explainInternal }[kind]
  const { lines, caller } = explain(read, context)
  return { lines: [...head, ...lines], ...caller && { caller } }
}

function explainVoucherItself (voucher: Jws, { terms, key, now, call }: ExplainContext): ExplainedCaller {
  const claims = withoutMalformed(voucher.claims) as VoucherClaims
  const credentials = readCredentials(call?.authorization ?? [])
  const lines = [
    ...explainChecks(headerChecks, voucher.header),
    signatureLine(voucher, key),
    ...explainChecks(formChecks, voucher.claims),
    ...explainChecks(claimChecks, { claims, terms, now: Math.floor(now / 1000) })
  ]
  return { lines, caller: factOf(claims, voucher.header['kid'] as string, 'denial' in credentials ? 'Bearer' : credentials.scheme) }
}

function signatureLine (read: Jws, key: ExplainContext['key']): Line {
  const line = { check: 'signature', expected: 'RS256 by a key of the platform' }
  if (key === 'not known here') return { ...line, outcome: 'not checked', got: 'signature not checked: key not known here' }
  const denial = verifySignature(read, key)
  return denial ? failedLine(line, denial) : { ...line, outcome: 'pass', got: 'a valid signature' }
}
