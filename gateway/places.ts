/** The places of calls that are in flight to an upstream; those that were taken of the places `before` them are taken of these too. */
export class Places {
  readonly most: number
  readonly #taken: { count: number }

  constructor (most: number, before?: Places) {
    this.most = most
    this.#taken = before ? before.#taken : { count: 0 }
  }

  get taken (): number { return this.#taken.count }

  get isFull (): boolean { return this.taken >= this.most }

  /** Takes a place, undefined when there is none left; what is given gives it back, once, however often it is called. */
  take (): (() => void) | undefined {
    if (this.isFull) return undefined
    this.#taken.count++
    let isTaken = true
    return () => {
      if (isTaken) this.#taken.count--
      isTaken = false
    }
  }
}
