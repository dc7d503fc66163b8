import type { Circumstances } from './circumstances.ts'
import type { Scenario } from './scenario.ts'

/** What is measured of what was asked for, and what cannot be. */
export interface Selection { readonly chosen: readonly Scenario[], readonly skipped: Circumstances['skipped'] }

/**
 * Chooses scenarios by their names or groups, or several of them with commas between (upper and lower case are the same; all without any), with those that they are
 * compared with. What is not installed here is skipped. Throws a sentence at a name that is none, and where nothing of what was named can be measured.
 */
export function select (all: readonly Scenario[], names: readonly string[]): Selection {
  const isNamed = ({ name, group }: Scenario, one: string): boolean => name.toLowerCase() === one || group.toLowerCase() === one
  const isKnown = (one: string): boolean => all.some((scenario) => isNamed(scenario, one))
  const wanted = names.map((name) => name.toLowerCase()).flatMap((name) => isKnown(name) ? [name] : name.split(',').map((one) => one.trim()))
  const unknown = wanted.find((one) => !isKnown(one))
  if (unknown !== undefined) throw new Error(`there is no scenario or group "${unknown}": --list tells them all`)
  const named = wanted.length === 0 ? all : all.filter((scenario) => wanted.some((one) => isNamed(scenario, one)))
  const needed = new Set(named)
  // What is added is looked at, too: a reference may have one itself.
  for (const { ratioTo } of needed) {
    const reference = all.find(({ name }) => name === ratioTo)
    if (reference) needed.add(reference)
  }
  const skipped = new Map<string, string>()
  const chosen = all.filter((scenario) => {
    if (!needed.has(scenario)) return false
    const { name, target, ratioTo = '' } = scenario
    const why = target.missing?.() ?? skipped.get(ratioTo)
    if (why !== undefined) skipped.set(name, why)
    return why === undefined
  })
  if (!named.some((scenario) => chosen.includes(scenario))) throw new Error(`nothing of that can be measured here: ${[...new Set(skipped.values())].join('; ')}`)
  return { chosen, skipped: [...skipped].map(([name, why]) => ({ name, why })) }
}

/** The scenarios by their groups, a line each. */
export function listed (all: readonly Scenario[]): string {
  return [...Map.groupBy(all, ({ group }) => group)].map(([group, scenarios]) => `${group}\n${scenarios.map(({ name }) => `  ${name}\n`).join('')}`).join('')
}
