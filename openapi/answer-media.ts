import type { ValidateFunction } from 'ajv'
import type { AnswerBody, AnswerFinding, AnswerHeaders, AnswerTools } from './answers.ts'
import type { DeclaredResponse } from './declared-responses.ts'
import type { JsonObject } from './document.ts'
import { isJsonType } from './json-answers.ts'
import { parseJson } from './json.ts'
import { charsetOf, essence, matchMediaType } from './media-type.ts'
import { shownPointer } from './pointer.ts'
import { scalarValues, typesOf } from './text-values.ts'

/** What a Content-Type says of the body that comes with it. */
export interface CheckedMedia { readonly finding?: AnswerFinding, readonly body: AnswerBody | undefined }
export type MediaCheck = (contentType: AnswerHeaders[string]) => CheckedMedia

/** How many ways to write a Content-Type are remembered of an answer. */
const mostRemembered = 32

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

const fault = (where: 'media-type' | 'body', rule: string, detail: string): AnswerFinding => ({ in: where, pointer: '', rule, detail })
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

function jsonBody (contentType: string, schema: JsonObject | undefined, { compile, names }: AnswerTools): AnswerBody {
  const charset = charsetOf(contentType)
  let check: ValidateFunction | undefined
  return {
    needs: 'whole',
    check: (bytes) => {
      // RFC 8259, 8.1.
      if (charset !== undefined && charset !== 'utf-8') return fault('body', 'json', 'JSON is in UTF-8')
      const parsed = parseJson(bytes)
      if ('fault' in parsed) return fault('body', 'json', `the body cannot be read: ${parsed.fault}`)
      if (schema === undefined) return undefined
      check ??= compile(schema)
      return check(parsed.value) ? undefined : bodyFault(check, (pointer) => shownPointer(pointer, parsed.value, names()))
    }
  }
}

/** Of a text is checked what can be one value: a schema of another type describes something that the text is another form of. */
function textBody (contentType: string, schema: JsonObject, { compile, resolve }: AnswerTools): AnswerBody | undefined {
  const types = typesOf(schema, resolve)
  if (types.length === 0 || types.some((type) => type === 'object' || type === 'array') || resolve(schema)['format'] === 'binary') return undefined
  const decoder = decoderOf(charsetOf(contentType) ?? 'utf-8')
  let check: ValidateFunction | undefined
  return decoder && {
    needs: 'whole',
    check: (bytes) => {
      const text = decode(decoder, bytes)
      if (text === undefined) return fault('body', 'charset', 'the body is not in its charset')
      const values = scalarValues(text, schema, resolve)
      if (values.length === 0) return fault('body', 'type', `the body must be ${types.join(' or ')}`)
      check ??= compile(schema)
      return values.some((value) => check?.(value)) ? undefined : bodyFault(check, () => '')
    }
  }
}

function bodyFault ({ errors }: ValidateFunction, shown: (pointer: string) => string): AnswerFinding {
  const [error] = errors ?? []
  const pointer = shown(error?.instancePath ?? '')
  return { in: 'body', pointer, rule: error?.keyword ?? 'schema', detail: `the body ${pointer && `at ${pointer} `}${error?.message ?? 'does not match its schema'}` }
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
