import { Keychain } from '../adapters/keychain.ts'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import { describeConfig } from '../described-config.ts'
import { problemsOf } from '../program.ts'
import type { DescribedEService } from '../route.ts'
import { placedProblem } from './checked.ts'
import type { Checked, Problem } from './checked.ts'
import { checkContract } from './contract.ts'
import { findUnreachable } from './reachability.ts'

/** What a check of a configuration may use: `offline` asks nobody and needs no secrets. */
export interface ConfigurationTerms { readonly env: NodeJS.ProcessEnv, readonly offline: boolean }

/**
 * Checks a configuration with all that it names: registry, grants, keys, and its contracts by the profile that it says for each; and whether its upstreams and the
 * platform answer. Gives what it came to, the configuration first. Never throws for what is wrong with them.
 */
export async function checkConfiguration (file: string, { env, offline }: ConfigurationTerms): Promise<readonly Checked[]> {
  let config: Config
  try {
    config = await loadConfig(file, env, { secrets: offline ? 'ignored' : 'needed' })
  } catch (error) {
    return [{ file, kind: 'configuration', facts: { it: 'non può andare in esercizio', en: 'cannot go live' }, problems: problemsFrom(error, file) }]
  }
  const contracts: Checked[] = []
  for (const { contract, lint: { profile } } of config.eservices) contracts.push(await checkContract(contract, { profile, rulesUrl: `${config.publicUrl}/rules` }))
  const { eservices, problems } = await describe(config, file)
  const unserved = contracts.flatMap((contract) => contract.problems.filter(({ rule }) => rule.startsWith('varco-')).map(({ message }) => message.en))
  return [{
    file,
    kind: 'configuration',
    facts: { it: `${config.environment}, ${config.eservices.length} e-service`, en: `${config.environment}, ${config.eservices.length} ${config.eservices.length === 1 ? 'e-service' : 'e-services'}` },
    problems: [
      // What is wrong with a contract alone is told with the contract.
      ...problems.filter(({ message }) => !unserved.some((told) => message.en === told || message.en.endsWith(`: ${told}`))),
      ...await findBadKeychains(eservices, file),
      ...offline ? [] : await findUnreachable(config, eservices)
    ]
  }, ...contracts]
}

function problemsFrom (error: unknown, file: string): readonly Problem[] {
  return problemsOf(error).map((sentence) => placedProblem(sentence, file, 'varco-configuration'))
}

async function describe (config: Config, file: string): Promise<{ readonly eservices: readonly DescribedEService[], readonly problems: readonly Problem[] }> {
  try {
    return { eservices: (await describeConfig(config)).eservices, problems: [] }
  } catch (error) {
    return { eservices: [], problems: problemsFrom(error, file) }
  }
}

/** Keychains from which an e-service has to sign answers and cannot. */
async function findBadKeychains (eservices: readonly DescribedEService[], file: string): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const { config: { name, keychain }, demands } of eservices) {
    if (keychain === undefined || ![...demands.values()].some(({ signedResponse }) => signedResponse)) continue
    try {
      const opened = await Keychain.open({ folder: keychain, warn: () => undefined })
      opened.close()
    } catch (error) {
      problems.push(placedProblem(`e-service "${name}": no key of its keychain can be used: ${(error as Error).message}`, file, 'varco-keychain'))
    }
  }
  return problems
}
