/** One `name=value` pair of a query string: decoded, and the value also as it was written (needed where a delimiter splits before decoding). */
export interface QueryPair { readonly name: string, readonly value: string, readonly raw: string }

/** The query string of a request target, without its first `?`: everything behind it, later question marks included (RFC 3986, 3.4). Empty when there is none. */
export function queryOf (url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at + 1)
}

/** Splits and decodes a query string (without `?`); undefined when a percent-encoding is broken or not UTF-8. `+` is a space. */
export function parseQuery (query: string): readonly QueryPair[] | undefined {
  if (query === '') return []
  try {
    const pairs: QueryPair[] = []
    for (const pair of query.split('&')) {
      if (pair === '') continue
      const at = pair.indexOf('=')
      const raw = at === -1 ? '' : pair.slice(at + 1)
      pairs.push({ name: decodeComponent(at === -1 ? pair : pair.slice(0, at)), value: decodeComponent(raw), raw })
    }
    return pairs
  } catch {
    return undefined
  }
}

/** Decodes one query component. Throws URIError when the percent-encoding is broken. */
export function decodeComponent (text: string): string {
  // Most have nothing to decode.
  if (!text.includes('%') && !text.includes('+')) return text
  return decodeURIComponent(text.replaceAll('+', ' '))
}

/** Writes pairs as a query string in one canonical spelling, so that what was validated is what is forwarded. Empty for no pairs. */
export function writeQuery (pairs: readonly QueryPair[]): string {
  if (pairs.length === 0) return ''
  return '?' + pairs.map(({ name, value, raw }) => `${encodeURIComponent(name)}=${raw.includes(',') ? encodeList(raw) : encodeURIComponent(value)}`).join('&')
}

// A written comma separates the items of a list, an encoded one belongs to an item: the difference must survive.
function encodeList (raw: string): string {
  return raw.split(',').map((item) => encodeURIComponent(decodeComponent(item))).join(',')
}
