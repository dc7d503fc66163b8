import type { JWTPayload } from 'jose'
import type { Demands } from '../policies/demands.ts'
import { makeDpopKey } from './pdnd/dpop-key.ts'
import type { DpopKey } from './pdnd/dpop-key.ts'
import type { PdndEnvironment } from './pdnd-environments.ts'
import { signEvidence, signRequest } from './pdnd/signed-request.ts'
import type { Consumer, Moment, UnsignedRequest } from './pdnd/signed-request.ts'
import { requestVoucher } from './pdnd/voucher-request.ts'
import type { VoucherExchange } from './pdnd/voucher-request.ts'
import type { RawRequest } from './raw-request.ts'

/** Proofs that can be added where the contract demands none. */
export interface AddedProofs { readonly dpop: boolean, readonly sign: boolean, readonly evidence: boolean }

/** A call that is to be made as a contract demands it. */
export interface WantedCall extends Moment {
  readonly request: UnsignedRequest
  readonly demands: Demands
  readonly consumer: Consumer
  readonly environment: Pick<PdndEnvironment, 'tokenUrl' | 'clientAssertionAudience'>
  /** The audience of the e-service: what it is called in everything that is signed. */
  readonly audience: string
  readonly adds: AddedProofs
  /** The key to bind the voucher to; a new one is made where one is needed and none is given. */
  readonly dpopKey?: DpopKey | undefined
  /** The agreed claims of the tracking evidence. */
  readonly claims: JWTPayload
  /** Which interaction the call goes on with, or where the callback of a new one goes. */
  readonly interaction: Pick<VoucherExchange, 'interactionId' | 'urlCallback'>
}

/**
 * Obtains the voucher that the contract demands, bound to whatever is to go with it, and gives what signs the call; with a nonce, where the
 * gateway asked for one (RFC 9449, 9). Throws a sentence when no voucher is to be had, or none is taken.
 */
export async function prepareCall (wanted: WantedCall): Promise<(nonce?: string) => Promise<RawRequest>> {
  const { request, demands, consumer, environment: { tokenUrl, clientAssertionAudience: assertionAudience }, audience, adds, now, randomUUID } = wanted
  if (!demands.trust.includes('pdnd')) throw new Error('the contract takes callers by certificate only (trust: x509), and these are signed with keys of the platform')
  const dpop = demands.dpop || adds.dpop || wanted.dpopKey ? wanted.dpopKey ?? await makeDpopKey() : undefined
  const evidence = demands.evidence || adds.evidence ? await signEvidence(consumer, { audience, purposeId: consumer.purposeId, claims: wanted.claims, now, randomUUID }) : undefined
  const signed = adds.sign || (demands.integrity !== undefined && (request.body.length > 0 || demands.integrity.emptyBody === 'signed'))
  const { purposeId, ...client } = consumer
  const voucher = await requestVoucher({ ...client, ...voucherFor(demands, wanted.interaction, purposeId), tokenUrl, assertionAudience, dpop, digest: evidence?.digest, now, randomUUID })
  const integrity = signed ? { audience, headers: demands.integrity?.headers ?? [] } : undefined
  return async (nonce) => signRequest(request, { voucher, dpop, nonce, evidence: evidence?.token, integrity }, consumer, { now, randomUUID })
}

/** What the voucher is for: a purpose or, after the start, an interaction, of which the platform knows the purpose. */
function voucherFor ({ scope }: Demands, { interactionId, urlCallback }: WantedCall['interaction'], purposeId: string): { purposeId?: string, exchange?: VoucherExchange } {
  if (scope === undefined) return { purposeId }
  return scope === 'start_interaction' ? { purposeId, exchange: { scope, urlCallback } } : { exchange: { scope, interactionId } }
}
