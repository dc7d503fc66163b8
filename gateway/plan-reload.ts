import { resolve } from 'node:path'
import { loadConfig } from './config.ts'
import { describeConfig } from './described-config.ts'
import type { Generation } from './generation.ts'
import type { PlanLine } from './plan-line.ts'
import { planOf } from './plan.ts'
import { problemsOf } from './program.ts'
import type { ConfigSource } from './reload.ts'

/** What a reload would change of what is live, with the configuration file (absolute path) that it would read, or everything that keeps the files from going live. */
export type Planned = { readonly file: string, readonly lines: readonly PlanLine[] } | { readonly problems: readonly string[] }

/** Compares what is live with what its files say now; nothing of them is put live. Never throws: what is wrong with the files is what was found. */
export async function planReload ({ config, eservices, registry }: Pick<Generation, 'config' | 'eservices' | 'registry'>, { path, env }: ConfigSource): Promise<Planned> {
  try {
    return { file: resolve(path), lines: planOf({ config, eservices, registry: registry.file }, await describeConfig(await loadConfig(path, env))) }
  } catch (error) {
    return { problems: problemsOf(error) }
  }
}
