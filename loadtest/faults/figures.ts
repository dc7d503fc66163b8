import type { Figure } from './figure.ts'
import { frozen } from './frozen.ts'
import { kills } from './kills.ts'
import { latency } from './latency.ts'
import { quota } from './quota.ts'
import { reloads } from './reloads.ts'
import { replay } from './replay.ts'
import { restarts } from './restarts.ts'
import { secrets } from './secrets.ts'
import { suspension } from './suspension.ts'
import { torn } from './torn.ts'

/** Everything that is measured, in this order. */
export const figures: readonly Figure[] = [replay, quota, frozen, latency, reloads, restarts, kills, torn, secrets, suspension]
