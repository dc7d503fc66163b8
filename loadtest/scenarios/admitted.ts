import { admittedPath, figures } from '../admitted-call.ts'
import { documentOf, documentPath, kib10, mib1, publicDocument, publicDocumentPath } from '../answers.ts'
import type { Expected } from '../expected.ts'
import { bearer, dpop, nothing, unseen } from '../proofs.ts'
import type { Scenario } from '../scenario.ts'
import { gateway, staticAnswer, upstream } from '../targets.ts'

/** Names by which others are compared with these. */
const bareUpstream = 'bare upstream'
export const admitted = 'admitted'

const tickets = bearer({ purpose: 'tickets' })

/** What calls come to that nothing stands in the way of: the references first. */
export const reference: readonly Scenario[] = [
  { name: bareUpstream, group: 'reference', target: upstream, path: admittedPath, proof: tickets, expected: figures },
  { name: 'node static answer', group: 'reference', ratioTo: bareUpstream, target: staticAnswer, path: admittedPath, proof: nothing, expected: figures }
]

/** Calls that are admitted. */
export const calls: readonly Scenario[] = [
  { name: admitted, group: 'calls', ratioTo: 'node static answer', target: gateway, path: admittedPath, proof: tickets, expected: figures },
  { name: 'unseen vouchers', group: 'calls', ratioTo: admitted, target: gateway, path: admittedPath, proof: unseen({ purpose: 'tickets' }), expected: figures },
  { name: 'dpop', group: 'calls', ratioTo: admitted, target: gateway, path: admittedPath, proof: dpop('tickets'), expected: figures }
]

const messages = bearer({ purpose: 'messages' })
const document = (bytes: number): Pick<Scenario, 'path' | 'expected'> => ({ path: documentPath(bytes), expected: { status: 200, body: documentOf(bytes) } })

const kept: Expected = { status: 200, body: publicDocument }

/** Long answers, beside the same of the upstream; and one that the gateway keeps itself. */
export const answers: readonly Scenario[] = [
  { name: 'upstream 10 KiB', group: 'answers', target: upstream, proof: nothing, ...document(kib10) },
  { name: 'answer 10 KiB', group: 'answers', ratioTo: 'upstream 10 KiB', target: gateway, proof: messages, ...document(kib10) },
  { name: 'upstream 1 MiB', group: 'answers', target: upstream, proof: nothing, ...document(mib1) },
  { name: 'answer 1 MiB', group: 'answers', ratioTo: 'upstream 1 MiB', target: gateway, proof: messages, ...document(mib1) },
  { name: 'cached answer', group: 'answers', ratioTo: admitted, target: gateway, path: publicDocumentPath, proof: messages, expected: kept, first: kept }
]
