import { setTimeout as wait } from 'node:timers/promises'

/** How much is sent, whether or not what was sent before was answered. */
export interface Rate { readonly perSecond: number, readonly seconds: number, readonly signal: AbortSignal }

const tickMs = 10

/** Sends at a steady rate, and waits for the answers of all in the end. */
export async function sendSteadily ({ perSecond, seconds, signal }: Rate, send: () => Promise<void>): Promise<void> {
  const [start, total] = [performance.now(), Math.round(perSecond * seconds)]
  const sent: Promise<void>[] = []
  while (sent.length < total) {
    const due = Math.min(total, Math.ceil((performance.now() - start) / 1000 * perSecond))
    while (sent.length < due) sent.push(send())
    await wait(tickMs, undefined, { signal })
  }
  await Promise.all(sent)
}
