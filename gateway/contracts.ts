import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { compileContracts } from '../openapi/compile.ts'
import type { Contract } from '../openapi/contract.ts'
import { KeptContracts } from '../openapi/kept-contracts.ts'
import { compileMeanwhile, compileWhenNeeded } from '../openapi/requests/validate.ts'
import type { OperationValidator } from '../openapi/requests/validate.ts'
import type { Config } from './config.ts'
import type { DescribedEService } from './route.ts'

/** The checks of a contract, by operationId. A contract is compiled once, however often it goes live; `rest` is what is left to do for it when there is time. */
interface Compiled { readonly validators: ReadonlyMap<string, OperationValidator>, rest: ((kept: KeptContracts) => Promise<void>) | undefined }

const compiled = new WeakMap<Contract, Compiled>()

/** After what time nobody waits for a start or a reload any more, in ms. */
const quietMs = 1000

/**
 * The contracts of a configuration by their files, every one of them read by two readers and compiled: now, or before by this very program, which kept it in the
 * state folder. Those of `before` that have not changed are taken over. Throws naming every contract that cannot be served.
 */
export async function openContracts ({ eservices, state }: Config, before: readonly DescribedEService[]): Promise<ReadonlyMap<string, Contract>> {
  const live = new Map(before.map(({ contract }) => [nameOf(contract), contract]))
  const files = [...new Set(eservices.map(({ contract }) => contract))]
  const kept = keptIn(state)
  const found = (await Promise.all(files.map(async (file) => kept.find(file)))).filter((contract) => contract !== undefined)
  const read = await compileContracts(files.filter((file) => !found.some((contract) => contract.file === file)))
  const contracts = new Map([...found, ...read].map((contract) => [contract.file, live.get(nameOf(contract)) ?? contract]))
  for (const contract of contracts.values()) if (!compiled.has(contract)) compiled.set(contract, read.includes(contract) ? await compileNow(contract) : compileLater(contract))
  return contracts
}

async function compileNow (contract: Contract): Promise<Compiled> {
  return { validators: await compileMeanwhile(contract), rest: async (kept) => kept.keep(contract) }
}

function compileLater (contract: Contract): Compiled {
  const { validators, compileRest } = compileWhenNeeded(contract)
  return { validators, rest: compileRest }
}

/** The checks of a contract that was opened, by operationId. */
export function validatorsOf (contract: Contract): ReadonlyMap<string, OperationValidator> {
  return (compiled.get(contract) as Compiled).validators
}

/** Does in a quiet moment, `afterMs` from now, what the next start, and the first calls of this one, would wait for: keeps contracts that are new, and compiles what no call has needed yet. Never throws: without it both take longer. */
export async function settleContracts (eservices: readonly DescribedEService[], state: string, stopped: AbortSignal, afterMs = quietMs): Promise<void> {
  try {
    await wait(afterMs, undefined, { signal: stopped, ref: false })
    for (const { contract } of eservices) {
      const own = compiled.get(contract)
      const rest = own?.rest
      if (!own || !rest || stopped.aborted) continue
      own.rest = undefined
      await rest(keptIn(state))
    }
  } catch { /* stopped, or the folder takes nothing */ }
}

function keptIn (state: string): KeptContracts {
  return new KeptContracts(join(state, 'contracts'))
}

function nameOf ({ file, sha256 }: Contract): string {
  return `${sha256} ${file}`
}
