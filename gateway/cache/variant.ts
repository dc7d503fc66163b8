import type { IncomingHttpHeaders } from 'node:http'

/** The request headers by which an answer was chosen, each with its value as it is compared. */
export type Variant = readonly (readonly [name: string, value: string | undefined])[]

/** Reads from a request what it has of the headers that choose (lower case). */
export function readVariant (names: readonly string[], headers: IncomingHttpHeaders): Variant {
  return names.map((name) => [name, normalised(headers[name])] as const)
}

/** Whether a request asks for the variant that was stored. */
export function asksFor (variant: Variant, headers: IncomingHttpHeaders): boolean {
  for (const [name, value] of variant) if (normalised(headers[name]) !== value) return false
  return true
}

/** The spelling of a header does not choose: blanks around what it lists, and its case (RFC 9110, 12.5). */
function normalised (value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined
  return (typeof value === 'string' ? value : value.join(',')).replaceAll(/[\t ]*([,;])[\t ]*/g, '$1').trim().toLowerCase()
}
