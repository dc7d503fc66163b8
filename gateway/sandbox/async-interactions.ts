import type { AsyncScope } from '../../policies/demands.ts'

/** One asynchronous exchange, from its start: who started it for which purpose, on the version that was agreed then. */
export interface AsyncInteraction {
  readonly id: string
  readonly clientId: string
  readonly purposeId: string
  readonly consumerId: string
  readonly eserviceId: string
  readonly descriptorId: string
  /** The scope of its last voucher. */
  readonly state: AsyncScope
  /** When the voucher of the start was issued, and the last one of a callback, in epoch seconds. */
  readonly startedAt: number
  readonly calledBackAt?: number
  /** When the platform forgets it, in epoch seconds. */
  readonly expiresAt: number
}

/** How long an interaction is kept beyond the times that its e-service promises, in seconds. */
export const interactionEpsilon = 300

/** The scopes that may follow one another; a start has none before it. */
const allowedFrom: Readonly<Record<AsyncScope, readonly AsyncScope[]>> = {
  start_interaction: [],
  callback_invocation: ['start_interaction', 'callback_invocation'],
  get_resource: ['callback_invocation', 'get_resource'],
  confirmation: ['callback_invocation', 'get_resource', 'confirmation']
}

/** Whether a voucher of this scope may be issued for an interaction whose last one had `state`. */
export function mayFollow (state: AsyncScope, scope: AsyncScope): boolean {
  return allowedFrom[scope].includes(state)
}

/** The interactions under way. */
export interface AsyncInteractions {
  find (id: string): AsyncInteraction | undefined
  put (interaction: AsyncInteraction): void
}

/** Interactions in memory, each forgotten when its time is over; `now` in epoch ms. */
export function createAsyncInteractions (now: () => number): AsyncInteractions {
  const interactions = new Map<string, AsyncInteraction>()
  const forgetExpired = (): void => {
    const seconds = now() / 1000
    for (const [id, { expiresAt }] of interactions) if (seconds >= expiresAt) interactions.delete(id)
  }
  return {
    find: (id) => {
      forgetExpired()
      return interactions.get(id)
    },
    put: (interaction) => { interactions.set(interaction.id, interaction) }
  }
}
