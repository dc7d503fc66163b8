import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { Aim } from './address.ts'
import { checkCall } from './check-call.ts'
import { measure } from './measure.ts'
import type { Measured, Round } from './measure.ts'
import { startGenerator } from './range.ts'
import { fireFrom } from './run.ts'
import type { Load } from './scenario.ts'

/** A call of a gateway that this run did not start. */
export interface AimedCall {
  readonly aim: Aim
  /** With its query. */
  readonly path: string
  /** Without it nothing is proved. */
  readonly voucher: string | undefined
  readonly status: number
  /** Whoever runs the load test owns the machine. */
  readonly owned: boolean
}

/** What may interrupt a run, and where it tells how far it is. */
interface Surroundings { readonly signal: AbortSignal, readonly onRound: (scenario: { readonly name: string }, round: number, result: Round) => void }

/** The name under which such a call is measured. */
export const nameOf = ({ path }: Pick<AimedCall, 'path'>): string => `GET ${path}`

/**
 * Fires at a gateway that is there already. A call is made beforehand, over TLS whose certificate is verified where it is https: what fires does not verify it. Throws at
 * the first answer with another status.
 */
export async function runAimed ({ aim: { origin, host }, path, voucher, status, owned }: AimedCall, load: Load, { signal, onRound }: Surroundings): Promise<readonly Measured[]> {
  const name = nameOf({ path })
  const headers = { ...host !== undefined && { host }, ...voucher !== undefined && { authorization: `Bearer ${voucher}` } }
  const call = { url: origin + path, method: 'GET', headers, expected: { status, anyBody: true } } as const
  await checkCall({ ...call, name, body: undefined, signal })
  await using generator = await startGenerator(signal)
  return await measure([{ name, group: 'calls' }], load.rounds, async (scenario, round) => {
    const result = await fireFrom(generator, name, { ...call, seconds: load.seconds, calls: load.calls, connections: load.connections, elsewhere: owned })
    signal.throwIfAborted()
    onRound(scenario, round, result)
    return result
  })
}

/** Reads a voucher from a file, or from standard input (`-`). Throws a sentence, never with what it read. */
export async function readVoucher (from: string): Promise<string> {
  const read = from === '-' ? text(process.stdin) : readFile(from, 'utf8')
  const voucher = (await read.catch((error: NodeJS.ErrnoException) => { throw new Error(`--voucher-from ${from} cannot be read (${error.code ?? error.message})`) })).trim()
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(voucher)) throw new Error(`--voucher-from ${from} holds no voucher: it must be one JWT and nothing else`)
  return voucher
}
