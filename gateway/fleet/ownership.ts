import type { WorkerProcess } from './worker-process.ts'

/** How long a process is waited for that is told whether it owns the feeds, in ms. */
const toldMs = 5000

/** Which of several processes owns what must be single: the next one is told only once the one before has let go, or is gone. */
export class Ownership {
  readonly #candidates: () => readonly WorkerProcess[]
  #owner: WorkerProcess | undefined
  #settled: Promise<void> = Promise.resolve()

  /** `candidates` are those that may own it now, the best first. */
  constructor (candidates: () => readonly WorkerProcess[]) {
    this.#candidates = candidates
  }

  get owner (): WorkerProcess | undefined { return this.#owner }

  /** To be called whenever the candidates may have changed. Never throws. */
  async settle (): Promise<void> {
    this.#settled = this.#settled.then(async () => this.#settle())
    return this.#settled
  }

  async #settle (): Promise<void> {
    if (this.#owner && this.#candidates().includes(this.#owner)) return
    // Who does not say that it lets go may go on until it is gone.
    if (this.#owner) await this.#owner.ask('own', false, toldMs).catch(async () => this.#owner?.ended)
    this.#owner = this.#candidates()[0]
    // One that does not answer may own it all the same; one that has ended calls for the next by that.
    await this.#owner?.ask('own', true, toldMs).catch(() => undefined)
  }
}
