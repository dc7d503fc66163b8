import { schemasIn } from '../reading/anatomy.ts'
import type { Contract, Operation } from '../contract.ts'
import { atPointer, isObject } from '../document.ts'
import type { Json } from '../document.ts'
import { expressionOf } from '../schemas/expression.ts'
import type { Finding } from '../requests/request-finding.ts'
import type { Trial } from './request-trials.ts'

/** A request of which the two validators think differently: what ours finds wrong (nothing where it accepts), and the keywords that the other names. */
export interface Disagreement {
  readonly contract: Contract
  readonly operation: Operation
  readonly trial: Trial
  readonly ours: readonly Finding[]
  readonly theirs: readonly string[]
}

interface Mistake { readonly says: string, readonly explains: (disagreement: Disagreement) => boolean }

const accepts = ({ theirs }: Disagreement): boolean => theirs.length === 0
const isOf = ({ changed }: Trial, ...types: readonly string[]): boolean => typeof changed === 'object' && types.some((type) => changed.schema['type'] === type)

/** What openapi-backend is known to get wrong, as rules about what was asked and what was found: never a list of cases. */
const mistakes: readonly Mistake[] = [
  { says: 'formats are not checked', explains: (one) => accepts(one) && one.ours.every(({ rule }) => rule === 'format') },
  { says: 'any text that JavaScript takes for a number or a truth value is one', explains: (one) => accepts(one) && isOf(one.trial, 'integer', 'number', 'boolean') && one.ours.every(({ rule }) => rule === 'type') },
  { says: 'numbers are rounded before they are compared', explains: (one) => accepts(one) && isOf(one.trial, 'integer', 'number') && one.trial.query.some(([, text]) => /^-?\d{16,}$/.test(text)) },
  { says: 'discriminators are passed over', explains: ({ contract, operation, trial }) => trial.body !== undefined && reaches(contract, operation, (schema) => schema['discriminator'] !== undefined) },
  { says: 'a schema that holds itself is checked one level deep', explains: (one) => accepts(one) && one.trial.changed === 'body' && reaches(one.contract, one.operation, () => false, () => true) },
  { says: 'brackets in the name of a query parameter are taken for its structure', explains: ({ ours, theirs, trial }) => ours.length === 0 && theirs.includes('additionalProperties') && trial.query.some(([name]) => /[[\]]/.test(name)) },
  { says: 'a pattern in the spelling of another language means something else', explains: ({ contract, ours, theirs }) => [...ours.map(({ rule }) => rule), ...theirs].includes('pattern') && [...schemasIn(contract.document)].some(({ schema }) => typeof schema['pattern'] === 'string' && expressionOf(schema['pattern']).note !== undefined) },
  { says: 'a path that ends with a slash has no parameters', explains: ({ ours, theirs, operation }) => ours.length === 0 && theirs.includes('required') && operation.path.endsWith('/') },
  { says: 'a fraction is seldom a multiple of another', explains: ({ ours, theirs }) => ours.length === 0 && theirs.length > 0 && theirs.every((keyword) => keyword === 'multipleOf') }
]

/** The known mistake that explains a disagreement; undefined where none does, and then one of ours may. */
export function knownMistake (disagreement: Disagreement): string | undefined {
  return mistakes.find(({ explains }) => explains(disagreement))?.says
}

/** Whether the body of an operation leads to such a schema, or back to one that led there. */
function reaches ({ document }: Contract, { body }: Operation, isSuch: (schema: { readonly [member: string]: Json }) => boolean, isCircle = (): boolean => false): boolean {
  const done = new Set<string>()
  const visit = (value: Json | undefined, trail: readonly string[]): boolean => {
    if (Array.isArray(value)) return value.some((item) => visit(item as Json, trail))
    if (!isObject(value)) return false
    const { $ref: reference } = value
    if (typeof reference !== 'string') return isSuch(value) || Object.values(value).some((member) => visit(member, trail))
    if (trail.includes(reference)) return isCircle()
    if (done.has(reference)) return false
    done.add(reference)
    return visit(atPointer(document, reference.slice(1)), [...trail, reference])
  }
  return visit(body?.content.get('application/json'), [])
}
