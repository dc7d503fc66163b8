import { Pauses } from './pauses.ts'
import type { WorkerProcess } from './worker-process.ts'

/** A process, and what became of it: its folder's number once it may write there. */
export interface Member {
  readonly process: WorkerProcess
  readonly seat: Seat
  state: 'starting' | 'serving' | 'draining'
  worker: number | undefined
  since: number
  /** Why it was killed while it served. */
  killedFor?: string
}

/** One of the places that are to be filled: the process that serves there, or that will. */
export class Seat {
  member: Member | undefined
  restarts = 0
  lastEnd: { readonly at: string, readonly how: string } | undefined
  replacing = false
  readonly pauses = new Pauses()
}
