import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { escapeToken } from '../../openapi/reading/anatomy.ts'
import { loadContract } from '../../openapi/contract.ts'
import type { Contract } from '../../openapi/contract.ts'
import { DocumentError } from '../../openapi/document.ts'
import type { Profile } from '../../openapi/lint/finding.ts'
import { segmentsOf } from '../../openapi/json/field-tree.ts'
import { lintContract } from '../../openapi/lint/lint.ts'
import { originOf } from '../../openapi/reading/origin.ts'
import { positionsIn } from '../../openapi/reading/position.ts'
import { registerOperations } from '../../openapi/register.ts'
import { compileContract } from '../../openapi/requests/validate.ts'
import { readOpenData } from '../catalogue/open-data.ts'
import { demandsOf } from '../demands.ts'
import { deprecationsOf } from '../deprecation.ts'
import { placedProblem } from './checked.ts'
import type { Checked, Problem } from './checked.ts'

/** How contracts are judged: by which rules, and where these are explained. */
export interface ContractTerms { readonly profile: Profile, readonly rulesUrl: string }

/** Checks a contract: by the rules of the profile, and whether a gateway can serve it. Never throws for what is wrong with the contract. */
export async function checkContract (file: string, terms: ContractTerms): Promise<Checked> {
  const [judged, loaded] = await Promise.all([judge(file, terms), load(file)])
  const operations = loaded.contract?.operations.length ?? 0
  return {
    file,
    kind: 'contract',
    facts: loaded.contract
      ? { it: `${loaded.contract.title} ${loaded.contract.version}, ${operations} ${operations === 1 ? 'operazione' : 'operazioni'}`, en: `${loaded.contract.title} ${loaded.contract.version}, ${operations} ${operations === 1 ? 'operation' : 'operations'}` }
      : { it: 'non può essere servito', en: 'cannot be served' },
    ...terms.profile === 'pdnd' && judged !== undefined && { publishable: !judged.some(({ severity, rule }) => severity === 'error' || rule === 'unrecognized-format') },
    problems: [...loaded.problems, ...judged ?? []]
  }
}

/** Undefined for what cannot be read at all: that is told by whoever loads it. */
async function judge (file: string, { profile, rulesUrl }: ContractTerms): Promise<readonly Problem[] | undefined> {
  try {
    return await lintContract(file, { profile, rulesUrl })
  } catch (error) {
    return error instanceof DocumentError && error.line === undefined && !/judged within/.test(error.reason) ? undefined : [unservable(file, error)]
  }
}

async function load (file: string): Promise<{ readonly contract?: Contract, readonly problems: readonly Problem[] }> {
  try {
    const contract = await loadContract(file)
    compileContract(contract)
    await registerOperations(contract)
    return { contract, problems: [...await encodingOf(file), ...await placed(contract, [...notesOf(contract), ...leftOutOf(contract), ...faultsOf(demandsOf, contract, 'x-modi'), ...faultsOf((one) => deprecationsOf(one, undefined), contract, 'x-deprecation')])] }
  } catch (error) {
    return { problems: [unservable(file, error)] }
  }
}

/** What is wrong, or is to be known, at a pointer into the contract as it is served. */
type Told = Pick<Problem, 'severity' | 'rule' | 'message'> & { readonly pointer: string }

/** Where each of them stands in the files. */
async function placed ({ file, origins }: Contract, told: readonly Told[]): Promise<readonly Problem[]> {
  const readers = new Map<string, ReturnType<typeof positionsIn>>()
  const problems: Problem[] = []
  for (const one of told) {
    const origin = originOf(one.pointer, file, origins)
    const positionOf = readers.get(origin.file) ?? positionsIn(await readFile(origin.file, 'utf8'))
    readers.set(origin.file, positionOf)
    problems.push({ ...one, ...origin, ...positionOf(segmentsOf(origin.pointer)) })
  }
  return problems
}

/** What is served in another way than it is written. */
function notesOf ({ notes }: Contract): readonly Told[] {
  return notes.map(({ pointer, message }) => ({ pointer, severity: 'info', rule: 'varco-reads', message: { it: `così lo legge il gateway: ${message}`, en: message } }))
}

/** What it says of open data and the catalogue leaves out. */
function leftOutOf (contract: Contract): readonly Told[] {
  return readOpenData(contract).leftOut.map(({ pointer, message }) => ({ pointer, severity: 'warn', rule: 'varco-x-open-data', message: { it: `il catalogo dei dati aperti non lo riporta: ${message}`, en: message } }))
}

/** A file in another encoding is read all the same, but for its accents. */
async function encodingOf (file: string): Promise<readonly Problem[]> {
  const bytes = await readFile(file)
  if (isUtf8(bytes)) return []
  const line = bytes.toString('utf8').split('\n').findIndex((text) => text.includes('\ufffd')) + 1
  return [{ file, line, column: 1, severity: 'warn', rule: 'varco-reads', message: { it: 'il file non è in UTF-8: le lettere accentate vanno perse; salvarlo in UTF-8', en: 'the file is not UTF-8: its accented letters are lost; save it as UTF-8' } }]
}

function faultsOf (work: (contract: Contract) => unknown, contract: Contract, member: 'x-modi' | 'x-deprecation'): readonly Told[] {
  try {
    work(contract)
    return []
  } catch (error) {
    return (error as Error).message.split('\n').map((sentence) => {
      const said = sentence.replace(`${contract.file}: `, '')
      return { pointer: pointerOf(said, contract, member), severity: 'error', rule: `varco-${member}`, message: { it: said, en: said } }
    })
  }
}

/** Where the member stands that a sentence is about (`operation "id": x-modi.dpop: …`). */
function pointerOf (sentence: string, { operations }: Contract, member: string): string {
  const [, id, steps = member] = /^(?:operation "(.*?)": )?(x-[a-z]+(?:\.\w+)*)?/.exec(sentence) ?? []
  const operation = operations.find((one) => one.id === id)
  return [...operation ? ['paths', operation.path, operation.method.toLowerCase()] : [], ...steps.split('.')].map((step) => `/${escapeToken(step)}`).join('')
}

function unservable (file: string, error: unknown): Problem {
  if (!(error instanceof DocumentError)) return placedProblem((error as Error).message, file, 'varco-serves')
  const { file: place, line, column, pointer, reason } = error
  return { file: place, line, column, pointer, severity: 'error', rule: 'varco-serves', message: { it: `il gateway non può servirlo così; correggere il punto indicato (${reason})`, en: reason } }
}
