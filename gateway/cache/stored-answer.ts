import type { IncomingHttpHeaders } from 'node:http'
import { freshnessOf, readDate, varyOf } from './freshness.ts'
import type { Freshness, Times } from './freshness.ts'
import { readVariant } from './variant.ts'
import type { Variant } from './variant.ts'

/** An answer of an upstream that may be given to several callers, with all that a hit writes prepared. */
export interface StoredAnswer extends Freshness {
  /** The e-service whose answer it is. */
  readonly eservice: string
  /** What it was asked for: the path as it was forwarded, and the query with its question mark. */
  readonly path: string
  readonly query: string
  readonly variant: Variant
  /** Headers of the upstream, which a validation updates. */
  readonly said: IncomingHttpHeaders
  /** Headers that callers get, names and values in turn; of `notModified` those that a 304 has (RFC 9110, 15.4.5). */
  readonly headers: readonly string[]
  readonly notModified: readonly string[]
  readonly body: Buffer
  /** The body of a short one with a character for each byte (Latin-1): a head and a text go out in one piece. */
  readonly text: string | undefined
  /** When the upstream last said that this is its answer, in epoch ms. */
  readonly validatedAt: number
  /** How much memory it takes, about, in bytes. */
  readonly bytes: number
}

/** What an answer was given to: `headers` are those of the request as it came. */
export interface AnsweredRequest { readonly eservice: string, readonly path: string, readonly query: string, readonly headers: IncomingHttpHeaders }

/** The whole answer of an upstream; `passed` gives the headers of it that callers get, names and values in turn. `alsoBy` are request headers by which it may have been chosen although it does not say so. */
export interface WholeAnswer extends Times { readonly status: number, readonly said: IncomingHttpHeaders, readonly body: Buffer, readonly passed: (said: IncomingHttpHeaders) => readonly string[], readonly alsoBy: readonly string[] }

/** Up to this length, in bytes, it pays to have a body as text. */
const longestText = 8192
/** What it costs to keep an answer, beside its bytes: objects and the places in maps. */
const overheadBytes = 1024
/** What is said anew in every answer. */
const ofEachAnswer: ReadonlySet<string> = new Set(['content-length', 'age'])
const notModifiedNames: ReadonlySet<string> = new Set(['cache-control', 'content-location', 'etag', 'expires', 'last-modified', 'vary'])

/** Makes of a whole answer one that can be stored; undefined when it may not be, or may not be whole. */
export function toStored (request: AnsweredRequest, answer: WholeAnswer): StoredAnswer | undefined {
  const { said, body } = answer
  const freshness = freshnessOf(answer.status, said, answer)
  const vary = varyOf(said)
  if (!freshness || !vary || !isWhole(said, body)) return undefined
  const { eservice, path, query } = request
  const variant = readVariant([...new Set([...vary, ...answer.alsoBy])], request.headers)
  const passed = answer.passed(said).filter((_text, index, all) => !ofEachAnswer.has((all[index - index % 2] as string).toLowerCase()))
  const headers = [...passed, 'Content-Length', String(body.length)]
  const notModified = passed.filter((_text, index, all) => notModifiedNames.has((all[index - index % 2] as string).toLowerCase()))
  const text = body.length <= longestText ? body.toString('latin1') : undefined
  const bytes = overheadBytes + body.length + (text?.length ?? 0) + 2 * lengthOf([path, query, ...variant.flat(), ...headers, ...notModified, ...Object.entries(said).flat(2)])
  return { ...freshness, eservice, path, query, variant, said, headers, notModified, body, text, validatedAt: answer.cameAt, bytes }
}

/** A stored answer after the upstream said that it is still the one (RFC 9111, 4.3.4); undefined when it may not be used any more, or the upstream spoke of another one. */
export function refreshed (stored: StoredAnswer, said: IncomingHttpHeaders, parts: Times & Pick<WholeAnswer, 'passed' | 'alsoBy'>): StoredAnswer | undefined {
  const { etag } = said
  if (etag !== undefined && etag !== stored.said.etag) return undefined
  const { age: _age, ...before } = stored.said
  const updates = Object.fromEntries(Object.entries(said).filter(([name]) => !ofTheBody.has(name)))
  const headers = Object.fromEntries(stored.variant)
  const updated = toStored({ ...stored, headers }, { ...parts, status: 200, said: { ...before, ...updates }, body: stored.body })
  // What the first request had of a header that Vary names only now is not known any more.
  return updated?.variant.every(([name]) => name in headers) === true ? updated : undefined
}

/** One that ends where its connection does could have been broken off (RFC 9112, 8). */
function isWhole ({ 'content-length': length, 'transfer-encoding': coding }: IncomingHttpHeaders, body: Buffer): boolean {
  return length === undefined ? coding?.toLowerCase() === 'chunked' : Number(length) === body.length
}

/** What a 304 says of a body that it has not. */
const ofTheBody: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-type', 'content-range', 'transfer-encoding', 'connection', 'keep-alive'])

/** The conditions under which the upstream need not send a stored answer again, names and values in turn (RFC 9111, 4.3.1). */
export function conditionsOf ({ said }: StoredAnswer): readonly string[] {
  const { etag, 'last-modified': lastModified } = said
  return [...etag === undefined ? [] : ['if-none-match', etag], ...lastModified === undefined ? [] : ['if-modified-since', lastModified]]
}

/** Whether a caller has this answer already, as the conditions of its request say (RFC 9110, 13.2.2). */
export function isKnownTo ({ 'if-none-match': ifNoneMatch, 'if-modified-since': since }: IncomingHttpHeaders, { said }: StoredAnswer): boolean {
  if (ifNoneMatch !== undefined) return ifNoneMatch.trim() === '*' || (said.etag !== undefined && tagsOf(ifNoneMatch).includes(opaque(said.etag)))
  const [known, changed] = [readDate(since), readDate(said['last-modified'])]
  return known !== undefined && changed !== undefined && changed <= known
}

/** Entity tags of a list, without their mark of weakness: those of a read are compared weakly (RFC 9110, 8.8.3.2). */
function tagsOf (list: string): readonly string[] {
  return list.match(/(?:W\/)?"[^"]*"/g)?.map(opaque) ?? []
}

function opaque (tag: string): string {
  return tag.replace(/^W\//, '')
}

function lengthOf (texts: readonly unknown[]): number {
  return texts.reduce<number>((sum, text) => sum + String(text).length, 0)
}
