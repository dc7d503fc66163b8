import { problemsOf } from '../program.ts'
import type { Reloaded } from '../reload.ts'
import type { WorkerProcess } from './worker-process.ts'

/** How long one process may take to put a configuration together, which may be read from the platform, and to put it live, in ms. */
const prepareMs = 90_000
const commitMs = 5000

/** What is told when there is nobody to ask. */
export const noneServes = 'no process of the gateway serves just now: try again'

/** What became of it, and the files that are live now. */
export type FleetReload = Reloaded & { readonly files?: readonly string[] }

/**
 * Reloads several processes as one: each puts the files together, and when all read the same they go live everywhere, or else nowhere. Never throws. One
 * that does not go live with the others is killed: what comes in its place reads what is live.
 */
export async function reloadAll (workers: readonly WorkerProcess[], again = true): Promise<FleetReload> {
  const prepared = await Promise.all(workers.map(async (worker) => {
    try {
      return { worker, hash: (await worker.ask('prepare', null, prepareMs)).hash }
    } catch (error) {
      return await hasEnded(worker) ? undefined : { worker, problems: problemsOf(error) }
    }
  }))
  const there = prepared.filter((one) => one !== undefined)
  const good = there.filter((one) => 'hash' in one)
  const hashes = new Set(good.map(({ hash }) => hash))
  const [hash] = hashes
  if (hash !== undefined && good.length === there.length && hashes.size === 1) return { hash, files: await commitAll(good.map(({ worker }) => worker)) }
  await Promise.all(good.map(async ({ worker }) => worker.ask('discard', null, commitMs).catch(() => undefined)))
  const problems = [...new Set(there.flatMap((one) => 'problems' in one ? one.problems : []))]
  if (problems.length > 0) return { problems }
  if (hashes.size > 1 && again) return reloadAll(workers, false)
  return { problems: [hashes.size > 1 ? 'the files were changed while they were read: try again' : noneServes] }
}

async function commitAll (workers: readonly WorkerProcess[]): Promise<readonly string[]> {
  const files = await Promise.all(workers.map(async (worker) => {
    try {
      return (await worker.ask('commit', null, commitMs)).files
    } catch {
      worker.kill()
      return []
    }
  }))
  return files.find((some) => some.length > 0) ?? []
}

/** That an answer is missing and that the process is gone may come in either order, a moment apart. */
async function hasEnded (worker: WorkerProcess): Promise<boolean> {
  return Promise.race([worker.ended.then(() => true), new Promise<boolean>((resolve) => { setImmediate(() => { resolve(false) }) })])
}
