import type { Contract } from '../contract.ts'
import { loadContract } from '../contract.ts'
import { registerOperations } from '../register.ts'
import { compileContract } from '../requests/validate.ts'
import { inventoryOf } from './inventory.ts'
import type { Inventory } from './inventory.ts'

/** What became of one contract: how long it took to load and compile (ms) and what is in it, or why it is refused. */
export type Loading =
  | { readonly outcome: 'loaded', readonly ms: number, readonly registerMs: number, readonly inventory: Inventory }
  | { readonly outcome: 'refused', readonly stage: 'load' | 'compile' | 'register' | 'worker', readonly reason: string }

/** Does with a contract all that a gateway does before it goes live. Never throws. */
export async function measureLoading (file: string): Promise<Loading> {
  const since = performance.now()
  let stage: 'load' | 'compile' | 'register' = 'load'
  try {
    const contract: Contract = await loadContract(file)
    stage = 'compile'
    compileContract(contract)
    const inventory = inventoryOf(contract)
    const compiled = performance.now()
    stage = 'register'
    await registerOperations(contract)
    return { outcome: 'loaded', ms: compiled - since, registerMs: performance.now() - compiled, inventory }
  } catch (error) {
    return { outcome: 'refused', stage, reason: (error as Error).message }
  }
}
