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

parentPort?.on('message', (files: readonly string[]) => {
  void Promise.all(files.map(compile)).then((results) => { parentPort?.postMessage(results) })
})
