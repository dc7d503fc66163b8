import { admittedPath, figures } from '../admitted-call.ts'
import { documentOf, documentPath, kib10, mib1 } from '../answers.ts'
import { peers, plainHaproxy, verifyingHaproxy } from '../peers/peers.ts'
import { targetOf } from '../peers/peer-target.ts'
import type { Peer } from '../peers/peer.ts'
import { bearer, nothing } from '../proofs.ts'
import type { Scenario } from '../scenario.ts'
import type { TargetKind } from '../target.ts'
import { scenarios } from '../scenarios.ts'
import { jwtVerify, plainProxy10KiB, plainProxy1MiB } from './peer-names.ts'

/** Of what is measured anyhow: what peers are compared with, and what is promised in comparison with them. */
const own = ['bare upstream', 'node static answer', 'admitted', 'voucher expired', 'limited', 'unseen vouchers', 'cached answer', 'answer 10 KiB', 'answer 1 MiB', 'upstream 10 KiB', 'upstream 1 MiB']

/**
 * What `--peers` measures: the gateway's call and the same call of everything that others would use instead, and `besides` all else that it is asked for. All are
 * compared with HAProxy where it is installed.
 */
export function peerScenarios (besides: boolean): readonly Scenario[] {
  const targets = new Map(peers.map((peer) => [peer, targetOf(peer)]))
  const reference = verifyingHaproxy.missing?.() === undefined ? jwtVerify : 'node static answer'
  const call = { group: 'peers', path: admittedPath, proof: bearer({ purpose: 'tickets' }), expected: figures } as const
  const document = (name: string, bytes: number): Scenario => ({
    name, group: 'answers', target: targets.get(plainHaproxy) as TargetKind, path: documentPath(bytes), proof: nothing, expected: { status: 200, body: documentOf(bytes) }
  })
  return [
    ...scenarios.filter(({ name }) => besides || own.includes(name)),
    ...[verifyingHaproxy, ...peers.filter((peer) => peer !== verifyingHaproxy)].map((peer: Peer): Scenario => ({ ...call, name: peer.name, ...peer.name !== reference && { ratioTo: reference }, target: targets.get(peer) as TargetKind })),
    document(plainProxy10KiB, kib10),
    document(plainProxy1MiB, mib1)
  ]
}
