import { parentPort } from 'node:worker_threads'
import type { Compiled } from './compile.ts'
import { loadContract } from './contract.ts'
import { registerOperations } from './register.ts'

async function compile (file: string): Promise<Compiled> {
  try {
    const contract = await loadContract(file)
    await registerOperations(contract)
    return { contract }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

async function answer (files: readonly string[]): Promise<void> {
  parentPort?.postMessage(await Promise.all(files.map(compile)))
}

parentPort?.on('message', (files: readonly string[]) => { void answer(files) })
