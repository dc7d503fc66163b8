import { matches, member } from './rule.ts'
import type { Rule } from './rule.ts'

const status = '$.paths[\'/status\'].get.responses'
const errors = `${status}[?(@property.match(/^[45]/))]`
const problemMembers = ['status', 'title', 'detail']

/** Every API says on /status whether it works, in the shape of a problem. */
export const statusRules: readonly Rule[] = [
  {
    id: 'paths-status',
    rac: 'RAC_REST_NAME_011',
    severity: 'error',
    message: 'add GET /status, which answers 200 with application/problem+json while the service works',
    given: ['$.paths'],
    holds: (paths) => Object.keys(Object(paths)).length === 0 || member(paths, '/status') !== undefined
  },
  {
    id: 'paths-status-return-json',
    rac: 'RAC_REST_NAME_011',
    severity: 'error',
    message: 'answer 200 on /status with application/problem+json',
    given: [`${status}['200'].content[*]~`],
    holds: matches(/^application\/(problem\+)?json\s*(;|$)/)
  },
  {
    id: 'paths-status-return-problem',
    rac: 'RAC_REST_NAME_011',
    severity: 'error',
    message: 'describe the errors of /status as application/problem+json',
    given: [`${errors}.content[*]~`],
    holds: matches(/^application\/problem\+json\s*(;|$)/)
  },
  {
    id: 'paths-status-problem-schema',
    rac: 'RAC_REST_NAME_011',
    severity: 'warn',
    message: 'give the errors of /status at least the properties status, title and detail',
    given: [`${errors}.content[*].schema`],
    holds: (schema) => problemMembers.every((name) => declares(schema, name))
  }
]

function declares (schema: unknown, name: string): boolean {
  if (member(member(schema, 'properties'), name) !== undefined) return true
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => member(schema, keyword) ?? [])
  return parts.some((part) => declares(part, name))
}
