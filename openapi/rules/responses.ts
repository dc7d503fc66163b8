import { operations } from './places.ts'
import { matches, member, never } from './rule.ts'
import type { Rule } from './rule.ts'

/** The shape of answers and of errors. */
export const responseRules: readonly Rule[] = [
  {
    id: 'http-response-no-content-204-205',
    rac: 'RAC_REST_NAME_001',
    severity: 'error',
    message: 'a 204 or 205 has no body; remove "content", or answer 200',
    given: [`${operations}.responses['204','205'].content`],
    holds: never
  },
  {
    id: 'response-with-json-object',
    rac: 'RAC_REST_FORMAT_002',
    severity: 'warn',
    message: 'wrap the answer in an object, e.g. {"items": [...]}, so that it can grow without breaking its readers',
    given: [`${operations}.responses[*].content[?(@property.match(/json$/) && !@property.match(/json-patch/))].schema`],
    holds: (schema) => [member(schema, 'type') ?? 'object'].flat().includes('object')
  },
  {
    id: 'use-problem-json-for-errors',
    rac: 'RAC_REST_NAME_008',
    severity: 'error',
    message: 'describe errors as application/problem+json (RFC 9457); mark one that cannot be so with "x-noqa: true"',
    given: [`${operations}.responses[?(@property.match(/^([45]|default)/) && !(@ && @['x-noqa']))].content[*]~`],
    holds: matches(/^application\/problem\+(json|xml)\s*(;|$)/)
  }
]
