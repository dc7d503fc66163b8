/** A connection, as far as it can be left alone: what comes on it meanwhile waits in the system, and costs nothing. */
export interface Restable { pause (): unknown, resume (): unknown }

/** How long a connection rests at most, in ms: what its caller was told to wait. */
export const longestRestMs = 3000

/**
 * The connections on which a call was shed, at rest. To read a request and to refuse it costs a good part of what it costs to serve one: a gateway that refuses at once whoever
 * comes again at once does little else. A connection whose caller was told to come later is not read from until its turn comes, those that wait for longest first.
 */
export class Rest {
  readonly #since = new Map<Restable, number>()
  #tired: Restable[] = []

  /** How many rest. */
  get count (): number { return this.#since.size }

  /** Puts a connection to rest, once the answer that is being written on it is out. `now` in ms. */
  put (connection: Restable, now: number): void {
    if (this.#since.has(connection)) return
    this.#since.set(connection, now)
    this.#tired.push(connection)
    // Not before the parser is done with what it has read: it reads on by itself then.
    if (this.#tired.length === 1) setImmediate(() => { for (const one of this.#tired.splice(0)) if (this.#since.has(one)) one.pause() })
  }

  /** Wakes `most` connections, and all that rested for long enough. */
  wake (most: number, now: number): void {
    let woken = 0
    for (const [connection, since] of this.#since) {
      if (woken >= most && now - since < longestRestMs) return
      this.#since.delete(connection)
      connection.resume()
      woken++
    }
  }
}
