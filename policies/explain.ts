import { agreementChecks } from './agreement.ts'
import { readCredentials } from './credentials.ts'
import { claimChecks, verifySignature } from './voucher-caller.ts'
import { formlessToken, kindChecks, kindOf } from './caller.ts'
import type { CallerFact } from './caller.ts'
import { explainChecks, failedLine } from './check.ts'
import type { Line } from './check.ts'
import { trusts } from './demands.ts'
import { descriptorChecks } from './descriptor.ts'
import { bindingChecks, subjectOf } from './dpop.ts'
import { proofChecks, proofHeaderChecks, takeProof, verifyProof } from './dpop-proof.ts'
import { explainCertified } from './explain-certified.ts'
import { callerOf, explainEvidence } from './explain-evidence.ts'
import { explainExchange } from './explain-exchange.ts'
import { explainIntegrity } from './explain-integrity.ts'
import type { Signers } from './explain-token.ts'
import type { Interactions } from './interactions.ts'
import type { FoundKey } from './keys.ts'
import type { Call, Terms } from './policy.ts'
import { thumbprintOf } from './jwk.ts'
import { readJws } from './jws.ts'
import type { Jws } from './jws.ts'
import type { Nonces } from './nonce.ts'
import { ProofKeys } from './proof-keys.ts'
import { purposeChecks } from './purpose.ts'
import type { Registry } from './registry.ts'
import { formChecks, headerChecks, withoutMalformed } from './voucher.ts'
import type { VoucherClaims } from './voucher.ts'

/** What an explanation is made against. `key` is 'not known here' when the platform's keys are not at hand (offline). `now` in epoch ms. */
export interface ExplainContext {
  readonly terms: Terms
  readonly registry: Registry
  readonly key: FoundKey | 'not known here'
  readonly now: number
  /** The nonces of this gateway, where they are at hand. */
  readonly nonces?: Nonces | undefined
  /** Where it is known who signs what goes with a voucher, where it is at hand. */
  readonly signers?: Signers | undefined
  /** What is known of interactions, where it is at hand. */
  readonly interactions?: Pick<Interactions, 'find'> | undefined
  /** The call that the voucher came with, where there is one. */
  readonly call?: Call | undefined
}

/**
 * Every check that admission makes of a voucher, or of a token by certificate, as lines in the same order, without stopping at the first that fails. The signature
 * itself is never shown. A line is "not checked" when what it depends on is missing; that is never a pass.
 */
export function explainVoucher (token: string, context: ExplainContext): readonly Line[] {
  const { terms, registry, key, now, call, nonces, signers, interactions } = context
  const trust = call?.demands.trust ?? trusts
  const form = { check: 'form', expected: 'a JWS in compact form' }
  const read = readJws(token)
  if (typeof read === 'string') return [failedLine(form, formlessToken(read, trust))]
  const kind = kindOf(read.header, trust)
  const head: readonly Line[] = [{ ...form, outcome: 'pass', got: 'such a token' }, ...call ? explainChecks(kindChecks, { kind, trust }) : []]
  if (!trust.includes(kind)) return head
  if (kind === 'x509') return [...head, ...explainCertifiedCall(read, context)]
  const claims = withoutMalformed(read.claims) as VoucherClaims
  return [
    ...head,
    ...explainChecks(headerChecks, read.header),
    signatureLine(read, key),
    ...explainChecks(formChecks, read.claims),
    ...explainChecks(claimChecks, { claims, terms, now: Math.floor(now / 1000) }),
    ...explainDpop(claims.cnf?.jkt, terms, call, nonces),
    ...explainPlatform(claims, registry),
    ...explainExchange(call, { claims, registry, interactions }),
    ...explainEvidence(call, callerOf(claims), context),
    ...explainIntegrity(call, claims.client_id, terms, signers)
  ]
}

