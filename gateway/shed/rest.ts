/** A connection, as far as it can be left alone: what comes on it meanwhile waits in the system, and costs nothing. */
export interface Restable { pause (): unknown, resume (): unknown }

/** How long a connection rests at most, in ms: what its caller was told to wait. */
export const longestRestMs = 3000

/**
 * The connections on which a call was shed, at rest. To read a request and to refuse it costs a good part of what it costs to serve one: a gateway that refuses at once whoever
 * comes again at once does little else. A connection whose caller was told to come later is not read from until its turn comes, those that wait for longest first.
 */
export class Rest {
  readonly #since = new Map<Restable, { readonly at: number, readonly isNext: boolean }>()
  #tired: Restable[] = []
  readonly #waited = new WeakSet<Restable>()

  /** How many rest. */
  get count (): number { return this.#since.size }

  /** Puts a connection to rest, once the answer that is being written on it is out; with `isNext` its next call is to be served before others. `now` in ms. */
  put (connection: Restable, now: number, isNext: boolean): void {
    if (this.#since.has(connection)) return
    this.#since.set(connection, { at: now, isNext })
    this.#tired.push(connection)
    // Not before the parser is done with what it has read: it reads on by itself then.
    if (this.#tired.length === 1) setImmediate(() => { for (const one of this.#tired.splice(0)) if (this.#since.has(one)) one.pause() })
  }

  /** Wakes `most` connections, and all that rested for long enough. Gives of how many of these the next call is to be served before others. */
  wake (most: number, now: number): number {
    let [woken, next] = [0, 0]
    for (const [connection, { at, isNext }] of this.#since) {
      if (woken >= most && now - at < longestRestMs) break
      this.#since.delete(connection)
      connection.resume()
      if (isNext && woken < most) {
        this.#waited.add(connection)
        next++
      }
      woken++
    }
    return next
  }

  /** Whether that holds for the next call on a connection; it is said once. */
  takeWaited (connection: Restable): boolean {
    return this.#waited.delete(connection)
  }
}
