import type { IncomingMessage } from 'node:http'
import { preferredType } from '../openapi/requests/accept.ts'
import { blockedAddress } from '../policies/caller.ts'
import type { Denial } from '../policies/denials.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './route.ts'

/**
 * Admits a call before a byte of its body is read: the policies of its e-service (none for a public operation), then what its headers
 * say about the body to come. Undefined when the body may be read. Synchronous unless a policy has to wait.
 */
export function admit (exchange: Exchange, route: Route): Denial | undefined | Promise<Denial | undefined> {
  if (!route.operation.body && announcesBody(exchange.request)) {
    return { denial: 'malformed-request', check: 'body', detail: 'This operation takes no body.', reason: 'a body was sent to an operation that takes none' }
  }
  if (route.operation.isPublic) {
    const { blockedSeconds } = exchange.call
    return blockedSeconds > 0 ? blockedAddress(blockedSeconds) : findHeadFault(exchange, route)
  }
  const outcome = route.eservice.admission.beforeBody(exchange.call)
  if (outcome instanceof Promise) return outcome.then((denial) => denial ?? findHeadFault(exchange, route))
  return outcome ?? findHeadFault(exchange, route)
}

/** True when the request has, or may have, a body (RFC 9112, 6). */
export function announcesBody ({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The content coding of a request (RFC 9110, 8.4), in lower case; undefined when it has none. */
export function codingOf ({ headers }: IncomingMessage): string | undefined {
  const coding = headers['content-encoding']?.toLowerCase()
  return coding === 'identity' ? undefined : coding
}

function findHeadFault ({ request, call }: Exchange, route: Route): Denial | undefined {
  const { headers } = request
  const view = call.grant?.view
  const produces = view ? view.produces : route.produces
  if (produces.length > 0 && preferredType(headers.accept, produces) === undefined) {
    return { denial: 'not-acceptable', check: 'Accept', detail: `This operation answers ${produces.join(', ')}${view ? ' under the grant of your purpose' : ''}.` }
  }
  if (!announcesBody(request)) return undefined
  const codings = route.demands.integrity?.contentCodings ?? []
  const coding = codingOf(request)
  if ((coding !== undefined && !codings.includes(coding)) || route.validator.mediaType(headers['content-type']) === undefined) {
    return { denial: 'unsupported-media-type', check: 'Content-Type', detail: `This operation takes ${[...route.operation.body?.content.keys() ?? []].join(', ')}, in UTF-8 and ${['without content coding', ...codings].join(' or in ')}.` }
  }
  return undefined
}
