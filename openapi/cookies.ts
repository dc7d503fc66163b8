import type { Written } from './written.ts'

/** A cookie as it came in the header Cookie. */
export interface CookiePair extends Written { readonly name: string }

/** Splits a Cookie header (RFC 6265, 4.2.1), percent-encoding decoded; undefined when that is broken. */
export function parseCookies (header: string | undefined): readonly CookiePair[] | undefined {
  if (header === undefined) return []
  try {
    return header.split(';').map((pair) => pair.trim()).filter((pair) => pair !== '').map((pair) => {
      const at = pair.indexOf('=')
      const raw = pair.slice(at + 1)
      return { name: at === -1 ? '' : pair.slice(0, at), raw, value: decodeURIComponent(raw) }
    })
  } catch {
    return undefined
  }
}

/** The cookies of these names as a Cookie header; undefined when there is none of them. */
export function writeCookies (pairs: readonly CookiePair[], names: ReadonlySet<string>): string | undefined {
  const written = pairs.filter(({ name }) => names.has(name)).map(({ name, raw }) => `${name}=${raw}`)
  return written.length === 0 ? undefined : written.join('; ')
}
