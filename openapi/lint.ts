import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { Document, Spectral } from '@stoplight/spectral-core'
import parsers from '@stoplight/spectral-parsers'
import { bundle } from './bundle.ts'
import { DocumentError } from './document.ts'
import { originOf } from './origin.ts'
import { rules } from './rules.ts'
import { toRuleset } from './rules/rule.ts'

/** Something that is wrong with a contract: which rule says so, and where. */
export interface Finding {
  /** The file in which to mend it: the contract, or one that it refers to. */
  readonly file: string
  /** RFC 6901 pointer into the bundle. */
  readonly pointer: string
  readonly severity: 'error' | 'warn' | 'info' | 'hint'
  readonly rule: string
  readonly rac?: string
  readonly message: string
}

const contractName = /\.v\d+\.ya?ml$/
const severities = ['error', 'warn', 'info', 'hint'] as const
const racs = new Map(rules.map(({ id, rac }) => [id, rac]))
const spectral = new Spectral()
spectral.setRuleset(toRuleset(rules))

/**
 * Judges a contract by the OpenAPI rules of Spectral and the Italian ones. What is judged is the bundle, so nothing
 * outside the contract's own folder is read. Throws DocumentError when it cannot be read or bundled.
 */
export async function lint (file: string): Promise<Finding[]> {
  const { document } = await bundle(file)
  const origin = await originOf(file)
  const results = await spectral.run(new Document(JSON.stringify(document), parsers.Json, resolve(file)))
  return results.map(({ path, severity, code, message }) => {
    const rule = String(code)
    const rac = racs.get(rule)
    const pointer = toPointer(path)
    return { file: origin(pointer), pointer, severity: severities[severity], rule, ...(rac && { rac }), message }
  })
}

function toPointer (path: readonly (string | number)[]): string {
  return path.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The contracts (`<name>.v<major>.yaml`) among files and in folders. Throws DocumentError for what is not there. */
export async function contractsIn (places: readonly string[]): Promise<string[]> {
  const found = await Promise.all(places.map(async (place) => {
    const kind = await stat(place).catch(() => { throw new DocumentError(place, 'there is no such file or folder') })
    if (!kind.isDirectory()) return [place]
    const names = (await readdir(place)).filter((name) => contractName.test(name))
    if (names.length === 0) throw new DocumentError(place, 'has no contract in it; name contracts <name>.v<major>.yaml')
    return names.toSorted().map((name) => join(place, name))
  }))
  return found.flat()
}

/** Lints files and folders and writes the report. Returns 0, or 1 with errors, or 2 when something is unreadable. */
export async function report (places: readonly string[], write: (line: string) => void): Promise<0 | 1 | 2> {
  const findings: Finding[] = []
  let unreadable = 0
  const tryTo = async <T>(work: Promise<T>): Promise<T | undefined> => work.catch((error: unknown) => {
    if (!(error instanceof DocumentError)) throw error
    write(error.message)
    unreadable++
    return undefined
  })
  const contracts = await tryTo(contractsIn(places)) ?? []
  for (const contract of contracts) findings.push(...await tryTo(lint(contract)) ?? [])
  // A component that several contracts share is wrong once.
  const once = [...new Map(findings.map((finding) => [toLine(finding), finding]))]
  for (const [line] of once) write(line)
  const count = (severity: string): number => once.filter(([, finding]) => finding.severity === severity).length
  const errors = count('error')
  write(`contracts: ${contracts.length}, errors: ${errors}, warnings: ${count('warn')}, unreadable: ${unreadable}`)
  return unreadable > 0 ? 2 : errors > 0 ? 1 : 0
}

function toLine ({ file, severity, rule, rac, pointer, message }: Finding): string {
  const name = rac ? `${rule} (${rac})` : rule
  return `${relative(process.cwd(), file)}: ${severity} ${name} at ${pointer || '/'}: ${message}`
}

if (import.meta.main) {
  const places = process.argv.slice(2)
  process.exitCode = await report(places.length > 0 ? places : [import.meta.dirname], console.log)
}
