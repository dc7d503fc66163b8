import type { AnswerBody, AnswerFinding, AnswerHeaders, AnswerTools } from './answers.ts'
import type { DeclaredResponse } from '../reading/declared-responses.ts'
import type { JsonObject } from '../document.ts'
import { isJsonType } from './json-answers.ts'
import { parseJsonExactly } from '../json/json.ts'
import { charsetOf, essence, matchMediaType } from '../requests/media-type.ts'
import { shownPointer } from '../json/pointer.ts'
import type { Judge, Violation } from '../schemas/schema-judge.ts'
import { readScalar } from '../requests/typed-values.ts'

/** What a Content-Type says of the body that comes with it. */
export interface CheckedMedia { readonly finding?: AnswerFinding, readonly body: AnswerBody | undefined }
export type MediaCheck = (contentType: AnswerHeaders[string]) => CheckedMedia

/** How many ways to write a Content-Type are remembered of an answer. */
const mostRemembered = 32
/** From how many bytes on only the first thing that is wrong is looked for. */
const large = 64 * 1024

/** Prepares the check of the media type of an answer, and of its body by the schema of that; `hasContent` is false where it has none whatever is declared. */
export function prepareMediaCheck (content: DeclaredResponse['content'], hasContent: boolean, tools: AnswerTools): MediaCheck {
  const types = [...content.keys()]
  if (!hasContent) {
    return (contentType) => typeof contentType !== 'string' || types.length === 0 || matchMediaType(contentType, types) !== undefined ? { body: noBody } : { finding: undeclaredType, body: noBody }
  }
  if (types.length === 0) return () => ({ body: undeclaredBody })
  const known = new Map<string, CheckedMedia>()
  const read = (contentType: string): CheckedMedia => {
    const declared = matchMediaType(contentType, types)
    return declared === undefined ? { finding: undeclaredType, body: undefined } : { body: bodyOf(contentType, content.get(declared), tools) }
  }
  return (contentType) => {
    if (contentType === undefined) return { finding: missingType, body: undefined }
    if (typeof contentType !== 'string') return { finding: severalTypes, body: undefined }
    const before = known.get(contentType)
    if (before) return before
    const media = read(contentType)
    if (known.size < mostRemembered) known.set(contentType, media)
    return media
  }
}

const fault = (where: 'media-type' | 'body', rule: string, detail: string, pointer = ''): AnswerFinding => ({ in: where, pointer, rule, detail })
const undeclaredType = fault('media-type', 'undeclared', 'the media type is not declared for this status')
const missingType = fault('media-type', 'required', 'a body is declared, and there is no Content-Type')
const severalTypes = fault('media-type', 'once', 'Content-Type may be given only once')
const noBody: AnswerBody = { needs: 'byte', check: (bytes) => bytes.length === 0 ? undefined : fault('body', 'none', 'such an answer has no body') }
const undeclaredBody: AnswerBody = { needs: 'byte', check: (bytes) => bytes.length === 0 ? undefined : fault('body', 'undeclared', 'a body is not declared for this status') }

function bodyOf (contentType: string, schema: JsonObject | undefined, tools: AnswerTools): AnswerBody | undefined {
  const type = essence(contentType)
  if (isJsonType(type)) return jsonBody(contentType, schema, tools)
  return type.startsWith('text/') && schema !== undefined ? textBody(contentType, schema, tools) : undefined
}

function jsonBody (contentType: string, schema: JsonObject | undefined, { judge: judgeOf, names }: AnswerTools): AnswerBody {
  const charset = charsetOf(contentType)
  let judge: Judge | undefined
  return {
    needs: 'whole',
    check: (bytes) => {
      // RFC 8259, 8.1.
      if (charset !== undefined && charset !== 'utf-8') return fault('body', 'json', 'JSON is in UTF-8')
      const parsed = parseJsonExactly(bytes)
      if ('fault' in parsed) return fault('body', 'json', `the body cannot be read: ${parsed.fault}`)
      if (schema === undefined) return undefined
      judge ??= judgeOf(schema)
      const value = parsed.exact ?? parsed.value
      if (parsed.exact === undefined ? judge.fits(value) : judge.fitsExactly(value)) return undefined
      return bodyFault(judge.explain(value, bytes.length > large)[0], (pointer) => shownPointer(pointer, value, names()))
    }
  }
}

/** Of a text is checked what can be one value: a schema of another type describes something that the text is another form of. */
function textBody (contentType: string, schema: JsonObject, { judge: judgeOf, shapeOf }: AnswerTools): AnswerBody | undefined {
  let judge: Judge | undefined
  const shape = shapeOf(schema)
  const decoder = decoderOf(charsetOf(contentType) ?? 'utf-8')
  if (shape.scalars.length === 0 || shape.items || shape.members || shape.isBinary || !decoder) return undefined
  return {
    needs: 'whole',
    check: (bytes) => {
      const text = decode(decoder, bytes)
      if (text === undefined) return fault('body', 'charset', 'the body is not in its charset')
      const read = readScalar(shape, text, '')
      if ('violation' in read) return bodyFault(read.violation, (pointer) => pointer)
      judge ??= judgeOf(schema)
      return fitsIn(judge, read.value) ? undefined : bodyFault(judge.explain(read.value, true)[0], (pointer) => pointer)
    }
  }
}

/** Judges a value that was read from a text: an integer that no double holds is a bigint. */
export function fitsIn (judge: Judge, value: unknown): boolean {
  return typeof value === 'bigint' ? judge.fitsExactly(value) : judge.fits(value)
}

function bodyFault (violation: Violation | undefined, shown: (pointer: string) => string): AnswerFinding {
  const pointer = shown(violation?.pointer ?? '')
  return fault('body', violation?.rule ?? 'schema', `the body ${pointer && `at ${pointer} `}${violation?.expected ?? 'does not match its schema'}`, pointer)
}

function decoderOf (charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset, { fatal: true })
  } catch {
    return undefined
  }
}

function decode (decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
