import { parseJson } from '../json/json.ts'

const segments = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2}(?:\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+)?$/

/** True for bytes that have the form of a JWS or a JWE in compact serialisation (RFC 7515, 7.1; RFC 7516, 7.1). Whose it is, and whether it is good, is not looked at. */
export function isCompactJose (bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').trim()
  if (!segments.test(text)) return false
  const header = parseJson(Buffer.from(text.slice(0, text.indexOf('.')), 'base64url'))
  return 'value' in header && typeof (header.value as { readonly alg?: unknown } | null)?.alg === 'string'
}
