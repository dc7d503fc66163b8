import { setTimeout as wait } from 'node:timers/promises'
import type { Member } from './seat.ts'
import { NoAnswer } from './worker-messages.ts'

/** How long after its last answer a process is asked whether it runs, and how long it may take to say so, in ms. */
export interface WatchTimes { readonly pingMs: number, readonly silentMs: number }

/**
 * Asks a process that serves again and again whether it runs, and kills one that lives but does not answer: connections would be handed to it as before.
 * Resolved once it does not serve any more. Time in which this process cannot listen is not held against it.
 */
export async function watchOver (member: Member, { pingMs, silentMs }: WatchTimes): Promise<void> {
  const { process } = member
  for (;;) {
    await wait(pingMs, undefined, { ref: false })
    if (member.state !== 'serving') return
    try {
      await process.ask('ping', null, silentMs)
    } catch (error) {
      if (!(error instanceof NoAnswer) || member.state !== 'serving') return
      member.killedFor = error.message
      return process.kill()
    }
  }
}
