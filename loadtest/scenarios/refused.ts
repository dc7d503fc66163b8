import { admittedPath, figures, limitedPath } from '../admitted-call.ts'
import { bearer, nothing } from '../proofs.ts'
import type { Scenario } from '../scenario.ts'
import { gateway } from '../targets.ts'
import { admitted } from './admitted.ts'

/** A purpose of the consumer for another e-service, of registry.yaml. */
const otherPurpose = '2d9f5e78-b40a-4c36-97e1-a8b3c6d0f433'

const tickets = bearer({ purpose: 'tickets' })

/** Calls that are refused, each for another reason; a refusal must cost less than what it refuses. */
export const refusals: readonly Scenario[] = [
  refused('voucher missing', 401, 'voucher-missing', { proof: nothing }),
  refused('voucher expired', 401, 'voucher-expired', { proof: bearer({ purpose: 'tickets', expiresIn: -60 }) }),
  refused('signature tampered', 401, 'voucher-unverifiable', { proof: bearer({ purpose: 'tickets' }, tamper) }),
  refused('purpose of another e-service', 403, 'purpose-mismatch', { proof: bearer({ purpose: 'tickets', claims: { purposeId: otherPurpose } }) }),
  refused('unknown route', 404, 'route-not-found', { path: '/rest/tickets/v1/nothing' }),
  refused('bad parameter', 400, 'invalid-parameter', { path: admittedPath.replace('infoline', 'nowhere') }),
  refused('limited', 429, 'burst-exceeded', { path: limitedPath, proof: bearer({ purpose: 'limited' }), first: figures })
]

function refused (name: string, status: number, code: string, differs: Partial<Scenario>): Scenario {
  return { name, group: 'refused', ratioTo: admitted, target: gateway, path: admittedPath, proof: tickets, expected: { status, code }, ...differs }
}

/** Another signature of the same length: the first character stands for six bits of its first byte. */
function tamper (voucher: string): string {
  const at = voucher.lastIndexOf('.') + 1
  return `${voucher.slice(0, at)}${voucher[at] === 'A' ? 'B' : 'A'}${voucher.slice(at + 1)}`
}
