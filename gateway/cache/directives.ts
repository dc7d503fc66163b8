/** The directives of Cache-Control by their names in lower case; a value is what was written, without quotes, or true. */
export type Directives = ReadonlyMap<string, string | true>

const oneDirective = /[\t ,]*([!#$%&'*+.^_`|~\w-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w-]+)))?[\t ]*(?:,|$)/y
const onlyBlanks = /^[\t ,]*$/
/** No sender of good will needs more characters. */
const longest = 1000

/**
 * Reads Cache-Control in one line or several (RFC 9111, 5.2): names in any case, values as token or quoted text. One that says two things
 * under one name, as `max-age=0, max-age=9`, keeps the name and no value. Undefined when it cannot be read: it may forbid anything.
 */
export function readDirectives (written: string | readonly string[] | undefined): Directives | undefined {
  const text = typeof written === 'string' ? written : written?.join(',') ?? ''
  const directives = new Map<string, string | true>()
  if (text.length > longest) return undefined
  let at = 0
  while (at < text.length && !onlyBlanks.test(text.slice(at))) {
    oneDirective.lastIndex = at
    const found = oneDirective.exec(text)
    if (!found) return undefined
    const [, written = '', quoted, token] = found
    const name = written.toLowerCase()
    const value = token ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? true
    directives.set(name, directives.has(name) && directives.get(name) !== value ? true : value)
    at = oneDirective.lastIndex
  }
  return directives
}

/** No answer is fresh for longer than this, in seconds: the largest number that caches have to understand (RFC 9111, 1.2.2). */
const mostSeconds = 2 ** 31

/** A number of seconds, in milliseconds; undefined when it is none. */
export function readSeconds (written: string | true | undefined): number | undefined {
  return typeof written === 'string' && /^\d+$/.test(written) ? Math.min(Number(written), mostSeconds) * 1000 : undefined
}
