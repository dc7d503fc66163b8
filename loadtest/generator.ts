import { fire } from './fire.ts'
import type { Fired, Order } from './fire.ts'

/** What the generator says of an order: the round, or why it is worth nothing. */
export type Outcome = { readonly round: Fired } | { readonly fault: string }

// A process of its own, so that it takes no time from what it measures; it stays for the whole run, so that it is warm.
process.on('message', (order: Order) => {
  void fire(order)
    .then((round): Outcome => ({ round }), (error: Error): Outcome => ({ fault: error.message }))
    .then((outcome) => process.send?.(outcome))
})
process.once('disconnect', () => process.exit())
process.send?.({ ready: true })
