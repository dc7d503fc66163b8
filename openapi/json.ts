import { parse } from 'secure-json-parse'

const maxDepth = 64

/** What parsing a JSON body gave: its value, or why it cannot be read (never with the text itself). */
export type Parsed = { readonly value: unknown } | { readonly fault: string }

/**
 * Parses JSON bytes (UTF-8, RFC 8259). Refuses nesting deeper than 64 before parsing it, because validators recurse, and members that
 * would reach an object's prototype.
 */
export function parseJson (bytes: Uint8Array): Parsed {
  if (depth(bytes) > maxDepth) return { fault: `the JSON is nested deeper than ${maxDepth} levels` }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { value: parse(text, null, { protoAction: 'error', constructorAction: 'error' }) }
  } catch {
    return { fault: 'the body is not valid JSON in UTF-8' }
  }
}

function depth (bytes: Uint8Array): number {
  let level = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (inString) {
      if (byte === 0x5c) index++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++level)
    else if (byte === 0x7d || byte === 0x5d) level--
  }
  return deepest
}
