import type { Contract, Operation } from '../openapi/contract.ts'
import type { OperationValidator } from '../openapi/validate.ts'
import type { Admission } from '../policies/admission.ts'
import type { Demands } from '../policies/demands.ts'
import type { Terms } from '../policies/policy.ts'
import type { EServiceConfig } from './config.ts'
import type { Upstream } from './forward.ts'

/** An e-service put live: its contract, what admission holds callers to, and where its calls go. */
export interface LiveEService {
  readonly config: EServiceConfig
  readonly contract: Contract
  readonly basePath: string
  readonly terms: Terms
  readonly admission: Admission
  /** What the contract demands of the calls of each operation, by operationId. */
  readonly demands: ReadonlyMap<string, Demands>
  readonly upstream: Upstream
}

/** Everything about one operation that does not depend on the request, worked out at boot. */
export interface Route {
  readonly eservice: LiveEService
  readonly operation: Operation
  readonly validator: OperationValidator
  readonly demands: Demands
  /** Names of request headers (lower case) that reach the upstream, and of response headers that reach the caller. */
  readonly requestHeaders: ReadonlySet<string>
  readonly responseHeaders: ReadonlySet<string>
  /** Media types of the successful answers that the contract declares; empty when it declares none. */
  readonly produces: readonly string[]
  /** URL pattern for the router, and the pieces from which the upstream path is rebuilt: texts and parameter names in turn. */
  readonly pattern: string
  readonly pieces: readonly Piece[]
}

/** A stretch of literal path and the parameter behind it: its name in the contract and its key in the router. */
interface Piece { readonly text: string, readonly parameter: { readonly name: string, readonly key: string } | undefined }

const forwarded = ['accept', 'accept-language', 'accept-encoding', 'content-type', 'content-encoding', 'if-match', 'if-none-match', 'if-modified-since',
  'if-unmodified-since', 'prefer', 'traceparent', 'tracestate']
const returned = ['content-type', 'content-encoding', 'content-language', 'content-disposition', 'etag', 'last-modified', 'cache-control', 'vary', 'location',
  'retry-after', 'accept-patch', 'deprecation', 'sunset']
const ours = new Set(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'set-cookie', 'connection', 'transfer-encoding', 'content-length', 'varco-call', 'via', 'x-request-id', 'authorization', 'dpop', 'cookie', 'host'])

/** Works out the route of one operation of a live e-service. */
export function prepareRoute (eservice: LiveEService, operation: Operation, validator: OperationValidator): Route {
  const declaredRequest = operation.parameters.filter((parameter) => parameter.in === 'header').map((parameter) => parameter.name.toLowerCase())
  const pieces = piecesOf(eservice.basePath + operation.path)
  const success = [...operation.responses].filter(([status]) => status.startsWith('2')).flatMap(([, types]) => types)
  return {
    eservice,
    operation,
    validator,
    demands: eservice.demands.get(operation.id) as Demands,
    requestHeaders: allow([...forwarded, ...declaredRequest]),
    responseHeaders: allow([...returned, ...operation.responseHeaders]),
    produces: [...new Set(success)],
    pattern: pieces.map(({ text, parameter }) => text.replaceAll(':', '::') + (parameter ? `:${parameter.key}` : '')).join(''),
    pieces
  }
}

/** The path for the upstream, rebuilt from what was matched: never the raw target, so that both sides mean the same resource. */
export function rebuildPath (route: Route, matched: Readonly<Record<string, string | undefined>>): string {
  let path = ''
  for (const { text, parameter } of route.pieces) {
    path += text
    if (parameter !== undefined) path += encodeURIComponent(matched[parameter.key] ?? '')
  }
  return path
}

/** Path values as the router matched them, by the names of the contract. */
export function pathValues (route: Route, matched: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const values = Object.create(null) as Record<string, string | undefined>
  for (const { parameter } of route.pieces) if (parameter) values[parameter.name] = matched[parameter.key]
  return values
}

// The router knows parameters by position, because contracts may name them in ways that it does not understand.
function piecesOf (template: string): readonly Piece[] {
  const parts = [...template.matchAll(/([^{}]*)(?:\{([^}]+)\})?/g)].filter(([whole]) => whole !== '')
  return parts.map(([, text = '', name], index) => ({ text, parameter: name === undefined ? undefined : { name, key: `p${index}` } }))
}

function allow (names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()).filter((name) => !ours.has(name)))
}
