import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { describeWrong, isExpected } from '../expected.ts'
import type { Expected } from '../expected.ts'
import { cpuMicrosOf } from '../process-figures.ts'

/** The call that shows that a program serves. */
export interface FirstCall { readonly url: string, readonly headers: Readonly<Record<string, string>>, readonly expected: Expected }

/** A program to start: its arguments for Node, its folder and variables, its first call (without one it is waited for until it ends), and what is done once it serves, given its process. */
export interface Beginning {
  readonly args: readonly string[]
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly call?: FirstCall | undefined
  readonly serving?: ((pid: number) => Promise<void>) | undefined
}

/** What a start took: ms from launching it to the first right answer (or its end), and the user and system CPU seconds that it had used by then, where the system tells. */
export interface Begun { readonly ms: number, readonly cpuSeconds: number | undefined }

const askedEveryMs = 5
const patienceMs = 60_000
const maxErrorText = 4000

/**
 * Starts a program, calls it until the first right answer, and stops it. Until then it may listen to nobody or say that it is not ready (503): throws a
 * sentence at every other answer, when it ends by itself, and when it takes longer than a minute.
 */
export async function begin ({ args, folder, env, call, serving }: Beginning, signal: AbortSignal): Promise<Begun> {
  const launched = performance.now()
  const child = spawn(process.execPath, args, { env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => { errors = (errors + chunk.toString()).slice(-maxErrorText) })
  const closed = once(child, 'close') as Promise<[number | null, string | null]>
  const failed = closed.then(([code, killedBy]) => { throw new Error(`node ${args.join(' ')} ended by itself (${killedBy ?? `exit code ${code}`})\n${errors}`.trimEnd()) })
  failed.catch(() => undefined)
  const over = new AbortController()
  try {
    if (!call) {
      const [code] = await closed
      if (code !== 0) await failed
      return { ms: performance.now() - launched, cpuSeconds: undefined }
    }
    await Promise.race([untilServed(call, AbortSignal.any([signal, over.signal, AbortSignal.timeout(patienceMs)])), failed])
    const ms = performance.now() - launched
    const cpuMicros = cpuMicrosOf([child.pid as number])
    await serving?.(child.pid as number)
    return { ms, cpuSeconds: cpuMicros === undefined ? undefined : cpuMicros / 1e6 }
  } finally {
    over.abort()
    child.kill('SIGTERM')
    await closed
  }
}

async function untilServed (call: FirstCall, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await ask(call, signal).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED') throw error
    })
    if (answer && isExpected(call.expected, answer.status, answer.body)) return
    if (answer && answer.status !== 503) throw new Error(`before it was ready: ${describeWrong(call.expected, answer.status, answer.body)}`)
    await wait(askedEveryMs, undefined, { signal })
  }
}

async function ask ({ url, headers }: FirstCall, signal: AbortSignal): Promise<{ readonly status: number, readonly body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false, signal }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text }).on('error', reject).on('end', () => { resolve({ status: response.statusCode ?? 0, body }) })
    }).on('error', reject)
  })
}
