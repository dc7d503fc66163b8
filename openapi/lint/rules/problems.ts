import { answerMedia, at, keyOf, present } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { declares } from './schema-members.ts'
import { isObject } from '../../document.ts'

const schemas = ({ resolved }: Judged): Place[] => present(answerMedia(resolved, /^([45]|default)/).filter((media) => /json/.test(keyOf(media))).map((media) => at(media, 'schema'))).filter(({ value }) => isObject(value))

/** What the schema of an error holds (RFC 9457). */
export const problemRules: readonly Rule[] = [
  { id: 'use-problem-schema', only: 'modi', find: schemas, holds: (schema) => ['title', 'status', 'type', 'detail'].filter((name) => declares(schema, name)).length >= 2 },
  { id: 'hint-problem-schema', only: 'modi', find: schemas, holds: (schema) => declares(schema, 'detail') || !['message', 'code', 'msg'].some((name) => declares(schema, name)) }
]
