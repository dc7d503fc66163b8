import type { Logger } from 'pino'
import { readCheckedYaml } from './adapters/checked-yaml.ts'
import type { Gateway, Prepared } from './build.ts'
import { loadConfig } from './config.ts'
import { problemsOf } from './program.ts'
import { restartOf } from './restart-settings.ts'

/** What became of a reload: the hash of the configuration that is live now, or everything that keeps the files from going live. */
export type Reloaded = { readonly hash: string } | { readonly problems: readonly string[] }

/** Where the configuration is read from. */
export interface ConfigSource { readonly path: string, readonly env: Readonly<Record<string, string | undefined>> }

/**
 * Reads the configuration and whatever it names anew and puts it together. Throws, with every problem and its line, when it cannot go live, or when
 * something of it takes a restart; what is live serves on.
 */
export async function prepareReload (gateway: Gateway, { path, env }: ConfigSource): Promise<Prepared> {
  const config = await loadConfig(path, env)
  await refuseSettings(path, restartOf(gateway.live.config, config), 'has changed, and takes a restart; nothing was put live')
  return gateway.prepare(config)
}

/** Throws CheckedFileError when there are settings that cannot be taken in, each with its line. */
export async function refuseSettings (path: string, settings: readonly string[], message: string): Promise<void> {
  if (settings.length > 0) await readCheckedYaml(path, () => settings.map((setting) => ({ path: setting.split('.'), message })))
}

/** Logs what became of something that was `done`, and gives it. */
export function logOutcome (logger: Logger, done: string, outcome: Reloaded): Reloaded {
  if ('hash' in outcome) logger.info(outcome, done)
  else logger.error(outcome, `not ${done}`)
  return outcome
}

/** Reloads one after the other, and logs what became of each: all who ask while one is under way get the next. */
export class Reloader {
  readonly #prepare: () => Promise<Prepared>
  readonly #logger: Logger
  #under: Promise<unknown> = Promise.resolve()
  #next: Promise<Reloaded> | undefined

  constructor (prepare: () => Promise<Prepared>, logger: Logger) {
    this.#prepare = prepare
    this.#logger = logger
  }

  /** Never throws: what is wrong with the files is what became of it. */
  async reload (): Promise<Reloaded> {
    this.#next ??= this.#under.then(async () => {
      this.#under = this.#next as Promise<Reloaded>
      this.#next = undefined
      return this.#reload()
    })
    return this.#next
  }

  async #reload (): Promise<Reloaded> {
    try {
      const { hash, commit } = await this.#prepare()
      commit()
      return logOutcome(this.#logger, 'reloaded', { hash })
    } catch (error) {
      return logOutcome(this.#logger, 'reloaded', { problems: problemsOf(error) })
    }
  }
}
