import { execFile, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** True where no Redis can be started, because it is not installed. */
export function isRedisMissing (): boolean {
  return ['redis-server', 'redis-cli'].some((command) => spawnSync(command, ['--version']).error !== undefined)
}

/** A Redis of its own: a process on a free port of this machine that keeps nothing on disk. Used by tests and by the fault tests of loadtest/ only. */
export class TestRedis {
  readonly port: number
  readonly #args: readonly string[]
  #process: ChildProcess | undefined

  constructor (port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  get url (): string { return `redis://127.0.0.1:${this.port}` }

  /** Starts the process, empty unless its options say otherwise, and waits until it answers. */
  async start (): Promise<this> {
    // Ctrl-C on a terminal is for this process alone, which stops whatever asks it first.
    const process = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...this.#args], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    this.#process = process
    endWithThis(process)
    let said = ''
    await new Promise<void>((resolve, reject) => {
      process.stdout.on('data', (chunk) => {
        said += String(chunk)
        if (said.includes('Ready to accept connections')) resolve()
      })
      process.once('exit', () => { reject(new Error(`redis-server ended: ${said}`)) })
    })
    return this
  }

  /** Ends the process at once, as a power cut would. */
  async kill (): Promise<void> {
    const process = this.#process
    if (!process || process.exitCode !== null || process.signalCode !== null) return
    const ended = once(process, 'exit')
    process.kill('SIGKILL')
    await ended
  }

  /** Keeps the process from running: its connections stay open and say nothing. */
  freeze (): void { this.#process?.kill('SIGSTOP') }
  thaw (): void { this.#process?.kill('SIGCONT') }

  /** What redis-cli answers. */
  async ask (...command: readonly string[]): Promise<string> {
    return (await run('redis-cli', ['-p', String(this.port), '--no-auth-warning', ...command])).stdout.trim()
  }
}

/** Ends a process with this one, also where this one is killed and cannot: a shell waits for its end of a pipe, which closes then. */
function endWithThis (child: ChildProcess): void {
  const watch = spawn('sh', ['-c', 'read -r _; kill -9 "$1"', 'sh', String(child.pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  watch.unref()
  ;(watch.stdin as Socket).unref()
  child.once('exit', () => { watch.kill('SIGKILL') })
}
