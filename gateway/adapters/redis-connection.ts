import { setTimeout as wait } from 'node:timers/promises'
import { ErrorReply } from 'redis'
import { connectRedis, placeOf } from './redis-client.ts'
import type { RedisClient, RedisPlace, RedisStore } from './redis-client.ts'
import { inTime, TooLate } from './deadline.ts'
import { faultOf, isTransient, Unfit } from './redis-fault.ts'
import { touchGeneration } from './redis-generation.ts'

/**
 * `now` in epoch ms. `prove` tries out what Redis is used for and throws when it does not work; no connection is used before. `restore` tells Redis what it may have
 * forgotten, or was not told while it was away; it is not used before that either, unless it forgot without anybody noticing.
 */
export interface RedisOptions {
  readonly url: string
  readonly now: () => number
  readonly warn: (message: string) => void
  readonly prove: (store: RedisStore) => Promise<void>
  readonly restore: (store: RedisStore) => Promise<void>
}

/** How long anybody waits for an answer, in ms. */
const answerMs = 75
/** How often it is looked whether Redis still answers, and remembers, where nobody else asks, in ms. */
const heartbeatMs = 1000
/** After so many errors in a row, which are answers too, Redis is away. */
const mostErrors = 3
/** Pauses between attempts to connect, in ms: each is twice the last, unless a connection has held for long. */
const pauses = { firstMs: 50, longestMs: 500, steadyMs: 5000 }

/** A connection in use: `doubted` when an answer was late, `isLost` when it was given up; `stir` ends the wait for either. */
interface Link { readonly client: RedisClient, errors: number, doubted: boolean, isLost: boolean, stir: () => void }

/**
 * The way to Redis, which is up or away. Whoever asks waits for 75 ms at most, and not at all once it is away, which it is with the first answer that is
 * late. Then it is asked by itself: when it answers in time it is up again, and when not it is connected to anew, at least every 1.5 s, and up once it
 * has shown that it counts and remembers.
 */
export class RedisConnection {
  /** How often what was asked was answered by Redis, and how often it has to be decided here. */
  readonly answers = { redis: 0, local: 0 }
  readonly #options: RedisOptions
  readonly #closing = new AbortController()
  #link: Link | undefined
  #places: readonly RedisPlace[]
  #attempts = 0
  #since: number | undefined
  #told = ''
  #following: Promise<void> | undefined

  private constructor (options: RedisOptions) {
    this.#options = options
    this.#places = [placeOf(options.url)]
  }

