import type { Exchange } from './exchange.ts'
import type { Refuse } from './refuse.ts'

/** Runs a step of a call. Whatever it throws, at once or later, becomes a 500 for this call: never an unanswered one, never a lost process. */
export function guard (exchange: Exchange, refuse: Refuse, step: () => void | Promise<void>): void {
  const fail = (error: unknown): void => { refuse(exchange, { denial: 'internal-error', check: 'gateway', reason: (error as Error).message }) }
  try {
    const outcome = step()
    if (outcome instanceof Promise) outcome.catch(fail)
  } catch (error) {
    fail(error)
  }
}
