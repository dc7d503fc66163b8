import type { Contract } from '../openapi/contract.ts'
import { prepareFindings } from './adapters/checked-yaml.ts'
import type { Finding } from './adapters/checked-yaml.ts'
import schema from './config.schema.json' with { type: 'json' }
import { membersOf, valueAt } from './document-value.ts'

/**
 * That a version of an API, or one of its operations, goes out of use: since when (or from when on), the day on which it may stop answering, what takes its
 * place, and where people read about it. Days are `YYYY-MM-DD` and begin at midnight UTC.
 */
export interface Deprecation { readonly since: string, readonly sunset?: string, readonly successor?: string, readonly notice?: string }

const findShapeFaults = prepareFindings(schema.definitions.deprecation, { strict: false })

/** What is wrong with the deprecations of a configuration's e-services. */
export function findDeprecationFaults (document: unknown): Finding[] {
  return membersOf(document, ['eservices']).flatMap((name) => {
    const path = ['eservices', name, 'deprecation']
    return findFaults(valueAt(document, path)).map((fault) => ({ ...fault, path: [...path, ...fault.path] }))
  })
}

/**
 * The operations that go out of use, by operationId: with the whole `version`, or as the contract says of them (`x-deprecation`, with the members of
 * Deprecation, beside `deprecated: true`). Throws naming everything that is wrong with what it says.
 */
export function deprecationsOf ({ operations, file }: Contract, version: Deprecation | undefined): ReadonlyMap<string, Deprecation> {
  const declared = operations.filter(({ source }) => Object.hasOwn(source, 'x-deprecation'))
  const faults = declared.flatMap(({ id, source }) => [
    ...findFaults(source['x-deprecation']).map(({ path, message }) => `operation "${id}": ${['x-deprecation', ...path].join('.')}: ${message}`),
    ...source['deprecated'] === true ? [] : [`operation "${id}": x-deprecation says of an operation that it goes out of use; put deprecated: true beside it`]
  ])
  if (faults.length > 0) throw new Error(faults.map((fault) => `${file}: ${fault}`).join('\n'))
  return new Map(operations.flatMap(({ id, source }) => {
    const deprecation = source['x-deprecation'] as unknown as Deprecation | undefined ?? version
    return deprecation ? [[id, deprecation]] : []
  }))
}

function findFaults (written: unknown): Finding[] {
  if (written === undefined) return []
  const shape = findShapeFaults(written)
  if (shape.length > 0) return shape
  const { since, sunset } = written as Deprecation
  const noDays = Object.entries({ since, sunset }).filter(([, day]) => day !== undefined && !isDay(day))
  if (noDays.length > 0) return noDays.map(([name]) => ({ path: [name], message: 'is no day of the calendar' }))
  return sunset !== undefined && sunset < since ? [{ path: ['sunset'], message: 'must not be before since (RFC 9745, 4)' }] : []
}

function isDay (day: string): boolean {
  const time = Date.parse(day)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day)
}

/** The headers with which every answer of an operation says that it goes out of use: Deprecation (RFC 9745), Sunset (RFC 8594) and links to what comes after it. */
export function deprecationHeaders ({ since, sunset, successor, notice }: Deprecation): readonly (readonly [name: string, value: string])[] {
  const links = [
    ...successor === undefined ? [] : [`<${successor}>; rel="successor-version"`],
    ...notice === undefined ? [] : [`<${notice}>; rel="deprecation"; type="text/html"`]
  ]
  return [
    ['Deprecation', `@${Date.parse(since) / 1000}`],
    ...sunset === undefined ? [] : [['Sunset', new Date(sunset).toUTCString()] as const],
    ...links.length === 0 ? [] : [['Link', links.join(', ')] as const]
  ]
}
