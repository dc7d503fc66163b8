import type { IncomingMessage } from 'node:http'
import { methods } from '../openapi/contract.ts'
import type { Denial, DenialCode } from '../policies/denials.ts'

/** What a listener answers to: authorities (host:port, lower case) that a Host header may name. */
export type Authorities = ReadonlySet<string>

const maxHeaders = 100
const maxHeaderValue = 8192 + 'Bearer '.length
const maxTarget = 8192

/** Headers of which a second one would let two readers see two requests. DPoP is none: it goes no further, and a second one is a proof that fails (RFC 9449, 4.3). */
const singletons = new Set(['host', 'authorization', 'content-type', 'content-length', 'transfer-encoding', 'content-encoding', 'digest', 'content-digest',
  'agid-jwt-signature', 'agid-jwt-trackingevidence', 'agid-jwt-tracking-evidence', 'x-replyto', 'x-correlation-id', 'idempotency-key', 'expect', 'range', 'if-modified-since', 'if-unmodified-since', 'traceparent', 'varco-call'])
const connectionOptions = new Set(['keep-alive', 'close', 'te', 'upgrade', 'http2-settings', ''])

/**
 * Refuses every request that could mean two things to two readers, before anything else looks at it: duplicate singleton headers,
 * ambiguous framing (RFC 9112, 6.3), foreign or missing Host (3.2), a target that is not a plain origin-form path. Undefined when the
 * request is unambiguous.
 */
export function findWireFault (request: IncomingMessage, authorities: Authorities): Denial | undefined {
  return findMethodFault(request.method ?? '') ?? findHeaderFault(request.rawHeaders) ?? findHostFault(request, authorities) ?? findFramingFault(request) ?? findTargetFault(request.url ?? '')
}

const known: ReadonlySet<string> = new Set(methods)

function findMethodFault (method: string): Denial | undefined {
  return known.has(method) ? undefined : { denial: 'method-not-implemented', check: 'method', reason: 'the method is none that a contract can declare' }
}

function findHeaderFault (rawHeaders: readonly string[]): Denial | undefined {
  if (rawHeaders.length > 2 * maxHeaders) return fault('headers-too-large', 'headers', `there are more than ${maxHeaders} header fields`)
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase()
    const value = rawHeaders[index + 1] as string
    if (value.length > maxHeaderValue) return fault('headers-too-large', 'headers', `a header field is longer than ${maxHeaderValue} bytes`)
    if (singletons.has(name)) {
      if (seen.has(name)) return fault('malformed-request', 'headers', `the header ${name} may be sent only once`)
      seen.add(name)
    } else if (name === 'connection' && value.toLowerCase().split(',').some((option) => !connectionOptions.has(option.trim()))) {
      return fault('malformed-request', 'headers', 'the Connection header may not name other header fields')
    }
  }
  return undefined
}

function findHostFault (request: IncomingMessage, authorities: Authorities): Denial | undefined {
  const { host } = request.headers
  if (host === undefined) return fault('malformed-request', 'Host', 'the Host header is missing')
  return authorities.has(host.toLowerCase()) ? undefined : fault('malformed-request', 'Host', 'the Host header does not name this gateway')
}

function findFramingFault ({ headers, httpVersion }: IncomingMessage): Denial | undefined {
  const coding = headers['transfer-encoding']
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return fault('malformed-request', 'version', 'the HTTP version must be 1.1 or 1.0')
  if (coding === undefined) return undefined
  if (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0') return fault('malformed-request', 'framing', 'Transfer-Encoding must be exactly: chunked')
  return headers['content-length'] === undefined ? undefined : fault('malformed-request', 'framing', 'Content-Length and Transfer-Encoding may not be sent together')
}

const plainPath = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/
// A vertical bar should be encoded, but the URL standard of browsers leaves it as it is; it goes on encoded.
const plainQuery = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]|]*$/
const forbiddenOnceDecoded = /[\u0000-\u001f\u007f/\\%;]/

function findTargetFault (target: string): Denial | undefined {
  if (target.length > maxTarget) return fault('uri-too-long', 'target', `the request target is longer than ${maxTarget} bytes`)
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  if (!plainPath.test(path)) return fault('malformed-request', 'path', 'the path has characters that must be percent-encoded, or is not in origin form')
  if (mark !== -1 && !plainQuery.test(target.slice(mark + 1))) return fault('malformed-request', 'query', 'the query has characters that must be percent-encoded')
  // The common path, /rest/name/v1/things, needs no decoding at all.
  if (!/%|\/\/|\/\.|;/.test(path)) return undefined
  return path.slice(1).split('/').some(isAmbiguous) ? fault('malformed-request', 'path', 'the path has an empty or dot segment or an encoded character that is not allowed there') : undefined
}

function isAmbiguous (segment: string): boolean {
  try {
    // What stands before a semicolon is the segment to some readers, which it must not be in disguise.
    const [first = '', ...rest] = segment.split(';').map(decodeURIComponent)
    return (first === '' && rest.length === 0) || first === '.' || first === '..' || [first, ...rest].some((part) => forbiddenOnceDecoded.test(part))
  } catch {
    return true
  }
}

/** Refuses a path with a semicolon where the contract writes no parameter so (style matrix): other readers take it for the end of a segment. */
export function findMatrixFault (path: string, takesMatrix: boolean): Denial | undefined {
  return path.includes(';') && !takesMatrix ? fault('malformed-request', 'path', 'the path has a semicolon where the contract writes no parameter with one') : undefined
}

function fault (denial: DenialCode, check: string, reason: string): Denial {
  return { denial, check, reason, detail: `${reason[0]?.toUpperCase()}${reason.slice(1)}.` }
}
