import type { ClientCertificate } from './channel.ts'
import { explainChecks, failedLine } from './check.ts'
import type { Line } from './check.ts'
import type { ExplainedCaller } from './explain-certified.ts'
import type { ExplainContext } from './explained.ts'
import { factByCertificate, internalAudience, internalCertificateChecks, internalClaimChecks, internalClientChecks, internalHeaderChecks, meansChecks, verifyInternal } from './internal-caller.ts'
import type { Jws } from './jws.ts'
import { factOf, knownClientOf, ownTokenOf, useChecks } from './own-token.ts'

/** Every check of a token that an internal application made. Whether it was used before is not asked: to explain a call must not use it up. */
export function explainInternal (token: Jws, { terms, registry, signers, now, call }: ExplainContext): ExplainedCaller {
  const header = explainChecks(internalHeaderChecks, token.header)
  if (header.some(({ outcome }) => outcome === 'fail')) return { lines: header }
  const signature = { check: 'Authorization signature', expected: 'one by the key that its header names' }
  if (!signers) return { lines: [...header, { ...signature, outcome: 'not checked', got: 'signature not checked: the clients that are registered are not known here' }] }
  const found = signers.internalClients.byKey(token.header['kid'] as string)
  const denial = verifyInternal(token, found)
  const lines: readonly Line[] = [
    ...header,
    denial ? failedLine(signature, denial) : { ...signature, outcome: 'pass', got: 'a valid signature' },
    ...call ? explainChecks(meansChecks, { demands: call.demands, byToken: true }) : [],
    ...explainChecks(internalClaimChecks, ownTokenOf(token.claims, internalAudience(terms), now, call?.demands))
  ]
  if (!found) return { lines }
  const known = knownClientOf(token.claims, found.client, terms, registry)
  return { lines: [...lines, ...explainChecks(internalClientChecks, known)], caller: { ...factOf('internal', known), kid: token.header['kid'] as string, scheme: 'Bearer' } }
}

/** Every check of a certificate with which an internal application connected. */
export function explainInternalCertificate (certificate: ClientCertificate, { terms, registry, signers, now, call }: ExplainContext): ExplainedCaller {
  const client = signers?.internalClients.byCertificate(certificate.thumbprint)
  const lines: readonly Line[] = [...explainChecks(internalCertificateChecks, { certificate, client, now }), ...call ? explainChecks(meansChecks, { demands: call.demands, byToken: false }) : []]
  if (!client) return { lines }
  const known = knownClientOf({}, client, terms, registry)
  return { lines: [...lines, ...explainChecks(useChecks, known)], caller: factByCertificate(known, certificate) }
}
