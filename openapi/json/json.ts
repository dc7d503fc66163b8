import { parse } from 'secure-json-parse'

/** How deep JSON may be nested that is read here, in levels. */
export const maxDepth = 64

/** What parsing JSON bytes gave: the value, or why it cannot be read (never with the text itself). */
export type Parsed = { readonly value: unknown } | { readonly fault: string }

/** The same, and where the text has integers that no double holds also the value with these as bigint. */
export type ParsedExactly = { readonly value: unknown, readonly exact?: unknown } | { readonly fault: string }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses JSON bytes (UTF-8 without BOM, RFC 8259). Refuses what two readers could understand differently or what would hurt the reader:
 * duplicate members, escaped halves of surrogate pairs (RFC 7493, 2.1), nesting deeper than 64, members that would reach an object's prototype.
 */
export function parseJson (bytes: Uint8Array): Parsed {
  const read = readText(bytes)
  return 'fault' in read ? read : { value: read.value }
}

/** Parses JSON bytes by the same rules, without rounding integers. */
export function parseJsonExactly (bytes: Uint8Array): ParsedExactly {
  const read = readText(bytes)
  if ('fault' in read || !longDigits.test(read.text)) return read
  const exact = withBigints(read.text)
  return exact === undefined ? { value: read.value } : { value: read.value, exact }
}

function readText (bytes: Uint8Array): { readonly text: string, readonly value: unknown } | { readonly fault: string } {
  try {
    const text = utf8.decode(bytes)
    const fault = scan(text)
    return fault ? { fault } : { text, value: parse(text, null, { protoAction: 'error', constructorAction: 'error' }) }
  } catch {
    return { fault: 'it is not valid JSON in UTF-8' }
  }
}

/** Integers of fewer digits are exact as doubles; the digits of a fraction are none of an integer. */
const longDigits = /(?:^|[^.\d])\d{16}/
/** An integer by its value, with its sign and its digits; longer ones are left as they are rounded: reading one takes time by the square of its length. */
const integer = /^(-?\d{16,400})(?:\.0+)?$/

function withBigints (text: string): unknown {
  let isRounded = false
  const revive = (_name: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    const digits = integer.exec(context?.source ?? '')?.[1]
    if (digits === undefined) return value
    isRounded = true
    return BigInt(digits)
  }
  const exact: unknown = JSON.parse(text, revive)
  return isRounded ? exact : undefined
}

/** One pass over the text before it is parsed; malformed text is left for the parser to refuse. */
function scan (text: string): string | undefined {
  if (text.startsWith('\ufeff')) return 'it starts with a byte order mark'
  const members: (Set<string> | undefined)[] = []
  let slash = -1
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index)
    if (character === 0x22) {
      if (slash < index) slash = positionOf(text, '\\', index)
      const end = stringEnd(text, index, slash)
      const names = members.at(-1)
      const isName = names !== undefined && isMember(text, end)
      const isEscaped = slash < end
      if (isEscaped || isName) {
        const string = decode(text.slice(index, end))
        // Bytes that are UTF-8 have no halves; only escapes can.
        if (isEscaped && !string.isWellFormed()) return 'it has half of a surrogate pair, which is no character'
        if (isName && names.size === names.add(string).size) return 'it has a member twice in the same object'
      }
      index = end - 1
    } else if (character === 0x7b || character === 0x5b) {
      if (members.push(character === 0x7b ? new Set() : undefined) > maxDepth) return `it is nested deeper than ${maxDepth} levels`
    } else if (character === 0x7d || character === 0x5d) members.pop()
  }
  return undefined
}

function positionOf (text: string, character: string, from: number): number {
  const at = text.indexOf(character, from)
  return at === -1 ? Infinity : at
}

/** Where a string that starts somewhere ends; `slash` is the first backslash from there on. */
function stringEnd (text: string, start: number, slash: number): number {
  const quote = positionOf(text, '"', start + 1)
  if (quote < slash) return Math.min(quote + 1, text.length)
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charCodeAt(index)
    if (character === 0x5c) index++
    else if (character === 0x22) return index + 1
  }
  return text.length
}

function isMember (text: string, end: number): boolean {
  let index = end
  while (index < text.length && text.charCodeAt(index) <= 0x20) index++
  return text.charCodeAt(index) === 0x3a
}

function decode (literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
}
