import { parseQuery } from '../openapi/requests/query.ts'
import type { QueryPair } from '../openapi/requests/query.ts'

/** What the query parameters of an operation have to do with fields that are withheld, worked out at boot. */
export interface WithheldParameters {
  /** The withheld fields, with those below them: by plain name, as the contract spells them. */
  readonly fields: ReadonlyMap<string, string>
  /** Parameters that filter by such a field, or search in all: what each does, by its name. */
  readonly refused: ReadonlyMap<string, string>
  /** Parameters whose values name fields. */
  readonly naming: ReadonlySet<string>
}

/** RAC_REST_NAME, and what other contracts call the same; by plain name. */
const naming: ReadonlySet<string> = new Set(['fields', 'sort', 'embed', 'select', 'expand', 'include', 'order', 'orderby', 'sortby', 'filter', 'where'])
const searching: ReadonlySet<string> = new Set(['q', 'query', 'search'])

/** A name as parameters and fields are compared: letters and digits only, without case. */
function plainName (name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** True for a parameter whose values name fields: every value is looked at. */
export function namesFields (parameter: string): boolean {
  return naming.has(plainName(parameter))
}

/** Works out what the declared query parameters have to do with the fields that are withheld; `allowed` are those that are known not to select by them. */
export function withheldParameters (fields: Iterable<string>, declared: readonly string[], allowed: readonly string[]): WithheldParameters {
  const withheld = new Map([...fields].map((field) => [plainName(field), field] as const).filter(([plain]) => plain !== ''))
  const refused = new Map<string, string>()
  for (const name of declared) {
    const does = allowed.includes(name) ? undefined : whatDoes(name, withheld)
    if (does !== undefined) refused.set(name, does)
  }
  return { fields: withheld, refused, naming: new Set(declared.filter(namesFields)) }
}

function whatDoes (parameter: string, withheld: ReadonlyMap<string, string>): string | undefined {
  const field = runsOf(parameter).map((run) => withheld.get(run)).find((one) => one !== undefined)
  if (field !== undefined) return `one that selects by ${field}`
  return searching.has(plainName(parameter)) ? 'a search in all fields' : undefined
}

/**
 * Finds a query parameter that filters, sorts or selects by a withheld field: who may not see it must not find it out by asking. Says which, in the
 * contract's words; undefined when there is none, and when the query cannot be read, which is refused later.
 */
export function findWithheldParameter (query: string, parameters: WithheldParameters): string | undefined {
  for (const pair of parseQuery(query) ?? []) {
    const found = parameters.refused.get(pair.name) ?? inValue(pair, parameters)
    if (found !== undefined) return found
  }
  return undefined
}

function inValue ({ name, value }: QueryPair, { fields, naming }: WithheldParameters): string | undefined {
  if (!naming.has(name)) return undefined
  const field = value.split(/[^\p{L}\p{N}_$@-]+/u).map((word) => fields.get(plainName(word))).find((one) => one !== undefined)
  return field === undefined ? undefined : `${name} by ${field}`
}

/** Every run of words in a name such as citizenFiscalCode_like, as plain names: it may hold a field's name and more. */
function runsOf (name: string): readonly string[] {
  const words = name.replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2').split(/[^\p{L}\p{N}]+/u).map(plainName)
  return words.flatMap((_word, start) => words.slice(start).map((_last, index) => words.slice(start, start + index + 1).join('')))
}
