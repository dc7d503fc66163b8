import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../gateway/harness/free-port.ts'

const programs = findPrograms()
const isRoot = process.getuid?.() === 0

/** True where no PostgreSQL can be started, because it is not installed (or, for root, has no user to run as). */
export function isPostgresMissing (): boolean {
  return programs === undefined || (isRoot && idOf('-u') === undefined)
}

/** A PostgreSQL of its own, in a temporary folder: on a free port of this machine and on a Unix socket. Its superuser is `varco`. It runs as the user that Debian's package makes where the tests run as root, which it refuses. */
export class TestPostgres {
  readonly password = 'a:p@ss/word'
  port = 0
  readonly folder = mkdtempSync(join(tmpdir(), 'varco-pg-'))
  readonly #settings: readonly string[]
  #process: ChildProcess | undefined

  constructor (settings: readonly string[] = []) {
    this.#settings = settings
    if (isRoot) chownSync(this.folder, userId(), groupId())
  }

  /** The URL of a database, through its port or, with `host`, through its socket. */
  url (database = 'postgres', query = ''): string {
    return `postgres://varco:${encodeURIComponent(this.password)}@127.0.0.1:${this.port}/${database}${query}`
  }

  /** Makes its files. */
  async create (): Promise<this> {
    this.port = await freePort()
    const secret = join(this.folder, 'password')
    writeFileSync(secret, this.password)
    // Sorted as people would, so that a test sees where the bytes are meant.
    const args = ['-D', join(this.folder, 'data'), '-U', 'varco', '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--locale-provider=icu', '--icu-locale=it-IT', '--locale=C', '--no-sync']
    execFileSync(join(programs as string, 'initdb'), args, { ...identity(), cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] })
    return this
  }

  /** Starts the process and waits until it answers. */
  async start (): Promise<this> {
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `port=${this.port}`, `unix_socket_directories=${this.folder}`, 'max_connections=40', 'shared_buffers=16MB', 'timezone=Europe/Rome', ...this.#settings]
    const child = spawn(join(programs as string, 'postgres'), ['-D', join(this.folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
      { ...identity(), cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    this.#process = child
    endWithThis(child, this.folder)
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk) => {
        said += String(chunk)
        if (said.includes('database system is ready to accept connections')) resolve()
      })
      child.once('exit', () => { reject(new Error(`postgres ended: ${said}`)) })
    })
    child.unref()
    ;(child.stderr as Socket).unref()
    return this
  }

  /** Ends all of its processes at once, as a power cut would; what is on the disk stays. */
  async kill (): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child.ref() ?? child, 'exit')
    this.#signal('SIGKILL')
    await ended
  }

  /** Keeps its processes from running: connections stay open, new ones are taken, and nothing is said. */
  freeze (): void { this.#signal('SIGSTOP') }
  thaw (): void { this.#signal('SIGCONT') }

  /** Ends it and takes its files away. */
  async remove (): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  // The first process begins no others while it is stopped.
  #signal (signal: NodeJS.Signals): void {
    const pid = this.#process?.pid as number
    process.kill(pid, signal === 'SIGCONT' ? signal : 'SIGSTOP')
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)) signalIfThere(Number(child), signal)
    process.kill(pid, signal)
  }
}

// One that served a connection may have ended by itself since it was listed.
function signalIfThere (pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

// Debian keeps them apart, by version.
function findPrograms (): string | undefined {
  const debian = '/usr/lib/postgresql'
  const folders = [...listed(debian).map((version) => join(debian, version, 'bin')).toReversed(), ...(process.env.PATH ?? '').split(':')]
  return folders.find((folder) => ['initdb', 'postgres'].every((program) => spawnSync(join(folder, program), ['--version']).status === 0))
}

function listed (folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function identity (): { uid?: number, gid?: number } {
  return isRoot ? { uid: userId(), gid: groupId() } : {}
}

function userId (): number { return idOf('-u') as number }
function groupId (): number { return idOf('-g') as number }

function idOf (which: string): number | undefined {
  const { status, stdout } = spawnSync('id', [which, 'postgres'])
  return status === 0 ? Number(stdout) : undefined
}

/** Ends a process with this one, also where this one is killed and cannot: a shell waits for its end of a pipe, which closes then. */
function endWithThis (child: ChildProcess, folder: string): void {
  const watch = spawn('sh', ['-c', 'read -r _; kill -9 "$1"; rm -rf "$2"', 'sh', String(child.pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  watch.unref()
  ;(watch.stdin as Socket).unref()
  child.once('exit', () => { watch.kill('SIGKILL') })
}
