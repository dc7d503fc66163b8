import type { Contract, Operation } from '../openapi/contract.ts'
import { essence } from '../openapi/requests/media-type.ts'
import type { OperationValidator } from '../openapi/requests/validate.ts'
import type { Admission } from '../policies/admission.ts'
import type { Demands, NonBlockingStep } from '../policies/demands.ts'
import type { Terms } from '../policies/policy.ts'
import type { EServiceConfig } from './eservice-config.ts'
import { deprecationHeaders } from './deprecation.ts'
import type { Deprecation } from './deprecation.ts'
import type { Upstream } from './forward.ts'
import { correlationHeader, requestHeadersOf } from './non-blocking.ts'
import { patternOf, piecesOf } from './path-template.ts'
import type { Piece } from './path-template.ts'

/** An e-service as configuration and contract describe it: where it is served, and what its callers are held to. */
export interface DescribedEService {
  readonly config: EServiceConfig
  readonly contract: Contract
  readonly basePath: string
  readonly terms: Terms
  /** What the contract demands of the calls of each operation, by operationId. */
  readonly demands: ReadonlyMap<string, Demands>
  /** The operations that go out of use, by operationId. */
  readonly deprecations: ReadonlyMap<string, Deprecation>
}

/** An e-service put live: what admits its callers, and where its calls go. */
export interface LiveEService extends DescribedEService {
  readonly admission: Admission
  readonly upstream: Upstream
}

/** How the router reads paths; the same wherever an operation is looked for. Queries are read by contract, not by the router. */
export const routing = { routerOptions: { maxParamLength: 500, querystringParser: () => ({}) }, exposeHeadRoutes: false } as const

/** Everything about one operation that does not depend on the request, worked out at boot. */
export interface Route {
  readonly eservice: LiveEService
  readonly operation: Operation
  readonly validator: OperationValidator
  readonly demands: Demands
  /** Names of request headers (lower case) that reach the upstream, and of response headers that reach the caller. */
  readonly requestHeaders: ReadonlySet<string>
  readonly responseHeaders: ReadonlySet<string>
  /** What every answer says of an operation that goes out of use, names and values of headers. */
  readonly deprecation: ReturnType<typeof deprecationHeaders>
  /** Media types of the successful answers that the contract declares; empty when it declares none. */
  readonly produces: readonly string[]
  /** URL pattern for the router, and the pieces from which the upstream path is rebuilt: texts and parameter names in turn. */
  readonly pattern: string
  readonly pieces: readonly Piece[]
  /** True when a semicolon may stand in the path: a parameter is written with one. */
  readonly takesMatrix: boolean
}

const forwarded = ['accept', 'accept-language', 'accept-encoding', 'content-type', 'content-encoding', 'if-match', 'if-none-match', 'if-modified-since',
  'if-unmodified-since', 'prefer']
const returned = ['content-type', 'content-encoding', 'content-language', 'content-disposition', 'etag', 'last-modified', 'cache-control', 'vary', 'location',
  'age', 'retry-after', 'accept-patch', 'deprecation', 'sunset']
const ours = new Set(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'set-cookie', 'connection', 'transfer-encoding', 'content-length', 'varco-call', 'via', 'x-request-id', 'traceparent', 'tracestate', 'authorization', 'dpop', 'cookie', 'host'])

/** What only the gateway says of an answer: a signature of the upstream would be over something else, or by nobody. */
const oursInAnswers = new Set(['digest', 'agid-jwt-signature'])

/** The headers of answers (lower case) that an upstream need not send, whatever the contract says: the gateway does where it does not. */
export function suppliedHeaders (step: NonBlockingStep | undefined): readonly string[] {
  return [...ours, ...oursInAnswers, 'cache-control', 'deprecation', 'sunset', ...step === 'push' ? [correlationHeader] : []]
}

/** Works out the route of one operation of a live e-service. */
export function prepareRoute (eservice: LiveEService, operation: Operation, validator: OperationValidator): Route {
  const declaredRequest = operation.parameters.filter((parameter) => parameter.in === 'header').map((parameter) => parameter.name.toLowerCase())
  const pieces = piecesOf(eservice.basePath + operation.path)
  const demands = eservice.demands.get(operation.id) as Demands
  const deprecation = eservice.deprecations.get(operation.id)
  const success = [...operation.responses].filter(([status]) => status.startsWith('2')).flatMap(([, { content }]) => [...content.keys()].map(essence))
  return {
    eservice,
    operation,
    validator,
    demands,
    requestHeaders: allow(requestHeadersOf(demands.nonBlocking, [...forwarded, ...declaredRequest])),
    responseHeaders: allow([...returned, ...operation.responseHeaders.filter((name) => !oursInAnswers.has(name.toLowerCase())), ...demands.nonBlocking === 'push' ? [correlationHeader] : []]),
    deprecation: deprecation ? deprecationHeaders(deprecation) : [],
    // Where a range is declared, what the upstream can answer is not known here.
    produces: success.some((type) => type.includes('*')) ? [] : [...new Set(success)],
    pattern: patternOf(pieces),
    pieces,
    takesMatrix: operation.parameters.some(({ style }) => style === 'matrix')
  }
}

/** The URL pattern under which the router knows an operation. */
export function routerPattern ({ basePath }: DescribedEService, { path }: Operation): string {
  return patternOf(piecesOf(basePath + path))
}

function allow (names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()).filter((name) => !ours.has(name)))
}
