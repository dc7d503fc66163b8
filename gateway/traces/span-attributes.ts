import type { Attributes } from '@opentelemetry/api'
import type { Exchange } from '../exchange.ts'
import type { CallRecord } from '../records/call-record.ts'

/** The methods that are told by name (semantic conventions of HTTP); a caller may write others. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY'])
const unrouted = 'none'

/** What a span is called: the method and the operation as a URI template. */
export function nameOf ({ request, label }: Exchange): string {
  const method = methodOf(request.method)
  const name = method === '_OTHER' ? 'HTTP' : method
  return label === unrouted ? name : `${name} ${label}`
}

/** What is known of a call when its span begins, so that samplers may go by it. Never a path with its values, a query, a header, an address or a user. */
export function startAttributes ({ request, label, route, correlationId, call: { listener } }: Exchange): Attributes {
  return {
    'http.request.method': methodOf(request.method),
    'http.route': label === unrouted ? undefined : label,
    'varco.correlation.id': correlationId,
    'varco.listener': listener,
    'varco.eservice': route?.eservice.config.name,
    'varco.operation.id': route?.operation.id
  }
}

/** The same of the request to the upstream. */
export function upstreamAttributes ({ request, label, route }: Exchange): Attributes {
  const origin = URL.parse(route?.eservice.upstream.origin ?? '')
  return {
    'http.request.method': methodOf(request.method),
    'url.template': label === unrouted ? undefined : label,
    'server.address': origin?.hostname,
    'server.port': origin ? Number(origin.port || (origin.protocol === 'https:' ? 443 : 80)) : undefined
  }
}

/** What its record adds: what came of it, and who called for what, in the ids of the platform. It is an error where it is the gateway's or the upstream's. */
export function endAttributes ({ status, code, consumerId, clientId, purposeId, eserviceId, cache }: CallRecord): { readonly attributes: Attributes, readonly isError: boolean } {
  const isError = status >= 500
  return {
    isError,
    attributes: {
      'http.response.status_code': status,
      'error.type': isError ? code ?? String(status) : undefined,
      'varco.code': code,
      'varco.consumer.id': consumerId,
      'varco.client.id': clientId,
      'varco.purpose.id': purposeId,
      'varco.eservice.id': eserviceId,
      'varco.cache': cache
    }
  }
}

function methodOf (method: string | undefined): string {
  return method !== undefined && methods.has(method) ? method : '_OTHER'
}
