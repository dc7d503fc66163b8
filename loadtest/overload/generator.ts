import { fireOpen } from './open-loop.ts'
import type { OpenOrder, OpenRound } from './open-loop.ts'

/** What the generator says of an order: the round, or why it is worth nothing. */
export type OpenOutcome = { readonly round: OpenRound } | { readonly fault: string }

// A process of its own, so that it takes no time from what it measures; it stays for the whole run, so that it is warm.
process.on('message', (order: OpenOrder) => {
  void fireOpen(order)
    .then((round): OpenOutcome => ({ round }), (error: Error): OpenOutcome => ({ fault: error.message }))
    .then((outcome) => process.send?.(outcome))
})
process.once('disconnect', () => process.exit())
process.send?.({ ready: true })
