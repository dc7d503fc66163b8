import type { Written } from './written.ts'

/** A cookie as it came in the header Cookie. */
export interface CookiePair extends Written { readonly name: string }

/** The cookies of these names in a Cookie header (RFC 6265, 4.2.1), percent-encoding decoded; undefined when that is broken. What other cookies are is not looked at. */
export function parseCookies (header: string, names: ReadonlySet<string>): readonly CookiePair[] | undefined {
  try {
    return header.split(';').flatMap((text) => {
      const pair = text.trim()
      const at = pair.indexOf('=')
      const [name, raw] = [at === -1 ? '' : pair.slice(0, at), pair.slice(at + 1)]
      return names.has(name) ? [{ name, raw, value: decodeURIComponent(raw) }] : []
    })
  } catch {
    return undefined
  }
}

/** Cookies as a Cookie header; undefined when there is none. */
export function writeCookies (pairs: readonly CookiePair[]): string | undefined {
  return pairs.length === 0 ? undefined : pairs.map(({ name, raw }) => `${name}=${raw}`).join('; ')
}
