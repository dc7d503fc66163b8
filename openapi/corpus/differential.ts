import { loadContract } from '../contract.ts'
import type { Contract, Operation } from '../contract.ts'
import { registerOperations } from '../register.ts'
import { isRefused } from '../requests/request-finding.ts'
import type { Finding } from '../requests/request-finding.ts'
import { Samples } from '../samples/sample.ts'
import { compileContract } from '../requests/validate.ts'
import type { OperationValidator } from '../requests/validate.ts'
import { knownMistake } from './known-mistakes.ts'
import { trialsOf } from './request-trials.ts'
import type { Trial } from './request-trials.ts'

/** How often our validator and openapi-backend's thought the same of a request, and otherwise why. `unexplained` has one request for each kind. */
export interface Differential {
  readonly accepted: number
  readonly refused: number
  readonly known: Readonly<Record<string, number>>
  readonly unexplained: readonly { readonly kind: string, readonly count: number, readonly example: string }[]
  /** Operations with a required part that is written in a way in which openapi-backend is not compared. */
  readonly notCompared: number
}

/** Tries requests, made from the schemas of a contract, on both validators. Throws DocumentError where one of them cannot read it. */
export async function compareValidators (file: string, size: { readonly runs: number, readonly seed: number }): Promise<Differential> {
  const contract = await loadContract(file)
  const validators = compileContract(contract)
  const api = await registerOperations(contract)
  const samples = new Samples(contract, 'request')
  const counts = { accepted: 0, refused: 0, notCompared: 0 }
  const known: Record<string, number> = {}
  const unexplained = new Map<string, { readonly kind: string, readonly count: number, readonly example: string }>()
  for (const operation of contract.operations) {
    const trials = trialsOf(contract, operation, samples, size)
    if (!trials) counts.notCompared++
    for (const trial of trials ?? []) {
      const ours = judge(validators.get(operation.id) as OperationValidator, trial)
      const theirs = askOther(contract, operation, api, trial)
      if (Boolean(ours.length) === Boolean(theirs.length)) {
        counts[ours.length === 0 ? 'accepted' : 'refused']++
        continue
      }
      const mistake = knownMistake({ contract, operation, trial, ours, theirs })
      const kind = kindOf(trial, ours, theirs)
      if (mistake !== undefined) known[mistake] = (known[mistake] ?? 0) + 1
      else unexplained.set(kind, { kind, count: (unexplained.get(kind)?.count ?? 0) + 1, example: unexplained.get(kind)?.example ?? exampleOf(operation, trial) })
    }
  }
  return { ...counts, known, unexplained: [...unexplained.values()] }
}

function kindOf ({ changed }: Trial, ours: readonly Finding[], theirs: readonly string[]): string {
  const [who, rules] = ours.length === 0 ? ['openapi-backend', theirs] : ['ours', ours.map(({ rule }) => rule)]
  return `${typeof changed === 'object' ? changed.in : changed ?? 'nothing'}: only ${who} refuses (${[...new Set(rules)].join(', ')})`
}

function exampleOf ({ method, path: template }: Operation, { path, query, headers, body }: Trial): string {
  return `${method} ${template} ${JSON.stringify({ path, query, headers, body }).slice(0, 500)}`
}

function judge (validator: OperationValidator, { path, query, headers, body }: Trial): readonly Finding[] {
  const text = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  const read = validator.parameters({ path, rawPath: (name) => path[name], query: text, header: (name) => headers[name] })
  const checked = body === undefined ? validator.body(undefined, new Uint8Array()) : validator.body('application/json', Buffer.from(JSON.stringify(body)))
  return [read, checked].flatMap((one) => isRefused(one) ? [...one.findings] : [])
}

/** The keywords by which openapi-backend refuses. */
function askOther (contract: Contract, { id, method, path: template }: Operation, api: Awaited<ReturnType<typeof registerOperations>>, { path, query, headers, body }: Trial): readonly string[] {
  const filled = template.replaceAll(/\{([^}]+)\}/g, (_whole, name: string) => encodeURIComponent(path[name] ?? ''))
  const text = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  const request = { method, path: contract.basePath + filled, query: text, headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...(body !== undefined && { body }) }
  const { errors } = api.validateRequest(request, id)
  return (errors ?? []).map(({ keyword }) => keyword)
}
