import { parentPort } from 'node:worker_threads'
import { measureLoading } from './loading.ts'

async function answer (file: string): Promise<void> {
  parentPort?.postMessage(await measureLoading(file))
}

parentPort?.on('message', (file: string) => { void answer(file) })
