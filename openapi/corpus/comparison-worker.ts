import { parentPort } from 'node:worker_threads'
import { measureComparison } from './comparison.ts'

async function answer (file: string): Promise<void> {
  parentPort?.postMessage(await measureComparison(file))
}

parentPort?.on('message', (file: string) => { void answer(file) })
