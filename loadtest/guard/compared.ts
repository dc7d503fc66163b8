import { admittedPath, figures } from '../admitted-call.ts'
import { peers } from '../peers/peers.ts'
import { targetOf } from '../peers/peer-target.ts'
import type { Peer } from '../peers/peer.ts'
import { nothing } from '../proofs.ts'
import type { Scenario } from '../scenario.ts'
import { scenarios } from '../scenarios.ts'

const bareProxy = 'own bare proxy'

/** What the guard can compare: whatever a load test measures, and our own bare proxy. */
export const compared: readonly Scenario[] = [
  ...scenarios,
  { name: bareProxy, group: 'reference', target: targetOf(peers.find(({ name }) => name === bareProxy) as Peer), path: admittedPath, proof: nothing, expected: figures }
]
