import { loadContract } from '../../openapi/contract.ts'
import type { Contract, Operation } from '../../openapi/contract.ts'
import { namesIn, pointedFields, segmentsOf } from '../../openapi/json/field-tree.ts'
import { jsonAnswersOf } from '../../openapi/answers/json-answers.ts'
import { prepareDay } from '../../policies/day.ts'
import type { Grant, Grants, View } from '../../policies/grants.ts'
import { withheldParameters } from '../../policies/withheld-parameters.ts'
import schema from '../grants.schema.json' with { type: 'json' }
import { prepareFindings, readCheckedYaml } from './checked-yaml.ts'
import { findGrantFaults } from './grants-file-faults.ts'

/** What of the answers of an operation may be seen, as it is written: exactly one of `withhold` and `only`. */
export interface WrittenFields { readonly withhold?: readonly string[], readonly only?: readonly string[], readonly allowParameters?: readonly string[] }

/** A grant as it is written: for exactly one of `purpose`, `consumer` and `any`. */
export interface WrittenGrant {
  readonly id: string
  readonly version: number
  readonly purpose?: string
  readonly consumer?: string
  readonly any?: true
  readonly operations: 'all' | readonly string[]
  readonly fields?: Readonly<Record<string, WrittenFields>>
  readonly legalBasis: string
  readonly owner: string
  readonly expires: string
}

const findSchemaFaults = prepareFindings(schema, { allowUnionTypes: true })

/**
 * Reads the grants of an e-service (YAML 1.2, UTF-8) and works out, against its contract, what they leave of each answer. Throws CheckedFileError with
 * every problem of the file, each with its line, or when it cannot be read: a field that no answer has is one that would not be withheld.
 */
export async function readGrantsFile (path: string, contract: Contract): Promise<Grants> {
  const { grants } = await readCheckedYaml<{ readonly grants: readonly WrittenGrant[] }>(path, (content) => [...findSchemaFaults(content), ...findGrantFaults(content, contract)])
  const newest = grants.filter(({ id, version }) => !grants.some((other) => other.id === id && other.version > version))
  const by = (key: 'purpose' | 'consumer'): ReadonlyMap<string, Grant> => new Map(newest.flatMap((grant) => grant[key] === undefined ? [] : [[grant[key], toGrant(grant, contract)]]))
  const any = newest.find((grant) => grant.any)
  return { byPurpose: by('purpose'), byConsumer: by('consumer'), any: any && toGrant(any, contract) }
}

/** The grants of an e-service where its configuration names a file of them. */
export async function grantsOf ({ grants, contract }: { readonly grants: string | undefined, readonly contract: string }, loaded?: Contract): Promise<Grants | undefined> {
  return grants === undefined ? undefined : readGrantsFile(grants, loaded ?? await loadContract(contract))
}

function toGrant ({ id, version, operations, fields = {}, expires, legalBasis }: WrittenGrant, contract: Contract): Grant {
  return {
    id,
    version,
    operations: operations === 'all' ? operations : new Set(operations),
    views: new Map(contract.operations.flatMap((operation) => Object.hasOwn(fields, operation.id) ? [[operation.id, viewOf(operation, fields[operation.id] as WrittenFields, contract)]] : [])),
    expires,
    expiresAt: prepareDay()(Date.parse(`${expires}T12:00:00Z`)).endsAt,
    legalBasis
  }
}

function viewOf (operation: Operation, { withhold, only, allowParameters = [] }: WrittenFields, contract: Contract): View {
  const { types, schemas } = jsonAnswersOf(operation, contract)
  const pointers = only ?? withhold ?? []
  const { tree, ends } = pointedFields(pointers, schemas, contract.document)
  const below = namesIn(ends, contract.document)
  const withheld = only
    ? namesIn(schemas, contract.document).difference(below.union(new Set(pointers.flatMap(segmentsOf))))
    : below.union(new Set(pointers.map((pointer) => segmentsOf(pointer).findLast((segment) => segment !== '*') ?? '')))
  const declared = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
  return { narrowing: { keep: only ? 'only' : 'all but', tree }, produces: types, parameters: withheldParameters(withheld, declared, allowParameters) }
}
