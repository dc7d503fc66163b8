import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** The repository's root. */
export const root = join(import.meta.dirname, '../..')

const patienceMs = 60_000

interface Teardown { teardown (work: () => Promise<void>): void }

/** How a program is launched: its folder, `PORT`, more variables, what it reads on standard input. */
export interface LaunchOptions {
  readonly cwd: string
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

/** A program as a process of its own: what it wrote so far, and how it ended (exit code, or the signal's name). */
export class Program {
  readonly child: ChildProcess
  readonly ended: Promise<number | string>
  out = ''
  err = ''

  constructor (child: ChildProcess) {
    this.child = child
    child.stdout?.on('data', (chunk: Buffer) => { this.out += chunk.toString() })
    child.stderr?.on('data', (chunk: Buffer) => { this.err += chunk.toString() })
    this.ended = new Promise((resolve) => { child.once('close', (code, signal) => { resolve(code ?? signal ?? 'nothing') }) })
  }

  /** Waits until its output matches. Throws with that output when it ends first or takes too long. */
  async says (pattern: RegExp): Promise<void> {
    for (const end = performance.now() + patienceMs; !pattern.test(this.out + this.err); await wait(10)) {
      if (this.child.exitCode !== null || performance.now() > end) throw new Error(`${pattern} was never said, but: ${this.out}${this.err}`)
    }
  }

  /** Ends it and waits until it is gone. */
  async stop (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.child.kill(signal)
    return this.ended
  }
}

// Only where compiled code is kept is told on: programs do the same with it, sooner.
const compileCache = process.env['NODE_COMPILE_CACHE']
const kept = compileCache === undefined ? {} : { NODE_COMPILE_CACHE: resolve(root, compileCache) }

/** Launches `node` with `args` (paths from the root) as a plain user would: no variable of the test runner reaches it that changes what it does. Ends with the test. */
export function launch (t: Teardown, [file = '', ...args]: readonly string[], options: LaunchOptions): Program {
  return launchWith(t, process.execPath, [join(root, file), ...args], options)
}

/** Launches any program in the same way. */
export function launchWith (t: Teardown, command: string, args: readonly string[], { cwd, port, env, input }: LaunchOptions): Program {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(command, args, { cwd, env: { PATH, HOME, ...kept, ...(port !== undefined && { PORT: String(port) }), ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => undefined).end(input ?? '')
  const program = new Program(child)
  t.teardown(async () => { await program.stop('SIGKILL') })
  return program
}

/** A folder of its own outside the repository, taken away with the test. */
export async function temporaryFolder (t: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-'))
  t.teardown(async () => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Asks again until the answer has the status, at most for a while; gives the last answer. */
export async function untilStatus (url: string, status: number, init?: RequestInit): Promise<Response | undefined> {
  let last: Response | undefined
  for (const end = performance.now() + patienceMs; last?.status !== status && performance.now() < end; await wait(20)) {
    await last?.body?.cancel()
    last = await fetch(url, init).catch(() => undefined)
  }
  return last
}

/** The processes that a process has launched, as id and command line (Linux). */
export async function childrenOf (pid: number): Promise<readonly { pid: number, command: string }[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(async (name) => {
    const [stat, command] = await Promise.all(['stat', 'cmdline'].map(async (file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')))
    // The parent is the second field behind the name, which stands in parentheses and may hold anything.
    const parent = Number(stat?.slice(stat.lastIndexOf(')')).split(' ')[2])
    return parent === pid ? [{ pid: Number(name), command: command?.replaceAll('\0', ' ') ?? '' }] : []
  })
  return (await Promise.all(all)).flat()
}

/** True while a process is there. */
export function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
