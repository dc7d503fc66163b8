import type { Contract } from './contract.ts'
import { DocumentError } from './document.ts'
import { KeptWorker } from './kept-worker.ts'

/** What the compile worker answers for one file. */
export type Compiled = { readonly contract: Contract } | { readonly error: string }

const worker = new KeptWorker<readonly string[], readonly Compiled[]>(new URL('compile-worker.ts', import.meta.url))

/**
 * Loads contracts and registers and compiles their operations with openapi-backend, in a worker thread that ends soon after: the library
 * never stays in a serving process. Gives the contracts in the order of the files; throws one DocumentError naming every contract that
 * cannot be served. `deadlineMs` bounds the whole.
 */
export async function compileContracts (files: readonly string[], deadlineMs = 30_000): Promise<readonly Contract[]> {
  if (files.length === 0) return []
  const late = (): Error => new DocumentError(files.join(', '), `the contracts could not be compiled within ${deadlineMs} ms`)
  const results = await worker.ask(files, deadlineMs, late)
  const errors = results.flatMap((result) => 'error' in result ? [result.error] : [])
  if (errors.length > 0) throw new Error(errors.join('\n'))
  return results.flatMap((result) => 'contract' in result ? [result.contract] : [])
}
