import type { Contract } from '../openapi/contract.ts'
import { didYouMean } from './closest-name.ts'
import type { EServiceConfig } from './eservice-config.ts'

/** Throws naming every operation of a class (`classes` in the configuration) that the contract does not have, that has no limits, or that is in two classes. */
export function refuseWrongClasses ({ name, contract: file, classes }: Pick<EServiceConfig, 'name' | 'contract' | 'classes'>, { operations }: Pick<Contract, 'operations'>): void {
  const known = new Map(operations.map((operation) => [operation.id, operation]))
  const taken = new Map<string, string>()
  const faults = classes.flatMap((one) => one.operations.flatMap((id) => {
    const operation = known.get(id)
    const before = taken.get(id)
    taken.set(id, one.name)
    const fault = !operation ? `which is no operation of ${file}.${didYouMean(id, known.keys())}`
      : operation.isPublic ? 'which is public: nobody is known there whose calls could be limited'
        : before === undefined ? undefined : `which is in the class "${before}" already: an operation is in one at most`
    return fault === undefined ? [] : [`e-service "${name}": classes.${one.name}.operations names "${id}", ${fault}`]
  }))
  if (faults.length > 0) throw new Error(faults.join('\n'))
}
