import { isObject } from '../../document.ts'
import { objectsOf } from './everywhere.ts'
import { at, each, keyOf, pathItems, root } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { schemas } from './schemas.ts'
import { matchesNot } from './value.ts'

const personNames = /^(nome|name|surname|cf|fiscal[-_ ]?(code|number)|(first|last)[-_ ]?name)$/i
const methodWords = /^(get|post|put|delete|patch|head|options|create|update|remove|list)$/i

const asName = (place: Place): Place => ({ value: keyOf(place), path: place.path })
const propertyNames = (judged: Judged): Place[] => schemas(judged).filter(({ path }) => path.at(-2) === 'properties').map(asName)
const paths = ({ resolved }: Judged): Place[] => pathItems(resolved).map(asName)
const literals = (path: unknown): string[] => String(path).split('/').filter((segment) => segment !== '' && !segment.includes('{'))

// What the gate takes for the name of a property is the value of a "properties" in some example.
const exampleScalars = (judged: Judged): Place[] => objectsOf(judged).filter((place) => keyOf(place) === 'properties').flatMap((place) => each(place))

// The two ways to write a name of several words; a name of one word is both.
const isCamel = (name: string): boolean => /^[a-z]+[a-z0-9]*[A-Z]/.test(name) && !name.includes('_')
const isSnake = (name: string): boolean => /^[a-z][a-z0-9]*_[a-z0-9_]*$/.test(name)

/** The properties written in the rarer of the two ways, where a contract has both. */
function outOfStyle (judged: Judged): Place[] {
  const names = propertyNames(judged)
  const camel = names.filter(({ value }) => isCamel(String(value)))
  const snake = names.filter(({ value }) => isSnake(String(value)))
  const other = names.filter(({ value }) => !/^[A-Za-z$@][A-Za-z0-9_]*$/.test(String(value)))
  return [...snake.length > camel.length ? camel : snake, ...other]
}

/** What paths, schemas and properties are called. */
export const namingRules: readonly Rule[] = [
  { id: 'paths-kebab-case', only: 'modi', find: paths, holds: (path) => literals(path).every((segment) => /^[a-z0-9.:~-]+$/.test(segment)), tell: String },
  { id: 'paths-http-method', only: 'modi', find: paths, holds: (path) => !literals(path).some((segment) => methodWords.test(segment)), tell: String },
  {
    id: 'schemas-pascal-case',
    only: 'modi',
    find: ({ resolved }) => each(at(root(resolved), 'components', 'schemas')).filter(({ value }) => isObject(value)).map(asName),
    holds: matchesNot(/^(?![A-Z][A-Za-z0-9]*$)/),
    tell: String
  },
  { id: 'property-names-one-style', only: 'modi', find: outOfStyle, holds: () => false, tell: String },
  { id: 'use-recommended-names-in-schemas', only: 'pdnd', find: exampleScalars, holds: matchesNot(personNames), tell: String },
  { id: 'use-recommended-names-in-schemas', only: 'modi', find: propertyNames, holds: matchesNot(personNames), tell: String },
  {
    id: 'sli-names',
    only: 'modi',
    find: (judged) => propertyNames(judged).filter(({ value }) => /latency|response_?time|uptime|availab|throughput|success_?rate|error_?rate|apdex|tempo_?(medio_?)?(di_?)?risposta|disponibilit/i.test(String(value))),
    holds: matchesNot(/(ms|msec|millis(econds)?|minutes|hours?|weeks?|months?|monthly|weekly|daily|yearly|minuti|ore|settiman[ae]|mes[ei]|mensile)$|_(h|w)$/i),
    tell: String
  }
]
