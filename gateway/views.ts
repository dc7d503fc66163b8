import { preferredType } from '../openapi/requests/accept.ts'
import type { Exchange } from './exchange.ts'
import { NarrowedOutlet } from './narrowed-answer.ts'
import type { Outlet } from './outlet.ts'
import type { Refuse } from './refuse.ts'
import type { Route } from './route.ts'
import { ViewTags } from './view-tags.ts'

/** How an operation is called and answered for whoever may see only a part of its answers; for everybody else nothing is different. */
export interface Views {
  /** Request headers (lower case) that the gateway sends instead of the caller's; undefined where the caller's are sent. */
  readonly headersOf: (exchange: Exchange) => readonly string[] | undefined
  /** Where the answer goes, on its way to an outlet. */
  readonly narrow: (exchange: Exchange, outlet: Outlet) => Outlet
}

/** The request headers (lower case) that never reach the upstream of a view as the caller sent them: they ask for another form of the answer, a part of it, or on a condition about all of it. */
export const replacedInViews: ReadonlySet<string> = new Set(['accept', 'accept-charset', 'accept-encoding', 'a-im', 'range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'])

/** Prepares the views of an operation; `maxBytes` is how long an answer may be that is narrowed. */
export function prepareViews ({ operation, eservice: { config, contract } }: Route, maxBytes: number, refuse: Refuse): Views {
  const tags = new ViewTags(config.upstream.secret)
  const isSafe = operation.method === 'GET' || operation.method === 'HEAD'
  // A tag that is good for changes is another one every time: what cannot be changed keeps one.
  const changes = !isSafe || contract.operations.some(({ path, method }) => path === operation.path && ['PUT', 'PATCH', 'DELETE'].includes(method))
  return {
    headersOf: (exchange) => {
      const view = exchange.call.grant?.view
      if (!view) return undefined
      const { accept, 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'if-unmodified-since': unmodifiedSince } = exchange.request.headers
      const headers = ['accept', preferredType(accept, view.produces) ?? view.produces.join(', '), 'accept-encoding', 'identity']
      if (ifMatch !== undefined) headers.push('if-match', tags.open(ifMatch, holderOf(exchange)))
      // Without its condition a change would be made that was not asked for.
      if (!isSafe && ifNoneMatch !== undefined) headers.push('if-none-match', tags.open(ifNoneMatch, holderOf(exchange)))
      if (!isSafe && unmodifiedSince !== undefined) headers.push('if-unmodified-since', unmodifiedSince)
      return headers
    },
    narrow: (exchange, outlet) => {
      const { grant } = exchange.call
      return grant?.view ? new NarrowedOutlet({
        exchange,
        narrowing: grant.view.narrowing,
        outlet,
        maxBytes,
        refuse,
        grant: `${grant.id} ${grant.version}`,
        tag: (hash, upstreamTag) => tags.write(hash, changes ? upstreamTag : undefined, holderOf(exchange))
      }) : outlet
    }
  }
}

/** Whose a view is: nobody can use the tags of another purpose. */
function holderOf ({ call: { caller } }: Exchange): string {
  return `${caller?.eserviceId} ${caller?.purposeId}`
}
