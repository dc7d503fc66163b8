import { dirname, isAbsolute, join, relative } from 'node:path'
import { loadContract } from '../openapi/contract.ts'
import { compileMeanwhile } from '../openapi/requests/validate.ts'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { readCheckedYaml } from './adapters/checked-yaml.ts'
import { readRegistryFile } from './adapters/registry-file.ts'
import type { RegistryFile } from './adapters/registry-file.ts'
import type { Config } from './config.ts'
import type { EServiceConfig } from './eservice-config.ts'
import { refuseUnmeetable } from './demand-means.ts'
import { describeEService, refuseSamePaths } from './live.ts'
import { refuseWrongClasses } from './operation-classes.ts'
import { problemsOf } from './program.ts'
import type { DescribedEService } from './route.ts'

/** A configuration and what its files say, nothing of it opened. */
export interface DescribedConfig {
  readonly config: Config
  readonly eservices: readonly DescribedEService[]
  /** Undefined where it is that of the platform. */
  readonly registry: RegistryFile | undefined
}

/** Reads what the files of a configuration say. Throws CheckedFileError with everything that would keep it from going live. */
export async function describeConfig (config: Config): Promise<DescribedConfig> {
  const settled = await Promise.allSettled([config.registry === 'platform' ? undefined : readRegistryFile(config.registry, config.environment, config.listeners.internal?.publicKeys), ...config.eservices.map(async (eservice) => describe(config, eservice))])
  const problems = settled.flatMap((one) => one.status === 'rejected' ? problemsOf(one.reason) : [])
  if (problems.length > 0) throw new CheckedFileError(problems)
  const [registry, ...eservices] = settled.map((one) => one.status === 'fulfilled' ? one.value : undefined) as [RegistryFile | undefined, ...DescribedEService[]]
  refuseSamePaths(eservices)
  return { config, eservices, registry }
}

async function describe (config: Config, eservice: EServiceConfig): Promise<DescribedEService> {
  const contract = await loadContract(eservice.contract)
  await compileMeanwhile(contract)
  try {
    const described = await describeEService(config, eservice, contract)
    refuseUnmeetable(config, eservice, described.demands)
    refuseWrongClasses(eservice, contract)
    return described
  } catch (error) {
    throw error instanceof CheckedFileError ? error : new CheckedFileError(await placed(problemsOf(error), config, eservice))
  }
}

/** What is said of an e-service is told with the place where it stands; the rest names its file itself. */
async function placed (problems: readonly string[], { files: [file] }: Config, { name }: EServiceConfig): Promise<readonly string[]> {
  const start = `e-service "${name}": `
  const own = problems.filter((problem) => problem.startsWith(start))
  if (file === undefined || own.length === 0) return problems
  const told = await readCheckedYaml(file, () => own.map((problem) => ({ path: ['eservices', name], message: problem.slice(start.length) }))).then(() => [], problemsOf)
  return [...told, ...problems.filter((problem) => !own.includes(problem))]
}

/** A configuration as if it lay where another lies: what it names below its own folder does not differ by that alone. */
export function relocated (described: DescribedConfig, other: DescribedConfig): DescribedConfig {
  const { config, eservices } = described
  const [from, to] = [config.files[0], other.config.files[0]].map((file) => file && dirname(file))
  if (from === undefined || to === undefined || from === to) return described
  const move = (path: string): string => {
    const inside = relative(from, path)
    return inside.startsWith('..') || isAbsolute(inside) ? path : join(to, inside)
  }
  const moveKeychain = <Some extends EServiceConfig> (eservice: Some): Some => ({ ...eservice, keychain: eservice.keychain && move(eservice.keychain) })
  return {
    ...described,
    config: {
      ...config,
      // By default it is where the gateway was started, wherever its configuration is.
      state: config.state === other.config.state ? config.state : move(config.state),
      pdnd: { ...config.pdnd, api: config.pdnd.api && { ...config.pdnd.api, privateKey: move(config.pdnd.api.privateKey) } },
      eservices: config.eservices.map(moveKeychain)
    },
    eservices: eservices.map((eservice) => ({ ...eservice, config: moveKeychain(eservice.config) }))
  }
}
