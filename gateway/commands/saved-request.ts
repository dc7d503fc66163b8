import { isRecord } from '../../policies/jws.ts'
import { parseJson } from '../../openapi/json/json.ts'
import type { Header, RawRequest } from '../raw-request.ts'

/** True for a text that begins like a request in HTTP/1.1, or like one in JSON; anything else may be a voucher. */
export function isSavedRequest (bytes: Buffer): boolean {
  return /^\s*(?:[A-Z]+ \S+ HTTP\/|\{)/.test(bytes.toString('latin1', 0, 16_384))
}

/**
 * Reads a request that was saved: raw HTTP/1.1 (request line, header fields, empty line, body) or JSON with method, url, headers and body, or
 * bodyBase64. The target is that of the request line, or the whole URL. Gives the sentence that says what is wrong otherwise; never throws.
 */
export function readSavedRequest (bytes: Buffer): RawRequest | string {
  return /^\s*\{/.test(bytes.toString('latin1', 0, 100)) ? readJson(bytes) : readRaw(bytes)
}

function readRaw (bytes: Buffer): RawRequest | string {
  const text = bytes.toString('latin1')
  const begin = text.search(/\S/)
  // From a proxy or an editor the lines may have lost their carriage returns.
  const end = /\r?\n\r?\n/.exec(text.slice(begin))
  const [start = '', ...lines] = text.slice(begin, end ? begin + end.index : undefined).trimEnd().split(/\r?\n/)
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/\d(?:\.\d)?$/.exec(start) ?? []
  if (method === undefined || target === undefined) return 'its first line is not of the form: GET /path HTTP/1.1'
  const headers = lines.map((line): Header | undefined => {
    const [, name, value = ''] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    return name === undefined ? undefined : [name, value]
  })
  const wrong = headers.indexOf(undefined)
  if (wrong !== -1) return `line ${wrong + 2} is no header field (Name: value)`
  const read = headers.filter((header) => header !== undefined)
  const body = bodyOf(end ? bytes.subarray(begin + end.index + end[0].length) : Buffer.alloc(0), read)
  return typeof body === 'string' ? body : { method, target, headers: read, body }
}

/** The body as it was framed: what an editor added behind it is none of it. */
function bodyOf (bytes: Buffer, headers: readonly Header[]): Buffer | string {
  const declared = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1]
  if (declared === undefined) return headers.some(([name]) => name.toLowerCase() === 'transfer-encoding') ? readChunks(bytes) ?? bytes : /^\s*$/.test(bytes.toString('latin1', 0, 10)) && bytes.length <= 2 ? Buffer.alloc(0) : bytes
  const length = Number(declared)
  return bytes.length < length ? `its body has ${bytes.length} bytes, and Content-Length says ${length}: save all of it` : bytes.subarray(0, length)
}

/** A chunked body put together (RFC 9112, 7.1); undefined when it is none: most proxies save it without its framing. */
function readChunks (bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at)
    const size = line === -1 ? undefined : /^[0-9A-Fa-f]{1,8}$/.exec(bytes.toString('latin1', at, line).split(';')[0] ?? '')?.[0]
    if (size === undefined) return undefined
    const length = Number.parseInt(size, 16)
    if (length === 0) return Buffer.concat(chunks)
    if (bytes.toString('latin1', line + 2 + length, line + 4 + length) !== '\r\n') return undefined
    chunks.push(bytes.subarray(line + 2, line + 2 + length))
    at = line + 4 + length
  }
}

function readJson (bytes: Buffer): RawRequest | string {
  const parsed = parseJson(bytes)
  if ('fault' in parsed) return `it cannot be read as JSON: ${parsed.fault}`
  const { method, url, headers, body, bodyBase64 } = isRecord(parsed.value) ? parsed.value : {}
  if (typeof method !== 'string' || typeof url !== 'string') return 'method and url must be texts'
  if (body !== undefined && (typeof body !== 'string' || bodyBase64 !== undefined)) return 'body must be a text, exactly as it was sent; bodyBase64 takes other bytes instead'
  if (bodyBase64 !== undefined && typeof bodyBase64 !== 'string') return 'bodyBase64 must be a text'
  const fields = readHeaders(headers ?? {})
  if (!fields) return 'headers must be an object of texts (or of lists of texts), or a list of [name, value]'
  return { method: method.toUpperCase(), target: url, headers: fields, body: typeof bodyBase64 === 'string' ? Buffer.from(bodyBase64, 'base64') : Buffer.from(body ?? '') }
}

function readHeaders (headers: unknown): readonly Header[] | undefined {
  const pairs: readonly unknown[] = Array.isArray(headers) ? headers : isRecord(headers) ? Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value: unknown) => [name, value])) : [undefined]
  return pairs.every((pair): pair is Header => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string')) ? pairs : undefined
}

/** The path of a target, query and authority left out; undefined when it has none. */
export function pathOf (target: string): string | undefined {
  if (target.startsWith('/')) return target.split(/[?#]/, 1)[0]
  const url = URL.parse(target)
  return url && /^https?:$/.test(url.protocol) ? url.pathname : undefined
}
