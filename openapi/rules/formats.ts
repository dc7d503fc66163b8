import { isText, member } from './rule.ts'
import type { Rule } from './rule.ts'

/** Numbers say their size. */
export const formatRules: readonly Rule[] = [
  {
    id: 'integer-format',
    rac: 'RAC_REST_FORMAT_004',
    severity: 'error',
    message: 'say the size of this integer: "format: int32", or int64',
    given: 'schemas',
    holds: (schema) => !isA(schema, 'integer') || isText(member(schema, 'format'))
  },
  {
    id: 'number-format',
    rac: 'RAC_REST_FORMAT_004',
    severity: 'error',
    message: 'say the size of this number: "format: double", or float, decimal32, decimal64, decimal128',
    given: 'schemas',
    holds: (schema) => !isA(schema, 'number') || isText(member(schema, 'format'))
  }
]

function isA (schema: unknown, type: string): boolean {
  return [member(schema, 'type')].flat().includes(type)
}
