import { Worker } from 'node:worker_threads'
import type { Contract } from './contract.ts'
import { DocumentError } from './document.ts'

/** What the compile worker answers for one file. */
export type Compiled = { readonly contract: Contract } | { readonly error: string }

/** How long a worker that has nothing to do waits for more contracts: starting one costs more than compiling. In ms. */
const idleMs = 1000

let idle: { readonly worker: Worker, readonly end: NodeJS.Timeout } | undefined

/**
 * Loads contracts and registers and compiles their operations with openapi-backend, in a worker thread that ends soon after: the library
 * never stays in a serving process. Gives the contracts in the order of the files; throws one DocumentError naming every contract that
 * cannot be served. `deadlineMs` bounds the whole.
 */
export async function compileContracts (files: readonly string[], deadlineMs = 10_000): Promise<readonly Contract[]> {
  const worker = takeWorker()
  const timer = setTimeout(() => { void worker.terminate() }, deadlineMs)
  let kept = false
  try {
    const results = await new Promise<readonly Compiled[]>((resolve, reject) => {
      worker.on('message', resolve).on('error', reject).on('exit', () => { reject(new DocumentError(files.join(', '), `the contracts could not be compiled within ${deadlineMs} ms`)) })
      worker.postMessage(files)
    })
    kept = true
    const errors = results.flatMap((result) => 'error' in result ? [result.error] : [])
    if (errors.length > 0) throw new Error(errors.join('\n'))
    return results.flatMap((result) => 'contract' in result ? [result.contract] : [])
  } finally {
    clearTimeout(timer)
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event)
    if (kept) keep(worker)
  }
}

function takeWorker (): Worker {
  const waiting = idle
  idle = undefined
  if (!waiting) return new Worker(new URL('compile-worker.ts', import.meta.url))
  clearTimeout(waiting.end)
  waiting.worker.ref()
  return waiting.worker
}

// One is enough: contracts are compiled at a start and at a reload.
function keep (worker: Worker): void {
  if (idle) {
    void worker.terminate()
    return
  }
  worker.unref()
  const end = setTimeout(() => {
    idle = undefined
    void worker.terminate()
  }, idleMs).unref()
  idle = { worker, end }
}
