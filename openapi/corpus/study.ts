import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { KeptWorker } from '../kept-worker.ts'
import { findDocumentFault, isMeantAsContract } from './document-fault.ts'
import type { DocumentFault } from './document-fault.ts'
import type { Compared } from './comparison.ts'
import { measureLinting } from './linting.ts'
import type { Linting } from './linting.ts'
import type { Loading } from './loading.ts'
import { differencesOf, expectedCounts } from './verdict.ts'
import type { RuleDifference } from './verdict.ts'

/** All that was found out about one contract. `fault` is what is wrong with a refused document itself; `differences` is there where the reference's verdict is known. */
export interface Study {
  readonly file: string
  readonly loading: Loading
  readonly fault?: DocumentFault
  readonly linting?: Linting
  readonly differences?: readonly RuleDifference[]
  readonly compared?: Compared
}

/** What is looked at, and how long a contract may take for each of it (ms). */
export interface StudyOptions { readonly lint: boolean, readonly differential: boolean, readonly deadlineMs: number }

const loader = new KeptWorker<string, Loading>(new URL('worker.ts', import.meta.url))
const comparer = new KeptWorker<string, Compared>(new URL('comparison-worker.ts', import.meta.url))

/** Studies every contract in a folder, one after the other. Each is loaded and linted in threads that are replaced where they crash or take too long: one contract never ends a run. */
export async function * studyFolder (folder: string, options: StudyOptions): AsyncGenerator<Study> {
  for (const file of await contractsBelow(resolve(folder))) yield studyContract(file, resolve(folder), options)
}

async function studyContract (file: string, folder: string, { lint, differential, deadlineMs }: StudyOptions): Promise<Study> {
  const loading = await load(file, deadlineMs)
  const fault = loading.outcome === 'refused' ? await findDocumentFault(file) : undefined
  const linting = lint ? await measureLinting(file, deadlineMs) : undefined
  const expected = await expectedCounts(file, folder)
  const differences = expected && linting && 'counts' in linting ? differencesOf(expected, linting.counts) : undefined
  const compared = differential && loading.outcome === 'loaded' ? await compare(file, deadlineMs) : undefined
  return { file, loading, ...(fault && { fault }), ...(linting && { linting }), ...(differences && { differences }), ...(compared && { compared }) }
}

async function load (file: string, deadlineMs: number): Promise<Loading> {
  return loader.ask(file, deadlineMs, () => new Error(`took more than ${deadlineMs} ms`))
    .catch((error: unknown): Loading => ({ outcome: 'refused', stage: 'worker', reason: (error as Error).message }))
}

async function compare (file: string, deadlineMs: number): Promise<Compared> {
  return comparer.ask(file, deadlineMs, () => new Error(`took more than ${deadlineMs} ms`)).catch((error: unknown): Compared => ({ error: (error as Error).message }))
}

/** Whether it counts against Varco that a contract was not loaded, or that it was judged otherwise than by the reference. */
export function isOurFault ({ loading, fault, linting, differences, compared }: Study): boolean {
  const isLinted = linting === undefined || 'counts' in linting || fault !== undefined
  return loading.outcome === 'refused' && fault === undefined || !isLinted || (differences ?? []).length > 0 || compared !== undefined && ('error' in compared || compared.unexplained.length > 0)
}

async function contractsBelow (folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = await Promise.all(entries.filter(({ name }) => !name.startsWith('.') && name !== 'node_modules').map(async (entry) => {
    const path = join(folder, entry.name)
    if ((await stat(path)).isDirectory()) return contractsBelow(path)
    return /\.(?:ya?ml|json)$/i.test(entry.name) && isMeantAsContract(await readFile(path, 'utf8')) ? [path] : []
  }))
  return found.flat().toSorted()
}
