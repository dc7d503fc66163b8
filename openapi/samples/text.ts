import type { JsonObject } from '../document.ts'
import { textLike } from './pattern-text.ts'

const uuid = (pick: number): string => `3f2b8c1e-5d4a-4b6f-9c7d-${String(pick + 1).padStart(12, '0')}`
const day = (pick: number): string => new Date(Date.UTC(2026, 0, 15 + pick)).toISOString()
const base64 = (pick: number): string => Buffer.from(`esempio ${pick + 1}`).toString('base64')

/** A text of each format that says how it is written. */
const formats: Readonly<Record<string, (pick: number) => string>> = {
  'date-time': (pick) => day(pick).replace('.000', ''),
  date: (pick) => day(pick).slice(0, 10),
  time: (pick) => `10:${String(pick % 60).padStart(2, '0')}:00Z`,
  duration: (pick) => `P${pick + 1}D`,
  email: (pick) => `ufficio${pick + 1}@example.it`,
  'idn-email': (pick) => `ufficio${pick + 1}@example.it`,
  hostname: (pick) => `host${pick + 1}.example.it`,
  'idn-hostname': (pick) => `host${pick + 1}.example.it`,
  ipv4: (pick) => `192.0.2.${1 + pick % 254}`,
  ipv6: (pick) => `2001:db8::${1 + pick % 9999}`,
  uri: (pick) => `https://example.it/risorse/${pick + 1}`,
  url: (pick) => `https://example.it/risorse/${pick + 1}`,
  iri: (pick) => `https://example.it/risorse/${pick + 1}`,
  'uri-reference': (pick) => `/risorse/${pick + 1}`,
  'iri-reference': (pick) => `/risorse/${pick + 1}`,
  'uri-template': (pick) => `/risorse/{id}/${pick + 1}`,
  'json-pointer': (pick) => `/membro/${pick}`,
  'relative-json-pointer': (pick) => String(pick),
  regex: () => '^[a-z]+$',
  uuid,
  byte: base64,
  base64,
  base64url: (pick) => Buffer.from(`esempio ${pick + 1}`).toString('base64url'),
  jws: (pick) => ['{"alg":"none"}', '{}', `esempio ${pick + 1}`].map((part) => Buffer.from(part).toString('base64url')).join('.')
}

/** A text that a string schema describes: its format where that says how it is written, else its pattern, else words of the asked length. `pick` makes different ones. */
export function textOf (schema: JsonObject, pick: number): string {
  const { format, pattern } = schema
  const least = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Infinity
  const fits = (text: string): boolean => text.length >= least && text.length <= most
  const formatted = typeof format === 'string' ? formats[format.toLowerCase()]?.(pick) : undefined
  if (formatted !== undefined && fits(formatted) && (typeof pattern !== 'string' || matches(pattern, formatted))) return formatted
  if (typeof pattern === 'string') return textLike(pattern, { least, most, pick }) ?? ''
  const word = pick === 0 ? 'testo' : `testo ${pick + 1}`
  const text = pick > 0 && word.length > most ? String(pick) : word
  return text.padEnd(least, ' testo').slice(0, most)
}

function matches (pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return false
  }
}
