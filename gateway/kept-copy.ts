/** How long an answer may be of which a copy is kept while it is passed on, and all such copies together, in bytes. */
export const longestKept = 1024 * 1024
const mostKept = 64 * 1024 * 1024

let keptInAll = 0

/** A copy of an answer that is passed on meanwhile. */
export class KeptCopy {
  #chunks: Buffer[] = []
  #bytes = 0

  /** Keeps a part; gives why nothing is kept any longer: it is too long, or there are too many. */
  add (chunk: Buffer): 'too-long' | 'crowded' | undefined {
    const fault = this.#bytes + chunk.length > longestKept ? 'too-long' : keptInAll + chunk.length > mostKept ? 'crowded' : undefined
    if (fault) {
      this.drop()
      return fault
    }
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    keptInAll += chunk.length
    return undefined
  }

  /** All that was kept. */
  bytes (): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0] as Buffer : Buffer.concat(this.#chunks)
  }

  /** Gives up what was kept. */
  drop (): void {
    keptInAll -= this.#bytes
    this.#chunks = []
    this.#bytes = 0
  }
}
