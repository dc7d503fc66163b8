import type { IncomingMessage } from 'node:http'
import { headerValues } from '../policies/header-values.ts'

/** The values of a request header (lower-case name): a list where it came in several lines, which Node joins with commas. */
export function valuesOfHeader ({ headers, rawHeaders }: IncomingMessage, name: string): string | readonly string[] | undefined {
  const joined = headers[name]
  if (joined === undefined || Array.isArray(joined) || !joined.includes(name === 'cookie' ? ';' : ',')) return joined
  const values = headerValues(rawHeaders, name)
  return values.length === 1 ? values[0] : values
}
