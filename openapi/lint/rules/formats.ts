import { objectsOf } from './everywhere.ts'
import { at, keyOf, present } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { schemas } from './schemas.ts'
import { isText, matchesNot, member, typesOf } from './value.ts'

const integers = ['int32', 'int64']
const numbers = ['decimal32', 'decimal64', 'decimal128', 'float', 'double']

// The gate looks into examples too, and not at types that are lists.
const everyNode = (type: string) => (judged: Judged): Place[] => objectsOf(judged).filter(({ value }) => member(value, 'type') === type)
const everySchema = (type: string) => (judged: Judged): Place[] => schemas(judged).filter(({ value }) => typesOf(value).includes(type) && member(value, 'enum') === undefined)
const formatsOf = (places: readonly Place[]): Place[] => present(places.map((place) => at(place, 'format')))
const hasFormat = (schema: unknown): boolean => isText(member(schema, 'format'))
const isOneOf = (formats: readonly string[]) => (format: unknown): boolean => typeof format !== 'string' || formats.includes(format)

/** The texts among the schemas that nothing yet narrows, as places of their names. */
function openTexts (judged: Judged): Place[] {
  return schemas(judged)
    .filter((place) => place.path.at(-2) === 'properties' && typesOf(place.value).includes('string'))
    .filter(({ value }) => ['format', 'pattern', 'enum', 'const', 'maxLength'].every((keyword) => member(value, keyword) === undefined))
}

const named = (pattern: RegExp) => (judged: Judged): Place[] => openTexts(judged).filter((place) => pattern.test(keyOf(place)))
const fails = (): boolean => false
const tellName: Rule['tell'] = (_schema, name) => name

/** Numbers say their size; instants, durations, languages, countries and currencies say how they are written. */
export const formatRules: readonly Rule[] = [
  { id: 'integer-format', only: 'pdnd', find: everyNode('integer'), holds: (node) => Boolean(member(node, 'format')) },
  { id: 'number-format', only: 'pdnd', find: everyNode('number'), holds: (node) => Boolean(member(node, 'format')) },
  { id: 'allowed-integer-format', only: 'pdnd', find: (judged) => formatsOf(everyNode('integer')(judged)), holds: isOneOf(integers), tell: String },
  { id: 'allowed-number-format', only: 'pdnd', find: (judged) => formatsOf(everyNode('number')(judged)), holds: isOneOf(numbers), tell: String },
  { id: 'integer-format', only: 'modi', find: everySchema('integer'), holds: hasFormat },
  { id: 'number-format', only: 'modi', find: everySchema('number'), holds: hasFormat },
  { id: 'allowed-integer-format', only: 'modi', find: (judged) => formatsOf(everySchema('integer')(judged)), holds: isOneOf(integers), tell: String },
  { id: 'allowed-number-format', only: 'modi', find: (judged) => formatsOf(everySchema('number')(judged)), holds: isOneOf([...numbers, ...integers]), tell: String },
  {
    id: 'date-format',
    only: 'modi',
    find: named(/(^|[_-])(date|data|timestamp|datetime)$|(Date|DateTime|Timestamp)$|^(date|data)(Of|Di|[_-])|^data[A-Z]|[a-z]At$|_at$/),
    holds: fails,
    tell: tellName
  },
  { id: 'date-format-name', only: 'modi', find: (judged) => formatsOf(schemas(judged)), holds: matchesNot(/^(YYYY|yyyy|dd|DD|HH)|^(datetime|date_time|dateTime|timestamp|zoned-date-time)$/), tell: String },
  { id: 'duration-format', only: 'modi', find: named(/(^|[_-])(duration|durata|ttl|timeout)$|(Duration|Durata|Timeout)$/), holds: fails, tell: tellName },
  {
    id: 'code-format',
    only: 'modi',
    find: named(/(^|[_-])(language|lang|lingua|country|nazione|currency|valuta)(_?code)?$|(Language|Lingua|Country|Nazione|Currency|Valuta)(Code)?$|^(language|country|currency)Code$/),
    holds: fails,
    tell: tellName
  }
]
