/** The places of calls that are in flight to an upstream. */
export class Places {
  readonly most: number
  #taken = 0

  constructor (most: number) {
    this.most = most
  }

  get taken (): number { return this.#taken }

  /** Takes a place, undefined when there is none left; what is given gives it back, once, however often it is called. */
  take (): (() => void) | undefined {
    if (this.#taken >= this.most) return undefined
    this.#taken++
    let isTaken = true
    return () => {
      if (isTaken) this.#taken--
      isTaken = false
    }
  }
}
