import type { JWTPayload } from 'jose'
import type { Demands } from '../../policies/demands.ts'
import { makeDpopKey } from '../pdnd/dpop-key.ts'
import type { DpopKey } from '../pdnd/dpop-key.ts'
import type { PdndEnvironment } from '../pdnd-environments.ts'
import { signEvidence, signOwnToken, signRequest } from '../pdnd/signed-request.ts'
import type { Consumer, Moment, UnsignedRequest } from '../pdnd/signed-request.ts'
import { requestVoucher } from '../pdnd/voucher-request.ts'
import type { ReceivedVoucher, VoucherExchange, VoucherRequest } from '../pdnd/voucher-request.ts'
import type { RawRequest } from '../raw-request.ts'

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
 * gateway asked for one (RFC 9449, 9). A client outside the platform signs its own token instead. Throws a sentence when no voucher is to be had, or when
 * the contract takes no such caller.
 */
export async function prepareCall (wanted: WantedCall): Promise<(nonce?: string) => Promise<RawRequest>> {
  const { request, demands, consumer, audience, adds, now, randomUUID } = wanted
  refuseUntrusted(demands, consumer)
  const dpop = demands.dpop || adds.dpop || wanted.dpopKey ? wanted.dpopKey ?? await makeDpopKey() : undefined
  const evidence = demands.evidence || adds.evidence ? await signEvidence(consumer, { audience, purposeId: consumer.purposeId, claims: wanted.claims, now, randomUUID }) : undefined
  const signed = adds.sign || (demands.integrity !== undefined && (request.body.length > 0 || demands.integrity.emptyBody === 'signed'))
  const integrity = signed ? { audience, headers: demands.integrity?.headers ?? [] } : undefined
  const voucher = 'kid' in consumer
    ? await obtainVoucher(wanted, consumer, { dpop, digest: evidence?.digest })
    : { tokenType: 'Bearer' as const, accessToken: await signOwnToken(consumer, { audience, purposeId: consumer.purposeId, now, randomUUID }) }
  return async (nonce) => signRequest(request, { voucher, dpop: voucher.tokenType === 'DPoP' ? dpop : undefined, nonce, evidence: evidence?.token, integrity }, consumer, { now, randomUUID })
}

function refuseUntrusted ({ trust }: Demands, consumer: Consumer): void {
  if ('kid' in consumer && !trust.includes('pdnd')) throw new Error('the contract takes callers by certificate only (trust: x509): give --certificate and --key')
  if ('x5c' in consumer && !trust.includes('x509')) throw new Error('the contract takes vouchers of the platform only: call without --certificate')
}

async function obtainVoucher ({ demands, environment, interaction, now, randomUUID }: WantedCall, { purposeId, ...client }: Extract<Consumer, { kid: string }>, bound: Pick<VoucherRequest, 'dpop' | 'digest'>): Promise<ReceivedVoucher> {
  return requestVoucher({ ...client, ...voucherFor(demands, interaction, purposeId), ...bound, tokenUrl: environment.tokenUrl, assertionAudience: environment.clientAssertionAudience, now, randomUUID })
}

/** What the voucher is for: a purpose or, after the start, an interaction, of which the platform knows the purpose. */
function voucherFor ({ scope }: Demands, { interactionId, urlCallback }: WantedCall['interaction'], purposeId: string): { purposeId?: string, exchange?: VoucherExchange } {
  if (scope === undefined) return { purposeId }
  return scope === 'start_interaction' ? { purposeId, exchange: { scope, urlCallback } } : { exchange: { scope, interactionId } }
}
