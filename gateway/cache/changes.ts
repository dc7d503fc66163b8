/** As many changed paths are remembered one by one; of those before them it is assumed that any path was changed. */
const mostPaths = 1000

/** Remembers at which paths something was changed lately, so that no answer of before is stored after it. */
export class Changes {
  /** By path, the number of its last change; in the order of these. */
  readonly #last = new Map<string, number>()
  #forgotten = 0
  /** The number of the last change. */
  now = 0

  add (path: string): void {
    this.#last.delete(path)
    this.#last.set(path, ++this.now)
    if (this.#last.size <= mostPaths) return
    const [oldest, number] = this.#last.entries().next().value as [string, number]
    this.#last.delete(oldest)
    this.#forgotten = number
  }

  /** Whether nothing was changed at a path since the change of this number. */
  isSameSince (path: string, change: number): boolean {
    return change >= this.#forgotten && (this.#last.get(path) ?? 0) <= change
  }
}
