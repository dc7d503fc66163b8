import { parse } from 'secure-json-parse'

/** How deep JSON may be nested that is read here, in levels. */
export const maxDepth = 64

/** What parsing JSON bytes gave: the value, or why it cannot be read (never with the text itself). */
export type Parsed = { readonly value: unknown } | { readonly fault: string }

/**
 * Parses JSON bytes (UTF-8 without BOM, RFC 8259). Refuses what two readers could understand differently or what would hurt the reader:
 * duplicate members, escaped halves of surrogate pairs (RFC 7493, 2.1), nesting deeper than 64, members that would reach an object's prototype.
 */
export function parseJson (bytes: Uint8Array): Parsed {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const fault = scan(text)
    return fault ? { fault } : { value: parse(text, null, { protoAction: 'error', constructorAction: 'error' }) }
  } catch {
    return { fault: 'it is not valid JSON in UTF-8' }
  }
}

/** One pass over the text before it is parsed; malformed text is left for the parser to refuse. */
function scan (text: string): string | undefined {
  if (text.startsWith('\ufeff')) return 'it starts with a byte order mark'
  const members: (Set<string> | undefined)[] = []
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index)
    if (character === 0x22) {
      const end = stringEnd(text, index)
      const string = decode(text.slice(index, end))
      if (!string.isWellFormed()) return 'it has half of a surrogate pair, which is no character'
      const names = members.at(-1)
      if (names && isMember(text, end) && names.size === names.add(string).size) return 'it has a member twice in the same object'
      index = end - 1
    } else if (character === 0x7b || character === 0x5b) {
      if (members.push(character === 0x7b ? new Set() : undefined) > maxDepth) return `it is nested deeper than ${maxDepth} levels`
    } else if (character === 0x7d || character === 0x5d) members.pop()
  }
  return undefined
}

function stringEnd (text: string, start: number): number {
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
