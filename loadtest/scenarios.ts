import type { Scenario } from './scenario.ts'
import { answers, calls, reference } from './scenarios/admitted.ts'
import { bodies } from './scenarios/bodies.ts'
import { contracts, records, redis, slowReaders, workers } from './scenarios/installations.ts'
import { refusals } from './scenarios/refused.ts'

/** Everything that a load test measures, in this order; one that is compared with another comes after it. */
export const scenarios: readonly Scenario[] = [...reference, ...calls, ...refusals, ...bodies, ...answers, ...contracts, ...records, ...redis, ...workers, ...slowReaders]
