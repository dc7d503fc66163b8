import type { Round } from '../measure.ts'
import { whole } from './numbers.ts'
import type { Progress } from './progress.ts'

/** Called for each round of a scenario that is over; round 0 is the warm-up. */
export type OnRound = (scenario: { readonly name: string }, round: number, result: Pick<Round, 'requestsPerSecond'>) => void

/** Tells of each round of a run, whose scenarios are fired in this order, warm-up first. */
export function followRounds (progress: Progress, scenarios: readonly { readonly name: string }[], rounds: number): OnRound {
  const total = scenarios.length * (rounds + 1)
  let done = 0
  return ({ name }, round, { requestsPerSecond }) => {
    done++
    const present = `${roundName(Math.floor(done / scenarios.length))}: ${scenarios[done % scenarios.length]?.name}`
    progress.show({ done, total, present: done < total ? present : 'done', past: `${roundName(round)}  ${name}  ${whole(requestsPerSecond)} req/s` })
  }
}

function roundName (round: number): string {
  return round === 0 ? 'warm-up' : `round ${round}`
}
