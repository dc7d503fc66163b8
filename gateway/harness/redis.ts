import { execFile, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './gateway.ts'
import { temporaryFolder } from './process.ts'

interface Teardown { teardown (work: () => Promise<void>): void }

const isMissing = ['redis-server', 'redis-cli'].some((command) => spawnSync(command, ['--version']).error !== undefined)

/** What a test says that needs a real Redis: it is left out, with a reason, where there is none. */
export const withRedis = isMissing ? { skip: 'redis-server is not installed here: nothing that needs a real Redis was tested' } : {}

const run = promisify(execFile)

/** A Redis of its own: a process on a free port of this machine that keeps nothing on disk. Used by tests only. */
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
    const process = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...this.#args], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = process
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

/** Starts a Redis that ends with the test. */
export async function startRedis (t: Teardown, ...args: readonly string[]): Promise<TestRedis> {
  const redis = new TestRedis(await freePort(), ['--dir', await temporaryFolder(t), ...args])
  t.teardown(async () => redis.kill())
  return redis.start()
}

// What came first goes on first, however the latency changes.
async function pass (before: Promise<void>, due: Promise<void>, to: Socket, chunk: Buffer | string): Promise<void> {
  await Promise.all([before, due])
  to.write(chunk)
}

/** A way to a Redis on which everything takes `latencyMs` longer in each direction; both may be changed while it runs. Ends with the test. */
export async function startSlowWay (t: Teardown, port: number): Promise<{ readonly url: string, latencyMs: number }> {
  const way = { url: '', latencyMs: 0 }
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1')
    for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
      let order = Promise.resolve()
      from.on('data', (chunk) => {
        order = pass(order, wait(way.latencyMs), to, chunk)
      })
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => { server.close() })
  way.url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
  return way
}
