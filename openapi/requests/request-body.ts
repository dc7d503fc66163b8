import { binaryText, readForm, readParts, utf8Text } from './body-values.ts'
import type { Body, Encodings } from '../reading/declared-body.ts'
import type { JsonObject } from '../document.ts'
import { isCompactJose } from './jose.ts'
import { isJsonType } from '../answers/json-answers.ts'
import { findPatchFault } from './json-patch.ts'
import { parseJsonExactly } from '../json/json.ts'
import { essence, matchMediaType } from './media-type.ts'
import { mergePatchType } from './merge-patch.ts'
import { readMultipart } from './multipart.ts'
import { shownPointer } from '../json/pointer.ts'
import { parseQuery } from './query.ts'
import { refused } from './request-finding.ts'
import type { Findings } from './request-finding.ts'
import type { Judge, Violation } from '../schemas/schema-judge.ts'
import type { Shape } from './shape.ts'
import { holdsBigint, readScalar, withDoubles } from './typed-values.ts'
import type { Typed } from './typed-values.ts'

/** Checks the bytes of a body that came with a Content-Type; gives the value that was read, undefined for bytes that are not. */
export type BodyCheck = (bytes: Uint8Array, contentType: string) => { readonly value: unknown } | Findings

/** A body is looked at as a whole for what is wrong with it up to this length, in bytes. */
const explainedBytes = 16 * 1024

/** How bodies are read: by what they are, whatever the contract calls them. */
type Kind = 'json' | 'form' | 'multipart' | 'text' | 'jose' | 'opaque'

/** What preparing the checks of a body needs; `judge` and `shapeOf` work out schemas of the contract, `declared` are all member names in it. */
export interface BodyParts {
  readonly judge: (schema: JsonObject, isPatch: boolean) => Judge
  readonly shapeOf: (schema: JsonObject) => Shape
  readonly declared: ReadonlySet<string>
}

/** One media type of a contract, ready to be checked. */
interface Media { readonly encodings: Encodings, readonly parts: BodyParts, readonly judge: Judge | undefined, readonly shape: Shape | undefined }

/** The checks of an operation's body. */
export interface BodyChecks {
  /** Which of the contract's media types a Content-Type comes under, in a charset that is read here; undefined is a 415. */
  mediaType (contentType: string | undefined): string | undefined
  check (contentType: string | undefined, bytes: Uint8Array): { readonly value: unknown } | Findings
}

/** Prepares the checks of the body of an operation. Throws DocumentError when a schema cannot be compiled. */
export function prepareBody (body: Body | undefined, parts: BodyParts): BodyChecks {
  const media = new Map([...body?.content ?? []].map(([type, schema]) => [type, mediaOf(type, schema, body as Body, parts)]))
  const types = [...media.keys()]
  const read = (contentType: string): Matched | undefined => {
    const type = matchMediaType(contentType || '/', types)
    const found = type === undefined || !isReadable(contentType) ? undefined : media.get(type)
    return found && type !== undefined ? { type, check: checks[kindOf(essence(contentType))](found) } : undefined
  }
  const known = new Map(types.filter((type) => !type.includes('*')).flatMap((type) => spellings(type).map((spelling) => [spelling, read(spelling)])))
  const match = (contentType = ''): Matched | undefined => known.get(contentType) ?? read(contentType)
  return {
    mediaType: (contentType) => match(contentType)?.type,
    check: (contentType, bytes) => {
      if (bytes.length === 0) return body?.required ? wrong({ pointer: '', rule: 'required', expected: 'is required and missing' }) : { value: undefined }
      const matched = match(contentType)
      return matched ? matched.check(bytes, contentType ?? '') : wrong({ pointer: '', rule: 'mediaType', expected: 'is of no media type that the contract declares' })
    }
  }
}

/** A media type of the contract, and the check of bodies that come as what a Content-Type says. */
interface Matched { readonly type: string, readonly check: BodyCheck }

function mediaOf (type: string, schema: JsonObject | undefined, { encodings }: Body, parts: BodyParts): Media {
  const judge = schema && parts.judge(schema, type === mergePatchType)
  return { encodings: encodings.get(type) ?? new Map(), parts, judge, shape: schema && parts.shapeOf(schema) }
}

