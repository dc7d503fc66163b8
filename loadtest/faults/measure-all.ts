import type { Figure, Run } from './figure.ts'
import type { Outcome } from './report.ts'

/** Measures one figure after the other; what one could not be measured for is its outcome, and the others go on. Throws when it is interrupted. */
export async function measureAll (figures: readonly Figure[], { tell, ...run }: Run): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { name, measure } of figures) {
    const start = performance.now()
    const tellOfThis = (progress: string): void => { tell(`${String(Math.round((performance.now() - start) / 1000)).padStart(4)} s  ${name}: ${progress}`) }
    tellOfThis('starts')
    outcomes.push({ name, ...await measure({ ...run, tell: tellOfThis }).catch((error: Error) => ({ fault: error.message })) })
    run.signal.throwIfAborted()
    tellOfThis('is over')
  }
  return outcomes
}
