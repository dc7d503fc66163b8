import { compareValidators } from './differential.ts'
import type { Differential } from './differential.ts'

/** What comparing the validators gave for one contract, or why it gave nothing. */
export type Compared = Differential | { readonly error: string }

/** How many requests are tried on each operation, and from which seed they are made: the same every time. */
const size = { runs: 50, seed: 20_261_122 }

/** Compares our validator with openapi-backend's on one contract. Never throws. */
export async function measureComparison (file: string): Promise<Compared> {
  return compareValidators(file, size).catch((error: unknown) => ({ error: (error as Error).message }))
}
