import { isObject } from '../../document.ts'
import { findPatternFault } from '../../schemas/pattern.ts'
import { RE2JS } from 're2js'
import { at, each, keyOf, methods, operations, pathItems, root, securitySchemes, servers } from './places.ts'
import type { Place } from './places.ts'
import type { Judged, Rule } from './rule.ts'
import { schemas } from './schemas.ts'
import { isText, matches, matchesNot, member, never, typesOf } from './value.ts'

const patterns = (judged: Judged): Place[] => schemas(judged).map((schema) => at(schema, 'pattern')).filter(({ value }) => typeof value === 'string')
const compiles = (pattern: string, flags: string): boolean => isMade(() => new RegExp(pattern, flags))
const isLinear = (pattern: string): boolean => findPatternFault(pattern) === undefined || isMade(() => RE2JS.compile(pattern))
const localHost = /^https?:\/\/(localhost|127\.|0\.0\.0\.0|\[::1?\]|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/i

function isMade (make: () => unknown): boolean {
  try {
    make()
    return true
  } catch {
    return false
  }
}

/** Every reference that is written in the document, but not in what is data. */
function references ({ written }: Judged): Place[] {
  const found: Place[] = []
  const walk = (place: Place): void => {
    const reference = at(place, '$ref')
    if (typeof reference.value === 'string') found.push(reference)
    for (const inner of each(place)) if (!/^(example|examples|default|enum|const|x-.*)$/.test(keyOf(inner)) || /^(properties|schemas|paths|headers)$/.test(keyOf(place))) walk(inner)
  }
  walk(root(written))
  return found
}

/** Paths that one request could be meant for, where neither is the more exact one. */
function ambiguousPaths ({ resolved }: Judged): Place[] {
  const items = pathItems(resolved)
  return items.filter((item, index) => items.slice(0, index).some((other) => areAlike(keyOf(item), keyOf(other)) && methods.some((method) => member(item.value, method) && member(other.value, method)))).map((item) => ({ ...item, value: keyOf(item) }))
}

function areAlike (one: string, other: string): boolean {
  const [left, right] = [one.split('/'), other.split('/')]
  const isOpen = (segment: string | undefined): boolean => /^\{[^}]*\}$/.test(segment ?? '')
  if (left.length !== right.length || !left.every((segment, index) => segment === right[index] || isOpen(segment) || isOpen(right[index]))) return false
  const wins = (a: readonly string[], b: readonly string[]): boolean => a.some((segment, index) => !isOpen(segment) && isOpen(b[index]))
  return wins(left, right) === wins(right, left)
}

/** Operations that ask for credentials. */
function guarded (document: unknown): Place[] {
  const asks = (security: unknown): boolean => Array.isArray(security) && security.length > 0
  return operations(document).filter(({ value }) => asks(member(value, 'security') ?? member(document, 'security')))
}

const refusals = ['401', '403', '429', '503']
function undeclared (operation: unknown): string[] {
  const declared = Object.keys(Object(member(operation, 'responses')))
  return refusals.filter((status) => !declared.some((name) => name === status || name === 'default' || name.toUpperCase() === `${status[0]}XX`))
}

const readiness: readonly Rule[] = [
  {
    id: 'server-is-reachable',
    find: ({ resolved }) => servers(resolved).filter(({ value }) => member(value, 'x-sandbox') !== true).map((server) => at(server, 'url')),
    holds: matchesNot(localHost),
    tell: String
  },
  { id: 'no-external-reference', asWritten: true, find: references, holds: (reference) => !/^([a-z][a-z0-9+.-]*:|\/|(\.\/)*\.\.\/)/i.test(String(reference)), tell: String },
  { id: 'pattern-valid', find: patterns, holds: (pattern) => compiles(String(pattern), 'u') || compiles(String(pattern), ''), tell: String },
  { id: 'pattern-unicode', find: patterns, holds: (pattern) => compiles(String(pattern), 'u') || !compiles(String(pattern), ''), tell: String },
  { id: 'pattern-linear', find: patterns, holds: (pattern) => !compiles(String(pattern), '') || isLinear(String(pattern)), tell: String },
  {
    id: 'nullable-without-type',
    find: (judged) => matches(/^3\.0/)(member(judged.resolved, 'openapi')) ? schemas(judged).filter(({ value }) => member(value, 'nullable') === true) : [],
    holds: (schema) => typesOf(schema).length > 0
  },
  { id: 'paths-ambiguous', find: ambiguousPaths, holds: never, tell: String },
  {
    id: 'media-type-schema',
    find: ({ resolved }) => operations(resolved).flatMap((operation) => [at(operation, 'requestBody'), ...each(at(operation, 'responses'))]).flatMap((holder) => each(at(holder, 'content'))),
    holds: (media) => isObject(member(media, 'schema')) || typeof member(media, 'schema') === 'boolean',
    tell: (_media, type) => type
  },
  {
    id: 'refusals-declared',
    find: ({ resolved }) => guarded(resolved).map((operation) => at(operation, 'responses')),
    holds: (responses) => undeclared({ responses }).length === 0,
    tell: (responses) => undeclared({ responses }).join(', ')
  },
  {
    id: 'bearer-jwt-scheme',
    find: ({ resolved }) => [root(resolved)].filter(() => pathItems(resolved).length > 0),
    holds: (document) => securitySchemes(document).some(({ value }) => isBearer(value))
  },
  {
    id: 'bearer-format-jwt',
    find: ({ resolved }) => securitySchemes(resolved, 'http').filter(({ value }) => matches(/^bearer$/i)(member(value, 'scheme'))),
    holds: (scheme) => isText(member(scheme, 'bearerFormat')) && matches(/jwt/i)(member(scheme, 'bearerFormat'))
  },
]

/** What a contract needs to be served by a gateway. */
export const readinessRules: readonly Rule[] = readiness.map((rule) => ({ ...rule, only: 'modi' }))

function isBearer (scheme: unknown): boolean {
  return (member(scheme, 'type') === 'http' && matches(/^(bearer|dpop)$/i)(member(scheme, 'scheme'))) || ['oauth2', 'openIdConnect'].includes(String(member(scheme, 'type')))
}
