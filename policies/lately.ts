/**
 * What was noted lately, by key: never more than `most`, and of those that were noted or asked for last always the last half of that. A Map from which the oldest goes whenever it is full steps over all
 * that went before to find it; here a half goes at once.
 */
export class Lately<Value extends object> {
  readonly #half: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  constructor (most: number) {
    this.#half = Math.floor(most / 2)
  }

  get (key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (old) this.set(key, old)
    return old
  }

  set (key: string, value: Value): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  clear (): void {
    this.#young.clear()
    this.#old.clear()
  }
}