  /**
   * Connects to Redis. While it does not answer the connection is away, and says so once; a Redis that answers and cannot be used (a wrong password, a
   * replica, no memory) throws a sentence.
   */
  static async open (options: RedisOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options)
    // The error itself is not passed on: an answer may repeat what was sent, the password too.
    const failure: unknown = await connection.#connect().catch((error: unknown) => error)
    if (failure instanceof Unfit || (failure instanceof ErrorReply && !isTransient(failure))) throw new Error(`${connection.#name} cannot be used: ${faultOf(failure)}`)
    if (failure !== undefined) connection.#tell(failure)
    connection.#following = connection.#follow()
    return connection
  }

  /** False while Redis is away. */
  get isUp (): boolean {
    return this.#link?.doubted === false
  }

  /** What Redis answers, or undefined when it is away, or not in time, or with an error. What was asked may have been done all the same. */
  async run<T> (ask: (store: RedisStore) => Promise<T>): Promise<T | undefined> {
    const link = this.#link
    const answer = link && !link.doubted ? await this.#ask(link, ask) : undefined
    if (answer === undefined) this.answers.local++
    else this.answers.redis++
    return answer
  }

  async #ask<T> (link: Link, ask: (store: RedisStore) => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await inTime(ask(link.client.store), answerMs)
      link.errors = 0
      return answer
    } catch (error) {
      if (error instanceof TooLate) doubt(link)
      else if (!(error instanceof ErrorReply) || ++link.errors >= mostErrors) this.#lose(link, error)
      return undefined
    }
  }

  /** Ends every connection, and with it what is waited for. */
  async close (): Promise<void> {
    this.#closing.abort()
    if (this.#link) this.#lose(this.#link, this.#closing.signal.reason)
    await this.#following
  }

  get #name (): string {
    const { host, port } = placeOf(this.#options.url)
    return `Redis (${host}:${port})`
  }

  async #connect (): Promise<void> {
    const broken = Promise.withResolvers<never>()
    // What is told before anybody waits for it is told by the connecting too.
    broken.promise.catch(() => undefined)
    let link: Link | undefined
    const failed = (error: unknown): void => {
      broken.reject(error)
      if (link) this.#lose(link, error)
    }
    const place = this.#places[this.#attempts++ % this.#places.length] as RedisPlace
    const client = await connectRedis(this.#options.url, place, failed)
    try {
      await Promise.race([this.#prove(client.store), broken.promise])
      this.#closing.signal.throwIfAborted()
    } catch (error) {
      client.close()
      throw error
    }
    link = { client, errors: 0, doubted: false, isLost: false, stir: () => undefined }
    this.#link = link
    this.#places = [placeOf(this.#options.url), ...client.nodes]
    if (this.#told !== '') this.#options.warn(`${this.#name} is back`)
    this.#told = ''
  }

  async #prove (store: RedisStore): Promise<void> {
    await this.#touch(store)
    await inTime(this.#options.prove(store), answerMs)
    await this.#options.restore(store)
  }

  /** True when another generation has begun since it was last looked. */
  async #touch (store: RedisStore): Promise<boolean> {
    const since = await inTime(touchGeneration(store, this.#options.now()), answerMs)
    if (since === 'evicts') throw new Unfit('it throws keys away when its memory is full: set maxmemory-policy to noeviction')
    const isAnother = this.#since !== undefined && since !== this.#since
    if (isAnother) this.#options.warn(`${this.#name} was emptied, or is another process now: what proves to have been issued before is answered 503 until it expires`)
    this.#since = since
    return isAnother
  }

  #lose (link: Link, error: unknown): void {
    if (this.#link !== link) return
    this.#link = undefined
    link.isLost = true
    link.client.close()
    link.stir()
    this.#tell(error)
  }

  #tell (error: unknown): void {
    if (this.#closing.signal.aborted) return
    const fault = faultOf(error)
    if (fault === this.#told) return
    this.#told = fault
    this.#options.warn(`${this.#name} is away: ${fault}. Until it is back limits are this process's share of them, and what may be used once is answered 503`)
  }

  /** Keeps the connection up until it is closed. */
  async #follow (): Promise<void> {
    const { signal } = this.#closing
    const pause = async (ms: number): Promise<void> => wait(ms, undefined, { signal, ref: false }).catch(() => undefined)
    for (let pauseMs = pauses.firstMs; !signal.aborted;) {
      if (this.#link) {
        const start = performance.now()
        await this.#watch(this.#link, pause)
        pauseMs = performance.now() - start > pauses.steadyMs ? 0 : pauseMs
      }
      await pause(pauseMs)
      if (signal.aborted) return
      await this.#connect().catch((error: unknown) => { this.#tell(error) })
      pauseMs = Math.min(Math.max(pauseMs * 2, pauses.firstMs), pauses.longestMs)
    }
  }

  /** Until a connection is lost. A silence or a loss of memory is noticed without anybody waiting for it. */
  async #watch (link: Link, pause: (ms: number) => Promise<void>): Promise<void> {
    while (!link.isLost) {
      if (!link.doubted) await Promise.race([new Promise<void>((resolve) => { link.stir = resolve }), pause(heartbeatMs)])
      if (link.isLost) return
      const answered = await this.#look(link).then(() => true, (error: unknown) => { this.#lose(link, error) })
      if (answered) link.doubted = false
    }
  }

  async #look ({ client: { store }, doubted }: Link): Promise<void> {
    const isAnother = await this.#touch(store)
    if (isAnother || doubted) await this.#options.restore(store)
  }
}

function doubt (link: Link): void {
  link.doubted = true
  link.stir()
}
