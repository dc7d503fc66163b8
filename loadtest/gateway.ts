import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Program } from './program.ts'
import type { Start } from './program.ts'
import { freePort } from '../gateway/harness/free-port.ts'

/** A gateway as an installation runs it, a program of its own that is ready to serve. */
export interface Gateway {
  readonly url: string
  /** The origin of its operations listener. */
  readonly operations: string
  readonly pid: number
  /** Reads what its operations listener answers to GET; throws when that is no success. */
  readonly read: (path: string) => Promise<string>
  /** Asks its operations listener for JSON; throws when the answer is no success. */
  readonly ask: <Answer>(path: string, method?: 'GET' | 'POST') => Promise<Answer>
}

const readyWithinMs = 60_000

/**
 * Starts a gateway with a configuration whose ports are GATEWAY_PORT and OPERATIONS_PORT, both free ones of this machine, and waits until it has the
 * platform's keys; `stack` stops it, `signal` interrupts the start.
 */
export async function startGateway (config: string, { env, ...start }: Start, stack: AsyncDisposableStack, signal: AbortSignal): Promise<Gateway> {
  const [port, operations] = await Promise.all([freePort(), freePort()])
  const ports = { GATEWAY_PORT: `${port}`, OPERATIONS_PORT: `${operations}` }
  const program = stack.use(new Program(join(import.meta.dirname, '../gateway/main.ts'), signal, { ...start, args: ['--config', config], env: { ...env, ...ports } }))
  const { operationsToken } = await program.hear<{ operationsToken: string }>()
  // A connection left open would be waited for when the gateway stops.
  const headers = { authorization: `Bearer ${operationsToken}`, connection: 'close' }
  const askFor = async (path: string, method: string, patience: AbortSignal): Promise<Response> => fetch(`http://127.0.0.1:${operations}${path}`, { method, headers, signal: patience })
  const patience = AbortSignal.any([signal, AbortSignal.timeout(readyWithinMs)])
  while ((await askFor('/status', 'GET', patience)).status !== 200) await wait(50, undefined, { signal: patience })
  const read = async (path: string, method = 'GET'): Promise<string> => {
    const answer = await askFor(path, method, signal)
    if (!answer.ok) throw new Error(`${method} ${path} of operations was answered ${answer.status}: ${await answer.text()}`)
    return answer.text()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    operations: `http://127.0.0.1:${operations}`,
    pid: program.pid,
    read,
    async ask (path, method = 'GET') {
      return JSON.parse(await read(path, method)) as never
    }
  }
}
