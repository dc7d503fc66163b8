import { setImmediate as turn } from 'node:timers/promises'
import type { RedisStore } from '../../gateway/adapters/redis-client.ts'

interface Reply { readonly dueAt: number, readonly real: Promise<unknown>, readonly deliver: (real: Promise<unknown>) => void }

/**
 * A real Redis in virtual time: what is asked is done there at once, in the order in which it was asked, and its answer is told `answerMs` of
 * virtual time later. The same questions always get the same answers at the same times.
 */
export class VirtualRedis implements RedisStore {
  readonly #store: RedisStore
  readonly #answerMs: number
  readonly #replies: Reply[] = []
  #delivered = 0
  #now = 0

  constructor (store: RedisStore, answerMs: number) {
    this.#store = store
    this.#answerMs = answerMs
  }

  /** In ms since the beginning. */
  get now (): number { return this.#now }

  /** How many questions were asked. */
  get asked (): number { return this.#replies.length }

  async eval (script: string, options: { keys: string[], arguments: string[] }): Promise<unknown> {
    return this.#later(this.#store.eval(script, options))
  }

  async get (key: string): Promise<unknown> {
    return this.#later(this.#store.get(key))
  }

  /** Lets time pass, with every answer that is due by then and whatever follows from it. */
  async pass (until: number): Promise<void> {
    for (let reply = this.#replies[this.#delivered]; reply && reply.dueAt <= until; reply = this.#replies[this.#delivered]) {
      await reply.real
      this.#delivered++
      this.#now = reply.dueAt
      reply.deliver(reply.real)
      await turn()
    }
    this.#now = until
  }

  async #later (real: Promise<unknown>): Promise<unknown> {
    return new Promise((deliver) => { this.#replies.push({ dueAt: this.#now + this.#answerMs, real, deliver }) })
  }
}