/** The ways in which most clients write a media type, which need not be read again. */
function spellings (type: string): readonly string[] {
  return kindOf(type) === 'multipart' ? [] : [type, ...['; charset=utf-8', ';charset=utf-8', '; charset=UTF-8', ';charset=UTF-8'].map((charset) => type + charset)]
}

function kindOf (type: string): Kind {
  if (isJsonType(type)) return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type === 'multipart/form-data') return 'multipart'
  if (type === 'application/jose') return 'jose'
  return type === 'text/plain' ? 'text' : 'opaque'
}

// A charset other than UTF-8 would let the upstream read other characters than the ones checked here.
function isReadable (contentType: string): boolean {
  if (kindOf(essence(contentType)) === 'opaque') return true
  const charsets = [...contentType.matchAll(/;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/gi)].map(([, quoted, plain]) => quoted ?? plain)
  return charsets.every((charset) => charset?.toLowerCase() === 'utf-8')
}

const checks: Readonly<Record<Kind, (media: Media) => BodyCheck>> = {
  json: (media) => (bytes, contentType) => {
    const parsed = parseJsonExactly(bytes)
    if ('fault' in parsed) return wrong({ pointer: '', rule: 'json', expected: `cannot be read: ${parsed.fault}` })
    if (!media.judge || media.shape?.isBinary) return parsed
    const isBig = parsed.exact !== undefined
    if (!(isBig ? media.judge.fitsExactly(parsed.exact) : media.judge.fits(parsed.value))) return explained(media, parsed.exact ?? parsed.value, bytes)
    const fault = media.shape?.items && essence(contentType) === 'application/json-patch+json' ? findPatchFault(parsed.value) : undefined
    return fault ? wrong(fault) : { value: parsed.value }
  },
  form: (media) => (bytes) => {
    const text = utf8Text(bytes)
    const pairs = text === undefined ? undefined : parseQuery(text)
    if (!pairs) return wrong({ pointer: '', rule: 'encoding', expected: 'has a broken percent-encoding' })
    return media.shape?.members ? judged(media, readForm(media.shape.members, media.encodings, pairs), bytes) : { value: undefined }
  },
  multipart: (media) => (bytes, contentType) => {
    const parts = readMultipart(contentType, bytes)
    if ('fault' in parts) return wrong({ pointer: '', rule: 'multipart', expected: `cannot be read: ${parts.fault}` })
    return media.shape?.members ? judged(media, readParts(media.shape.members, media.encodings, parts), bytes) : { value: undefined }
  },
  text: (media) => (bytes) => {
    if (media.shape?.isBinary) return checks.opaque(media)(bytes, '')
    const text = utf8Text(bytes)
    if (text === undefined) return wrong({ pointer: '', rule: 'encoding', expected: 'must be in UTF-8' })
    return media.shape && media.shape.scalars.length > 0 ? judged(media, readScalar(media.shape, text, ''), bytes) : { value: text }
  },
  jose: () => (bytes) => isCompactJose(bytes) ? { value: undefined } : wrong({ pointer: '', rule: 'jose', expected: 'must be a JWS or a JWE in compact serialisation (RFC 7515, RFC 7516)' }),
  // Of other bytes only the length can be said to be wrong.
  opaque: ({ shape, judge }) => (bytes) => {
    if (!judge || !shape?.isBinary || judge.fits(binaryText(bytes))) return { value: undefined }
    return wrong(...judge.explain('', true))
  }
}

function judged (media: Media, typed: Typed, bytes: Uint8Array): { readonly value: unknown } | Findings {
  if ('violation' in typed) return wrong(typed.violation)
  const { value } = typed
  const isBig = holdsBigint(value)
  if (media.judge && !(isBig ? media.judge.fitsExactly(value) : media.judge.fits(value))) return explained(media, value, bytes)
  return isBig ? { value: withDoubles(value) } : typed
}

function explained ({ judge, parts: { declared } }: Media, value: unknown, bytes: Uint8Array): Findings {
  return wrong(...(judge as Judge).explain(value, bytes.length > explainedBytes).map((violation) => ({ ...violation, pointer: shownPointer(violation.pointer, value, declared) })))
}

function wrong (...violations: readonly Violation[]): Findings {
  return refused(violations.map(({ pointer, rule, expected }) => ({ in: 'body', pointer, rule, detail: `the body ${pointer && `at ${pointer} `}${expected}` })))
}
