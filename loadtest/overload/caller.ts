import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** An answer as it came: its headers as one text, names as they were written. */
export interface Answer { readonly status: number, readonly head: string, readonly body: string }

/** A call that is under way: when it was due (ms of performance.now), and what takes its answer. */
export interface Pending { readonly dueAt: number, readonly settle: (answer: Answer, now: number) => void }

/** A connection with one call on it at a time. It reads answers with a Content-Length, in which nothing is beyond ASCII: those that are expected. */
export class Caller {
  readonly #socket: Socket
  #pending: Pending | undefined
  #received = ''
  #isOver = false
  /** Resolved once it is connected. */
  readonly connected: Promise<void>

  /** Connects; `fail` is told what ends the connection before its time. */
  constructor (port: number, fail: (sentence: string) => void) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1')
    this.connected = new Promise((resolve) => { this.#socket.once('connect', resolve) })
    this.#socket.on('data', (chunk) => { this.#take(String(chunk), fail) })
    this.#socket.on('error', (error) => { if (!this.#isOver) fail(`a connection failed: ${error.message}`) })
    this.#socket.on('close', () => { if (!this.#isOver) fail(this.#pending ? 'a connection was closed on which a call was not answered' : 'a connection was closed that was to be kept') })
  }

  /** Whether its call is not answered yet. */
  get isBusy (): boolean { return this.#pending !== undefined }

  /** Makes a call on a connection that is not busy. */
  call (request: string, pending: Pending): void {
    this.#pending = pending
    this.#socket.write(request, 'latin1')
  }

  end (): void {
    this.#isOver = true
    this.#socket.destroy()
  }

  #take (chunk: string, fail: (sentence: string) => void): void {
    this.#received += chunk
    const headEnds = this.#received.indexOf('\r\n\r\n')
    if (headEnds < 0) return
    const head = this.#received.slice(0, headEnds)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(length)) return fail(`an answer without Content-Length: ${head.slice(0, 200)}`)
    if (this.#received.length < headEnds + 4 + length) return
    const answer = { status: Number(head.slice(9, 12)), head, body: this.#received.slice(headEnds + 4, headEnds + 4 + length) }
    this.#received = this.#received.slice(headEnds + 4 + length)
    const pending = this.#pending
    this.#pending = undefined
    if (!pending || this.#received !== '') return fail('an answer came to no call')
    pending.settle(answer, performance.now())
  }
}
