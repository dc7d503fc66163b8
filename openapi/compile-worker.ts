import { parentPort, workerData } from 'node:worker_threads'
import type { Compiled } from './compile.ts'
import { loadContract } from './contract.ts'
import { registerOperations } from './register.ts'

const results = await Promise.all((workerData as readonly string[]).map(async (file): Promise<Compiled> => {
  try {
    const contract = await loadContract(file)
    await registerOperations(contract)
    return { contract }
  } catch (error) {
    return { error: (error as Error).message }
  }
}))
parentPort?.postMessage(results)
