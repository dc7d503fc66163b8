import { Worker } from 'node:worker_threads'
import type { WorkerOptions } from 'node:worker_threads'

/** How long a worker that has nothing to do waits for more: starting one costs more than what it is asked. In ms. */
const idleMs = 1000

/**
 * A worker thread that answers every message with one: started at the first question, asked one thing after the other, ended soon after the
 * last. What it loads never stays in a serving process.
 */
export class KeptWorker<Question, Answer> {
  readonly #program: URL
  readonly #options: WorkerOptions
  #worker: Worker | undefined
  #end: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()
  constructor (program: URL, options: WorkerOptions = {}) {
    this.#program = program
    this.#options = options
  }

  /** Asks, when what was asked before is answered. Throws what `late` makes when it takes longer than `deadlineMs` from then; that worker is stopped. */
  async ask (question: Question, deadlineMs: number, late: () => Error): Promise<Answer> {
    const answer = this.#last.then(async () => this.#ask(question, deadlineMs, late))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  async #ask (question: Question, deadlineMs: number, late: () => Error): Promise<Answer> {
    const worker = this.#take()
    const timer = setTimeout(() => { void worker.terminate() }, deadlineMs)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const refuse = (): void => { reject(late()) }
    worker.on('message', resolve).on('error', reject).on('exit', refuse)
    worker.postMessage(question)
    try {
      const answer = await promise
      this.#keep(worker)
      return answer
    } finally {
      clearTimeout(timer)
      worker.off('message', resolve).off('error', reject).off('exit', refuse)
    }
  }

  #take (): Worker {
    const worker = this.#worker ?? this.#start()
    this.#worker = undefined
    clearTimeout(this.#end)
    worker.ref()
    return worker
  }

  #start (): Worker {
    const worker = new Worker(this.#program, this.#options)
    // It may end while nobody waits for it.
    const forget = (): void => { if (this.#worker === worker) this.#worker = undefined }
    return worker.on('error', forget).on('exit', forget)
  }

  #keep (worker: Worker): void {
    worker.unref()
    this.#worker = worker
    this.#end = setTimeout(() => {
      this.#worker = undefined
      void worker.terminate()
    }, idleMs).unref()
  }
}
