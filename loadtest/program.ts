import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** How a program starts: its arguments, variables on top of ours, the file descriptor of its standard output, and the cores that it may use (a list of `taskset`; ours by default). */
export interface Start {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly output?: number
  readonly cores?: string | undefined
}

const patienceMs = 5000
const maxErrorText = 4000

/**
 * A Node program beside this one, spoken to over IPC. It ends when it is disposed of and, because our programs end with
 * the channel, also when this process dies without a word.
 */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>
  readonly #signal: AbortSignal
  #errorText = ''

  /** Starts a file; `signal` gives up waiting for it. */
  constructor (file: string, signal: AbortSignal, { args = [], env, output, cores }: Start = {}) {
    this.#signal = signal
    const [command = '', ...rest] = [...cores === undefined ? [] : ['taskset', '-c', cores], process.execPath, file, ...args]
    this.#child = spawn(command, rest, {
      env: { ...process.env, ...env },
      // Ctrl-C on a terminal is for this process alone, which stops calling before it stops what is called.
      detached: true,
      stdio: ['ignore', output ?? 'ignore', 'pipe', 'ipc']
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errorText = (this.#errorText + chunk.toString()).slice(-maxErrorText)
    })
    this.#ended = once(this.#child, 'close').then(([code, killedBy]) => {
      throw new Error(`${file} ended by itself (${killedBy ?? `exit code ${code}`})\n${this.#errorText}`.trimEnd())
    })
    this.#ended.catch(() => undefined)
  }

  /** Its process. */
  get pid (): number { return this.#child.pid as number }

  /** Sends a message. */
  tell (message: object): void {
    this.#child.send(message)
  }

  /** The program's next message. Throws when the program ends instead, with what it wrote to its standard error. */
  async hear<Message> (): Promise<Message> {
    const heard = new AbortController()
    const signal = AbortSignal.any([this.#signal, heard.signal])
    const message = once(this.#child, 'message', { signal }) as Promise<[Message]>
    return Promise.race([message.then(([first]) => first), this.#ended]).finally(() => { heard.abort() })
  }

  /** Asks it to end, waits, and kills it when it does not. */
  async [Symbol.asyncDispose] (): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs)
    this.#child.kill('SIGTERM')
    await this.#ended.catch(() => undefined)
    clearTimeout(impatience)
  }
}
