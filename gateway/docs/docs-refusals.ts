import type { DenialCode } from '../../policies/denials.ts'
import { policies } from '../../policies/order.ts'
import type { Facts } from '../../policies/policy.ts'
import type { Needs } from './docs-demands.ts'

/** Whether a policy that an operation is held to can ever refuse with one of its codes there. */
type Applies = (needs: Needs, code: DenialCode) => boolean

const byCertificate: ReadonlySet<DenialCode> = new Set(['client-unknown', 'purpose-unknown', 'purpose-mismatch', 'registry-unavailable'])
const byVoucher: ReadonlySet<DenialCode> = new Set(['producer-mismatch', 'eservice-mismatch'])

/** The policies that depend on what the operation demands; the others can always refuse. */
const applies: Readonly<Partial<Record<keyof Facts, Applies>>> = {
  caller: ({ trust, singleUse }, code) => {
    // Only an internal application is known by the certificate of its connection alone.
    if (code === 'client-certificate-untrusted') return false
    if (code === 'caller-kind-not-trusted') return trust.length === 1
    if (code === 'token-replayed' || code === 'replay-filter-unavailable') return trust.includes('x509') && singleUse
    if (code.startsWith('token-') || byCertificate.has(code)) return trust.includes('x509')
    return code === 'voucher-missing' || !(code.startsWith('voucher-') || byVoucher.has(code)) || trust.includes('pdnd')
  },
  dpop: ({ trust, dpopNonces }, code) => trust.includes('pdnd') ? code !== 'dpop-nonce-required' || dpopNonces : code === 'dpop-binding-mismatch',
  channel: ({ channel }, code) => channel === 'mutual-tls' || (channel === 'tls' && code === 'tls-required'),
  grant: ({ granted }, code) => granted !== 'no' && (granted === 'in part' || code !== 'field-withheld'),
  interaction: ({ scope, trust }, code) => scope !== undefined || (code === 'scope-mismatch' && trust.includes('pdnd')),
  evidence: ({ evidence }, code) => evidence !== undefined && (code !== 'evidence-digest-missing' || evidence.bound) && (code !== 'evidence-agreed-claims-invalid' || evidence.claims !== undefined),
  replyTo: ({ scope, nonBlocking }) => scope === 'start_interaction' || nonBlocking === 'push',
  integrity: ({ integrity }) => integrity !== undefined,
  transition: ({ scope }) => scope !== undefined
}

/** The policies that can refuse a call of an operation, in their order, each with the codes with which it does. */
export function refusalsOf (needs: Needs): readonly { readonly policy: keyof Facts, readonly codes: readonly DenialCode[] }[] {
  return policies.map(({ name, denials }) => ({ policy: name, codes: denials.filter((code) => applies[name]?.(needs, code) ?? true) })).filter(({ codes }) => codes.length > 0)
}
