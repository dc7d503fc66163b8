import type { IncomingHttpHeaders } from 'node:http'

/**
 * What a call says of the trace that it belongs to (W3C Trace Context, Recommendation of 23 November 2021): `traceparent` as it came, of which trace and parent are known, and `tracestate` within its bounds.
 * It is passed on and nothing else: what a caller wrote into `tracestate` stands in no log and no metric.
 */
export interface TraceContext {
  readonly traceparent: string
  /** 32 hexadecimal digits, lower case, not all of them zero. */
  readonly traceId: string
  /** The same with 16. */
  readonly parentId: string
  readonly isSampled: boolean
  /** Undefined where there is none, or none that is good. */
  readonly tracestate: string | undefined
}

type Headers = Pick<IncomingHttpHeaders, string>

/** Version 00 has these four parts and nothing more; a later one has them too, with whatever follows behind another dash; ff is none (3.2.2). */
const form = /^(?!ff)([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(?:$|-)/
const lengthOf00 = 55
const sampled = 1

/** Longest list that is passed on, in characters and members; members longer than this go first where it is too long (3.3.1.5). */
const mostCharacters = 512
const mostMembers = 32
const longMember = 128
/** A vendor's key, or one of a tenant at a vendor's, and its value (3.3.1.3). */
const member = /^(?:[a-z][\w*/-]{0,255}|[\da-z][\w*/-]{0,240}@[a-z][\w*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const capital = /[A-Z]/

/** The trace that a call belongs to; undefined where it says nothing of one, or what is not good: that is as if it had said nothing. `headers` as Node gives them. */
export function traceContextOf ({ traceparent, tracestate }: Headers): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined
  const [, version, traceId, parentId, flags] = form.exec(traceparent) ?? []
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined
  if (version === '00' && traceparent.length !== lengthOf00) return undefined
  return { traceparent, traceId, parentId, isSampled: (Number.parseInt(flags, 16) & sampled) !== 0, tracestate: typeof tracestate === 'string' ? withinBounds(tracestate) : undefined }
}

/** Its id alone. */
export function traceIdOf ({ traceparent }: Headers): string | undefined {
  return traceparent === undefined ? undefined : traceContextOf({ traceparent })?.traceId
}

/** The names and values of headers, in turn, that say the same to the next. */
export function traceHeaders (traceparent: string, tracestate: string | undefined): readonly string[] {
  return tracestate === undefined ? ['traceparent', traceparent] : ['traceparent', traceparent, 'tracestate', tracestate]
}

/** A list with one member that is not good, or with too many of them, is not passed on; of one that is too long the longest members are left out, and then the oldest, which stand last. */
function withinBounds (tracestate: string): string | undefined {
  const members = tracestate.split(',', mostCharacters).map(withoutBlanks).filter((one) => one !== '')
  if (members.length === 0 || members.length > mostMembers || !members.every(isMember)) return undefined
  let kept = members
  if (lengthOf(kept) > mostCharacters) kept = kept.filter((one) => one.length <= longMember)
  while (lengthOf(kept) > mostCharacters) kept = kept.slice(0, -1)
  return kept.length === 0 ? undefined : kept.join()
}

// An expression would try each blank of a long row as the first of the last ones.
function withoutBlanks (text: string): string {
  let [from, to] = [0, text.length]
  while (isBlank(text[from])) from++
  while (to > from && isBlank(text[to - 1])) to--
  return text.slice(from, to)
}

function isBlank (character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

function isMember (text: string): boolean {
  return member.test(text) && !capital.test(text.slice(0, text.indexOf('=')))
}

function lengthOf (members: readonly string[]): number {
  return members.reduce((sum, one) => sum + one.length + 1, -1)
}
