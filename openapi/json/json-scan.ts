/** Reading JSON (RFC 8259) where it lies: each function takes the offset at which something starts and gives the one behind it, or -1 where it is not JSON. */

const [quote, backslash, minus, plus, point, zero, nine] = [0x22, 0x5c, 0x2d, 0x2b, 0x2e, 0x30, 0x39]
/** What may stand behind a backslash, but for `u`: " \ / b f n r t. */
const escapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'))
const literals: ReadonlyMap<number, Buffer> = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]))

/** The offset of the first byte from `at` on that is no white space. */
export function skipSpace (bytes: Uint8Array, at: number): number {
  let index = at
  while (bytes[index] === 0x20 || bytes[index] === 0x0a || bytes[index] === 0x0d || bytes[index] === 0x09) index++
  return index
}

/** A string, from quotation mark to quotation mark. */
export function scanString (bytes: Uint8Array, at: number): number {
  if (bytes[at] !== quote) return -1
  for (let index = at + 1; index < bytes.length; index++) {
    const byte = bytes[index] as number
    if (byte === quote) return index + 1
    if (byte < 0x20) return -1
    if (byte !== backslash) continue
    index++
    if (bytes[index] === 0x75) {
      for (let digit = 0; digit < 4; digit++) if (!isHex(bytes[++index])) return -1
    } else if (!escapes.has(bytes[index] as number)) return -1
  }
  return -1
}

/** A string, a number, true, false or null. */
export function scanScalar (bytes: Uint8Array, at: number): number {
  const first = bytes[at]
  if (first === undefined) return -1
  if (first === quote) return scanString(bytes, at)
  const literal = literals.get(first)
  if (!literal) return scanNumber(bytes, at)
  return literal.every((byte, index) => bytes[at + index] === byte) ? at + literal.length : -1
}

function scanNumber (bytes: Uint8Array, at: number): number {
  const start = bytes[at] === minus ? at + 1 : at
  let index = bytes[start] === zero ? start + 1 : scanDigits(bytes, start)
  if (index !== -1 && bytes[index] === point) index = scanDigits(bytes, index + 1)
  if (index !== -1 && (bytes[index] === 0x65 || bytes[index] === 0x45)) {
    const signed = bytes[index + 1] === plus || bytes[index + 1] === minus
    index = scanDigits(bytes, signed ? index + 2 : index + 1)
  }
  return index
}

/** One digit or more. */
function scanDigits (bytes: Uint8Array, at: number): number {
  let index = at
  while (isDigit(bytes[index])) index++
  return index === at ? -1 : index
}

function isDigit (byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine
}

function isHex (byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && ((byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)))
}
