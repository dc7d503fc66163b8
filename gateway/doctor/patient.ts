import { request } from 'undici'
import type { Config } from '../config.ts'
import { findOperationsPlace } from '../operations-place.ts'
import type { OperationsPlace } from '../operations-place.ts'
import type { DescribedEService } from '../route.ts'

/** The gateway that runs with the state folder: where it is asked, since when it runs and the hash of its configuration. `silent` when it left its address there and does not answer. */
export type Running = OperationsPlace & { readonly silent: boolean, readonly startedAt: string, readonly hash: string }

/** What is examined, and what checks leave for those behind them. */
export interface Patient {
  readonly config: Config
  readonly env: NodeJS.ProcessEnv
  /** Epoch ms. */
  readonly now: () => number
  /** Undefined while no gateway runs. */
  readonly running: Running | undefined
  /** The e-services as their contracts describe them: by the check of contracts. */
  eservices: readonly DescribedEService[]
  /** By how much the clock of the platform is ahead of ours, in ms; undefined where it does not say: by the check of its keys. */
  aheadMs: number | undefined
  /** The e-services whose store does not answer: by the check of upstreams. */
  storeless: readonly string[]
}

/** How long a running gateway may take to say that it is there, in ms. */
const patienceMs = 1500

/** Finds the gateway that uses a state folder; undefined when none left its address there. */
export async function findRunning (state: string): Promise<Running | undefined> {
  const place = await findOperationsPlace(state)
  if (!place) return undefined
  const { startedAt = '', hash = '' } = await askRunning(place, '/-/config').catch(() => ({})) as { startedAt?: string, hash?: string }
  return { ...place, silent: hash === '', startedAt, hash }
}

/** What the operations listener answers to a GET. Throws when it does not, or with something else than 200. */
export async function askRunning ({ url, token }: OperationsPlace, path: string): Promise<unknown> {
  const { statusCode, body } = await request(url + path, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(patienceMs) })
  if (statusCode === 200) return body.json()
  await body.dump()
  throw new Error(`it answers ${statusCode}`)
}
