import { agreement } from './agreement.ts'
import { burst } from './burst.ts'
import { caller } from './caller.ts'
import { channel } from './channel.ts'
import { delegation } from './delegation.ts'
import { descriptor } from './descriptor.ts'
import { dpop } from './dpop.ts'
import { evidence } from './evidence.ts'
import { grant } from './grant.ts'
import { integrity } from './integrity.ts'
import { interaction } from './interaction.ts'
import { platformState } from './platform-state.ts'
import { stages } from './policy.ts'
import type { Facts, Policy } from './policy.ts'
import { purpose } from './purpose.ts'
import { quota } from './quota.ts'
import { replyTo } from './reply-to.ts'
import { transition } from './transition.ts'

/** Any policy, whatever it proves. */
export type AnyPolicy = Policy<keyof Facts>

/** Every policy that an operation is held to, in the order in which they run. Adding one is a line here. */
export const policies: readonly AnyPolicy[] = [
  caller,
  dpop,
  channel,
  platformState,
  descriptor,
  agreement,
  purpose,
  delegation,
  grant,
  interaction,
  evidence,
  burst,
  replyTo,
  integrity,
  transition,
  quota
] as unknown as readonly AnyPolicy[]

/** Throws when a policy needs a fact that is not proved before it, or comes before its stage: a boot error, not a surprise at run time. */
export function refuseWrongOrder (order: readonly AnyPolicy[]): void {
  const proved = new Set<string>()
  let reached = 0
  for (const { name, needs, stage } of order) {
    const missing = (needs as readonly string[]).find((need) => !proved.has(need))
    if (missing) throw new Error(`policy "${name}" needs the fact "${missing}", which no policy before it proves; move it behind "${missing}" in policies/order.ts`)
    if (stages.indexOf(stage) < reached) throw new Error(`policy "${name}" runs in the stage ${stage} but stands behind one that runs in ${stages[reached]}`)
    reached = stages.indexOf(stage)
    proved.add(name)
  }
}
