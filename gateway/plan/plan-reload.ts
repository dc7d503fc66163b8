import { resolve } from 'node:path'
import { loadConfig } from '../config.ts'
import { describeConfig } from '../described-config.ts'
import type { Generation } from '../generation.ts'
import type { PlanLine } from './plan-line.ts'
import { planOf } from './plan.ts'
import { problemsOf } from '../program.ts'
import type { ConfigSource } from '../reload.ts'
import type { Verdicts } from '../verdicts.ts'

/** What a plan needs to know of a running gateway. */
export interface Running { readonly live: Pick<Generation, 'config' | 'eservices' | 'registry'>, readonly verdicts: Pick<Verdicts, 'admit'> }

/** What a reload would change of what is live, with the configuration file (absolute path) that it would read, or everything that keeps the files from going live. */
export type Planned = { readonly file: string, readonly lines: readonly PlanLine[] } | { readonly problems: readonly string[] }

/** Compares what is live with what its files say now; nothing of them is put live. Never throws: what is wrong with the files is what was found. */
export async function planReload ({ live: { config, eservices, registry }, verdicts }: Running, { path, env }: ConfigSource): Promise<Planned> {
  try {
    const next = await describeConfig(await loadConfig(path, env))
    await verdicts.admit(next.config, next.eservices)
    return { file: resolve(path), lines: planOf({ config, eservices, registry: registry.file }, next) }
  } catch (error) {
    return { problems: problemsOf(error) }
  }
}