function explainCertifiedCall (read: Jws, context: ExplainContext): readonly Line[] {
  const { terms, registry, call, nonces, signers } = context
  const { lines, caller } = explainCertified(read, context)
  return caller ? [...lines, ...explainDpop(undefined, terms, call, nonces), ...explainPlatform(caller, registry), ...explainEvidence(call, caller, context), ...explainIntegrity(call, caller.clientId, terms, signers)] : lines
}

function signatureLine (read: Jws, key: ExplainContext['key']): Line {
  const line = { check: 'signature', expected: 'RS256 by a key of the platform' }
  if (key === 'not known here') return { ...line, outcome: 'not checked', got: 'signature not checked: key not known here' }
  const denial = verifySignature(read, key)
  return denial ? failedLine(line, denial) : { ...line, outcome: 'pass', got: 'a valid signature' }
}

function explainDpop (jkt: string | undefined, terms: Terms, call: Call | undefined, nonces: Nonces | undefined): readonly Line[] {
  const credentials = call && readCredentials(call.authorization)
  if (!call || !credentials || 'denial' in credentials) {
    const line = { check: 'cnf', expected: 'a DPoP proof with every call, if it is bound to a key' }
    return [jkt === undefined ? { ...line, outcome: 'pass', got: 'a voucher that is bound to none' } : { ...line, outcome: 'not checked', got: 'bound to a key: the DPoP proof of a call is not here' }]
  }
  const { scheme } = credentials
  const lines = explainChecks(bindingChecks, { jkt, scheme, demands: call.demands })
  return jkt === undefined || scheme === 'Bearer' ? lines : [...lines, ...explainProof(call, jkt, terms, nonces)]
}

// Whether it was used before is not asked: to explain a call must not use up its proof.
function explainProof (call: Call, jkt: string, { publicUrl, dpopNonces }: Terms, nonces: Nonces | undefined): readonly Line[] {
  const form = { check: 'DPoP form', expected: 'one JWS in compact form' }
  const proof = takeProof(call.proofs)
  if ('denial' in proof) return [failedLine(form, proof)]
  const lines: readonly Line[] = [{ ...form, outcome: 'pass', got: 'such a proof' }, ...explainChecks(proofHeaderChecks, proof.header)]
  if (lines.some(({ outcome }) => outcome === 'fail')) return lines
  const jwk = proof.header['jwk'] as Readonly<Record<string, unknown>>
  const thumbprint = thumbprintOf(jwk)
  const signature = { check: 'DPoP signature', expected: 'one by the key in jwk' }
  const denial = verifyProof(proof, new ProofKeys().import(jwk, thumbprint))
  const subject = subjectOf(call, proof.claims, { jkt, thumbprint, origin: new URL(publicUrl).origin, acceptsNonce: dpopNonces && nonces ? (nonce) => nonces.accepts(nonce, call.now) : undefined })
  const nonceUnknown = dpopNonces && !nonces
  return [...lines, denial ? failedLine(signature, denial) : { ...signature, outcome: 'pass', got: 'a valid signature' }, ...explainChecks(proofChecks, subject).map((line) => nonceUnknown && line.check === 'DPoP nonce' ? { ...line, outcome: 'not checked' as const, expected: 'a nonce of the gateway', got: 'the secret of its nonces is not here' } : line)]
}

function explainPlatform (claims: Pick<CallerFact, 'consumerId' | 'purposeId' | 'eserviceId' | 'descriptorId'>, registry: Registry): readonly Line[] {
  const caller = { consumerId: claims.consumerId, purposeId: claims.purposeId, eserviceId: claims.eserviceId, descriptorId: claims.descriptorId } as CallerFact
  const descriptor = registry.eservice(caller.eserviceId)?.descriptors.find((one) => one.id === caller.descriptorId)
  return [
    ...explainChecks(descriptorChecks, { descriptor }),
    ...explainChecks(agreementChecks, { agreement: registry.agreement(caller.eserviceId, caller.consumerId), caller }),
    ...explainChecks(purposeChecks, { purpose: registry.purpose(caller.purposeId), caller })
  ]
}
