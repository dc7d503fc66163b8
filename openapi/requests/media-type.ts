/** A media type in lower case without its parameters (RFC 9110, 8.3.1). */
export function essence (mediaType: string): string {
  const [type = ''] = mediaType.split(';', 1)
  // Anchored: an expression that looks for the last blanks alone tries each of a long row as the first of them.
  return (/^[ \t]*([^ \t]*)[ \t]*$/.exec(type)?.[1] ?? type).toLowerCase()
}

/** The parameters of a media type: names and, but for quotation marks, values in lower case. */
function parametersOf (mediaType: string): ReadonlyMap<string, string> {
  return new Map([...mediaType.matchAll(/;\s*([^\s;=]+)\s*=\s*(?:"((?:[^"\\]|\\.){0,200})"|([^\s;]*))/g)].map(([, name = '', quoted, plain = '']) => [name.toLowerCase(), (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain).toLowerCase()]))
}

/** The charset of a Content-Type in lower case; undefined when it names none. */
export function charsetOf (mediaType: string): string | undefined {
  return parametersOf(mediaType).get('charset')
}

/**
 * Which of the media types and ranges of a contract a Content-Type value comes under, the most specific one: with its parameters, the type without,
 * then its group (`text/*`), then anything. Parameters that are not declared are nothing to a contract, and a charset that is not named is UTF-8.
 */
export function matchMediaType (contentType: string, declared: readonly string[]): string | undefined {
  const type = essence(contentType)
  const parameters = parametersOf(contentType)
  const ranges = [type, `${type.split('/', 1)[0]}/*`, '*/*']
  const matches = declared.flatMap((one) => {
    const rank = ranges.indexOf(essence(one))
    const needed = [...parametersOf(one)]
    const holds = needed.every(([name, value]) => (parameters.get(name) ?? (name === 'charset' ? 'utf-8' : undefined)) === value)
    return rank !== -1 && holds ? [{ one, rank, precision: needed.length }] : []
  })
  return matches.toSorted((a, b) => a.rank - b.rank || b.precision - a.precision)[0]?.one
}

/** A media type or range as a contract declares it, in lower case and in one spelling; a charset of UTF-8 is what there is anyway. */
export function declaredType (mediaType: string): string {
  const parameters = [...parametersOf(mediaType)].filter(([name, value]) => name !== 'charset' || value !== 'utf-8')
  return [essence(mediaType), ...parameters.map(([name, value]) => `${name}=${value}`)].join('; ')
}
