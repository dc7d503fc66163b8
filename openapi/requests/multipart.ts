import { readParameterised } from './header-parameters.ts'

/** One part of a multipart/form-data body (RFC 7578, 4): `type` is its Content-Type, headers are by lower-case name. */
export interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly type: string | undefined
  readonly headers: ReadonlyMap<string, string>
  readonly bytes: Buffer
}

/** Bounds: parts of a body, and bytes of the headers of one. */
const mostParts = 1000
const longestHead = 8192

const [cr, lf] = [0x0d, 0x0a]
const boundaryForm = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/
const headerLine = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([^\u0000-\u0008\u000a-\u001f\u007f]*)$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class MultipartError extends Error {}

/**
 * Reads a multipart/form-data body, whose bytes go on as they came. What another reader could divide in another way is refused: text before the first
 * or behind the last boundary, lines that end in LF alone, folded or repeated headers, names that are missing or twice, a filename that is a path.
 */
export function readMultipart (contentType: string, body: Uint8Array): readonly Part[] | { readonly fault: string } {
  try {
    return divide(Buffer.from(body.buffer, body.byteOffset, body.byteLength), boundaryOf(contentType)).map(toPart)
  } catch (error) {
    if (error instanceof MultipartError) return { fault: error.message }
    throw error
  }
}

function boundaryOf (contentType: string): string {
  const boundary = readParameterised(contentType)?.parameters.get('boundary')
  if (boundary === undefined || !boundaryForm.test(boundary)) throw new MultipartError('Content-Type has no boundary, or not exactly one')
  return boundary
}

/** The parts between the boundaries, each with its headers. */
function divide (body: Buffer, boundary: string): readonly Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`)
  if (!startsAt(body, delimiter, 0)) throw new MultipartError('it does not start with its boundary')
  const parts: Buffer[] = []
  let start = afterDelimiter(body, delimiter.length)
  while (start !== -1) {
    const end = nextDelimiter(body, delimiter, start)
    if (parts.push(body.subarray(start, end - 2)) > mostParts) throw new MultipartError(`it has more than ${mostParts} parts`)
    start = afterDelimiter(body, end + delimiter.length)
  }
  return parts
}

function startsAt (body: Buffer, bytes: Buffer, at: number): boolean {
  return body.length >= at + bytes.length && body.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0
}

/** Where a part starts behind its boundary; -1 behind the last one. */
function afterDelimiter (body: Buffer, at: number): number {
  if (body[at] === cr && body[at + 1] === lf) return at + 2
  const rest = body.subarray(at).toString('latin1', 0, 5)
  if (rest === '--' || rest === '--\r\n') return -1
  throw new MultipartError('a boundary has something behind it')
}

function nextDelimiter (body: Buffer, delimiter: Buffer, start: number): number {
  for (let at = body.indexOf(delimiter, start); at !== -1; at = body.indexOf(delimiter, at + 1)) {
    const [before, last] = [body[at - 2], body[at - 1]]
    if (last === lf && before === cr && at - 2 >= start) return at
    if (last === lf || last === cr || at === start) throw new MultipartError('a boundary does not stand behind CRLF')
  }
  throw new MultipartError('its last boundary is missing')
}

function toPart (part: Buffer): Part {
  const end = startsAt(part, Buffer.from('\r\n'), 0) ? -1 : part.indexOf('\r\n\r\n')
  if (end === -1 || end > longestHead) throw new MultipartError('a part has no headers, or too long ones')
  const headers = new Map<string, string>()
  for (const line of textOf(part.subarray(0, end)).split('\r\n')) {
    const [, name, value = ''] = headerLine.exec(line) ?? []
    if (name === undefined) throw new MultipartError('a part has a header that is none')
    if (headers.has(name.toLowerCase())) throw new MultipartError('a part has a header twice')
    headers.set(name.toLowerCase(), value.trim())
  }
  const { name, filename } = dispositionOf(headers.get('content-disposition') ?? '')
  if (!['7bit', '8bit', 'binary', undefined].includes(headers.get('content-transfer-encoding')?.toLowerCase())) throw new MultipartError('a part has a transfer encoding (RFC 7578, 4.7)')
  const bytes = part.subarray(end + 4)
  if (Number(headers.get('content-length') ?? bytes.length) !== bytes.length) throw new MultipartError('a part is of another length than it says')
  return { name, filename, type: headers.get('content-type'), headers, bytes }
}

function dispositionOf (text: string): { readonly name: string, readonly filename: string | undefined } {
  const { value, parameters } = readParameterised(text) ?? {}
  const name = parameters?.get('name')
  if (value !== 'form-data' || !parameters || name === undefined) throw new MultipartError('a part has no Content-Disposition: form-data with one name, and that without backslashes')
  if ([...parameters.keys()].some((one) => !['name', 'filename', 'filename*'].includes(one))) throw new MultipartError('a part has a Content-Disposition with something besides name and filename')
  // RFC 7578, 4.2, has no filename* in forms, but .NET sends one with every file. Another reader could take either: each has to be the name of a file.
  const [filename, extended] = [parameters.get('filename'), parameters.get('filename*')]
  const names = [...filename === undefined ? [] : [decodedWord(filename)], ...extended === undefined ? [] : [extendedValue(extended)]]
  if (!names.every(isPlainName)) throw new MultipartError('a filename is a path, too long, or has characters that no filename has')
  return { name, filename: filename ?? extended }
}

/** What .NET writes where a filename has accents: `=?utf-8?B?…?=` (RFC 2047, 2). */
function decodedWord (filename: string): string {
  const [, base64] = /^=\?utf-8\?B\?([A-Za-z0-9+/]+={0,2})\?=$/i.exec(filename) ?? []
  return base64 === undefined ? filename : Buffer.from(base64, 'base64').toString()
}

/** What `UTF-8''name` says (RFC 8187, 3.2); a path, which no filename is, where it says nothing. */
function extendedValue (text: string): string {
  try {
    return decodeURIComponent(/^utf-8'[A-Za-z0-9-]*'(.+)$/i.exec(text)?.[1] ?? '/')
  } catch {
    return '/'
  }
}

function isPlainName (filename: string): boolean {
  return Buffer.byteLength(filename) <= 255 && !/^\.{1,2}$|[/\\\u0000-\u001f\u007f]|%(?:00|2[fF]|5[cC])/.test(filename)
}

function textOf (bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new MultipartError('the headers of a part are not in UTF-8')
  }
}
