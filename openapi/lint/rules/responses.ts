import { answerMedia, at, each, keyOf, present, responses } from './places.ts'
import type { Rule } from './rule.ts'
import { isObject } from '../../document.ts'
import { member, never, typesOf } from './value.ts'

const schemaOf = (media: unknown): unknown => member(media, 'schema')

/** The shape of answers and of errors. */
export const responseRules: readonly Rule[] = [
  { id: 'http-response-no-content-204-205', find: ({ resolved }) => present(responses(resolved, /^20[45]$/).map((response) => at(response, 'content'))), holds: never },
  {
    id: 'http-response-content-2xx',
    find: ({ resolved }) => responses(resolved, /^20[01236]$/),
    holds: (response) => {
      const content = member(response, 'content')
      return isObject(content) && Object.keys(content).length > 0 && Object.values(content).every((media) => schemaOf(media) !== undefined)
    }
  },
  {
    id: 'response-with-json-object',
    find: ({ resolved }) => answerMedia(resolved).filter((media) => keyOf(media).endsWith('json') && !keyOf(media).includes('json-patch')).map((media) => at(media, 'schema')),
    holds: (schema) => typesOf(schema).length === 0 || typesOf(schema).includes('object')
  },
  {
    id: 'use-problem-json-for-errors',
    find: ({ resolved }) => responses(resolved, /^([45]|default)/).filter(({ value }) => !member(value, 'x-noqa')).flatMap((response) => each(at(response, 'content'))),
    holds: (_media, type) => /^application\/problem\+(json|xml)/.test(type),
    tell: (_media, type) => type
  },
]
