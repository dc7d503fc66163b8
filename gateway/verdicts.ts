import type { Logger } from 'pino'
import type { Contract } from '../openapi/contract.ts'
import type { Finding, Profile } from '../openapi/lint/finding.ts'
import { lintContract } from '../openapi/lint/lint.ts'
import type { LintOptions } from '../openapi/lint/lint.ts'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import type { Config } from './config.ts'
import type { KeptVerdicts } from './kept-verdicts.ts'
import type { DescribedEService } from './route.ts'

/** By what a contract is judged, and whether one with errors may go live (`warn`) or not (`enforce`). */
export interface LintConfig { readonly profile: Profile, readonly mode: 'enforce' | 'warn' }

/** How much the rules of a profile found in a contract. */
export interface LintVerdict { readonly profile: Profile, readonly errors: number, readonly warnings: number }

/** Judges the contract in a file. Throws DocumentError when it cannot be read. */
export type Judge = (file: string, options: LintOptions) => Promise<readonly Finding[]>

/** What the gateway holds the contracts of its e-services to, and what was found in those that went live. */
export class Verdicts {
  readonly #judge: Judge
  readonly #logger: Logger
  readonly #known = new Map<string, LintVerdict>()
  readonly #kept: KeptVerdicts | undefined
  #recalled: Promise<void> | undefined
  /** What an earlier start found, and the log of this one was not told yet. */
  readonly #untold = new Set<string>()
  #attending = new AbortController()

  /** `kept` is what remembers verdicts for the next start, where something does. */
  constructor (logger: Logger, judge: Judge = lintContract, kept?: KeptVerdicts) {
    this.#logger = logger
    this.#judge = judge
    this.#kept = kept
  }

  /** What is known of a contract by now; undefined while it was not judged. */
  of (contract: Contract): readonly LintVerdict[] | undefined {
    const known = (['pdnd', 'modi'] as const).flatMap((profile) => this.#known.get(keyOf(profile, contract)) ?? [])
    return known.length > 0 ? known : undefined
  }

  /** Judges the contracts that may not go live with errors, unless that was done before. Throws CheckedFileError with every error, file and line. */
  async admit ({ publicUrl }: Config, eservices: readonly DescribedEService[]): Promise<void> {
    const problems: string[] = []
    await (this.#recalled ??= this.#recall())
    for (const { config: { name, lint }, contract } of eservices) {
      if (lint.mode !== 'enforce' || this.#verdict(lint, contract)?.errors === 0) continue
      const errors = (await this.#look(lint, contract, publicUrl)).filter(({ severity }) => severity === 'error')
      problems.push(...errors.map(({ file, line, column, rule, message }) => `${file}:${line}:${column}: ${rule}: ${message.en}`))
      if (errors.length > 0) problems.push(`e-service "${name}": its contract has ${errors.length} ${errors.length === 1 ? 'error' : 'errors'} by the rules of ${lint.profile}, and lint.mode is enforce`)
    }
    if (problems.length > 0) throw new CheckedFileError(problems)
  }

  /** Judges the other contracts in a quiet moment, `afterMs` from now, and tells the log what was found, until it is called again or `close`d. */
  attend (config: Config, eservices: readonly DescribedEService[], afterMs = 5000): void {
    this.#attending.abort()
    this.#attending = new AbortController()
    const { signal } = this.#attending
    const timer = setTimeout(() => { void this.#judgeRest(config, eservices, signal) }, afterMs).unref()
    signal.addEventListener('abort', () => { clearTimeout(timer) })
  }

  close (): void {
    this.#attending.abort()
  }

  async #judgeRest ({ publicUrl }: Config, eservices: readonly DescribedEService[], stopped: AbortSignal): Promise<void> {
    for (const { config: { name, lint }, contract } of eservices) {
      if (stopped.aborted) return
      const isKept = this.#untold.delete(keyOf(lint.profile, contract))
      if (this.#verdict(lint, contract) && !isKept) continue
      try {
        if (!isKept) await this.#look(lint, contract, publicUrl)
        this.#tell(name, this.#verdict(lint, contract) as LintVerdict, contract)
      } catch (error) {
        this.#logger.warn({ eservice: name, message: (error as Error).message }, 'contract')
      }
    }
  }

  #tell (eservice: string, { profile, errors, warnings }: LintVerdict, { file }: Contract): void {
    const told = { eservice, profile, errors, warnings }
    if (errors > 0) this.#logger.warn({ ...told, message: `${profile === 'pdnd' ? 'the platform would not publish the contract' : 'the contract is not as ModI asks'}; for where and why: npx varco check ${file} --profile ${profile}` }, 'contract')
    else this.#logger.info(told, 'contract')
  }

  async #look ({ profile }: LintConfig, contract: Contract, publicUrl: string): Promise<readonly Finding[]> {
    const findings = await this.#judge(contract.file, { profile, rulesUrl: `${publicUrl}/rules` })
    const count = (severity: string): number => findings.filter((finding) => finding.severity === severity).length
    this.#known.set(keyOf(profile, contract), { profile, errors: count('error'), warnings: count('warn') })
    await this.#kept?.write(this.#known)
    return findings
  }

  async #recall (): Promise<void> {
    for (const [key, verdict] of await this.#kept?.read() ?? []) {
      this.#known.set(key, verdict)
      this.#untold.add(key)
    }
  }

  #verdict ({ profile }: LintConfig, contract: Contract): LintVerdict | undefined {
    return this.#known.get(keyOf(profile, contract))
  }
}

/** Rules look at the files of a contract, too, not only at what they say. */
function keyOf (profile: Profile, { sha256, digests }: Contract): string {
  return [profile, sha256, ...digests.values()].join(' ')
}
