const pchar = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
const rest = `(?:${pchar}|[/?])*`
// A host is compared only by letters, digits, dots and hyphens or as an IPv6 literal: no user, and nothing that a URL parser would rewrite.
const absolute = new RegExp(`^(https?)://((?:[A-Za-z0-9\\-._~]|%[0-9A-Fa-f]{2})+|\\[[0-9A-Fa-f:.]+\\])(?::(\\d*))?((?:/${pchar}*)*)(?:\\?${rest})?(?:#${rest})?$`, 'i')
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' }

/**
 * An http or https URI without its query and fragment, in the one spelling that its equivalents share (RFC 3986, 6.2.2 and 6.2.3: case,
 * percent-encoding, dot segments, default port, empty path). Undefined for anything else; a URL parser is not asked, for it also accepts
 * and rewrites what is no URI.
 */
export function normaliseUri (text: string): string | undefined {
  const [match, scheme = '', host = '', port = '', path = ''] = absolute.exec(text) ?? []
  if (match === undefined) return undefined
  const protocol = scheme.toLowerCase()
  const authority = plain(host).toLowerCase() + (port === '' || port === defaultPorts[protocol] ? '' : `:${port}`)
  return `${protocol}://${authority}${withoutDotSegments(plain(path))}`
}

/** Unreserved characters decoded, every other escape in upper case. */
function plain (text: string): string {
  if (!text.includes('%')) return text
  return text.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape.toUpperCase()
  })
}

function withoutDotSegments (path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (last) kept.push('')
  }
  return `/${kept.join('/')}`
}
