import { answerStages } from './answer.bench.ts'
import { arrivalStages } from './arrival.bench.ts'
import { contractStages } from './contract.bench.ts'
import { policyStages } from './policies.bench.ts'
import { sendingStages } from './sending.bench.ts'
import type { Stage } from './stage.ts'
import { trailStages } from './trail.bench.ts'
import { openWorld } from './world.ts'

/** Every stage of a call, in its order, ready to be timed; `stack` closes what they use. */
export async function openStages (stack: AsyncDisposableStack): Promise<readonly Stage[]> {
  const world = await openWorld(stack)
  return [...await arrivalStages(world), ...await policyStages(world), ...contractStages(world), ...await answerStages(world), ...sendingStages(world), ...await trailStages(world, stack)]
}
