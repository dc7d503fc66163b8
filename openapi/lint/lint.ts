import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { DocumentError } from '../document.ts'
import type { Finding, Profile } from './finding.ts'
import { KeptWorker } from '../kept-worker.ts'

/** How a contract is to be judged. */
export interface LintOptions {
  readonly profile: Profile
  /** How long it may take, in ms; some 100 are usual. */
  readonly deadlineMs?: number
  /** Where a gateway serves the pages that explain the rules. */
  readonly rulesUrl?: string
}

/** What the worker is asked: an absolute path and what to judge it by. */
export interface LintQuestion { readonly file: string, readonly profile: Profile, readonly rulesUrl: string }
export type LintAnswer = { readonly findings: readonly Finding[] } | { readonly error: string }

const contractName = /\.v\d+\.ya?ml$/
const worker = new KeptWorker<LintQuestion, LintAnswer>(new URL('lint-worker.ts', import.meta.url), {
  resourceLimits: { maxOldGenerationSizeMb: 1024 },
  // What its libraries may write must not get into a report.
  stdout: true,
  stderr: true
})

/**
 * Judges a contract, in a worker thread that ends soon after: Spectral never stays in a serving process, and no contract however large holds
 * one up. Reads nothing outside the contract's own folder. What is no OpenAPI document has findings that say so. Throws DocumentError when the
 * file cannot be read, is too large or takes longer than the deadline.
 */
export async function lintContract (file: string, { profile, deadlineMs = 20_000, rulesUrl = 'http://127.0.0.1:8080/rules' }: LintOptions): Promise<readonly Finding[]> {
  const late = (): Error => new DocumentError(file, `could not be judged within ${deadlineMs} ms; split it or judge it with a longer deadline`)
  const answer = await worker.ask({ file: resolve(file), profile, rulesUrl }, deadlineMs, late).catch((error: unknown) => {
    // A worker that runs out of memory.
    throw error instanceof DocumentError ? error : new DocumentError(file, `could not be judged: ${(error as Error).message}`)
  })
  if ('error' in answer) throw new DocumentError(file, answer.error)
  return answer.findings
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
  for (const contract of contracts) findings.push(...await tryTo(lintContract(contract, { profile: 'modi' })) ?? [])
  // A component that several contracts share is wrong once.
  const once = [...new Map(findings.map((finding) => [toLine(finding), finding]))]
  for (const [line] of once) write(line)
  const count = (severity: string): number => once.filter(([, finding]) => finding.severity === severity).length
  const errors = count('error')
  write(`contracts: ${contracts.length}, errors: ${errors}, warnings: ${count('warn')}, unreadable: ${unreadable}`)
  return unreadable > 0 ? 2 : errors > 0 ? 1 : 0
}

function toLine ({ file, line, column, severity, rule, rac, pointer, message }: Finding): string {
  const name = rac ? `${rule} (${rac})` : rule
  return `${relative(process.cwd(), file)}:${line}:${column}: ${severity} ${name} at ${pointer || '/'}: ${message.en}`
}

if (import.meta.main) {
  const places = process.argv.slice(2)
  process.exitCode = await report(places.length > 0 ? places : [join(import.meta.dirname, '..')], console.log)
}
