import type { IncomingHttpHeaders } from 'node:http'
import type { Route } from '../route.ts'

/** What may reach the upstream and does not choose what it answers, or is seen to by Vary. */
const harmless: ReadonlySet<string> = new Set(['accept', 'accept-language', 'accept-encoding', 'content-type', 'content-encoding', 'if-none-match', 'if-modified-since', 'traceparent', 'tracestate'])

/**
 * Whether answers of an operation may be given to several callers at all: it only reads, every caller that may call it sees the whole of an answer, none is made for one caller
 * (signed, kept as evidence), and none is a step of an exchange. That a call proves itself by DPoP, a signature or evidence does not matter: it does so every time.
 */
export function mayBeCached ({ operation: { id, method }, eservice: { config, terms: { grants } }, demands }: Route): boolean {
  const narrows = grants && [...grants.byPurpose.values(), ...grants.byConsumer.values(), ...grants.any ? [grants.any] : []].some(({ views }) => views.has(id))
  return (method === 'GET' || method === 'HEAD') && config.cache && narrows !== true && !demands.signedResponse && !demands.nonRepudiation && demands.scope === undefined && demands.nonBlocking === undefined
}

/** Tells the calls of which the answer may be theirs alone: those that carry a header that only their contract lets through, or a condition that stored answers say nothing about. */
export function prepareIsOwn ({ requestHeaders }: Route): (headers: IncomingHttpHeaders) => boolean {
  const names = [...requestHeaders].filter((name) => !harmless.has(name))
  return (headers) => {
    for (const name of names) if (headers[name] !== undefined) return true
    return false
  }
}
