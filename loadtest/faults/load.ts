import { setTimeout as wait } from 'node:timers/promises'
import type { Gateway } from '../gateway.ts'
import { admittedPath, figures } from '../admitted-call.ts'
import { Caller, inLanes } from './caller.ts'
import type { Site } from './site.ts'
import { Tally } from './tally.ts'

/** Load that goes on: every call of it must be admitted. */
export interface Load { readonly stop: () => Promise<Tally<'admitted'>> }

/** How many callers keep their connections, and how many open one for each call. */
const kept = 12
const fresh = 4
/** How long each of them waits between two calls, in ms: what is measured is not how much a busy machine can take. */
const pauseMs = 10

/** Begins to call a gateway, on kept and on new connections, and has at least one answer on each. */
export async function startLoad ({ platform }: Site, { url }: Gateway, stack: AsyncDisposableStack): Promise<Load> {
  const [keeping, opening] = [stack.use(new Caller(url, kept)), stack.use(new Caller(url, 'none'))]
  const headers = { authorization: `Bearer ${await platform.mint({ purpose: 'tickets' })}` }
  const tally = new Tally({ admitted: figures })
  let isOver = false
  const call = async (lane: number): Promise<boolean> => {
    tally.note(await (lane < kept ? keeping : opening).get(admittedPath, headers))
    await wait(pauseMs)
    return !isOver
  }
  const all = inLanes(kept + fresh, call)
  const stop = async (): Promise<Tally<'admitted'>> => {
    isOver = true
    await all
    return tally
  }
  // Also where what it is for fails.
  stack.defer(async () => { await stop() })
  while (tally.times.count < kept + fresh) await wait(pauseMs)
  return { stop }
}
