import type { Config } from '../config.ts'
import type { Probe } from '../probe.ts'
import type { RegistrySource } from '../registry-source.ts'
import type { LiveEService } from '../route.ts'
import type { Verdicts } from '../verdicts.ts'

/** What the catalogue tells of; `now` in epoch ms. */
export interface CatalogueParts {
  readonly config: Config
  readonly eservices: readonly LiveEService[]
  readonly registry: RegistrySource
  readonly keys: { readonly ready: boolean }
  readonly probes: ReadonlyMap<LiveEService, Probe>
  readonly verdicts: Pick<Verdicts, 'of'>
  readonly now: () => number
}
