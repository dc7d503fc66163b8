import type { CallerFact } from './caller.ts'
import { certifiedClaimChecks, certifiedClientChecks, certifiedHeaderChecks, clientOf, verifyCertified } from './certificate-caller.ts'
import type { FoundCertificate } from './certificates.ts'
import { explainChecks, failedLine } from './check.ts'
import type { Line } from './check.ts'
import type { ExplainContext } from './explained.ts'
import type { Jws } from './jws.ts'
import { factOf, ownTokenOf } from './own-token.ts'

/** The lines about a token, and who would call if all were well; undefined where that is not known. */
export interface ExplainedCaller { readonly lines: readonly Line[], readonly caller?: CallerFact }

/** Every check of a token that a caller signed with a certificate. Whether it was used before is not asked: to explain a call must not use it up. */
export function explainCertified (token: Jws, { terms, registry, signers, now, call }: ExplainContext): ExplainedCaller {
  const header = explainChecks(certifiedHeaderChecks, token.header)
  // Nobody is asked about a certificate for what admission refuses without asking.
  if (header.some(({ outcome }) => outcome === 'fail')) return { lines: header }
  const signature = { check: 'Authorization signature', expected: 'one by the certificate that its header names' }
  const found = atOnce(signers?.certificates.find(token.header, now))
  if (found === undefined) return { lines: [...header, { ...signature, outcome: 'not checked', got: 'signature not checked: certificate not known here' }] }
  const denial = verifyCertified(token, found)
  const lines: readonly Line[] = [
    ...header,
    denial ? failedLine(signature, denial) : { ...signature, outcome: 'pass', got: 'a valid signature' },
    ...explainChecks(certifiedClaimChecks, ownTokenOf(token.claims, terms.audience, now, call?.demands))
  ]
  if (found === 'unavailable' || 'untrusted' in found) return { lines }
  const client = clientOf(token.claims, found.clientId, terms, registry)
  const all = [...lines, ...explainChecks(certifiedClientChecks, client)]
  return client.client ? { lines: all, caller: { ...factOf('x509', client), kid: found.thumbprint, scheme: 'Bearer' } } : { lines: all }
}

function atOnce (answer: FoundCertificate | Promise<FoundCertificate> | undefined): FoundCertificate | undefined {
  if (!(answer instanceof Promise)) return answer
  answer.catch(() => undefined)
  return undefined
}
