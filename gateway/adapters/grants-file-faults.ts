import type { Contract, Operation } from '../../openapi/contract.ts'
import { findLost } from '../../openapi/json/field-tree.ts'
import { jsonAnswersOf } from '../../openapi/answers/json-answers.ts'
import { namesFields } from '../../policies/withheld-parameters.ts'
import { didYouMean } from '../closest-name.ts'
import { membersOf, textAt, valueAt } from '../document-value.ts'
import type { Finding } from './checked-yaml.ts'

/** What a schema cannot say of a grants file: whom each grant is for, and that what it names is in the contract. */

type Path = readonly (string | number)[]

/** One grant of a file that may break its schema: whatever has not the expected shape is passed over, because the schema already reports it. */
interface Item { readonly path: Path, readonly grant: unknown }

/** Every grant that is for nobody or for somebody else's, every version that is there twice, and every name that the contract does not have. */
export function findGrantFaults (document: unknown, contract: Contract): Finding[] {
  const listed = valueAt(document, ['grants'])
  const items = Array.isArray(listed) ? listed.map((grant: unknown, index): Item => ({ path: ['grants', index], grant })) : []
  return [
    ...items.flatMap((item) => [...findSubject(item), ...findDate(item), ...findOperations(item, contract), ...findFields(item, contract)]),
    ...findClashes(items)
  ]
}

const subjects = ['purpose', 'consumer', 'any'] as const

function subjectsOf (grant: unknown): readonly string[] {
  return subjects.filter((name) => valueAt(grant, [name]) !== undefined)
}

function findSubject ({ path, grant }: Item): Finding[] {
  const named = subjectsOf(grant)
  return named.length === 1 ? [] : [{ path, message: `must be for exactly one of ${subjects.join(', ')}, not ${named.length === 0 ? 'for none' : `for ${named.join(' and ')}`}` }]
}

function findDate ({ path, grant }: Item): Finding[] {
  const expires = textAt(grant, ['expires']) ?? ''
  const time = Date.parse(`${expires}T12:00:00Z`)
  const isDay = Number.isFinite(time) && new Date(time).toISOString().startsWith(expires)
  return !/^\d{4}-\d{2}-\d{2}$/.test(expires) || isDay ? [] : [{ path: [...path, 'expires'], message: 'there is no such day' }]
}

/** Versions of one grant are for the same, and what is for the same is one grant: two could not both count. */
function findClashes (items: readonly Item[]): Finding[] {
  const known = new Map<string, string>()
  const seen = new Set<string>()
  return items.flatMap(({ path, grant }) => {
    const [id = '', name = ''] = [textAt(grant, ['id']), subjectsOf(grant)[0]]
    const subject = `${name} ${String(valueAt(grant, [name]))}`
    const version = `version ${String(valueAt(grant, ['version']))} of ${id}`
    const [ofId, ofSubject] = [known.get(`id ${id}`), known.get(subject)]
    const twice = seen.size === seen.add(version).size
    known.set(`id ${id}`, ofId ?? subject)
    known.set(subject, ofSubject ?? id)
    return [
      ...twice ? [{ path: [...path, 'version'], message: `${version} is there twice` }] : [],
      ...ofId !== undefined && ofId !== subject ? [{ path: [...path, 'id'], message: `id "${id}" is that of a grant for another ${ofId.split(' ')[0]}: give each its own` }] : [],
      ...ofSubject !== undefined && ofSubject !== id ? [{ path: [...path, name], message: `the grant "${ofSubject}" is for it already: make this a version of that one` }] : []
    ]
  })
}

function findOperations ({ path, grant }: Item, { operations }: Contract): Finding[] {
  const written = valueAt(grant, ['operations'])
  if (typeof written === 'string') return written === 'all' ? [] : [{ path: [...path, 'operations'], message: `must be all, or a list of operationIds: [${written}]` }]
  const names = Array.isArray(written) ? written.map((name: unknown, index) => ({ path: [...path, 'operations', index], name })) : []
  return names.flatMap(({ path, name }) => typeof name === 'string' ? findOperation(path, name, operations) : [])
}

function findOperation (path: Path, name: string, operations: readonly Operation[]): Finding[] {
  const found = operations.find(({ id }) => id === name)
  if (found?.isPublic) return [{ path, message: `operation "${name}" is public: whoever calls it, no grant is asked for` }]
  return found ? [] : [{ path, message: `no operation of the contract is called "${name}".${didYouMean(name, operations.map(({ id }) => id))}` }]
}

function findFields ({ path, grant }: Item, contract: Contract): Finding[] {
  const granted = valueAt(grant, ['operations'])
  return membersOf(grant, ['fields']).flatMap((id) => {
    const at: Path = [...path, 'fields', id]
    const fields = valueAt(grant, ['fields', id])
    const wrong = findOperation(at, id, contract.operations)
    if (wrong.length > 0) return wrong
    const ways = ['withhold', 'only'].filter((way) => valueAt(fields, [way]) !== undefined)
    return [
      ...Array.isArray(granted) && !granted.includes(id) ? [{ path: at, message: `operation "${id}" is not among its operations` }] : [],
      ...ways.length === 1 ? [] : [{ path: at, message: 'must have exactly one of withhold and only' }],
      ...findPointers(at, fields, contract.operations.find((one) => one.id === id) as Operation, contract)
    ]
  })
}

function findPointers (path: Path, fields: unknown, operation: Operation, contract: Contract): Finding[] {
  const { types, schemas } = jsonAnswersOf(operation, contract)
  if (types.length === 0) return [{ path, message: `operation "${operation.id}" declares no answer in JSON: only such can be narrowed, so take it out of the operations` }]
  const pointers = ['withhold', 'only'].flatMap((way) => textsAt([...path, way], valueAt(fields, [way])))
  const parameters = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
  return [
    ...pointers.flatMap(({ path, text }) => {
      const lost = text.startsWith('/') ? findLost(text, schemas, contract.document) : undefined
      if (!lost) return []
      const hint = lost.candidates.includes('*') ? ' A list is there: * is every element of it.' : didYouMean(lost.segment, lost.candidates)
      return [{ path, message: `no answer of "${operation.id}" has "${text}" in the contract: "${lost.segment}" leads nowhere.${hint}` }]
    }),
    ...textsAt([...path, 'allowParameters'], valueAt(fields, ['allowParameters'])).flatMap(({ path, text }) => {
      if (!parameters.includes(text)) return [{ path, message: `"${operation.id}" has no query parameter "${text}".${didYouMean(text, parameters)}` }]
      return namesFields(text) ? [{ path, message: `the values of "${text}" name fields and are always looked at: take it out` }] : []
    })
  ]
}

function textsAt (path: Path, list: unknown): readonly { readonly path: Path, readonly text: string }[] {
  return Array.isArray(list) ? list.flatMap((text: unknown, index) => typeof text === 'string' ? [{ path: [...path, index], text }] : []) : []
}
